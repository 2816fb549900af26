"""A `Generator` and an `Embedder` over HTTP: the model processes of this machine or cluster, or any OpenAI-compatible server. Imports no model library."""

import base64
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import closing
from contextvars import copy_context
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from threading import Event
from typing import Any

import numpy as np
import structlog

from pipeline.config import Settings
from pipeline.errors import ContextTooLong, ModelError
from pipeline.language import structured
from pipeline.language.cards import languages_of
from pipeline.language.connection import Connection
from pipeline.language.forms import FORMS, Form, defuse, render
from pipeline.language.generator import DIMENSIONS, OnDone, Priority, Prompt, Vectors
from pipeline.language.profiles import thinks
from pipeline.vectors import BUILTIN_INDEX

Events = Generator[dict[str, Any]]
log = structlog.get_logger(__name__)

TOGETHER = 8
"""Requests to a foreign server at the same time."""
CHAT_OVERHEAD = 64
"""Tokens that a server's own chat template may add, where they cannot be counted."""
STATEMENTS, STATEMENT_LONGEST = 4, 220
"""Statements of a structured answer at most, and characters of each."""
STRUCTURE = 160
"""Tokens more that JSON may take for its fields."""
EMBED_TOGETHER = 32
"""Texts per request, so that a query need not wait long for its turn."""


@dataclass(frozen=True, slots=True)
class Server:
    """What a server says about itself."""

    model: str
    window: int
    languages: frozenset[str]
    form: Form | None
    """None: the server puts requests into their form, through its chat endpoint."""
    ours: bool
    vllm: bool = False
    """It takes `min_tokens`, which is no part of OpenAI's API."""


class RemoteGenerator:
    """See `Generator` for the contract. The server is first asked when something is wanted of it."""

    def __init__(
        self, connection: Connection, *, name: str = "", window: int = 0, family: str = "", steps: Callable[[str], bool] = lambda _: False
    ) -> None:
        """`name`: the model to ask for; `window`: what the server does not say; `family`: write requests down ourselves instead of using the chat endpoint; `steps`: which models
        think before they answer.
        """
        self._connection, self._name, self._window, self._family, self._thinks = connection, name, window, family, steps
        self._count = lru_cache(maxsize=20_000)(self._ask_count)
        self._takes_schema = True

    @classmethod
    def from_settings(cls, settings: Settings) -> "RemoteGenerator":
        if settings.llm_url:
            connection = Connection(
                settings.llm_url, name="The language model server (NUTSHELL_LLM_URL)", token=settings.llm_key.get_secret_value()
            )
            return cls(
                connection, name=settings.llm_name, window=settings.llm_window, family=settings.llm_family, steps=partial(thinks, settings)
            )
        connection = own_connection("The language model", settings.lm_address, settings, settings.lm_socket)
        return cls(connection, steps=partial(thinks, settings))

    @property
    def model(self) -> str:
        return self._server.model

    @property
    def window(self) -> int:
        return self._server.window

    @property
    def languages(self) -> frozenset[str]:
        return self._server.languages

    @property
    def steps(self) -> bool:
        return self._thinks(self.model)

    def count(self, text: str) -> int:
        return self._count(text)

    def room(self, prompt: Prompt) -> int:
        server = self._server
        if server.form is not None:
            used = self._count(render(server.form, prompt)) + (1 if server.form.bos else 0)
        else:
            used = self._count(prompt.system) + self._count(prompt.user) + self._count(prompt.prefix) + CHAT_OVERHEAD
        return server.window - used - prompt.max_tokens - (STRUCTURE if prompt.numbered and not server.ours else 0)

    def generate(self, prompts: Sequence[Prompt], *, priority: Priority = Priority.BATCH, on_done: OnDone | None = None) -> list[str]:
        if not prompts:
            return []
        if self._server.ours:
            return self._generate_together(prompts, priority, on_done)
        return self._generate_each(prompts, priority, on_done)

    def stream(self, prompt: Prompt, *, priority: Priority = Priority.INTERACTIVE) -> Iterator[str]:
        self._must_fit([prompt])
        with closing(self._events([prompt], priority)) as events:
            for event in events:
                if text := _text(event):
                    yield text

    def likelihoods(self, prompts: Sequence[Prompt], answers: Sequence[str], *, priority: Priority = Priority.INTERACTIVE) -> list[float] | None:
        server = self._server
        if not server.ours or not prompts:
            return None if prompts else []
        assert server.form is not None
        body = {"prompts": [render(server.form, prompt) for prompt in prompts], "answers": list(answers), "priority": int(priority)}
        return [float(value) for value in self._connection.post("likelihoods", body)["likelihoods"]]

    def close(self) -> None:
        self._connection.close()

    # --- the server

    @cached_property
    def _server(self) -> Server:
        listed = self._connection.get("models").get("data") or []
        found = next((entry for entry in listed if entry.get("id") == self._name), None) if self._name else next(iter(listed), None)
        if found is None:
            names = ", ".join(str(entry.get("id")) for entry in listed[:5]) or "none"
            raise ModelError(
                "model_missing", f"{self._connection.name} has no model {self._name or 'at all'}. It lists: {names}. Set NUTSHELL_LLM_NAME."
            )
        ours = found.get("owned_by") == "nutshell"
        form = Form(**{**found["form"], "stops": tuple(found["form"]["stops"])}) if ours else FORMS.get(self._family)
        languages = frozenset(found["languages"]) if ours else languages_of(str(found["id"]))
        return Server(str(found["id"]), self._find_window(found), languages, form, ours, found.get("owned_by") == "vllm")

    def _find_window(self, listed: dict[str, Any]) -> int:
        """The tokens that this server really takes: a server that cuts a prompt silently would make a summary of half a talk."""
        if self._window:
            return self._window
        if listed.get("max_model_len"):  # vLLM, and ours
            return int(listed["max_model_len"])
        properties = self._connection.has("/props") or {}  # llama.cpp
        window = (properties.get("default_generation_settings") or {}).get("n_ctx")
        if not window:
            raise ModelError(
                "window_unknown",
                f"{self._connection.name} does not say how long a prompt may be. Set NUTSHELL_LLM_WINDOW to the context, in tokens, that it is run with (Ollama: num_ctx).",
            )
        return int(window)

    # --- counting

    @cached_property
    def _can_count(self) -> str:
        """The field in which this server's /tokenize takes text; empty when it has none."""
        for key in ("prompt", "content"):  # vLLM and ours; llama.cpp
            answer = self._connection.has("/tokenize", {"model": self._server.model, key: "one two", "add_special_tokens": False})
            if answer and (answer.get("count") or answer.get("tokens")):
                return key
        log.info("server cannot count tokens, so they are estimated", server=self._connection.name)
        return ""

    def _ask_count(self, text: str) -> int:
        if not text:
            return 0
        if not self._can_count:
            return estimate(text)
        answer = self._connection.post("/tokenize", {"model": self._server.model, self._can_count: text, "add_special_tokens": False})
        return int(answer["count"]) if "count" in answer else len(answer["tokens"])

    def _must_fit(self, prompts: Sequence[Prompt]) -> None:
        if self._server.ours:  # it refuses by itself, before it begins
            return
        for prompt in prompts:
            room = self.room(prompt)
            if room < 0:
                raise ContextTooLong(self.window - room, self.window)

    # --- asking

    def _generate_together(self, prompts: Sequence[Prompt], priority: Priority, on_done: OnDone | None) -> list[str]:
        """All in one request; the server's engine mixes them with those of others."""
        answers = [""] * len(prompts)
        with closing(self._events(prompts, priority)) as events:
            for event in events:
                for choice in event["choices"]:
                    answers[choice["index"]] += choice["text"]
                    if choice["finish_reason"]:
                        answers[choice["index"]] = answers[choice["index"]].strip()
                        if on_done:
                            on_done(choice["index"], answers[choice["index"]])
        return answers

    def _generate_each(self, prompts: Sequence[Prompt], priority: Priority, on_done: OnDone | None) -> list[str]:
        """One request per prompt, some at a time; an interrupted caller ends those that are under way."""
        self._must_fit(prompts)
        answers = [""] * len(prompts)
        stopped = Event()
        with ThreadPoolExecutor(TOGETHER, thread_name_prefix="llm") as pool:
            futures = {pool.submit(copy_context().run, self._one, prompt, priority, stopped): index for index, prompt in enumerate(prompts)}
            try:
                for future in as_completed(futures):
                    answers[futures[future]] = future.result()
                    if on_done:
                        on_done(futures[future], answers[futures[future]])
            finally:
                stopped.set()
                pool.shutdown(wait=True, cancel_futures=True)
        return answers

    def _one(self, prompt: Prompt, priority: Priority, stopped: Event) -> str:
        if not prompt.numbered or not self._takes_schema:
            return self._whole(prompt, priority, stopped, None)
        wanted = structured.Wanted(prompt.numbered, STATEMENTS, STATEMENT_LONGEST)
        try:
            answer = self._whole(prompt, priority, stopped, structured.schema(wanted))
        except ModelError as error:
            if error.code != "model_denied":
                raise
            self._takes_schema = False
            log.warning("server takes no schema, so statements are asked for in free text", server=self._connection.name, reason=str(error))
            return self._whole(prompt, priority, stopped, None)
        return answer if stopped.is_set() else self._as_text(answer, wanted)

    def _whole(self, prompt: Prompt, priority: Priority, stopped: Event, schema: dict[str, Any] | None) -> str:
        pieces = []
        with closing(self._events([prompt], priority, schema)) as events:
            for event in events:
                if stopped.is_set():
                    break
                pieces.append(_text(event))
        return "".join(pieces).strip()

    def _as_text(self, answer: str, wanted: structured.Wanted) -> str:
        """What a server made of the schema. One that passes over schemas answers in free text, which is judged as it is."""
        bare = structured.unfenced(answer)
        try:
            return structured.read(bare, wanted)
        except structured.NotInForm as error:
            log.info("answer not in the form that was asked for", server=self._connection.name, reason=str(error))
            return answer if not bare.startswith("{") else ""

    def _events(self, prompts: Sequence[Prompt], priority: Priority, schema: dict[str, Any] | None = None) -> Events:
        """`schema`: the answer is JSON of this form, on servers that are not ours."""
        server = self._server
        body: dict[str, object] = {
            "model": server.model,
            "max_tokens": max(prompt.max_tokens for prompt in prompts) + (STRUCTURE if schema else 0),
            "temperature": 0,
            "stream": True,
        }
        if server.ours:
            assert server.form is not None
            texts = [render(server.form, prompt) for prompt in prompts]
            own = {"each": [_wishes(prompt) for prompt in prompts], "priority": int(priority)}
            return self._connection.events("completions", body | own | {"prompt": texts})
        (prompt,) = prompts
        body |= {"stream_options": {"include_usage": True}} | structured.fields(schema, chat=server.form is None)
        if prompt.variant:
            body |= {"temperature": prompt.temperature, "seed": prompt.variant}
        if server.vllm and prompt.min_tokens and schema is None:  # a grammar that is at its end, and an end that is forbidden, make it fail or write on without sense
            body |= {"min_tokens": prompt.min_tokens}
        if server.form is not None:
            stops = (*prompt.stop, *server.form.stops)[:4]  # OpenAI's API takes four
            return self._checked(
                prompt, self._connection.events("completions", body | {"prompt": render(server.form, prompt), "stop": stops})
            )
        if prompt.stop:
            body |= {"stop": prompt.stop[:4]}
        return self._checked(prompt, self._connection.events("chat/completions", body | {"messages": _messages(prompt)}))

    def _checked(self, prompt: Prompt, events: Events) -> Events:
        """The events, unless the server says that it read less than it was given: some cut silently what exceeds a window that they do not announce."""
        for event in events:
            usage = event.get("usage") or {}
            least = _fewest(prompt.system + prompt.user)
            if usage.get("prompt_tokens") and usage["prompt_tokens"] < least:
                raise ModelError(
                    "model_truncates",
                    f"{self._connection.name} read only {usage['prompt_tokens']} of at least {least} tokens: it cuts silently. Raise its context (Ollama: num_ctx) or set NUTSHELL_LLM_WINDOW to it.",
                )
            yield event


class RemoteEmbedder:
    """See `Embedder` for the contract."""

    def __init__(self, connection: Connection, priority: Priority, model: str = BUILTIN_INDEX.model) -> None:
        self.model = model
        self._connection = connection
        self._priority = priority

    def of(self, model: str) -> "RemoteEmbedder":
        return RemoteEmbedder(self._connection, self._priority, model)

    def models(self) -> list[str]:
        """All that the process can be asked for. Raises ModelError."""
        return [str(entry["id"]) for entry in self._connection.get("models")["data"]]

    @classmethod
    def from_settings(cls, settings: Settings, priority: Priority) -> "RemoteEmbedder":
        return cls(own_connection("The embedding process", settings.embed_address, settings, settings.embed_socket), priority)

    def passages(self, texts: Sequence[str]) -> Vectors:
        return self._vectors(texts, "passage")

    def queries(self, texts: Sequence[str]) -> Vectors:
        return self._vectors(texts, "query")

    def close(self) -> None:
        self._connection.close()

    def _vectors(self, texts: Sequence[str], kind: str) -> Vectors:
        rows: list[Vectors] = []
        for at in range(0, len(texts), EMBED_TOGETHER):
            some = list(texts[at : at + EMBED_TOGETHER])
            body = {"model": self.model, "input": some, "input_type": kind, "encoding_format": "base64", "priority": int(self._priority)}
            answer = self._connection.post("embeddings", body)
            if answer.get("model") != self.model:
                raise ModelError("embedding_model_missing", f"The embedding process answers with {answer.get('model')!r} instead of {self.model}. Start it again.")
            rows.extend(np.frombuffer(base64.b64decode(entry["embedding"]), "<f4")[None] for entry in answer["data"])
        return np.concatenate(rows) if rows else np.empty((0, DIMENSIONS), np.float32)


def own_connection(name: str, address: str, settings: Settings, socket: Any) -> Connection:
    """To a process of ours: by its address on a cluster, else by its socket."""
    if address:
        return Connection(f"http://{address}/v1", name=name, token=settings.internal_token.get_secret_value(), own=True, silence=60.0)
    return Connection("http://nutshell/v1", name=name, socket=socket, own=True, silence=60.0)


def estimate(text: str) -> int:
    """Tokens of a text where the server cannot count them: more than any LLaMA tokenizer makes of it (each digit one, three other ASCII characters one, two
    bytes of other scripts one), so that nothing is ever cut; the price is that about a third of the window stays unused."""
    digits = sum(character.isdigit() for character in text)
    plain = sum(character.isascii() for character in text) - digits
    rest = len(text.encode("utf-8", "replace")) - plain - digits
    return digits + -(-max(plain, 0) // 3) + -(-max(rest, 0) // 2)


def _fewest(text: str) -> int:
    """Fewer tokens than this no tokenizer makes of ordinary text."""
    return len("".join(text.split())) // 6


def _messages(prompt: Prompt) -> list[dict[str, str]]:
    """As the chat endpoint takes them. Few servers let one begin the answer, so a prefix becomes a request."""
    user = defuse(prompt.user)
    if prompt.prefix:
        user += f"\n\nYour answer continues this beginning, without repeating it: {prompt.prefix}"
    system = [{"role": "system", "content": defuse(prompt.system)}] if prompt.system else []
    return [*system, {"role": "user", "content": user}]


def _wishes(prompt: Prompt) -> dict[str, object]:
    """What one prompt of many wants for itself, as our own server takes it."""
    names = ("max_tokens", "min_tokens", "not_first", "stop", "variant", "temperature")
    return {name: getattr(prompt, name) for name in names}


def _text(event: dict[str, Any]) -> str:
    for choice in event.get("choices") or ():
        return str(choice.get("text") or (choice.get("delta") or {}).get("content") or "")
    return ""
