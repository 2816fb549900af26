"""Events from a worker's publish to an open page, over HTTP, with the real Valkey and the real server."""

import http.client
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pipeline import broker
from pipeline.config import PREFIX, Settings
from pipeline.store.database import Database
from tests.integration.web import talk
from tests.integration.web.conftest import make_app, services
from web.hub import Hub

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module", name="port")
def _port(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """gunicorn as `nutshell up` starts it, on a free port."""
    environ = {f"{PREFIX}{name.upper()}": str(getattr(settings, name)) for name in ("home", "database_url", "broker_url", "llm_url")}
    log = tmp_path_factory.mktemp("gunicorn") / "log"
    command = [sys.executable, "-m", "gunicorn", "web.app:create_app()", "--bind", "127.0.0.1:0", "--worker-class", "gthread", "--threads", "256",
               "--graceful-timeout", "3", "--no-control-socket", "--log-file", str(log)]  # fmt: skip
    server = subprocess.Popen(command, cwd=ROOT, env=environ | {"PATH": "/usr/bin:/bin", "MALLOC_ARENA_MAX": "4"})
    try:
        yield _listening(log, server)
    finally:
        server.terminate()
        server.wait(20)


def _listening(log: Path, server: "subprocess.Popen[bytes]") -> int:
    for _ in range(600):
        text = log.read_text() if log.exists() else ""
        if "Listening at" in text and "Booting worker" in text:
            return int(text.partition("Listening at: http://127.0.0.1:")[2].partition(" ")[0])
        assert server.poll() is None, text
        time.sleep(0.1)
    raise AssertionError("gunicorn did not come up")


@pytest.fixture(name="video")
def _video(db: Database) -> str:
    talk.add(db)
    return talk.ID


@contextmanager
def stream(port: int, path: str) -> Iterator[http.client.HTTPResponse]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", path)
    yield connection.getresponse()
    connection.close()


def event(response: http.client.HTTPResponse) -> str:
    """The name of the next event; comments are passed over."""
    while line := response.readline().decode():
        if line.startswith("event: "):
            return line.removeprefix("event: ").strip()
    return ""


def said_until_heard(settings: Settings, video: str, name: str, response: http.client.HTTPResponse) -> None:
    """Publishes, because the listener may still be on its way to Valkey, until it is heard."""
    import threading

    heard = threading.Event()

    def say() -> None:
        while not heard.wait(0.2):
            broker.publish(settings, video, {"event": name, "job": 1})

    thread = threading.Thread(target=say)
    thread.start()
    try:
        assert event(response) == name
    finally:
        heard.set()
        thread.join()


def test_events_reach_the_page_and_the_stream_ends_with_the_job(port: int, settings: Settings, video: str) -> None:
    with stream(port, f"/api/v1/videos/{video}/events") as response:
        assert response.status == 200
        assert response.getheader("Content-Type", "").startswith("text/event-stream")
        assert response.getheader("Content-Encoding") is None
        assert event(response) == "state"
        said_until_heard(settings, video, "gist", response)
        broker.publish(settings, "bbbbbbbbbbb", {"event": "point"})
        broker.publish(settings, video, {"event": "done"})
        names = [event(response)]
        while names[-1] == "gist":
            names.append(event(response))
        assert names[-1] == "done"
        assert response.read().count(b"data:") == 1, "the stream is over after the final event"


def test_the_library_hears_of_every_video(port: int, settings: Settings, video: str) -> None:
    with stream(port, "/api/v1/events") as response:
        assert event(response) == "state"
        said_until_heard(settings, "bbbbbbbbbbb", "progress", response)


def test_forty_streams_hold_no_database_connection(port: int, settings: Settings, video: str) -> None:
    """The pool has ten connections; pages are served although four times as many streams are open."""
    from contextlib import ExitStack

    with ExitStack() as open_streams:
        for _ in range(40):
            assert event(open_streams.enter_context(stream(port, f"/api/v1/videos/{video}/events"))) == "state"
        with stream(port, f"/v/{video}") as page:
            assert page.status == 200
        with stream(port, "/metrics") as metrics:
            open_now = re.search(rb"nutshell_event_streams (\d+)", metrics.read())
            assert open_now is not None
            assert int(open_now[1]) >= 40


def test_events_of_a_video_that_is_not_there(port: int, video: str) -> None:
    with stream(port, "/api/v1/videos/bbbbbbbbbbb/events") as response:
        assert response.status == 404


def test_too_many_streams_get_503_and_when_to_come_back(settings: Settings, video: str) -> None:
    app = make_app(settings)
    services(app).hub = Hub(lambda: iter(()), most=1)
    client = app.test_client()
    first = client.get(f"/api/v1/videos/{video}/events")
    refused = client.get(f"/api/v1/videos/{video}/events")

    assert first.status_code == 200
    assert (refused.status_code, refused.json["code"]) == (503, "busy")
    assert int(refused.headers["Retry-After"]) > 0
    first.close()
    with client.get(f"/api/v1/videos/{video}/events") as again:
        assert again.status_code == 200
    services(app).db.dispose()


def test_the_server_is_small_and_knows_no_model(port: int, settings: Settings, video: str) -> None:
    import psutil

    for path in ("/", f"/v/{video}", "/api/v1/videos", "/api/v1/openapi.json", "/metrics", "/search?q="):
        with stream(port, path) as response:
            response.read()
    workers = [child for child in psutil.Process().children(recursive=True) if "gunicorn" in " ".join(child.cmdline())]
    worker = max(workers, key=lambda process: process.memory_info().rss)
    assert worker.memory_info().rss < 200 * 1024**2
    loaded = Path(f"/proc/{worker.pid}/maps")
    if loaded.exists():
        assert not any(name in loaded.read_text() for name in ("libtorch", "ctranslate2", "onnxruntime"))


def test_what_is_asked_for_while_the_database_is_away(settings: Settings) -> None:
    app = make_app(settings.model_copy(update={"database_url": "postgresql://nobody@/nothing?host=/nowhere"}))
    response = app.test_client().get("/v/aaaaaaaaaaa")
    api = app.test_client().get("/api/v1/videos")

    assert (response.status_code, api.status_code) == (503, 503)
    assert api.json["code"] == "database_unavailable"
    assert int(api.headers["Retry-After"]) > 0
    assert "Traceback" not in response.text
    assert "The database cannot be reached" in response.text
