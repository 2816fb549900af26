"""Uploads that go on after a lost connection: the protocol on the application, and on the real server with connections that break."""

import base64
import contextlib
import io
import json
import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from pydantic import SecretStr
from werkzeug.test import TestResponse

from pipeline.config import Settings
from pipeline.store import jobs, listings, videos
from pipeline.store.database import Database
from tests.unit.source.test_importing import PLAYLIST, SUBSCRIPTIONS, archive, watched
from web import pending
from web.uploads import DAY, sweep
from workers.processes import environment, web_command

PLACE = "/api/v1/uploads/tus"
TUS = {"Tus-Resumable": "1.0.0"}
SRT = b"1\n00:00:01,000 --> 00:00:02,000\nHello there, this is said.\n"


def said(**values: str) -> str:
    return ",".join(f"{name} {base64.b64encode(value.encode()).decode()}".strip() for name, value in values.items())


def begin(client: FlaskClient, total: int, /, **values: str) -> TestResponse:
    return client.post(PLACE, headers={**TUS, "Upload-Length": str(total), "Upload-Metadata": said(**{"filename": "My talk.srt"} | values)})


def send(client: FlaskClient, place: str, at: int, data: bytes, **headers: str) -> TestResponse:
    return client.patch(place, data=data, headers={**TUS, "Upload-Offset": str(at), "Content-Type": "application/offset+octet-stream"} | headers)


def ask(client: FlaskClient, place: str) -> tuple[int, str | None]:
    response = client.head(place, headers=TUS)
    return response.status_code, response.headers.get("Upload-Offset")


def problem(response: TestResponse) -> tuple[int, str]:
    assert response.mimetype == "application/problem+json"
    return response.status_code, response.get_json()["code"]


def left(settings: Settings) -> list[str]:
    return sorted(path.suffix for path in settings.uploads_dir.glob("*"))


@pytest.fixture(autouse=True)
def _empty(settings: Settings) -> None:
    for path in settings.uploads_dir.glob("*"):
        path.unlink()


def test_a_file_in_pieces_becomes_a_video(client: FlaskClient, db: Database, settings: Settings) -> None:
    created = begin(client, len(SRT), language="es", length="short", batch="")
    place = created.headers["Location"]
    assert (created.status_code, created.headers["Upload-Offset"], "Upload-Expires" in created.headers) == (201, "0", True)
    first = send(client, place, 0, SRT[:10])
    assert (first.status_code, first.headers["Upload-Offset"], first.headers.get("Nutshell-Page")) == (204, "10", None)
    assert ask(client, place) == (200, "10")
    last = send(client, place, 10, SRT[10:])

    assert (last.status_code, last.headers["Upload-Offset"]) == (204, str(len(SRT)))
    page = last.headers["Nutshell-Page"]
    assert client.get(page).status_code == 200
    assert client.head(place, headers=TUS).headers["Nutshell-Page"] == page
    assert send(client, place, len(SRT), b"").headers["Nutshell-Page"] == page
    with db.session() as s:
        job = jobs.jobs_of(s, page.removeprefix("/v/"))[0]
        video = videos.get_video(s, page.removeprefix("/v/"))
    assert (job.options["language"], job.options["length"]) == ("es", "short")
    assert video is not None
    assert video.title == "My talk"
    assert left(settings) == [".json"]
    same = client.post("/api/v1/uploads", data={"file": (io.BytesIO(SRT), "x.srt")}, content_type="multipart/form-data")
    assert same.get_json()["page"] == page


def test_what_the_server_can(client: FlaskClient, settings: Settings) -> None:
    response = client.options(PLACE)

    assert (response.status_code, response.headers["Tus-Version"], response.headers["Tus-Extension"]) == (204, "1.0.0", "creation,termination,expiration")
    assert response.headers["Tus-Max-Size"] == str(settings.max_upload)


def test_wrong_requests(client: FlaskClient) -> None:
    place = begin(client, 100).headers["Location"]
    send(client, place, 0, b"1234567890")

    assert problem(send(client, place, 0, b"x")) == (409, "offset")
    assert problem(send(client, place, 11, b"x")) == (409, "offset")
    assert problem(send(client, place, 10, b"x" * 91)) == (413, "upload_too_large")
    assert problem(client.patch(place, data=b"x", headers={**TUS, "Upload-Offset": "10"})) == (415, "not_tus")
    assert client.head(place).status_code == 412
    assert client.post(PLACE, headers={"Upload-Length": "10"}).headers["Tus-Version"] == "1.0.0"
    assert begin(client, 200_001).status_code == 413
    for headers in ({}, {"Upload-Length": "-1"}, {"Upload-Length": "x"}, {"Upload-Length": "9" * 30}, {"Upload-Defer-Length": "1"}, {"Upload-Length": "1", "Upload-Metadata": "filename ***"},
                    {"Upload-Length": "1", "Upload-Metadata": "filename " + "A" * 5000}):  # fmt: skip
        assert problem(client.post(PLACE, headers=TUS | headers)) == (400, "bad_request")
    assert problem(begin(client, 10, language="klingonish")) == (422, "bad_language")
    assert problem(begin(client, 10, length="endless")) == (422, "bad_length")


@pytest.mark.parametrize("name", ["0" * 32, "x", "..", "%2e%2e%2fetc", "a" * 500, "A" * 32, "0" * 32 + "\n"])
def test_uploads_that_there_are_not(client: FlaskClient, name: str) -> None:
    assert client.head(f"{PLACE}/{name}", headers=TUS).status_code == 404
    assert send(client, f"{PLACE}/{name}", 0, b"x").status_code == 404


def test_one_that_is_given_up_is_gone(client: FlaskClient, settings: Settings) -> None:
    place = begin(client, 100).headers["Location"]
    send(client, place, 0, b"12345")
    assert client.delete(place, headers=TUS).status_code == 204

    assert ask(client, place)[0] == 404
    assert left(settings) == []


def test_names_are_shown_and_nothing_else(client: FlaskClient, settings: Settings, db: Database) -> None:
    place = begin(client, len(SRT), filename="../../../etc/<b>x\x00\u202e.srt").headers["Location"]
    page = send(client, place, 0, SRT).headers["Nutshell-Page"]
    with db.session() as s:
        video = videos.get_video(s, page.removeprefix("/v/"))

    assert video is not None
    assert video.title == "<b>x"
    assert "<b>x" not in client.get(page).text


@pytest.mark.parametrize(
    ("name", "body", "code"),
    [("a.mp3", b"\x7fELF" + bytes(100), "bad_media"), ("a.vtt", b"WEBVTT\n\nno time\n", "bad_transcript"), ("a.zip", b"PK\x03\x04" + bytes(99), "bad_list")],
)
def test_what_cannot_be_used_is_refused_with_the_last_piece(client: FlaskClient, settings: Settings, name: str, body: bytes, code: str) -> None:
    place = begin(client, len(body), filename=name).headers["Location"]
    send(client, place, 0, body[:3])

    assert problem(send(client, place, 3, body[3:])) == (422, code)
    assert ask(client, place)[0] == 404
    assert left(settings) == []


def test_lists_open_their_page(client: FlaskClient, db: Database, tmp_path: Path) -> None:
    body = archive(tmp_path / "t.zip", {"h.json": json.dumps([watched(number) for number in range(3)])}).read_bytes()
    place = begin(client, len(body), filename="takeout-2026.zip").headers["Location"]
    page = send(client, place, 0, body).headers["Nutshell-Page"]
    with db.session() as s:
        assert listings.counts(s, int(page.removeprefix("/l/"))) == {"new": 3}
    assert "Watch history" in client.get(page).text
    form = {"file": (io.BytesIO(PLAYLIST.encode()), "mine.csv")}
    assert client.post("/", data=form, content_type="multipart/form-data").location.startswith("/l/")
    form = {"file": (io.BytesIO(SUBSCRIPTIONS.encode()), "subscriptions.csv")}
    answer = client.post("/api/v1/uploads", data=form, content_type="multipart/form-data").get_json()

    assert (answer["video_id"], answer["page"]) == (None, f"/l/{answer['lists'][0]}")


def test_unfinished_ones_are_swept_a_day_after_their_last_byte(client: FlaskClient, settings: Settings) -> None:
    old, new = (begin(client, 100).headers["Location"] for _ in range(2))
    for path in settings.uploads_dir.glob(f"*{old.rpartition('/')[2]}*"):
        os.utime(path, (time.time() - DAY - 60,) * 2)
    sweep(settings.uploads_dir)

    assert ask(client, old)[0] == 404
    assert ask(client, new) == (200, "0")


def test_the_disk_and_the_number_of_uploads_have_an_end(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    begin(client, 150_000)
    free = 2 * 100_000 + 2 * 150_000 + pending.SPARE
    monkeypatch.setattr(pending.shutil, "disk_usage", lambda _: type("Usage", (), {"free": free}))
    assert begin(client, 100_000).status_code == 201
    assert problem(begin(client, 1)) == (503, "storage")
    monkeypatch.setattr(pending.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 1 << 40}))
    monkeypatch.setattr(pending, "MOST", 2)
    assert problem(begin(client, 1)) == (429, "too_many")


def test_those_that_have_ended_do_not_count(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pending, "MOST", 2)
    for number in range(4):
        text = SRT + f"\n2\n00:00:03,000 --> 00:00:04,000\nNumber {number}.\n".encode()
        place = begin(client, len(text)).headers["Location"]
        assert send(client, place, 0, text).status_code in (200, 204)


def test_another_site_cannot_send(client: FlaskClient) -> None:
    place = begin(client, 10).headers["Location"]
    assert send(client, place, 0, b"x", Origin="https://evil.example").status_code == 403
    assert client.delete(place, headers={**TUS, "Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert ask(client, place) == (200, "0")


# ---------------------------------------------------------------- on the real server


@pytest.fixture(scope="module", name="server")
def _server(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """gunicorn as `nutshell up` starts it, with a password."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    served = settings.model_copy(update={"port": port, "home": tmp_path_factory.mktemp("served"), "password": SecretStr("pw"), "max_upload": 50_000_000})
    with (served.home / "log").open("wb") as log:
        process = subprocess.Popen(web_command(served), env=environment(served), stdout=log, stderr=log)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5):
            break
    else:
        pytest.fail((served.home / "log").read_text())
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    process.wait(30)


def call(server: str, method: str, path: str, headers: Mapping[str, str], data: bytes | None = None) -> tuple[int, Any]:
    secret = {"Authorization": "Bearer pw", **TUS}
    request = urllib.request.Request(server + path, data, {**secret, **headers}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as reply:
            return reply.status, reply.headers
    except urllib.error.HTTPError as error:
        return error.code, error.headers


def patch_head(server: str, path: str, at: int, length: int) -> tuple[socket.socket, str]:
    host = server.removeprefix("http://")
    connection = socket.create_connection(tuple(host.split(":")))  # type: ignore[arg-type]
    connection.sendall(
        f"PATCH {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer pw\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: {at}\r\n"
        f"Content-Type: application/offset+octet-stream\r\nContent-Length: {length}\r\n\r\n".encode()
    )
    return connection, path


def offset(server: str, path: str) -> int:
    return int(call(server, "HEAD", path, {})[1]["Upload-Offset"])


def until(server: str, path: str, reached: Callable[[int], bool]) -> None:
    deadline = time.monotonic() + 30
    while not reached(came := offset(server, path)):
        assert time.monotonic() < deadline, came
        time.sleep(0.05)


def test_a_broken_connection_keeps_what_came_and_a_second_writer_is_refused(server: str, db: Database) -> None:
    body = SRT * 40_000
    path = call(server, "POST", PLACE, {"Upload-Length": str(len(body)), "Upload-Metadata": said(filename="long.srt")}, b"")[1]["Location"]
    connection, _ = patch_head(server, path, 0, len(body))
    connection.sendall(body[:700_000])
    until(server, path, lambda came: came > 0)  # the first one holds the file; a second that came before it would have had it refused

    status, _ = call(server, "PATCH", path, {"Upload-Offset": "99", "Content-Type": "application/offset+octet-stream"}, b"x")

    assert status == 423
    connection.close()
    until(server, path, lambda came: came == 700_000)
    at = 700_000
    while at < len(body):
        status, headers = call(server, "PATCH", path, {"Upload-Offset": str(at), "Content-Type": "application/offset+octet-stream"}, body[at : at + 800_000])
        assert status in (204, 423), status
        at = int(headers["Upload-Offset"]) if status == 204 else at

    assert headers["Nutshell-Page"].startswith("/v/")
    with db.session() as s:
        assert videos.get_kind(s, headers["Nutshell-Page"].removeprefix("/v/")) == "transcript"


def test_the_password_is_asked_for_everywhere(server: str) -> None:
    for method in ("POST", "HEAD", "PATCH", "DELETE", "OPTIONS"):
        assert call(server, method, PLACE + "/" + "0" * 32, {"Authorization": "Bearer no"})[0] == 401
