"""The JSON API of playlists, channels and imports, under /api/v1/lists."""

from dataclasses import fields
from typing import Any

from flask import Blueprint
from werkzeug.exceptions import NotFound

from pipeline.source.links import read_link
from pipeline.store import listings
from pipeline.store.listings import EVERYTHING, STATES, Filter
from web import list_rows, schemas, submit
from web.list_rows import ListRows
from web.security import job_number
from web.services import services
from web.spec import responses, spec

blueprint = Blueprint("api_lists", __name__, url_prefix="/api/v1/lists")

Answer = tuple[Any, int]


@blueprint.post("")
@spec.validate(resp=responses(HTTP_202=schemas.ListBody), tags=["lists"])
def read(json: schemas.ListRequest) -> Answer:
    """Read what a playlist or channel holds; the same one twice is read anew. Items come page by page, and can be chosen as they come."""
    return body(_load(submit.reading(services(), read_link(json.url, services().hosts)))), 202


@blueprint.get("")
@spec.validate(resp=responses(HTTP_200=schemas.Lists), tags=["lists"])
def recent() -> schemas.Lists:
    """The newest fifty."""
    with services().db.session() as s:
        found = listings.recent(s, limit=50)
    return schemas.Lists(lists=[body(_load(listing.id)) for listing in found])


@blueprint.get("/<list_id>")
@spec.validate(resp=responses(HTTP_200=schemas.ListBody), tags=["lists"])
def one(list_id: str) -> schemas.ListBody:
    """What is known of a list, and how many of its items are where."""
    return body(_load(job_number(list_id)))


@blueprint.delete("/<list_id>")
@spec.validate(resp=responses(HTTP_204=None), tags=["lists"])
def delete(list_id: str) -> Answer:
    """Forget a list. What was summarised of it stays; what was still to come does not."""
    submit.remove_list(services(), job_number(list_id))
    return "", 204


@blueprint.get("/<list_id>/items")
@spec.validate(resp=responses(HTTP_200=schemas.ListItems), tags=["lists"])
def items(list_id: str, query: schemas.ItemQuery) -> schemas.ListItems:
    """Items in the order of the source."""
    number, wanted = job_number(list_id), filter_of(query)
    with services().db.session() as s:
        if listings.get(s, number) is None:
            raise NotFound
        found = listings.items(s, number, wanted, offset=query.offset, limit=query.limit)
        matching = listings.count(s, number, wanted)
    names = schemas.ListItem.model_fields
    return schemas.ListItems(items=[schemas.ListItem(**{name: getattr(item, name) for name in names}) for item in found], matching=matching)


@blueprint.post("/<list_id>/choose")
@spec.validate(resp=responses(HTTP_202=schemas.Chosen), tags=["lists"])
def choose(list_id: str, json: schemas.ChooseRequest) -> Answer:
    """Have items summarised, in the order of the source. Those that were asked for before, or cannot be watched, are left out."""
    wanted = submit.options(json.language, json.length.value, json.captions)
    return schemas.Chosen(chosen=submit.choose(services(), job_number(list_id), filter_of(json, json.items), wanted, json.first)), 202


@blueprint.post("/<list_id>/cancel")
@spec.validate(resp=responses(HTTP_200=schemas.ListBody), tags=["lists"])
def cancel(list_id: str) -> schemas.ListBody:
    """Begin nothing more of it, and stop what runs for it alone."""
    submit.cancel_list(services(), job_number(list_id))
    return body(_load(job_number(list_id)))


@blueprint.post("/<list_id>/retry")
@spec.validate(resp=responses(HTTP_200=schemas.ListBody), tags=["lists"])
def retry(list_id: str) -> schemas.ListBody:
    """Try again what failed or was cancelled."""
    submit.retry_list(services(), job_number(list_id))
    return body(_load(job_number(list_id)))


def filter_of(given: schemas.ItemFilter, source_ids: list[str] | None = None) -> Filter:
    """Raises: InputError: `bad_filter`."""
    names = [field.name for field in fields(Filter) if field.name in schemas.ItemFilter.model_fields]
    values = {name: getattr(given, name) for name in names}
    for name in ("after", "before"):
        values[name] = values[name] and values[name].isoformat()
    if given.state and given.state not in STATES:
        raise listings.bad_state(given.state)
    return Filter(**values, source_ids=None if source_ids is None else tuple(source_ids))


def _load(list_id: int) -> ListRows:
    return list_rows.load(services().db, list_id, EVERYTHING, 0)


def body(found: ListRows) -> schemas.ListBody:
    listing, reading = found.listing, found.reading
    return schemas.ListBody(
        id=listing.id, kind=listing.kind, url=listing.url, title=listing.title, channel=listing.channel, complete=listing.complete, listed_at=listing.listed_at,
        counts=found.counts, reading=reading.state if reading else None, reading_error=reading.error_code if reading else None, page=f"/l/{listing.id}",
    )  # fmt: skip
