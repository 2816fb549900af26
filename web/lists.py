"""Playlists, channels and imports: their page, its live parts, and what its forms send. All work without JavaScript."""

from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, redirect, render_template, request
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from pipeline.errors import InputError
from pipeline.source.links import Source
from pipeline.store import listings
from pipeline.store.listings import EVERYTHING, Filter
from web import events, list_rows, submit, subscriptions, words
from web.list_rows import ListRows
from web.security import job_number
from web.services import services
from web.video_page import menu

blueprint = Blueprint("lists", __name__)

PARTS = ("state", "items")
MINUTE = 60.0
MOST = 20_000
"""Items that can be asked for at once, which is all that a list can hold."""


@blueprint.get("/l/<list_id>")
def page(list_id: str) -> str:
    return render_template("list.html", **_context(list_id))


@blueprint.get("/l/<list_id>/parts/<name>")
def part(list_id: str, name: str) -> str:
    if name not in PARTS:
        raise NotFound
    return render_template(f"parts/list_{name}.html", **_context(list_id))


@blueprint.get("/api/v1/lists/<list_id>/events")
def list_events(list_id: str) -> Response:
    found = list_rows.load(services().db, job_number(list_id), EVERYTHING, 0)
    return events.respond(services().hub, found.subject)


def _context(list_id: str) -> dict[str, Any]:
    asked = _asked()
    wanted = filter_of(asked)
    found = list_rows.load(services().db, job_number(list_id), wanted, number(asked, "page"))
    asked.pop("page", None)
    return {
        "found": found, "asked": asked, "filtered": bool(asked), "query": urlencode(asked), "languages": menu(),
        "follow": subscriptions.load(services(), found.listing.id), "states": words.ITEM_STATES, "problems": words.ITEM_PROBLEMS, "page_url": _page_url(found, asked),
    }  # fmt: skip


def _page_url(found: ListRows, asked: dict[str, str]) -> Any:
    return lambda number: f"/l/{found.listing.id}?{urlencode({**asked, 'page': str(number)})}"


def _asked() -> dict[str, str]:
    """What stands in the address, as it was typed, without what is empty."""
    names = ("words", "without", "min", "max", "after", "before", "state", "page")
    return {name: value for name in names if (value := request.values.get(name, "").strip()[:200])}


def filter_of(asked: dict[str, str]) -> Filter:
    """Raises: InputError: `bad_filter`."""
    least, most = minutes(asked, "min"), minutes(asked, "max")
    state = asked.get("state", "")
    if state and state not in words.ITEM_STATES:
        raise listings.bad_state(state)
    return Filter(
        words=asked.get("words", ""), without=asked.get("without", ""), min_duration=least, max_duration=most, after=words.iso_day(asked.get("after", "")),
        before=words.iso_day(asked.get("before", "")), state=state,
    )  # fmt: skip


def minutes(asked: dict[str, str], name: str) -> float | None:
    """Seconds of a field in minutes."""
    text = asked.get(name, "")
    try:
        value = float(text) * MINUTE if text else None
    except ValueError as error:
        raise InputError("bad_filter", f"{text[:20]!r} is no number of minutes.") from error
    if value is not None and not 0 <= value < 1e7:
        raise InputError("bad_filter", f"{text[:20]!r} is no number of minutes.")
    return value


def number(asked: dict[str, str], name: str, most: int = MOST) -> int:
    """Raises: InputError: `bad_filter`."""
    text = asked.get(name, "") or "0"
    if not text.isascii() or not text.isdigit() or len(text) > 9 or int(text) > most:
        raise InputError("bad_filter", f"{text[:20]!r} is no number from 0 to {most}.")
    return int(text)


@blueprint.post("/l/<list_id>/choose")
def choose(list_id: str) -> Response:
    """The items that were ticked, or all that the filters show, or the first few of those."""
    form = request.form
    wanted = submit.options(form.get("language"), form.get("length"), "listen" not in form)
    asked = {**_asked(), "first": form.get("first", "").strip()}
    if form.get("which") == "all":
        found, first = filter_of(asked), number(asked, "first") or None
    else:
        found, first = Filter(source_ids=tuple(form.getlist("item")[:MOST])), None
    if submit.choose(services(), job_number(list_id), found, wanted, first) == 0:
        raise InputError("nothing_chosen", "Tick at least one video that is not summarised yet.")
    return _back(list_id)


@blueprint.post("/l/<list_id>/cancel")
def cancel(list_id: str) -> Response:
    submit.cancel_list(services(), job_number(list_id))
    return _back(list_id)


@blueprint.post("/l/<list_id>/retry")
def retry(list_id: str) -> Response:
    submit.retry_list(services(), job_number(list_id))
    return _back(list_id)


@blueprint.post("/l/<list_id>/read")
def read(list_id: str) -> Response:
    """Looks at the source again."""
    found = list_rows.load(services().db, job_number(list_id), EVERYTHING, 0).listing
    submit.reading(services(), Source("feed" if found.kind == "feed" else "playlist", found.source_id, found.url))
    return _back(list_id)


@blueprint.post("/l/<list_id>/delete")
def delete(list_id: str) -> Response:
    """The list alone; what was summarised stays."""
    submit.remove_list(services(), job_number(list_id))
    return redirect("/", 303)


def _back(list_id: str) -> Response:
    asked = _asked()
    return redirect(f"/l/{list_id}" + (f"?{urlencode(asked)}" if asked else ""), 303)
