"""What the pages send to keep something with a video: tags, folders, highlights and notes. Every form answers with a redirect, and works without JavaScript."""

import re
from urllib.parse import urlencode

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from web import notes
from web.security import job_number, valid_video_id
from web.services import services
from web.video_page import asked

blueprint = Blueprint("keeping", __name__)

_PLACE = re.compile(r"[a-z0-9-]{1,20}")
"""An element of the page of a video."""


@blueprint.post("/v/<video_id>/notes")
def add(video_id: str) -> Response:
    """A note, or with `end` a highlight; beside a point with `point`."""
    form = request.form
    start, end = notes.moment(form.get("start", "")), notes.moment(form.get("end", ""))
    notes.add(services(), valid_video_id(video_id), notes.Draft(form.get("text", ""), start, end, form.get("point", "")[:100]))
    return _back(video_id, form.get("at", "my-notes"))


@blueprint.post("/notes/<note_id>")
def change(note_id: str) -> Response:
    """Other words, or with `delete` none at all."""
    if "delete" in request.form:
        video_id = notes.remove(services(), job_number(note_id))
    else:
        video_id, _ = notes.change(services(), job_number(note_id), request.form.get("text", ""))
    return _back(video_id, request.form.get("at", "my-notes"))


@blueprint.post("/v/<video_id>/tags")
def tag(video_id: str) -> Response:
    """One or more tags with commas between them, beside those that are there; with `remove` one less."""
    gone = request.form.get("remove")
    if gone is not None:
        kept = notes.kept(services(), valid_video_id(video_id)).tags
        notes.set_tags(services(), video_id, [name for name in kept if name != gone])
    else:
        notes.add_tags(services(), valid_video_id(video_id), request.form.get("tags", ""))
    return _back(video_id, "part-shelf")


@blueprint.post("/v/<video_id>/watched")
def watched(video_id: str) -> Response:
    """Marks it with `watched=yes`; else takes the mark away."""
    notes.set_watched(services(), valid_video_id(video_id), request.form.get("watched") == "yes")
    return _back(video_id, "part-shelf")


@blueprint.post("/v/<video_id>/folders")
def put(video_id: str) -> Response:
    """Those that are ticked, and one that is made for it."""
    chosen = [job_number(number) for number in request.form.getlist("folder")[: notes.FOLDERS]]
    services().require_video(valid_video_id(video_id))
    if request.form.get("new", "").strip():
        chosen.append(notes.add_folder(services(), request.form["new"]).id)
    notes.put(services(), video_id, chosen)
    return _back(video_id, "part-shelf")


@blueprint.post("/folders")
def add_folder() -> Response:
    return redirect(f"/?folder={notes.add_folder(services(), request.form.get('name', '')).id}", 303)


@blueprint.post("/folders/<folder_id>")
def folder(folder_id: str) -> Response:
    """Another name, or with `delete` gone; its videos stay."""
    if "delete" in request.form:
        notes.delete_folder(services(), job_number(folder_id))
        return redirect("/", 303)
    notes.rename_folder(services(), job_number(folder_id), request.form.get("name", ""))
    return redirect(f"/?{urlencode({'folder': folder_id})}", 303)


def _back(video_id: str, place: str) -> Response:
    """To where it stands, in the language and length that were read."""
    query = asked().query
    return redirect(f"/v/{video_id}{'?' if query else ''}{query}{f'#{place}' if _PLACE.fullmatch(place) else ''}", 303)
