"""Breaker and bucket in the real Valkey; and a stage that has to wait, with the real yt-dlp against the stand-in."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import redis
from sqlalchemy import update

from pipeline import broker, manners, run
from pipeline.config import Settings
from pipeline.errors import HOUR, Postponed, SourceError, cause
from pipeline.jobs import Queue, State
from pipeline.source.links import parse_link
from pipeline.store import jobs
from pipeline.store.database import Database, database_url
from pipeline.store.tables import StageRow
from pipeline.types import Options
from tests.integration.store.fresh import clear
from tests.standin import StandIn


@pytest.fixture(name="settings")
def _settings(servers: Settings) -> Iterator[Settings]:
    client = redis.Redis(unix_socket_path=str(servers.valkey_socket))
    yield servers
    for key in client.scan_iter(f"{manners.PREFIX}*"):
        client.delete(key)


def ask(settings: Settings, code: str = "") -> str:
    """Asks once, answered with the error `code`; what came of it: the code of what was raised, or nothing."""
    try:
        with manners.asking(settings):
            if code:
                raise cause(code)
    except (Postponed, SourceError) as error:
        return error.code
    return ""


def over(settings: Settings) -> None:
    """The pause is over."""
    client = redis.Redis(unix_socket_path=str(settings.valkey_socket))
    client.hset(manners._keys(settings)[0], "until", "1")


def pause(settings: Settings) -> float:
    """Seconds that who asks now has to wait."""
    with pytest.raises(Postponed) as caught, manners.asking(settings):
        raise AssertionError
    return caught.value.seconds


def test_an_hour_has_so_many_videos_and_some_may_come_at_once(settings: Settings) -> None:
    few = settings.model_copy(update={"videos_per_hour": 40.0})

    assert [ask(few) for _ in range(4)] == [""] * 4
    assert ask(few) == "youtube_turn"
    assert pause(few) == pytest.approx(HOUR / 36, abs=5)
    other = few.model_copy(update={"proxy": "http://elsewhere:3128"})
    assert ask(other) == ""  # another address


def test_without_a_limit_nobody_waits(settings: Settings) -> None:
    unlimited = settings.model_copy(update={"videos_per_hour": 0.0})

    assert [ask(unlimited) for _ in range(500)] == [""] * 500


def test_who_wait_together_ask_no_oftener_than_one_would(settings: Settings) -> None:
    few = settings.model_copy(update={"videos_per_hour": 100.0})
    with ThreadPoolExecutor(16) as pool:
        told = list(pool.map(lambda _: ask(few), range(64)))

    assert told.count("") == 10


@pytest.mark.parametrize(("code", "seconds"), [("bot_check", HOUR), ("rate_limited", HOUR / 4)])
def test_a_refusal_lets_everybody_wait(settings: Settings, code: str, seconds: float) -> None:
    with pytest.raises(SourceError) as caught, manners.asking(settings):
        raise cause(code)
    assert (caught.value.code, caught.value.retryable) == (code, True)
    assert caught.value.retry_after == pytest.approx(manners.LAST_IN_LINE * seconds, abs=5)
    assert pause(settings) == pytest.approx(seconds, abs=5)


def test_those_who_asked_before_a_pause_neither_end_it_nor_make_it_longer(settings: Settings) -> None:
    with manners.asking(settings):
        with pytest.raises(SourceError), manners.asking(settings):
            ask(settings, "bot_check")
            raise cause("bot_check")
        assert pause(settings) == pytest.approx(HOUR, abs=5)

    assert pause(settings) == pytest.approx(HOUR, abs=5)


def test_after_the_pause_one_asks_for_all_and_an_answer_ends_it(settings: Settings) -> None:
    ask(settings, "rate_limited")
    over(settings)
    with ThreadPoolExecutor(8) as pool, manners.asking(settings):
        told = list(pool.map(lambda _: ask(settings), range(16)))

    assert told == ["youtube_pause"] * 16
    assert [ask(settings) for _ in range(3)] == [""] * 3


@pytest.mark.parametrize("code", ["private", "live_now", "too_long"])
def test_an_answer_that_is_about_the_video_ends_it_too(settings: Settings, code: str) -> None:
    ask(settings, "bot_check")
    over(settings)

    assert ask(settings, code) == code
    assert ask(settings) == ""


def test_an_answer_that_says_nothing_of_us_leaves_it(settings: Settings) -> None:
    ask(settings, "bot_check")
    over(settings)

    assert ask(settings, "network") == "network"
    assert pause(settings) <= manners.PROBE_SECONDS


def test_refused_again_the_pause_is_twice_as_long_up_to_a_limit(settings: Settings) -> None:
    pauses = []
    for _ in range(6):
        ask(settings, "bot_check")
        pauses.append(round(pause(settings) / HOUR, 1))
        over(settings)

    assert pauses == [1, 2, 4, 6, 6, 6]


def test_a_broker_that_is_away_stops_nobody(tmp_path: Path) -> None:
    away = Settings(home=tmp_path)

    assert ask(away) == ""
    assert ask(away, "rate_limited") == "rate_limited"
    assert broker.ping(away) is False


@pytest.fixture(name="db")
def _db(servers: Settings) -> Iterator[Database]:
    db = Database(database_url(servers), patience=20.0)
    clear(db)
    yield db
    db.dispose()


def fetch(db: Database, settings: Settings) -> str:
    """The next stage of the queue, as a worker does it; what it raised."""
    with db.session() as s:
        claim = jobs.claim_next(s, Queue.FETCH, "a worker")
    assert claim is not None
    try:
        run.run_stage(claim, db, settings, models=None)  # type: ignore[arg-type]
    except Postponed as error:
        with db.session() as s:
            jobs.postpone(s, claim, error)
        return error.code
    except SourceError as refusal:
        with db.session() as s:
            jobs.fail(s, claim, refusal)
        return refusal.code
    with db.session() as s:
        jobs.finish(s, claim)
    return ""


def test_nothing_fails_while_youtube_refuses_and_all_goes_on_afterwards(settings: Settings, db: Database, standin: StandIn) -> None:
    ours = settings.model_copy(update={"proxy": standin.proxy, "extra_ca": str(standin.ca_file)})
    refused, fine = (run.submit_source(db, parse_link(video), Options()) for video in ("stRateLim01", "stVideo0001"))

    assert fetch(db, ours) == "rate_limited"
    asked = len(standin.log)
    assert asked > 0
    assert fetch(db, ours) == "youtube_pause"
    assert len(standin.log) == asked  # YouTube was not asked for the second
    for submitted, code in ((refused, "rate_limited"), (fine, "youtube_pause")):
        with db.session() as s:
            job = jobs.get_job(s, int(submitted.job_id or 0))
        assert job is not None
        assert (job.state, job.stages[0].state, job.stages[0].error_code) == (State.RUNNING, State.WAITING, code)

    over(ours)
    with db.session() as s:
        s.execute(update(StageRow).where(StageRow.job_id == fine.job_id, StageRow.name == "fetch").values(not_before=StageRow.progress_at))
    assert fetch(db, ours) == ""
    assert ask(ours) == ""
