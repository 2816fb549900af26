"""One model, one thread, any number of callers: prompts are taken by priority and answered together.

Continuous batching: each pass through the model takes one token of every answer being written and a slice of the prompts waiting to be read. A prompt joins
as soon as a slot is free, an answer that ends frees its slot at once, and nothing ever waits for a whole batch. A slice is as long as the machine reads in
`SLICE_SECONDS`, so somebody who asks a question while a long talk is being summarised is served with the next pass. While nobody asks it is twice as long.
"""

import heapq
import itertools
import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog
import torch
from tokenizers.decoders import DecodeStream
from torch import Tensor

from pipeline.errors import ContextTooLong
from pipeline.language.generator import unavailable
from pipeline.language.llama import Llama, Slab, Span
from pipeline.language.pace import Pace
from pipeline.language.request import Done, Piece, Request, Source
from pipeline.language.sampling import choose

if TYPE_CHECKING:
    from tokenizers import Tokenizer

log = structlog.get_logger(__name__)

SLICE_SECONDS = 0.4
"""Time that one pass may spend on reading prompts. The more rows a matrix is multiplied with, the faster: 83 GFLOPS with 64, 112 with 512 (two cores, AVX2)."""
BATCH_SLICE_SECONDS = 0.8
"""The same while only batch work is there, and so the longest that somebody who comes then waits for the next pass."""
FIRST_SPEED = 640.0
"""Tokens a second, until it has been measured."""
SMALLEST_SLICE, LARGEST_SLICE = 64, 8192
STARVED_PASSES = 4
"""While somebody waits for an answer, batch work gets every fourth pass."""
SHORTEST_SHARED = 16
"""Fewer common first tokens are not worth copying."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Size of the cache."""

    slots: int = 24
    """Answers being written at the same time. On a CPU a pass over 24 takes 1.4 times what one over 8 takes, since reading the weights is most of it."""
    reserve: int = 2
    """Slots more that only interactive requests take."""
    length: int = 2048
    """Tokens per slot; a longer request gets memory of its own."""
    long_requests: int = 2
    """How many of those may be there at the same time; one of them is kept for interactive requests."""


class Engine:
    """Owns the model and its thread. Thread-safe."""

    def __init__(
        self,
        model: Llama,
        tokenizer: "Tokenizer",
        ends: frozenset[int],
        window: int,
        *,
        limits: Limits | None = None,
        on_failure: Callable[[], None] | None = None,
    ) -> None:
        """`on_failure`: called from the engine's thread when it cannot go on, after the callers have been told."""
        limits = limits or Limits()
        self.window = window
        self._model, self._tokenizer, self._ends, self._limits = model, tokenizer, ends, limits
        self._inbox: queue.SimpleQueue[Request | None] = queue.SimpleQueue()
        self._waiting: list[tuple[int, int, Request]] = []
        self._order = itertools.count()
        self._families = itertools.count(1)
        self._active: list[Request] = []
        self._main = model.slab(limits.slots + limits.reserve, min(limits.length, window))
        self._free = list(range(limits.slots + limits.reserve))
        self._cached: dict[int, list[int]] = {}
        """What each slot of the main slab holds, or held: a prompt that starts alike takes it over."""
        self._speed = FIRST_SPEED
        self._pass = 0
        self._pace = Pace(torch.get_num_threads())
        self._failure: BaseException | None = None
        self._on_failure = on_failure
        self._thread = threading.Thread(target=self._run, name="language-engine", daemon=True)
        self._thread.start()

    def submit(self, request: Request) -> None:
        """Queue a request; its events arrive at its sink.

        Raises:
            ContextTooLong: it does not fit the window.
            ModelError: `model_unavailable`, the engine has failed or was closed.
        """
        if request.needed > self.window or not request.tokens:
            raise ContextTooLong(request.needed, self.window)
        if self._failure is not None or not self._thread.is_alive():
            raise unavailable()
        self._inbox.put(request)

    @property
    def alive(self) -> bool:
        return self._failure is None and self._thread.is_alive()

    def close(self) -> None:
        """End the thread after its pass; requests that are under way fail."""
        self._inbox.put(None)
        self._thread.join()

    def _run(self) -> None:
        try:
            while self._take_in():
                self._forget_cancelled()
                self._admit()
                if spans := self._plan():
                    self._step(spans)
        except Exception as error:  # whatever it is, the callers must hear of it, and the process that holds the model ends
            self._failure = error
            log.exception("language engine failed")
        finally:
            for request in self._everything():
                request.sink(Done(request.key, request.text, "failed"))
            if self._failure is not None and self._on_failure is not None:
                self._on_failure()

    def _everything(self) -> list[Request]:
        waiting = [entry[2] for entry in self._waiting]
        while not self._inbox.empty():
            if (request := self._inbox.get()) is not None:
                waiting.append(request)
        return [*self._active, *waiting]

    # --- who is served

    def _take_in(self) -> bool:
        """Move new requests from the inbox to the waiting ones; sleep while there is nothing to do. False: the engine was closed."""
        while True:
            try:
                request = self._inbox.get(block=not self._active and not self._waiting)
            except queue.Empty:
                return True
            if request is None:
                return False
            heapq.heappush(self._waiting, (request.priority, next(self._order), request))

    def _forget_cancelled(self) -> None:
        for request in [request for request in self._active if request.cancelled]:
            self._finish(request, "cancelled")
        gone = [entry[2] for entry in self._waiting if entry[2].cancelled]
        if gone:
            self._waiting = [entry for entry in self._waiting if not entry[2].cancelled]
            heapq.heapify(self._waiting)
        for request in gone:
            request.sink(Done(request.key, "", "cancelled"))

    def _admit(self) -> None:
        """Give slots to the first in the queue that one is free for."""
        passed_over = []
        while self._waiting and self._free:
            entry = heapq.heappop(self._waiting)
            if not self._place(entry[2]):
                passed_over.append(entry)
                if len(passed_over) > self._limits.slots:
                    break
        for entry in passed_over:
            heapq.heappush(self._waiting, entry)

    def _place(self, request: Request) -> bool:
        spare = 0 if request.interactive else self._limits.reserve
        if request.needed > self._main.length:
            others = sum(active.slab is not self._main for active in self._active)
            if others >= self._limits.long_requests - (0 if request.interactive else 1):
                return False
            request.slab = self._model.slab(1, request.needed)
        else:
            if len(self._free) <= spare:
                return False
            request.slab, request.slot = self._main, self._best_slot(request)
            self._free.remove(request.slot)
        request.decoder = DecodeStream(skip_special_tokens=True)
        request.source = self._source(request, self._active)
        siblings = (other.family for other in self._active if other.tokens == request.tokens)
        request.family = next(siblings, None) or next(self._families)
        self._active.append(request)
        return True

    def _source(self, request: Request, others: Sequence[Request]) -> Source | None:
        """The one of `others` with the most of the same first tokens, where they are more than the request's slot holds already."""
        lengths = [min(_common(other.tokens, request.tokens), request.shareable) for other in others]
        best = max(range(len(lengths)), key=lengths.__getitem__, default=None)
        if best is None or lengths[best] - request.read < SHORTEST_SHARED:
            return None
        return Source(others[best], lengths[best])

    def _best_slot(self, request: Request) -> int:
        """The free slot that already holds most of the prompt, else the lowest: neighbours are attended together."""
        best = max(self._free, key=lambda slot: (_common(self._cached.get(slot, ()), request.tokens), -slot))
        request.read = min(_common(self._cached.get(best, ()), request.tokens), request.shareable)
        if request.read < SHORTEST_SHARED:
            best, request.read = min(self._free), 0
        return best

    # --- what the next pass does

    def _plan(self) -> list[tuple[Request, Span]]:
        """The next tokens of everyone. Batch work steps back while an interactive prompt is being read, but is not starved."""
        self._pass += 1
        rush = any(request.interactive and request.reading for request in self._active) and self._pass % STARVED_PASSES
        answering = any(request.interactive for request in self._active)
        left = self._slice()
        spans: list[tuple[Request, Span]] = []
        for request in sorted(self._active, key=lambda request: request.priority):
            if rush and not request.interactive:
                continue
            if not request.reading:
                spans.append((request, self._span(request, [request.answer[-1]])))
                continue
            if not self._share(request):
                continue
            share = left if request.interactive or not answering else min(left, SMALLEST_SLICE)
            tokens = request.tokens[request.read : request.read + share]
            if tokens:
                spans.append((request, self._span(request, tokens)))
                left -= len(tokens)
        return spans

    def _span(self, request: Request, tokens: Sequence[int]) -> Span:
        assert request.slab is not None
        return Span(request.slab, request.slot, request.read, tokens, request.wanted(len(tokens)), request.family, len(request.tokens))

    def _share(self, request: Request) -> bool:
        """Take over what another sequence has read of the same first tokens. False: it is about to read them, so it is better to wait for it."""
        if request.source is None:
            return True
        other, common = request.source.request, request.source.length
        if other.slab is not None and other.read < common and (other.interactive or not request.interactive):
            return False
        request.source = None
        if other.slab is not None and other.read >= common:
            self._copy(other.slab, other.slot, request, common)
            return True
        self._take_over(request)
        if other.slab is None:
            request.source = self._source(request, self._active[: self._active.index(request)])
        return self._share(request)

    def _take_over(self, request: Request) -> None:
        """The most that any slot holds of the same first tokens, those of requests that have ended too."""
        held = {slot: min(_common(tokens, request.tokens), request.shareable) for slot, tokens in self._cached.items()}
        best = max(held, key=held.__getitem__, default=None)
        if best is not None and held[best] - request.read >= SHORTEST_SHARED:
            self._copy(self._main, best, request, held[best])

    def _copy(self, slab: Slab, slot: int, request: Request, length: int) -> None:
        assert request.slab is not None
        request.slab.copy(slab, slot, request.slot, length)
        request.read = length
        if request.slab is self._main:  # written down at once: a request that ends before its first step leaves these keys to the next in its slot
            self._cached[request.slot] = request.tokens[:length]

    def _step(self, planned: Sequence[tuple[Request, Span]]) -> None:
        size = sum(len(span.tokens) for _, span in planned)
        begun = time.perf_counter()
        with self._paced(size):
            logits = self._model.forward([span for _, span in planned])
        if any(request.expected for request, _ in planned):
            logits = self._weighed(planned, logits)
        writers = [request for request, span in planned if span.wanted and not request.expected]
        for request, span in planned:
            request.read += len(span.tokens)
            if request.slab is self._main:
                self._cached[request.slot] = [*request.tokens, *request.answer][: request.read]
        if writers:
            tokens = choose(logits, [request.answer for request in writers], [request.sampling for request in writers], tuple(self._ends))
            for request, token in zip(writers, tokens, strict=True):
                self._accept(request, token)
        for request in [request for request, _ in planned if request.expected and not request.reading]:
            self._finish(request, "stop")
        self._adapt(size, time.perf_counter() - begun)

    def _weighed(self, planned: Sequence[tuple[Request, Span]], logits: Tensor) -> Tensor:
        """Adds up the likelihood of what is expected; the logits of the others remain."""
        others = []
        for (request, span), rows in zip(planned, logits.split([span.wanted for _, span in planned]), strict=True):
            if not request.expected:
                others.append(rows)
            elif span.wanted:
                first = request.read + len(span.tokens) - span.wanted - request.shareable
                tokens = torch.tensor(request.expected[first : first + span.wanted], device=rows.device)
                request.likelihood += float(rows.log_softmax(-1).gather(1, tokens[:, None]).sum())
        return torch.cat(others) if others else logits[:0]

    @contextmanager
    def _paced(self, tokens: int) -> Iterator[None]:
        """A pass with as many threads as are fastest now. On a GPU the CPU's threads do not matter."""
        if self._model.device.type != "cpu":
            yield
            return
        threads = self._pace.threads(tokens)
        torch.set_num_threads(threads)
        begun = time.perf_counter()
        yield
        self._pace.note(tokens, threads, time.perf_counter() - begun)

    def _slice(self) -> int:
        """Tokens of prompts that the next pass may read."""
        seconds = SLICE_SECONDS if any(request.interactive for request in self._active) else BATCH_SLICE_SECONDS
        return int(min(LARGEST_SLICE, max(SMALLEST_SLICE, self._speed * seconds)))

    def _adapt(self, tokens: int, seconds: float) -> None:
        if tokens >= SMALLEST_SLICE:  # fewer say little about reading
            self._speed = 0.7 * self._speed + 0.3 * tokens / seconds

    # --- answers

    def _accept(self, request: Request, token: int) -> None:
        if token in self._ends:
            return self._finish(request, "stop")
        request.answer.append(token)
        assert request.decoder is not None
        request.text += request.decoder.step(self._tokenizer, token) or ""
        cut = _first_stop(request.text, request.stops, request.sent)
        if cut is not None:
            request.text = request.text[:cut]
            return self._finish(request, "stop")
        if len(request.answer) >= request.max_tokens:
            return self._finish(request, "length")
        self._send(request, len(request.text) - _held_back(request.text, request.stops))
        return None

    def _send(self, request: Request, end: int) -> None:
        if end > request.sent:
            request.sink(Piece(request.key, request.text[request.sent : end]))
            request.sent = end

    def _finish(self, request: Request, reason: str) -> None:
        self._active.remove(request)
        if request.slab is self._main:
            self._free.append(request.slot)
        request.slab = None
        self._send(request, len(request.text))
        request.sink(Done(request.key, request.text, reason, len(request.tokens), len(request.answer), request.likelihood))


def _common(first: Sequence[int], second: Sequence[int]) -> int:
    """Length of the common start."""
    for index, (one, other) in enumerate(zip(first, second, strict=False)):
        if one != other:
            return index
    return min(len(first), len(second))


def _first_stop(text: str, stops: Sequence[str], sent: int) -> int | None:
    """Where the first stop string begins. Nothing before `sent` can belong to one, since it would have been held back."""
    found = [at for stop in stops if (at := text.find(stop, sent)) >= 0]
    return min(found, default=None)


def _held_back(text: str, stops: Sequence[str]) -> int:
    """How many of the last characters could be the beginning of a stop string."""
    longest = max((len(stop) for stop in stops), default=0)
    for length in range(min(longest - 1, len(text)), 0, -1):
        if any(stop.startswith(text[-length:]) for stop in stops):
            return length
    return 0
