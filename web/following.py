"""What the page of a list sends to follow it: follow, change, pause, look now, stop. All work without JavaScript."""

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from pipeline.errors import InputError
from pipeline.store.listings import Filter
from pipeline.store.subscriptions import EVERY, Wanted
from web import submit, subscriptions
from web.lists import minutes
from web.security import job_number
from web.services import services
from web.video_page import menu

blueprint = Blueprint("following", __name__)


@blueprint.get("/l/<list_id>/parts/follow")
def part(list_id: str) -> str:
    return render_template("parts/follow.html", follow=subscriptions.load(services(), job_number(list_id)), languages=menu())


@blueprint.post("/l/<list_id>/follow")
def follow(list_id: str) -> Response:
    form: dict[str, str] = {name: value.strip()[:200] for name, value in request.form.items()}
    filters = Filter(form.get("words", ""), form.get("without", ""), minutes(form, "min"), minutes(form, "max"))
    options = submit.options(form.get("language"), form.get("length"))
    wanted = Wanted(options, filters, _number(form, "every", EVERY), int(_number(form, "backlog", 0)))
    subscriptions.start(services(), job_number(list_id), wanted)
    return _back(list_id)


def _number(form: dict[str, str], name: str, otherwise: float) -> float:
    """Raises: InputError: `bad_every`, `bad_backlog`."""
    text = form.get(name, "")
    if not text:
        return otherwise
    if not text.isascii() or not text.replace(".", "", 1).isdigit() or len(text) > 10:
        raise InputError(f"bad_{name}", f"{text[:20]!r} is no number.")
    return float(text)


@blueprint.post("/l/<list_id>/pause")
def pause(list_id: str) -> Response:
    """With `paused` 1; with anything else it goes on."""
    subscriptions.pause(services(), job_number(list_id), request.form.get("paused") == "1")
    return _back(list_id)


@blueprint.post("/l/<list_id>/check")
def check(list_id: str) -> Response:
    subscriptions.look(services(), job_number(list_id))
    return _back(list_id)


@blueprint.post("/l/<list_id>/unfollow")
def unfollow(list_id: str) -> Response:
    subscriptions.stop(services(), job_number(list_id))
    return _back(list_id)


def _back(list_id: str) -> Response:
    return redirect(f"/l/{list_id}", 303)
