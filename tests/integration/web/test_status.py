"""The status page and its form: what it says of queues, YouTube, yt-dlp and cookies, and that no secret ever comes back out of it."""

import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path

import pytest
import redis
from flask import Flask
from flask.testing import FlaskClient
from pydantic import SecretStr

from pipeline import account, manners
from pipeline.config import Settings
from pipeline.errors import SourceError, cause
from pipeline.jobs import Queue
from pipeline.store import jobs
from pipeline.store.database import Database
from tests.integration.web import talk
from tests.integration.web.conftest import services
from tests.standin.account import SESSION, SIGNATURE, cookies_txt

VALUES = (SESSION, SIGNATURE, "rotated-0000")


@pytest.fixture(name="own", autouse=True)
def _own(app: Flask, db: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """Settings with a key, as a cluster needs it, and a proxy with a password; without what others asked YouTube."""
    ours = settings.model_copy(update={"secret_key": SecretStr("k" * 32), "proxy": "http://user:sesame@proxy.example:3128"})
    monkeypatch.setattr(services(app), "settings", ours)
    yield ours
    client = redis.Redis(unix_socket_path=settings.broker_url.partition("://")[2])
    for key in client.scan_iter(f"{manners.PREFIX}*"):
        client.delete(key)


def read(client: FlaskClient) -> dict:
    answer = client.get("/api/v1/status")
    assert answer.status_code == 200
    return answer.json


def test_queues_and_workers(client: FlaskClient, db: Database) -> None:
    talk.add(db)
    client.post("/api/v1/jobs", json={"url": "https://youtu.be/bbbbbbbbbbb"})
    with db.session() as s:
        jobs.sign_in(s, "fetch@here", Queue.FETCH, "2026.1.31")
    found = read(client)

    (fetch,) = [queue for queue in found["queues"] if queue["queue"] == "fetch"]
    assert (fetch["workers"], fetch["running"], fetch["waiting"]) == (1, 0, 1)
    assert [queue["queue"] for queue in found["queues"]] == list(Queue)
    page = client.get("/status").text
    assert "Looking at videos" in page
    assert page.count("<h1") == 1


def test_how_it_stands_with_youtube(client: FlaskClient, own: Settings) -> None:
    for _ in range(3):
        with manners.asking(own):
            pass
    guest, signed_in = read(client)["youtube"]
    assert (guest["who"], guest["asked"], guest["left"], guest["pause_seconds"], guest["because"]) == ("guest", 3, 27, None, "")
    assert (signed_in["who"], signed_in["asked"], signed_in["left"]) == ("account", 0, 30)
    with pytest.raises(SourceError), manners.asking(own):
        raise cause("bot_check")

    guest, signed_in = read(client)["youtube"]
    assert guest["because"] == "bot_check"
    assert 3500 < guest["pause_seconds"] <= 3600
    assert signed_in["pause_seconds"] is None
    page = unescape(client.get("/status").text)
    assert "As a guest: waiting, again in 1 h" in page
    assert 'data-who="guest" data-paused="yes"' in page


@pytest.mark.parametrize(("days", "state"), [(3, "fine"), (61, "old"), (121, "too_old")])
def test_how_old_yt_dlp_is(client: FlaskClient, db: Database, days: int, state: str) -> None:
    day = datetime.now(UTC).date() - timedelta(days=days)
    with db.session() as s:
        jobs.sign_in(s, "fetch@here", Queue.FETCH, f"{day.year}.{day.month}.{day.day}")
    (found,) = read(client)["yt_dlp"]

    assert (found["worker"], found["state"], found["age_days"]) == ("fetch@here", state, days)
    assert ("nutshell update-yt-dlp" in client.get("/status").text) == (state != "fine")


def test_the_proxy_is_named_without_its_password(client: FlaskClient) -> None:
    values = {setting["name"]: setting["value"] for setting in read(client)["settings"]}

    assert values["NUTSHELL_PROXY"] == "set"
    assert values["NUTSHELL_VIDEOS_PER_HOUR"] == "300"
    assert (values["NUTSHELL_DOWNLOADS_AT_ONCE"], values["NUTSHELL_CAPTIONS_PAUSE"], values["NUTSHELL_MEDIA_QUOTA"]) == ("2", "5 s", "21.5 GB")
    for text in (client.get("/status").text, client.get("/api/v1/status").text):
        assert "sesame" not in text
        assert "kkkk" not in text


def as_file(data: bytes) -> dict:
    return {"file": (io.BytesIO(data), "cookies.txt")}


@pytest.mark.parametrize("sent", [lambda: as_file(cookies_txt()), lambda: {"text": cookies_txt().decode()}, lambda: {"text": cookies_txt().decode().replace("\n", "\r\n"), "file": (io.BytesIO(), "")}])
def test_cookies_go_in_and_never_come_out(client: FlaskClient, db: Database, own: Settings, sent) -> None:
    before = set(own.home.rglob("*"))
    answer = client.post("/status/cookies", data=sent(), content_type="multipart/form-data")

    assert (answer.status_code, answer.headers["Location"]) == (303, "/status#cookies")
    shown = read(client)["cookies"]
    assert (shown["domains"], shown["number"], shown["dropped"], shown["result"]) == (["youtube.com"], 4, 2, None)
    everything = client.get("/status").text + client.get("/api/v1/status").text + answer.text
    assert [value for value in VALUES if value in everything] == []
    assert {path for path in own.home.rglob("*") if path.is_file()} <= before  # nothing was written to a disk


def test_cookies_that_are_none_are_refused_with_the_reason_and_not_repeated(client: FlaskClient, db: Database) -> None:
    for data, said in ((cookies_txt(expires=1000), "have expired"), (b"", "none is youtube.com's"), (b"\x00", "no cookies.txt has"), (cookies_txt().replace(b"\t/\t", b"\t"), "columns")):
        answer = client.post("/status/cookies", data=as_file(data), content_type="multipart/form-data")
        assert answer.status_code == 422
        assert said in unescape(answer.text)
        assert 'data-code="bad_cookies"' in answer.text
        assert [value for value in VALUES if value in answer.text] == []
    assert account.kept(db) is None


def test_too_much_is_refused_before_it_is_read(client: FlaskClient, db: Database) -> None:
    assert client.post("/status/cookies", data=as_file(b"x" * 2_000_000), content_type="multipart/form-data").status_code == 413
    assert account.kept(db) is None


def test_cookies_are_deleted(client: FlaskClient, db: Database, own: Settings) -> None:
    account.put(db, own, cookies_txt())

    assert client.post("/status/cookies/delete").status_code == 303
    assert read(client)["cookies"] is None
    assert client.post("/status/cookies/delete").status_code == 303


def test_the_page_stands_while_the_broker_is_away(app: Flask, client: FlaskClient, own: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services(app), "settings", own.model_copy(update={"broker_url": f"redis+socket://{tmp_path}/none.sock"}))
    found = read(client)

    assert found["ready"] is False
    assert found["parts"]["broker"]
    assert found["youtube"] == []
    assert "not known while the queue does not answer" in client.get("/status").text
