"""What a video of the stand-in is."""

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from tests.standin.talks import Cue, Talk

CHANNEL, HANDLE = "UCstandinstandinstandin1", "@standin"
JSON = dict[str, Any]


@dataclass
class Track:
    """One caption track."""

    lang: str
    name: str
    cues: tuple[Cue, ...]
    asr: bool = False
    """Made by YouTube's speech recognition: rolling, word by word, without punctuation."""
    need_pot: bool = False
    """Without a PO token yt-dlp drops the track."""
    variant: str = ""
    """What YouTube hangs on the key of a track that has a name of its own: `en-j3PyPqV-e1s`."""
    fault: Literal["", "empty", "cut", "refused", "page", "thin"] = ""
    """What comes instead of the captions: an empty body, half of them, 429, a web page, next to nothing."""


@dataclass
class Video:
    id: str
    title: str
    description: str = ""
    media: dict[int, Path] = field(default_factory=dict)
    """Files by itag."""
    dubs: dict[str, dict[int, Path]] = field(default_factory=dict)
    """More sound, by language: dubbed. With any, the sound in `media` is said to be the original, in English."""
    duration: float = 0.0
    chapters: tuple[tuple[float, str], ...] = ()
    tracks: tuple[Track, ...] = ()
    status: JSON | None = None
    """playabilityStatus when it cannot be played."""
    details: JSON = field(default_factory=dict)
    """More videoDetails."""
    micro: JSON = field(default_factory=dict)
    """More microformat."""
    formats: Literal["direct", "ciphered", "throttled", "sabr", "drm", "live", "none"] = "direct"
    """throttled: a plain url with an `n` challenge and no signature."""
    content_length: int | None = None
    """A lie about the size, for limits."""
    http: int | None = None
    """Answer the page and the player with this status."""
    media_http: int | None = None
    """Answer the media with this status."""
    forged: str = ""
    """An address that the formats, captions and thumbnail have in place of YouTube's."""
    bare: bool = False
    """An error without videoDetails."""
    login: bool = False
    """Who is signed in gets it in spite of `status`."""
    published: str = "2026-03-04T05:06:07-08:00"
    channel: str = "Stand-in Channel"
    channel_id: str = CHANNEL
    handle: str = HANDLE
    starts_in: float | None = None
    """Seconds from now to the beginning of what has not begun; None: its microformat says when, or nothing does."""

    def begins(self) -> float:
        """When it begins or began, in seconds since 1970."""
        if self.starts_in is not None:
            return time.time() + self.starts_in
        stated = self.micro.get("liveBroadcastDetails", {}).get("startTimestamp")
        return datetime.fromisoformat(stated or self.published).timestamp()

    def live_details(self) -> JSON:
        """liveBroadcastDetails of the microformat."""
        if self.starts_in is None:
            return {}
        start = datetime.fromtimestamp(self.begins(), UTC).isoformat(timespec="seconds")
        return {"liveBroadcastDetails": {"isLiveNow": bool(self.details.get("isLive")), "startTimestamp": start}}


def manual(talk: Talk) -> Track:
    return Track(talk.language, {"en": "English", "es": "Spanish"}[talk.language], talk.cues)


def automatic(talk: Talk) -> Track:
    return Track(talk.language, {"en": "English", "es": "Spanish"}[talk.language] + " (auto-generated)", talk.cues, asr=True)


def talk_video(video_id: str, talk: Talk, *tracks: Track, chapters: bool = True, **more: Any) -> Video:
    """A video that shows `talk`, with the caption tracks given."""
    fields: JSON = {
        "title": talk.title, "description": talk.description, "media": talk.files, "duration": talk.duration,
        "chapters": talk.chapters if chapters else (), "tracks": tracks,
    }  # fmt: skip
    return Video(video_id, **(fields | more))
