"""Playlists and channels as the stand-in serves them, read by the real yt-dlp into the real database; and the jobs that their items get."""

from collections.abc import Iterator

import psutil
import pytest

from pipeline import run
from pipeline.config import Settings
from pipeline.errors import GaveWay, NutshellError
from pipeline.jobs import Queue, State
from pipeline.source.links import parse_link, read_link
from pipeline.store import jobs, listings
from pipeline.store.database import Database
from pipeline.store.jobs import Claim
from pipeline.store.listings import Filter
from pipeline.types import Options
from tests.integration.jobs.helpers import be_due, finish, job, states
from tests.standin import StandIn

PLAYLIST = "https://www.youtube.com/playlist?list="


@pytest.fixture(name="settings")
def _settings(servers: Settings, standin: StandIn) -> Iterator[Settings]:
    standin.reset()
    yield servers.model_copy(update={"proxy": standin.proxy, "extra_ca": str(standin.ca_file), "videos_per_hour": 0.0})
    assert standin.errors == []
    standin.reset()


def next_claim(db: Database, queue: Queue) -> Claim:
    with db.session() as s:
        claim = jobs.claim_next(s, queue, "a worker")
    assert claim is not None
    return claim


def read(db: Database, settings: Settings, link: str) -> int:
    """Reads what is behind the link, as a worker does it; the listing."""
    found = run.submit_listing(db, read_link(link))
    claim = next_claim(db, Queue.BULK)
    try:
        run.run_stage(claim, db, settings, models=None)  # type: ignore[arg-type]
    except NutshellError as error:
        with db.session() as s:
            jobs.fail(s, claim, error)
    else:
        finish(db, claim)
    return found.listing_id


def titles(db: Database, listing_id: int, wanted: Filter = listings.EVERYTHING, **options: int) -> list[str]:
    with db.session() as s:
        return [item.title for item in listings.items(s, listing_id, wanted, **options)]


def counts(db: Database, listing_id: int) -> dict[str, int]:
    with db.session() as s:
        return listings.counts(s, listing_id)


def choose(db: Database, listing_id: int, wanted: Filter = listings.EVERYTHING, first: int | None = None) -> int:
    with db.session() as s:
        return listings.choose(s, listing_id, wanted, Options(language="es"), first=first)


def end_one(db: Database, queue: Queue = Queue.BULK, *, failed: bool = False) -> Claim:
    """The next job of the queue is over: done without work, or failed."""
    claim = next_claim(db, queue)
    with db.session() as s:
        if failed:
            jobs.fail(s, claim, NutshellError("private", "No."))
        else:
            for stage in ("speech", "gist", "index", "summary", "translate"):
                jobs.skip(s, claim, stage)
            jobs.finish(s, claim)
    return claim


def test_a_playlist_is_listed_with_what_cannot_be_watched(db: Database, settings: Settings) -> None:
    listing_id = read(db, settings, PLAYLIST + "PLstandinMixd")

    with db.session() as s:
        found = listings.get(s, listing_id)
        items = listings.items(s, listing_id)
    assert found is not None
    assert (found.title, found.complete, found.feed_url) == (
        "One of them is private", True, "https://www.youtube.com/feeds/videos.xml?playlist_id=PLstandinMixd",
    )  # fmt: skip
    assert [(item.video_id, item.state, item.problem) for item in items] == [
        ("stVideo0002", "new", ""), ("stPrivate01", "unavailable", "private"), ("stVideo0003", "new", ""),
    ]  # fmt: skip
    assert [item.duration for item in items if not item.problem] == pytest.approx([10, 10], abs=3)


def test_five_thousand_items_are_read_page_by_page(db: Database, settings: Settings, standin: StandIn) -> None:
    me = psutil.Process()
    before = me.memory_info().rss
    listing_id = read(db, settings, PLAYLIST + "PLstandin5000")

    found = counts(db, listing_id)
    assert sum(found.values()) == 5000
    assert found["unavailable"] > 0
    assert len([line for line in standin.log if "/youtubei/v1/browse" in str(line)]) >= 49
    assert me.memory_info().rss - before < 64 * 1024**2
    assert titles(db, listing_id, offset=4998, limit=10) == titles(db, listing_id, limit=5000)[-2:]


def test_what_is_read_can_be_used_while_the_rest_is_still_coming(db: Database, settings: Settings) -> None:
    found = run.submit_listing(db, read_link(PLAYLIST + "PLstandinLong"))
    claim = next_claim(db, Queue.BULK)
    with db.session() as s:
        listings.choose(s, found.listing_id, listings.EVERYTHING, Options())
        jobs.cancel(s, claim.job_id)

    with pytest.raises(NutshellError) as caught:
        run.run_stage(claim, db, settings, models=None)  # type: ignore[arg-type]
    assert caught.value.code == "cancelled"
    assert counts(db, found.listing_id) == {}


@pytest.mark.parametrize("name", ["PLstandinPriv", "PLstandinGone", "PLstandinNone"])
def test_what_cannot_be_read_says_so(db: Database, settings: Settings, name: str) -> None:
    listing_id = read(db, settings, PLAYLIST + name)

    with db.session() as s:
        reading = jobs.reading_of(s, listing_id)
    assert reading is not None
    assert (reading.state, reading.stages[0].error_code) == (State.FAILED, "playlist_unavailable")


@pytest.mark.parametrize(("link", "first"), [("https://youtube.com/@standin", 1), ("https://www.youtube.com/@standin/playlists", 0), ("youtube.com/@standin/shorts", 1)])
def test_the_tabs_of_a_channel(db: Database, settings: Settings, link: str, first: int) -> None:
    listing_id = read(db, settings, link)

    found = counts(db, listing_id)
    assert found.get("list" if "playlists" in link else "new", 0) > first
    assert set(found) <= {"new", "unavailable", "list"}


def test_read_again_it_has_the_order_of_now_and_loses_what_nobody_asked_for(db: Database, settings: Settings, standin: StandIn) -> None:
    listing_id = read(db, settings, "https://www.youtube.com/@standin/videos")
    before = titles(db, listing_id)
    assert choose(db, listing_id, first=1) == 1
    new = standin.app.upload("uploaded001")
    assert read(db, settings, "https://www.youtube.com/@standin") == listing_id

    assert titles(db, listing_id) == [new.title, *before]
    assert counts(db, listing_id)["waiting"] == 1


def test_a_list_has_few_jobs_at_a_time_and_the_next_item_gets_its_turn(db: Database, settings: Settings) -> None:
    listing_id = read(db, settings, PLAYLIST + "PLstandinLong")
    wanted = choose(db, listing_id)
    assert wanted == counts(db, listing_id)["waiting"] > 200

    assert len(run.feed(db)) == run.WINDOW
    assert run.feed(db) == ()
    first = [end_one(db).video_id for _ in range(3)]
    assert first == ["stItem00000", "stItem00001", "stItem00002"]
    assert len(run.feed(db)) == 3
    end_one(db, failed=True)
    found = counts(db, listing_id)
    assert (found["done"], found["failed"]) == (3, 1)


def test_two_lists_take_turns_and_what_is_pasted_goes_first(db: Database, settings: Settings) -> None:
    big = read(db, settings, PLAYLIST + "PLstandinLong")
    choose(db, big)
    run.feed(db)
    small = read(db, settings, PLAYLIST + "PLstandin0001")
    choose(db, small)
    pasted = run.submit_source(db, parse_link("talkMedium1"), Options())
    run.feed(db)

    assert next_claim(db, Queue.FETCH).job_id == pasted.job_id
    for _ in range(run.WINDOW):
        end_one(db)
        run.feed(db)
    assert {end_one(db).video_id for _ in range(3)} == {"stVideo0001", "stVideo0002", "stVideo0003"}


def test_what_is_done_for_a_list_gives_way_to_a_person_and_goes_on_afterwards(db: Database, settings: Settings) -> None:
    from pipeline.context import Context
    from pipeline.types import Progress

    listing_id = read(db, settings, PLAYLIST + "PLstandin0001")
    choose(db, listing_id, first=1)
    run.feed(db)
    claim = next_claim(db, Queue.BULK)
    with db.session() as s:
        jobs.skip(s, claim, "speech")
    finish(db, claim)
    for _ in ("gist", "index"):
        finish(db, next_claim(db, Queue.TEXT))
    summary = next_claim(db, Queue.TEXT)
    context = Context(summary, db, settings, models=None)  # type: ignore[arg-type]
    context.emit(Progress("summary", 0.1, "Reading"))

    pasted = run.submit_source(db, parse_link("talkMedium1"), Options())
    for queue, stage in ((Queue.FETCH, "speech"), (Queue.GIST, "")):
        held = next_claim(db, queue)
        with db.session() as s:
            jobs.skip(s, held, stage)
        finish(db, held)
    context._renewed = 0.0
    with pytest.raises(GaveWay):
        context.emit(Progress("summary", 0.2, "Reading"))
    with db.session() as s:
        jobs.release(s, summary)
    assert next_claim(db, Queue.TEXT).job_id == pasted.job_id
    again = next_claim(db, Queue.TEXT)
    assert (again.stage_id, again.attempt) == (summary.stage_id, 2)


def test_cancelled_nothing_more_is_begun_but_what_was_pasted_goes_on(db: Database, settings: Settings) -> None:
    listing_id = read(db, settings, PLAYLIST + "PLstandinLong")
    choose(db, listing_id)
    pasted = run.submit_source(db, parse_link("stItem00001"), Options(language="es"))
    run.feed(db)
    with db.session() as s:
        stopped = listings.cancel(s, listing_id)

    assert len(stopped) == run.WINDOW - 1
    assert run.feed(db) == ()
    found = counts(db, listing_id)
    assert found["cancelled"] > 200
    assert found["waiting"] == 1
    assert states(db, int(pasted.job_id or 0))[0] == "waiting"


def test_who_pastes_what_waits_in_a_list_need_not_wait_in_its_line(db: Database, settings: Settings) -> None:
    listing_id = read(db, settings, PLAYLIST + "PLstandinLong")
    choose(db, listing_id)
    run.feed(db)
    pasted = run.submit_source(db, parse_link("stItem00009"), Options(language="es"))

    assert not pasted.created
    assert next_claim(db, Queue.FETCH).job_id == pasted.job_id


def test_what_failed_is_tried_again_once(db: Database, settings: Settings) -> None:
    listing_id = read(db, settings, PLAYLIST + "PLstandin0001")
    choose(db, listing_id)
    run.feed(db)
    failed = [end_one(db, failed=True).job_id for _ in range(2)]
    end_one(db)
    with db.session() as s:
        assert listings.retry(s, listing_id) == 2
    run.feed(db)

    assert counts(db, listing_id) == {"waiting": 2, "done": 1}
    assert [job(db, job_id).state for job_id in failed] == [State.FAILED] * 2
    be_due(db)
    end_one(db)
    end_one(db)
    assert counts(db, listing_id) == {"done": 3}


def test_filters(db: Database, settings: Settings) -> None:
    listing_id = read(db, settings, PLAYLIST + "PLstandin0001")
    everything = titles(db, listing_id)
    word = everything[0].split()[0]

    assert titles(db, listing_id, Filter(words=word.upper())) == [title for title in everything if word.lower() in title.lower()]
    assert titles(db, listing_id, Filter(without=word)) == [title for title in everything if word.lower() not in title.lower()]
    assert titles(db, listing_id, Filter(words="%")) == []
    assert titles(db, listing_id, Filter(min_duration=15)) == everything[:1]
    assert titles(db, listing_id, Filter(max_duration=15)) == everything[1:]
    assert titles(db, listing_id, Filter(after="2999-01-01")) == []
    assert choose(db, listing_id, Filter(source_ids=("youtube:stVideo0003",))) == 1
    assert titles(db, listing_id, Filter(state="waiting")) == everything[2:]
    assert choose(db, listing_id, Filter(source_ids=("youtube:stVideo0003",))) == 0


def test_what_two_lists_wait_for_is_not_cancelled_with_one(db: Database, settings: Settings) -> None:
    first, second = read(db, settings, PLAYLIST + "PLstandin0001"), read(db, settings, PLAYLIST + "PLstandinMixd")
    for listing_id in (first, second):
        choose(db, listing_id)
    run.feed(db)
    with db.session() as s:
        stopped = listings.cancel(s, first)

    assert "stVideo0001" in stopped
    assert not {"stVideo0002", "stVideo0003"} & set(stopped), "the other list holds them too"
    assert counts(db, second)["waiting"] == 2
