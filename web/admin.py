"""The status page and the administrator's form on it. Works without JavaScript; cookies go in and never come out."""

from typing import cast

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from pipeline import account
from pipeline.errors import NutshellError
from pipeline.source.cookies import MOST_BYTES
from web import status
from web.services import services
from web.uploads import UploadRequest

blueprint = Blueprint("admin", __name__)

Answer = Response | tuple[str, int]


@blueprint.get("/status")
def page() -> str:
    return _page()


def _page(problem: NutshellError | None = None) -> str:
    found = status.gather(services())
    kept = account.kept(services().db)
    return render_template(
        "status.html", status=found, cookies=status.cookies_lines(kept), problem=problem, youtube_line=status.youtube_line, queues=status.QUEUES, parts=status.PARTS,
    )  # fmt: skip


@blueprint.post("/status/cookies")
def set_cookies() -> Answer:
    """A file or its text. What was sent is not shown again, also when it was wrong."""
    cast(UploadRequest, request).keep_in_memory()
    file = request.files.get("file")
    data = file.read(MOST_BYTES + 1) if file is not None and file.filename else request.form.get("text", "").encode()
    try:
        account.put(services().db, services().settings, data)
    except NutshellError as error:
        return _page(error), error.http_status
    return redirect("/status#cookies", 303)


@blueprint.post("/status/cookies/delete")
def delete_cookies() -> Answer:
    account.remove(services().db)
    return redirect("/status#cookies", 303)
