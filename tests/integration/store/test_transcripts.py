"""Transcripts whole and growing, sentences, chunks."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.config import Settings
from pipeline.context import Context
from pipeline.errors import NotFound
from pipeline.jobs import Queue
from pipeline.steps import Models
from pipeline.store import jobs, transcripts, videos
from pipeline.store.database import Database
from pipeline.store.packing import hash_of
from pipeline.types import Chunk, Options, Origin, Segment, Sentence, Transcript

SEGMENTS = (Segment(0.0, 1.5, "Olá, 世界."), Segment(1.5, 1.5, ""), Segment(2.0, 4.25, "Second.", "Ana"))


def _transcript(origin: Origin = Origin.CAPTIONS_MANUAL, language: str = "en", segments: tuple[Segment, ...] = SEGMENTS) -> Transcript:
    return Transcript(language, origin, "base" if origin is Origin.SPEECH else None, segments)


def test_a_transcript_comes_back_as_it_was_stored(db: Database, video_id: str) -> None:
    with db.session() as s:
        name = transcripts.save_transcript(s, video_id, _transcript(), fence=None)
    with db.session() as s:
        assert transcripts.get_transcript(s, video_id) == _transcript()
        assert transcripts.get_hash(s, video_id) == name == hash_of(_transcript())


def test_the_same_words_again_keep_what_was_made_of_them_and_others_do_not(db: Database, video_id: str) -> None:
    with db.session() as s:
        transcripts.save_transcript(s, video_id, _transcript(), fence=None)
        transcripts.save_sentences(s, video_id, [Sentence(0, 0, 1, "Olá.")], fence=None)
    with db.session() as s:
        transcripts.save_transcript(s, video_id, _transcript(), fence=None)
        assert len(transcripts.get_sentences(s, video_id)) == 1
        transcripts.save_transcript(s, video_id, _transcript(segments=SEGMENTS[:1]), fence=None)
        assert transcripts.get_sentences(s, video_id) == ()


def test_speech_grows_part_by_part_and_is_whole_when_sealed(db: Database, video_id: str) -> None:
    for index, segment in enumerate(SEGMENTS, 1):
        with db.session() as s:
            transcripts.append_part(s, video_id, Origin.SPEECH, "pt", "base", [segment], 2.0 * index, fence=None)
            assert transcripts.parts_until(s, video_id, Origin.SPEECH) == 2.0 * index
            growing = transcripts.get_transcript(s, video_id)
            assert growing is not None
            assert growing.segments == SEGMENTS[:index]
            assert transcripts.get_transcript(s, video_id, Origin.SPEECH, sealed=True) is None
    with db.session() as s:
        name = transcripts.seal_parts(s, video_id, Origin.SPEECH, fence=None)
        assert transcripts.seal_parts(s, video_id, Origin.SPEECH, fence=None) == name
    with db.session() as s:
        assert transcripts.get_transcript(s, video_id, sealed=True) == _transcript(Origin.SPEECH, "pt")
        assert transcripts.parts_until(s, video_id, Origin.SPEECH) == 0.0


def test_a_window_that_is_heard_twice_is_stored_once(db: Database, video_id: str) -> None:
    for _ in range(2):
        with db.session() as s:
            transcripts.append_part(s, video_id, Origin.SPEECH, "en", "base", SEGMENTS, 5.0, fence=None)
    with db.session() as s:
        found = transcripts.get_transcript(s, video_id)

    assert found is not None
    assert found.segments == SEGMENTS


def test_nothing_is_added_to_a_sealed_transcript(db: Database, video_id: str) -> None:
    with db.session() as s:
        transcripts.append_part(s, video_id, Origin.SPEECH, "en", "base", SEGMENTS[:1], 2.0, fence=None)
        transcripts.seal_parts(s, video_id, Origin.SPEECH, fence=None)
        transcripts.append_part(s, video_id, Origin.SPEECH, "en", "base", SEGMENTS, 9.0, fence=None)
        found = transcripts.get_transcript(s, video_id)

    assert found is not None
    assert found.segments == SEGMENTS[:1]


def test_silence_seals_to_an_empty_transcript(db: Database, video_id: str) -> None:
    with db.session() as s:
        assert transcripts.seal_parts(s, video_id, Origin.SPEECH, fence=None) is None
        transcripts.append_part(s, video_id, Origin.SPEECH, "en", "base", [], 30.0, fence=None)
        transcripts.seal_parts(s, video_id, Origin.SPEECH, fence=None)
        found = transcripts.get_transcript(s, video_id, sealed=True)

    assert found is not None
    assert found.segments == ()


def test_which_transcript_is_preferred(db: Database, video_id: str) -> None:
    def best() -> Origin | None:
        with db.session() as s:
            found = transcripts.get_transcript(s, video_id)
            return found and found.origin

    def add(origin: Origin) -> None:
        with db.session() as s:
            transcripts.save_transcript(s, video_id, _transcript(origin), fence=None)

    add(Origin.SPEECH_TRANSLATED)
    assert best() is None
    add(Origin.CAPTIONS_AUTO)
    assert best() is Origin.CAPTIONS_AUTO
    with db.session() as s:
        transcripts.append_part(s, video_id, Origin.SPEECH, "en", "base", SEGMENTS, 5.0, fence=None)
    assert best() is Origin.CAPTIONS_AUTO, "a growing one is not better than a whole one"
    with db.session() as s:
        transcripts.seal_parts(s, video_id, Origin.SPEECH, fence=None)
    assert best() is Origin.SPEECH
    add(Origin.CAPTIONS_MANUAL)
    assert best() is Origin.CAPTIONS_MANUAL


def test_captions_in_another_language_do_for_those_who_read_it_until_somebody_listens(
    db: Database, video_id: str, servers: Settings
) -> None:
    """Somebody wrote Spanish captions to a talk in English."""

    def works_on(language: str | None) -> Origin | None:
        with db.session() as s:
            jobs.submit(s, "tldr", video_id, Options(language), [("fetch", Queue.FETCH)])
            claim = jobs.claim_next(s, Queue.FETCH, "test")
            assert claim is not None
        found = Context(claim, db, servers, Models(servers)).transcript()
        return found and found.origin

    with db.session() as s:
        video = videos.get_video(s, video_id)
        assert video is not None
        videos.save_video(s, replace(video, language="en"))
        transcripts.save_transcript(s, video_id, _transcript(Origin.CAPTIONS_MANUAL, "es"), fence=None)
    assert works_on("es") is Origin.CAPTIONS_MANUAL
    assert works_on(None) is None
    assert works_on("de") is None

    with db.session() as s:
        transcripts.save_transcript(s, video_id, _transcript(Origin.SPEECH), fence=None)
        best = transcripts.get_transcript(s, video_id)
    assert best is not None
    assert best.origin is Origin.SPEECH
    assert works_on("fr") is Origin.SPEECH


def test_sentences_need_a_transcript(db: Database, video_id: str) -> None:
    with pytest.raises(NotFound), db.session() as s:
        transcripts.save_sentences(s, video_id, [Sentence(0, 0, 1, "x")], fence=None)


def test_sentences_and_chunks_come_back_in_order(db: Database, video_id: str) -> None:
    sentences = tuple(Sentence(i, float(i), i + 1.0, f"Sentence {i}.", "Ana" if i else None) for i in range(5))
    chunks = (Chunk(0, 0.0, 3.0, "Sentence 0. Sentence 1. Sentence 2.", 0, 2), Chunk(1, 3.0, 5.0, "Sentence 3. Sentence 4.", 3, 4))
    vectors = np.eye(2, 384, dtype=np.float32)
    with db.session() as s:
        transcripts.save_transcript(s, video_id, _transcript(), fence=None)
        for _ in range(2):  # again: a stage that is repeated
            transcripts.save_sentences(s, video_id, reversed(sentences), fence=None)  # type: ignore[arg-type]
            transcripts.save_chunks(s, video_id, chunks, vectors, "en", fence=None)
    with db.session() as s:
        stored, found = transcripts.get_chunks(s, video_id)
        assert transcripts.get_sentences(s, video_id) == sentences

    assert stored == chunks
    assert np.array_equal(found, vectors)


def test_a_moment_is_kept_once_when_a_better_transcript_comes(db: Database, video_id: str) -> None:
    chunk, vector = Chunk(0, 0.0, 1.0, "Word.", 0, 0), np.eye(1, 384, dtype=np.float32)
    with db.session() as s:
        for origin in (Origin.CAPTIONS_AUTO, Origin.SPEECH, Origin.SPEECH_TRANSLATED):
            transcripts.save_transcript(s, video_id, _transcript(origin), fence=None)
            transcripts.save_chunks(s, video_id, [chunk], vector, "en", origin=origin, fence=None)
    with db.session() as s:
        kept = [origin for origin in Origin if transcripts.get_chunks(s, video_id, origin)[0]]

    assert kept == [Origin.SPEECH, Origin.SPEECH_TRANSLATED]


def test_what_search_knows_of_a_video_is_that_which_was_read_last(db: Database, video_id: str) -> None:
    heard = Chunk(0, 0.0, 1.0, "Heard.", 0, 0)
    with db.session() as s:
        for origin, chunk in ((Origin.CAPTIONS_MANUAL, Chunk(0, 0.0, 1.0, "Written.", 0, 0)), (Origin.SPEECH, heard)):
            transcripts.save_transcript(s, video_id, _transcript(origin), fence=None)
            transcripts.save_chunks(s, video_id, [chunk], np.eye(1, 384, dtype=np.float32), "en", origin=origin, fence=None)
    with db.session() as s:
        stored, vectors = transcripts.get_chunks(s, video_id)
        preferred = transcripts.get_transcript(s, video_id)

    assert (stored, len(vectors)) == ((heard,), 1), "questions are weighed against this"
    assert preferred is not None
    assert preferred.origin is Origin.CAPTIONS_MANUAL
