"""`nutshell doctor` on real conditions: what each means, that it says what to do, keeps secrets, and never hangs."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import click.testing
import pytest

from pipeline import account, manners
from pipeline.config import Settings
from pipeline.errors import SourceError, cause
from pipeline.source.ytdlp import Found
from pipeline.store.database import Database, database_url
from tests.standin import StandIn
from tests.standin.account import SESSION, cookies_txt
from workers import doctor, doctor_youtube
from workers.cli import main
from workers.finding import Finding

Look = Callable[..., dict[str, Finding]]


def findings(check: Callable[[Settings], Iterator[Finding]], settings: Settings, patience: float = 60.0) -> dict[str, Finding]:
    """By name; every one that is not fine says what to do."""
    found = list(doctor.within(check, settings, patience))
    assert all(finding.state == "ok" or finding.advice.endswith(".") or "no answer" in finding.what for finding in found), found
    return {finding.name: finding for finding in found}


@pytest.fixture(name="settings")
def _settings(servers: Settings, standin: StandIn) -> Iterator[Settings]:
    yield servers.model_copy(update={"proxy": standin.proxy, "extra_ca": str(standin.ca_file)})
    db = Database(database_url(servers))
    account.remove(db)
    db.dispose()


@pytest.mark.parametrize(
    ("today", "solver", "states"),
    [
        (date(2026, 11, 1), "0.8.0", ("ok", "ok")), (date(2026, 12, 26), "0.8.0", ("warn", "ok")), (date(2027, 3, 1), "0.8.0", ("BAD", "ok")),
        (date(2026, 11, 1), "0.7.0", ("ok", "BAD")), (date(2026, 11, 1), None, ("ok", "BAD")),
    ],
)  # fmt: skip
def test_how_old_yt_dlp_is_and_whether_its_solver_fits(today: date, solver: str | None, states: tuple[str, str]) -> None:
    said = list(doctor_youtube.described(Found("2026.10.26", solver, "0.8.0", None), today))

    assert tuple(finding.state for finding in said) == states
    assert (states[0] == "ok") == ("nutshell update-yt-dlp" not in said[0].advice)


def test_what_is_installed_here_works(settings: Settings) -> None:
    for check in (doctor_youtube._child, doctor_youtube._javascript, doctor_youtube._media):
        assert [finding.state for finding in findings(check, settings).values()] == ["ok"]


def test_a_proxy_that_leads_to_youtube(settings: Settings, standin: StandIn) -> None:
    assert findings(doctor_youtube._proxy, settings)["proxy"].state == "ok"
    assert set(findings(doctor_youtube._way_out, settings)) == {"guard"}


@contextmanager
def listening(answer: bytes | None) -> Iterator[int]:
    """A port that answers everybody so, or never."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        kept: list[socket.socket] = []

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:  # closed at the end
                    return
                kept.append(connection)
                if answer is not None:
                    connection.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]


@pytest.mark.parametrize(
    ("answer", "advice"),
    [
        (b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "Check NUTSHELL_PROXY"), (b"HTTP/1.1 503 Service Unavailable\r\n\r\n", "its own way out"),
        (b"SSH-2.0-OpenSSH\r\n\r\n", "Check NUTSHELL_PROXY"), (None, "Check NUTSHELL_PROXY"),
    ],
)  # fmt: skip
def test_a_proxy_that_does_not(settings: Settings, monkeypatch: pytest.MonkeyPatch, answer: bytes | None, advice: str) -> None:
    monkeypatch.setattr(doctor_youtube, "SECONDS", 1.0)
    with listening(answer) as port:
        found = findings(doctor_youtube._proxy, settings.model_copy(update={"proxy": f"http://me:sesame@127.0.0.1:{port}"}))["proxy"]

    assert found.state == "BAD"
    assert advice in found.advice
    assert "sesame" not in str(found)


def test_a_proxy_of_another_kind(settings: Settings) -> None:
    found = findings(doctor_youtube._proxy, settings.model_copy(update={"proxy": "socks5://x:1080"}))["proxy"]

    assert (found.state, "http://" in found.advice) == ("BAD", True)


@pytest.mark.parametrize(("harm", "state"), [("none", "ok"), ("absent", "ok"), ("never", "warn"), ("key", "BAD"), ("signed_out", "BAD")])
def test_cookies(settings: Settings, harm: str, state: str) -> None:
    db = Database(database_url(settings))
    settings.secret_file.unlink(missing_ok=True)
    if harm != "absent":
        account.put(db, settings, cookies_txt())
    if harm == "key":
        settings.secret_file.write_text("0" * 64)
    if harm == "signed_out":
        account.Visitor(db, settings, settings.home).record(account.SIGNED_OUT)
    found = findings(doctor_youtube._cookies, settings.model_copy(update={"cookies": "never"}) if harm == "never" else settings)["cookies"]
    settings.secret_file.unlink(missing_ok=True)
    db.dispose()

    assert found.state == state
    assert SESSION not in str(found)


def test_a_pause_is_a_warning_with_its_time(settings: Settings) -> None:
    ours = settings.model_copy(update={"proxy": "http://elsewhere:3128"})
    assert findings(doctor_youtube._pause, ours)["pause"].state == "ok"
    with pytest.raises(SourceError), manners.asking(ours):
        raise cause("bot_check")

    found = next(doctor_youtube._pause(ours))
    assert (found.state, "60 more minutes (bot_check)" in found.what) == ("warn", True)


def test_a_check_that_hangs_or_breaks_is_a_finding_and_the_others_go_on(settings: Settings) -> None:
    released = threading.Event()

    def hangs(_: Settings) -> Iterator[Finding]:
        yield Finding("hangs", "ok", "so far")
        released.wait(60)

    def breaks(_: Settings) -> Iterator[Finding]:
        raise ZeroDivisionError
        yield

    told: list[Finding] = []
    doctor._told((hangs, breaks, doctor._python), settings, 0.2, told.append)
    released.set()

    assert [(finding.name, finding.state) for finding in told] == [("hangs", "ok"), ("hangs", "BAD"), ("breaks", "BAD"), ("python", "ok")]


def test_the_command(servers: Settings, standin: StandIn) -> None:
    env = {"NUTSHELL_HOME": str(servers.home), "NUTSHELL_PROXY": standin.proxy, "NUTSHELL_EXTRA_CA": str(standin.ca_file)}
    plain = click.testing.CliRunner().invoke(main, ["doctor"], env=env)
    as_json = click.testing.CliRunner().invoke(main, ["doctor", "--json"], env=env)

    found = json.loads(as_json.stdout)
    assert {finding["name"] for finding in found["findings"]} >= {"python", "disk", "yt-dlp", "solver", "child", "javascript", "media", "proxy", "guard", "cookies", "pause", "page"}
    assert found["good"] is (as_json.exit_code == 0)
    assert plain.exit_code == as_json.exit_code == (4 if any(finding["state"] == "BAD" for finding in found["findings"]) else 0)
    assert "ok   yt-dlp " in plain.stdout


def test_without_anything_running_it_says_so(tmp_path: Path, standin: StandIn) -> None:
    nothing = Settings(home=tmp_path, proxy=standin.proxy)

    assert findings(doctor_youtube._cookies, nothing)["cookies"].state == "warn"
    assert findings(doctor_youtube._pause, nothing)["pause"].state == "warn"
