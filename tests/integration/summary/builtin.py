"""The built-in models, opened once in a test run and shared by the tests of the summary and of the library."""

import atexit
import tempfile
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import numpy as np

from pipeline.config import Settings
from pipeline.language.generator import DIMENSIONS, Embedder, Generator, Vectors, open_embedder, open_generator
from pipeline.language.models import prepare_builtin


class Remembering:
    """The embedder, which is not asked twice for the same text: tests put many questions to the same talks."""

    def __init__(self, inner: Embedder) -> None:
        self._inner = inner
        self.model = inner.model
        self._known: dict[tuple[str, str], np.ndarray] = {}

    def of(self, model: str) -> Embedder:
        return self if model == self.model else self._inner.of(model)

    def passages(self, texts: Sequence[str]) -> Vectors:
        return self._looked_up("passage", texts, self._inner.passages)

    def queries(self, texts: Sequence[str]) -> Vectors:
        return self._looked_up("query", texts, self._inner.queries)

    def close(self) -> None:
        self._inner.close()

    def _looked_up(self, kind: str, texts: Sequence[str], embed: Callable[[Sequence[str]], Vectors]) -> Vectors:
        new = [text for text in dict.fromkeys(texts) if (kind, text) not in self._known]
        if new:
            self._known.update(((kind, text), row) for text, row in zip(new, embed(new), strict=True))
        return np.stack([self._known[kind, text] for text in texts]) if texts else np.zeros((0, DIMENSIONS), dtype=np.float32)


@cache
def embedder() -> Embedder:
    opened = open_embedder(Settings(home=Path(tempfile.gettempdir()) / "nutshell-unused"), in_process=True)
    atexit.register(opened.close)
    return Remembering(opened)


@cache
def generator() -> Generator:
    folder = tempfile.TemporaryDirectory(prefix="nutshell-llama-")
    settings = Settings(home=Path(folder.name))
    prepare_builtin(settings)
    opened = open_generator(settings, in_process=True)
    atexit.register(folder.cleanup)
    atexit.register(opened.close)
    return opened
