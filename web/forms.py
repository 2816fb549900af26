"""What the pages' forms send. Every one answers with a redirect to a page, so a reload never sends twice; all work without JavaScript."""

import re
from dataclasses import replace
from typing import cast
from urllib.parse import urlencode

from flask import Blueprint, redirect, request
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from pipeline import downloads as download_forms
from pipeline.errors import InputError
from pipeline.library.moments import cleaned
from pipeline.run import Submitted
from pipeline.source.links import Source, find_links, parse_link, read_link
from pipeline.store.jobs import JobView
from pipeline.summary.styles import telling
from pipeline.types import Options
from web import interface, opinions, pages, submit
from web.receive import Received, receive
from web.rendering import SEEN_COOKIE, THEME_COOKIE, THEMES, YEAR
from web.security import job_number, valid_video_id
from web.services import services
from web.uploads import UploadRequest, handed
from web.video_page import asked

blueprint = Blueprint("forms", __name__)

MOST_LINKS = 50
LISTS = ("playlist", "feed")
Answer = Response | tuple[str, int]
_PLACE = re.compile(r"[a-z0-9-]{1,20}")
"""An element of the page of a video."""


@blueprint.post("/")
def paste() -> Answer:
    """The one box: a file, a link, several links, a question, or words to search for."""
    cast(UploadRequest, request).allow_uploads()
    typed = request.form.get("q", "").strip()
    try:
        if files := [file for file in request.files.getlist("file") if file.filename]:
            return _received([receive(services(), handed(file), _options(), batch=len(files) > 1) for file in files])
        return _typed(typed)
    except InputError as error:
        return pages.home_page(typed=typed, problem=error), error.http_status


def _received(files: list[Received]) -> Response:
    if len(files) > 1:
        return redirect("/", 303)
    return _opened(files[0].submitted) if files[0].submitted else redirect(files[0].page, 303)


def _typed(typed: str) -> Answer:
    links = find_links(typed, lists=True, hosts=services().hosts)
    if len(links) > 1:
        return pages.home_page(typed=typed, links=tuple(source.url for source in links[:MOST_LINKS])), 200
    if links:
        return _to_list(links[0]) if links[0].kind in LISTS else _to_video(links[0])
    if not typed:
        raise InputError("nothing_typed", "Paste a link, choose a file, or type what to look for.")
    if looks_like_link(typed):
        return _to_video(parse_link(typed, services().hosts))  # raises with the reason
    cleaned(typed)
    return redirect(f"/{'ask' if pages.is_question(typed) else 'search'}?{urlencode({'q': typed})}", 303)


def looks_like_link(text: str) -> bool:
    """A single word with a scheme, or with the shape of a host and a path: meant as a link even when it is none of ours."""
    word = text.strip().lower()
    if " " in word:
        return False
    host = word.split("/")[0]
    return "://" in word or word.startswith("www.") or ("/" in word and "." in host) or ("youtu" in word and "." in word)


def _to_video(source: Source) -> Response:
    found = submit.link(services(), source, _options())
    return _opened(found, f"?t={int(source.start)}" if source.start else "")


def _to_list(source: Source) -> Response:
    return redirect(f"/l/{submit.reading(services(), source)}", 303)


def _opened(found: Submitted, query: str = "") -> Response:
    """To the page of the video; one that was there already says so, once."""
    response = redirect(f"/v/{found.video_id}{query}", 303)
    if not found.created:
        response.set_cookie(
            SEEN_COOKIE, "1", max_age=30, path=f"/v/{found.video_id}", samesite="Lax", httponly=True, secure=request.is_secure
        )
    return response


def _options() -> Options:
    return submit.options(request.form.get("language"), request.form.get("length"), captions="listen" not in request.form)


@blueprint.post("/many")
def many() -> Response:
    """Several videos and lists at once, those that were left ticked."""
    sources = [read_link(text, services().hosts) for text in request.form.getlist("link")[:MOST_LINKS]]
    for source in sources:
        if source.kind in LISTS:
            submit.reading(services(), source)
        else:
            submit.link(services(), source, submit.options(None, None))
    return redirect("/", 303)


@blueprint.post("/v/<video_id>/summaries")
def summaries(video_id: str) -> Response:
    """Another language or length: shown when it is there, else made. When no model can, the page says which could. How it is told stays."""
    how = telling(request.form.get("style"), request.form.get("audience"))
    wanted = submit.options(request.form.get("language"), request.form.get("length"))
    try:
        submit.rendition(services(), valid_video_id(video_id), wanted)
    except InputError as error:
        if error.code != "no_model_for_language":
            raise
    return redirect(f"/v/{video_id}?{urlencode({'lang': wanted.language or '', 'length': wanted.length.value} | how.query)}", 303)


@blueprint.post("/v/<video_id>/downloads")
def downloads(video_id: str) -> Response:
    """A form by its name, whole or from one time to another."""
    form = download_forms.parse(request.form.get("as", ""))
    start, end = (request.form.get(name, "").strip() for name in ("from", "to"))
    if start or end:
        form = replace(form, clip=download_forms.clip_between(start or "0", end))
    submit.download(services(), valid_video_id(video_id), form)
    return redirect(f"/v/{video_id}#part-tools", 303)


@blueprint.post("/v/<video_id>/speakers")
def speakers(video_id: str) -> Response:
    """Names for "Speaker 1" and the like: pairs of fields, the name of now and the new one."""
    names = dict(zip(request.form.getlist("was"), request.form.getlist("name"), strict=False))
    submit.name_speakers(services(), valid_video_id(video_id), names)
    return redirect(f"/v/{video_id}#transcript", 303)


@blueprint.post("/v/<video_id>/feedback")
def feedback(video_id: str) -> Response:
    """What the reader thinks of a sentence; back to where it stands, in the language and length that were read."""
    form = request.form
    opinion = opinions.opinion_named(form.get("opinion", ""))
    opinions.give(services(), valid_video_id(video_id), form.get("sentence", ""), opinion, form.get("words", ""))
    query, place = asked().query, form.get("at", "")
    return redirect(f"/v/{video_id}{'?' if query else ''}{query}{f'#{place}' if _PLACE.fullmatch(place) else ''}", 303)


@blueprint.post("/v/<video_id>/delete")
def delete(video_id: str) -> Response:
    services().require_video(valid_video_id(video_id))
    submit.delete(services(), video_id)
    return redirect("/", 303)


@blueprint.post("/jobs/<job_id>/cancel")
def cancel(job_id: str) -> Response:
    return redirect(_page_of(submit.cancel(services(), job_number(job_id))), 303)


@blueprint.post("/jobs/<job_id>/retry")
def retry(job_id: str) -> Response:
    return redirect(_page_of(submit.retry(services(), job_number(job_id))), 303)


def _page_of(job: JobView) -> str:
    return f"/v/{job.video_id}" if job.video_id else f"/l/{job.listing_id}"


@blueprint.post("/theme")
def theme() -> Response:
    """Light or dark, kept in a cookie so that the server draws the right one at once."""
    chosen = request.form.get("theme", "")
    if chosen not in THEMES:
        raise BadRequest
    response = redirect(_back(), 303)
    response.set_cookie(THEME_COOKIE, chosen, max_age=YEAR, samesite="Lax", secure=request.is_secure)
    return response


@blueprint.post("/language")
def language() -> Response:
    """Of the interface, kept in a cookie like the theme."""
    chosen = request.form.get("language", "")
    if chosen not in interface.LANGUAGES:
        raise BadRequest
    response = redirect(_back(), 303)
    response.set_cookie(interface.COOKIE, chosen, max_age=YEAR, samesite="Lax", secure=request.is_secure)
    return response


def _back() -> str:
    """The page the form stood on, when it is one of ours; never another site."""
    referrer = request.referrer or ""
    prefix = request.host_url
    return "/" + referrer.removeprefix(prefix) if referrer.startswith(prefix) and not referrer.removeprefix(prefix).startswith("/") else "/"
