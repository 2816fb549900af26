"""Answers of conversations are found again by their words, in any of their forms, until the conversation is deleted."""

import pytest

from pipeline.store import answered, collections, conversations, videos
from pipeline.store.database import Database
from pipeline.types import Answer, AnswerCitation, Scope, Video

SAID = (
    ("How often was the clockwork wound?", "The keeper wound it every four hours.", "aaaaaaaaaaa"),
    ("¿Quién cuida los perros?", "Los perros los cuidaban dos hermanas.", "bbbbbbbbbbb"),
    ("机器学习是什么？", "这是让机器从数据中学习的方法。", "bbbbbbbbbbb"),
)


@pytest.fixture(name="asked")
def _asked(db: Database) -> tuple[int, int]:
    """Two conversations over the library: the first with all of SAID, the second with what was not found, and the first question again."""
    with db.session() as s:
        for video_id, channel in (("aaaaaaaaaaa", "Harbour"), ("bbbbbbbbbbb", "Playa")):
            videos.ensure_video(s, f"youtube:{video_id}", "", "youtube", channel)
            videos.save_video(s, Video(f"youtube:{video_id}", "", channel, 60.0, channel=channel, language="en"))
        first, second = conversations.start(s), conversations.start(s)
        for question, text, video_id in SAID:
            conversations.add_turn(s, first, Answer(question, True, text, (AnswerCitation(video_id, "", 1.0, 2.0, text),), "phrased"))
        conversations.add_turn(s, second, Answer("What is a zebra wound of?", False, "", (), "none"))
        question, text, video_id = SAID[0]
        conversations.add_turn(s, second, Answer(question, True, text, (AnswerCitation(video_id, "", 1.0, 2.0, text),), "quote"))
    return first, second


def _found(db: Database, words: str, limit: int = 3, **scope: object) -> list[tuple[int, int]]:
    with db.session() as s:
        return [(one.conversation, one.turn) for one in answered.find(s, words, limit, Scope(**scope))]  # type: ignore[arg-type]


def test_answers_are_found_by_question_and_answer(db: Database, asked: tuple[int, int]) -> None:
    first, second = asked

    assert _found(db, "clockworks") == [(second, 1), (first, 0)], "by its stem, the newest first"
    assert _found(db, "the keepers of the hours", limit=1) == [(second, 1)]
    assert _found(db, "hermanas perro") == [(first, 1)]
    assert _found(db, "学习") == [(first, 2)]
    assert _found(db, "clockwork perros zebra") == [], "one word of three is not what was asked for"
    assert _found(db, "zebra") == [], "nothing was found then"
    assert _found(db, "the of") == _found(db, "\x00 ' & |") == []


def test_a_scope_holds_the_answers_that_cite_its_videos(db: Database, asked: tuple[int, int]) -> None:
    first, second = asked
    with db.session() as s:
        collections.set_tags(s, "bbbbbbbbbbb", ["dogs"])

    assert _found(db, "clockwork", channel="Harbour") == [(second, 1), (first, 0)]
    assert _found(db, "clockwork", videos=("bbbbbbbbbbb",)) == _found(db, "clockwork", tag="dogs") == _found(db, "clockwork", speaker="Ana") == []
    assert _found(db, "perros", tag="DOGS") == [(first, 1)]


def test_they_go_with_their_conversation(db: Database, asked: tuple[int, int]) -> None:
    first, second = asked
    with db.session() as s:
        conversations.remove(s, second)

    assert _found(db, "clockwork") == [(first, 0)]
