"""Questions that lean on the one before are said anew; those that do not are left alone."""

from collections.abc import Iterator

import pytest

from pipeline.errors import ModelError
from pipeline.language.generator import Priority, Prompt
from pipeline.library.follow import understood
from pipeline.types import Answer
from tests.unit.summary.fakes import Model

BENCHES = Answer("What did the benches cost?", True, "We put in 64 benches, and that cost 38,000 euros.", (), "quote")
STRIPES = Answer("Who counted the stripes?", True, "A student of mine, Keiko Lindgren, counted all of them.", (), "quote")
MAP = Answer("When did the new map start?", True, "The new map started on the second of September.", (), "quote")


@pytest.mark.parametrize(
    ("before", "question", "expected"),
    [
        (BENCHES, "And why?", "Why did the benches cost?"),
        (BENCHES, "what about the drivers?", "What did the drivers cost?"),
        (BENCHES, "Who paid for them?", "Who paid for the benches?"),
        (STRIPES, "What did she teach?", "What did Keiko Lindgren teach?"),
        (STRIPES, "and what was her count?", "What was Keiko Lindgren’s count?"),
        (MAP, "and why?", "Why did the new map start?"),
        (MAP, "What about the old map?", "When did the old map start?"),
        (MAP, "And in Fernholm?", "When did the new map start in Fernholm?"),
        (STRIPES, "And what about Rafael?", "Rafael (counted the stripes)?"),
        (MAP, "How many buses does Fernholm have?", "How many buses does Fernholm have?"),
        (STRIPES, "What did Rafael do before he became a cook?", "What did Rafael do before he became a cook?"),
    ],
)
def test_a_question_that_leans_on_the_last_one(before: Answer, question: str, expected: str) -> None:
    assert understood(question, [before]) == expected


def of(question: str, text: str) -> Answer:
    return Answer(question, True, text, (), "quote")


ABROAD = {
    "es": (
        of("¿Cuánto costaron los bancos?", "Pusimos 64 bancos y costaron 38.000 euros."),
        of("¿Quién contó las rayas?", "Una alumna mía, Keiko Lindgren, las contó."),
    ),
    "de": (
        of("Was kosteten die Bänke?", "Wir stellten 64 Bänke auf, und das kostete 38.000 Euro."),
        of("Wer hat die Streifen gezählt?", "Eine Studentin von mir, Keiko Lindgren, war es."),
    ),
    "fr": (
        of("Combien ont coûté les bancs ?", "Nous avons mis 64 bancs, pour 38 000 euros."),
        of("Qui a compté les rayures ?", "Une de mes étudiantes, Keiko Lindgren, les a comptées."),
    ),
    "pt": (
        of("Quanto custaram os bancos?", "Pusemos 64 bancos, e isso custou 38 mil euros."),
        of("Quem contou as listras?", "Uma aluna minha, Keiko Lindgren, contou todas."),
    ),
    "it": (
        of("Quanto sono costate le panchine?", "Abbiamo messo 64 panchine, per 38.000 euro."),
        of("Chi ha contato le strisce?", "Una mia studentessa, Keiko Lindgren, le ha contate."),
    ),
}
"""What was asked and answered before, of a thing and of a person."""


@pytest.mark.parametrize(
    ("language", "place", "question", "expected"),
    [
        ("es", 0, "¿Y por qué?", "¿Por qué costaron los bancos?"),
        ("es", 0, "¿Y los conductores?", "¿Cuánto costaron los conductores?"),
        ("es", 0, "¿Qué hay del mapa?", "¿Cuánto costaron el mapa?"),
        ("es", 0, "¿Y en 2020?", "¿Cuánto costaron los bancos en 2020?"),
        ("es", 0, "¿Quién los pagó?", "¿Quién los pagó (los bancos)?"),
        ("es", 1, "¿Qué enseña ella?", "¿Qué enseña Keiko Lindgren?"),
        ("es", 1, "¿Y qué enseñaba?", "¿Qué enseñaba (Keiko Lindgren)?"),
        ("es", 1, "¿Y Rafael?", "¿Rafael (contó las rayas)?"),
        ("de", 0, "Und warum?", "Warum kosteten die Bänke?"),
        ("de", 0, "Und die Fahrer?", "Was kosteten die Fahrer?"),
        ("de", 0, "Was ist mit den Fahrern?", "Was kosteten die Fahrer?"),
        ("de", 0, "Wer hat sie bezahlt?", "Wer hat die Bänke bezahlt?"),
        ("de", 1, "Was hat sie unterrichtet?", "Was hat Keiko Lindgren unterrichtet?"),
        ("de", 1, "Und warum?", "Warum (Wer hat die Streifen gezählt)?"),
        ("fr", 0, "Et pourquoi ?", "Pourquoi ont coûté les bancs ?"),
        ("fr", 0, "Et les chauffeurs ?", "Combien ont coûté les chauffeurs ?"),
        ("fr", 0, "Qu’en est-il des chauffeurs ?", "Combien ont coûté les chauffeurs ?"),
        ("fr", 0, "Qui les a payés ?", "Qui les a payés (les bancs) ?"),
        ("fr", 1, "Qu’est-ce qu’elle enseigne ?", "Qu’est-ce qu’elle enseigne (Keiko Lindgren, les rayures) ?"),
        ("pt", 0, "E por quê?", "Por quê custaram os bancos?"),
        ("pt", 0, "E os motoristas?", "Quanto custaram os motoristas?"),
        ("pt", 0, "E quanto aos motoristas?", "Quanto custaram os motoristas?"),
        ("pt", 1, "O que ela ensina?", "O que Keiko Lindgren ensina?"),
        ("pt", 1, "E o que ensinava?", "O que ensinava (Keiko Lindgren)?"),
        ("it", 0, "E perché?", "Perché sono costate le panchine?"),
        ("it", 0, "E dove?", "Dove sono costate le panchine?"),
        ("it", 0, "E gli autisti?", "Quanto sono costate gli autisti?"),
        ("it", 0, "Chi le ha pagate?", "Chi le ha pagate (le panchine)?"),
        ("it", 1, "Che cosa insegna lei?", "Che cosa insegna Keiko Lindgren?"),
    ],
)
def test_in_other_languages_too(language: str, place: int, question: str, expected: str) -> None:
    assert understood(question, [ABROAD[language][place]]) == expected


@pytest.mark.parametrize(
    ("language", "question"),
    [
        ("es", "¿Cuántos autobuses tiene Fernholm?"),
        ("es", "¿Quién es la alcaldesa de la ciudad?"),
        ("de", "Wie viele Busse hat Fernholm?"),
        ("de", "Wer leitet die Schule im Tal?"),
        ("fr", "Combien de bus y a-t-il à Fernholm ?"),
        ("fr", "Qui dirige l’école du village ?"),
        ("pt", "Quantos ônibus tem Fernholm?"),
        ("pt", "Quem dirige a escola da cidade?"),
        ("it", "Quanti autobus ha Fernholm?"),
        ("it", "Chi dirige la scuola del paese?"),
    ],
)
def test_a_question_that_stands_alone_is_left_alone_in_other_languages(language: str, question: str) -> None:
    assert understood(question, [ABROAD[language][0]]) == question


def test_a_second_step_leans_on_how_the_first_was_understood() -> None:
    second = Answer("And why?", True, "Nobody knew when the bus comes.", (), "quote", understood="Why did the new map start?")
    assert understood("and when?", [MAP, second]) == "When did the new map start?"


def test_without_a_conversation_nothing_is_changed() -> None:
    assert understood("And why?", []) == "And why?"


class Large(Model):
    """Of a name that no card knows, as servers have: taken for capable."""

    def stream(self, prompt: Prompt, *, priority: Priority = Priority.INTERACTIVE) -> Iterator[str]:
        yield self._reply(prompt)


def test_a_capable_model_says_it_and_brings_nothing_of_its_own() -> None:
    said = Large(lambda prompt: "Why did the benches cost 38,000 euros?")
    invented = Large(lambda prompt: "Why did the mayor of Paris pay for the benches?")

    assert understood("And why?", [BENCHES], said) == "Why did the benches cost 38,000 euros?"
    assert understood("And why?", [BENCHES], invented) == "Why did the benches cost?"


def test_a_model_that_is_away_leaves_it_to_the_rules() -> None:
    class Gone(Large):
        def stream(self, *args: object, **kwargs: object):  # type: ignore[no-untyped-def,override]
            raise ModelError("model_unavailable", "The language model is not running.", retryable=True)

    assert understood("And why?", [BENCHES], Gone(lambda prompt: "")) == "Why did the benches cost?"
