"""`python -m workers.lm`: the process that holds the LLaMA, behind OpenAI's completion API on a socket of this machine (or an address on a cluster).

GET  /healthz               is the model loaded and its engine alive
GET  /v1/models             name, max_model_len (as in vLLM), languages, the form of its prompts, why it runs as it does
POST /v1/completions        a prompt, or many in one request; `stream`, `stop`, `max_tokens`, and `priority` as in vLLM (lower goes first)
POST /v1/chat/completions   one question with an optional system message
POST /v1/likelihoods        how likely given answers are, in nats
POST /tokenize              how many tokens a text has, as in vLLM
"""

import json
import queue
import sys
import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

import click
from flask import Flask, Response, jsonify, request
from pydantic import BaseModel, Field, ValidationError

from pipeline.config import Settings, load
from pipeline.errors import InputError, NutshellError
from pipeline.language.forms import render
from pipeline.language.generator import Priority, Prompt, unavailable
from workers.model_server import ModelServer, error_object, exit_soon, model_app, out_of_order

if TYPE_CHECKING:
    from pipeline.language.local import LocalGenerator
    from pipeline.language.request import Done, Event, Request
    from pipeline.language.sampling import Sampling

THREADS = 64
"""Requests at the same time; more wait for a free thread."""
HEARTBEAT = 0.5
"""Seconds between signs of life in a stream that has nothing to say yet. They are also how a caller that has gone is noticed."""
Kind = Literal["text", "chat"]
Body = TypeVar("Body", bound=BaseModel)


class Each(BaseModel):
    """What one prompt of many wants for itself."""

    max_tokens: int = Field(ge=1)
    min_tokens: int = Field(default=0, ge=0)
    not_first: str = ""
    variant: int = Field(default=0, ge=0)
    temperature: float = Field(default=1.0, gt=0)
    stop: list[str] = []


class Asked(BaseModel):
    """Body of both completion endpoints. Fields of OpenAI's that concern random sampling are taken and have no effect: only an entry of `each` with a `variant` is drawn by chance."""

    prompt: str | list[str] = ""
    messages: list[dict[str, str]] = []
    max_tokens: int = Field(default=256, ge=1)
    min_tokens: int = Field(default=0, ge=0)
    stop: str | list[str] = []
    each: list[Each] = []
    stream: bool = False
    stream_options: dict[str, bool] = {}
    priority: int = Priority.INTERACTIVE
    repetition_penalty: float | None = Field(default=None, gt=0)
    no_repeat_ngram_size: int | None = Field(default=None, ge=0)
    n: Literal[1] = 1


class Expected(BaseModel):
    """Prompts with the answers whose likelihood is wanted, one of each."""

    prompts: list[Annotated[str, Field(min_length=1)]] = Field(min_length=1)
    answers: list[Annotated[str, Field(min_length=1)]] = Field(min_length=1)
    priority: int = Priority.INTERACTIVE


class Counted(BaseModel):
    prompt: str
    add_special_tokens: bool = True


@dataclass(frozen=True, slots=True)
class Batch:
    """The prompts of one HTTP request on their way through the engine."""

    kind: Kind
    model: str
    requests: "Sequence[Request]"
    events: "queue.SimpleQueue[Event]"

    def cancel(self) -> None:
        for each in self.requests:
            each.cancel()


def create_app(settings: Settings) -> Flask:
    """The app with its model loaded; or, when that is impossible, one that says why."""
    app = model_app("lm", settings)
    try:
        from pipeline.language.local import LocalGenerator

        generator = LocalGenerator.from_settings(settings, on_failure=exit_soon)
    except NutshellError as error:
        return out_of_order(app, error)
    warm(generator)
    app.extensions["generator"] = generator
    _describe(app, generator)
    _answer(app, generator)
    return app


def warm(generator: "LocalGenerator") -> None:
    """The first passes take three times as long, until all weights were read and the number of threads is found: better now than when somebody waits."""
    for number in range(2):
        generator.generate([Prompt("Say what the text says.", f"{number}: {'Bees dance to tell the others where the flowers are. ' * 8}", 8)])


def _describe(app: Flask, generator: "LocalGenerator") -> None:
    created = int(time.time())

    @app.get("/healthz")
    def healthz() -> tuple[Response, int]:
        alive = generator.engine.alive
        return jsonify(status="ok" if alive else "failed", model=generator.model, reason=generator.reason), 200 if alive else 503

    @app.get("/v1/models")
    def models() -> Response:
        card = {
            "id": generator.model,
            "object": "model",
            "created": created,
            "owned_by": "nutshell",
            "max_model_len": generator.window,
            "languages": sorted(generator.languages),
            "form": asdict(generator.form),
            "reason": generator.reason,
        }
        return jsonify(object="list", data=[card])

    @app.post("/tokenize")
    def tokenize() -> Response:
        asked = _body(Counted)
        count = len(generator.tokens_of(asked.prompt)) if asked.add_special_tokens else generator.count(asked.prompt)
        return jsonify(count=count, max_model_len=generator.window)


def _answer(app: Flask, generator: "LocalGenerator") -> None:
    @app.post("/v1/completions")
    def completions() -> Response:
        asked = _body(Asked)
        prompts = [asked.prompt] if isinstance(asked.prompt, str) else asked.prompt
        return _respond(_submit(generator, "text", asked, prompts), asked)

    @app.post("/v1/chat/completions")
    def chat() -> Response:
        asked = _body(Asked)
        return _respond(_submit(generator, "chat", asked, [render(generator.form, _question(asked.messages))]), asked)

    @app.post("/v1/likelihoods")
    def likelihoods() -> Response:
        asked = _body(Expected)
        if len(asked.prompts) != len(asked.answers):
            raise InputError("bad_request", "There must be as many answers as prompts.")
        return jsonify(likelihoods=generator.likelihoods_of(asked.prompts, asked.answers, asked.priority))


def _submit(generator: "LocalGenerator", kind: Kind, asked: Asked, prompts: Sequence[str]) -> Batch:
    from pipeline.language.sampling import Sampling

    if not prompts or (asked.each and len(asked.each) != len(prompts)):
        raise InputError("bad_request", "There must be at least one prompt, and as many entries in `each` as prompts.")
    plain = Sampling()
    sampling = Sampling(
        repetition_penalty=plain.repetition_penalty if asked.repetition_penalty is None else asked.repetition_penalty,
        no_repeat=plain.no_repeat if asked.no_repeat_ngram_size is None else asked.no_repeat_ngram_size,
    )
    stops = [asked.stop] if isinstance(asked.stop, str) else asked.stop
    wishes = asked.each or [Each(max_tokens=asked.max_tokens, min_tokens=asked.min_tokens, stop=stops)] * len(prompts)
    events: queue.SimpleQueue[Event] = queue.SimpleQueue()
    requests = [
        generator.request(key, prompt, wish.max_tokens, wish.stop, asked.priority, events, _wished(generator, sampling, wish))
        for key, (prompt, wish) in enumerate(zip(prompts, wishes, strict=True))
    ]
    generator.submit(requests)
    return Batch(kind, generator.model, requests, events)


def _wished(generator: "LocalGenerator", sampling: "Sampling", wish: Each) -> "Sampling":
    return replace(sampling, least=wish.min_tokens, not_first=generator.first_tokens(wish.not_first), seed=wish.variant, temperature=wish.temperature)


def _respond(batch: Batch, asked: Asked) -> Response:
    if asked.stream:
        stream = _stream(batch, with_usage=asked.stream_options.get("include_usage", False))
        return Response(stream, mimetype="text/event-stream", headers={"Cache-Control": "no-store"})
    return jsonify(_whole(batch))


def _whole(batch: Batch) -> dict[str, Any]:
    from pipeline.language.request import Done

    done: dict[int, Done] = {}
    while len(done) < len(batch.requests):
        event = batch.events.get()
        if isinstance(event, Done):
            if event.reason == "failed":
                raise unavailable()
            done[event.key] = event
    choices = [_choice(batch.kind, key, done[key].text, done[key].reason, whole=True) for key in sorted(done)]
    kind = {"text": "text_completion", "chat": "chat.completion"}[batch.kind]
    return {**_head(batch, kind), "choices": choices, "usage": _usage(done.values())}


def _stream(batch: Batch, *, with_usage: bool) -> Iterator[str]:
    """Server-sent events. When the caller goes away, writing fails, this generator is closed, and the engine drops the prompts."""
    from pipeline.language.request import Done

    head = _head(batch, {"text": "text_completion", "chat": "chat.completion.chunk"}[batch.kind])
    done: list[Done] = []
    try:
        while len(done) < len(batch.requests):
            try:
                event = batch.events.get(timeout=HEARTBEAT)
            except queue.Empty:
                yield ": still here\n\n"
                continue
            if not isinstance(event, Done):
                yield _data({**head, "choices": [_choice(batch.kind, event.key, event.text, None)]})
                continue
            if event.reason == "failed":
                yield _data({"error": error_object(unavailable())})
                return
            done.append(event)
            yield _data({**head, "choices": [_choice(batch.kind, event.key, "", event.reason)]})
        if with_usage:
            yield _data({**head, "choices": [], "usage": _usage(done)})
        yield "data: [DONE]\n\n"
    finally:
        batch.cancel()


def _head(batch: Batch, kind: str) -> dict[str, Any]:
    return {"id": f"cmpl-{uuid.uuid4().hex}", "object": kind, "created": int(time.time()), "model": batch.model}


def _usage(done: "Iterable[Done]") -> dict[str, int]:
    read, written = (sum(column) for column in zip(*((event.prompt_tokens, event.answer_tokens) for event in done), strict=True))
    return {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}


def _choice(kind: Kind, key: int, text: str, reason: str | None, *, whole: bool = False) -> dict[str, Any]:
    said = {"text": text} if kind == "text" else {"message" if whole else "delta": {"role": "assistant", "content": text}}
    return {"index": key, **said, "logprobs": None, "finish_reason": reason}


def _data(value: dict[str, Any]) -> str:
    return f"data: {json.dumps(value, separators=(',', ':'))}\n\n"


def _question(messages: Sequence[dict[str, str]]) -> Prompt:
    """One question, perhaps with a system text before it and the beginning of the answer after it."""
    roles = [message.get("role") for message in messages]
    texts = [message.get("content", "") for message in messages]
    system = texts.pop(0) if roles[:1] == ["system"] else ""
    if roles[-len(texts) :] not in (["user"], ["user", "assistant"]) or not texts:
        raise InputError(
            "bad_request",
            "The messages must be one question by the user, with at most a system text before it and the beginning of the answer after it.",
        )
    return Prompt(system, texts[0], 1, prefix=texts[1] if len(texts) > 1 else "")


def _body(kind: type[Body]) -> Body:
    try:
        return kind.model_validate(request.get_json(silent=True))
    except ValidationError as error:
        first = error.errors()[0]
        raise InputError("bad_request", f"{'.'.join(str(part) for part in first['loc']) or 'The body'}: {first['msg']}.") from error


def main() -> int:
    try:
        settings = load()
        ModelServer(lambda: create_app(settings), settings, socket=settings.lm_socket, address=settings.lm_address, threads=THREADS).run()
    except NutshellError as error:
        click.echo(str(error), err=True)
        return error.exit_status
    return 0


if __name__ == "__main__":
    sys.exit(main())
