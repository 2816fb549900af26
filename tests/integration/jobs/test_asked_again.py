"""What was made already is not made again, unless it rests on what a better transcript has replaced."""

from dataclasses import replace

from pipeline import run
from pipeline.source.links import parse_link
from pipeline.store import renditions, transcripts, translations, videos
from pipeline.store.database import Database
from pipeline.store.renditions import Key
from pipeline.store.translations import TranslationKey
from pipeline.types import Citation, Length, Options, Origin, Point, Segment, Sentence, Summary, Transcript, Video

LINK = parse_link("aaaaaaaaaaa")
POINT = Point("Bees dance.", (Citation(0.0, 2.0, "Bees dance.", 0),), "phrased", 1.0)


def _read(db: Database, origin: Origin) -> Key:
    """What the text stages rest on after the video was read from `origin`."""
    with db.session() as s:
        video_id = videos.ensure_video(s, LINK.source_id, LINK.url, "youtube", "Bees")
        videos.save_video(s, Video(LINK.source_id, LINK.url, "Bees", 2.0, language="en"))
        name = transcripts.save_transcript(s, video_id, Transcript("en", origin, None, (Segment(0.0, 2.0, f"Bees dance, say {origin}."),)), fence=None)
        transcripts.save_sentences(s, video_id, [Sentence(0, 0.0, 2.0, f"Bees dance, say {origin}.")], origin=origin, fence=None)
    return Key(video_id, name, "llama", "3", Length.MEDIUM, "en")


def _made(db: Database, key: Key) -> None:
    """The summary in English and in Spanish, and the transcript in Spanish."""
    lines = TranslationKey(key.video_id, "transcript", key.transcript_hash, "engine", "1", "es")
    with db.session() as s:
        for language in ("en", "es"):
            summary = Summary(language, Length.MEDIUM, POINT, (), (POINT,), (), (), "llama", "3", ())
            renditions.save_summary(s, replace(key, language=language), summary, fence=None)
        translations.save_texts(s, lines, 0, ["Las abejas bailan."], fence=None)
        translations.complete(s, lines, fence=None)


def test_what_is_there_is_not_made_again(db: Database) -> None:
    key = _read(db, Origin.CAPTIONS_AUTO)
    assert run.submit_translation(db, key.video_id, "es").job_id is not None, "nothing is there yet"
    _made(db, key)

    assert run.submit_source(db, LINK, Options()).job_id is None
    assert run.submit_translation(db, key.video_id, "es").job_id is None


def test_a_translation_of_captions_is_made_again_once_the_video_was_listened_to(db: Database) -> None:
    _made(db, _read(db, Origin.CAPTIONS_AUTO))
    heard = _read(db, Origin.SPEECH)

    assert run.submit_translation(db, heard.video_id, "es").job_id is not None
    assert run.submit_source(db, LINK, Options(language="es")).job_id is not None
    _made(db, heard)
    assert run.submit_translation(db, heard.video_id, "es").job_id is None


def test_who_listened_to_a_video_with_good_captions_has_what_was_heard(db: Database) -> None:
    _made(db, _read(db, Origin.CAPTIONS_MANUAL))
    _made(db, _read(db, Origin.SPEECH))

    assert run.submit_source(db, LINK, Options()).job_id is None, "it would be read from the captions again"
