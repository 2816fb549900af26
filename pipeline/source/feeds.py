"""Podcast feeds -> entries. For the child process: feeds are XML of strangers, read by feedparser, which takes what others refuse."""

import hashlib
import io
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urljoin
from xml.etree import ElementTree as ET

import feedparser

from pipeline import timecode
from pipeline.errors import InputError, cause
from pipeline.source import hosts as addresses, plain
from pipeline.source.hosts import Hosts
from pipeline.source.inside import Json, note

MOST_ENTRIES = 20_000
_PODCAST = re.compile(r"\{https?://(?:podcastindex\.org/namespace/1\.0|github\.com/Podcastindex-org/podcast-namespace/[^}]*)\}(transcript|chapters)")
_TRANSCRIPTS = ("text/vtt", "application/srt", "application/x-subrip", "application/json")
"""Types of transcripts with times, the best first."""


def read(data: bytes, url: str, hosts: Hosts) -> tuple[str, list[list[Json]]]:
    """The title of a feed and the fields of types.Entry for each of its episodes, in its order.

    Raises:
        InputError: `bad_feed`.
    """
    found = feedparser.parse(data, sanitize_html=False, resolve_relative_uris=False)
    if not found.version:
        raise cause("bad_feed")
    extras = _extras(data)
    rows: dict[str, list[Json]] = {}
    for entry in found.entries[:MOST_ENTRIES]:
        if row := _entry(entry, url, hosts, extras):
            rows.setdefault(row[0], row)
    return plain.line(str(found.feed.get("title") or ""), 300), list(rows.values())


def _entry(entry: Mapping[str, Any], url: str, hosts: Hosts, extras: Mapping[str, Mapping[str, str]]) -> list[Json] | None:
    """None: an item without a recording."""
    link = _enclosure(entry.get("enclosures") or [])
    if link is None:
        return None
    guid = str(entry.get("id") or link)
    address, problem = _address(url, link, hosts)
    source_id = f"media:{hashlib.sha256(f'{url} {guid}'.encode(errors='replace')).hexdigest()}"
    title = plain.line(str(entry.get("title") or ""), 500) or "Untitled"
    more = extras.get(link, {})
    named = [_address(url, more[kind], hosts) if kind in more else ("", "") for kind in ("transcript", "chapters")]
    return [source_id, "media", address, title, _duration(entry.get("itunes_duration")), _day(entry.get("published_parsed")), problem,
            *(place if place and not against else None for place, against in named)]  # fmt: skip


def _enclosure(enclosures: Sequence[Mapping[str, Any]]) -> str | None:
    for one in enclosures[:20]:
        link = str(one.get("href") or "").strip()
        if link and (str(one.get("type") or "").startswith(("audio/", "video/")) or addresses.is_recording(link)):
            return link
    return None


def _address(feed: str, link: str, hosts: Hosts) -> tuple[str, str]:
    """The address that is kept, and what is against fetching it, a code. `link` may start from the address of the feed."""
    try:
        whole = urljoin(feed, link)
    except ValueError:  # "http://[bad/a.mp3"
        return plain.line(link, addresses.LONGEST), "bad_link"
    try:
        return hosts.canonical(whole), ""
    except InputError as error:
        return plain.line(whole, addresses.LONGEST), error.code


def _duration(text: object) -> float | None:
    """`1:02:03`, `62:03` or seconds."""
    seconds = timecode.parse_offset(str(text or "").strip()[:12])
    return float(seconds) if seconds and 0 < seconds < 1e6 else None


def _day(parsed: object) -> str | None:
    if not isinstance(parsed, tuple) or len(parsed) < 3:
        return None
    year, month, day = parsed[:3]
    return f"{year:04}-{month:02}-{day:02}" if 1990 <= year <= 2200 else None


def _extras(data: bytes) -> dict[str, dict[str, str]]:
    """Addresses of transcripts and chapters by that of the recording. feedparser keeps only the last of several elements of a name. Of XML that is broken: those before
    the break."""
    found: dict[str, dict[str, str]] = {}
    try:
        for _, item in ET.iterparse(io.BytesIO(data)):
            if item.tag != "item":
                continue
            enclosure = item.find("enclosure")
            if enclosure is not None and (link := (enclosure.get("url") or "").strip()):
                found[link] = _named(item)
            item.clear()
    except (ET.ParseError, ValueError, LookupError) as error:  # ValueError: an encoding of several bytes, which feedparser reads and expat does not
        note("feed.broken", error=str(error))
    return found


def _named(item: ET.Element) -> dict[str, str]:
    found, rank = {}, len(_TRANSCRIPTS)
    for child in item:
        match = _PODCAST.fullmatch(str(child.tag))
        if not match or not child.get("url"):
            continue
        kind = (child.get("type") or "").lower().split(";")[0]
        if match[1] == "chapters":
            found["chapters"] = str(child.get("url"))
        elif kind in _TRANSCRIPTS and _TRANSCRIPTS.index(kind) < rank:
            rank = _TRANSCRIPTS.index(kind)
            found["transcript"] = str(child.get("url"))
    return found


def plain_transcript(text: str) -> str:
    """Podcasting's own JSON as the lists of segments that captions.py knows; anything else as it is."""
    if not text.lstrip().startswith("{"):
        return text
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return text
    segments = data.get("segments") if isinstance(data, dict) else None
    if not isinstance(segments, list) or not any(isinstance(one, dict) and "body" in one for one in segments):
        return text
    kept = [one for one in segments if isinstance(one, dict)]
    return json.dumps({"segments": [{"start": s.get("startTime"), "end": s.get("endTime"), "text": s.get("body"), "speaker": s.get("speaker")} for s in kept]})


def chapters(data: bytes, duration: float) -> list[tuple[float, float, str]]:
    """Chapters of Podcasting 2.0's JSON, each ending where the next begins; none where they divide nothing or are nonsense. `duration` 0: unknown.

    Raises:
        InputError: `bad_feed`.
    """
    try:
        given = json.loads(data)["chapters"]
        marks = sorted({(float(one["startTime"]), plain.line(str(one.get("title") or ""), 200)) for one in given if one.get("toc") is not False})
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise cause("bad_feed", "Its chapters cannot be read.") from error
    marks = [(start, title) for start, title in marks if title and 0 <= start < (duration or 1e6)][:1000]
    if len(marks) < 2:
        return []
    ends = [start for start, _ in marks[1:]] + [duration or marks[-1][0]]
    return [(start, end, title) for (start, title), end in zip(marks, ends, strict=True) if end > start]
