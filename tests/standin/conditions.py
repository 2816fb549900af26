"""Every video of the stand-in. The id says the condition."""

import re
from dataclasses import replace
from datetime import datetime, timedelta

from tests.standin.account import account_videos
from tests.standin.lists import Channel, Playlist, Tab
from tests.standin.player import no
from tests.standin.synthetic import coast_talk
from tests.standin.talks import Cue, Talk, load_talk
from tests.standin.videos import CHANNEL, HANDLE, Track, Video, automatic, manual, talk_video

ITEMS = 5000
"""Videos `stItem00000` and on: made when they are asked for. Every 97th is private and every 89th was removed."""
PLAYLISTS: dict[str, Playlist] = {
    "PLstandin0001": Playlist("Three short talks", ("stVideo0001", "stVideo0002", "stVideo0003")),
    "PLstandinMixd": Playlist("One of them is private", ("stVideo0002", "stPrivate01", "stVideo0003")),
    "PLstandinLong": Playlist("Long", tuple(f"stItem{number:05d}" for number in range(250))),
    "PLstandin5000": Playlist("Five thousand", tuple(f"stItem{number:05d}" for number in range(ITEMS))),
    "PLstandinNone": Playlist("Nothing in it"),
    "PLstandinPriv": Playlist("", fault="This playlist type is unviewable."),
    "PLstandinGone": Playlist("", fault="The playlist does not exist."),
}
MANY, MANY_HANDLE = "UCmanymanymanymanymanyma", "@many"


def all_videos() -> list[Video]:
    """All but the items, newest first where they can be played."""
    refused = [*live_videos(), *refused_videos(), *account_videos()]
    videos = [*short_videos(), *talk_videos(), *hours(), *shorts(), *odd_media(), *odd_captions(), *refused]
    newest = datetime.fromisoformat(Video.published)
    return [replace(video, published=(newest - timedelta(days=3 * age)).isoformat()) for age, video in enumerate(videos)]


def channels() -> list[Channel]:
    """One with every tab, and one with hundreds of videos and no other tab."""
    videos = [video.id for video in (*short_videos(), *talk_videos(), *hours())]
    listed = ["PLstandin0001", "PLstandinMixd", "PLstandinLong", "PLstandin5000"]
    tabs: dict[Tab, list[str]] = {
        "videos": videos, "shorts": [video.id for video in shorts()], "streams": ["stUpcoming1", "stLiveNow01", "stWasLive01"], "playlists": listed,
    }  # fmt: skip
    return [
        Channel(CHANNEL, HANDLE, "Stand-in Channel", tabs),
        Channel(MANY, MANY_HANDLE, "A channel of many", {"videos": [f"stItem{number:05d}" for number in range(600)]}),
    ]


def item(video_id: str) -> Video | None:
    """One of the many: the short talks in turn, each under a title of its own, a video an hour."""
    found = re.fullmatch(r"stItem(\d{5})", video_id)
    number = int(found[1]) if found else ITEMS
    if number >= ITEMS:
        return None
    if number % 97 == 96:
        return bare(video_id, PRIVATE)
    if number % 89 == 88:
        return bare(video_id, REMOVED)
    talk = load_talk(("bees", "tea", "bicycle")[number % 3])
    published = datetime.fromisoformat(Video.published) - timedelta(hours=number)
    return talk_video(
        video_id, talk, automatic(talk), title=f"{talk.title}, part {number}", published=published.isoformat(), channel="A channel of many",
        channel_id=MANY, handle=MANY_HANDLE,
    )  # fmt: skip


def shorts() -> list[Video]:
    bees, tea = load_talk("bees"), load_talk("tea")
    return [
        talk_video("stShort0001", bees, automatic(bees), title="Bees in a hurry", chapters=False),
        talk_video("stShort0002", tea, automatic(tea), title="Tea in a hurry", chapters=False),
    ]


def short_videos() -> list[Video]:
    """A talk of twenty seconds with manual captions in two languages, and two of ten seconds with automatic ones."""
    bees, tea, bicycle = load_talk("bees"), load_talk("tea"), load_talk("bicycle")
    german = Track("de", "German", tuple((start, end, f"Satz {index}.") for index, (start, end, _) in enumerate(bees.cues, 1)))
    return [
        talk_video("stVideo0001", bees, manual(bees), german, automatic(bees)),
        talk_video("stVideo0002", tea, automatic(tea)),
        talk_video("stVideo0003", bicycle, automatic(bicycle)),
    ]


def talk_videos() -> list[Video]:
    """The talks of 1, 5 and 20 minutes and the Spanish one, each with captions, without, or with automatic ones."""
    short, medium, long, spanish = (load_talk(name) for name in ("short", "medium", "long", "spanish"))
    return [
        talk_video("talkShort01", short),
        talk_video("talkShortCC", short, manual(short)),
        talk_video("talkMedium1", medium, manual(medium), channel="Fernholm Evenings"),
        talk_video("talkMedAuto", medium, automatic(medium), channel="Fernholm Evenings"),
        talk_video("talkMedNone", medium, chapters=False, channel="Fernholm Evenings"),
        talk_video("talkLong001", long, manual(long), channel="Evenings at the Observatory"),
        talk_video("talkLongNoC", long, chapters=False, channel="Evenings at the Observatory"),
        talk_video("talkSpanish", spanish, manual(spanish), channel="Azoteas Verdes"),
        talk_video("talkSpaNone", spanish, chapters=False, channel="Azoteas Verdes"),
    ]


def hours() -> list[Video]:
    """Captions of one and of three hours, without media, for speed and memory."""
    one, three = coast_talk("coast1", 3600.0, seed=1), coast_talk("coast3", 3 * 3600.0, seed=3)
    return [
        talk_video("talkHour001", one, manual(one), channel="Radio Coast"),
        talk_video("talkHours03", three, manual(three), channel="Radio Coast"),
        talk_video("talkHours3x", three, manual(three), chapters=False, channel="Radio Coast"),
    ]


def odd_media() -> list[Video]:
    """Videos that play, each with one thing out of the ordinary."""
    bees, silence, music = load_talk("bees"), load_talk("silence"), load_talk("music")
    return [
        talk_video("stNoCaps001", bees, title="No captions at all", chapters=False),
        talk_video("stAutoOnly1", bees, automatic(bees), title="Only automatic captions", chapters=False),
        talk_video(
            "stPotSubs01", bees, Track("en", "English", bees.cues, need_pot=True), title="Captions that want a PO token", chapters=False
        ),
        talk_video("stCiphered1", bees, title="Needs a JS runtime", formats="ciphered"),
        talk_video("stThrottle1", bees, title="Needs a JS runtime for its n parameter", formats="throttled"),
        talk_video("stDubbed001", bees, title="Dubbed into two languages", chapters=False, dubs={"de": load_talk("tea").files, "es": load_talk("bicycle").files}),
        talk_video("stSabrOnly1", bees, manual(bees), title="No URLs from any client", formats="sabr"),
        talk_video("stDrmOnly01", bees, title="DRM only", formats="drm"),
        talk_video("stForbid001", bees, title="Media answers 403", media_http=403),
        talk_video("stHuge00001", bees, title="Half a gigabyte, twelve hours", duration=43200.0, content_length=500 << 20),
        talk_video("stSilence01", silence),
        talk_video("stMusic0001", music),
    ]


def odd_captions() -> list[Video]:
    """Nine tracks, and tracks that are none. What is wrong with a track stands in its `fault`."""
    bees = load_talk("bees")
    foreign = (("de", ""), ("es", ""), ("pt-BR", ""), ("zh-Hans", ""), ("ar", ""), ("en", "j3PyPqV-e1s"), ("en-GB", ""))
    many = [Track(lang, f"{lang} {variant}".strip(), written(bees, f"{lang} {variant}".strip()), variant=variant) for lang, variant in foreign]
    found = [talk_video("stNineSubs1", bees, *many, manual(bees), automatic(bees), title="Nine caption tracks", chapters=False)]
    for video_id, fault in (("stSubEmpty1", "empty"), ("stSubsCut01", "cut"), ("stSubs42901", "refused"), ("stSubsPage1", "page"), ("stSubsThin1", "thin")):
        title = f"Captions that are {fault}"
        found.append(talk_video(video_id, bees, replace(automatic(bees), fault=fault), title=title, chapters=False))  # type: ignore[arg-type]  # a literal
    return found


def written(talk: Talk, words: str) -> tuple[Cue, ...]:
    """Captions with the times of `talk`, that say which track they are."""
    return tuple((start, end, f"{words}, sentence {number}.") for number, (start, end, _) in enumerate(talk.cues, 1))


def live_videos() -> list[Video]:
    bees = load_talk("bees")
    live = {"isLiveContent": True}
    soon = {"isUpcoming": True, **live}
    return [
        talk_video("stWasLive01", bees, title="A finished stream", details=live),
        Video("stLiveNow01", "Live now", formats="live", details={"isLive": True, **live}, starts_in=-3600.0),
        talk_video("stPostLive1", bees, title="Just ended", details={"isPostLiveDvr": True, **live}),
        Video("stUpcoming1", "Live tomorrow", details=soon, status={"status": "LIVE_STREAM_OFFLINE", "reason": "This live event will begin in 2 days."},
              micro={"liveBroadcastDetails": {"isLiveNow": False, "startTimestamp": "2030-01-01T00:00:00+00:00"}}),
        Video("stPremiere1", "A premiere", details={"isUpcoming": True}, status={"status": "LIVE_STREAM_OFFLINE", "reason": "Premieres in 6 hours"}),
        bare("stNoRecord1", no("ERROR", "This live stream recording is not available.")),
    ]  # fmt: skip


def phases() -> dict[str, tuple[tuple[int, Video], ...]]:
    """Videos that change: for so many looks at the page the first, then the next. `World.become` makes others."""
    bees, tea = load_talk("bees"), load_talk("tea")
    stream, soon = {"isLiveContent": True}, {"status": "LIVE_STREAM_OFFLINE", "reason": "This live event will begin in 60 minutes."}
    premiere = {"status": "LIVE_STREAM_OFFLINE", "reason": "Premieres in 60 minutes"}
    ended = talk_video("stEnding001", bees, automatic(bees), title="A stream that ends", details=stream)
    shown = talk_video("stBegins001", tea, automatic(tea), title="A premiere that begins")
    return {
        ended.id: (
            (2, replace(ended, tracks=(), media={}, formats="live", details={"isLive": True, **stream}, starts_in=-3600.0)),
            (1, replace(ended, tracks=(), details={"isPostLiveDvr": True, **stream}, starts_in=-3600.0)),
            (1, ended),
        ),
        shown.id: (
            (1, replace(shown, tracks=(), media={}, status=premiere, details={"isUpcoming": True}, starts_in=3600.0)),
            (1, replace(shown, tracks=(), media={}, formats="live", details={"isLive": True}, starts_in=-60.0)),
            (1, shown),
        ),
        "stWaits0001": ((1, replace(ended, id="stWaits0001", tracks=(), media={}, status=soon, details={"isUpcoming": True, **stream}, starts_in=3600.0)),),
    }


PHASES = phases()
UNAVAILABLE = "Video unavailable"
PRIVATE = {
    "messages": ["This is a private video."],
    **no("LOGIN_REQUIRED", "Private video", "Sign in if you've been granted access to this video"),
}
REMOVED = no("ERROR", UNAVAILABLE, "This video has been removed by the uploader")


def refused_videos() -> list[Video]:
    unavailable = UNAVAILABLE
    return [
        bare("stPrivate01", PRIVATE),
        bare("stRemoved01", REMOVED),
        bare("stTermin001", no("ERROR", unavailable, "This video is no longer available because the YouTube account associated with this video has been terminated.")),
        bare("stUnavail01", no("ERROR", unavailable)),
        bare("stCopyrght1", no("ERROR", unavailable, "This video contains content from Acme Music, who has blocked it in your country on copyright grounds")),
        Video("stGeoBlock1", "Elsewhere", status=no("UNPLAYABLE", unavailable, "The uploader has not made this video available in your country")),
        Video("stAgeGate01", "Adults", micro={"isFamilySafe": False}, status=no(
            "LOGIN_REQUIRED", "Sign in to confirm your age", "This video may be inappropriate for some users.", desktopLegacyAgeGateReason=1)),
        Video("stMembers01", "Members", status={"status": "UNPLAYABLE", "reason":
              "Join this channel to get access to members-only content like this video, and other exclusive perks."}),
        Video("stPaid00001", "Paid", status={"status": "UNPLAYABLE", "reason": "This video requires payment to watch."}),
        bare("stBotCheck1", no("LOGIN_REQUIRED", "Sign in to confirm you\u2019re not a bot", "This helps protect our community. Learn more")),
        bare("stRateLim01", no("UNPLAYABLE", unavailable, "This content isn't available, try again later.")),
        bare("stCaptcha01", {"status": "UNPLAYABLE", "reason": "Confirm you are human", "errorScreen": {"playerCaptchaViewModel": {"x": 1}}}),
        Video("stTooMany01", "Answered with 429", http=429),
        Video("stServer503", "Answered with 503", http=503),
    ]  # fmt: skip


def bare(video_id: str, status: dict[str, object]) -> Video:
    """An error that tells nothing else of the video."""
    return Video(video_id, str(status.get("reason")), bare=True, status=status)


DEMO = {
    "talkMedium1": "5 minutes, captions and chapters",
    "talkShort01": "1 minute, no captions: it is listened to",
    "talkLong001": "20 minutes, captions, and a sponsor to skip",
    "talkSpaNone": "in Spanish, no captions",
    "talkHour001": "an hour of captions",
    "stPrivate01": "private: shows how a refusal looks",
}
"""What `make demo` offers to paste, and what is special about it."""
