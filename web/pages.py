"""The pages to look at. All GET, none changes anything; what is live in them is a named part that is fetched again when an event says so."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, jsonify, make_response, redirect, render_template, request
from werkzeug.exceptions import BadRequest, NotFound
from werkzeug.wrappers import Response as BaseResponse

from pipeline.errors import InputError
from pipeline.library.moments import cleaned
from pipeline.source.links import find_links
from pipeline.store import conversations
from pipeline.summary.words import squeeze
from web import asking, found, health, list_rows, notes, opinions, rows, words
from web.answers import languages_of_reader
from web.interface import N_, gettext, say
from web.rendering import SEEN_COOKIE, static_version
from web.security import job_number, valid_video_id
from web.services import services
from web.video_page import context, menu

blueprint = Blueprint("pages", __name__)

PARTS = ("head", "coverage", "status", "shelf", "summary", "notes", "questions", "tools", "transcript")
EXAMPLES = (
    ("https://www.youtube.com/watch?v=UF8uR6Z6KLc", "Steve Jobs at Stanford, 15 min"),
    ("https://www.youtube.com/watch?v=aircAruvnKk", "What is a neural network? 19 min"),
    ("https://www.youtube.com/watch?v=iG9CE55wbtY", "Do schools kill creativity? 20 min"),
)


@blueprint.get("/")
def home() -> str:
    return home_page(typed=shared_link())


def home_page(typed: str = "", problem: InputError | None = None, links: tuple[str, ...] = ()) -> str:
    """The box and the library; `problem` stands under the box, with what was typed still in it."""
    shown = _library()
    return render_template(
        "home.html", **shown, typed=typed, problem={"sentence": str(problem), "code": problem.code} if problem else None, links=links, languages=menu(),
        troubles=() if shown["cards"] or problem else troubles(),
    )  # fmt: skip


def examples() -> tuple[tuple[str, str], ...]:
    """Link and name of videos to begin with: those of the settings, for where YouTube's own cannot be had, else EXAMPLES."""
    given = [line.split(maxsplit=1) for line in services().settings.examples.splitlines() if line.strip()]
    return tuple((pair[0], pair[-1]) for pair in given) or EXAMPLES


def shared_link() -> str:
    """What a phone's share menu or a bookmarklet hands over: the link may be in any of three fields. Nothing starts before the reader says so."""
    given = " ".join(request.args.get(name, "") for name in ("url", "text", "title"))[:20_000]
    found = find_links(given, lists=True, hosts=services().hosts)
    return found[0].url if found else given.strip()


def troubles() -> tuple[str, ...]:
    """What will not work yet, told before the first video is tried."""
    names = {"lm": N_("the language model"), "embed": N_("search"), "broker": N_("the queue")}
    away = [gettext(names[name]) for name, trouble in health.check(services(), patience=0.7).items() if trouble and name in names]
    return (say("Still starting: %(parts)s. What you paste now waits until everything is there.", parts=", ".join(away)),) if away else ()


@blueprint.get("/parts/library")
def library_part() -> str:
    return render_template("parts/library.html", **_library())


def _library() -> dict[str, Any]:
    """What the part with the cards shows, of `?tag=physics&folder=3&watched=no&before=…`."""
    before, tag = _moment(request.args.get("before")), squeeze(request.args.get("tag", ""))[:200]
    number, watched = request.args.get("folder", ""), request.args.get("watched", "")
    folder = notes.folder(services(), job_number(number)) if number else None
    only = rows.Filter(tag, folder.id if folder else None, {"yes": True, "no": False}.get(watched))
    library = rows.load_library(services().db, before, only)
    filters = {name: value for name, value in (("tag", tag), ("folder", number), ("watched", watched)) if value}
    return {
        "library": library, "cards": library.cards, "running": library.running, "before": before, "tag": tag, "folder": folder, "only": only, "examples": examples(),
        "older": urlencode({"before": words.stamp(library.older), **filters}) if library.older else "", "lists": list_rows.recent(services().db),
    }  # fmt: skip


@blueprint.get("/v/<video_id>")
def video(video_id: str) -> Response:
    seen = SEEN_COOKIE in request.cookies
    response = make_response(
        render_template("video.html", **context(video_id), seen=seen, earlier=rows.earlier_answers(services().db, video_id))
    )
    if seen:
        response.delete_cookie(SEEN_COOKIE, path=f"/v/{video_id}")
    return response


@blueprint.get("/v/<video_id>/parts/<name>")
def part(video_id: str, name: str) -> str:
    """One live part of the page of a video."""
    if name not in PARTS:
        raise NotFound
    return render_template(f"parts/{name}.html", **context(video_id, name))


@blueprint.get("/v/<video_id>/export")
def export(video_id: str) -> BaseResponse:
    """The same as the API's, under the address that the page's links have."""
    query = {name: request.args[name] for name in ("as", "lang", "length", "style", "audience") if name in request.args}
    return redirect(f"/api/v1/videos/{valid_video_id(video_id)}/export?{urlencode(query)}", 307)


@blueprint.get("/search")
def search() -> str | BaseResponse:
    """Moments for words. A question goes to /ask, as from every box that takes both; `words=1`, and any filter, which /ask does not have, looks for its words all the same."""
    text = request.args.get("q", "")
    if is_question(text) and "words" not in request.args and not any(request.args.get(name) for name in found.NARROW):
        return redirect(f"/ask?{urlencode({'q': text})}", 303)
    return found.page(text)


def is_question(text: str) -> bool:
    """It ends in a question mark, Latin, Chinese or Arabic."""
    return len(text.strip()) > 1 and text.strip().endswith(("?", "？", "؟"))


@blueprint.get("/ask")
def ask() -> str:
    """A conversation (`c`), or the beginning of one. A question (`q`) is asked by the page's script as soon as the page is there; `full=1` waits for the answer."""
    given = request.args.get("c")
    number = job_number(given) if given else None
    with services().db.session() as s:
        shown = conversations.get(s, number) if number else None
        turns = conversations.turns(s, number) if number else ()
        scope = shown.scope if shown else asking.scope_of(request.args)
        reach = conversations.videos_in(s, scope, missing_ok=shown is not None)
        where = conversations.where_of(s, scope)
    text = request.args.get("q", "")
    query = cleaned(text) if text.strip() else ""
    found = asking.whole(asking.question(query, scope, number, languages_of_reader(query))) if query and "full" in request.args else None
    single = scope.videos[0] if len(scope.videos) == 1 else None
    return render_template(
        "ask.html", query=query, scope=scope, where=where, size=None if reach is None else len(reach), conversation=shown, turns=turns, answer=found,
        full=urlencode({**request.args.to_dict(flat=False), "full": "1"}, doseq=True), listed=asking.listed(), single=single, video_id=single,
        opinions=opinions.load(services(), single) if single else None,
    )  # fmt: skip


@blueprint.get("/help")
def help_page() -> str:
    settings = services().settings
    return render_template("help.html", base=settings.public_url.rstrip("/") or request.host_url.rstrip("/"), keeps_opinions=settings.feedback)


@blueprint.get("/manifest.webmanifest")
def manifest() -> Response:
    folder = f"/s/{static_version()}/img"
    response = jsonify(
        name="Nutshell", short_name="Nutshell", start_url="/", display="standalone", background_color="#faf8f4", theme_color="#faf8f4",
        description="Any video, in a nutshell.",
        icons=[{"src": f"{folder}/icon-{size}.png", "sizes": f"{size}x{size}", "type": "image/png", "purpose": "any"} for size in (192, 512)],
        share_target={"action": "/", "method": "GET", "params": {"title": "title", "text": "text", "url": "url"}},
    )  # fmt: skip
    response.mimetype = "application/manifest+json"
    return response


def _moment(text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadRequest from error
    if found.tzinfo is None:
        raise BadRequest
    return found
