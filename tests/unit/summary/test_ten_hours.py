"""Ten hours of talk: what is said at the end is found like what is said at the beginning, and every minute is accounted for."""

import random

import numpy as np
import pytest

from pipeline.summary.brief import asked
from pipeline.summary.chunks import cut
from pipeline.summary.summarize import make_gist, make_summary
from pipeline.types import Length, Options, Sentence, Summary, Video
from tests.unit.summary.fakes import Counter

HOURS = 10
EACH = 8.0
"""Seconds of a sentence: about 18 words."""
SUBJECTS = {
    0.2: (
        "The old lighthouse of Marenfels guided exactly 412 ships through the strait in its first winter.",
        "the lighthouse|its keeper|the lamp of the lighthouse|the tower|the keeper's daughter",
        "guided|watched|counted|warned|lit the way for",
        "the ships in the strait|the fishing boats of Marenfels|the sailors off the reef|a schooner near the tower|the steamers from the north",
    ),
    5.0: (
        "The ferry Albertina carried 93 wagons of salt across the strait before the bridge was built.",
        "the ferry|the crew of the Albertina|the ferryman|the engine of the ferry|the captain of the Albertina",
        "carried|unloaded|waited for|brought|weighed",
        "the wagons of salt|the horses and the wagons|the salt from the mines|the passengers to the bridge|the barrels of salt",
    ),
    9.833: (
        "The dam above Quellhausen holds back 71 million tonnes of water, more than any other dam in the valley.",
        "the dam|the engineer of the dam|the reservoir|the wall of the dam|the turbine of Quellhausen",
        "holds back|lets out|measures|drives|fills",
        "the water of the valley|the river above Quellhausen|the flood in spring|the water for the turbines|the tonnes of water",
    ),
}
"""By the hour at which it is spoken of, the last at 9 h 50 min: what shall be found, and what is told around it for ten minutes, as nobody tells something out of nothing."""
FACTS = {hour: fact for hour, (fact, *_) in SUBJECTS.items()}
AROUND = 37
"""Sentences about the subject before the fact, and as many after it."""

_WHO = "the gardener|my neighbour|a carpenter|the baker|our teacher|the farmer|a painter|the tailor|the miller|a sailor".split("|")
_DOES = "repairs|cleans|carries|paints|measures|shows|keeps|sells|borrows|describes".split("|")
_WHAT = "the wooden table|a small basket|the garden fence|an iron kettle|the long ladder|a woollen coat|the kitchen door|a clay pot|the narrow boat|a heavy wheel".split(
    "|"
)
_WHEN = "before breakfast|in the afternoon|on market days|after the rain|when it is quiet|during the summer|without any hurry|as in every year".split(
    "|"
)


def _line(chance: random.Random) -> str:
    first, second = (f"{chance.choice(_WHO)} {chance.choice(_DOES)} {chance.choice(_WHAT)} {chance.choice(_WHEN)}" for _ in range(2))
    return f"{first[0].upper()}{first[1:]}, and {second}."


def _about(subject: tuple[str, ...], chance: random.Random) -> str:
    who, does, what = (chance.choice(words.split("|")) for words in subject[1:])
    return f"In {chance.randrange(1700, 2000)} {who} {does} {what} {chance.choice(_WHEN)}."


@pytest.fixture(scope="module")
def talk() -> tuple[Sentence, ...]:
    chance = random.Random(4)
    lines = [_line(chance) for _ in range(int(HOURS * 3600 / EACH))]
    for hour, subject in SUBJECTS.items():
        at = round(hour * 3600 / EACH)
        lines[at - AROUND : at + AROUND + 1] = [_about(subject, chance) for _ in range(2 * AROUND + 1)]
        lines[at] = FACTS[hour]
    return tuple(Sentence(at, at * EACH, (at + 1) * EACH, text) for at, text in enumerate(lines))


@pytest.fixture(scope="module")
def summary(talk: tuple[Sentence, ...]) -> Summary:
    video = Video("file:" + "b" * 64, "", "A very long day", HOURS * 3600.0, language="en")
    chunks, embedder, options = cut(talk), Counter(), Options(length=Length.MEDIUM)
    vectors = np.asarray(embedder.passages([chunk.text for chunk in chunks]))
    gist = make_gist(video, talk, None, options)
    return make_summary(video, talk, chunks, vectors, None, embedder, options, gist, emit=lambda _: None, on_partial=lambda _: None)


@pytest.mark.parametrize("hour", FACTS)
def test_what_is_told_is_among_the_sources_of_the_points_wherever_it_is_told(
    talk: tuple[Sentence, ...], summary: Summary, hour: float
) -> None:
    """Each of the 75 sentences tells something of the subject; which of them is chosen is not fixed."""
    cited = {citation.sentence for point in summary.points for citation in point.citations}
    at = round(hour * 3600 / EACH)

    assert talk[at].text == FACTS[hour]
    assert cited.intersection(range(at - AROUND, at + AROUND + 1))


def test_every_chunk_chapter_and_minute_is_there(talk: tuple[Sentence, ...], summary: Summary) -> None:
    chunks = cut(talk)

    assert {at for chunk in chunks for at in range(chunk.first, chunk.last + 1)} == set(range(len(talk)))
    assert (summary.chapters[0].start, summary.chapters[-1].end) == (0.0, HOURS * 3600.0)
    assert {point.chapter for point in summary.points} == set(range(len(summary.chapters)))
    assert summary.coverage[-1].end == HOURS * 3600.0


@pytest.mark.parametrize(
    ("hour", "question"), [(0.2, "How many ships did the lighthouse guide?"), (9.833, "How much water does the dam hold back?")]
)
def test_a_question_is_shown_the_sentence_that_answers_it(talk: tuple[Sentence, ...], hour: float, question: str) -> None:
    made = asked(question, talk, "en", lambda text: len(text.split()) * 2, None)

    assert FACTS[hour] in made.prompt.user
