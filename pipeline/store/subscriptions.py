"""Listings that are followed: when they are looked at next, what came of the last look, and which of their items are new.

New is what was found after the last look. In a channel, whose newest items come first, it must also stand before one that was known then: what a first whole
reading finds further down is old. In a playlist, where people add at either end, everything that was not there is new.

Rows are locked in one order, the listing before its subscription.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, exists, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from pipeline.errors import InputError, NotFound, NutshellError
from pipeline.store import jobs, listings
from pipeline.store.fences import Fence, fenced
from pipeline.store.listing_tables import Listed, ListingItemRow as Row, ListingRow, SubscriptionRow
from pipeline.store.listings import Filter, Listing
from pipeline.store.packing import clean
from pipeline.types import Entry, Options

EVERY = 6 * 3600.0
"""Seconds between two looks, unless somebody says otherwise."""
LEAST, MOST = 900.0, 30 * 24 * 3600.0
LONGEST_PAUSE = 7 * 24 * 3600.0
"""What fails again and again is looked at this often."""
SOON = 300.0
"""When the listing was just being read for another reason."""
UNTIMED_DAYS = 14
"""So long a filter by length waits for the length of what is still live or to come."""
FILTERS = ("words", "without", "min_duration", "max_duration")
MOST_BACKLOG = 1000


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody asks for who follows a listing."""

    options: Options = field(default_factory=Options)
    filters: Filter = listings.EVERYTHING
    """Only those of FILTERS count."""
    every: float = EVERY
    backlog: int = 0
    """So many of the newest that are there already."""

    def __post_init__(self) -> None:
        """Raises: InputError: `bad_every`, `bad_backlog`."""
        if not LEAST <= self.every <= MOST:
            raise InputError("bad_every", "A subscription is looked at every 15 minutes at the most often, and every 30 days at the least.")
        if not 0 <= self.backlog <= MOST_BACKLOG:
            raise InputError("bad_backlog", f"The backlog is a number from 0 to {MOST_BACKLOG}.")


@dataclass(frozen=True, slots=True)
class Subscription:
    listing_id: int
    options: Options
    filters: Filter
    paused: bool
    every: float
    backlog: int
    """Still to be chosen, with the next look."""
    since: datetime | None
    size: int | None
    """How many items the source said it holds."""
    next_check: datetime
    last_checked: datetime | None
    result: str
    """Of the last look: new, nothing, or a code of errors.py; empty: there was none."""
    found: int
    """New items of the last look that passed the filters."""
    error: str
    """A sentence; empty: the last look went well."""
    failures: int
    """In a row."""
    created_at: datetime

    @property
    def by_length(self) -> bool:
        return self.filters.min_duration is not None or self.filters.max_duration is not None


def follow(s: Session, listing_id: int, wanted: Wanted, *, within: float = 0.0) -> None:
    """From now on; one that is followed already is followed as is `wanted` now, and stays paused where it is. `within`: the first look comes at a moment of these seconds.

    Raises:
        NotFound: `no_listing`.
    """
    if s.execute(select(ListingRow.id).where(ListingRow.id == listing_id).with_for_update(read=True, key_share=True)).first() is None:
        raise listings.no_listing()
    values = {
        "options": asdict(wanted.options), "filters": _stored(wanted.filters), "every": wanted.every, "backlog": wanted.backlog,
        "next_check": _at(func.random() * within),
    }  # fmt: skip
    row = upsert(SubscriptionRow).values(listing_id=listing_id, paused=False, **values)
    s.execute(row.on_conflict_do_update(index_elements=[SubscriptionRow.listing_id], set_=values))


def _stored(filters: Filter) -> dict[str, Any]:
    return {name: clean(value) if isinstance(value := getattr(filters, name), str) else value for name in FILTERS}


def _at(seconds: Any) -> Any:
    """So many seconds from now, on the database's clock."""
    return func.clock_timestamp() + func.make_interval(0, 0, 0, 0, 0, 0, seconds)


def _jittered(seconds: Any) -> Any:
    """A tenth more or less, so that a hundred subscriptions do not come at once for ever."""
    return _at(seconds * (0.9 + 0.2 * func.random()))


def get(s: Session, listing_id: int) -> Subscription | None:
    row = s.get(SubscriptionRow, listing_id, populate_existing=True)
    return None if row is None else _subscription(row)


def _subscription(row: SubscriptionRow) -> Subscription:
    names = {each.name for each in fields(Subscription)} - {"options", "filters"}
    known = {name: getattr(row, name) for name in names}
    filters = Filter(**{name: row.filters[name] for name in FILTERS if name in row.filters})
    return Subscription(options=jobs.options_of(row.options), filters=filters, **known)


def followed(s: Session) -> tuple[tuple[Listing, Subscription], ...]:
    """All, the newest first."""
    rows = s.execute(select(SubscriptionRow).order_by(SubscriptionRow.created_at.desc(), SubscriptionRow.listing_id.desc())).scalars().all()
    found = [(listings.get(s, row.listing_id), _subscription(row)) for row in rows]
    return tuple((listing, subscription) for listing, subscription in found if listing is not None)


def is_any(s: Session) -> bool:
    return bool(s.execute(select(exists(select(SubscriptionRow.listing_id)))).scalar_one())


def set_paused(s: Session, listing_id: int, paused: bool) -> None:
    """Raises: NotFound: `no_subscription`."""
    changed = update(SubscriptionRow).where(SubscriptionRow.listing_id == listing_id).values(paused=paused)
    if s.execute(changed.returning(SubscriptionRow.listing_id)).first() is None:
        raise no_subscription()


def unfollow(s: Session, listing_id: int) -> None:
    """What was chosen stays chosen. Raises: NotFound: `no_subscription`."""
    gone = delete(SubscriptionRow).where(SubscriptionRow.listing_id == listing_id).returning(SubscriptionRow.listing_id)
    if s.execute(gone).first() is None:
        raise no_subscription()


def due(s: Session, limit: int = 100) -> tuple[int, ...]:
    """Listings to be looked at now, those that wait longest first. `take` each of them."""
    now = SubscriptionRow.next_check <= func.clock_timestamp()
    query = select(SubscriptionRow.listing_id).where(~SubscriptionRow.paused, now).order_by(SubscriptionRow.next_check).limit(limit)
    return tuple(s.execute(query).scalars())


def take(s: Session, listing_id: int) -> bool:
    """Whether the caller is the one who has it looked at now; two who ask at once are never both. The next look is an interval away from then on."""
    if s.execute(select(ListingRow.id).where(ListingRow.id == listing_id).with_for_update(read=True, key_share=True)).first() is None:
        return False
    now = SubscriptionRow.next_check <= func.clock_timestamp()
    mine = select(SubscriptionRow.listing_id).where(SubscriptionRow.listing_id == listing_id, ~SubscriptionRow.paused, now)
    free = mine.with_for_update(skip_locked=True).scalar_subquery()
    taken = update(SubscriptionRow).where(SubscriptionRow.listing_id == free).values(next_check=_jittered(SubscriptionRow.every))
    return s.execute(taken.returning(SubscriptionRow.listing_id), execution_options={"synchronize_session": False}).first() is not None


def put_off(s: Session, listing_id: int) -> None:
    """It is being read for another reason; the look comes soon afterwards."""
    s.execute(update(SubscriptionRow).where(SubscriptionRow.listing_id == listing_id).values(next_check=_jittered(SOON)))


def unknown(s: Session, listing_id: int, entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Those that are not listed yet, each once, in their order."""
    once = {entry.source_id: entry for entry in entries}
    known = set(s.execute(select(Row.source_id).where(Row.listing_id == listing_id, Row.source_id.in_(once))).scalars())
    return tuple(entry for source_id, entry in once.items() if source_id not in known)


def waits_for_length(s: Session, listing_id: int, any_order: bool) -> bool:
    """Whether something new cannot be judged by the filters before its length is told."""
    row = s.get(SubscriptionRow, listing_id)
    if row is None or row.since is None or not _subscription(row).by_length:
        return False
    return bool(s.execute(select(exists(select(Row.source_id).where(_fresh(row, any_order), _untimed())))).scalar_one())


def consider(s: Session, listing_id: int, *, any_order: bool, timeless: bool = False, fence: Fence | None = None) -> int:
    """Chooses what is new and passes the filters, and as much of the backlog as is wanted; how many.

    Args:
        any_order: new items may stand anywhere in it.
        timeless: its source never tells how long items are, so that filters by length say nothing.

    Raises:
        NotFound: `no_listing`.
        LeaseLost: see fenced().
    """
    fenced(s, fence)
    if s.execute(select(ListingRow.id).where(ListingRow.id == listing_id).with_for_update()).first() is None:
        raise listings.no_listing()
    row = s.execute(select(SubscriptionRow).where(SubscriptionRow.listing_id == listing_id).with_for_update()).scalar_one_or_none()
    if row is None:
        return 0
    filters = _subscription(row).filters
    if timeless:
        filters = Filter(words=filters.words, without=filters.without)
    passing = listings.conditions(filters)
    number = _choose(s, row, and_(_fresh(row, any_order), *passing)) if row.since else 0
    if row.backlog:
        newest = select(Row.source_id).where(_open(listing_id), *passing).order_by(Row.position, Row.source_id).limit(row.backlog)
        number += _choose(s, row, and_(Row.listing_id == listing_id, Row.source_id.in_(newest)))
    row.since = _judged_until(s, row, any_order) if row.since and not timeless and _subscription(row).by_length else func.clock_timestamp()
    row.backlog = 0
    row.result, row.found, row.error, row.failures = "new" if number else "nothing", number, "", 0
    row.last_checked, row.next_check = func.clock_timestamp(), _jittered(row.every)
    s.flush()
    return number


def _choose(s: Session, row: SubscriptionRow, which: ColumnElement[bool]) -> int:
    values = {"stage": Listed.CHOSEN, "options": row.options, "followed_at": func.statement_timestamp()}
    chosen = update(Row).where(which).values(values).returning(Row.source_id)
    return len(s.execute(chosen, execution_options={"synchronize_session": False}).all())


def _open(listing_id: int) -> ColumnElement[bool]:
    """Nobody asked for it, and it can be watched, now or once it has been shown."""
    return and_(Row.listing_id == listing_id, Row.stage == Listed.SEEN, Row.kind != "playlist", Row.problem.in_(("", "live_upcoming")))


def _fresh(row: SubscriptionRow, any_order: bool) -> ColumnElement[bool]:
    new = and_(_open(row.listing_id), Row.found_at > row.since)
    if any_order:
        return new
    inner = select(Row.position).where(Row.listing_id == row.listing_id, Row.found_at <= row.since).subquery()
    last_known = select(func.max(inner.c.position)).scalar_subquery()
    return and_(new, or_(last_known.is_(None), Row.position < last_known))


def _untimed() -> ColumnElement[bool]:
    return and_(Row.duration.is_(None), Row.found_at > _at(-UNTIMED_DAYS * 24 * 3600.0))


def _judged_until(s: Session, row: SubscriptionRow, any_order: bool) -> datetime:
    """Now, or the moment before the first was found whose length is still not told: it counts as new until it is."""
    filters = _subscription(row).filters
    title = listings.conditions(Filter(words=filters.words, without=filters.without))
    first = s.execute(select(func.min(Row.found_at)).where(_fresh(row, any_order), _untimed(), *title)).scalar_one()
    return listings.database_now(s) if first is None else first - timedelta(microseconds=1)


def has_size(s: Session, listing_id: int, size: int | None, *, fence: Fence | None = None) -> None:
    """What the source says of its size, when it was read whole."""
    fenced(s, fence)
    s.execute(update(SubscriptionRow).where(SubscriptionRow.listing_id == listing_id).values(size=size))


def failed(s: Session, listing_id: int, error: NutshellError, *, soon: bool, fence: Fence | None = None) -> None:
    """The look came to nothing: the next is later every time, from a quarter of an hour on (`soon`: the source is not to blame) or twice the interval, to a week.

    Raises:
        LeaseLost: see fenced().
    """
    fenced(s, fence)
    row = s.execute(select(SubscriptionRow).where(SubscriptionRow.listing_id == listing_id).with_for_update()).scalar_one_or_none()
    if row is None:
        return
    row.failures += 1
    row.result, row.found, row.error = error.code, 0, clean(str(error))
    row.last_checked, row.next_check = func.clock_timestamp(), _jittered(pause(row.every, row.failures, soon=soon))
    s.flush()


def pause(every: float, failures: int, *, soon: bool) -> float:
    """Seconds after so many failures in a row."""
    return min((LEAST if soon else 2 * every) * 2.0 ** min(failures - 1, 20), max(LONGEST_PAUSE, every))


def no_subscription() -> NotFound:
    return NotFound("no_subscription", "This is not followed. `nutshell subscriptions` shows what is.")
