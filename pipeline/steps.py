"""Steps that the two ways of a video share: through the queue (stages.py) and without servers (offline.py)."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np

from pipeline.config import Settings
from pipeline.errors import cause
from pipeline.language.engines import Engine, engines_of
from pipeline.language.generator import DIMENSIONS, Embedder, Generator, Priority, Vectors, open_embedder, open_generator
from pipeline.language.translator import Line, Translator, check_share
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
    def engines(self) -> tuple[Engine, ...]:
        """What translates beside the LLaMA."""
        return engines_of(self.settings)

    @property
    def translator(self) -> Translator:
        return Translator(self.generator, self.engines, self.embedder)

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
    """Passage vectors, (len(texts), dimensions) float32, in small batches so that `emit` is called often."""
    parts: list[Vectors] = []
    for start in range(0, len(texts), EMBED_BATCH):
        parts.append(embedder.passages(texts[start : start + EMBED_BATCH]))
        emit(Progress("index", min(1.0, (start + EMBED_BATCH) / len(texts)), "Making it searchable"))
    return np.concatenate(parts) if parts else np.zeros((0, DIMENSIONS), np.float32)


def translated(summary: Summary, target: str, translator: Translator) -> tuple[Summary, str]:
    """The summary with its sentences and titles in `target`, and what translated it; quotes of the receipts stay in the original, and so does, marked, what could not be
    translated well.

    Raises:
        ModelError: `no_translator`, naming what would; `translation_failed`.
    """
    job = translator.begin(summary.language, target)
    statements = (summary.gist, *summary.overview, *summary.points)
    lines = job.texts([*(point.text for point in statements), *(chapter.title for chapter in summary.chapters)])
    check_share(lines, job.engine, target, rough=job.rough)
    said = [replace(point, text=line.text, kind="original" if line.original else "phrased") for point, line in zip(statements, lines, strict=False)]
    titles = [replace(chapter, title=line.text) for chapter, line in zip(summary.chapters, lines[len(statements) :], strict=True)]
    first = 1 + len(summary.overview)
    notes = _notes(lines, summary.language, job.engine, rough=job.rough)
    return replace(
        summary, language=target, gist=said[0], overview=tuple(said[1:first]), points=tuple(said[first:]), chapters=tuple(titles),
        notes=(*summary.notes, *notes),
    ), job.engine  # fmt: skip


def _notes(lines: Sequence[Line], source: str, engine: str, *, rough: bool) -> Iterator[str]:
    """What a reader of a translation should know."""
    yield f"Translated {'roughly ' if rough else ''}from {name_of(source)} by {engine}; the quotes are in the original."
    if left := sum(line.original for line in lines):
        yield f"{left} of {len(lines)} sentences and titles stand in the original, because their translations did not hold."
