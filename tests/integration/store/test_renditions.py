"""Summaries as they grow, translations, conversations: what goes in comes out, and nothing is kept twice."""

from dataclasses import replace

import pytest

from pipeline.errors import NotFound
from pipeline.store import conversations, media, renditions, translations, videos
from pipeline.store.database import Database
from pipeline.store.media import Media
from pipeline.store.renditions import Key
from pipeline.store.translations import TranslationKey
from pipeline.types import Answer, AnswerCitation, Chapter, Citation, Coverage, Hit, Length, Point, Status, Summary, Video


def _point(text: str, chapter: int = 0) -> Point:
    return Point(text, (Citation(1.0, 2.5, "a quote", 3), Citation(4.0, 5.0, "another", 7)), "phrased", 0.75, chapter)


def _summary(language: str = "en", length: Length = Length.MEDIUM) -> Summary:
    return Summary(
        language=language,
        length=length,
        gist=_point("gist"),
        overview=(_point("overview"),),
        points=(_point("b", 1), _point("a", 0)),
        chapters=(Chapter(0.0, 4.0, "One", "made"), Chapter(4.0, 9.0, "Two", "made")),
        coverage=(Coverage(0.0, 4.0, Status.CITED, (0, 1)), Coverage(4.0, 9.0, Status.SKIPPED, (), "advertisement")),
        model="llama",
        prompt_version="3",
        notes=("A note.",),
    )


@pytest.fixture(name="key")
def _key(video_id: str) -> Key:
    return Key(video_id, "hash", "llama", "3", Length.MEDIUM, "en")


def test_a_summary_is_seen_as_it_grows(db: Database, key: Key) -> None:
    whole = _summary()
    with db.session() as s:
        assert renditions.get_summary(s, key.video_id) is None
        renditions.save_gist(s, key, whole.gist, fence=None)
    with db.session() as s:
        renditions.save_chapters(s, key, whole.chapters, fence=None)
        renditions.save_point(s, key, whole.points[0], fence=None)
        renditions.save_overview(s, key, whole.overview, fence=None)
        part = renditions.get_summary(s, key.video_id)

    assert part is not None
    assert (part.gist, part.chapters, part.points, part.overview, part.complete) == (
        whole.gist,
        whole.chapters,
        whole.points[:1],
        whole.overview,
        False,
    )
    with pytest.raises(ValueError, match="still being made"):
        part.whole()


def test_the_whole_comes_back_as_it_was_stored_in_place_of_its_parts(db: Database, key: Key) -> None:
    with db.session() as s:
        renditions.save_gist(s, key, _point("an earlier gist"), fence=None)
        renditions.save_point(s, key, _point("an earlier point"), fence=None)
        renditions.save_summary(s, key, _summary(), fence=None)
    with db.session() as s:
        found = renditions.get_summary(s, key.video_id)
        assert renditions.list_renditions(s, key.video_id) == ((key, True),)

    assert found is not None
    assert found.whole() == _summary()


def test_a_point_that_is_made_again_is_not_stored_again(db: Database, key: Key) -> None:
    with db.session() as s:
        indexes = [renditions.save_point(s, key, point, fence=None) for point in (_point("a"), _point("b"), _point("a"), _point("a", 1))]

    assert indexes == [0, 1, 0, 2]


def test_which_summary_is_shown(db: Database, key: Key) -> None:
    with db.session() as s:
        videos.save_video(s, Video("youtube:aaaaaaaaaaa", "", "t", 9.0, language="en"))
        renditions.save_summary(s, replace(key, language="es"), _summary("es"), fence=None)
        renditions.save_summary(s, replace(key, length=Length.SHORT), _summary(length=Length.SHORT), fence=None)
        renditions.save_summary(s, key, _summary(), fence=None)
        renditions.save_gist(s, replace(key, prompt_version="4"), _point("newer, still growing"), fence=None)

    with db.session() as s:
        shown = [
            renditions.get_summary(s, key.video_id),
            renditions.get_summary(s, key.video_id, language="es"),
            renditions.get_summary(s, key.video_id, length=Length.SHORT),
            renditions.get_rendition(s, replace(key, prompt_version="4")),
        ]
        assert renditions.get_summary(s, key.video_id, language="fr") is None

    assert [(x.language, x.length, x.prompt_version, x.complete) for x in shown if x] == [
        ("en", Length.MEDIUM, "3", True),
        ("es", Length.MEDIUM, "3", True),
        ("en", Length.SHORT, "3", True),
        ("en", Length.MEDIUM, "4", False),
    ]


def test_a_translation_is_read_up_to_its_first_gap(db: Database, video_id: str) -> None:
    key = TranslationKey(video_id, "transcript", "hash", "llama", "1", "es")
    with db.session() as s:
        translations.save_texts(s, key, 4, ["e"], fence=None)
        translations.save_texts(s, key, 0, ["a", "b"], fence=None)
        translations.save_texts(s, key, 0, ["again", "again"], fence=None)
        assert translations.get_translation(s, video_id, "transcript", "es") == translations.Translation(key, ("a", "b"), False)
        translations.save_texts(s, key, 2, ["c", "d"], fence=None)
        translations.complete(s, key, fence=None)
    with db.session() as s:
        assert translations.get_exact(s, key) == translations.Translation(key, ("a", "b", "c", "d", "e"), True)
        assert translations.list_translations(s, video_id) == ((key, True),)
        assert translations.get_translation(s, video_id, "summary", "es") is None


def test_a_conversation_keeps_its_turns_in_order(db: Database, video_id: str) -> None:
    found = Answer("Why?", True, "Because.", (AnswerCitation(video_id, "A talk", 1.0, 2.0, "because"),), "phrased")
    nothing = Answer("Who?", False, "", (), "none", (Hit(video_id, "A talk", 3.0, 4.0, "near", 0.5, 2),))
    with db.session() as s:
        over_video, over_library = conversations.start(s, video_id), conversations.start(s)
        for answer in (found, nothing):
            conversations.add_turn(s, over_video, answer)
    with db.session() as s:
        assert conversations.turns(s, over_video) == (found, nothing)
        assert conversations.turns(s, over_library) == ()
        assert conversations.asked_of(s, video_id) == (nothing, found)
    with pytest.raises(NotFound), db.session() as s:
        conversations.add_turn(s, over_library + 1, found)


def test_media_rows(db: Database, video_id: str) -> None:
    first = Media(video_id, "audio", "audio/x.webm", "talk.webm", "audio/webm", 10)
    with db.session() as s:
        media.save_media(s, first)
        media.save_media(s, replace(first, size=12))
        media.save_media(s, replace(first, kind="video", key="video/x.mp4"))
    with db.session() as s:
        assert media.get_media(s, video_id, "audio") == replace(first, size=12)
        assert [x.kind for x in media.list_media(s, video_id)] == ["audio", "video"]
        media.delete_media(s, "audio/x.webm")
        assert media.get_media(s, video_id, "audio") is None
