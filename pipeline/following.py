"""Looking at a listing that is followed: what is new in it, as cheaply as can be told, and what of it is wanted.

A channel is looked at by its feed, one small file; by its pages, the newest first, only where the feed does not tell. A playlist grows at either end, and its feed
shows the first fifteen: a longer one is read whole, unless its first page says that it holds as many as the last time.
"""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pipeline import manners
from pipeline.context import Context
from pipeline.errors import InputError, NotFound, NutshellError, SourceError
from pipeline.listings import Reader, describe, listing_of, read_whole
from pipeline.source import listing
from pipeline.source.links import Source
from pipeline.store import listings, subscriptions
from pipeline.store.database import Session
from pipeline.store.listings import Listing
from pipeline.store.subscriptions import Subscription
from pipeline.types import Entry
from pipeline.workplace import work_folder

FEED_ITEMS = 15
"""That a feed of YouTube's shows."""
GRID = 30
"""Entries that YouTube hands out at once of a channel."""
MOST_NEW = 1000
"""Read in search of one that is known."""
_CHANNEL = re.compile(r"https://www\.youtube\.com/(?!playlist\?list=(?!UU)).+")


def check(ctx: Context) -> None:
    """The stage `check`: what is new and passes the filters is chosen. A source that cannot be had is remembered with the subscription, which comes again later;
    the job has failed then, and is not tried again."""
    found = listing_of(ctx)
    with ctx.db.session() as s:
        wanted = subscriptions.get(s, found.id)
    if wanted is None:  # nobody follows it any more
        return
    ctx.say(0.0, "Looking for new items")
    try:
        _look(ctx, found, wanted)
    except (SourceError, InputError) as error:
        if error.code in manners.REFUSALS or isinstance(error, NotFound):  # everybody waits; or it was deleted
            raise
        soon = error.retryable or error.code in manners.UNSURE
        with ctx.db.session() as s:
            subscriptions.failed(s, found.id, error, soon=soon, fence=ctx.claim.fence)
        raise _for_good(error) from error
    with ctx.db.session() as s:
        subscriptions.consider(s, found.id, any_order=_any_order(found), timeless=_timeless(found), fence=ctx.claim.fence)
    ctx.publish("items")


def _for_good(error: NutshellError) -> NutshellError:
    """The same, not to be tried again by the queue."""
    return type(error)(error.code, str(error))


def _any_order(found: Listing) -> bool:
    """New items may come anywhere in it, as in all but the tabs and the uploads of a channel."""
    return not (found.kind == "playlist" and _CHANNEL.fullmatch(found.url))


def _timeless(found: Listing) -> bool:
    """YouTube does not tell how long shorts are."""
    return found.url.endswith("/shorts")


def _look(ctx: Context, found: Listing, wanted: Subscription) -> None:
    """Brings the listing up to date, so far as is needed to tell what is new."""
    if _feed_may_tell(ctx, found, wanted) and _by_feed(ctx, found, wanted):
        return
    if _any_order(found):
        reader = _Again(ctx, found.id, size=wanted.size)
        read_whole(ctx, found, reader)
        with ctx.db.session() as s:
            subscriptions.has_size(s, found.id, reader.size, fence=ctx.claim.fence)
    else:
        _by_pages(ctx, found, wanted)


def _feed_may_tell(ctx: Context, found: Listing, wanted: Subscription) -> bool:
    if found.feed_url is None or not (wanted.since or found.complete):
        return False
    with ctx.db.session() as s:
        if subscriptions.waits_for_length(s, found.id, _any_order(found)):  # a feed tells no lengths
            return False
        return not _any_order(found) or (found.complete and listings.count(s, found.id) < FEED_ITEMS)


def _by_feed(ctx: Context, found: Listing, wanted: Subscription) -> bool:
    """Whether the feed was enough: some of it was known, so that nothing lies between, and no filter needs what it does not tell."""
    assert found.feed_url
    try:
        with manners.glancing(ctx.settings), work_folder(ctx.settings) as folder:
            entries = listing.newest(found.feed_url, ctx.settings, folder, ctx.emit)
    except (SourceError, InputError) as error:
        if error.code not in ("playlist_unavailable", "bad_feed"):
            raise
        return False  # the pages say whether it is really gone
    with ctx.db.session() as s:
        new = subscriptions.unknown(s, found.id, entries)
        if len(new) == len(entries) or (new and wanted.by_length and not _timeless(found)):
            return False
        _in_front(ctx, s, found.id, new)
    return True


def _in_front(ctx: Context, s: Session, listing_id: int, entries: tuple[Entry, ...]) -> None:
    listings.add(s, listing_id, entries, listings.first_position(s, listing_id) - len(entries), fence=ctx.claim.fence)


@dataclass(slots=True)
class _Again(Reader):
    """Reads a list whole, unless its first page says that nothing has changed: as many items as the last time, and none here that is new."""

    size: int | None = None
    """In: what it said the last time. Out: what it says now."""

    def take(self, header: listing.Header, entries: tuple[Entry, ...]) -> bool:
        if self.position == 0:
            with self.ctx.db.session() as s:
                any_new = bool(subscriptions.unknown(s, self.listing_id, entries))
            self.as_before = header.count is not None and header.count == self.size and not any_new
            self.size = header.count
        return not self.as_before and super(_Again, self).take(header, entries)  # slots make another class of it, which a bare super() misses


@dataclass(slots=True)
class _Newest:
    """Collects the newest items up to the last known one of the first page that has any; `take` is called by the conversation with the child."""

    ctx: Context
    listing_id: int
    most: int
    """Items, where nothing is known yet."""
    entries: list[Entry] = field(default_factory=list)
    met: bool = False
    """A known one."""

    def take(self, header: listing.Header, entries: tuple[Entry, ...]) -> bool:
        with self.ctx.db.session() as s:
            describe(self.ctx, s, self.listing_id, header)
            new = {entry.source_id for entry in subscriptions.unknown(s, self.listing_id, entries)}
        known = [index for index, entry in enumerate(entries) if entry.source_id not in new]
        self.entries += entries[: known[-1] + 1] if known else entries
        self.met = bool(known)
        return not self.met and len(self.entries) < self.most


def _by_pages(ctx: Context, found: Listing, wanted: Subscription) -> None:
    with ctx.db.session() as s:
        had = listings.count(s, found.id)
    newest = _Newest(ctx, found.id, MOST_NEW if had else max(GRID, wanted.backlog))
    with manners.asking(ctx.settings), work_folder(ctx.settings) as folder:
        listing.read(Source("playlist", found.source_id, found.url), ctx.settings, folder, ctx.emit, newest.take, page=GRID)
    entries = tuple(newest.entries)
    if had and wanted.since and not newest.met:
        entries = _dated(entries, wanted.last_checked or wanted.since)
    with ctx.db.session() as s:
        _in_front(ctx, s, found.id, entries)


def _dated(entries: tuple[Entry, ...], last: datetime) -> tuple[Entry, ...]:
    """Those of this day and later. Where nothing that was known is left only the dates say what is new: else a channel that removed its newest would be summarised
    from its beginnings."""
    first = (last - timedelta(days=1)).date().isoformat()
    return tuple(entry for entry in entries if entry.published and entry.published >= first)
