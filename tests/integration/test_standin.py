"""The stand-in satisfies an unchanged yt-dlp with nothing of ours between them: its CA, its proxy, real TLS."""

import json
import re
import signal
import ssl
import subprocess
import sys
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, fromstring

import av
import pytest
import yt_dlp

from tests.standin import Response, StandIn, load_talk
from tests.standin.conditions import DEMO
from tests.standin.pictures import picture
from tests.standin.player import CHALLENGE, GVS, SIGNATURE, SIGNED, SOLVED
from tests.standin.synthetic import coast_talk
from tests.standin.talks import MEDIA
from tests.standin.videos import CHANNEL

URL = "https://www.youtube.com/watch?v="


@pytest.fixture
def ydl(standin: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[yt_dlp.YoutubeDL]:
    monkeypatch.setenv("SSL_CERT_FILE", str(standin.ca_file))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "none"))
    options = {
        "proxy": standin.proxy, "compat_opts": {"no-certifi"}, "quiet": True, "no_warnings": True, "cachedir": False, "extractor_retries": 0,
        "format": "bestaudio", "fixup": "never", "noprogress": True, "paths": {"home": str(tmp_path)}, "outtmpl": "%(id)s.%(ext)s", "socket_timeout": 5,
    }  # fmt: skip
    with yt_dlp.YoutubeDL(options) as downloader:
        yield downloader


def test_everything_that_is_known_of_a_video(ydl: yt_dlp.YoutubeDL, standin: StandIn) -> None:
    info = ydl.extract_info(URL + "stVideo0001", download=False)
    bees = load_talk("bees")
    assert (info["title"], info["channel"], info["upload_date"], info["live_status"]) == (
        "How Bees Talk",
        "Stand-in Channel",
        "20260304",
        "not_live",
    )
    assert info["duration"] == round(bees.duration)
    assert [chapter["title"] for chapter in info["chapters"]] == [title for _, title in bees.chapters]
    assert set(info["subtitles"]) == {"en", "de"}
    assert "en-orig" in info["automatic_captions"]
    assert {entry["format_id"] for entry in info["formats"]} == {"136", "140", "247", "251"}
    assert {request.host for request in standin.log} == {"www.youtube.com"}


def test_captions_in_their_forms(ydl: yt_dlp.YoutubeDL) -> None:
    info = ydl.extract_info(URL + "stVideo0001", download=False)

    def body(tracks: list[dict[str, str]], form: str) -> str:
        return str(ydl.urlopen(next(track["url"] for track in tracks if track["ext"] == form)).read().decode())

    plain = json.loads(body(info["subtitles"]["en"], "json3"))["events"]
    rolling = json.loads(body(info["automatic_captions"]["en-orig"], "json3"))["events"]
    assert plain[0]["segs"][0]["utf8"].startswith("Welcome")
    assert "segs" not in rolling[0]
    assert any(event.get("aAppend") for event in rolling)
    assert body(info["subtitles"]["de"], "vtt").startswith("WEBVTT")
    with pytest.raises(yt_dlp.networking.exceptions.HTTPError) as refused:
        body(info["automatic_captions"]["fr"], "json3")
    assert refused.value.status == 429


def test_sound_arrives_as_it_is(ydl: yt_dlp.YoutubeDL, tmp_path: Path) -> None:
    ydl.extract_info(URL + "stVideo0001")
    assert (tmp_path / "stVideo0001.webm").read_bytes() == load_talk("bees").files[251].read_bytes()


def test_a_broken_download_can_be_continued(ydl: yt_dlp.YoutubeDL, standin: StandIn, tmp_path: Path) -> None:
    standin.fault("videoplayback", cut_after=20000, times=1)
    ydl.params["retries"] = 2
    ydl.extract_info(URL + "stVideo0001")
    assert (tmp_path / "stVideo0001.webm").read_bytes() == load_talk("bees").files[251].read_bytes()
    assert [request.status for request in standin.log if request.path == "/videoplayback"][-1] == 206


def test_signatures_are_solved_by_a_real_runtime(ydl: yt_dlp.YoutubeDL, standin: StandIn) -> None:
    info = ydl.extract_info(URL + "stCiphered1")
    assert Path(info["requested_downloads"][0]["filepath"]).stat().st_size > 10_000
    assert standin.lines(r"base\.js")


def test_an_n_parameter_alone_is_solved_too(ydl: yt_dlp.YoutubeDL, standin: StandIn) -> None:
    info = ydl.extract_info(URL + "stThrottle1")
    assert Path(info["requested_downloads"][0]["filepath"]).stat().st_size > 10_000
    assert next(request for request in standin.log if request.path == "/videoplayback").query["n"] == SOLVED


@pytest.mark.parametrize(
    ("video_id", "query"),
    [("stCiphered1", f"sig={SIGNATURE}&n={SOLVED}"), ("stCiphered1", f"sig={SIGNED}&n={CHALLENGE}"), ("stThrottle1", f"n={CHALLENGE}")],
)
def test_who_does_not_solve_gets_nothing(ydl: yt_dlp.YoutubeDL, video_id: str, query: str) -> None:
    with pytest.raises(yt_dlp.networking.exceptions.HTTPError) as refused:
        ydl.urlopen(f"https://{GVS}/videoplayback?id={video_id}&itag=251&mime=audio/webm&{query}")
    assert refused.value.status == 403


def test_dubs_and_the_original(ydl: yt_dlp.YoutubeDL, tmp_path: Path) -> None:
    info = ydl.extract_info(URL + "stDubbed001")
    sounds = [entry for entry in info["formats"] if entry["vcodec"] == "none"]
    assert {(entry["language"], entry["language_preference"]) for entry in sounds} == {("en", 10), ("de", 5), ("es", -1)}
    assert Path(info["requested_downloads"][0]["filepath"]).read_bytes() == load_talk("bees").files[251].read_bytes()
    german = next(entry for entry in sounds if entry["language"] == "de" and entry["acodec"] == "opus")
    assert ydl.urlopen(german["url"]).read() == load_talk("tea").files[251].read_bytes()


def test_nine_caption_tracks(ydl: yt_dlp.YoutubeDL) -> None:
    info = ydl.extract_info(URL + "stNineSubs1", download=False)
    assert set(info["subtitles"]) == {"en", "en-j3PyPqV-e1s", "en-GB", "de", "es", "pt-BR", "zh-Hans", "ar"}
    assert "en-orig" in info["automatic_captions"]
    for key in info["subtitles"]:
        text = ydl.urlopen(next(item["url"] for item in info["subtitles"][key] if item["ext"] == "json3")).read().decode()
        said = "Welcome" if key == "en" else key.replace("-j3", " j3")
        assert said in text


def test_a_stream_that_ends(ydl: yt_dlp.YoutubeDL, standin: StandIn) -> None:
    ydl.params["ignore_no_formats_error"] = True

    def statuses(video_id: str, times: int) -> list[str]:
        return [ydl.extract_info(URL + video_id, download=False)["live_status"] for _ in range(times)]

    assert statuses("stEnding001", 4) == ["is_live", "is_live", "post_live", "was_live"]
    assert statuses("stBegins001", 3) == ["is_upcoming", "is_live", "not_live"]
    standin.app.become("stEnding001", (1, standin.app.videos["stPostLive1"]), (1, standin.app.videos["stWasLive01"]))
    assert statuses("stEnding001", 2) == ["post_live", "was_live"]


def test_a_connection_that_is_reset(ydl: yt_dlp.YoutubeDL, standin: StandIn) -> None:
    standin.fault("timedtext", reset=True)
    with pytest.raises(yt_dlp.networking.exceptions.TransportError):  # OpenSSL says that it ended
        ydl.urlopen("https://www.youtube.com/api/timedtext?v=stVideo0001&lang=en")


REFUSED = {
    "stPrivate01": "Private video", "stRemoved01": "removed by the uploader", "stTermin001": "account", "stUnavail01": "Video unavailable",
    "stCopyrght1": "copyright", "stGeoBlock1": "in your country", "stAgeGate01": "confirm your age", "stMembers01": "members-only",
    "stPaid00001": "requires payment", "stBotCheck1": "not a bot", "stRateLim01": "try again later", "stCaptcha01": "human",
    "stTooMany01": "Failed to extract any player response", "stServer503": "Failed to extract any player response", "stUpcoming1": "will begin",
    "stPremiere1": "Premieres", "stNoRecord1": "recording is not available", "stDrmOnly01": "DRM", "stUnknown01": "isn't available",
}  # fmt: skip


@pytest.mark.parametrize("video_id", REFUSED)
def test_refusals(ydl: yt_dlp.YoutubeDL, video_id: str) -> None:
    with pytest.raises(yt_dlp.utils.DownloadError, match=REFUSED[video_id]):
        ydl.extract_info(URL + video_id, download=False)


def entries(ydl: yt_dlp.YoutubeDL, path: str, most: int | None = None) -> dict[str, Any]:
    """A list as yt-dlp reads it flat; `entries` a list."""
    ydl.params |= {"extract_flat": "in_playlist", "playlistend": most}
    info = ydl.extract_info(f"https://www.youtube.com/{path}", download=False)
    return {**info, "entries": list(info["entries"])}


def test_a_playlist_with_what_nobody_can_see(ydl: yt_dlp.YoutubeDL) -> None:
    mixed = entries(ydl, "playlist?list=PLstandinMixd")
    assert [entry["title"] for entry in mixed["entries"]][1] == "[Private video]"
    assert (mixed["channel"], mixed["channel_id"], mixed["playlist_count"]) == ("Stand-in Channel", CHANNEL, 3)


def test_a_playlist_of_thousands_is_given_page_by_page(ydl: yt_dlp.YoutubeDL, standin: StandIn) -> None:
    assert len(entries(ydl, "playlist?list=PLstandin5000", 120)["entries"]) == 120
    assert len(standin.lines("browse")) == 2  # with what cannot be seen, and the second page
    whole = entries(ydl, "playlist?list=PLstandin5000")
    assert [entry["id"] for entry in whole["entries"]] == [f"stItem{number:05d}" for number in range(5000)]
    titles = Counter(entry["title"] for entry in whole["entries"] if entry["duration"] is None)
    assert titles == {"[Private video]": 51, "[Deleted video]": 56}
    assert len(standin.lines("browse")) == 2 + 50


def test_an_item_of_thousands_is_a_video(ydl: yt_dlp.YoutubeDL, tmp_path: Path) -> None:
    info = ydl.extract_info(URL + "stItem04321")
    assert (info["title"], info["channel"]) == (f"{load_talk('tea').title}, part 4321", "A channel of many")
    assert (tmp_path / "stItem04321.webm").stat().st_size > 10_000
    for video_id, why in (("stItem00096", "Private video"), ("stItem00088", "removed by the uploader")):
        with pytest.raises(yt_dlp.utils.DownloadError, match=why):
            ydl.extract_info(URL + video_id, download=False)


@pytest.mark.parametrize("name", ["@standin", f"channel/{CHANNEL}"])
def test_a_channel_has_tabs(ydl: yt_dlp.YoutubeDL, name: str) -> None:
    videos, streams, lists, short = (entries(ydl, f"{name}/{tab}") for tab in ("videos", "streams", "playlists", "shorts"))
    assert (videos["channel"], videos["channel_id"], videos["uploader_id"]) == ("Stand-in Channel", CHANNEL, "@standin")
    assert videos["entries"][0]["id"] == "stVideo0001"
    assert [entry["live_status"] for entry in streams["entries"]] == ["is_upcoming", "is_live", "was_live"]
    assert [entry["id"] for entry in lists["entries"]][-1] == "PLstandin5000"
    assert short["entries"][0]["url"] == "https://www.youtube.com/shorts/stShort0001"


def test_a_channel_of_many_has_one_tab(ydl: yt_dlp.YoutubeDL) -> None:
    assert len(entries(ydl, "@many/videos", 70)["entries"]) == 70
    with pytest.raises(yt_dlp.utils.DownloadError, match="does not have a streams tab"):
        entries(ydl, "@many/streams")
    assert entries(ydl, "playlist?list=UUmanymanymanymanymanyma", 5)["title"] == "Uploads from A channel of many"


ATOM = {"": "http://www.w3.org/2005/Atom", "yt": "http://www.youtube.com/xml/schemas/2015", "media": "http://search.yahoo.com/mrss/"}


def feed(standin: StandIn, query: str) -> Element:
    tls = ssl.create_default_context(cafile=str(standin.ca_file))
    proxy = urllib.request.ProxyHandler({"https": standin.proxy})
    opener = urllib.request.build_opener(proxy, urllib.request.HTTPSHandler(context=tls))
    with opener.open(f"https://www.youtube.com/feeds/videos.xml?{query}", timeout=5) as reply:
        return fromstring(reply.read())


def test_feeds_hold_the_newest_and_what_is_uploaded_stands_first(ydl: yt_dlp.YoutubeDL, standin: StandIn) -> None:
    before = feed(standin, f"channel_id={CHANNEL}").findall("entry", ATOM)
    standin.app.upload("stNewest001")
    after = feed(standin, f"channel_id={CHANNEL}").findall("entry", ATOM)
    ids = [entry.findtext("yt:videoId", "", ATOM) for entry in after]
    assert len(after) == 15
    assert ids == ["stNewest001", *(entry.findtext("yt:videoId", "", ATOM) for entry in before[:14])]
    assert [entry.findtext("published", "", ATOM) for entry in after] == sorted(
        (e.findtext("published", "", ATOM) for e in after), reverse=True
    )
    assert {entry.findtext("yt:channelId", "", ATOM) for entry in after} == {CHANNEL}
    assert after[0].find("media:group/media:title", ATOM) is not None
    assert entries(ydl, "@standin/videos")["entries"][0]["id"] == "stNewest001"
    assert ydl.extract_info(URL + "stNewest001", download=False)["title"].startswith("New: ")
    standin.reset()
    assert feed(standin, f"channel_id={CHANNEL}").findtext("entry/yt:videoId", "", ATOM) == before[0].findtext("yt:videoId", "", ATOM)


def test_feeds_of_playlists_and_of_nothing(standin: StandIn) -> None:
    assert len(feed(standin, "playlist_id=PLstandin0001").findall("entry", ATOM)) == 3
    for query in ("channel_id=UCnobodynobodynobodynobo", "playlist_id=PLstandinPriv", "x=1"):
        with pytest.raises(OSError, match="404"):
            feed(standin, query)


def test_other_hosts_are_refused_and_remembered(standin: StandIn) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({"http": standin.proxy, "https": standin.proxy}))
    for address in ("http://example.org/", "https://example.org/"):
        with pytest.raises(OSError, match="403"):
            opener.open(address, timeout=5)
    assert len(standin.refused) == 2
    standin.refused.clear()


def test_a_fault_of_the_stand_in_is_loud(standin: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: object) -> Response:
        raise KeyError("x")

    monkeypatch.setattr(standin, "app", broken)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({"http": standin.proxy}))
    with pytest.raises(OSError, match="500"):
        opener.open("http://youtu.be/stVideo0001", timeout=5)
    assert len(standin.errors) == 1
    standin.errors.clear()


@pytest.mark.parametrize("name", ["short", "medium", "long", "spanish"])
def test_talks_are_what_they_say(name: str) -> None:
    """Every known answer stands in its own sentence, cues are in order, and the sound is as long as the captions say."""
    talk = load_talk(name)
    assert talk.facts
    assert all(fact.answered_by(fact.sentence) for fact in talk.facts)
    assert all(before[1] <= after[0] < after[1] for before, after in pairwise(talk.cues))
    assert all(any(start == at for start, _, _ in talk.cues) for at, _ in talk.chapters[1:])
    for file in talk.files.values():
        with av.open(str(file)) as media:
            assert media.duration is not None
            assert media.duration / av.time_base == pytest.approx(talk.duration, abs=0.6)


def test_the_sound_of_all_talks_is_small() -> None:
    assert sum(file.stat().st_size for file in MEDIA.iterdir()) < 6_000_000


def test_hours_of_captions_repeat_nothing() -> None:
    hours = coast_talk("coast3", 3 * 3600.0, seed=3)
    assert hours.duration >= 3 * 3600
    assert len({text for _, _, text in hours.cues}) == len(hours.cues)
    assert all(before[1] <= after[0] for before, after in pairwise(hours.cues))
    assert coast_talk.__wrapped__("coast3", 3 * 3600.0, seed=3) == hours


def test_thumbnails_are_pictures_and_differ() -> None:
    assert picture("stVideo0001", "hqdefault")[:3] == b"\xff\xd8\xff"
    assert picture("stVideo0001", "hqdefault") != picture("stVideo0002", "hqdefault")


def test_the_program_writes_its_state_and_ends_on_a_signal(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    program = subprocess.Popen([sys.executable, "-m", "tests.standin", "--state", str(state)], stdout=subprocess.DEVNULL)
    overdue = threading.Timer(60, program.kill)
    overdue.start()
    try:
        while not state.exists() and program.poll() is None:
            time.sleep(0.05)
        told = json.loads(state.read_text())
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", told["proxy"])
        assert Path(told["ca_file"]).read_text().startswith("-----BEGIN CERTIFICATE")
        assert [link["url"] for link in told["links"]] == [URL + video_id for video_id in DEMO]
        program.send_signal(signal.SIGTERM)
        assert program.wait() == 0
    finally:
        overdue.cancel()
        program.kill()
        program.wait()
    assert not state.exists()
