"""Subscriptions: what is new in channels and playlists of the stand-in is found, judged and given its jobs. Times are rows: nobody waits for one."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
import redis
from sqlalchemy import func, select, text, update

from pipeline import manners, run
from pipeline.config import Settings
from pipeline.errors import HOUR, InputError, NotFound, NutshellError, Postponed, cause
from pipeline.jobs import Queue, State
from pipeline.source.links import read_link
from pipeline.store import jobs, listings, subscriptions
from pipeline.store.database import Database
from pipeline.store.listing_tables import ListingItemRow, SubscriptionRow
from pipeline.store.listings import EVERYTHING, Filter
from pipeline.store.subscriptions import Subscription, Wanted
from pipeline.types import Length, Options
from tests.integration.jobs.helpers import be_due, finish
from tests.integration.jobs.test_listings import next_claim, read
from tests.standin import StandIn
from tests.standin.server import Response

CHANNEL = "https://www.youtube.com/@standin"
MANY = "https://www.youtube.com/@many"
PLAYLIST = "https://www.youtube.com/playlist?list="
FEED = "GET www.youtube.com/feeds/videos.xml"


@pytest.fixture(name="settings")
def _settings(servers: Settings, standin: StandIn) -> Iterator[Settings]:
    standin.reset()
    yield servers.model_copy(update={"proxy": standin.proxy, "extra_ca": str(standin.ca_file), "videos_per_hour": 0.0})
    assert standin.errors == []
    standin.reset()
    client = redis.Redis(unix_socket_path=str(servers.valkey_socket))
    for key in client.scan_iter(f"{manners.PREFIX}*"):
        client.delete(key)


def follow(db: Database, settings: Settings, link: str, wanted: Wanted | None = None) -> int:
    """Follows what is behind the link and looks at it for the first time; the listing."""
    found = run.subscribe(db, read_link(link), wanted or Wanted())
    work(db, settings)
    return found.listing_id


def work(db: Database, settings: Settings) -> str:
    """The next stage of the bulk queue, as a worker does it; the code of what it raised."""
    claim = next_claim(db, Queue.BULK)
    try:
        run.run_stage(claim, db, settings, models=None)  # type: ignore[arg-type]
    except Postponed as error:
        with db.session() as s:
            jobs.postpone(s, claim, error)
        return error.code
    except NutshellError as error:
        with db.session() as s:
            jobs.fail(s, claim, error)
        return error.code
    finish(db, claim)
    return ""


def be_time(db: Database) -> None:
    """Every subscription's time has come."""
    with db.session() as s:
        s.execute(update(SubscriptionRow).values(next_check=func.clock_timestamp() - text("interval '1 second'")))


def look(db: Database, settings: Settings) -> str:
    """The time has come, beat says so, the worker looks: as it happens by itself; the code of what went wrong."""
    be_time(db)
    assert len(run.check_due(db)) == 1
    return work(db, settings)


def state(db: Database, listing_id: int) -> Subscription:
    with db.session() as s:
        found = subscriptions.get(s, listing_id)
    assert found is not None
    return found


def due_in(db: Database, listing_id: int) -> float:
    """Seconds until the next look."""
    with db.session() as s:
        seconds = func.extract("epoch", SubscriptionRow.next_check - func.clock_timestamp())
        return float(s.execute(select(seconds).where(SubscriptionRow.listing_id == listing_id)).scalar_one())


def chosen(db: Database, listing_id: int) -> list[str]:
    """Videos that the subscription chose."""
    with db.session() as s:
        rows = select(ListingItemRow.video_id).where(ListingItemRow.listing_id == listing_id, ListingItemRow.followed_at.is_not(None))
        return list(s.execute(rows.order_by(ListingItemRow.position)).scalars())


def lines(standin: StandIn) -> list[str]:
    return [request.line for request in standin.log]


def test_following_a_channel_summarises_nothing_old(db: Database, settings: Settings, standin: StandIn) -> None:
    listing_id = follow(db, settings, CHANNEL)

    found = state(db, listing_id)
    assert (found.result, found.found, found.error, found.failures) == ("nothing", 0, "", 0)
    assert found.last_checked is not None
    assert 0.89 * subscriptions.EVERY < due_in(db, listing_id) < 1.11 * subscriptions.EVERY
    assert run.feed(db) == ()
    assert chosen(db, listing_id) == []
    with db.session() as s:
        assert listings.count(s, listing_id, EVERYTHING) > 10


def test_a_look_at_a_feed_without_news_is_one_request(db: Database, settings: Settings, standin: StandIn) -> None:
    listing_id = follow(db, settings, CHANNEL)
    standin.log.clear()
    assert look(db, settings) == ""

    assert [line.partition("?")[0] for line in lines(standin)] == [FEED]
    assert state(db, listing_id).result == "nothing"


def test_a_new_upload_gets_its_job_in_the_form_of_the_subscription(db: Database, settings: Settings, standin: StandIn) -> None:
    listing_id = follow(db, settings, CHANNEL, Wanted(Options(language="es", length=Length.SHORT)))
    standin.app.upload("uploaded001")
    standin.log.clear()
    assert look(db, settings) == ""

    assert len(lines(standin)) == 1
    assert (state(db, listing_id).result, state(db, listing_id).found) == ("new", 1)
    assert len(run.feed(db)) == 1
    claim = next_claim(db, Queue.BULK)
    assert (claim.video_id, claim.priority) == ("uploaded001", jobs.BATCH)
    assert jobs.options_of(claim.options) == Options(language="es", length=Length.SHORT)
    assert look(db, settings) == ""
    assert (state(db, listing_id).result, chosen(db, listing_id)) == ("nothing", ["uploaded001"])
    with db.session() as s:
        assert [item.video_id for item in listings.items(s, listing_id, limit=1)] == ["uploaded001"]


def test_what_a_person_chose_keeps_its_own_form(db: Database, settings: Settings, standin: StandIn) -> None:
    listing_id = follow(db, settings, CHANNEL, Wanted(Options(language="es")))
    with db.session() as s:
        listings.choose(s, listing_id, Filter(source_ids=("youtube:stVideo0001",)), Options(language="de"))
    standin.app.upload("uploaded001")
    look(db, settings)
    run.feed(db)

    made = {claim.video_id: claim.options["language"] for claim in (next_claim(db, Queue.BULK) for _ in range(2))}
    assert made == {"uploaded001": "es", "stVideo0001": "de"}


def test_after_a_gap_the_pages_are_read_up_to_what_is_known(db: Database, settings: Settings, standin: StandIn) -> None:
    listing_id = follow(db, settings, MANY)
    fresh = [f"uploaded{number:03d}" for number in range(40)]
    for name in fresh:
        standin.app.upload(name, channel="@many")
    standin.log.clear()
    assert look(db, settings) == ""

    assert lines(standin)[0].startswith(FEED)
    assert len([line for line in lines(standin) if "/youtubei/v1/browse" in line]) < 10  # of its 21 pages; yt-dlp asks for the next while the last is looked at
    assert chosen(db, listing_id) == fresh[::-1]
    with db.session() as s:
        first = listings.items(s, listing_id, limit=50)
    assert [item.video_id for item in first][:42] == [*fresh[::-1], "stItem00000", "stItem00001"]
    assert look(db, settings) == ""
    assert state(db, listing_id).result == "nothing"


@pytest.mark.parametrize("status", [404, 410])
def test_without_a_feed_the_pages_are_read(db: Database, settings: Settings, standin: StandIn, status: int) -> None:
    listing_id = follow(db, settings, CHANNEL)
    standin.app.upload("uploaded001")
    standin.fault("feeds/videos.xml", Response("gone", status))
    assert look(db, settings) == ""

    assert chosen(db, listing_id) == ["uploaded001"]
    assert len([line for line in lines(standin) if line.startswith("GET www.youtube.com/@standin/videos")]) == 2


def test_a_tab_that_has_no_feed(db: Database, settings: Settings, standin: StandIn) -> None:
    listing_id = follow(db, settings, f"{CHANNEL}/shorts", Wanted(filters=Filter(max_duration=60)))
    standin.app.upload("uploaded001", tab="shorts")
    standin.app.upload("uploaded002")
    assert look(db, settings) == ""

    assert not [line for line in lines(standin) if line.startswith(FEED)]
    assert chosen(db, listing_id) == ["uploaded001"]


def test_shorts_in_the_feed_of_a_channel_are_none_of_its_videos(db: Database, settings: Settings, standin: StandIn) -> None:
    listing_id = follow(db, settings, CHANNEL)
    standin.app.upload("uploaded001", tab="shorts")
    assert look(db, settings) == ""

    assert chosen(db, listing_id) == []


def test_the_newest_that_are_there_on_request(db: Database, settings: Settings, standin: StandIn) -> None:
    newest = follow(db, settings, MANY, Wanted(backlog=45))
    with db.session() as s:
        first = [item.video_id for item in listings.items(s, newest, limit=45)]

    assert chosen(db, newest) == first
    assert (state(db, newest).result, state(db, newest).found, state(db, newest).backlog) == ("new", 45, 0)
    assert look(db, settings) == ""
    assert len(chosen(db, newest)) == 45


def test_what_a_later_whole_reading_finds_is_old(db: Database, settings: Settings, standin: StandIn) -> None:
    listing_id = follow(db, settings, MANY)
    standin.app.upload("uploaded001", channel="@many")
    assert read(db, settings, MANY) == listing_id  # somebody opens the list meanwhile
    assert look(db, settings) == ""

    assert chosen(db, listing_id) == ["uploaded001"]
    with db.session() as s:
        assert listings.count(s, listing_id, EVERYTHING) > 500


def test_filters_by_title(db: Database, settings: Settings, standin: StandIn) -> None:
    listing_id = follow(db, settings, CHANNEL, Wanted(filters=Filter(words="BEES", without="hurry")))
    standin.app.upload("uploaded001", talk="tea")
    standin.app.upload("uploaded002", talk="bees")
    assert look(db, settings) == ""

    assert chosen(db, listing_id) == ["uploaded002"]
    assert len([line for line in lines(standin) if not line.startswith(FEED)]) == 1


def test_a_filter_by_length_asks_for_lengths_only_when_there_is_something_new(db: Database, settings: Settings, standin: StandIn) -> None:
    listing_id = follow(db, settings, CHANNEL, Wanted(filters=Filter(min_duration=60)))
    standin.log.clear()
    assert look(db, settings) == ""
    assert [line.partition("?")[0] for line in lines(standin)] == [FEED]

    standin.app.upload("uploaded001", talk="tea")
    standin.app.upload("uploaded002", talk="medium")
    assert look(db, settings) == ""
    assert chosen(db, listing_id) == ["uploaded002"]


def test_what_is_still_to_come_waits_for_its_length_or_is_chosen_at_once(db: Database, settings: Settings, standin: StandIn) -> None:
    by_length = follow(db, settings, CHANNEL, Wanted(filters=Filter(min_duration=60)))
    coming = replace(standin.app.videos["stUpcoming1"], id="uploaded001", starts_in=HOUR, published=type(standin.app.videos["stUpcoming1"]).published)
    standin.app.upload(coming)
    assert look(db, settings) == ""
    assert chosen(db, by_length) == []

    over = standin.app.upload("uploaded001", talk="medium")
    standin.app.lists.channels["@standin"].tabs["videos"].remove(over.id)  # it stood there twice
    assert look(db, settings) == ""
    assert chosen(db, by_length) == ["uploaded001"]

    everything = follow(db, settings, f"{CHANNEL}/streams")
    standin.app.upload(replace(coming, id="uploaded002"), tab="streams")
    with db.session() as s:
        subscriptions.set_paused(s, by_length, True)
    assert look(db, settings) == ""
    assert chosen(db, everything) == ["uploaded002"]
    assert len(run.feed(db)) == 2


def test_a_playlist_that_grows_at_its_end(db: Database, settings: Settings, standin: StandIn) -> None:
    listing_id = follow(db, settings, PLAYLIST + "PLstandinLong")
    standin.log.clear()
    assert look(db, settings) == ""
    assert len(lines(standin)) < 4  # not all: its first page, which yt-dlp asks for twice (with what cannot be watched), and two more
    assert state(db, listing_id).result == "nothing"

    playlist = standin.app.lists.playlists["PLstandinLong"]
    standin.app.lists.playlists["PLstandinLong"] = replace(playlist, ids=(*playlist.ids, "talkMedium1"))
    assert look(db, settings) == ""
    assert chosen(db, listing_id) == ["talkMedium1"]


def test_a_short_playlist_is_looked_at_by_its_feed(db: Database, settings: Settings, standin: StandIn) -> None:
    listing_id = follow(db, settings, PLAYLIST + "PLstandin0001")
    playlist = standin.app.lists.playlists["PLstandin0001"]
    standin.app.lists.playlists["PLstandin0001"] = replace(playlist, ids=(*playlist.ids, "talkMedium1"))
    standin.log.clear()
    assert look(db, settings) == ""

    assert [line.partition("?")[0] for line in lines(standin)] == [FEED]
    assert chosen(db, listing_id) == ["talkMedium1"]


def test_paused_nothing_is_looked_at_but_on_request(db: Database, settings: Settings, standin: StandIn) -> None:
    listing_id = follow(db, settings, CHANNEL)
    with db.session() as s:
        subscriptions.set_paused(s, listing_id, True)
    be_time(db)
    assert run.check_due(db) == ()

    standin.app.upload("uploaded001")
    run.check(db, listing_id)
    assert next_priority(db) == jobs.INTERACTIVE
    assert work(db, settings) == ""
    assert chosen(db, listing_id) == ["uploaded001"]


def next_priority(db: Database) -> int:
    with db.session() as s:
        return int(s.execute(text("SELECT priority FROM stages WHERE state = 'waiting' AND ready")).scalar_one())


def test_two_beats_look_once(db: Database, settings: Settings) -> None:
    listing_id = follow(db, settings, CHANNEL)
    be_time(db)
    with db.session() as one, db.session() as other:
        assert subscriptions.due(one) == subscriptions.due(other) == (listing_id,)
        assert subscriptions.take(one, listing_id)
        assert not subscriptions.take(other, listing_id)  # though the first has not said so yet

    assert run.check_due(db) == ()
    be_time(db)
    assert [len(run.check_due(db)) for _ in range(2)] == [1, 0]
    assert work(db, settings) == ""
    with pytest.raises(AssertionError):
        next_claim(db, Queue.BULK)


def test_while_it_is_being_read_the_look_comes_soon_after(db: Database, settings: Settings) -> None:
    listing_id = follow(db, settings, CHANNEL)
    reading = run.submit_listing(db, read_link(CHANNEL))
    be_time(db)

    assert run.check_due(db) == (reading.hint,)
    assert 0.89 * subscriptions.SOON < due_in(db, listing_id) < 1.11 * subscriptions.SOON


def test_a_channel_that_is_gone_is_asked_less_and_less_often_and_says_why(db: Database, settings: Settings, standin: StandIn) -> None:
    listing_id = follow(db, settings, PLAYLIST + "PLstandinGone")
    pauses = [due_in(db, listing_id)]
    for _ in range(4):
        assert look(db, settings) == "playlist_unavailable"
        pauses.append(due_in(db, listing_id))

    found = state(db, listing_id)
    assert (found.result, found.failures) == ("playlist_unavailable", 5)
    assert found.error.startswith("This playlist or channel cannot be read")
    assert [round(seconds / subscriptions.EVERY / 2**number / 2, 0) for number, seconds in enumerate(pauses)][:4] == [1] * 4
    assert pauses[4] < 1.11 * subscriptions.LONGEST_PAUSE
    with db.session() as s:
        job = jobs.reading_of(s, listing_id)
    assert job is not None
    assert (job.state, job.stages[0].attempt) == (State.FAILED, 1)

    playlist = standin.app.lists.playlists["PLstandin0001"]
    standin.app.lists.playlists["PLstandinGone"] = playlist  # it is back
    assert look(db, settings) == ""
    assert (state(db, listing_id).failures, state(db, listing_id).error) == (0, "")


def test_a_network_that_is_down_is_tried_again_soon(db: Database, settings: Settings, standin: StandIn) -> None:
    listing_id = follow(db, settings, CHANNEL)
    standin.fault("feeds/videos.xml", Response("error", 503))

    assert look(db, settings) == "network"
    assert 0.89 * 900 < due_in(db, listing_id) < 1.11 * 900
    assert look(db, settings) == "network"
    assert 0.89 * 1800 < due_in(db, listing_id) < 1.11 * 1800


def test_a_feed_waits_during_a_pause_and_ends_none(db: Database, settings: Settings, standin: StandIn) -> None:
    listing_id = follow(db, settings, CHANNEL)
    with pytest.raises(NutshellError), manners.asking(settings):
        raise cause("bot_check")
    standin.log.clear()
    assert look(db, settings) == "youtube_pause"
    assert (lines(standin), state(db, listing_id).failures) == ([], 0)

    client = redis.Redis(unix_socket_path=str(settings.valkey_socket))
    breaker = manners._keys(settings)[0]
    client.hset(breaker, "until", "1")  # the pause is over
    be_due(db)
    assert work(db, settings) == ""
    assert client.exists(breaker)  # and a video has to show whether it is really over


def test_a_feed_takes_no_turn_but_its_refusal_counts(db: Database, settings: Settings, standin: StandIn) -> None:
    follow(db, settings, CHANNEL)
    few = settings.model_copy(update={"videos_per_hour": 10.0})
    with manners.asking(few):
        pass
    with pytest.raises(Postponed), manners.asking(few):
        raise AssertionError
    assert look(db, few) == ""

    standin.fault("feeds/videos.xml", Response("slow down", 429))
    assert look(db, few) == "rate_limited"
    with pytest.raises(Postponed) as caught, manners.asking(settings):
        raise AssertionError
    assert caught.value.code == "youtube_pause"


def test_many_that_are_followed_at_once_do_not_come_at_once(db: Database, settings: Settings) -> None:
    links = [f"https://www.youtube.com/playlist?list=PLmany{number:05d}" for number in range(60)]
    found = [run.subscribe(db, read_link(link), Wanted(every=HOUR), batch=True) for link in links]
    times = sorted(due_in(db, one.listing_id) for one in found)

    assert all(one.hints == () for one in found)
    assert times[0] < HOUR / 4
    assert times[-1] > 3 * HOUR / 4
    assert len({round(seconds) for seconds in times}) > 40
    be_time(db)
    assert len(run.check_due(db)) == 60
    later = [due_in(db, one.listing_id) for one in found]
    assert all(0.89 * HOUR < seconds < 1.11 * HOUR for seconds in later)
    assert max(later) - min(later) > 0.1 * HOUR


def test_what_cannot_be_followed(db: Database) -> None:
    for link, code in (("https://youtu.be/stVideo0001", "bad_link"), (f"{CHANNEL}/playlists", "not_followed")):
        with pytest.raises(InputError) as caught:
            run.subscribe(db, read_link(link), Wanted())
        assert caught.value.code == code
    with pytest.raises(InputError, match="15 minutes"):
        Wanted(every=60.0)
    with pytest.raises(InputError, match="backlog"):
        Wanted(backlog=-1)
    for act in (lambda: run.check(db, 1), lambda: run.follow(db, 1, Wanted())):
        with pytest.raises(NotFound):
            act()


def test_no_longer_followed_a_look_that_was_under_way_does_nothing(db: Database, settings: Settings, standin: StandIn) -> None:
    listing_id = follow(db, settings, CHANNEL)
    standin.app.upload("uploaded001")
    be_time(db)
    run.check_due(db)
    with db.session() as s:
        subscriptions.unfollow(s, listing_id)
    standin.log.clear()

    assert work(db, settings) == ""
    assert lines(standin) == []
    assert chosen(db, listing_id) == []


def test_a_list_that_is_forgotten_is_followed_no_more(db: Database, settings: Settings) -> None:
    listing_id = follow(db, settings, CHANNEL)
    with db.session() as s:
        assert subscriptions.is_any(s)
        listings.remove(s, listing_id)

    with db.session() as s:
        assert not subscriptions.is_any(s)
