"""`python -m workers.embed`: the process that makes embeddings, behind OpenAI's API on a socket of this machine (or an address on a cluster).

    GET  /healthz          is the engine running
    GET  /v1/models        which model
    POST /v1/embeddings    `input`: a text or many; `input_type`: query or passage; `encoding_format`: float or base64 (float32); `priority`: 0 is interactive
    POST /v1/translations  `texts` from `source` into `target` by the engine of this `way` (neural, apertium); `again`: its first answer did not hold

Who waits at the page has an engine of his own: a search or a question never waits behind a talk that is being indexed. Models of folders (encoders.py) are opened when
they are first asked for.
"""

import base64
import sys
import threading
from typing import Annotated, Literal, TypeVar

import click
from flask import Flask, Response, jsonify, request
from pydantic import BaseModel, Field, ValidationError

from pipeline.config import Settings, load
from pipeline.errors import InputError, NutshellError
from pipeline.language import encoders
from pipeline.language.embedder import ChildEmbedder
from pipeline.language.engines import Way, engines_of
from pipeline.language.generator import Priority
from pipeline.language.translated import KEPT
from pipeline.vectors import BUILTIN_INDEX
from workers.model_server import ModelServer, model_app, out_of_order

Form = TypeVar("Form", bound=BaseModel)
THREADS = 32
BATCH_NICE = 10
"""The engine of what nobody waits for leaves the cores to what somebody does."""
MOST = 256
"""Texts in one request."""
LONGEST = 20_000
"""Characters of a text that is translated."""


class Asked(BaseModel):
    model: str = Field(default=BUILTIN_INDEX.model, max_length=200)
    input: str | list[str] = Field(max_length=1_000_000)
    input_type: Literal["query", "passage"] = "query"
    encoding_format: Literal["float", "base64"] = "float"
    priority: int = Priority.INTERACTIVE


class Translated(BaseModel):
    way: Way
    source: str = Field(max_length=12)
    target: str = Field(max_length=12)
    texts: list[Annotated[str, Field(max_length=LONGEST)]] = Field(max_length=MOST)
    again: bool = False


def create_app(settings: Settings) -> Flask:
    """The app with its engines running; or, when they cannot be started, one that says why."""
    app = model_app("embed", settings)
    embedders = Embedders(settings)
    engines = engines_of(settings)  # small, and opened when first asked: it translates answers, which somebody waits for
    try:
        for waits in (True, False):
            embedders.of(BUILTIN_INDEX.model, waits=waits).warm()
    except NutshellError as error:
        return out_of_order(app, error)

    @app.get("/healthz")
    def healthz() -> Response:
        return jsonify(status="ok", model=BUILTIN_INDEX.model)

    @app.get("/v1/models")
    def models() -> Response:
        return jsonify(object="list", data=[{"id": name, "object": "model", "owned_by": "nutshell"} for name in encoders.available(settings)])

    @app.post("/v1/embeddings")
    def embeddings() -> Response:
        asked = _asked(Asked)
        texts = [asked.input] if isinstance(asked.input, str) else asked.input
        if len(texts) > MOST:
            raise InputError("bad_request", f"At most {MOST} texts in one request.")
        engine = embedders.of(asked.model, waits=asked.priority <= Priority.INTERACTIVE)
        rows = engine.queries(texts) if asked.input_type == "query" else engine.passages(texts)
        written = [base64.b64encode(row.tobytes()).decode() if asked.encoding_format == "base64" else row.tolist() for row in rows]
        data = [{"object": "embedding", "index": index, "embedding": row} for index, row in enumerate(written)]
        return jsonify(object="list", model=engine.model, data=data)

    @app.post("/v1/translations")
    def translations() -> Response:
        asked = _asked(Translated)
        engine = next((one for one in engines if one.way == asked.way), None)
        if engine is None or (asked.source, asked.target) not in engine.pairs:
            raise InputError("bad_request", f"There is no {asked.way} engine from {asked.source!r} into {asked.target!r} here.")
        return jsonify(texts=engine.translate(asked.texts, asked.source, asked.target, kept=KEPT, again=asked.again))

    return app


class Embedders:
    """Two of each model that was asked for, kept as long as the process: for who waits, and for the rest."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._open: dict[tuple[str, bool], ChildEmbedder] = {}
        self._lock = threading.Lock()

    def of(self, model: str, *, waits: bool) -> ChildEmbedder:
        """Raises: ModelError: `embedding_model_missing`, `model_broken`."""
        with self._lock:
            if (model, waits) not in self._open:
                self._open[model, waits] = encoders.open_child(self._settings, model, nice=0 if waits else BATCH_NICE)
            return self._open[model, waits]


def _asked(form: type[Form]) -> Form:
    try:
        return form.model_validate(request.get_json(silent=True))
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
