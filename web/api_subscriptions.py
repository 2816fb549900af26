"""The JSON API of subscriptions, under /api/v1/subscriptions."""

from typing import Any

from flask import Blueprint

from pipeline.source.links import read_link
from pipeline.store import listings, subscriptions as stored
from pipeline.store.listings import Filter, Listing
from pipeline.store.subscriptions import FILTERS, Subscription, Wanted
from web import submit, subscription_schemas as schemas, subscriptions
from web.security import job_number
from web.services import services
from web.spec import responses, spec

blueprint = Blueprint("api_subscriptions", __name__, url_prefix="/api/v1/subscriptions")

Answer = tuple[Any, int]


@blueprint.get("")
@spec.validate(resp=responses(HTTP_200=schemas.Subscriptions), tags=["subscriptions"])
def followed() -> schemas.Subscriptions:
    """All, the newest first."""
    with services().db.session() as s:
        found = stored.followed(s)
    return schemas.Subscriptions(subscriptions=[body(listing, subscription) for listing, subscription in found])


@blueprint.post("")
@spec.validate(resp=responses(HTTP_201=schemas.SubscriptionBody), tags=["subscriptions"])
def create(json: schemas.SubscriptionRequest) -> Answer:
    """Follow a channel or playlist: what is new in it is summarised by itself. It is looked at at once; nothing old is summarised unless `backlog` says so."""
    options = submit.options(json.language, json.length.value)
    wanted = Wanted(options, filter_of(json.filters), json.every, json.backlog)
    return one_of(subscriptions.subscribe(services(), read_link(json.url, services().hosts), wanted)), 201


@blueprint.get("/<list_id>")
@spec.validate(resp=responses(HTTP_200=schemas.SubscriptionBody), tags=["subscriptions"])
def one(list_id: str) -> schemas.SubscriptionBody:
    """How a list is followed, when it is looked at next, and what the last look found."""
    return one_of(job_number(list_id))


@blueprint.patch("/<list_id>")
@spec.validate(resp=responses(HTTP_200=schemas.SubscriptionBody), tags=["subscriptions"])
def change(list_id: str, json: schemas.SubscriptionChange) -> schemas.SubscriptionBody:
    """Follow it otherwise, pause it or go on."""
    number = job_number(list_id)
    given = json.model_fields_set
    if given - {"paused"}:
        _, now = _load(number)
        language = json.language if "language" in given else now.options.language
        options = submit.options(language, (json.length or now.options.length).value)
        filters = now.filters if json.filters is None else filter_of(json.filters)
        subscriptions.start(services(), number, Wanted(options, filters, json.every or now.every, json.backlog))
    if json.paused is not None:
        subscriptions.pause(services(), number, json.paused)
    return one_of(number)


@blueprint.post("/<list_id>/check")
@spec.validate(resp=responses(HTTP_202=schemas.SubscriptionBody), tags=["subscriptions"])
def check(list_id: str) -> Answer:
    """Look now, also at one that is paused."""
    subscriptions.look(services(), job_number(list_id))
    return one_of(job_number(list_id)), 202


@blueprint.delete("/<list_id>")
@spec.validate(resp=responses(HTTP_204=None), tags=["subscriptions"])
def delete(list_id: str) -> Answer:
    """Follow it no longer. What was summarised stays."""
    subscriptions.stop(services(), job_number(list_id))
    return "", 204


def filter_of(given: schemas.SubscriptionFilter) -> Filter:
    return Filter(**{name: getattr(given, name) for name in FILTERS})


def one_of(list_id: int) -> schemas.SubscriptionBody:
    return body(*_load(list_id))


def _load(list_id: int) -> tuple[Listing, Subscription]:
    """Raises: NotFound: `no_subscription`."""
    with services().db.session() as s:
        listing, subscription = listings.get(s, list_id), stored.get(s, list_id)
    if listing is None or subscription is None:
        raise stored.no_subscription()
    return listing, subscription


def body(listing: Listing, found: Subscription) -> schemas.SubscriptionBody:
    return schemas.SubscriptionBody(
        id=listing.id, url=listing.url, title=listing.title, channel=listing.channel, language=found.options.language, length=found.options.length.value,
        every=found.every, filters=schemas.SubscriptionFilter(**{name: getattr(found.filters, name) for name in FILTERS}), paused=found.paused,
        next_check=found.next_check, last_checked=found.last_checked, result=found.result, found=found.found, error=found.error, failures=found.failures,
        page=f"/l/{listing.id}", feed=f"/l/{listing.id}/feed.xml",
    )  # fmt: skip
