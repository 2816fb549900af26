"""What readers think: kept with its inputs, once for each text, gone with its video."""

from dataclasses import replace

import pytest

from pipeline.store import conversations, feedback, renditions, videos
from pipeline.store.database import Database
from pipeline.store.feedback import Feedback, Opinion, Place, digest
from pipeline.store.renditions import Key
from pipeline.types import Answer, AnswerCitation, Chapter, Citation, Length, Point, Sentence, Summary

SHOWN = (Sentence(3, 1.0, 2.5, "The keeper \x00 wound it.", "Anna"), Sentence(4, 3.0, 4.0, "Every four hours."))


@pytest.fixture(name="given")
def _given(video_id: str) -> Feedback:
    return Feedback(
        video_id, Place.POINT, Opinion.DOWN, "It was wound.", "phrased", "", "What is said about “The keepers”?", SHOWN, (3,), "llama", "1", "en"
    )  # fmt: skip


def test_what_goes_in_comes_out(db: Database, given: Feedback) -> None:
    with db.session() as s:
        feedback.save(s, given)
        (found,) = feedback.everything(s)

    assert found.given_at is not None
    assert replace(found, given_at=None) == replace(given, shown=(replace(SHOWN[0], text="The keeper  wound it."), SHOWN[1]))


def test_the_last_opinion_on_a_text_counts(db: Database, given: Feedback) -> None:
    with db.session() as s:
        feedback.save(s, given)
        feedback.save(s, replace(given, text="Another."))
        first = feedback.of_video(s, given.video_id)[0].given_at
    with db.session() as s:
        feedback.save(s, replace(given, opinion=Opinion.EDIT, instead="The keeper wound it."))
        found = feedback.of_video(s, given.video_id)

    assert [(one.text, one.opinion, one.instead) for one in found] == [
        ("It was wound.", Opinion.EDIT, "The keeper wound it."),
        ("Another.", Opinion.DOWN, ""),
    ]
    assert found[0].given_at > first


def test_it_is_forgotten_by_text_with_the_video_and_at_once(db: Database, given: Feedback) -> None:
    with db.session() as s:
        for text in ("one", "two", "three"):
            feedback.save(s, replace(given, text=text))
        assert feedback.forget(s, given.video_id, digest("one"))
        assert not feedback.forget(s, given.video_id, digest("one"))
        assert feedback.forget_all(s) == 2
        assert feedback.everything(s) == ()
        feedback.save(s, given)
        videos.delete_video(s, given.video_id)
        assert feedback.everything(s) == ()


def summary(text: str) -> Summary:
    cited = (Citation(1.0, 2.5, "a quote", 3),)
    points = (Point(text, cited, "phrased", 0.75, 1),)
    chapters = (Chapter(0.0, 4.0, "One"), Chapter(4.0, 9.0, "Two"))
    return Summary("en", Length.MEDIUM, Point("The gist.", cited, "quote", 1.0), points, points, chapters, (), "llama", "3")


def test_a_sentence_is_found_by_its_name_wherever_it_stands(db: Database, video_id: str) -> None:
    key = Key(video_id, "hash", "llama", "3", Length.MEDIUM, "en")
    answer = Answer("Who?", True, "Anna did.", (AnswerCitation(video_id, "A talk", 1.0, 2.0, "Anna did it."),), "phrased")
    with db.session() as s:
        renditions.save_summary(s, replace(key, length=Length.SHORT), summary("Short."), fence=None)
        renditions.save_summary(s, key, summary("Said."), fence=None)
        conversations.add_turn(s, conversations.start(s, video_id), answer)
        said, short, gist, answered = (feedback.find(s, video_id, digest(text)) for text in ("Said.", "Short.", "The gist.", "Anna did."))

        assert feedback.find(s, video_id, digest("Nobody said it.")) is None
        assert feedback.find(s, "bbbbbbbbbbb", digest("Said.")) is None
    assert (said.place, said.about, said.model, said.prompt_version, said.kind) == (Place.POINT, "Two", "llama", "3", "phrased")
    assert short.text == "Short."
    assert (gist.place, gist.about, gist.kind) == (Place.GIST, "", "quote")
    assert (answered.place, answered.about) == (Place.ANSWER, "Who?")
    assert answered.citations == (Citation(1.0, 2.0, "Anna did it.", 0),)
