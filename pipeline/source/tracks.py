"""Which of the offered captions and formats to take. Pure functions over yt-dlp's info dictionaries."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.languages import detect
from pipeline.source import plain
from pipeline.types import Origin

Info = Mapping[str, Any]
Format = Mapping[str, Any]
FORMATS = ("json3", "srv3", "vtt", "ttml", "srv2", "srv1")
"""Caption formats that we read, best first: json3 has word times and no markup."""
MOST_A_RUNG = 2
"""Tracks of one rung of the ladder that are tried: each is a request, and where two are dead the third seldom lives."""


@dataclass(frozen=True, slots=True)
class Track:
    url: str
    format: str
    language: str
    origin: Origin
    key: str
    """The language as YouTube calls it: `pt-BR`, `zh-Hans`, or with the name of the track, `en-uYU-mmqFLq8`."""


def caption_tracks(info: Info, reader: str | None = None) -> tuple[Track, ...]:
    """Captions worth fetching, best first: manual ones in the video's language, automatic ones of what is really said, manual ones in the reader's language.

    Where nobody knows which language is spoken, any manual captions stand last. Never a machine translation (`tlang` in its link): YouTube answers those
    with 429, and what it would give are not the speaker's words.
    """
    manual, automatic, spoken = _manual(info), _automatic(info), spoken_language(info)
    rungs = [
        [track for track in manual if track.language == spoken],
        [track for track in automatic if spoken in (None, track.language)],
        [track for track in manual if track.language == plain.language(reader)],
        manual if spoken is None else [],
    ]
    taken: dict[str, Track] = {}
    for rung in rungs:
        taken |= {track.url: track for track in [track for track in rung if track.url not in taken][:MOST_A_RUNG]}
    return tuple(taken.values())


def spoken_language(info: Info) -> str | None:
    """The language that is spoken: what YouTube's speech recognition heard, else what the video says of itself, else that of its only captions, else
    that of its title where there are captions in it."""
    stated = plain.language(info.get("language"))
    heard = [track.language for track in _automatic(info)]
    if heard and (len(set(heard)) == 1 or stated not in heard):  # several: a dub may have been heard too
        return heard[0]
    if stated:
        return stated
    written = {track.language for track in _manual(info)}
    if len(written) == 1:
        return written.pop()
    title = detect(f"{info.get('title') or ''}\n{info.get('description') or ''}") if written else None
    return title if title in written else None


def _manual(info: Info) -> list[Track]:
    """One track a key: the video's own variant of a language first, then plain `en` before `en-GB` before one with a name."""
    own = str(info.get("language") or "").lower()
    found = _tracks(info.get("subtitles"), Origin.CAPTIONS_MANUAL)
    return sorted(found, key=lambda track: (track.key.lower() != own, _oddity(track.key)))


def _automatic(info: Info) -> list[Track]:
    """What YouTube's speech recognition wrote: `-orig` where there are such. yt-dlp lists manual tracks here too, as translated into their own language."""
    manual = {item.get("url") for items in (info.get("subtitles") or {}).values() for item in items}
    found = [track for track in _tracks(info.get("automatic_captions"), Origin.CAPTIONS_AUTO) if track.url not in manual]
    original = [track for track in found if track.key.endswith("-orig")]
    return sorted(original or found, key=lambda track: _oddity(track.key.removesuffix("-orig")))


def _oddity(key: str) -> tuple[int, int]:
    """How far a key is from a bare language: 0 `en`, 1 `en-GB`, `zh-Hans`, `es-419`, 2 anything with a name."""
    if re.fullmatch(r"[a-z]{2,3}", key):
        return 0, len(key)
    return 1 if re.fullmatch(r"[a-z]{2,3}(?:-[A-Z][a-z]{3})?(?:-(?:[A-Z]{2}|\d{3}))?", key) else 2, len(key)


def _tracks(offered: Mapping[str, Sequence[Info]] | None, origin: Origin) -> list[Track]:
    """One track a key, in the best format it comes in."""
    found = []
    for key, items in (offered or {}).items():
        language = plain.language(key)
        candidates = [item for item in items if item.get("ext") in FORMATS and _is_original(item)]
        if language and candidates:
            best = min(candidates, key=lambda item: FORMATS.index(item["ext"]))
            found.append(Track(best["url"], best["ext"], language, origin, key))
    return found


def _is_original(item: Info) -> bool:
    """Whole captions in one file, as somebody wrote or YouTube heard them."""
    url = item.get("url")
    return isinstance(url, str) and url.startswith("https://") and not item.get("protocol") and not re.search(r"[?&]tlang=", url)


def audio_format(formats: Iterable[Format]) -> Format | None:
    """The best audio served as one https file, in the original language (not a dub); else the smallest such video with sound.

    yt-dlp sorts formats from worst to best and counts the language first, so the last of the original ones is best.
    """
    whole = [item for item in formats if _plain(item) and item.get("acodec") != "none"]
    sound = _original([item for item in whole if item.get("vcodec") == "none"])
    return sound[-1] if sound else next((item for item in whole if item.get("vcodec") not in (None, "none")), None)


def video_formats(formats: Iterable[Format], tallest: int) -> tuple[Format, ...]:
    """Pictures and sound to merge, or one file that has both; empty when nothing can be had as https files.

    The tallest pictures up to `tallest` lines, or the smallest where all are taller; among equals H.264, which every player and phone plays, with the sound that fits into the same container.
    """
    whole = [item for item in formats if _plain(item)]
    heights = {int(item.get("height") or 0) for item in whole if item.get("vcodec") not in (None, "none")}
    tallest = max(tallest, min(heights, default=0))
    whole = [item for item in whole if (item.get("height") or 0) <= tallest]
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


def chosen(formats: Iterable[Format], lines: int) -> list[Format]:
    """What is downloaded: the sound alone (`lines` 0), or a recording whose pictures have at most so many lines."""
    if lines:
        return list(video_formats(formats, lines))
    best = audio_format(formats)
    return [best] if best else []


def size(item: Format) -> int:
    """Bytes as promised; 0 when nothing is."""
    return int(item.get("filesize") or item.get("filesize_approx") or 0)
