"""Who can translate what, and which translations are believed."""

from collections.abc import Callable, Iterator, Sequence

import pytest

from pipeline.errors import ModelError
from pipeline.language.generator import OnDone, Priority, Prompt
from pipeline.language.translator import Translator, holds, numbers


class Scripted:
    """A generator that answers by a function, in place of a model that speaks."""

    window = 8192

    def __init__(self, model: str, languages: str, answer: Callable[[Prompt], str] = lambda prompt: "") -> None:
        self.model, self.languages = model, frozenset(languages.split())
        self._answer = answer
        self.asked: list[Prompt] = []

    def count(self, text: str) -> int:
        return len(text.split())

    def room(self, prompt: Prompt) -> int:
        return 1000

    def generate(self, prompts: Sequence[Prompt], *, priority: Priority = Priority.BATCH, on_done: OnDone | None = None) -> list[str]:
        self.asked.extend(prompts)
        return [self._answer(prompt) for prompt in prompts]

    def stream(self, prompt: Prompt, *, priority: Priority = Priority.INTERACTIVE) -> Iterator[str]:
        yield self._answer(prompt)

    def close(self) -> None: ...


ENGLISH = Scripted("smollm2-135m-instruct", "en")
LLAMA3 = Scripted("Llama-3.1-8B-Instruct", "en de fr it pt hi es th")


def test_only_what_the_model_card_promises_is_translated() -> None:
    assert Translator(LLAMA3).languages_from("en") == {"de", "fr", "it", "pt", "hi", "es", "th"}
    assert Translator(LLAMA3).languages_from("ro") == frozenset()
    assert Translator(ENGLISH).languages_from("en") == frozenset()
    assert Translator(None).languages_from("en") == frozenset()
    assert Translator(LLAMA3).can("en", "es").way == "llama"
    assert not Translator(LLAMA3).can("ro", "es").ok


def test_whisper_takes_anything_spoken_to_english() -> None:
    ability = Translator(ENGLISH).can("ro", "en", spoken=True)

    assert (ability.ok, ability.way) == (True, "whisper")
    assert not Translator(ENGLISH).can("ro", "en", spoken=False).ok
    assert not Translator(ENGLISH).can("en", "ro", spoken=True).ok


def test_the_same_language_needs_nobody() -> None:
    assert Translator(None).can("ro", "ro").ok


def test_advice_names_models_that_would() -> None:
    advice = Translator(ENGLISH).can("en", "es").advice
    assert "smollm2-135m-instruct does not promise to translate from English into Spanish" in advice
    assert "Llama-3.2-1B-Instruct" in advice
    assert "Aya Expanse" in Translator(ENGLISH).can("en", "ro").advice
    assert "None of the models" in Translator(None).can("en", "eo").advice
    assert "from" not in Translator(None).can("und", "es").advice.split("Spanish")[0]


def test_each_text_is_asked_for_and_comes_back_in_its_place() -> None:
    words = {"The bees dance.": "Las abejas bailan.", "In 2019 it rose by 30 percent.": "En 2019 subió un 30 por ciento."}
    generator = Scripted("llama-3.1-8b", "en es", lambda prompt: words[prompt.user])

    assert Translator(generator).translate_texts(list(words), "en", "es", generator) == list(words.values())
    assert "from English into Spanish" in generator.asked[0].system
    assert generator.asked[0].max_tokens >= 16


def test_a_translation_that_loses_a_number_is_tried_again_and_then_left_in_the_original() -> None:
    texts = ["It rose by 30 percent.", "One.", "Two.", "Three."]
    first = {"One.": "Uno.", "Two.": "Dos.", "Three.": "Tres."}
    stubborn = Scripted("llama-3.1-8b", "en es", lambda prompt: first.get(prompt.user, "Subió mucho."))
    better = Scripted(
        "llama-3.1-8b",
        "en es",
        lambda prompt: first.get(prompt.user, "Subió un 30 %." if "Keep every number" in prompt.system else "Subió mucho."),
    )

    assert Translator(stubborn).translate_texts(texts, "en", "es", stubborn) == [texts[0], "Uno.", "Dos.", "Tres."]
    assert Translator(better).translate_texts(texts, "en", "es", better) == ["Subió un 30 %.", "Uno.", "Dos.", "Tres."]


def test_a_model_that_cannot_is_said_to() -> None:
    parrot = Scripted("llama-3.1-8b", "en es", lambda prompt: prompt.user)
    texts = ["The bees dance for the others.", "One kilometre is one second of it."]
    with pytest.raises(ModelError) as error:
        Translator(parrot).translate_texts(texts, "en", "es", parrot)
    assert error.value.code == "translation_failed"
    with pytest.raises(ModelError) as error:
        Translator(ENGLISH).translate_texts(texts, "en", "es", ENGLISH)
    assert error.value.code == "no_translator"


@pytest.mark.parametrize(
    ("text", "answer", "held"),
    [
        ("It costs 1,250.50 dollars.", "Es kostet 1.250,50 Dollar.", True),
        ("From 9 to 17 and back.", "De 17 à 9 et retour.", True),
        ("It costs 1,250 dollars.", "Es kostet 1.205 Dollar.", False),
        ("It costs 12,500 dollars.", "Cuesta 12 500 dólares.", True),
        ("Nothing here.", "", False),
        ("Nothing here.", "Nichts. " * 20, False),
        ("Angela Merkel", "Angela Merkel", True),
        ("The bees dance for the others.", "the bees dance for the others.", False),
    ],
)
def test_what_holds(text: str, answer: str, held: bool) -> None:
    assert holds(text, answer) is held


def test_numbers_lose_the_separators_of_their_language() -> None:
    assert numbers("3 for 1,250.50 or 12:45") == ["12", "125050", "3", "45"]
