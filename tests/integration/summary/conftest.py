"""Real transcripts with their chunks and vectors."""

from dataclasses import dataclass

import numpy as np
import pytest

from pipeline.language.generator import Embedder, Generator
from pipeline.summary.chunks import cut
from pipeline.summary.sentences import split
from pipeline.types import Chapter, Chunk, Origin, Segment, Sentence, Transcript, Video
from tests.integration.summary import builtin
from tests.standin.talks import load_talk


@dataclass(frozen=True)
class Ready:
    """A talk as the summary stage gets it."""

    video: Video
    transcript: Transcript
    sentences: tuple[Sentence, ...]
    chunks: tuple[Chunk, ...]
    vectors: np.ndarray


def ready(name: str, embedder: Embedder, *, chapters: bool = True) -> Ready:
    talk = load_talk(name)
    edges = [*(at for at, _ in talk.chapters), talk.duration]
    marks = tuple(Chapter(at, edges[i + 1], title) for i, (at, title) in enumerate(talk.chapters)) if chapters else ()
    video = Video(
        "youtube:aaaaaaaaaaa", "", talk.title, talk.duration, language=talk.language, description=talk.description, chapters=marks
    )
    transcript = Transcript(talk.language, Origin.CAPTIONS_MANUAL, None, tuple(Segment(*cue) for cue in talk.cues))
    sentences = split(transcript)
    chunks = cut(sentences)
    return Ready(video, transcript, sentences, chunks, embedder.passages([chunk.text for chunk in chunks]))


@pytest.fixture(scope="package", name="embedder")
def _embedder() -> Embedder:
    return builtin.embedder()


@pytest.fixture(scope="package", name="generator")
def _generator() -> Generator:
    return builtin.generator()
