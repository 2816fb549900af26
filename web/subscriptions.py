"""Subscriptions as pages and API use them: what is shown of one, and what is done with it."""

from dataclasses import dataclass

from pipeline import broker, run
from pipeline.errors import ModelError
from pipeline.source.links import Source
from pipeline.store import listings, subscriptions
from pipeline.store.subscriptions import EVERY, Subscription, Wanted
from web.interface import N_, say
from web.services import Services

INTERVALS = ((900.0, N_("15 minutes")), (3600.0, N_("hour")), (EVERY, N_("6 hours")), (24 * 3600.0, N_("day")), (7 * 24 * 3600.0, N_("week")))
"""Offered in the menu; the API takes any."""


@dataclass(frozen=True, slots=True)
class Follow:
    """What the part `follow` of a list's page shows."""

    id: int
    subscription: Subscription | None
    intervals: tuple[tuple[float, str], ...]
    can: bool
    """There is somewhere to look again."""

    @property
    def wanted(self) -> Wanted:
        """As it is now; else as it would be."""
        found = self.subscription
        return Wanted(found.options, found.filters, found.every) if found else Wanted()

    @property
    def interval(self) -> str:
        return dict(self.intervals)[self.wanted.every]


def load(found: Services, list_id: int) -> Follow:
    """Raises: NotFound: `no_listing`."""
    with found.db.session() as s:
        listing, subscription = listings.get(s, list_id), subscriptions.get(s, list_id)
    if listing is None:
        raise listings.no_listing()
    every = subscription.every if subscription else EVERY
    own = () if every in dict(INTERVALS) else ((every, say("%(count)s hours", count=f"{every / 3600:g}")),)
    return Follow(list_id, subscription, INTERVALS + own, listing.kind != "import" and not run.holds_lists(listing.url))


def is_any(found: Services) -> bool:
    """For the navigation of every page. A database that is away is said by the pages that need one."""
    try:
        with found.db.session() as s:
            return subscriptions.is_any(s)
    except ModelError:
        return False


def start(found: Services, list_id: int, wanted: Wanted) -> None:
    """Follows a list, or changes how it is followed. Raises: NotFound; InputError: `not_followed`."""
    _announced(found, run.follow(found.db, list_id, wanted))


def subscribe(found: Services, source: Source, wanted: Wanted) -> int:
    """The same by its link; the number of the list. Raises: InputError: `bad_link`, `not_followed`."""
    following = run.subscribe(found.db, source, wanted)
    _announced(found, following)
    return following.listing_id


def _announced(found: Services, following: run.Following) -> None:
    broker.announce_all(found.settings, following.hints)


def look(found: Services, list_id: int) -> None:
    """Now. Raises: NotFound: `no_subscription`."""
    broker.announce_all(found.settings, (run.check(found.db, list_id),))


def pause(found: Services, list_id: int, paused: bool) -> None:
    """Raises: NotFound: `no_subscription`."""
    with found.db.session() as s:
        subscriptions.set_paused(s, list_id, paused)


def stop(found: Services, list_id: int) -> None:
    """Raises: NotFound: `no_subscription`."""
    with found.db.session() as s:
        subscriptions.unfollow(s, list_id)
