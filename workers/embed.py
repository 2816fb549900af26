"""`python -m workers.embed`: the process that makes embeddings, behind OpenAI's API on a socket of this machine (or an address on a cluster).

    GET  /healthz          is the engine running
    GET  /v1/models        which model
    POST /v1/embeddings    `input`: a text or many; `input_type`: query or passage; `encoding_format`: float or base64 (float32); `priority`: 0 is interactive

Who waits at the page has an engine of his own: a search or a question never waits behind a talk that is being indexed.
"""

import base64
import sys
from typing import Literal

import click
from flask import Flask, Response, jsonify, request
from pydantic import BaseModel, Field, ValidationError

from pipeline.config import Settings, load
from pipeline.errors import InputError, NutshellError
from pipeline.language.embedder import ChildEmbedder
from pipeline.language.generator import Priority
from workers.model_server import ModelServer, model_app, out_of_order

THREADS = 32
MODEL = "multilingual-e5-small"
BATCH_NICE = 10
"""The engine of what nobody waits for leaves the cores to what somebody does."""
MOST = 256
"""Texts in one request."""


class Asked(BaseModel):
    input: str | list[str] = Field(max_length=1_000_000)
    input_type: Literal["query", "passage"] = "query"
    encoding_format: Literal["float", "base64"] = "float"
    priority: int = Priority.INTERACTIVE


def create_app(settings: Settings) -> Flask:
    """The app with its engines running; or, when they cannot be started, one that says why."""
    app = model_app("embed", settings)
    interactive, batch = ChildEmbedder(settings.threads), ChildEmbedder(settings.threads, nice=BATCH_NICE)
    try:
        interactive.warm()
        batch.warm()
    except NutshellError as error:
        return out_of_order(app, error)

    @app.get("/healthz")
    def healthz() -> Response:
        return jsonify(status="ok", model=MODEL)

    @app.get("/v1/models")
    def models() -> Response:
        return jsonify(object="list", data=[{"id": MODEL, "object": "model", "owned_by": "nutshell"}])

    @app.post("/v1/embeddings")
    def embeddings() -> Response:
        asked = _asked()
        texts = [asked.input] if isinstance(asked.input, str) else asked.input
        if len(texts) > MOST:
            raise InputError("bad_request", f"At most {MOST} texts in one request.")
        engine = interactive if asked.priority <= Priority.INTERACTIVE else batch
        rows = engine.queries(texts) if asked.input_type == "query" else engine.passages(texts)
        written = [base64.b64encode(row.tobytes()).decode() if asked.encoding_format == "base64" else row.tolist() for row in rows]
        data = [{"object": "embedding", "index": index, "embedding": row} for index, row in enumerate(written)]
        return jsonify(object="list", model=MODEL, data=data)

    return app


def _asked() -> Asked:
    try:
        return Asked.model_validate(request.get_json(silent=True))
    except ValidationError as error:
        first = error.errors()[0]
        raise InputError("bad_request", f"{'.'.join(str(part) for part in first['loc']) or 'The body'}: {first['msg']}.") from error


def main() -> int:
    try:
        settings = load()
        ModelServer(
            lambda: create_app(settings), settings, socket=settings.embed_socket, address=settings.embed_address, threads=THREADS
        ).run()
    except NutshellError as error:
        click.echo(str(error), err=True)
        return error.exit_status
    return 0


if __name__ == "__main__":
    sys.exit(main())
