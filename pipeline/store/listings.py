"""Playlists, channels, feeds and imports: what is in them, what of it is wanted, and what became of it.

An item is seen, chosen, sent; once it was sent its job says the rest. A listing has few jobs at a time (`take`): the next chosen item gets one when another
ends. So five thousand chosen items are rows in one table and not thirty thousand waiting stages, and two listings take turns.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal, cast

from sqlalchemy import ColumnElement, and_, case, delete, exists, func, null, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session, aliased

from pipeline.errors import InputError, NotFound
from pipeline.jobs import State
from pipeline.store import jobs
from pipeline.store.fences import Fence, fenced
from pipeline.store.listing_tables import Listed, ListingItemRow as Row, ListingRow
from pipeline.store.packing import clean
from pipeline.store.tables import JobRow, RenditionRow, StageRow
from pipeline.types import Entry, Options, public_id

Kind = Literal["playlist", "feed", "import"]


@dataclass(frozen=True, slots=True)
class Listing:
    id: int
    source_id: str
    kind: Kind
    url: str
    title: str
    channel: str | None
    feed_url: str | None
    options: Options
    complete: bool
    listed_at: datetime | None
    added_at: datetime


@dataclass(frozen=True, slots=True)
class Item:
    source_id: str
    kind: str
    url: str
    video_id: str
    title: str
    duration: float | None
    published_at: str | None
    problem: str
    position: int
    state: str
    """new, here, waiting, running, done, failed, cancelled, unavailable, gone (it was summarised and deleted), or list (a playlist in a channel)."""
    job_id: int | None
    error_code: str | None
    error: str | None
    """Also of a job that waits for its next try."""
    options: Options | None = None
    """Its own, where a subscription chose it; None: those of the listing."""


STATES = ("new", "here", "waiting", "running", "done", "failed", "cancelled", "unavailable", "gone", "list")


@dataclass(frozen=True, slots=True)
class Filter:
    """Which items; None and the empty string: any."""

    words: str = ""
    """In the title, in this order, whatever the case."""
    without: str = ""
    min_duration: float | None = None
    max_duration: float | None = None
    after: str | None = None
    """ISO dates, both inclusive; an item without a date is in no range."""
    before: str | None = None
    state: str = ""
    source_ids: tuple[str, ...] | None = None


EVERYTHING = Filter()


def ensure(s: Session, source_id: str, kind: Kind, url: str, title: str = "") -> int:
    """The id of the listing, which has a row from now on; an existing row is left as it is."""
    row = {"source_id": source_id, "kind": kind, "url": url, "title": clean(title)}
    s.execute(upsert(ListingRow).values(row).on_conflict_do_nothing())
    return s.execute(select(ListingRow.id).where(ListingRow.source_id == source_id)).scalar_one()


def get(s: Session, listing_id: int) -> Listing | None:
    row = s.get(ListingRow, listing_id, populate_existing=True)
    return None if row is None else _listing(row)


def find(s: Session, source_id: str) -> int | None:
    return s.execute(select(ListingRow.id).where(ListingRow.source_id == source_id)).scalar_one_or_none()


def recent(s: Session, *, limit: int = 20) -> tuple[Listing, ...]:
    """Newest first."""
    rows = s.execute(select(ListingRow).order_by(ListingRow.added_at.desc(), ListingRow.id.desc()).limit(limit)).scalars()
    return tuple(_listing(row) for row in rows)


def _listing(row: ListingRow) -> Listing:
    return Listing(
        row.id, row.source_id, cast(Kind, row.kind), row.url, row.title, row.channel, row.feed_url, jobs.options_of(row.options), row.complete, row.listed_at,
        row.added_at,
    )  # fmt: skip


def remove(s: Session, listing_id: int) -> bool:
    """The list alone: what was summarised of it stays in the library. What was still to come does not."""
    cancel(s, listing_id)
    return s.execute(delete(ListingRow).where(ListingRow.id == listing_id).returning(ListingRow.id)).scalar_one_or_none() is not None


def submit_reading(s: Session, listing_id: int, stages: Sequence[tuple[str, Any]], *, priority: int) -> jobs.Submission:
    """A job that reads the listing, or the one that is at it.

    Raises:
        NotFound: `no_listing`.
    """
    if s.execute(select(ListingRow.id).where(ListingRow.id == listing_id).with_for_update(key_share=True)).first() is None:
        raise no_listing()
    return jobs.submit_reading(s, listing_id, stages, priority=priority)


def describe(s: Session, listing_id: int, *, title: str, channel: str | None, feed_url: str | None, fence: Fence | None = None) -> None:
    """What the source says of the whole. An empty title does not replace one."""
    fenced(s, fence)
    values: dict[str, Any] = {"channel": None if channel is None else clean(channel)}
    if title:
        values["title"] = clean(title)
    if feed_url:
        values["feed_url"] = feed_url
    s.execute(update(ListingRow).where(ListingRow.id == listing_id).values(values))


def add(s: Session, listing_id: int, entries: Iterable[Entry], first: int, *, fence: Fence | None = None) -> tuple[str, ...]:
    """Entries at `first` and the following positions; those that were not listed before, in their order. What is known already gets its new place and name."""
    fenced(s, fence)
    rows: dict[str, dict[str, Any]] = {}
    for entry in entries:
        rows.setdefault(entry.source_id, _row(listing_id, entry, first + len(rows)))
    if not rows:
        return ()
    known = set(s.execute(select(Row.source_id).where(Row.listing_id == listing_id, Row.source_id.in_(rows))).scalars())
    new = upsert(Row).values(list(rows.values()))
    kept = {name: new.excluded[name] for name in ("position", "title", "problem", "url", "captions_url", "chapters_url")}
    told = {name: func.coalesce(new.excluded[name], getattr(Row, name)) for name in ("duration", "published_at")}
    s.execute(
        new.on_conflict_do_update(index_elements=[Row.listing_id, Row.source_id], set_={**kept, **told, "seen_at": func.clock_timestamp()})
    )
    return tuple(source_id for source_id in rows if source_id not in known)


def _row(listing_id: int, entry: Entry, position: int) -> dict[str, Any]:
    known = {name: value for name, value in asdict(entry).items() if name != "published"}
    return {
        **known, "listing_id": listing_id, "position": position, "title": clean(entry.title), "video_id": public_id(entry.source_id),
        "published_at": entry.published,
    }  # fmt: skip


def first_position(s: Session, listing_id: int) -> int:
    """Where the first item stands; 0 when there is none."""
    return s.execute(select(func.coalesce(func.min(Row.position), 0)).where(Row.listing_id == listing_id)).scalar_one()


def next_position(s: Session, listing_id: int) -> int:
    """Behind the last item; 0 when there is none."""
    return s.execute(select(func.coalesce(func.max(Row.position) + 1, 0)).where(Row.listing_id == listing_id)).scalar_one()


def has(s: Session, listing_id: int, source_id: str) -> bool:
    return s.execute(select(Row.source_id).where(Row.listing_id == listing_id, Row.source_id == source_id)).first() is not None


@dataclass(frozen=True, slots=True)
class Episode:
    """What a feed says of one of its recordings."""

    channel: str
    title: str
    duration: float | None
    published_at: str | None
    captions_url: str | None
    chapters_url: str | None


def episode(s: Session, video_id: str) -> Episode | None:
    """As the feed that was read last has it; None: it is in no feed."""
    columns = (ListingRow.title, Row.title, Row.duration, Row.published_at, Row.captions_url, Row.chapters_url)
    query = select(*columns).join(ListingRow, ListingRow.id == Row.listing_id).where(Row.video_id == video_id, ListingRow.kind == "feed")
    found = s.execute(query.order_by(Row.seen_at.desc()).limit(1)).first()
    return None if found is None else Episode(*found)


def read_whole(s: Session, listing_id: int, began: datetime, *, fence: Fence | None = None) -> None:
    """It was read to its end: what nobody asked for and is not in it any more goes."""
    fenced(s, fence)
    s.execute(delete(Row).where(Row.listing_id == listing_id, Row.stage == Listed.SEEN, Row.seen_at < began))
    s.execute(update(ListingRow).where(ListingRow.id == listing_id).values(complete=True, listed_at=func.clock_timestamp()))


def database_now(s: Session) -> datetime:
    return cast(datetime, s.execute(select(func.clock_timestamp())).scalar_one())


_IN_LIBRARY = exists().where(RenditionRow.video_id == Row.video_id, RenditionRow.complete)
_STATE: ColumnElement[str] = case(
    (Row.kind == "playlist", "list"),
    (and_(Row.stage == Listed.SENT, JobRow.state.is_not(None)), JobRow.state),
    (Row.stage == Listed.CHOSEN, "waiting"),
    (_IN_LIBRARY, case((Row.stage == Listed.SENT, "done"), else_="here")),
    (Row.stage == Listed.SENT, "gone"),
    (Row.stage == Listed.DROPPED, "cancelled"),
    (Row.problem != "", "unavailable"),
    else_="new",
)
"""One of STATES."""


def items(s: Session, listing_id: int, wanted: Filter = EVERYTHING, *, offset: int = 0, limit: int = 100) -> tuple[Item, ...]:
    """In the order of the source."""
    query = _found(select(Row, _STATE, JobRow.id), listing_id, wanted).order_by(Row.position, Row.source_id).offset(offset).limit(limit)
    rows = s.execute(query).all()
    troubles = _troubles(s, [row[2] for row in rows if row[2] is not None])
    return tuple(_item(row, state, job_id, *troubles.get(job_id, (None, None))) for row, state, job_id in rows)


def _item(row: Row, state: str, job_id: int | None, error_code: str | None, error: str | None) -> Item:
    own = None if row.options is None else jobs.options_of(row.options)
    return Item(
        row.source_id, row.kind, row.url, row.video_id, row.title, row.duration, row.published_at, row.problem, row.position, state, job_id, error_code, error, own,
    )  # fmt: skip


def _troubles(s: Session, job_ids: Sequence[int]) -> Mapping[int | None, tuple[str, str]]:
    """Code and sentence of the stage that failed or waits for its next try, by job."""
    query = select(StageRow.job_id, StageRow.error_code, StageRow.error).where(
        StageRow.job_id.in_(job_ids), StageRow.error_code.is_not(None)
    )
    return {row.job_id: (row.error_code or "", row.error or "") for row in s.execute(query)} if job_ids else {}


def count(s: Session, listing_id: int, wanted: Filter = EVERYTHING) -> int:
    return int(s.execute(_found(select(func.count()).select_from(Row), listing_id, wanted)).scalar_one())


_OPEN = _STATE.in_(("new", "cancelled"))
"""Nobody asks for it now, and it can be watched."""


def count_open(s: Session, listing_id: int, wanted: Filter = EVERYTHING) -> int:
    """How many of them `choose` would mark."""
    return int(s.execute(_found(select(func.count()).select_from(Row), listing_id, wanted).where(_OPEN)).scalar_one())


def counts(s: Session, listing_id: int) -> dict[str, int]:
    """Items by state; states that none is in are left out."""
    query = _found(select(_STATE, func.count()).select_from(Row), listing_id, EVERYTHING).group_by(_STATE)
    return {str(state): number for state, number in s.execute(query)}


def _found(query: Any, listing_id: int, wanted: Filter) -> Any:
    """`query` over items with their jobs, of this listing and under these conditions."""
    return query.outerjoin(JobRow, JobRow.id == Row.job_id).where(Row.listing_id == listing_id, *conditions(wanted))


def conditions(wanted: Filter) -> list[ColumnElement[bool]]:
    """For queries of this room over items and their jobs."""
    found: list[ColumnElement[bool]] = []
    words, without = clean(wanted.words), clean(wanted.without)
    if words:
        found.append(Row.title.icontains(words, autoescape=True))
    if without:
        found.append(~Row.title.icontains(without, autoescape=True))
    if wanted.min_duration is not None:
        found.append(Row.duration >= wanted.min_duration)
    if wanted.max_duration is not None:
        found.append(Row.duration <= wanted.max_duration)
    if wanted.after:
        found.append(Row.published_at >= wanted.after)
    if wanted.before:
        found.append(Row.published_at <= wanted.before)
    if wanted.state:
        found.append(_STATE.in_((wanted.state,)))
    if wanted.source_ids is not None:
        found.append(Row.source_id.in_(wanted.source_ids))
    return found


def choose(s: Session, listing_id: int, wanted: Filter, options: Options, *, first: int | None = None) -> int:
    """Marks items to be summarised, in the order of the source, `first` of them at most; how many. Only those that nobody asks for now and that can be watched: what the stages of a
    cancelled one had stored is used again.

    `options` hold for all of this listing that have no job yet.

    Raises:
        NotFound: `no_listing`.
    """
    if _lock(s, listing_id) is None:
        raise no_listing()
    chosen = _found(select(Row.source_id), listing_id, wanted).where(_OPEN).order_by(Row.position, Row.source_id).limit(first)
    which = and_(Row.listing_id == listing_id, Row.source_id.in_(chosen))
    done = s.execute(
        update(Row).where(which).values(stage=Listed.CHOSEN, job_id=None, options=null()).returning(Row.source_id), execution_options={"synchronize_session": False}
    )
    number = len(done.all())
    s.execute(update(ListingRow).where(ListingRow.id == listing_id).values(options=asdict(options)))
    return number


def retry(s: Session, listing_id: int) -> int:
    """What failed or was cancelled is chosen again; how many. What their stages had stored is used again."""
    if _lock(s, listing_id) is None:
        raise no_listing()
    ended = select(JobRow.id).where(JobRow.state.in_((State.FAILED, State.CANCELLED)))
    which = or_(Row.stage == Listed.DROPPED, and_(Row.stage == Listed.SENT, Row.job_id.in_(ended)))
    again = update(Row).where(Row.listing_id == listing_id, which).values(stage=Listed.CHOSEN, job_id=None).returning(Row.source_id)
    return len(s.execute(again, execution_options={"synchronize_session": False}).all())


def cancel(s: Session, listing_id: int) -> tuple[str, ...]:
    """Nothing more of it is begun, and what runs for it alone is stopped: their videos. What somebody pasted besides goes on.

    Raises:
        NotFound: `no_listing`.
    """
    if _lock(s, listing_id) is None:
        raise no_listing()
    which = and_(Row.listing_id == listing_id, Row.stage == Listed.CHOSEN)
    s.execute(update(Row).where(which).values(stage=Listed.DROPPED))
    other = aliased(Row)
    wanted = exists().where(other.job_id == JobRow.id, other.listing_id != listing_id)
    running = s.execute(
        select(JobRow.id, JobRow.video_id).where(
            or_(JobRow.listing_id == listing_id, and_(JobRow.id.in_(select(Row.job_id).where(Row.listing_id == listing_id)), ~wanted)),
            JobRow.state.in_(jobs.UNFINISHED), or_(JobRow.priority >= jobs.BATCH, JobRow.listing_id.is_not(None)),
        ).order_by(JobRow.id)
    ).all()  # fmt: skip
    for job_id, _ in running:
        jobs.cancel(s, job_id)
    return tuple(video_id for _, video_id in running if video_id)


def in_need(s: Session) -> tuple[int, ...]:
    """Listings with chosen items that have no job yet; the one that waited longest for its next first."""
    last = select(func.coalesce(func.max(Row.job_id), 0)).where(Row.listing_id == ListingRow.id).scalar_subquery()
    waiting = exists().where(Row.listing_id == ListingRow.id, Row.stage == Listed.CHOSEN)
    return tuple(s.execute(select(ListingRow.id).where(waiting).order_by(last)).scalars())


_SHOWN_LATER = exists().where(
    StageRow.job_id == JobRow.id, StageRow.state == State.WAITING, StageRow.error_code.in_(("live_upcoming", "live_now", "live_processing"))
)
"""Its video is live or has not begun: it may wait for days, and the others of its list shall not."""


def take(s: Session, listing_id: int, window: int) -> tuple[Item, ...]:
    """Chosen items that may be sent now, so that no more than `window` of this listing's jobs are unfinished. The listing is locked until the transaction ends: say
    `sent` of each before."""
    if _lock(s, listing_id) is None:
        return ()
    busy = s.execute(
        select(func.count(func.distinct(Row.job_id))).join(JobRow, JobRow.id == Row.job_id)
        .where(Row.listing_id == listing_id, Row.stage == Listed.SENT, JobRow.state.in_(jobs.UNFINISHED), ~_SHOWN_LATER)
    ).scalar_one()  # fmt: skip
    if busy >= window:
        return ()
    chosen = select(Row.source_id).where(Row.listing_id == listing_id, Row.stage == Listed.CHOSEN).order_by(Row.position, Row.source_id)
    ids = tuple(s.execute(chosen.limit(window - busy)).scalars())
    return items(s, listing_id, Filter(source_ids=ids), limit=window) if ids else ()


def sent(s: Session, listing_id: int, source_id: str, job_id: int | None) -> None:
    """It has this job now; None: everything was there already."""
    s.execute(update(Row).where(Row.listing_id == listing_id, Row.source_id == source_id).values(stage=Listed.SENT, job_id=job_id))


def of_job(s: Session, job_id: int) -> tuple[int, ...]:
    """Listings that wait for this job."""
    return tuple(s.execute(select(Row.listing_id).where(Row.job_id == job_id).distinct()).scalars())


def _lock(s: Session, listing_id: int) -> int | None:
    return s.execute(select(ListingRow.id).where(ListingRow.id == listing_id).with_for_update()).scalar_one_or_none()


def bad_state(state: str) -> InputError:
    return InputError("bad_filter", f"There is no state {state[:20]!r}; there are {', '.join(STATES)}.")


def no_listing() -> NotFound:
    return NotFound("no_listing", "This list is not there any more.")
