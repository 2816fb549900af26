"""Lists of videos as other programs write them: Google Takeout's history, playlists and subscriptions, and links in any text. Read as streams, so that a
history of a hundred thousand videos takes no more memory than one of ten.

Takeout's folders, files, columns and sentences are in the language of the account, so nothing is known by its name: a file is what its first rows look like.
"""

import codecs
import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import IO, Any, Literal, cast

from pipeline.errors import InputError, cause
from pipeline.source import plain
from pipeline.source.links import Source, find_links, links_in, read_link
from pipeline.types import Entry

Form = Literal["history", "page", "channels", "subscriptions", "playlist", "links"]
"""`history`: watch-history.json, `page`: watch-history.html, `channels`: subscriptions.csv, `subscriptions`: subscriptions.json, `playlist`: a playlist's csv,
`links`: any text with links in it."""
HEAD = 64 * 1024
"""Bytes by which a file is recognised."""
CHUNK = 64 * 1024
LONGEST_ITEM = 1024**2
"""Characters of one object of a JSON array; Takeout's have 500."""
_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d")
_VIDEO = re.compile(r"[A-Za-z0-9_-]{11}")
_CHANNEL = re.compile(r"UC[A-Za-z0-9_-]{22}")
_GLUED = re.compile(r"[,;](?=https?://|www\.|youtu)", re.IGNORECASE)
_LINE_END = re.compile(r"[\r\n]")
_BREAK = re.compile(r"[\s,;<>\"'`|^{}]")


@dataclass(frozen=True, slots=True)
class Channel:
    """What the account follows, or a list that stands among links."""

    source: Source
    title: str


Item = Entry | Channel


def form_of(head: bytes) -> Form | None:
    """What a file is by its first HEAD bytes; None: none of Takeout's. Never `links`, which any text may be."""
    text = _decoded(head).lstrip()
    if text.startswith("["):
        if '"resourceId"' in text and '"channelId"' in text:
            return "subscriptions"
        return "history" if re.search(r'"titleUrl"\s*:|"header"\s*:\s*"YouTube', text) else None
    if re.match(r"<!doctype html|<html", text, re.IGNORECASE):
        return "page" if "mdl-cell" in text and "youtu" in text else None
    return _form_of_rows(text)


def _form_of_rows(text: str) -> Form | None:
    try:
        for row in list(csv.reader(io.StringIO(text)))[:30]:
            cells = [cell.strip() for cell in row]
            if len(cells) > 1 and _CHANNEL.fullmatch(cells[0]) and "youtube.com/channel/" in cells[1]:
                return "channels"
            if len(cells) > 1 and _VIDEO.fullmatch(cells[0]) and _TIME.match(cells[1]):
                return "playlist"
    except csv.Error:  # a text that is no table
        return None
    return None


def is_links(head: bytes) -> bool:
    """Whether a text is a list of links and not words in which one occurs: every line that is not a comment has one."""
    return _lists_links(_decoded(head), whole=len(head) < HEAD)


def _lists_links(text: str, *, whole: bool) -> bool:
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    known = lines if whole else lines[:-1]
    return bool(known) and all(find_links(line, lists=True) for line in known[:50])


def _decoded(head: bytes) -> str:
    return head.decode(_encoding(head), errors="replace")


def _encoding(head: bytes) -> str:
    """UTF-8, or UTF-16 with its mark, as Windows writes texts."""
    return "utf-16" if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"


def read(form: Form, stream: IO[bytes]) -> Iterator[Item]:
    """What the file lists, in its order, the same video as often as it stands there.

    Raises:
        InputError: `bad_list`: it breaks off or is not what it looked like.
    """
    opened = io.BufferedReader(cast(io.RawIOBase, stream))
    text = io.TextIOWrapper(opened, _encoding(opened.peek(2)), errors="replace", newline="")
    try:
        yield from _READERS[form](text)
    except (csv.Error, RecursionError) as error:
        raise cause("bad_list", "It is damaged.") from error


# ---------------------------------------------------------------- JSON


def _history(text: IO[str]) -> Iterator[Item]:
    for item in _objects(text):
        if isinstance(item, dict) and _is_watched(item) and (source := _linked(str(item.get("titleUrl") or ""))):
            day = str(item.get("time") or "")
            yield _entry(source, str(item.get("title") or ""), day[:10] if _TIME.match(day) else None)


def _is_watched(item: dict[str, Any]) -> bool:
    """Neither a song of YouTube Music nor an advertisement."""
    return item.get("header") != "YouTube Music" and "Google Ads" not in str(item.get("details") or "")


def _subscriptions(text: IO[str]) -> Iterator[Item]:
    for item in _objects(text):
        snippet = item.get("snippet") if isinstance(item, dict) else None
        if isinstance(snippet, dict) and isinstance(snippet.get("resourceId"), dict):
            yield from _channel(str(snippet["resourceId"].get("channelId") or ""), str(snippet.get("title") or ""))


def _objects(text: IO[str]) -> Iterator[Any]:
    """The elements of an array, one at a time; what stands behind it is not read."""
    decoder = json.JSONDecoder()
    waiting, at_end = text.read(CHUNK).lstrip().removeprefix("["), False
    while True:
        waiting = waiting.lstrip(" \t\r\n,")
        if waiting.startswith("]"):
            return
        try:
            value, end = decoder.raw_decode(waiting)
        except ValueError as error:
            if at_end or len(waiting) > LONGEST_ITEM:
                raise cause("bad_list", "It is damaged.") from error
            more = text.read(CHUNK)
            waiting, at_end = waiting + more, not more
            continue
        yield value
        waiting = waiting[end:]


# ---------------------------------------------------------------- tables


def _channels(text: IO[str]) -> Iterator[Item]:
    for row in csv.reader(text):
        if row:
            yield from _channel(row[0].strip(), row[2] if len(row) > 2 else "")


def _channel(channel_id: str, title: str) -> Iterator[Channel]:
    if _CHANNEL.fullmatch(channel_id):
        source = read_link(f"https://www.youtube.com/channel/{channel_id}/videos")
        yield Channel(source, plain.line(title, 200) or channel_id)


def _playlist(text: IO[str]) -> Iterator[Item]:
    for row in csv.reader(text):
        cells = [cell.strip() for cell in row]
        if len(cells) > 1 and _VIDEO.fullmatch(cells[0]) and _TIME.match(cells[1]):
            yield _entry(read_link(cells[0]), "", cells[1][:10])


# ---------------------------------------------------------------- pages and texts


class _Links(HTMLParser):
    """Links of a page with their texts."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self._href: str | None = None
        self._words = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self._href, self._words = dict(attrs).get("href") or "", ""

    def handle_data(self, data: str) -> None:
        if self._href is not None and len(self._words) < 2000:
            self._words += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._href is not None:
            self.found.append((self._href, self._words))
            self._href = None


def _page(text: IO[str]) -> Iterator[Item]:
    """Without dates, which are written in the language of the account."""
    parser = _Links()
    while chunk := text.read(CHUNK):
        parser.feed(chunk)
        for link, words in parser.found:
            if "music.youtube.com" not in link and (source := _linked(link)):
                yield _entry(source, words, None)
        parser.found.clear()


def _texts(text: IO[str]) -> Iterator[Item]:
    """Links anywhere in a text of any kind, for example the list of another program; of a list of links and nothing else (is_links) also lines that are a bare id."""
    chunk, kept = text.read(CHUNK), ""
    listed = _lists_links(chunk, whole=len(chunk) < CHUNK)
    while chunk:
        words, kept = _cut(kept + chunk, _LINE_END if listed else _BREAK)
        yield from _in_words(words, listed=listed)
        chunk = text.read(CHUNK)
    yield from _in_words(kept, listed=listed)


def _cut(text: str, at: re.Pattern[str]) -> tuple[str, str]:
    """What can be read now, and the beginning of what may be a link that goes on."""
    breaks = list(at.finditer(text, max(0, len(text) - 4096)))
    end = breaks[-1].end() if breaks else len(text)
    return text[:end], text[end:]


def _in_words(words: str, *, listed: bool) -> Iterator[Item]:
    clean = _GLUED.sub(" ", words.replace("\\/", "/"))
    found = (source for line in clean.splitlines() for source in find_links(line, lists=True)) if listed else links_in(clean, lists=True)
    for source in found:
        yield Channel(source, "") if source.kind == "playlist" else _entry(source, "", None)


# ---------------------------------------------------------------- what they share


def _linked(link: str) -> Source | None:
    """The video that a link leads to."""
    try:
        source = read_link(link)
    except InputError:
        return None
    return source if source.kind == "youtube" else None


def _entry(source: Source, title: str, day: str | None) -> Entry:
    said = plain.line(title, 500)
    video_id = source.source_id.removeprefix("youtube:")
    return Entry(source.source_id, source.kind, source.url, said if said and "://" not in said else video_id, None, day)


def wording(titles: list[str]) -> tuple[str, str]:
    """What all titles of a history begin and end with: "Watched " and "" in English, "" and " angesehen" in German. ("", ""): nothing, or too few to tell."""
    if len(titles) < 10:
        return ("Watched ", "") if all(title.startswith("Watched ") for title in titles) else ("", "")
    before, after = _shared(titles), _shared([title[::-1] for title in titles])[::-1]
    return before[: before.rfind(" ") + 1], after[after.find(" ") :] if " " in after else ""


def _shared(texts: list[str]) -> str:
    """What all begin with."""
    first, last = min(texts), max(texts)
    return first[: next((place for place, letter in enumerate(first) if last[place : place + 1] != letter), len(first))]


_READERS = {
    "history": _history, "page": _page, "channels": _channels, "subscriptions": _subscriptions, "playlist": _playlist, "links": _texts,
}  # fmt: skip
