"""Podcasts from the loopback hosts of tests/standin/podcasts.py, through the real child, database and stages."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline import run
from pipeline.config import Settings
from pipeline.errors import InputError, NutshellError
from pipeline.jobs import Queue
from pipeline.source import elsewhere, sandbox
from pipeline.source.hosts import Hosts, media_id
from pipeline.source.links import Source, parse_source, read_link
from pipeline.store import jobs, listings, media, transcripts, videos
from pipeline.store.blobs import Blobs
from pipeline.store.database import Database
from pipeline.store.jobs import Claim
from pipeline.store.listings import Filter, Item
from pipeline.store.subscriptions import Wanted
from pipeline.types import Options
from tests.integration.jobs.helpers import finish
from tests.standin import Response, StandIn, load_talk
from tests.standin.podcasts import CDN, COUNTER, FEEDS, HOSTS, Episode, Podcasts

ALLOWED = "feeds.pods.test, *.pods.test, *.counter.test"


@pytest.fixture(scope="module", name="pods_server")
def _pods_server() -> Iterator[StandIn]:
    with StandIn(Podcasts(), hosts=HOSTS) as server:
        yield server


@pytest.fixture(name="pods")
def _pods(pods_server: StandIn) -> Iterator[StandIn]:
    pods_server.reset()
    yield pods_server
    assert pods_server.errors == []
    assert pods_server.refused == []


@pytest.fixture(name="settings")
def _settings(servers: Settings, pods: StandIn, url: str, tmp_path: Path) -> Settings:
    more = {"proxy": pods.proxy, "extra_ca": str(pods.ca_file), "home": tmp_path / "home", "media_hosts": ALLOWED, "database_url": url}
    return servers.model_copy(update=more | {"broker_url": servers.embedded_broker_url})


@pytest.fixture(name="work")
def _work(tmp_path: Path) -> Path:
    (tmp_path / "work").mkdir()
    return tmp_path / "work"


def link(settings: Settings, url: str) -> Source:
    return read_link(url, Hosts.of(settings.media_hosts))


def claim_of(db: Database, queue: Queue) -> Claim:
    with db.session() as s:
        found = jobs.claim_next(s, queue, "w")
    assert found is not None
    return found


def work_on(db: Database, settings: Settings, queue: Queue) -> str:
    """The next stage of a queue as a worker does it; the code of its failure, or empty."""
    claim = claim_of(db, queue)
    try:
        run.run_stage(claim, db, settings, models=None)  # type: ignore[arg-type]
    except NutshellError as error:
        with db.session() as s:
            jobs.fail(s, claim, error)
        return error.code
    finish(db, claim)
    return ""


def read(db: Database, settings: Settings, url: str = f"{FEEDS}/show") -> tuple[int, str]:
    """The listing of a feed, and why it could not be read."""
    listing_id = run.submit_listing(db, link(settings, url)).listing_id
    return listing_id, work_on(db, settings, Queue.BULK)


def items(db: Database, listing_id: int) -> tuple[Item, ...]:
    with db.session() as s:
        return listings.items(s, listing_id, limit=500)


def test_a_feed_becomes_a_list_of_its_recordings(db: Database, settings: Settings) -> None:
    listing_id, problem = read(db, settings)
    found = items(db, listing_id)
    assert problem == ""
    with db.session() as s:
        listing = listings.get(s, listing_id)

    assert listing is not None
    assert (listing.kind, listing.title, listing.complete) == ("feed", "Talks about animals", True)
    assert [(item.title, item.kind, item.url, item.state, item.problem) for item in found] == [
        ("Bees & <b>hives</b>", "media", f"{CDN}/bees.m4a", "new", ""), ("Counted twice", "media", f"{COUNTER}/to/{COUNTER}/to/{CDN}/short.m4a?a=1&b=2", "new", ""),
        ("Elsewhere", "media", "https://elsewhere.test/x.mp3", "unavailable", "host_not_allowed"), ("In the clear", "media", f"{CDN}/tea.webm", "new", ""),
    ]  # fmt: skip
    assert [(item.duration, item.published_at) for item in found[:3]] == [(round(load_talk("bees").duration), "2026-03-04"), (10.0, "2026-03-02"), (None, None)]
    assert len({item.video_id for item in found}) == 4


def test_read_again_nothing_is_doubled_and_a_host_that_is_allowed_now_is_open(db: Database, settings: Settings, pods: StandIn) -> None:
    listing_id, _ = read(db, settings)
    before = items(db, listing_id)
    pods.app.episodes.insert(0, Episode("New one", f"{CDN}/short.m4a", "6"))  # type: ignore[attr-defined]
    wider = settings.model_copy(update={"media_hosts": ALLOWED + ",elsewhere.test"})
    assert read(db, wider) == (listing_id, "")

    after = items(db, listing_id)
    assert [item.title for item in after] == ["New one", *(item.title for item in before)]
    assert [item.video_id for item in after[1:]] == [item.video_id for item in before]
    assert after[3].state == "new"


@pytest.mark.parametrize(
    ("path", "code"),
    [("/page", "bad_feed"), ("/empty.xml", "bad_feed"), ("/huge.xml", "bad_feed"), ("/bomb.xml", "bad_feed"), ("/none", "host_gone"), ("/loop", "host_refused")],
)
def test_what_is_no_feed_says_so(db: Database, settings: Settings, pods: StandIn, path: str, code: str) -> None:
    pods.fault(r"feeds.pods.test/loop$", Response("", 302, headers={"Location": f"{CDN}/loop.mp3"}))

    assert read(db, settings, FEEDS + path)[1] == code


def test_nothing_of_this_machine_gets_into_a_feed(db: Database, settings: Settings) -> None:
    listing_id, problem = read(db, settings, f"{FEEDS}/secret.xml")
    with db.session() as s:
        listing = listings.get(s, listing_id)

    assert listing is not None
    assert "root:" not in listing.title + problem


def test_a_feed_that_breaks_off_gives_what_came_before(db: Database, settings: Settings) -> None:
    listing_id, problem = read(db, settings, f"{FEEDS}/broken.xml")

    assert problem == ""
    assert [item.title for item in items(db, listing_id)][:2] == ["Bees & <b>hives</b>", "Counted twice"]


def test_three_thousand_episodes(db: Database, settings: Settings) -> None:
    listing_id, _ = read(db, settings, f"{FEEDS}/many.xml")
    with db.session() as s:
        assert listings.counts(s, listing_id) == {"new": 3000}


def choose(db: Database, listing_id: int, title: str, **options: object) -> str:
    """The episode gets its job; the id of its video."""
    with db.session() as s:
        assert listings.choose(s, listing_id, Filter(words=title), Options(**options)) == 1  # type: ignore[arg-type]
    run.feed(db)
    return next(item.video_id for item in items(db, listing_id) if title in item.title)


def test_an_episode_with_a_transcript_is_read_and_not_fetched(db: Database, settings: Settings, pods: StandIn) -> None:
    listing_id, _ = read(db, settings)
    video_id = choose(db, listing_id, "Bees")
    assert work_on(db, settings, Queue.BULK) == ""

    with db.session() as s:
        video = videos.get_video(s, video_id)
        found = transcripts.get_transcript(s, video_id)
        files = media.list_media(s, video_id)
    assert video is not None
    assert found is not None
    assert (video.title, video.channel, video.published_at, video.source_url) == ("Bees & <b>hives</b>", "Talks about animals", "2026-03-04", f"{CDN}/bees.m4a")
    assert [(chapter.start, chapter.title) for chapter in video.chapters] == [(0.0, "Morning"), (5.5, "Evening")]
    assert (found.origin.value, found.language) == ("captions_manual", "en")
    assert " ".join(segment.text for segment in found.segments) == load_talk("bees").text
    assert files == ()
    assert pods.lines(r"bees\.(vtt|srt|json|html|m4a)") == [f"GET {CDN.split('//')[1]}/bees.vtt"]


def test_a_transcript_in_podcasting_s_own_json(db: Database, settings: Settings, pods: StandIn, work: Path) -> None:
    found = elsewhere.fetch_extras(f"{CDN}/bees.json", None, 0.0, settings, work, sandbox.quiet)

    assert found.transcript is not None
    assert {segment.speaker for segment in found.transcript.segments} == {"Ann"}
    assert " ".join(segment.text for segment in found.transcript.segments) == load_talk("bees").text


@pytest.mark.parametrize(
    "fault",
    [Response("", 404), Response("", 500), Response("WEBVTT\n\n"), Response("<html>Log in</html>"), Response("", 302, headers={"Location": "https://127.0.0.1/x"})],
)
def test_a_transcript_that_cannot_be_used_is_told_and_the_sound_is_heard(db: Database, settings: Settings, pods: StandIn, fault: Response) -> None:
    pods.fault(r"bees\.vtt", fault)
    listing_id, _ = read(db, settings)
    video_id = choose(db, listing_id, "Bees")
    assert work_on(db, settings, Queue.BULK) == ""

    with db.session() as s:
        video = videos.get_video(s, video_id)
        files = media.list_media(s, video_id)
        assert transcripts.get_transcript(s, video_id) is None
    assert video is not None
    assert video.captions_note.startswith("The feed's transcript ")
    assert [(file.kind, file.content_type, file.size) for file in files] == [("audio", "audio/mp4", load_talk("bees").files[140].stat().st_size)]
    assert video.duration == pytest.approx(load_talk("bees").duration, abs=1)


def test_a_recording_behind_counters_each_of_which_must_be_allowed(db: Database, settings: Settings, pods: StandIn) -> None:
    listing_id, _ = read(db, settings)
    video_id = choose(db, listing_id, "Counted")
    narrow = settings.model_copy(update={"media_hosts": "feeds.pods.test, eu.counter.test"})
    assert work_on(db, narrow, Queue.BULK) == "host_not_allowed"
    with db.session() as s:
        item = next(item for item in listings.items(s, listing_id) if item.video_id == video_id)
    assert item.error is not None
    assert "It leads to cdn.pods.test" in item.error
    assert "NUTSHELL_MEDIA_HOSTS" in item.error
    with db.session() as s:
        assert listings.retry(s, listing_id) == 1
    run.feed(db)
    assert work_on(db, settings, Queue.BULK) == ""

    assert [line.split("/to/")[0] for line in pods.lines("GET eu.counter")][-2:] == ["GET eu.counter.test"] * 2
    with db.session() as s:
        (file,) = media.list_media(s, video_id)
    with Blobs(settings).local(file.key) as path:
        assert path.read_bytes() == load_talk("short").files[140].read_bytes()


TO = ["http://127.0.0.1:9/", "https://127.0.0.1/", "https://[::1]/x", "https://169.254.169.254/latest", "file:///etc/passwd", "ftp://cdn.pods.test/x", "https://cdn.pods.test:8443/x", "https://user@cdn.pods.test/x",
      "https://cdn.pods.test.evil.test/x", "//evil.test/x.mp3", "http://2130706433/", "https://localhost/x", "data:audio/mpeg;base64,AAAA",
      "https://cdn.pods.test\\@evil.test/x", "gopher://cdn.pods.test/"]  # fmt: skip


@pytest.mark.parametrize("to", TO)
@pytest.mark.parametrize("hop", [1, 3])
def test_redirects_lead_nowhere_else(settings: Settings, pods: StandIn, work: Path, to: str, hop: int) -> None:
    pods.fault(r"^GET cdn\.pods\.test/last\.mp3$", Response("", 302, headers={"Location": to}))
    url = f"{COUNTER}/to/" * (hop - 1) + f"{CDN}/last.mp3"
    with pytest.raises(NutshellError) as caught:
        elsewhere.fetch_recording(url, settings, work, sandbox.quiet)

    assert caught.value.code in ("host_not_allowed", "host_refused")
    assert len(pods.log) == hop
    assert not [path for path in work.iterdir() if path.name.startswith("recording")]


def test_a_recording_that_breaks_off_is_gone_on_with(settings: Settings, pods: StandIn, work: Path) -> None:
    whole = load_talk("bees").files[140].read_bytes()
    pods.fault(r"bees\.m4a", cut_after=len(whole) // 3, times=2)
    path = elsewhere.fetch_recording(f"{CDN}/bees.m4a", settings, work, sandbox.quiet)

    assert path.read_bytes() == whole
    asked = [request.headers.get("range", "") for request in pods.log]
    assert asked[0] == ""
    assert [text.startswith("bytes=") for text in asked[1:]] == [True, True]
    assert int(asked[2].strip("bytes=-")) > int(asked[1].strip("bytes=-")) > 0


def test_what_an_attempt_before_has_is_used_only_while_it_is_the_same_file(settings: Settings, pods: StandIn, work: Path) -> None:
    whole = load_talk("bees").files[140].read_bytes()
    pods.fault(r"bees\.m4a", cut_after=1000)
    with pytest.raises(NutshellError) as caught:
        elsewhere.fetch_recording(f"{CDN}/bees.m4a", settings, work, sandbox.quiet)
    assert caught.value.retryable
    pods.reset()
    changed = Response(whole[::-1], type="audio/mp4", ranges=False, headers={"ETag": '"other"'})
    pods.fault(r"bees\.m4a", changed)
    path = elsewhere.fetch_recording(f"{CDN}/bees.m4a", settings, work, sandbox.quiet)

    assert path.read_bytes() == whole[::-1]
    assert pods.log[0].headers["if-range"] == '"bees.m4a"'


def test_limits_of_size_and_what_servers_say(settings: Settings, pods: StandIn, work: Path) -> None:
    small = settings.model_copy(update={"max_upload": 10_000})
    for alter, code, given in (
        ({}, "too_large", small), ({"status": 403}, "host_refused", settings), ({"status": 410}, "host_gone", settings), ({"status": 503}, "host_unreachable", settings),
    ):  # fmt: skip
        pods.reset()
        pods.fault(r"bees\.m4a", **alter)
        with pytest.raises(NutshellError) as caught:
            elsewhere.fetch_recording(f"{CDN}/bees.m4a", given, work, sandbox.quiet)
        assert caught.value.code == code


def test_a_certificate_that_does_not_fit_and_a_proxy_that_is_away(settings: Settings, work: Path) -> None:
    for more, code in (({"extra_ca": ""}, "host_untrusted"), ({"proxy": "http://127.0.0.1:9"}, "proxy")):
        with pytest.raises(NutshellError) as caught:
            elsewhere.read_feed(f"{FEEDS}/show", settings.model_copy(update=more), work, sandbox.quiet, lambda *_: True)
        assert caught.value.code == code


def test_without_the_setting_nothing_is_asked(db: Database, settings: Settings, pods: StandIn, work: Path) -> None:
    """Not even for what was listed while it was allowed."""
    none = settings.model_copy(update={"media_hosts": ""})
    with pytest.raises(NutshellError) as caught:
        elsewhere.fetch_recording(f"{CDN}/bees.m4a", none, work, sandbox.quiet)
    assert caught.value.code == "host_not_allowed"
    assert pods.log == []


def test_a_link_of_a_recording_is_a_video_at_once(db: Database, settings: Settings) -> None:
    source = link(settings, f"{CDN}/bees.m4a")
    submitted = run.submit_source(db, source, Options())
    assert work_on(db, settings, Queue.FETCH) == ""

    with db.session() as s:
        video = videos.get_video(s, submitted.video_id)
        assert [file.kind for file in media.list_media(s, submitted.video_id)] == ["audio"]
    assert video is not None
    assert (video.source_id, video.title, video.language) == (media_id(source.url), "bees", None)
    assert claim_of(db, Queue.SPEECH).video_id == submitted.video_id


@pytest.mark.parametrize("page", ["show", "page"])
def test_what_it_is_is_decided_by_what_comes_back(db: Database, settings: Settings, pods: StandIn, page: str) -> None:
    """A feed or page behind a recording's name, and a recording behind a feed's."""
    pods.fault(r"talk\.mp3", Response("", 302, headers={"Location": f"{FEEDS}/{page}"}))
    run.submit_source(db, link(settings, f"{CDN}/talk.mp3"), Options())
    assert work_on(db, settings, Queue.FETCH) == "bad_media"
    pods.fault(r"feeds.pods.test/latest", Response("", 302, headers={"Location": f"{CDN}/bees.m4a"}))
    listing_id, problem = read(db, settings, f"{FEEDS}/latest")

    assert problem == ""
    assert [(item.kind, item.url, item.state) for item in items(db, listing_id)] == [("media", f"{FEEDS}/latest", "new")]


def test_a_download_of_an_episode_is_fetched_from_its_host(db: Database, settings: Settings) -> None:
    from pipeline import downloads

    listing_id, _ = read(db, settings)
    video_id = choose(db, listing_id, "Bees")
    assert work_on(db, settings, Queue.BULK) == ""
    assert run.submit_download(db, video_id, downloads.parse("audio"), 720).created
    while claim_name(db) != "download":
        finish(db, claim_of(db, Queue.BULK))
    assert work_on(db, settings, Queue.BULK) == ""

    with db.session() as s:
        assert [file.kind for file in media.list_media(s, video_id)] == ["audio"]


def claim_name(db: Database) -> str:
    """Of the next stage of the queue of long transfers, which is handed back."""
    claim = claim_of(db, Queue.BULK)
    with db.session() as s:
        jobs.release(s, claim)
    return claim.name


def test_a_feed_can_be_followed(db: Database, settings: Settings, pods: StandIn) -> None:
    followed = run.subscribe(db, link(settings, f"{FEEDS}/show"), Wanted())
    assert work_on(db, settings, Queue.BULK) == ""
    with db.session() as s:
        assert set(listings.counts(s, followed.listing_id)) == {"new", "unavailable"}
    pods.app.episodes.insert(0, Episode("New one", f"{CDN}/short.m4a", "6", date="Wed, 04 Mar 2099 05:06:07 GMT"))  # type: ignore[attr-defined]
    run.check(db, followed.listing_id)
    assert work_on(db, settings, Queue.BULK) == ""

    assert next((item.title, item.state) for item in items(db, followed.listing_id)) == ("New one", "waiting")


def test_no_setting_of_the_shell_leads_another_way(settings: Settings, pods: StandIn, work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "REQUESTS_CA_BUNDLE"):
        monkeypatch.setitem(os.environ, name, "http://127.0.0.1:9")

    assert elsewhere.fetch_recording(f"{CDN}/short.m4a", settings, work, sandbox.quiet).stat().st_size > 0


def test_the_command_takes_a_recording_s_link_too(settings: Settings, work: Path) -> None:
    from pipeline import offline

    source = parse_source(f"{CDN}/short.m4a", Hosts.of(settings.media_hosts))
    video, transcript, sound = offline._fetch(source, Options(), settings, work, sandbox.quiet)

    assert (video.source_id, video.source_url, video.title, transcript) == (source.source_id, source.url, "short", None)
    assert sound is not None
    assert sound.read_bytes() == load_talk("short").files[140].read_bytes()


def test_the_command_saves_a_recording_of_another_host(settings: Settings, work: Path) -> None:
    from pipeline import downloads, offline

    source = parse_source(f"{CDN}/short.m4a", Hosts.of(settings.media_hosts))
    saved = [offline.save_download(source, downloads.parse(name), settings, work, sandbox.quiet) for name in ("audio", "audio-opus-2000-5000")]

    assert saved[0].read_bytes() == load_talk("short").files[140].read_bytes()
    assert [path.suffix for path in saved] == [".m4a", ".opus"]
    with pytest.raises(InputError, match="Of this only the audio"):
        offline.save_download(source, downloads.parse("video"), settings, work, sandbox.quiet)
