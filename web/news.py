"""What subscriptions brought: a page by days, and Atom feeds of it."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import groupby

from flask import Blueprint, Response, render_template, request
from werkzeug.exceptions import BadRequest

from pipeline.store import listings, news, renditions, subscriptions
from pipeline.store.database import Session
from pipeline.store.news import New
from pipeline.types import Point
from web import atom
from web.atom import AtomEntry
from web.security import job_number
from web.services import services

blueprint = Blueprint("news", __name__)

PAGE = 40
ENTRIES = 30
"""Of a feed."""
BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
"""When a feed was changed in which nothing has ever been."""


@dataclass(frozen=True, slots=True)
class Day:
    day: date
    items: tuple[New, ...]


@blueprint.get("/new")
def page() -> str:
    number = request.args.get("page", "0")
    if not number.isascii() or not number.isdigit() or len(number) > 6:
        raise BadRequest
    with services().db.session() as s:
        found = news.news(s, offset=int(number) * PAGE, limit=PAGE + 1)
        followed = subscriptions.followed(s)
    days = tuple(Day(day, tuple(items)) for day, items in groupby(found[:PAGE], key=lambda item: item.followed_at.astimezone(UTC).date()))
    return render_template("new.html", days=days, followed=followed, page=int(number), more=len(found) > PAGE)


@blueprint.get("/feed.xml")
def everything() -> Response:
    with services().db.session() as s:
        entries = _entries(s, None)
    return _answer(atom.feed("new", "New in Nutshell", f"{base()}/feed.xml", f"{base()}/new", entries, empty=BEGINNING))


@blueprint.get("/l/<list_id>/feed.xml")
def of_one(list_id: str) -> Response:
    """What one subscription brought."""
    with services().db.session() as s:
        number = job_number(list_id)
        listing, subscription = listings.get(s, number), subscriptions.get(s, number)
        if listing is None or subscription is None:
            raise subscriptions.no_subscription()
        entries = _entries(s, listing.id)
    where = f"{base()}/l/{listing.id}"
    title = f"{listing.title or listing.url} in Nutshell"
    return _answer(atom.feed(f"list:{listing.source_id}", title, f"{where}/feed.xml", where, entries, empty=subscription.created_at))


def base() -> str:
    """Where people reach this server."""
    return services().settings.public_url.rstrip("/") or request.host_url.rstrip("/")


def _entries(s: Session, list_id: int | None) -> list[AtomEntry]:
    return [_entry(s, item) for item in news.news(s, list_id=list_id, done=True, limit=ENTRIES)]


def _entry(s: Session, item: New) -> AtomEntry:
    language = item.options.language
    found = renditions.get_summary(s, item.video_id, language=language) if language else None
    if found is None or not found.complete:  # there already in another language, or its translation is still to come
        found = renditions.get_summary(s, item.video_id)
    link = f"{base()}/v/{item.video_id}"
    points: tuple[Point, ...] = found.points if found else ()
    content = render_template("parts/feed_entry.html", gist=found.gist if found else None, points=points, link=link)
    updated = max(item.followed_at, item.made_at or item.followed_at)
    return AtomEntry(f"video:{item.source_id}", item.title or item.video_id, link, item.followed_at, updated, content, item.channel)


def _answer(document: bytes) -> Response:
    """With an ETag: a reader that asks every few minutes gets it once."""
    response = Response(document, mimetype="application/atom+xml")
    response.add_etag()
    response.make_conditional(request)
    return response
