"""Vectors that outlive a measurement: what was embedded once is read from a file the next time, so that a long measurement goes on where it was interrupted."""

import hashlib
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from pipeline.errors import InputError
from pipeline.language.generator import DIMENSIONS, Embedder, Vectors

TOGETHER = 16
"""Texts that are embedded before they are kept."""


class KeptVectors:
    """See `Embedder`. Of one thread; `close` closes the file and not the embedder that it was given."""

    def __init__(self, inner: Embedder, path: Path) -> None:
        """`path`: an SQLite file, made where it is not there. Raises: InputError: `bad_data`, it is another file."""
        self._inner = inner
        self._file = sqlite3.connect(path)
        try:
            self._file.execute("CREATE TABLE IF NOT EXISTS vectors (key TEXT PRIMARY KEY, vector BLOB NOT NULL) WITHOUT ROWID")
        except sqlite3.DatabaseError as error:
            raise InputError("bad_data", f"{path} is no file of vectors: {error}.") from error

    @property
    def model(self) -> str:
        return self._inner.model

    def of(self, model: str) -> Embedder:
        """Of another model nothing is kept: the file knows texts only."""
        return self if model == self.model else self._inner.of(model)

    def passages(self, texts: Sequence[str]) -> Vectors:
        return self._looked_up("passage", texts, self._inner.passages)

    def queries(self, texts: Sequence[str]) -> Vectors:
        return self._looked_up("query", texts, self._inner.queries)

    def close(self) -> None:
        self._file.close()

    def _looked_up(self, kind: str, texts: Sequence[str], embed: Callable[[Sequence[str]], Vectors]) -> Vectors:
        keys = [hashlib.sha256(f"{kind}: {text}".encode("utf-8", "replace")).hexdigest() for text in texts]
        found = {key: vector for key in dict.fromkeys(keys) if (vector := self._kept(key)) is not None}
        new = [(key, text) for key, text in dict(zip(keys, texts, strict=True)).items() if key not in found]
        for at in range(0, len(new), TOGETHER):
            some = new[at : at + TOGETHER]
            rows = np.asarray(embed([text for _, text in some]), np.float32)
            found.update((key, row) for (key, _), row in zip(some, rows, strict=True))
            self._file.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?)", [(key, found[key].tobytes()) for key, _ in some])
            self._file.commit()
        return np.stack([found[key] for key in keys]) if keys else np.zeros((0, DIMENSIONS), np.float32)

    def _kept(self, key: str) -> np.ndarray | None:
        row = self._file.execute("SELECT vector FROM vectors WHERE key = ?", (key,)).fetchone()
        return None if row is None else np.frombuffer(row[0], np.float32)
