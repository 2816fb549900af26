"""The language model inside this process: a `Generator` over the engine. Imports torch."""

import queue
from collections.abc import Callable, Iterator, Sequence

import structlog

from pipeline.config import Settings
from pipeline.errors import ContextTooLong
from pipeline.language.adapter import adapted, read_adapter
from pipeline.language.adapters import adapter_for
from pipeline.language.cards import languages_of
from pipeline.language.checkpoint import Checkpoint
from pipeline.language.engine import Engine, Limits
from pipeline.language.forms import Form, choose_form, render
from pipeline.language.generator import OnDone, Priority, Prompt, unavailable
from pipeline.language.llama import Llama
from pipeline.language.placement import Placement, available_memory, has_gpu, place
from pipeline.language.profiles import choose_llm, thinks
from pipeline.language.request import Done, Event, Request
from pipeline.language.sampling import Sampling
from pipeline.language.weights import read

log = structlog.get_logger(__name__)

OnFailure = Callable[[], None]

GPU_SLOTS = 8
"""There memory is taken when the cache is made, and not when it is written; 24 slots of an 8B model would be 7 GB."""


class LocalGenerator:
    """A loaded model with its form and tokenizer. Lives as long as its process; see `Generator` for the contract."""

    def __init__(
        self,
        checkpoint: Checkpoint,
        placement: Placement,
        form: Form,
        *,
        window: int = 0,
        limits: Limits | None = None,
        steps: bool = False,
        on_failure: OnFailure | None = None,
    ) -> None:
        """Load the model. `window`: use less of its window than it has; 0: all. `on_failure`: see `Engine`."""
        self.model = checkpoint.name
        self.form = form
        self.reason = placement.reason
        self.steps = steps
        self.languages = languages_of(checkpoint.name)
        self.window = min(window or checkpoint.shape.window, checkpoint.shape.window)
        self._tokenizer = checkpoint.load_tokenizer()
        self._bos = self._token_id(checkpoint.specials.get("bos_token", "")) if form.bos else []
        ends = checkpoint.ends | {number for stop in form.stops for number in self._token_id(stop)}
        if limits is None and placement.device.type == "cuda":
            limits = Limits(slots=GPU_SLOTS)
        llama = Llama(checkpoint, device=placement.device, dtype=placement.dtype, cache_dtype=placement.cache_dtype)
        self.engine = Engine(llama, self._tokenizer, frozenset(ends), self.window, limits=limits, on_failure=on_failure)

    @classmethod
    def from_settings(cls, settings: Settings, on_failure: OnFailure | None = None) -> "LocalGenerator":
        """The model that the settings and the profile name.

        Raises:
            ModelError: `model_missing`, `model_broken`, `model_too_large`.
        """
        cuda = has_gpu(settings)
        choice = choose_llm(settings, cuda=cuda, memory=None if cuda else available_memory())
        checkpoint = read(choice.path)
        form = choose_form(checkpoint.name, checkpoint.template, checkpoint.specials, family=settings.llm_family)
        placement = place(settings, checkpoint.shape, checkpoint.name)
        if (folder := adapter_for(settings, checkpoint.name)) is not None:
            checkpoint = adapted(checkpoint, read_adapter(folder))
        steps = thinks(settings, checkpoint.name)
        generator = cls(checkpoint, placement, form, window=settings.llm_window, steps=steps, on_failure=on_failure)
        log.info(
            "language model loaded",
            model=generator.model,
            form=form.family,
            window=generator.window,
            choice=choice.reason,
            reason=placement.reason,
        )
        return generator

    def count(self, text: str) -> int:
        return len(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def room(self, prompt: Prompt) -> int:
        return self.window - len(self.tokens_of(render(self.form, prompt))) - prompt.max_tokens

    def tokens_of(self, rendered: str) -> list[int]:
        """The tokens of a request in its form."""
        ids: list[int] = self._tokenizer.encode(rendered, add_special_tokens=False).ids
        return [*self._bos, *ids]

    def generate(self, prompts: Sequence[Prompt], *, priority: Priority = Priority.BATCH, on_done: OnDone | None = None) -> list[str]:
        events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        requests = [
            self.request(key, render(self.form, prompt), prompt.max_tokens, prompt.stop, int(priority), events, self._rules(prompt))
            for key, prompt in enumerate(prompts)
        ]
        answers = [""] * len(requests)
        try:
            self.submit(requests)
            for _ in requests:
                done = _next_done(events)
                answers[done.key] = done.text.strip()
                if on_done:
                    on_done(done.key, answers[done.key])
        finally:  # an interrupted caller's prompts must not go on
            for request in requests:
                request.cancel()
        return answers

    def stream(self, prompt: Prompt, *, priority: Priority = Priority.INTERACTIVE) -> Iterator[str]:
        events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        request = self.request(0, render(self.form, prompt), prompt.max_tokens, prompt.stop, int(priority), events, self._rules(prompt))
        self.submit([request])
        try:
            while not isinstance(event := events.get(), Done):
                yield event.text
            if event.reason == "failed":
                raise unavailable()
        finally:
            request.cancel()

    def request(
        self,
        key: int,
        rendered: str,
        max_tokens: int,
        stops: Sequence[str],
        priority: int,
        events: "queue.SimpleQueue[Event]",
        sampling: Sampling | None = None,
    ) -> Request:
        """A request to the engine, whose events go to `events`; the form's stop strings are added."""
        every = (*self.form.stops, *stops)
        return Request(key, self.tokens_of(rendered), max_tokens, every, priority, events.put, sampling or Sampling())

    def submit(self, requests: Sequence[Request]) -> None:
        """All or none.

        Raises:
            ContextTooLong: one does not fit.
        """
        for request in requests:
            if request.needed > self.window:
                raise ContextTooLong(request.needed, self.window)
        for request in requests:
            self.engine.submit(request)

    def likelihoods(self, prompts: Sequence[Prompt], answers: Sequence[str], *, priority: Priority = Priority.INTERACTIVE) -> list[float]:
        return self.likelihoods_of([render(self.form, prompt) for prompt in prompts], answers, int(priority))

    def likelihoods_of(self, rendered: Sequence[str], answers: Sequence[str], priority: int) -> list[float]:
        """The same of requests that are in their form already."""
        events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        requests = [self._expecting(key, text, answer, priority, events) for key, (text, answer) in enumerate(zip(rendered, answers, strict=True))]
        found = [0.0] * len(requests)
        try:
            self.submit(requests)
            for _ in requests:
                done = _next_done(events)
                found[done.key] = done.likelihood
        finally:
            for request in requests:
                request.cancel()
        return found

    def _expecting(self, key: int, rendered: str, answer: str, priority: int, events: "queue.SimpleQueue[Event]") -> Request:
        expected = tuple(self._tokenizer.encode(answer, add_special_tokens=False).ids)
        if not expected:
            raise ValueError("an empty answer has no likelihood")
        return Request(key, [*self.tokens_of(rendered), *expected[:-1]], 0, (), priority, events.put, Sampling(), expected)

    def close(self) -> None:
        self.engine.close()

    def _rules(self, prompt: Prompt) -> Sampling:
        return Sampling(least=prompt.min_tokens, not_first=self.first_tokens(prompt.not_first), seed=prompt.variant, temperature=prompt.temperature)

    def first_tokens(self, word: str) -> tuple[int, ...]:
        """What an answer that begins with `word` begins with."""
        return tuple(self._tokenizer.encode(word, add_special_tokens=False).ids[:1])

    def _token_id(self, text: str) -> list[int]:
        number = self._tokenizer.token_to_id(text) if text else None
        return [] if number is None else [number]


def _next_done(events: "queue.SimpleQueue[Event]") -> Done:
    while not isinstance(event := events.get(), Done):
        pass
    if event.reason == "failed":
        raise unavailable()
    return event
