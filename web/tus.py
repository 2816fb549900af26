"""Uploads that go on after a lost connection: the protocol tus 1.0 (tus.io) with its extensions creation, termination and expiration.

The page's own uploads use it, and so can any tus client. `Upload-Metadata` may have `filename`, `language`, `length`, `listen` and `batch`. The answer to the last
PATCH (and to HEAD from then on) names the page in the header `Nutshell-Page`; a file that cannot be used is refused there, with the reason as problem+json.
"""

import base64
import binascii
from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus

from flask import Blueprint, Response, request
from werkzeug.exceptions import BadRequest, Conflict, RequestEntityTooLarge, RequestTimeout
from werkzeug.http import http_date

from pipeline.errors import InputError
from pipeline.source import uploads
from web import submit
from web.pending import About, Pending
from web.problems import problem
from web.receive import receive
from web.services import services
from web.uploads import Handed

blueprint = Blueprint("tus", __name__, url_prefix="/api/v1/uploads/tus")

VERSION = "1.0.0"
PIECE = 256 * 1024
SILENCE = 30.0
"""Seconds after which a sender that went away without a word makes room for its next try."""
LONGEST_METADATA = 4096


@blueprint.route("", methods=["OPTIONS"])
def options() -> Response:
    headers = {"Tus-Version": VERSION, "Tus-Extension": "creation,termination,expiration", "Tus-Max-Size": str(services().settings.max_upload)}
    return _answer(HTTPStatus.NO_CONTENT, headers)


@blueprint.post("")
def create() -> Response:
    length = _number("Upload-Length")
    if length > services().settings.max_upload:
        raise RequestEntityTooLarge
    about = replace(_metadata(request.headers.get("Upload-Metadata", "")), length=length)
    submit.options(about.language, about.size)  # a wrong one is refused now and not after an hour
    found = Pending.begin(services().settings.uploads_dir, about)
    return _answer(HTTPStatus.CREATED, {"Location": f"{blueprint.url_prefix}/{found.id}", **_state(found)})


@blueprint.route("/<upload_id>", methods=["HEAD"])
def head(upload_id: str) -> Response:
    found = _find(upload_id)
    return _answer(HTTPStatus.OK, {"Upload-Length": str(found.about.length), "Cache-Control": "no-store", **_state(found)})


@blueprint.route("/<upload_id>", methods=["PATCH"])
def patch(upload_id: str) -> Response:
    if request.mimetype != "application/offset+octet-stream":
        return problem(415, "not_tus", "Send the bytes as application/offset+octet-stream.")
    request.max_content_length = services().settings.max_upload
    found = _find(upload_id)
    at = _number("Upload-Offset")
    if found.about.page:  # the answer to the last one was lost
        return _ended(found, at)
    with found.writing() as file:
        if at != file.tell():
            raise Conflict
        try:
            _append(found, file.write)
        finally:
            file.flush()
            found.touch()
        if file.tell() == found.about.length:
            found = _finish(found)
    return _answer(HTTPStatus.NO_CONTENT, _state(found))


@blueprint.delete("/<upload_id>")
def terminate(upload_id: str) -> Response:
    found = _find(upload_id)
    if found.about.page:
        found.discard()
        return _answer(HTTPStatus.NO_CONTENT, {})
    with found.writing():
        found.discard()
    return _answer(HTTPStatus.NO_CONTENT, {})


def _append(found: Pending, write: Callable[[bytes], int]) -> None:
    """The body of the request as it comes. What has come is kept when the sender goes away."""
    room = found.about.length - found.offset
    connection = request.environ.get("gunicorn.socket")
    if connection is not None:
        connection.settimeout(SILENCE)
    try:
        while data := request.stream.read(min(PIECE, room + 1)):
            if len(data) > room:
                raise RequestEntityTooLarge
            room -= write(data)
    except TimeoutError as error:
        raise RequestTimeout from error
    finally:
        if connection is not None:
            connection.settimeout(None)


def _finish(found: Pending) -> Pending:
    """Hands the file on.

    Raises:
        InputError: it cannot be used, and is gone. Other errors leave it, so that an empty PATCH tries again.
    """
    about = found.about
    file = Handed(found.data, about.name, uploads.source_id(found.data))
    try:
        received = receive(services(), file, submit.options(about.language, about.size, not about.listen), batch=about.batch)
    except InputError:
        found.discard()
        raise
    ended = replace(found, about=replace(about, page=received.page))
    ended.end(ended.about)
    return ended


def _ended(found: Pending, at: int) -> Response:
    if at != found.about.length:
        raise Conflict
    return _answer(HTTPStatus.NO_CONTENT, _state(found))


def _find(upload_id: str) -> Pending:
    return Pending.find(services().settings.uploads_dir, upload_id)


def _state(found: Pending) -> dict[str, str]:
    page = {"Nutshell-Page": found.about.page} if found.about.page else {}
    return {"Upload-Offset": str(found.offset), "Upload-Expires": http_date(found.expires), **page}


def _answer(status: HTTPStatus, headers: dict[str, str]) -> Response:
    return Response(status=status, headers={"Tus-Resumable": VERSION, **headers})


@blueprint.before_request
def _check_version() -> Response | None:
    if request.method == "OPTIONS" or request.headers.get("Tus-Resumable") == VERSION:
        return None
    return _answer(HTTPStatus.PRECONDITION_FAILED, {"Tus-Version": VERSION})


def _number(name: str) -> int:
    text = request.headers.get(name, "")
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise BadRequest
    return int(text)


def _metadata(text: str) -> About:
    """Raises: BadRequest: not `name base64, name base64, …`."""
    if len(text) > LONGEST_METADATA:
        raise BadRequest
    values: dict[str, str] = {}
    for pair in filter(None, (part.strip() for part in text.split(","))):
        name, _, value = pair.partition(" ")
        try:
            values[name] = base64.b64decode(value.strip(), validate=True).decode()
        except (binascii.Error, UnicodeDecodeError) as error:
            raise BadRequest from error
    return About(0, values.get("filename", ""), values.get("language", ""), values.get("length", ""), "listen" in values, "batch" in values)
