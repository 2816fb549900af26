"""A small talk with everything that a finished video has, for pages to show."""

import numpy as np

from pipeline.language.generator import Embedder
from pipeline.store import renditions, transcripts, videos
from pipeline.store.database import Database
from pipeline.store.packing import hash_of
from pipeline.store.renditions import Key
from pipeline.types import Chapter, Chunk, Citation, Coverage, Length, Origin, Point, Segment, Sentence, Status, Summary, Transcript, Video

ID = "aaaaaaaaaaa"
TEXTS = (
    "A light on a rock must be recognised, not only be bright.",
    "Fresnel cut away the inside of the lens in 1823.",
    "The keeper wound the clockwork every four hours.",
    "Dalén’s valve opened in the dark.",
)
TITLE = "The machines against the dark"
CHAPTERS = (Chapter(0.0, 20.0, "The lens"), Chapter(20.0, 40.0, "The keepers"))


def sentences(texts: tuple[str, ...] = TEXTS) -> tuple[Sentence, ...]:
    return tuple(Sentence(n, 10.0 * n, 10.0 * n + 9.0, text) for n, text in enumerate(texts))


def cite(sentence: Sentence) -> Citation:
    return Citation(sentence.start, sentence.end, sentence.text, sentence.index)


def summary(said: tuple[Sentence, ...], *, language: str = "en", length: Length = Length.MEDIUM, text: str = "Lights need lenses and keepers.") -> Summary:
    points = (
        Point(text, (cite(said[1]),), "phrased", 0.9, 0),
        Point(said[2].text, (cite(said[2]),), "quote", 1.0, 1),
    )
    coverage = (
        Coverage(0.0, 10.0, Status.READ), Coverage(10.0, 30.0, Status.CITED, (0, 1)), Coverage(30.0, 39.0, Status.READ), Coverage(39.0, 40.0, Status.SILENCE),
    )  # fmt: skip
    return Summary(language, length, Point(text, (cite(said[0]),), "phrased", 0.8), points[:1], points, CHAPTERS, coverage, "a-model", "1", ("A note.",))


def add(db: Database, video_id: str = ID, *, title: str = TITLE, texts: tuple[str, ...] = TEXTS, channel: str = "Harbour Lectures") -> None:
    """A captioned YouTube video with its summary."""
    said = sentences(texts)
    transcript = Transcript("en", Origin.CAPTIONS_MANUAL, None, tuple(Segment(x.start, x.end, x.text) for x in said))
    url = f"https://www.youtube.com/watch?v={video_id}"
    with db.session() as s:
        videos.ensure_video(s, f"youtube:{video_id}", url, "youtube", title)
        videos.save_video(s, Video(f"youtube:{video_id}", url, title, 40.0, channel, "en", "2026-03-05", chapters=CHAPTERS))
        transcripts.save_transcript(s, video_id, transcript, fence=None)
        transcripts.save_sentences(s, video_id, said, fence=None)
        renditions.save_summary(s, key(video_id, transcript), summary(said), fence=None)


def key(video_id: str, transcript: Transcript, language: str = "en", length: Length = Length.MEDIUM) -> Key:
    return Key(video_id, hash_of(transcript), "a-model", "1", length, language)


def add_rendition(db: Database, video_id: str, made: Summary) -> None:
    with db.session() as s:
        transcript = transcripts.get_transcript(s, video_id)
        assert transcript is not None
        renditions.save_summary(s, key(video_id, transcript, made.language, made.length), made, fence=None)


def index(db: Database, embedder: Embedder, video_id: str = ID, texts: tuple[str, ...] = TEXTS) -> None:
    """Makes it searchable: a chunk for each sentence."""
    chunks = tuple(Chunk(x.index, x.start, x.end, x.text, x.index, x.index) for x in sentences(texts))
    vectors = np.asarray(embedder.passages([chunk.text for chunk in chunks]))
    with db.session() as s:
        transcripts.save_chunks(s, video_id, chunks, vectors, "en", fence=None)
