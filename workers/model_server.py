"""What the two model processes share: gunicorn with one worker and threads, the check of who calls, errors as JSON, an exit when the model has failed."""

import hmac
import logging
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import structlog
from flask import Flask, Response, jsonify, request
from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]

from pipeline.config import Settings
from pipeline.errors import ContextTooLong, InputError, NutshellError

log = structlog.get_logger(__name__)

WATCH_SECONDS = 0.2
LOADING_SECONDS = 600
"""A large model on a slow disk may take this long."""


class ModelServer(BaseApplication):  # type: ignore[misc]
    """One gunicorn master that starts its only worker again whenever it ends. The model is loaded in the worker, after the fork."""

    def __init__(self, build: Callable[[], Flask], settings: Settings, *, socket: Path, address: str, threads: int) -> None:
        """Raises InputError `bad_setting`: an address that others can reach needs a token."""
        if address and not settings.internal_token.get_secret_value():
            raise InputError("bad_setting", "NUTSHELL_INTERNAL_TOKEN is empty: a model process that listens on an address needs it.")
        self._build = build
        self._options = {
            "bind": address or f"unix:{socket}",
            "worker_class": "gthread",
            "workers": 1,
            "threads": threads,
            "timeout": LOADING_SECONDS,
            "graceful_timeout": 3,
            "keepalive": 30,
            "umask": 0o077,  # the socket is for this user only
            "control_socket_disable": True,
            "loglevel": settings.log_level,
            "proc_name": "nutshell-model",
            "post_fork": _end_with_the_master,
        }
        if not address:
            socket.parent.mkdir(parents=True, exist_ok=True)
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        return self._build()


def _end_with_the_master(_: object, __: object) -> None:
    """Ends this worker at once when its master was killed. Left to itself it would go on loading its model beside the next one's, and then, because nobody
    reads its log any more, run the master's clean-up, which removes the socket that the next master has made meanwhile."""
    master = os.getppid()

    def watch() -> None:
        while os.getppid() == master:
            time.sleep(WATCH_SECONDS)
        os._exit(0)

    threading.Thread(target=watch, name="watch-master", daemon=True).start()


def model_app(name: str, settings: Settings) -> Flask:
    """An app that answers /healthz to anyone and everything else to those who know the token."""
    app = Flask(name)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    token = settings.internal_token.get_secret_value()

    @app.before_request
    def check_caller() -> tuple[Response, int] | None:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if not token or request.path == "/healthz" or hmac.compare_digest(given.encode(), token.encode()):
            return None
        return jsonify(error={"message": "The token is missing or wrong.", "type": "nutshell", "code": "model_denied"}), 401

    @app.errorhandler(NutshellError)
    def say(error: NutshellError) -> tuple[Response, int]:
        return jsonify(error=error_object(error)), error.http_status

    return app


def error_object(error: NutshellError) -> dict[str, object]:
    """An error as OpenAI's API writes it, with what our client needs to raise it again."""
    found: dict[str, object] = {
        "message": str(error),
        "type": "nutshell",
        "code": error.code,
        "retryable": error.retryable,
        "retry_after": error.retry_after,
    }
    if isinstance(error, ContextTooLong):
        found |= {"needed": error.needed, "window": error.window}
    return found


def out_of_order(app: Flask, error: NutshellError) -> Flask:
    """The app when its model cannot be loaded: it says why to everyone who asks, instead of being restarted for ever."""

    @app.before_request
    def refuse() -> None:
        raise error

    log.error("model cannot be loaded", code=error.code, error=str(error))
    return app


def exit_soon() -> None:
    """End this worker after its answers are out; gunicorn starts the next one, which loads the model anew."""
    log.error("model process ends")
    logging.shutdown()
    threading.Timer(0.5, os._exit, (1,)).start()
