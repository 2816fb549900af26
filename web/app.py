"""The web server's application. It loads no model, talks to the store and to the model processes, and leaves all long work to the workers."""

from flask import Flask, request
from flask_compress import Compress

from pipeline import logs
from pipeline.config import Settings, load
from web import (
    admin,
    api,
    api_conversations,
    api_feedback,
    api_find,
    api_lists,
    api_notes,
    api_subscriptions,
    asking,
    events,
    following,
    forms,
    health,
    interface,
    keeping,
    lists,
    media,
    news,
    pages,
    problems,
    rendering,
    security,
    subscriptions,
    take_lists,
    tus,
)
from web.services import EXTENSION, Services
from web.uploads import UploadRequest, sweep

BODY_LIMIT = 1024 * 1024
"""Bytes of a request that is no upload."""

ROUTES = (
    pages, forms, lists, take_lists, admin, following, news, media, events, asking, api, api_find, api_conversations, api_feedback,
    keeping, api_notes, tus, api_lists, api_subscriptions,
)  # fmt: skip
"""Each has a blueprint."""


def create_app(settings: Settings | None = None) -> Flask:
    """The Flask application. `settings`: those of this process when None.

    Raises:
        InputError: `bad_setting`.
    """
    serving = settings is None
    if settings is None:
        settings = load()
        logs.configure(settings.log_level)
    app = Flask("web", static_folder=None)
    app.request_class = UploadRequest
    app.config["MAX_CONTENT_LENGTH"] = BODY_LIMIT
    app.config["COMPRESS_STREAMS"] = False
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.extensions[EXTENSION] = services = Services(settings)
    security.install(app, settings)
    interface.install(app, settings)
    rendering.install(app)
    app.jinja_env.globals["is_followed"] = lambda: subscriptions.is_any(services)
    problems.install(app)
    health.install(app, services)
    for module in ROUTES:
        app.register_blueprint(module.blueprint)
    api.install(app)
    app.teardown_request(lambda _error: request.discard_files())  # type: ignore[attr-defined]  # the store has its own copy
    Compress(app)
    if serving:
        sweep(settings.uploads_dir)
        services.warm()
    return app
