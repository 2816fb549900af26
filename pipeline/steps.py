"""Steps that the two ways of a video share: through the queue (stages.py) and without servers (offline.py)."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np

from pipeline.config import Settings
from pipeline.errors import cause
from pipeline.language.generator import DIMENSIONS, Embedder, Generator, Priority, Vectors, open_embedder, open_generator
from pipeline.language.translator import Translator
from pipeline.languages import name_of
from pipeline.source.links import Source
from pipeline.speech.whisper import Recogniser
from pipeline.timecode import clock
from pipeline.types import Emit, Options, Origin, Progress, Summary, Transcript, Video

EMBED_BATCH = 4
"""Passages a call; between calls the lease is renewed and a cancel is seen. With 16 it was seen up to 6 s late, and they were no faster."""


class Models:
    """The models of one process, each opened when first needed and kept. `in_process`: hold them here instead of calling the model processes.

    `priority`: of embeddings; prompts say theirs.
    """

    def __init__(self, settings: Settings, *, in_process: bool = False, priority: Priority = Priority.BATCH) -> None:
        self.settings = settings
        self.in_process = in_process
        self._priority = priority

    @cached_property
    def generator(self) -> Generator:
        return open_generator(self.settings, in_process=self.in_process)

    @cached_property
    def embedder(self) -> Embedder:
        return open_embedder(self.settings, in_process=self.in_process, priority=self._priority)

    @cached_property
    def recogniser(self) -> Recogniser:
        return Recogniser(self.settings)

    def close(self) -> None:
        for name in ("generator", "embedder"):
            if name in self.__dict__:
                self.__dict__.pop(name).close()


def source_of(video: Video) -> Source:
    return Source("youtube", video.source_id, video.source_url)


def wants_english(options: Options, have: Transcript) -> bool:
    """Whether Whisper's own translation is asked for: a reader of English, words that were spoken in another language."""
    return options.language == "en" and have.language not in ("en", "und") and have.origin not in (Origin.FILE, Origin.SPEECH_TRANSLATED)


def check_duration(video: Video, settings: Settings) -> None:
    if video.duration > settings.max_duration:
        raise cause("too_long", f"It lasts {clock(video.duration)}, the limit is {clock(settings.max_duration)}.")


def embed(embedder: Embedder, texts: Sequence[str], emit: Emit) -> Vectors:
    """Passage vectors, (len(texts), 384) float32, in small batches so that `emit` is called often."""
    parts = [np.zeros((0, DIMENSIONS), np.float32)]
    for start in range(0, len(texts), EMBED_BATCH):
        parts.append(embedder.passages(texts[start : start + EMBED_BATCH]))
        emit(Progress("index", min(1.0, (start + EMBED_BATCH) / len(texts)), "Making it searchable"))
    return np.concatenate(parts)


def translated(summary: Summary, target: str, generator: Generator) -> Summary:
    """The summary with its sentences and titles in `target`; quotes of the receipts stay in the original.

    Raises:
        ModelError: `no_translator`, naming the models that would; `translation_failed`.
    """
    statements = (summary.gist, *summary.overview, *summary.points)
    originals = [point.text for point in statements] + [chapter.title for chapter in summary.chapters]
    words = Translator(generator).translate_texts(originals, summary.language, target, generator)
    said = [replace(point, text=text, kind="phrased") for point, text in zip(statements, words, strict=False)]
    titles = [replace(chapter, title=text) for chapter, text in zip(summary.chapters, words[len(statements) :], strict=True)]
    first = 1 + len(summary.overview)
    note = f"Translated from {name_of(summary.language)}; the quotes are in the original."
    return replace(
        summary, language=target, gist=said[0], overview=tuple(said[1:first]), points=tuple(said[first:]), chapters=tuple(titles),
        notes=(*summary.notes, note),
    )  # fmt: skip
