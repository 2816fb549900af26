"""The signals by which an answer is given or refused, and the quota of a video."""

import numpy as np

from pipeline.language.usual import everyday
from pipeline.library.answer import spread
from pipeline.library.decide import Signals, answers, signals, telling
from pipeline.library.moments import Moment
from pipeline.library.reach import within_quota
from pipeline.types import Chunk, Hit, Sentence

TEXTS = ("We put in 64 benches and that cost 38,000 euros.", "Fernholm has one river.", "The drivers were lost.", "Everybody was angry.")
CHUNKS = tuple(Chunk(n, 10.0 * n, 10.0 * n + 9, text, n, n) for n, text in enumerate(TEXTS))
VECTORS = np.eye(4, 384, dtype=np.float32)
SPEAKERS = ("Marta Lindqvist",)


def of(question: str, place: int, likelier: float = 0.0) -> Signals:
    hit = Hit("v", "", 0.0, 9.0, TEXTS[place], 1.0)
    best = [Moment(hit, Sentence(place, 0.0, 9.0, TEXTS[place]), 0.5, near=0.86)]
    return signals(question, best, VECTORS[place], everyday(TEXTS[place]), CHUNKS, VECTORS, SPEAKERS, likelier)


def test_words_that_frame_a_question_are_not_looked_for() -> None:
    assert telling("What did the group discuss about the benches?") == telling("benches")


def test_what_was_said_speaks_for_an_answer() -> None:
    said, unsaid = of("What did the benches cost?", 0), of("What did the helicopter weigh?", 0)

    assert (said.sentence, said.stretch, said.anywhere) == (1.0, 1.0, 1.0)
    assert (unsaid.sentence, unsaid.stretch, unsaid.anywhere) == (0.0, 0.0, 0.0)
    assert answers(said) > answers(unsaid)


def test_a_question_that_what_is_said_leads_to_is_likelier_answered() -> None:
    unsaid = of("What did the helicopter weigh?", 0)

    assert unsaid.likelier == 0.0, "no model was asked"
    assert answers(of("What did the helicopter weigh?", 0, likelier=-5.0)) < answers(unsaid) < answers(of("What did the helicopter weigh?", 0, likelier=5.0))
    assert of("What did the helicopter weigh?", 0, likelier=500.0).likelier == 1.0, "what repeats a sentence of the talk does not outvote all else"
    assert of("What did the benches cost?", 0, likelier=5.0).likelier == 0.0, "its words are said"


def test_a_name_that_nobody_says_speaks_against_one() -> None:
    assert of("What did Brackwater do with the benches?", 0).lost_names == 1.0
    assert of("What did Fernholm do with the benches?", 0).lost_names == 0.0
    assert of("What did Marta say about the benches?", 0).lost_names == 0.0, "who speaks is known, though nobody says the name"


def test_a_long_video_leaves_room_for_others() -> None:
    hits = [Hit("long", "", float(n), n + 1.0, "", 1 - n / 100) for n in range(20)] + [Hit("short", "", 0.0, 1.0, "", 0.1)]

    assert [hit.video_id for hit in within_quota(hits, 8, 4)] == ["long"] * 4 + ["short"]
    assert len(within_quota(hits, 3, 4)) == 3


def test_where_much_is_asked_each_stretch_says_one_thing() -> None:
    first, second = Hit("v", "", 0.0, 20.0, "", 1.0), Hit("v", "", 15.0, 40.0, "", 0.9)
    said = [Sentence(n, 10.0 * n, 10.0 * n + 9, f"Sentence {n}.") for n in range(4)]
    best = [Moment(first, said[0], 0.9), Moment(first, said[1], 0.8), Moment(second, said[0], 0.7), Moment(second, said[3], 0.6), Moment(Hit("w", "", 1.0, 2.0, "", 0.5), said[2], 0.5)]

    assert [moment.sentence.index for moment in spread(best)] == [0, 3]
