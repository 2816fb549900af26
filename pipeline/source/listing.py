"""The link of a playlist or channel -> its entries, page by page as YouTube hands them out. yt-dlp runs in the child process (child.py)."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pipeline.config import Settings
from pipeline.source import elsewhere, youtube
from pipeline.source.inside import Json
from pipeline.source.links import Source
from pipeline.types import Emit, Entry

PAGE = 100
"""Entries that are handed on at once; those of a playlist come from YouTube by as many."""
LISTING_SECONDS = 1800.0
"""For the longest: 20,000 items come in 200 pages."""


@dataclass(frozen=True, slots=True)
class Header:
    """What is said of the whole."""

    title: str
    channel: str | None
    feed_url: str | None
    """Its newest items as a small XML file; None: there is none."""
    count: int | None = None
    """How many items it says it holds; None: it does not say."""


Page = Callable[[Header, tuple[Entry, ...]], bool]
"""Called with each page of entries, in their order; False: that is enough."""


def read(source: Source, settings: Settings, workdir: Path, emit: Emit, on_page: Page, *, page: int = PAGE) -> bool:
    """Reads a playlist, channel or podcast feed until it ends or `on_page` has enough; whether it was read to its end. Holds one page, of so many entries, at a time.

    Raises:
        NutshellError: any code of the source room, for example `playlist_unavailable`, `network`; whatever `on_page` raises.
    """

    if source.kind == "feed":
        return elsewhere.read_feed(source.url, settings, workdir, emit, lambda channel, entries: on_page(Header(channel.title, None, None), entries))

    def took(part: Json) -> None:
        header = Header(*part["header"])
        if not on_page(header, tuple(Entry(*entry) for entry in part["entries"])):
            raise _Enough

    try:
        youtube.run_child("listing", settings, workdir, emit, url=source.url, on_part=took, most_seconds=LISTING_SECONDS, page=page)
    except _Enough:
        return False
    return True


def newest(feed_url: str, settings: Settings, workdir: Path, emit: Emit) -> tuple[Entry, ...]:
    """The newest items (YouTube names 15) by one cheap request. Of a channel's feed the shorts are left out: they are no part of what has this feed, its videos.

    Raises:
        NutshellError: any code of the source room; `bad_feed`.
    """
    found = youtube.run_child("feed", settings, workdir, emit, url=feed_url, most_seconds=60.0)
    return tuple(Entry(*entry) for entry in found)


class _Enough(Exception):  # no error: a way out of the conversation with the child
    """The parent has what it wanted."""
