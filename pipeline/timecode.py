"""Seconds to and from what people read: 73.0 <-> "1:13", 4354.0 <-> "1:12:34"."""

import re

_CLOCK = re.compile(r"(?:(\d+):([0-5]?\d)|(\d{1,4})):([0-5]\d)(?:[.,](\d{1,3}))?", re.ASCII)
_UNITS = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d{1,3})?)s?)?", re.ASCII)


def clock(seconds: float) -> str:
    """`m:ss`, or `h:mm:ss` from one hour on; rounds down, so a label never points past its moment."""
    whole = max(0, int(seconds))
    hours, rest = divmod(whole, 3600)
    minutes, secs = divmod(rest, 60)
    return f"{hours}:{minutes:02d}:{secs:02d}" if hours else f"{minutes}:{secs:02d}"


def subtitle_stamp(seconds: float, *, comma: bool = False) -> str:
    """`hh:mm:ss.mmm` as WebVTT writes it, or with a comma as SubRip does."""
    milliseconds = max(0, round(seconds * 1000))
    hours, rest = divmod(milliseconds, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    secs, millis = divmod(rest, 1000)
    return f"{hours:02d}:{minutes:02d}:{secs:02d}{',' if comma else '.'}{millis:03d}"


_INTERVAL = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,3})?)\s*(min|m|h|d|w)")
_SECONDS = {"m": 60.0, "min": 60.0, "h": 3600.0, "d": 24 * 3600.0, "w": 7 * 24 * 3600.0}


def parse_interval(text: str) -> float | None:
    """The seconds meant by `30m`, `6h`, `1.5d` or `2w`; None when it is none of these."""
    match = _INTERVAL.fullmatch(text.strip().lower())
    return float(match[1]) * _SECONDS[match[2]] if match else None


def parse_offset(text: str) -> float | None:
    """The seconds meant by `90`, `90.5`, `90s`, `1m30s`, `1h2m3s`, `1:02:03` or `62:03`; None when it is none of these."""
    text = text.strip().lower()
    if match := _CLOCK.fullmatch(text):
        hours, minutes, alone, secs, fraction = match.groups()
        return int(hours or 0) * 3600 + int(minutes or alone) * 60 + int(secs) + float(f"0.{fraction or 0}")
    match = _UNITS.fullmatch(text)
    if not text or not match or len(text) > 12:
        return None
    hours, minutes, secs = match.groups()
    return int(hours or 0) * 3600 + int(minutes or 0) * 60 + float(secs or 0)
