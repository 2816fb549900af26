"""Meetings and passages in a database of their own, as the product stores a video that was read: what `evaluate` searches and asks."""

import hashlib
from collections.abc import Sequence

import numpy as np

from pipeline.store import transcripts, videos
from pipeline.store.database import Database
from pipeline.types import Chunk, Origin, Segment, Sentence, Transcript, Video

LANGUAGE = "en"


def add(db: Database, name: str, chunks: Sequence[Chunk], vectors: np.ndarray, sentences: Sequence[Sentence] = (), *, title: str = "") -> str:
    """The id of the new video. `name`: another one for each; `vectors`: one for each of `chunks`."""
    source = f"file:{hashlib.sha256(name.encode()).hexdigest()}"
    segments = tuple(Segment(one.start, one.end, one.text, one.speaker) for one in sentences)
    with db.session() as s:
        video_id = videos.ensure_video(s, source, "", "transcript", title or name)
        videos.save_video(s, Video(source, "", title or name, chunks[-1].end, language=LANGUAGE))
        transcripts.save_transcript(s, video_id, Transcript(LANGUAGE, Origin.FILE, None, segments), fence=None)
        transcripts.save_sentences(s, video_id, sentences, fence=None)
        transcripts.save_chunks(s, video_id, chunks, vectors, LANGUAGE, fence=None)
    return video_id
