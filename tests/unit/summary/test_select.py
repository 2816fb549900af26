"""Which sentences are worth reading, and which are left out on purpose."""

import pytest

from pipeline.summary.reading import read
from pipeline.summary.select import advertisements, lead, opening, pick, quote, score, shape, values
from pipeline.types import Sentence


def sentences(*texts: str) -> list[Sentence]:
    return [Sentence(i, i * 5.0, i * 5.0 + 4.5, text) for i, text in enumerate(texts)]


@pytest.mark.parametrize(
    ("text", "language", "rest"),
    [
        ("So, you know, the battery lasts twice as long as before.", "en", "the battery lasts twice as long as before."),
        ("And so the battery lasts twice as long as before.", "en", "the battery lasts twice as long as before."),
        ("The battery lasts twice as long as before.", "en", "The battery lasts twice as long as before."),
        ("Sophia said that the battery lasts longer than before.", "en", "Sophia said that the battery lasts longer than before."),
        ("Y entonces las abejas bailan para mostrar las flores.", "es", "las abejas bailan para mostrar las flores."),
        ("So it is.", "en", "So it is."),
    ],
)
def test_what_only_joins_is_cut_from_a_quote(text: str, language: str, rest: str) -> None:
    assert text[lead(text, language) :] == rest


def test_the_time_of_a_quote_moves_with_its_beginning() -> None:
    citation = quote(Sentence(3, 10.0, 20.0, "So, you know, the battery lasts twice as long as before."), "en")

    assert 11 < citation.start < 14
    assert (citation.end, citation.sentence) == (20.0, 3)


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ("The battery of the new car lasts for six hundred kilometres.", "How long does the battery of the new car last, do you think?"),
        (
            "The battery of the new car lasts for six hundred kilometres.",
            "Welcome back everyone, and thanks for watching my channel today.",
        ),
        ("The battery of the new car lasts for six hundred kilometres.", "That lasts for about six hundred kilometres in the new one."),
        ("The battery of the new car lasts for six hundred kilometres.", "So yeah."),
        ("The battery of the new car lasts for six hundred kilometres.", "I think I told you I like my car, I really do."),
        ("The key to a long life of the battery is to charge it slowly.", "We have charged the battery slowly in the yard since Monday."),
    ],
)
def test_shape(better: str, worse: str) -> None:
    assert shape(better, "en") > shape(worse, "en")


def test_a_sponsor_and_what_belongs_to_it_are_skipped() -> None:
    talk = sentences(
        "The core is 412 metres long.",
        "This part of the video is sponsored by Nordwind Tents.",
        "Their tents stand in any storm.",
        "Sign up at nordwind dot com slash ice for ten percent off.",
        "The ice at the bottom is the oldest.",
    )

    assert advertisements(talk) == {1: "advertisement", 2: "advertisement", 3: "advertisement"}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Please like and subscribe to the channel.", "call to subscribe"),
        ("Don't forget to hit the bell.", "call to subscribe"),
        ("Suscríbete a mi canal si te gusta, please.", "call to subscribe"),
        ("The subscription model changed how newspapers earn money.", None),
        ("We go to the station every morning.", None),
    ],
)
def test_calls_to_subscribe(text: str, reason: str | None) -> None:
    assert advertisements(sentences(text)).get(0) == reason


def test_the_chosen_carry_the_subject_and_do_not_repeat() -> None:
    talk = sentences(
        "Hello everyone and welcome.",
        "Coffee keeps people awake because caffeine blocks a signal of the brain.",
        "People stay awake with coffee because caffeine blocks a signal in the brain.",
        "By the way, my dog is called Rex.",
        "Caffeine from one cup of coffee stays in the body for about six hours.",
        "What do you think?",
        "Decaffeinated coffee still has two percent of its caffeine.",
    )
    scored = score(read(talk, "en"), "How coffee works")

    chosen = pick(values(scored, range(len(talk))), dict(enumerate(scored.rows)), 3)

    assert len({1, 2} & set(chosen)) == 1
    assert 4 in chosen
    assert not {0, 3, 5} & set(chosen)


def test_nothing_worth_reading_is_not_chosen_to_fill_a_quota() -> None:
    talk = sentences("Coffee keeps people awake for about six hours in the evening.", "Yeah.", "Right?", "Okay.", "Thanks.")
    scored = score(read(talk, "en"), "")

    assert pick(values(scored, range(len(talk))), dict(enumerate(scored.rows)), 4) == [0]


def test_a_gist_announces_the_subject() -> None:
    talk = sentences(
        "Hello everyone.",
        "Today we are going to talk about how caffeine in coffee keeps people awake.",
        "Some people drink four cups of coffee in the morning.",
        "The beans are roasted in a drum at two hundred degrees.",
        "Tea has caffeine too, but less of it.",
        "A cup in the evening makes falling asleep harder for most of us.",
        "My neighbour has a red bicycle with a bell.",
    )
    reading = read(talk, "en")

    best = opening(reading, score(reading, "Coffee and caffeine"), "Coffee and caffeine")

    assert max(best, key=lambda at: best[at]) == 1
