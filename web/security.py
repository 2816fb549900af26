"""Who may talk to this server: known Host names, our own pages, holders of the password; and the headers every answer carries.

Localhost is no trust boundary: any page in the reader's browser can send requests to it. Hence the Host list (against DNS rebinding, on every method and
path) and the origin check (on every unsafe method), from the first request on and also without a password.
"""

import hmac
import re
from urllib.parse import urlsplit

from flask import Flask, Response, request
from werkzeug.exceptions import Forbidden, NotFound, SecurityError, Unauthorized

from pipeline.config import Settings

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
OPEN_PATHS = frozenset({"/healthz", "/readyz"})
"""Answer without the password: they say up or down and nothing else, and health checks have nowhere to keep a password."""
PLAYER = "https://www.youtube-nocookie.com"
CONTENT_POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self'",
        "media-src 'self'",
        f"frame-src {PLAYER}",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # a stricter policy breaks the embedded player (its error 153)
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::[0-9]{1,5})?")
_VIDEO_ID = re.compile(r"[A-Za-z0-9_-]{11}|[0-9a-f]{16}")
_JOB_ID = re.compile(r"[0-9]{1,18}")


def trusted_hosts(settings: Settings) -> frozenset[str]:
    """Host names that requests may carry. Port numbers do not matter: a rebinding page cannot choose the name."""
    names = ["localhost", "127.0.0.1", "::1", settings.host.strip("[]"), urlsplit(settings.public_url).hostname or ""]
    return frozenset(f"[{name}]" if ":" in name else name.lower() for name in names if name)


def valid_video_id(text: str) -> str:
    """`text` when it can be a video's id, else 404: nothing unchecked reaches a query, a file name or a channel name."""
    if not _VIDEO_ID.fullmatch(text):
        raise NotFound
    return text


def job_number(text: str) -> int:
    """The number of a job in an address, else 404."""
    if not _JOB_ID.fullmatch(text):
        raise NotFound
    return int(text)


def install(app: Flask, settings: Settings) -> None:
    allowed = trusted_hosts(settings)
    app.before_request(lambda: _refuse_unknown_host(allowed))
    app.before_request(lambda: _require_password(settings.password.get_secret_value()))
    app.before_request(lambda: _require_same_origin(settings.public_url))
    app.after_request(_add_headers)


def _refuse_unknown_host(allowed: frozenset[str]) -> None:
    """Before anything else, whatever the path. Not by Flask's TRUSTED_HOSTS: that one cuts at the first colon, so no IPv6 address can be trusted."""
    match = _HOST.fullmatch(request.headers.get("Host", ""))
    if match is None or match[1].lower() not in allowed:
        raise SecurityError


def _require_password(password: str) -> None:
    if not password or request.path in OPEN_PATHS:
        return
    given = request.authorization
    if given is None:
        offered = ""
    elif given.type == "bearer":
        offered = given.token or ""
    else:
        offered = given.password or ""
    if not hmac.compare_digest(offered.encode(), password.encode()):
        raise Unauthorized(www_authenticate=None)


def _require_same_origin(public_url: str) -> None:
    """Unsafe methods come from our own pages or from programs.

    Browsers say where a request comes from in Sec-Fetch-Site (not over plain http to other machines) and, on every unsafe method, in Origin. Programs such
    as curl send neither, and a browser cannot be made to leave out both. Bearer requests carry nothing that a browser adds by itself.
    """
    if request.method in SAFE_METHODS or (request.authorization and request.authorization.type == "bearer"):
        return
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None and site not in ("same-origin", "none"):
        raise Forbidden("This request came from another site.")
    origin = request.headers.get("Origin")
    if origin is not None and not _is_ours(origin, public_url):
        raise Forbidden("This request came from another site.")


def _is_ours(origin: str, public_url: str) -> bool:
    """The scheme is not compared: behind a proxy that ends TLS we see http where the browser sees https."""
    parts = urlsplit(origin)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        return False
    return parts.netloc == request.host or (bool(public_url) and parts.netloc == urlsplit(public_url).netloc)


def _add_headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "no-cache, private"
    return response
