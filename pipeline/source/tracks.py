"""Which of the offered captions and formats to take. Pure functions over yt-dlp's info dictionaries."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.source import plain
from pipeline.types import Origin

Info = Mapping[str, Any]
Format = Mapping[str, Any]
FORMATS = ("json3", "srv3", "vtt", "srv1")
"""Caption formats that we read, best first: json3 has word times and no markup."""
TALLEST = 720
"""Pixels of height; more is of no use beside a summary and costs bandwidth."""


@dataclass(frozen=True, slots=True)
class Track:
    url: str
    format: str
    language: str
    origin: Origin


def caption_tracks(info: Info) -> tuple[Track, ...]:
    """Captions worth fetching, best first: manual ones in the video's language, then automatic ones of what is really said.

    Never a machine translation (`tlang` in its link): YouTube answers those with 429, and what it would give are not the speaker's words.
    """
    manual = _tracks(info.get("subtitles"), Origin.CAPTIONS_MANUAL)
    automatic = _tracks(info.get("automatic_captions"), Origin.CAPTIONS_AUTO)
    spoken = spoken_language(info)
    if spoken is not None:
        manual = [track for track in manual if track.language == spoken]
        automatic = [track for track in automatic if track.language == spoken]
    return tuple(manual[:1] + automatic[:1])


def spoken_language(info: Info) -> str | None:
    """The language that is spoken: the original automatic track's, else what the video says of itself, else that of its only captions."""
    automatic = info.get("automatic_captions") or {}
    for key in automatic:
        if key.endswith("-orig"):
            return plain.language(key)
    recognised = {track.language for track in _tracks(automatic, Origin.CAPTIONS_AUTO)}
    if len(recognised) == 1:
        return recognised.pop()
    if tag := plain.language(info.get("language")):
        return tag
    written = {track.language for track in _tracks(info.get("subtitles"), Origin.CAPTIONS_MANUAL)}
    return written.pop() if len(written) == 1 else None


def _tracks(offered: Mapping[str, Sequence[Info]] | None, origin: Origin) -> list[Track]:
    """One track a key, in the best format it comes in; `-orig` first, and plain `en` before `en-GB`."""
    found = []
    for key in sorted(offered or {}, key=lambda key: (not key.endswith("-orig"), len(key))):
        language = plain.language(key)
        candidates = [item for item in (offered or {})[key] if item.get("ext") in FORMATS and _is_original(item)]
        if language and candidates:
            best = min(candidates, key=lambda item: FORMATS.index(item["ext"]))
            found.append(Track(best["url"], best["ext"], language, origin))
    return found


def _is_original(item: Info) -> bool:
    url = item.get("url")
    return isinstance(url, str) and not re.search(r"[?&]tlang=", url)


def audio_format(formats: Iterable[Format]) -> Format | None:
    """The best audio served as one https file, in the original language (not a dub); else the smallest such video with sound.

    yt-dlp sorts formats from worst to best and counts the language first, so the last of the original ones is best.
    """
    whole = [item for item in formats if _plain(item) and item.get("acodec") != "none"]
    sound = _original([item for item in whole if item.get("vcodec") == "none"])
    return sound[-1] if sound else next((item for item in whole if item.get("vcodec") not in (None, "none")), None)


def video_formats(formats: Iterable[Format]) -> tuple[Format, ...]:
    """Pictures and sound to merge, or one file that has both; empty when nothing can be had as https files.

    The tallest pictures up to TALLEST; among equals H.264, which every player and phone plays, with the sound that fits into the same container.
    """
    whole = [item for item in formats if _plain(item) and (item.get("height") or 0) <= TALLEST]
    pictures = [item for item in whole if item.get("vcodec") not in (None, "none") and item.get("acodec") == "none"]
    sound = _original([item for item in whole if item.get("vcodec") == "none" and item.get("acodec") not in (None, "none")])
    both = [item for item in whole if item.get("vcodec") not in (None, "none") and item.get("acodec") not in (None, "none")]
    best = max(enumerate(pictures), key=lambda pair: (pair[1].get("height") or 0, _is_h264(pair[1]), pair[0]), default=None)
    if best is None or not sound:
        return tuple(both[-1:])
    wanted = "mp4a" if _is_h264(best[1]) else "opus"
    fitting = [item for item in sound if str(item.get("acodec")).startswith(wanted)]
    return best[1], (fitting or sound)[-1]


def _plain(item: Format) -> bool:
    return item.get("protocol") == "https" and not item.get("has_drm")


def _is_h264(item: Format) -> bool:
    return str(item.get("vcodec")).startswith(("avc1", "h264"))


def _original(items: list[Format]) -> list[Format]:
    most = max((item.get("language_preference") or -1 for item in items), default=-1)
    return [item for item in items if (item.get("language_preference") or -1) == most]


def size(item: Format) -> int:
    """Bytes as promised; 0 when nothing is."""
    return int(item.get("filesize") or item.get("filesize_approx") or 0)
