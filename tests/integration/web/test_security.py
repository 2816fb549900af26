"""Who is let in, and what every answer carries."""

import base64
import re
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pydantic import SecretStr

from pipeline.config import Settings
from pipeline.language.generator import Embedder
from pipeline.store.database import Database
from tests.integration.web import talk
from tests.integration.web.conftest import make_app, services

PLACES = {"list_id": "1", "conversation_id": "1", "folder_id": "1", "note_id": "1", "upload_id": "0" * 32, "video_id": talk.ID, "job_id": "1", "kind": "audio", "name": "status", "version": "x"}
STREAMS = frozenset({"/api/v1/events", f"/api/v1/videos/{talk.ID}/events"})


def routes(app: Flask) -> list[tuple[str, str]]:
    """Every method and path of the application, placeholders filled."""
    found = []
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<(?:\w+:)?(\w+)>", lambda match: PLACES[match[1]], rule.rule)
        found += [(method, path) for method in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"})]
    return found


@pytest.fixture(name="quiet")
def _quiet(app: Flask, db: Database) -> FlaskClient:
    """A client of a library with one video."""
    talk.add(db)
    return app.test_client()


def test_every_answer_carries_the_headers(app: Flask, quiet: FlaskClient) -> None:
    for method, path in [*routes(app), ("GET", "/no/such/page"), ("PUT", "/"), ("GET", "/v/bad%20id")]:
        with quiet.open(path, method=method) as response:
            policy = response.headers["Content-Security-Policy"]
            assert "frame-ancestors 'none'" in policy, path
            assert "unsafe" not in policy.replace("style-src 'unsafe-inline'", "") or "sandbox" in policy, path
            assert response.headers["X-Content-Type-Options"] == "nosniff", path
            assert response.headers["Referrer-Policy"] == "strict-origin-when-cross-origin", path
            assert response.headers["Cache-Control"], path
            assert response.status_code != 500, path


def test_pages_allow_only_the_player_from_elsewhere(quiet: FlaskClient) -> None:
    policy = quiet.get(f"/v/{talk.ID}").headers["Content-Security-Policy"]

    assert policy.startswith("default-src 'self';")
    assert re.findall(r"https?://[^\s;]+", policy) == ["https://www.youtube-nocookie.com"]


def test_pages_contain_no_inline_script_or_style(quiet: FlaskClient) -> None:
    for path in ("/", f"/v/{talk.ID}", "/search?q=", "/help", "/status", "/nothing"):
        page = quiet.get(path).text
        assert not re.search(r"<script(?![^>]*\bsrc=)", page), path
        assert not re.search(r"<style|\sstyle=|\son\w+=", page), path
        assert not re.search(r'(?:src|href)="(?:https?:)?//(?!www\.youtube\.com/watch)', page), path


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8000", "192.168.1.7", "a b", "", "localhost@evil.example"])
def test_an_unknown_host_is_refused_everywhere(app: Flask, quiet: FlaskClient, host: str) -> None:
    for method, path in routes(app):
        with quiet.open(path, method=method, headers={"Host": host}) as response:
            assert response.status_code == 400, (method, path)
            assert talk.TITLE not in response.text


@pytest.mark.parametrize("host", ["localhost", "localhost:8000", "127.0.0.1:9", "[::1]:8000"])
def test_this_machine_is_let_in(quiet: FlaskClient, host: str) -> None:
    assert quiet.get("/", headers={"Host": host}).status_code == 200


def test_the_public_address_is_let_in(settings: Settings) -> None:
    app = make_app(settings.model_copy(update={"public_url": "https://nutshell.example.org/", "host": "10.0.0.5"}))
    client = app.test_client()

    assert client.get("/healthz", headers={"Host": "nutshell.example.org"}).status_code == 200
    assert client.get("/healthz", headers={"Host": "10.0.0.5:8000"}).status_code == 200
    assert client.get("/healthz", headers={"Host": "other.example.org"}).status_code == 400
    services(app).db.dispose()


OURS = "http://localhost"
ALLOWED = [
    {}, {"Origin": OURS}, {"Sec-Fetch-Site": "same-origin", "Origin": OURS}, {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"},
    {"Authorization": "Bearer x", "Origin": "https://evil.example"},
]  # fmt: skip
REFUSED = [
    {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": "http://localhost:8001"}, {"Origin": "http://localhost.evil.example"},
    {"Origin": ""}, {"Origin": "file://"}, {"Origin": "chrome-extension://localhost"},
    {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Sec-Fetch-Site": "same-site", "Origin": OURS},
    {"Sec-Fetch-Site": "same-origin", "Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site", "Origin": OURS},
]  # fmt: skip
TYPES = ["application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain"]


@pytest.mark.parametrize("headers", REFUSED)
def test_other_sites_change_nothing(app: Flask, quiet: FlaskClient, headers: dict[str, str]) -> None:
    unsafe = [(method, path) for method, path in routes(app) if method != "GET"]
    assert len(unsafe) > 12
    for method, path in unsafe:
        for content_type in TYPES:
            response = quiet.open(path, method=method, headers=headers, content_type=content_type, data=b"q=https://youtu.be/bbbbbbbbbbb")
            assert response.status_code == 403, (method, path)
    assert [card["id"] for card in quiet.get("/api/v1/videos").json["videos"]] == [talk.ID]


@pytest.mark.parametrize("headers", ALLOWED)
def test_our_own_pages_and_programs_may(quiet: FlaskClient, headers: dict[str, str]) -> None:
    assert quiet.post("/theme", data={"theme": "dark"}, headers=headers).status_code == 303


def test_nothing_changes_by_looking(app: Flask, quiet: FlaskClient) -> None:
    """Every GET of every route, also with what a form would send, leaves jobs and videos as they are."""
    before = quiet.get("/api/v1/videos").json
    for method, path in routes(app):
        if method == "GET":
            quiet.get(path, query_string={"q": "https://youtu.be/bbbbbbbbbbb", "url": "https://youtu.be/bbbbbbbbbbb", "to": "es", "as": "srt"}).close()
    assert quiet.get("/api/v1/videos").json == before
    assert quiet.get(f"/api/v1/videos/{talk.ID}").json["jobs"] == []


@pytest.fixture(name="locked")
def _locked(settings: Settings, embedder: Embedder, db: Database) -> Iterator[FlaskClient]:
    talk.add(db)
    app = make_app(settings.model_copy(update={"password": SecretStr("grüße:1")}), embedder=embedder)
    yield app.test_client()
    services(app).db.dispose()


def basic(user: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def test_the_password_is_asked_for_everywhere(app: Flask, locked: FlaskClient) -> None:
    for headers in ({}, basic("any", "wrong"), basic("grüße:1", ""), {"Authorization": "Bearer wrong"}, {"Authorization": "Bearer "}, {"Authorization": "Basic !"}):
        for method, path in routes(app):
            if path in ("/healthz", "/readyz"):
                continue
            response = locked.open(path, method=method, headers=headers)
            assert response.status_code == 401, (method, path)
            assert response.headers["WWW-Authenticate"].startswith("Basic ")
            assert talk.TITLE not in response.text
    assert locked.get("/healthz").status_code == 200


def test_the_password_opens(locked: FlaskClient) -> None:
    assert locked.get("/", headers=basic("anybody", "grüße:1")).status_code == 200
    assert locked.get("/api/v1/videos", headers={"Authorization": "Bearer grüße:1"}).status_code == 200
    assert locked.post("/theme", data={"theme": "dark"}, headers=basic("a", "grüße:1") | {"Origin": "https://evil.example"}).status_code == 403


@pytest.mark.parametrize("bad", ["x", "../etc/passwd", "a" * 12, "A" * 16, "%00", "' or 1=1", "0123456789abcdeg", "aaaaaaaaaa\n"])
def test_ids_that_cannot_be(quiet: FlaskClient, bad: str) -> None:
    from urllib.parse import quote

    for path in ("/v/{}", "/thumbs/{}", "/api/v1/videos/{}", "/api/v1/videos/{}/events", "/api/v1/media/{}/audio", "/v/{}/parts/status", "/api/v1/jobs/{}"):
        assert quiet.get(path.format(quote(bad, safe=""))).status_code == 404, path


@pytest.mark.parametrize("path", ["/v/bbbbbbbbbbb", "/thumbs/bbbbbbbbbbb", "/api/v1/videos/bbbbbbbbbbb", "/api/v1/videos/0123456789abcdef/events", "/api/v1/jobs/999999",
                                  "/api/v1/media/aaaaaaaaaaa/audio", "/v/aaaaaaaaaaa/parts/nothing", "/s/x/../../app.py", "/s/x/%2e%2e/%2e%2e/app.py"])  # fmt: skip
def test_what_is_not_there(quiet: FlaskClient, path: str) -> None:
    assert quiet.get(path).status_code == 404
