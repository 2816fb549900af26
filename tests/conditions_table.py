"""The rows of conditions.py: what can be the matter with a video or playlist, and what is expected to become of it."""

import socket
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from pipeline.config import Settings
from pipeline.source import listing, sandbox, youtube
from pipeline.source.links import parse_link
from pipeline.store import jobs
from pipeline.store.jobs import Claim
from tests.conditions import Condition, Place, Work
from tests.standin import Response
from tests.standin.player import no
from tests.standin.videos import CHANNEL, Video

LIST = "https://www.youtube.com/playlist?list="
INSIDE = {"Location": "https://127.0.0.1/"}
SOUND = "stNoCaps001"
"""A video that has to be listened to, so its sound is fetched."""


def fault(pattern: str, response: Response | None = None, **alter: object) -> Callable[[Place], object]:
    return lambda place: place.standin.fault(pattern, response, **alter)  # type: ignore[arg-type]  # names of Response's fields


def both(*steps: Callable[[Place], object]) -> Callable[[Place], object]:
    return lambda place: [step(place) for step in steps]


def says(status: dict[str, object]) -> Callable[[Place], object]:
    """YouTube refuses with these words."""
    return lambda place: place.standin.app.videos.update(stOddWords1=Video("stOddWords1", "Odd", bare=True, status=status))


def forged(place: Place) -> None:
    """Formats, captions and thumbnail point to this machine."""
    videos = place.standin.app.videos
    videos["stAutoOnly1"] = replace(videos["stAutoOnly1"], forged="https://127.0.0.1/x.webm")


def another_video(place: Place) -> None:
    """The player answers with a video that nobody asked for: what YouTube does to an address of which it has had enough."""
    videos = place.standin.app.videos
    videos["stOddWords1"] = replace(videos["stVideo0001"], details={"videoId": "aaaaaaaaaaa"})


def no_network(place: Place) -> None:
    place.standin.unreachable = True


def cancel_during_download(place: Place, claim: Claim) -> None:
    deadline = time.monotonic() + 120
    while not place.standin.lines("videoplayback") and time.monotonic() < deadline:
        time.sleep(0.05)
    with place.db.session() as s:
        jobs.cancel(s, claim.job_id)


def nowhere() -> str:
    """The address of a proxy that is not there."""
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{reserved.getsockname()[1]}"


def taken(claim: Claim, place: Place, settings: Settings) -> None:
    """The download cannot be written. The superuser may write anywhere, so something else lies in its place."""
    with tempfile.TemporaryDirectory() as folder:
        found = youtube.probe(parse_link(SOUND), settings, Path(folder), sandbox.quiet)
        (Path(folder) / f"{SOUND}.251.webm.part").mkdir()
        youtube.fetch_audio(found, settings, Path(folder), sandbox.quiet)


def feed_of(channel_id: str) -> Work:
    def work(claim: Claim, place: Place, settings: Settings) -> None:
        with tempfile.TemporaryDirectory() as folder:
            assert listing.newest(f"https://www.youtube.com/feeds/videos.xml?channel_id={channel_id}", settings, Path(folder), sandbox.quiet)

    return work


def left_over(claim: Claim, place: Place, settings: Settings) -> None:
    """A part of an earlier try is complete already: YouTube answers that there is nothing behind it."""
    with tempfile.TemporaryDirectory() as folder:
        found = youtube.probe(parse_link(SOUND), settings, Path(folder), sandbox.quiet)
        whole = place.standin.app.videos[SOUND].media[251].read_bytes()
        (Path(folder) / f"{SOUND}.251.webm.part").write_bytes(whole)
        assert youtube.fetch_audio(found, settings, Path(folder), sandbox.quiet).read_bytes() == whole


QUOTA = {"error": {"message": "Resource has been exhausted"}}
LINKS = [
    Condition("not a link to YouTube", "bad_link", "refused", "https://example.org/watch?v=stVideo0001"),
    Condition("a link that was cut off", "bad_link", "refused", "https://www.youtube.com/watch?v=stVide"),
]
REFUSALS = [
    Condition("private", "private", "fails", "stPrivate01"),
    Condition("removed by its uploader", "removed", "fails", "stRemoved01"),
    Condition("its account was terminated", "removed", "fails", "stTermin001"),
    Condition("the recording of a stream is not available", "removed", "fails", "stNoRecord1"),
    Condition("it never existed", "removed", "fails", "stNotThere1"),
    Condition("unavailable, and no more is said", "unavailable", "fails", "stUnavail01"),
    Condition("not in this country", "geo_blocked", "fails", "stGeoBlock1"),
    Condition("blocked in this country for its copyright", "geo_blocked", "fails", "stCopyrght1"),
    Condition("for adults", "age_restricted", "fails", "stAgeGate01"),
    Condition("for members of the channel", "members_only", "fails", "stMembers01"),
    Condition("has to be bought", "payment_required", "fails", "stPaid00001"),
    Condition("a reason that nobody has heard before", "unavailable", "fails", "stOddWords1", says(no("UNPLAYABLE", "The stars do not allow it."))),
]
LIVE = [
    Condition("live", "live_now", "waits", "stLiveNow01"),
    Condition("ended, the recording is being prepared", "live_processing", "waits", "stPostLive1"),
    Condition("a stream that begins in an hour", "live_upcoming", "waits", "stWaits0001"),
    Condition("a premiere, nobody says when", "live_upcoming", "waits", "stPremiere1"),
    Condition("begins in more than a year", "live_upcoming", "fails", "stUpcoming1"),
]
LIMITS = [
    Condition("asks for proof that this is no robot", "bot_check", "waits", "stBotCheck1"),
    Condition("a captcha", "bot_check", "waits", "stCaptcha01"),
    Condition("the player answers 403", "bot_check", "waits", SOUND, fault("v1/player", Response(QUOTA, 403))),
    Condition("the player answers with another video", "bot_check", "waits", "stOddWords1", another_video),
    Condition("try again later, says YouTube", "rate_limited", "waits", "stRateLim01"),
    Condition("everything answers 429", "rate_limited", "waits", "stTooMany01"),
    Condition("the player answers 429, the page is fine", "rate_limited", "waits", SOUND, fault("v1/player", Response(QUOTA, 429))),
]
LISTS = [
    Condition("a playlist that is private", "playlist_unavailable", "fails", f"{LIST}PLstandinPriv"),
    Condition("a playlist that was deleted", "playlist_unavailable", "fails", f"{LIST}PLstandinGone"),
    Condition("a playlist with nothing in it", "playlist_unavailable", "fails", f"{LIST}PLstandinNone"),
    Condition("a channel without this tab", "playlist_unavailable", "fails", "https://www.youtube.com/@many/streams"),
    Condition("a channel that does not exist", "playlist_unavailable", "fails", "https://www.youtube.com/@nobodyhere"),
    Condition("the feed of a channel that does not exist", "playlist_unavailable", "fails", SOUND, work=feed_of("UCnobodynobodynobodynobo")),
    Condition("a page in place of a feed", "bad_feed", "fails", SOUND, fault("feeds/", Response("<html><body>Hello</body></html>")), work=feed_of(CHANNEL)),
    Condition("a playlist with private and removed videos", "", "goes on", f"{LIST}PLstandinMixd"),
]
CAPTIONS = [
    Condition("captions that come empty", "captions_unavailable", "goes on", "stSubEmpty1"),
    Condition("captions that break off", "captions_unavailable", "goes on", "stSubsCut01"),
    Condition("captions refused with 429", "captions_unavailable", "goes on", "stSubs42901"),
    Condition("a page in place of captions", "captions_unavailable", "goes on", "stSubsPage1"),
    Condition("captions with hardly a word", "captions_unavailable", "goes on", "stSubsThin1"),
    Condition("captions that want a token", "", "goes on", "stPotSubs01"),
    Condition("captions that lead to an address inside", "captions_unavailable", "goes on", "stAutoOnly1", fault("timedtext", Response("", 302, headers=INSIDE))),
    Condition("nothing but protected formats, no captions", "drm", "fails", "stDrmOnly01"),
    Condition("no format that can be had, but captions", "", "goes on", "stSabrOnly1"),
]
MEDIA = [
    Condition("signature and `n` challenges", "", "goes on", "stCiphered1"),
    Condition("an `n` challenge alone", "", "goes on", "stThrottle1"),
    Condition("the sound is refused", "media_forbidden", "waits", "stForbid001"),
    Condition("the sound is refused once", "media_forbidden", "goes on", SOUND, fault("videoplayback", Response("", 403), times=1)),
    Condition("a complete part of an earlier try: 416", "range_lost", "goes on", SOUND, work=left_over),
    Condition("416 again and again", "range_lost", "waits", SOUND, fault("videoplayback", Response("", 416))),
    Condition("the sound breaks off and goes on", "", "goes on", SOUND, fault("videoplayback", cut_after=30_000, times=1)),
    Condition("the sound always breaks off at the beginning", "network", "waits", SOUND, fault("videoplayback", cut_after=0)),
    Condition("the sound trickles, 1 kB a second", "network", "waits", SOUND, fault("videoplayback", rate=1000), settings={"fetch_timeout": 4.0}),
    Condition("longer than this server allows", "too_long", "fails", "stHuge00001"),
    Condition("larger than this server allows", "too_large", "fails", "stHuge00001", settings={"max_duration": 1e5, "max_upload": 10**8}),
    Condition("cannot be written here", "storage", "fails", SOUND, work=taken),
    Condition("cancelled while it trickles", "cancelled", "cancelled", SOUND, fault("videoplayback", rate=1000), cancel_during_download),
]
NETWORK = [
    Condition("the server is in trouble: 503", "network", "waits", "stServer503"),
    Condition("everything answers 500", "network", "waits", SOUND, fault("youtube.com", Response("", 500))),
    Condition("the connection is reset", "network", "waits", SOUND, fault("youtube.com", reset=True)),
    Condition("the player's answer breaks off", "network", "waits", SOUND, fault("v1/player", cut_after=80)),
    Condition("one answer of each kind fails", "", "goes on", SOUND, both(
        fault(r"/watch\?", Response("", 429), times=1), fault("v1/player", Response(QUOTA, 503), times=1), fault("videoplayback", Response("", 503), times=1))),
    Condition("no network", "network", "waits", SOUND, no_network),
    Condition("the outgoing proxy is not there", "proxy", "fails", SOUND, settings={"proxy": nowhere()}),
    Condition("a certificate that nobody trusts", "tls", "fails", SOUND, settings={"extra_ca": ""}),
    Condition("the player leads to an address inside", "blocked_address", "fails", SOUND, fault("v1/player", Response("", 302, headers=INSIDE))),
    Condition("the sound leads to an address inside", "blocked_address", "fails", SOUND, fault("videoplayback", Response("", 302, headers=INSIDE))),
    Condition("formats and captions with forged addresses", "blocked_address", "fails", "stAutoOnly1", forged),
    Condition("the player answers something unknown", "extractor_broken", "fails", SOUND, fault("v1/player", Response("<html>"))),
]  # fmt: skip
CONDITIONS = [*LINKS, *REFUSALS, *LIVE, *LIMITS, *LISTS, *CAPTIONS, *MEDIA, *NETWORK]
