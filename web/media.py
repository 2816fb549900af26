"""Bytes: recordings with ranges, thumbnails, exports. Names and types come from our rows, never from a request."""

import hashlib
from collections.abc import Iterator

from flask import Blueprint, Response, request, send_file
from werkzeug.datastructures import Range
from werkzeug.exceptions import NotFound, RequestedRangeNotSatisfiable
from werkzeug.http import quote_header_value
from werkzeug.wrappers import Response as BaseResponse

from pipeline import downloads
from pipeline.errors import InputError
from pipeline.export.render import Export
from pipeline.store import media as media_rows, videos
from pipeline.store.blobs import Blobs
from pipeline.store.media import Media
from web.security import valid_video_id
from web.services import services

blueprint = Blueprint("media", __name__)

INLINE = ("audio/", "video/")
"""Types shown in the page; everything else is handed over as a download."""
TINTS = ("#8f4a17", "#2f6153", "#5b4a8a", "#8a3d4c", "#3d5f8a", "#6d6420")


@blueprint.get("/api/v1/media/<video_id>/<kind>")
def recording(video_id: str, kind: str) -> Response:
    """A kept recording, whole or the range asked for. `?download=1` names it for saving."""
    if kind != "upload":
        _known(kind)
    with services().db.session() as s:
        found = media_rows.get_media(s, valid_video_id(video_id), kind)
        if found is None:
            raise NotFound
        media_rows.seen_media(s, found.key)
    response = ranged(services().blobs, found)
    inline = found.content_type.startswith(INLINE) and "download" not in request.args
    response.headers["Content-Disposition"] = disposition("inline" if inline else "attachment", found.name)
    # a recording is looked at by the player only; as a document it may do nothing at all
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'; frame-ancestors 'none'"
    return response


def _known(kind: str) -> None:
    """Raises: NotFound: no form of a recording has this name."""
    try:
        downloads.parse(kind)
    except InputError as error:
        raise NotFound from error


def ranged(blobs: Blobs, found: Media) -> Response:
    """The bytes of a media file, honouring Range, from the folder or the object store alike."""
    content_type = found.content_type if found.content_type.startswith(INLINE) else "application/octet-stream"
    if blobs.folder is not None:
        with blobs.local(found.key) as path:
            return send_file(path, mimetype=content_type, conditional=True, etag=True, max_age=0)
    start, end = _wanted(found.size)
    partial = (start, end) != (0, found.size)
    body: Iterator[bytes] = blobs.stream(found.key, start, end)
    response = Response(body if request.method == "GET" else b"", 206 if partial else 200, mimetype=content_type)
    response.content_length = end - start
    response.headers["Accept-Ranges"] = "bytes"
    if partial:
        response.headers["Content-Range"] = f"bytes {start}-{end - 1}/{found.size}"
    return response


def _wanted(size: int) -> tuple[int, int]:
    """Start and end (not included) of the one range asked for, or of everything."""
    asked: Range | None = request.range
    if asked is None or asked.units != "bytes" or len(asked.ranges) != 1:
        return 0, size
    found = asked.range_for_length(size)
    if found is None:
        raise RequestedRangeNotSatisfiable(size)
    return found


@blueprint.get("/thumbs/<video_id>")
def thumbnail(video_id: str) -> BaseResponse:
    """The picture we keep of a video, else one we draw."""
    with services().db.session() as s:
        found = media_rows.get_media(s, valid_video_id(video_id), "thumbnail")
        kind = videos.get_kind(s, video_id)
    if kind is None:
        raise NotFound
    blobs = services().blobs
    if found is not None and found.content_type in ("image/jpeg", "image/png", "image/webp") and blobs.exists(found.key):
        body = b"".join(blobs.stream(found.key))
        response = Response(body, mimetype=found.content_type)
    else:
        response = Response(drawn(video_id, kind), mimetype="image/svg+xml")
    response.headers["Cache-Control"] = "private, max-age=0, must-revalidate"
    response.add_etag()
    return response.make_conditional(request)


def drawn(video_id: str, kind: str) -> str:
    """A quiet picture for a video that has none: bars like a voice for sound, lines like a page for text. The same every time."""
    digest = hashlib.sha256(video_id.encode()).digest()
    tint = TINTS[digest[0] % len(TINTS)]
    if kind == "transcript":
        shapes = "".join(f'<rect x="96" y="{52 + 15 * i}" width="{70 + digest[i + 1] % 60}" height="5" rx="2.5"/>' for i in range(6))
    else:
        heights = [14 + digest[i + 1] % 62 for i in range(17)]
        shapes = "".join(
            f'<rect x="{71 + 10.6 * i:.1f}" y="{90 - h / 2:.1f}" width="5" height="{h}" rx="2.5"/>' for i, h in enumerate(heights)
        )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 320 180" width="320" height="180">'
        f'<rect width="320" height="180" fill="{tint}"/><g fill="#fff" opacity=".78">{shapes}</g></svg>'
    )


def disposition(kind: str, name: str) -> str:
    """Content-Disposition after RFC 6266: an ASCII name for old programs, the real one in UTF-8."""
    plain = name.encode("ascii", "replace").decode().replace("?", "_")
    quoted = quote_header_value(plain, allow_token=False)
    if plain == name:
        return f"{kind}; filename={quoted}"
    encoded = "".join(chr(b) if chr(b).isascii() and (chr(b).isalnum() or chr(b) in "!#$&+-.^_`|~") else f"%{b:02X}" for b in name.encode())
    return f"{kind}; filename={quoted}; filename*=UTF-8''{encoded}"


def exported(export: Export, *, inline: bool = False) -> Response:
    """An export as a download. It is made of strangers' words, so it may do nothing when it is opened in the browser."""
    response = Response(export.body, content_type=export.media_type)
    response.headers["Content-Disposition"] = disposition("inline" if inline else "attachment", export.filename)
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
    return response
