"""Jobs with the administrator's cookies, through the real yt-dlp: when they are used, what comes of them, and that they are nowhere to be read."""

import logging
import stat
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
import redis
import structlog
from sqlalchemy import text

from pipeline import account, logs, manners, run
from pipeline.config import Settings
from pipeline.errors import InputError, NutshellError, Postponed, SourceError, cause
from pipeline.source import cookies
from pipeline.source.links import parse_link
from pipeline.store import jobs, secrets, transcripts
from pipeline.store.base import Base
from pipeline.store.database import Database
from pipeline.types import Options
from tests.standin import Response, StandIn
from tests.standin.account import SESSION, SIGNATURE, cookies_txt

REFUSED = {"stLoginAge1": "age_restricted", "stLoginMem1": "members_only", "stLoginPrv1": "private", "stLoginBot1": "bot_check"}
VALUES = (SESSION, SIGNATURE, "rotated-", "google-sid")


@pytest.fixture(name="settings")
def _settings(servers: Settings, standin: StandIn, tmp_path: Path) -> Iterator[Settings]:
    client = redis.Redis(unix_socket_path=str(servers.valkey_socket))
    yield Settings(
        home=tmp_path / "home", broker_url=servers.embedded_broker_url, proxy=standin.proxy, extra_ca=str(standin.ca_file), videos_per_hour=0,
    )  # fmt: skip
    for key in client.scan_iter(f"{manners.PREFIX}*"):
        client.delete(key)


Work = Callable[..., str]


@pytest.fixture(name="work")
def _work(db: Database, settings: Settings) -> Work:
    """Does the first stage of a job for a video as a worker does; the code of what came of it."""

    def work(video_id: str, worker: str = "w", **more: object) -> str:
        submitted = run.submit_source(db, parse_link(video_id), Options())
        assert submitted.hint is not None
        with db.session() as s:
            claim = jobs.claim(s, submitted.hint.stage_id, worker)
        assert claim is not None
        try:
            run.run_stage(claim, db, settings.model_copy(update=more), models=None)  # type: ignore[arg-type]
        except Postponed as error:
            with db.session() as s:
                jobs.postpone(s, claim, error)
            return error.code
        except NutshellError as error:
            with db.session() as s:
                jobs.fail(s, claim, error)
            return error.code
        with db.session() as s:
            jobs.finish(s, claim)
            assert transcripts.get_transcript(s, video_id) is not None
        return "done"

    return work


def asked(standin: StandIn) -> list[bool]:
    """Of each page of a video that was asked for, whether by somebody signed in."""
    return [SESSION in request.headers.get("cookie", "") for request in standin.log if request.path == "/watch"]


def stored(db: Database, settings: Settings) -> cookies.Jar:
    with db.session() as s:
        found = secrets.take(s, settings, account.NAME)
    assert found is not None
    return cookies.read(found[1].encode())


def rotated(jar: cookies.Jar) -> str:
    (value,) = [cookie.value for cookie in jar.cookies if cookie.name == "__Secure-1PSIDTS"]
    return value


@pytest.mark.parametrize(("video_id", "code"), REFUSED.items())
def test_what_youtube_refuses_to_guests_is_asked_for_again_with_cookies(db: Database, settings: Settings, standin: StandIn, work: Work, video_id: str, code: str) -> None:
    assert work(video_id) == code
    clear_pause(settings)
    with db.session() as s:
        s.execute(text("DELETE FROM jobs"))
    account.put(db, settings, cookies_txt())
    standin.log.clear()

    assert work(video_id) == "done"
    assert asked(standin) == [False, True]
    assert rotated(stored(db, settings)) == f"rotated-{standin.app.accounts.rotations:04}" != "rotated-0000"
    kept = account.kept(db)
    assert kept is not None
    assert (kept.result, kept.domains, kept.dropped) == (account.ACCEPTED, ("youtube.com",), 2)


def clear_pause(settings: Settings) -> None:
    client = redis.Redis(unix_socket_path=settings.broker_url.partition("://")[2])
    for key in client.scan_iter(f"{manners.PREFIX}*"):
        client.delete(key)


def test_what_guests_get_is_asked_for_as_a_guest(db: Database, settings: Settings, standin: StandIn, work: Work) -> None:
    account.put(db, settings, cookies_txt())

    assert work("stVideo0001") == "done"
    assert work("stRemoved01") == "removed"
    assert asked(standin) == [False, False]
    assert account.kept(db).used_at is None  # type: ignore[union-attr]


@pytest.mark.parametrize(("mode", "came", "signed_in"), [("never", "age_restricted", [False]), ("always", "done", [True])])
def test_the_administrator_decides(db: Database, settings: Settings, standin: StandIn, work: Work, mode: str, came: str, signed_in: list[bool]) -> None:
    account.put(db, settings, cookies_txt())

    assert work("stLoginAge1", cookies=mode) == came
    assert asked(standin) == signed_in


def test_a_bot_check_of_guests_does_not_stop_the_account(db: Database, settings: Settings, standin: StandIn, work: Work) -> None:
    account.put(db, settings, cookies_txt())
    assert work("stLoginBot1") == "done"
    standin.log.clear()

    assert work("stVideo0001") == "done"  # though guests have to wait an hour
    assert asked(standin) == [True]
    guests = manners.look(settings)
    assert guests is not None
    assert (guests.because, guests.pause is not None) == ("bot_check", True)
    assert manners.look(settings, account=True).pause is None  # type: ignore[union-attr]


def test_a_limit_of_this_address_is_waited_for_with_cookies_too(db: Database, settings: Settings, standin: StandIn, work: Work) -> None:
    account.put(db, settings, cookies_txt())
    with pytest.raises(SourceError), manners.asking(settings):
        raise cause("rate_limited")

    assert work("stVideo0001") == "youtube_pause"
    assert not standin.log


def test_cookies_that_youtube_no_longer_knows_are_said_to_be_signed_out_and_kept(db: Database, settings: Settings, standin: StandIn, work: Work) -> None:
    account.put(db, settings, cookies_txt("an-old-session"))
    before = stored(db, settings)

    assert work("stLoginAge1") == "age_restricted"
    assert account.kept(db).result == account.SIGNED_OUT  # type: ignore[union-attr]
    assert stored(db, settings) == before
    with db.session() as s:
        (job,) = jobs.jobs_of(s, "stLoginAge1")
    assert "That was the answer to the stored cookies, too." in str(job.stages[0].error)


def test_cookies_that_cannot_be_read_leave_a_guest_and_a_word(db: Database, settings: Settings, standin: StandIn, work: Work) -> None:
    account.put(db, settings, cookies_txt())
    settings.secret_file.write_text("0" * 64)

    assert work("stLoginAge1") == "age_restricted"
    assert account.kept(db).result == account.UNREADABLE  # type: ignore[union-attr]
    with db.session() as s:
        (job,) = jobs.jobs_of(s, "stLoginAge1")
    assert "`nutshell cookies check` says why" in str(job.stages[0].error)


@pytest.mark.parametrize("change", ["replaced", "deleted"])
def test_what_the_administrator_does_meanwhile_stays(db: Database, settings: Settings, standin: StandIn, work: Work, change: str) -> None:
    account.put(db, settings, cookies_txt())
    standin.app.accounts.sessions.add("another-session")
    was_answered = threading.Event()

    def meanwhile() -> None:
        was_answered.wait(60)
        if change == "deleted":
            account.remove(db)
        else:
            account.put(db, settings, cookies_txt("another-session"))

    administrator = threading.Thread(target=meanwhile)
    administrator.start()
    answer = standin.app.accounts.stamped

    def stamped(request: object, response: Response) -> Response:
        if SESSION in request.headers.get("cookie", "") and not was_answered.is_set():  # type: ignore[attr-defined]
            was_answered.set()
            administrator.join(60)
        return answer(request, response)  # type: ignore[arg-type]

    standin.app.accounts.stamped = stamped
    assert work("stLoginMem1") == "done"

    if change == "deleted":
        assert account.kept(db) is None
    else:
        assert "another-session" in stored(db, settings).text
        assert rotated(stored(db, settings)) == "rotated-0000"
        assert account.kept(db).used_at is None  # type: ignore[union-attr]


def test_jobs_at_the_same_time_leave_one_whole_set_of_cookies(db: Database, settings: Settings, standin: StandIn, work: Work) -> None:
    account.put(db, settings, cookies_txt())
    with ThreadPoolExecutor(3) as pool:
        came = list(pool.map(work, ("stLoginAge1", "stLoginMem1", "stLoginPrv1"), "abc"))

    assert came == ["done"] * 3
    jar = stored(db, settings)
    assert jar.signs_in()
    assert rotated(jar) in {f"rotated-{number:04}" for number in range(1, standin.app.accounts.rotations + 1)}


def test_no_value_can_be_read_anywhere(db: Database, settings: Settings, standin: StandIn, work: Work, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> None:
    """Not in a log of everything, in a row, in an environment or a command line, nor afterwards in a file; while yt-dlp runs, in one file that others cannot open."""
    caplog.set_level(logging.DEBUG)
    logs.configure("debug")
    seen: list[str] = []
    modes: set[int] = set()
    done = threading.Event()
    watcher = threading.Thread(target=_watch, args=(settings.home, done, seen, modes))
    watcher.start()
    try:
        account.put(db, settings, cookies_txt())
        came = [work("stLoginAge1"), work("stLoginPrv1"), work("stServer503", cookies="always")]
        standin.app.accounts.sessions.clear()
        came.append(work("stLoginMem1"))
        with pytest.raises(InputError):
            account.put(db, settings, cookies_txt().replace(b"\t/\t", b"\t"))
    finally:
        done.set()
        watcher.join()
        structlog.reset_defaults()

    assert came == ["done", "done", "network", "members_only"]
    said = "".join(capfd.readouterr()) + caplog.text
    assert "source.failed" in said  # the log was on
    assert modes == {0o600}
    rows = []
    with db.session() as s:
        for table in Base.metadata.tables:
            rows += [str(row) for row in s.execute(text(f'SELECT to_jsonb(t) FROM "{table}" t')).scalars()]
    files = [path.read_bytes().decode(errors="replace") for path in settings.home.rglob("*") if path.is_file()]
    everything = "\n".join((said, *rows, *files, *seen))
    assert seen
    assert [value for value in VALUES if value in everything] == []


def _watch(home: Path, done: threading.Event, seen: list[str], modes: set[int]) -> None:
    """Environments and command lines of all processes that come and go, and the modes of cookie files."""
    while not done.wait(0.05):
        for path in home.glob(f"work/*/{cookies.FILE}"):
            try:
                modes.add(stat.S_IMODE(path.stat().st_mode))
            except FileNotFoundError:
                continue
        for process in psutil.Process().children(recursive=True):
            try:
                seen.append(f"{process.cmdline()} {process.environ()}")
            except psutil.Error:
                continue


def test_a_check_asks_youtube_itself(db: Database, settings: Settings, standin: StandIn, tmp_path: Path) -> None:
    with pytest.raises(NutshellError, match="There are no YouTube cookies"):
        account.check(db, settings, tmp_path)
    account.put(db, settings, cookies_txt())

    assert account.check(db, settings, tmp_path).result == account.ACCEPTED
    standin.app.accounts.sessions.clear()
    assert account.check(db, settings, tmp_path).result == account.SIGNED_OUT
    assert not (tmp_path / cookies.FILE).exists()


def test_a_cluster_needs_a_key_that_all_have(db: Database, settings: Settings) -> None:
    with pytest.raises(InputError, match="NUTSHELL_SECRET_KEY"):
        account.put(db, settings.model_copy(update={"database_url": "postgresql://db/nutshell"}), cookies_txt())

