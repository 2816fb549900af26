"""Errors as people and programs see them: RFC 9457 `application/problem+json` under /api, a page with one next step elsewhere.

This is the one place where the classes of pipeline.errors become HTTP.
"""

import structlog
from flask import Flask, Response, jsonify, render_template, request
from werkzeug.exceptions import HTTPException, SecurityError

from pipeline.errors import NutshellError

log = structlog.get_logger(__name__)

SENTENCES = {
    400: ("bad_request", "This request cannot be understood."),
    401: ("password_needed", "This server asks for its password."),
    403: ("forbidden", "This request came from another site, so nothing was done."),
    404: ("not_found", "There is nothing at this address. It may have been deleted."),
    405: ("method_not_allowed", "This address does not take that kind of request."),
    408: ("too_slow", "Nothing came for half a minute. What had come is kept; go on from there."),
    409: ("offset", "Other bytes are expected here. Ask with HEAD how far this upload has come."),
    413: ("upload_too_large", "This file is larger than this server takes. Choose a smaller one, or raise NUTSHELL_MAX_UPLOAD."),
    415: ("not_json", "Send this request as application/json."),
    416: ("bad_range", "That part of the file does not exist."),
    423: ("locked", "This upload is being written to by another connection. Try again in a moment."),
    429: ("too_many", "Too many requests at once. Try again in a moment."),
    503: ("busy", "The server is busy. Try again in a moment."),
}
INTERNAL = ("internal", "Something went wrong in Nutshell itself. Try again; if it happens again, the server's log says what it was.")


def wants_json() -> bool:
    return request.path.startswith("/api/") or request.path in ("/healthz", "/readyz", "/metrics")


def problem(status: int, code: str, sentence: str, *, retry_after: float | None = None) -> Response:
    """The answer for a failure, as JSON or as a page, with Retry-After where waiting helps."""
    if wants_json():
        response = jsonify(type="about:blank", title=code.replace("_", " "), status=status, code=code, detail=sentence)
        response.mimetype = "application/problem+json"
    else:
        typed = (_typed() or "")[:2000]
        response = Response(render_template("error.html", status=status, code=code, sentence=sentence, typed=typed), mimetype="text/html")
    response.status_code = status
    if retry_after is not None:
        response.headers["Retry-After"] = str(max(1, round(retry_after)))
    return response


def _typed() -> str | None:
    """What was in the box. A form that has not been read is not read now: its size may be what is wrong."""
    form = request.__dict__.get("form")
    return form.get("q") if form else request.args.get("q")


def install(app: Flask) -> None:
    app.register_error_handler(NutshellError, _nutshell)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unexpected)


def _nutshell(error: NutshellError) -> Response:
    status = error.http_status
    return problem(status, error.code, str(error), retry_after=error.retry_after or (5 if status == 503 else None))


def _http(error: HTTPException) -> Response:
    if isinstance(error, SecurityError):  # the host is unknown, so no page with links can be made
        return Response("Unknown host name. Set NUTSHELL_PUBLIC_URL to the address you use.\n", 400, mimetype="text/plain")
    status = error.code or 500
    if status < 400:
        return Response(error.get_body(), status, dict(error.get_headers()))
    code, sentence = SENTENCES.get(status, INTERNAL)
    response = problem(status, code, sentence, retry_after=getattr(error, "retry_after", None))
    if status == 401:
        response.headers["WWW-Authenticate"] = 'Basic realm="Nutshell", charset="UTF-8"'
    return response


def _unexpected(error: Exception) -> Response:
    log.error("request_failed", path=request.path, method=request.method, exc_info=error)
    return problem(500, *INTERNAL)
