"""One row per video, however often it is pasted; deleting takes everything."""

from dataclasses import replace

from sqlalchemy import func, select

from pipeline.jobs import Queue, State
from pipeline.store import conversations, jobs, media, renditions, transcripts, videos
from pipeline.store.base import Base
from pipeline.store.database import Database
from pipeline.store.media import Media
from pipeline.types import Chapter, Chunk, Citation, Length, Options, Origin, Point, Segment, Sentence, Transcript, Video

VIDEO = Video(
    source_id="youtube:aaaaaaaaaaa",
    source_url="https://www.youtube.com/watch?v=aaaaaaaaaaa",
    title="Bees, \U0001f41d and <b>wax</b>",
    duration=61.5,
    channel="Hive",
    language="en",
    published_at="2024-02-29",
    description="line\nline",
    thumbnail_url="https://i.ytimg.com/vi/aaaaaaaaaaa/hq.jpg",
    chapters=(Chapter(0.0, 30.0, "One"), Chapter(30.0, 61.5, "Two")),
    captions_note="The manual captions came empty.",
)


def test_a_video_comes_back_as_it_was_stored(db: Database, video_id: str) -> None:
    with db.session() as s:
        videos.save_video(s, VIDEO)
    with db.session() as s:
        assert videos.get_video(s, video_id) == VIDEO
        assert videos.get_kind(s, video_id) == "youtube"


def test_characters_that_the_database_cannot_store_are_dropped(db: Database, video_id: str) -> None:
    with db.session() as s:
        videos.save_video(s, replace(VIDEO, title="a\x00b\ud800", description="\x00", chapters=(Chapter(0, 1, "\x00c"),)))
    with db.session() as s:
        found = videos.get_video(s, video_id)

    assert found is not None
    assert (found.title, found.description, found.chapters[0].title) == ("ab?", "", "c")


def test_pasting_again_changes_nothing(db: Database, video_id: str) -> None:
    with db.session() as s:
        videos.save_video(s, VIDEO)
        assert videos.ensure_video(s, VIDEO.source_id, "", "youtube") == video_id
        assert videos.get_video(s, video_id) == VIDEO
        assert videos.count_videos(s) == 1


def test_library_is_newest_first_in_pages_with_gist_and_state(db: Database) -> None:
    for name in "abc":
        with db.session() as s:
            video_id = videos.ensure_video(s, f"youtube:{name * 11}", "", "youtube", name)
            jobs.submit(s, "tldr", video_id, Options(), [("fetch", Queue.FETCH)])
    gist = Point("In short.", (Citation(0, 1, "Yes.", 0),), "quote", 1.0)
    with db.session() as s:
        renditions.save_gist(s, renditions.Key("b" * 11, "h", "m", "1", Length.MEDIUM, "en"), gist, fence=None)

    with db.session() as s:
        first = videos.list_videos(s, limit=2)
        rest = videos.list_videos(s, before=first[-1].added_at)

    assert [(card.title, card.gist, card.state) for card in first + rest] == [
        ("c", None, State.WAITING),
        ("b", "In short.", State.WAITING),
        ("a", None, State.WAITING),
    ]


def test_deleting_takes_every_row_of_the_video(db: Database, video_id: str) -> None:
    transcript = Transcript("en", Origin.FILE, None, (Segment(0, 1, "Yes."),))
    point = Point("Yes.", (Citation(0, 1, "Yes.", 0),), "quote", 1.0)
    with db.session() as s:
        key = renditions.Key(video_id, transcripts.save_transcript(s, video_id, transcript, fence=None), "m", "1", Length.SHORT, "en")
        transcripts.append_part(s, video_id, Origin.SPEECH, "en", "base", transcript.segments, 1.0, fence=None)
        transcripts.save_sentences(s, video_id, [Sentence(0, 0, 1, "Yes.")], fence=None)
        transcripts.save_chunks(s, video_id, [Chunk(0, 0, 1, "Yes.", 0, 0)], _unit(), "en", fence=None)
        renditions.save_point(s, key, point, fence=None)
        renditions.save_chapters(s, key, [Chapter(0, 1, "x")], fence=None)
        media.save_media(s, Media(video_id, "upload", "upload/x", "x.mp3", "audio/mpeg", 3))
        conversations.start(s, video_id)
        jobs.claim(s, jobs.submit(s, "tldr", video_id, {}, [("fetch", Queue.FETCH)]).first_stage_id, "w")

    with db.session() as s:
        assert videos.delete_video(s, video_id)
        assert not videos.delete_video(s, video_id)
    with db.session() as s:
        left = {name: s.execute(select(func.count()).select_from(table)).scalar_one() for name, table in Base.metadata.tables.items()}

    assert {name: number for name, number in left.items() if number} == {}


def _unit():  # type: ignore[no-untyped-def]
    import numpy as np

    return np.eye(1, 384, dtype=np.float32)
