"""What the page of a list shows, read from the store in one short session."""

from dataclasses import dataclass

from werkzeug.exceptions import NotFound

from pipeline.jobs import FINAL, State
from pipeline.store import jobs, listings
from pipeline.store.database import Database
from pipeline.store.jobs import JobView
from pipeline.store.listings import Filter, Item, Listing
from web import views
from web.views import JobStatus

PAGE = 100
ENDED = ("here", "done", "failed", "cancelled", "gone")
UNDER_WAY = ("waiting", "running")


@dataclass(frozen=True, slots=True)
class ListRows:
    listing: Listing
    counts: dict[str, int]
    """Items by state."""
    items: tuple[Item, ...]
    page: int
    matching: int
    """Items that the filters let through."""
    open: int
    """Of those, how many could be chosen."""
    reading: JobStatus | None
    """The job that reads it, while it runs or when it failed."""

    @property
    def subject(self) -> str:
        return jobs.listing_subject(self.listing.id)

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def chosen(self) -> int:
        """Items that were ever asked for here."""
        return sum(self.counts.get(state, 0) for state in ("done", "failed", "cancelled", *UNDER_WAY))

    @property
    def finished(self) -> int:
        return self.chosen - self.under_way

    @property
    def under_way(self) -> int:
        return sum(self.counts.get(state, 0) for state in UNDER_WAY)

    @property
    def live(self) -> bool:
        return self.under_way > 0 or (self.reading is not None and self.reading.live)

    @property
    def pages(self) -> int:
        return -(-self.matching // PAGE)

    @property
    def title(self) -> str:
        if self.listing.title:
            return self.listing.title
        if self.reading is not None and self.reading.live:
            return "Reading the list"
        return "A list without a title"


def load(db: Database, list_id: int, wanted: Filter, page: int) -> ListRows:
    """Raises: NotFound."""
    with db.session() as s:
        listing = listings.get(s, list_id)
        if listing is None:
            raise NotFound
        job = jobs.reading_of(s, list_id)
        return ListRows(
            listing=listing,
            counts=listings.counts(s, list_id),
            items=listings.items(s, list_id, wanted, offset=page * PAGE, limit=PAGE),
            page=page,
            matching=listings.count(s, list_id, wanted),
            open=listings.count_open(s, list_id, wanted),
            reading=views.job_status(job) if job is not None and _told(job) else None,
        )


def _told(job: JobView) -> bool:
    return job.state not in FINAL or job.state is State.FAILED


@dataclass(frozen=True, slots=True)
class ListCard:
    listing: Listing
    total: int
    done: int
    under_way: int


def recent(db: Database, limit: int = 6) -> tuple[ListCard, ...]:
    """For the library, the newest first."""
    with db.session() as s:
        found = listings.recent(s, limit=limit)
        counted = [listings.counts(s, listing.id) for listing in found]
    return tuple(
        ListCard(listing, sum(counts.values()), counts.get("done", 0) + counts.get("here", 0), sum(counts.get(state, 0) for state in UNDER_WAY))
        for listing, counts in zip(found, counted, strict=True)
    )  # fmt: skip
