"""A talk whose topics are known, a language model that answers what a test tells it, and an embedder that counts words. Fakes for pure logic only."""

import re
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from pipeline.errors import ModelError
from pipeline.language.generator import OnDone, Priority, Prompt, Vectors
from pipeline.summary.words import content
from pipeline.types import Sentence

TOPICS = {
    "bees": (
        "A honey bee colony holds fifty thousand workers in summer.",
        "The queen of the bee colony lays two thousand eggs on a warm day.",
        "Worker bees tell the colony about flowers with a dance.",
        "The angle of the dance shows the bees the direction from the sun.",
        "Bees keep the hive at thirty five degrees by beating their wings.",
        "Honey is what bees eat when no flowers bloom in winter.",
    ),
    "bridges": (
        "Now let's turn to bridges made of steel.",
        "A suspension bridge hangs its road from two steel cables.",
        "The towers of the bridge carry the weight of the cables.",
        "Wind destroyed the Tacoma bridge in 1940 because its deck was too thin.",
        "Engineers test models of every bridge in a wind tunnel today.",
        "Steel cables are painted so that rust cannot weaken the bridge.",
    ),
    "coffee": (
        "Next comes coffee, which grows between the tropics.",
        "Coffee beans are the seeds of a red fruit.",
        "Roasting the beans at two hundred degrees makes the coffee brown.",
        "Caffeine in coffee keeps people awake for about six hours.",
        "Brazil grows more coffee than any other country.",
        "The coffee bean loses its aroma two weeks after roasting.",
    ),
}


def talk(repeats: int = 4, seconds: float = 10.0, topics: Sequence[str] = tuple(TOPICS)) -> tuple[Sentence, ...]:
    """Each topic's sentences `repeats` times over with other ends, one after the other: `6 * repeats * len(topics)` sentences."""
    out: list[Sentence] = []
    for topic in topics:
        for turn in range(repeats):
            for text in TOPICS[topic]:
                tail = "" if turn == 0 else f" That was seen again in the {topic} study of year {turn}."
                out.append(Sentence(len(out), len(out) * seconds, (len(out) + 1) * seconds - 0.5, text[:-1] + "." + tail))
    return tuple(out)


class Model:
    """Answers each prompt with `reply(prompt)`; keeps the prompts."""

    def __init__(self, reply: Callable[[Prompt], str], languages: frozenset[str] = frozenset({"en"})) -> None:
        self.model = "fake"
        self.window = 2048
        self.languages = languages
        self.steps = False
        self.asked: list[tuple[Prompt, Priority]] = []
        self._reply = reply

    def count(self, text: str) -> int:
        return len(text.split())

    def room(self, prompt: Prompt) -> int:
        return self.window - self.count(prompt.user)

    def generate(self, prompts: Sequence[Prompt], *, priority: Priority = Priority.BATCH, on_done: OnDone | None = None) -> list[str]:
        out = []
        for number, prompt in enumerate(prompts):
            self.asked.append((prompt, priority))
            out.append(self._reply(prompt))
            if on_done is not None:
                on_done(number, out[-1])
        return out

    def stream(self, prompt: Prompt, *, priority: Priority = Priority.INTERACTIVE) -> Iterator[str]:
        self.asked.append((prompt, priority))
        yield from re.findall(r"\S+\s*|\s+", self._reply(prompt))

    def likelihoods(self, prompts: Sequence[Prompt], answers: Sequence[str], *, priority: Priority = Priority.INTERACTIVE) -> list[float] | None:
        return None

    def close(self) -> None: ...


class Away(Model):
    """A model process that cannot be reached."""

    def generate(self, prompts: Sequence[Prompt], *, priority: Priority = Priority.BATCH, on_done: OnDone | None = None) -> list[str]:
        raise ModelError("model_unavailable", "The language model is not running.", retryable=True)


class Counter:
    """Vectors of word counts, hashed: texts that share words lie near each other."""

    def passages(self, texts: Sequence[str]) -> Vectors:
        rows = np.full((len(texts), 384), 0.02, dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in content(text, frozenset()):
                row[sum(map(ord, word)) * 7 % 384] += 1
        return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)

    queries = passages

    def close(self) -> None: ...


def said(prompt: Prompt) -> str:
    """The sentence that is to be shortened, from where the model goes on."""
    sentence = prompt.user.removeprefix("Shorten this sentence: ")
    return sentence[len(prompt.prefix) :].strip()
