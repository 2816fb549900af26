"""Jinja for our pages: filters, the addresses of static files, the reader's theme."""

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask, Response, request, send_from_directory

from pipeline import timecode
from pipeline.language.engines import is_rough
from web import answers, words

STATIC = Path(__file__).parent / "static"
THEMES = ("light", "dark")
THEME_COOKIE = "theme"
SEEN_COOKIE = "seen"
"""Set for one page: what was pasted was there already."""
YEAR = 365 * 24 * 3600


@cache
def static_version() -> str:
    """Names the content of all static files, so that they may be cached for ever and are never stale."""
    digest = hashlib.sha256()
    for path in sorted(path for path in STATIC.rglob("*") if path.is_file()):
        digest.update(path.relative_to(STATIC).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def install(app: Flask) -> None:
    version = static_version()

    def asset(name: str) -> str:
        return f"/s/{version}/{name}"

    def static_file(version: str, name: str) -> Response:  # noqa: ARG001 - only there to change the address
        response = send_from_directory(STATIC, name, conditional=True, etag=True)
        response.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
        return response

    def context() -> dict[str, Any]:
        return {"theme": theme(), "asset": asset}

    app.add_url_rule("/s/<version>/<path:name>", "static_file", static_file)
    app.context_processor(context)
    app.jinja_env.globals["asset"] = asset  # macros are imported without the context
    app.jinja_env.filters |= {
        "clock": timecode.clock,
        "span": words.span,
        "size": words.size,
        "ago": words.ago,
        "until": words.until,
        "day": words.day,
        "language": words.language_name,
        "said_name": words.said_name,
        "listed": words.listed,
        "ours": answers.ours,
        "is_rough": is_rough,
    }
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True


def theme() -> str | None:
    """What the reader chose; None: as the system has it. Read on the server, so the page never flashes in the wrong one."""
    chosen = request.cookies.get(THEME_COOKIE)
    return chosen if chosen in THEMES else None
