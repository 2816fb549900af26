"""What the child process does with the link of a playlist, channel or feed: entries, page by page. listing.py is its other half.

yt-dlp gives the entries of a playlist as a generator that asks for the next page when the one before is used up, so nothing is held but a page.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import feedparser
from yt_dlp.networking.exceptions import HTTPError

from pipeline.errors import cause
from pipeline.source import client, plain
from pipeline.source.client import Session
from pipeline.source.inside import Json, Report, part
from pipeline.source.links import WATCH

HOPS = 3
"""A handle leads to a channel, that to a playlist."""
EXTRACTORS = [*client.EXTRACTORS, "youtube:tab", "youtube:playlist"]
FEED = "https://www.youtube.com/feeds/videos.xml?"
FEED_BYTES = 8 * 1024**2
"""YouTube's have 30 kB, the feed of a podcast with a thousand episodes some megabytes."""
_VIDEO = re.compile(r"[A-Za-z0-9_-]{11}")
_PLAYLIST = re.compile(r"https://(?:www\.|music\.)?youtube\.com/playlist\?list=([A-Za-z0-9_-]{2,64})")
_PROBLEMS = {"[Private video]": "private", "[Deleted video]": "removed"}
"""Titles that stand for what cannot be watched."""
_AVAILABILITY = {"private": "private", "premium_only": "payment_required", "subscriber_only": "members_only"}


def listing(request: Json, report: Report) -> Json:
    """Sends parts `{"header": [title, channel, feed_url], "entries": [Entry fields, …]}`; the number of entries."""
    options = {"allowed_extractors": EXTRACTORS, "noplaylist": False, "extract_flat": True, "extractor_args": {"youtubetab": {"approximate_date": [""]}}}
    with client.connect(Path.cwd(), request["proxy"], **options) as session:
        report(0.0, "Reading the list")
        info = _whole(session, request["url"])
        header = _header(info, request["url"])
        number, page = 0, []
        for entry in _entries(info):
            page.append(entry)
            number += 1
            if len(page) == request["page"]:
                part({"header": header, "entries": page})
                page = []
                report(_fraction(number, info), f"{number} items so far")
        part({"header": header, "entries": page})
    return number


def _whole(session: Session, url: str) -> Mapping[str, Any]:
    """The playlist that the link leads to, its entries not asked for yet."""
    for _ in range(HOPS):
        info: dict[str, Any] = session.ydl.extract_info(url, download=False, process=False) or {}
        if info.get("_type") in ("playlist", "multi_video"):
            return info
        if info.get("_type") not in ("url", "url_transparent") or "Youtube" not in str(info.get("ie_key")) or not info.get("url"):
            break
        url = str(info["url"])
    raise cause("playlist_unavailable")


def _header(info: Mapping[str, Any], url: str) -> list[Json]:
    title = plain.line(str(info.get("title") or info.get("channel") or ""), 300)
    channel = plain.line(str(info.get("channel") or info.get("uploader") or ""), 200) or None
    count = info.get("playlist_count")
    return [title, channel, _feed_of(info, url), count if isinstance(count, int) else None]


def _feed_of(info: Mapping[str, Any], url: str) -> str | None:
    """YouTube has feeds of a channel's videos, whatever the tab, and of playlists; not of a channel's shorts, streams and playlists alone."""
    if match := _PLAYLIST.match(url):
        return f"{FEED}playlist_id={match[1]}"
    channel_id = str(info.get("channel_id") or "")
    return f"{FEED}channel_id={channel_id}" if re.fullmatch(r"UC[A-Za-z0-9_-]{22}", channel_id) and url.endswith("/videos") else None


def _fraction(number: int, info: Mapping[str, Any]) -> float:
    total = info.get("playlist_count")
    return min(0.99, number / total) if isinstance(total, int) and total > 0 else 0.0


def _entries(info: Mapping[str, Any]) -> Iterator[list[Json]]:
    for entry in info.get("entries") or ():
        if not isinstance(entry, Mapping):
            continue
        if entry.get("_type") in ("playlist", "multi_video"):  # the tabs of a channel that was asked for as a whole
            yield from _entries(entry)
        elif found := entry_of(entry):
            yield found


def entry_of(entry: Mapping[str, Any]) -> list[Json] | None:
    """The fields of types.Entry; None: neither a video nor a playlist. Only the id is taken over from the link."""
    url, title = str(entry.get("url") or ""), plain.line(str(entry.get("title") or ""), 500)
    if match := _PLAYLIST.match(url):
        return [f"youtube:playlist?list={match[1]}", "playlist", f"https://www.youtube.com/playlist?list={match[1]}", title, None, None, ""]
    video_id = str(entry.get("id") or "")
    if not _VIDEO.fullmatch(video_id):
        return None
    problem = _PROBLEMS.get(title) or _AVAILABILITY.get(str(entry.get("availability"))) or ""
    if not problem and entry.get("live_status") == "is_upcoming":
        problem = "live_upcoming"
    return [f"youtube:{video_id}", "youtube", WATCH + video_id, title or video_id, _seconds(entry.get("duration")), _day(entry.get("timestamp")), problem]


def _seconds(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and 0 < value < 1e7 else None


def _day(timestamp: object) -> str | None:
    try:
        return datetime.fromtimestamp(float(timestamp), UTC).date().isoformat() if isinstance(timestamp, int | float) else None
    except (OverflowError, ValueError, OSError):  # a year that no calendar has
        return None


def feed(request: Json, report: Report) -> Json:
    """The entries of YouTube's feed, the newest first."""
    with client.connect(Path.cwd(), request["proxy"]) as session:
        report(0.0, "Looking for new items")
        try:
            with session.ydl.urlopen(request["url"]) as reply:
                data = reply.read(FEED_BYTES + 1)
        except HTTPError as error:
            if error.status in (404, 410):
                raise cause("playlist_unavailable") from error
            raise
    return youtube_entries(data, shorts="channel_id=" not in request["url"])


def youtube_entries(data: bytes, *, shorts: bool = True) -> list[list[Json]]:
    """Without `shorts`, which the feed knows by their links alone, if that is False. Raises: InputError: `bad_feed`."""
    if len(data) > FEED_BYTES:
        raise cause("bad_feed", "It is too large.")
    found = feedparser.parse(data, sanitize_html=False, resolve_relative_uris=False)
    if not found.version:
        raise cause("bad_feed")
    rows = []
    for entry in found.entries:
        video_id = str(entry.get("yt_videoid") or "")
        if _VIDEO.fullmatch(video_id) and (shorts or "/shorts/" not in str(entry.get("link"))):
            title = plain.line(str(entry.get("title") or ""), 500) or video_id
            rows.append([f"youtube:{video_id}", "youtube", WATCH + video_id, title, None, str(entry.get("published") or "")[:10] or None, ""])
    return rows
