"""Reading playlists and channels into the store."""

from contextlib import nullcontext
from dataclasses import dataclass

from pipeline import manners
from pipeline.context import Context
from pipeline.errors import cause
from pipeline.source import listing
from pipeline.source.links import Source
from pipeline.store import listings
from pipeline.store.database import Session
from pipeline.store.listings import Listing
from pipeline.types import Entry
from pipeline.workplace import work_folder

MOST_ITEMS = 20_000
"""Of one listing; more than YouTube lets a playlist (5,000) or shows of a channel have."""


@dataclass(slots=True)
class Reader:
    """Stores page after page; `take` is called by the conversation with the child."""

    ctx: Context
    listing_id: int
    position: int = 0
    as_before: bool = False
    """Nothing was read, because nothing can have changed."""

    def take(self, header: listing.Header, entries: tuple[Entry, ...]) -> bool:
        with self.ctx.db.session() as s:
            describe(self.ctx, s, self.listing_id, header)
            listings.add(s, self.listing_id, entries, self.position, fence=self.ctx.claim.fence)
        self.position += len(entries)
        self.ctx.publish("items")
        return self.position < MOST_ITEMS


def read(ctx: Context) -> None:
    """The stage `list`: everything that the playlist holds, without looking at a single video."""
    found = listing_of(ctx)
    ctx.say(0.0, "Reading the feed" if found.kind == "feed" else "Asking YouTube")
    read_whole(ctx, found, Reader(ctx, found.id))
    ctx.publish("items")


def read_whole(ctx: Context, found: Listing, reader: Reader) -> None:
    """Raises: NutshellError: any code of the source room; `playlist_unavailable`, also where nothing is in it."""
    with ctx.db.session() as s:
        began = listings.database_now(s)
    source = Source("feed" if found.kind == "feed" else "playlist", found.source_id, found.url)
    with manners.asking(ctx.settings) if source.kind == "playlist" else nullcontext(), work_folder(ctx.settings) as folder:
        whole = listing.read(source, ctx.settings, folder, ctx.emit, reader.take)
    if reader.as_before:
        return
    if whole and reader.position == 0:
        raise cause("bad_feed", "There is no recording in it.") if source.kind == "feed" else cause("playlist_unavailable")
    with ctx.db.session() as s:
        listings.read_whole(s, found.id, began if whole else found.added_at, fence=ctx.claim.fence)


def describe(ctx: Context, s: Session, listing_id: int, header: listing.Header) -> None:
    """What the source says of the whole, into the store."""
    listings.describe(s, listing_id, title=header.title, channel=header.channel, feed_url=header.feed_url, fence=ctx.claim.fence)


def listing_of(ctx: Context) -> Listing:
    """Raises: NotFound: `no_listing`."""
    with ctx.db.session() as s:
        found = listings.get(s, int(ctx.claim.listing_id or 0))
    if found is None:
        raise listings.no_listing()
    return found
