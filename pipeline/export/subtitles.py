"""Transcript -> SubRip and WebVTT. Written by hand because no library escapes hostile text in both (webvtt-py raises on `-->`, pysubs2 writes a broken file)."""

from collections.abc import Iterable

from pipeline.timecode import subtitle_stamp
from pipeline.types import Segment

SHORTEST = 0.05
"""Seconds; players drop cues that end when they start."""


def srt(segments: Iterable[Segment]) -> str:
    cues = (
        f"{number}\n{subtitle_stamp(s.start, comma=True)} --> {subtitle_stamp(_end(s), comma=True)}\n{_marked(s, _plain(_line(s)))}\n"
        for number, s in enumerate(segments, 1)
    )
    return "\n".join(cues)


def vtt(segments: Iterable[Segment], language: str) -> str:
    head = f"WEBVTT\nLanguage: {_plain(language)}\n\n"
    return head + "\n".join(f"{subtitle_stamp(s.start)} --> {subtitle_stamp(_end(s))}\n{_escaped(s)}\n" for s in segments)


def _end(segment: Segment) -> float:
    return max(segment.end, segment.start + SHORTEST)


def _marked(segment: Segment, text: str) -> str:
    """In italics, as subtitles show what is in another language than theirs."""
    return f"<i>{text}</i>" if segment.original else text


def _line(segment: Segment) -> str:
    return f"{segment.speaker}: {segment.text}" if segment.speaker else segment.text


def _plain(text: str) -> str:
    """One line; an arrow inside text would start a cue, and an empty line would end one. Players read `<b>` in SubRip, so `<` goes too."""
    return " ".join(text.split()).replace("-->", "→").replace("<", "‹").replace(">", "›") or "…"


def _escaped(segment: Segment) -> str:
    text = " ".join(segment.text.split())
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") or "…"
    if segment.original:
        text = f"<lang {segment.original}>{_marked(segment, text)}</lang>"
    if not segment.speaker:
        return text
    name = " ".join(segment.speaker.split()).replace("&", "&amp;").replace("<", "").replace(">", "")
    return f"<v {name}>{text}"
