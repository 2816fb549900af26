"""Reading playlists and channels into the store."""

from dataclasses import dataclass

from pipeline import manners
from pipeline.context import Context
from pipeline.errors import cause
from pipeline.source import listing
from pipeline.source.links import Source
from pipeline.store import listings
from pipeline.store.listings import Listing
from pipeline.types import Entry
from pipeline.workplace import work_folder

MOST_ITEMS = 20_000
"""Of one listing; more than YouTube lets a playlist (5,000) or shows of a channel have."""


@dataclass(slots=True)
class _Reader:
    """Stores page after page; `take` is called by the conversation with the child."""

    ctx: Context
    listing_id: int
    position: int = 0

    def take(self, header: listing.Header, entries: tuple[Entry, ...]) -> bool:
        with self.ctx.db.session() as s:
            fence = self.ctx.claim.fence
            listings.describe(s, self.listing_id, title=header.title, channel=header.channel, feed_url=header.feed_url, fence=fence)
            listings.add(s, self.listing_id, entries, self.position, fence=fence)
        self.position += len(entries)
        self.ctx.publish("items")
        return self.position < MOST_ITEMS


def read(ctx: Context) -> None:
    """The stage `list`: everything that the playlist holds, without looking at a single video."""
    found = _listing(ctx)
    ctx.say(0.0, "Asking YouTube")
    with ctx.db.session() as s:
        began = listings.database_now(s)
    reader = _Reader(ctx, found.id)
    with manners.asking(ctx.settings), work_folder(ctx.settings) as folder:
        whole = listing.read(Source("playlist", found.source_id, found.url), ctx.settings, folder, ctx.emit, reader.take)
    if whole and reader.position == 0:
        raise cause("playlist_unavailable")
    with ctx.db.session() as s:
        listings.read_whole(s, found.id, began if whole else found.added_at, fence=ctx.claim.fence)
    ctx.publish("items")


def _listing(ctx: Context) -> Listing:
    with ctx.db.session() as s:
        found = listings.get(s, int(ctx.claim.listing_id or 0))
    if found is None:
        raise listings.no_listing()
    return found
