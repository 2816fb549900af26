"""A library of the stand-in's talks, indexed with the real embeddings in a real database."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from pipeline.config import Settings
from pipeline.language.generator import Embedder
from pipeline.store import transcripts, videos
from pipeline.store.database import Database
from pipeline.summary.chunks import cut
from pipeline.summary.sentences import split
from pipeline.types import Origin, Segment, Transcript, Video
from tests.integration.store.fresh import migrated_database
from tests.integration.summary import builtin
from tests.standin.talks import load_talk

TALKS = ("short", "medium", "spanish")


@pytest.fixture(scope="package", name="embedder")
def _embedder() -> Embedder:
    return builtin.embedder()


@pytest.fixture(scope="package", name="empty")
def _empty(servers: Settings) -> Iterator[Database]:
    db = Database(migrated_database(servers, "emptylibrary"))
    yield db
    db.dispose()


@pytest.fixture(scope="package", name="db")
def _db(servers: Settings, embedder: Embedder) -> Iterator[Database]:
    """The talks of TALKS; a video's id is the talk's name made eleven long."""
    db = Database(migrated_database(servers, "library"))
    for name in TALKS:
        stored(db, name, embedder.passages)
    yield db
    db.dispose()


def id_of(name: str) -> str:
    return name.ljust(11, "0")


def stored(db: Database, name: str, vectors: Callable[[list[str]], np.ndarray]) -> None:
    """The talk as it is after reading, without a summary. `vectors`: of its chunks."""
    talk = load_talk(name)
    transcript = Transcript(talk.language, Origin.CAPTIONS_MANUAL, None, tuple(Segment(*cue) for cue in talk.cues))
    sentences = split(transcript)
    chunks = cut(sentences)
    rows = vectors([chunk.text for chunk in chunks])
    with db.session() as s:
        source_id = f"youtube:{id_of(name)}"
        video_id = videos.ensure_video(s, source_id, "", "youtube", talk.title)
        videos.save_video(s, Video(source_id, "", talk.title, talk.duration, language=talk.language))
        transcripts.save_transcript(s, video_id, transcript, fence=None)
        transcripts.save_sentences(s, video_id, sentences, fence=None)
        transcripts.save_chunks(s, video_id, chunks, rows, talk.language, fence=None)
