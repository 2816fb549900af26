"""What the rest of the house sees of the LLaMA and of the embeddings: two protocols, and the two functions that open them.

Importing this file loads no model library. Behind the protocols stands either this process (`local.py`, `embedder.py`), a model process of this machine,
or any OpenAI-compatible server (`remote.py`).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

import numpy as np
import numpy.typing as npt

from pipeline.config import Settings
from pipeline.errors import ModelError

Vectors = npt.NDArray[np.float32]
DIMENSIONS = 384
"""Length of every embedding (multilingual-e5-small)."""


class Priority(IntEnum):
    """Lower goes first, as in vLLM."""

    INTERACTIVE = 0
    """Somebody waits at the page."""
    BATCH = 10


@dataclass(frozen=True, slots=True)
class Prompt:
    """One request, in words. The family of the model decides about the form it takes (profiles.py)."""

    system: str
    user: str
    max_tokens: int
    """Longest answer, in the model's tokens."""
    stop: tuple[str, ...] = ()
    """The answer ends before the first of these, besides the family's own stop strings."""
    prefix: str = ""
    """First words of the answer, put into the model's mouth; they are not part of what is returned."""
    min_tokens: int = 0
    """Before so many the model does not end its answer; a stop string does. Servers that cannot do this (all but ours and vLLM) end it when they wish."""
    not_first: str = ""
    """The answer does not begin with this word: it is known that the model would be wrong to say so. Other servers than ours may do it nevertheless."""
    numbered: int = 0
    """The answer is statements, each with the numbers of what it rests on, out of so many numbered sentences; 0: it is free text. Servers of others are asked to keep to a
    JSON schema (structured.py), and what they write is given back as the text that our own model writes.
    """
    variant: int = 0
    """0: the likeliest answer. Others are drawn by chance, each number another one, and the same each time on our own engine: for a choice among several."""
    temperature: float = 0.5
    """Of answers that are drawn: the higher, the more they differ. The consensus of six at 0.5 was nearer to annotators than of six at 0.7 (DECISIONS.md)."""


OnDone = Callable[[int, str], None]
"""Called with the prompt's index and its answer as each is finished, from the thread that called `generate`. What it raises ends the call."""


class Generator(Protocol):
    """A language model. Thread-safe; lives as long as the process that opened it."""

    @property
    def model(self) -> str:
        """Name of the model, as stored with what it wrote."""

    @property
    def window(self) -> int:
        """Tokens that a prompt and its answer may have together."""

    @property
    def languages(self) -> frozenset[str]:
        """ISO 639-1 codes that its model card lists; empty when nobody knows."""

    @property
    def steps(self) -> bool:
        """Whether it is to think step by step before it answers a question."""

    def count(self, text: str) -> int:
        """Tokens of a text, or a little more where the server cannot count."""

    def room(self, prompt: Prompt) -> int:
        """Tokens left for more text in this prompt; negative when it does not fit."""

    def generate(self, prompts: Sequence[Prompt], *, priority: Priority = Priority.BATCH, on_done: OnDone | None = None) -> list[str]:
        """The answers, in the order of the prompts.

        Raises:
            ContextTooLong: a prompt does not fit the window; nothing was generated.
            ModelError: `model_unavailable`, retryable.
        """

    def stream(self, prompt: Prompt, *, priority: Priority = Priority.INTERACTIVE) -> Iterator[str]:
        """One answer in pieces as it is made. Closing the iterator ends the generation. Raises as `generate`."""

    def likelihoods(self, prompts: Sequence[Prompt], answers: Sequence[str], *, priority: Priority = Priority.INTERACTIVE) -> list[float] | None:
        """Of each prompt the logarithm of how likely the model answers it with its text in `answers`, in nats; None where the server does not tell, as all but ours.

        Raises as `generate`.
        """

    def close(self) -> None: ...


class Embedder(Protocol):
    """Texts to unit vectors of float32, 384 of the built-in model's. Thread-safe."""

    @property
    def model(self) -> str:
        """Whose vectors these are. Those of two names are never compared."""

    def of(self, model: str) -> "Embedder":
        """The same of another model. Raises: ModelError: `embedding_model_missing`, now or when it is first asked."""

    def passages(self, texts: Sequence[str]) -> Vectors:
        """Vectors of what shall be found, one row per text.

        Raises:
            ModelError: `model_unavailable`, retryable; `bad_text` for a text that ends the engine each time.
        """

    def queries(self, texts: Sequence[str]) -> Vectors:
        """Vectors of what is looked for. Raises as `passages`."""

    def close(self) -> None: ...


def unavailable() -> ModelError:
    """The model has failed where it runs."""
    return ModelError(
        "model_unavailable", "The language model has stopped; it is started again by itself.", retryable=True, retry_after=5.0
    )


def open_generator(settings: Settings, *, in_process: bool) -> Generator:
    """The language model of these settings: `llm_url` when it is set, else in this process or in the model process of this machine.

    Nothing is contacted yet when the model is remote, so a model process that is still starting does no harm.

    Raises:
        ModelError: `model_missing`, `model_broken`, `model_too_large` when it must be loaded here and cannot.
    """
    if settings.llm_url or not in_process:
        from pipeline.language.remote import RemoteGenerator

        return RemoteGenerator.from_settings(settings)
    from pipeline.language.local import LocalGenerator

    return LocalGenerator.from_settings(settings)


def open_embedder(settings: Settings, *, in_process: bool, priority: Priority = Priority.BATCH) -> Embedder:
    """The embeddings: in a child of this process, or in the embedding process of this machine. `priority`: whether somebody waits for what will be asked.

    Raises:
        ModelError: `model_missing` when it must be loaded here and cannot.
    """
    if in_process:
        from pipeline.language.embedder import ChildEmbedder

        return ChildEmbedder(settings.threads)
    from pipeline.language.remote import RemoteEmbedder

    return RemoteEmbedder.from_settings(settings, priority)
