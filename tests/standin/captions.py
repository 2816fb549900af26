"""Caption files as YouTube serves them: json3, srv1, WebVTT, SubRip."""

import html
import re
from dataclasses import replace

from tests.standin.server import Response
from tests.standin.talks import Cue
from tests.standin.videos import JSON, Track


def caption_file(track: Track, form: str) -> Response:
    """The track, or what its fault makes of it."""
    if track.fault == "empty":
        return Response("")  # YouTube: 200 and an empty body
    if track.fault == "refused":
        return Response("<html>Too many requests</html>", 429)
    if track.fault == "page":
        return Response("<!DOCTYPE html><html><body>Something went wrong</body></html>")
    whole = _written(replace(track, cues=((0.5, 0.9, "♪"),)) if track.fault == "thin" else track, form)
    if track.fault == "cut":
        return replace(whole, cut_after=len(whole.data()) // 2)
    return whole


def _written(track: Track, form: str) -> Response:
    if form == "json3":
        events = rolling_events(track.cues) if track.asr else plain_events(track.cues)
        return Response({"wireMagic": "pb3", "pens": [{}], "wsWinStyles": [{}], "wpWinPositions": [{}], "events": events})
    if form == "vtt":
        cues = "".join(f"{stamp(start, '.')} --> {stamp(end, '.')}\n{text}\n\n" for start, end, text in track.cues)
        return Response(f"WEBVTT\nKind: captions\nLanguage: {track.lang}\n\n{cues}", type="text/vtt; charset=utf-8")
    if form == "srt":
        return Response(subrip(track.cues), type="text/plain; charset=utf-8")
    lines = "".join(f'<text start="{start}" dur="{end - start:.3f}">{html.escape(text)}</text>' for start, end, text in track.cues)
    return Response(f'<?xml version="1.0" encoding="utf-8" ?><transcript>{lines}</transcript>', type="text/xml; charset=utf-8")


def subrip(cues: tuple[Cue, ...]) -> str:
    return "".join(f"{number}\n{stamp(start, ',')} --> {stamp(end, ',')}\n{text}\n\n" for number, (start, end, text) in enumerate(cues, 1))


def stamp(seconds: float, point: str) -> str:
    milliseconds = round(seconds * 1000)
    whole, rest = divmod(milliseconds, 1000)
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}{point}{rest:03d}"


def plain_events(cues: tuple[Cue, ...]) -> list[JSON]:
    return [{"tStartMs": round(a * 1000), "dDurationMs": round((b - a) * 1000), "segs": [{"utf8": text}]} for a, b, text in cues]


def rolling_events(cues: tuple[Cue, ...]) -> list[JSON]:
    """Automatic captions: a window event without `segs`, then lines of about seven words with offsets, each followed by an appended line feed."""
    events: list[JSON] = [{"tStartMs": 0, "dDurationMs": round(cues[-1][1] * 1000), "id": 1, "wpWinPosId": 1, "wsWinStyleId": 1}]
    for start, end, text in cues:
        words = re.sub(r"[^\w\s'’-]", "", text.lower()).split()
        step = (end - start) * 1000 / max(1, len(words))
        for first in range(0, len(words), 7):
            line = words[first : first + 7]
            at = round(start * 1000 + first * step)
            segs = [
                {"utf8": (" " if i else "") + word, "acAsrConf": 0} | ({"tOffsetMs": round(i * step)} if i else {})
                for i, word in enumerate(line)
            ]
            lasting = round(len(line) * step)
            events.append({"tStartMs": at, "dDurationMs": lasting + 1500, "wWinId": 1, "segs": segs})
            events.append({"tStartMs": at + lasting - 10, "dDurationMs": 1510, "wWinId": 1, "aAppend": 1, "segs": [{"utf8": "\n"}]})
    return events
