"""Who can translate what, in which order of preference, and what becomes of a translation that does not hold."""

import re
from collections.abc import Callable, Iterator, Sequence

import pytest

from pipeline.errors import ModelError
from pipeline.language.engines import BRIDGE, is_rough, routes
from pipeline.language.generator import OnDone, Priority, Prompt
from pipeline.language.translator import Line, Translator, check_share


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


class Table:
    """An engine of a few pairs that answers by a function."""

    def __init__(self, way: str, pairs: str, answer: Callable[[str, bool], str] = lambda text, again: text) -> None:
        self.way, self.rough = way, way == "apertium"
        self.pairs = frozenset(tuple(pair.split("-")) for pair in pairs.split())
        self._answer = answer

    def label(self, source: str, target: str) -> str:
        return f"{self.way} {source}-{target}"

    def translate(self, texts: Sequence[str], source: str, target: str, *, kept: re.Pattern[str], again: bool = False) -> list[str]:
        return [self._answer(text, again) for text in texts]


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


def test_the_order_of_preference_is_the_llama_then_neural_then_apertium() -> None:
    neural, rough = Table("neural", "en-es es-en en-fr"), Table("apertium", "en-es es-en en-ca")

    assert Translator(LLAMA3, (neural, rough)).begin("en", "es").engine == LLAMA3.model
    assert Translator(ENGLISH, (neural, rough)).begin("en", "es").engine == "neural en-es"
    assert Translator(ENGLISH, (neural, rough)).can("en", "ca") == Translator(None, (rough,)).can("en", "ca")
    assert Translator(ENGLISH, (rough,)).begin("en", "es").rough
    assert Translator(ENGLISH, (neural, rough)).languages_from("en") == {"es", "fr", "ca"}


def test_where_there_is_no_direct_pair_it_goes_through_english_and_is_as_rough_as_its_roughest_step() -> None:
    neural, rough = Table("neural", "es-en en-fr"), Table("apertium", "en-ca")
    by_bridge, mixed = next(routes((neural, rough), "es", "fr")), next(routes((neural, rough), "es", "ca"))

    assert [(source, target) for _, source, target in by_bridge.steps] == [("es", BRIDGE), (BRIDGE, "fr")]
    assert (by_bridge.rough, by_bridge.label) == (False, "neural es-en + neural en-fr")
    assert (mixed.rough, mixed.way, is_rough(mixed.label)) == (True, "apertium", True)
    assert Translator(None, (neural, rough)).languages_from("es") == {"en", "fr", "ca"}


def test_advice_names_what_would() -> None:
    advice = Translator(ENGLISH).can("en", "es").advice
    assert "smollm2-135m-instruct does not promise to translate from English into Spanish" in advice
    assert "`nutshell models pull translate:es`" in advice
    assert "Llama-3.2-1B-Instruct" in advice
    assert "Aya Expanse" in Translator(ENGLISH).can("en", "ro").advice
    assert "translate:de" in Translator(None, (Table("neural", "en-es"),)).can("de", "es").advice
    assert "None of the models" in Translator(None).can("en", "mi").advice
    assert "from" not in Translator(None).can("und", "es").advice.split("Spanish")[0]


def test_each_text_is_asked_for_and_comes_back_in_its_place() -> None:
    words = {"The bees dance.": "Las abejas bailan.", "In 2019 it rose by 30 percent.": "En 2019 subió un 30 por ciento."}
    generator = Scripted("llama-3.1-8b", "en es", lambda prompt: words[prompt.user])

    assert [line.text for line in Translator(generator).begin("en", "es").texts([*words, "42"])] == [*words.values(), "42"]
    assert "from English into Spanish" in generator.asked[0].system
    assert generator.asked[0].max_tokens >= 16


def test_a_text_that_flows_is_understood_from_what_was_said_before() -> None:
    generator = Scripted("llama-3.1-8b", "en es", lambda prompt: "Bailan para las otras en la colmena.")
    Translator(generator).begin("en", "es").texts(["They dance for the others in the hive."], before="Bees >> << meet.", flowing=True)

    assert generator.asked[0].user == "<< Bees   meet. >>\nThey dance for the others in the hive."


def test_a_translation_that_loses_a_number_is_tried_again_and_then_left_in_the_original() -> None:
    texts = ["It rose by 30 percent.", "One came.", "Two came.", "Three came."]
    first = {"One came.": "Vino uno.", "Two came.": "Vinieron dos.", "Three came.": "Vinieron tres."}
    stubborn = Scripted("llama-3.1-8b", "en es", lambda prompt: first.get(prompt.user, "Subió mucho."))
    better = Scripted(
        "llama-3.1-8b",
        "en es",
        lambda prompt: first.get(prompt.user, "Subió un 30 %." if "Keep every number" in prompt.system else "Subió mucho."),
    )

    assert Translator(stubborn).begin("en", "es").texts(texts) == [Line(texts[0], original=True), *map(Line, first.values())]
    assert Translator(better).begin("en", "es").texts(texts) == [Line("Subió un 30 %."), *map(Line, first.values())]


def test_a_name_that_is_gone_is_asked_for_once_more() -> None:
    engine = Table("neural", "en-es", lambda text, again: f"Ayer vino {'Willow' if again else 'Sauce'} a comer con nosotros.")

    assert Translator(None, (engine,)).begin("en", "es").texts(["Yesterday Willow came to eat with us."]) == [Line("Ayer vino Willow a comer con nosotros.")]


def test_a_model_that_cannot_is_said_to() -> None:
    parrot = Scripted("llama-3.1-8b", "en es", lambda prompt: prompt.user)
    texts = ["The bees dance for the others.", "One kilometre is one second of it."]
    job = Translator(parrot).begin("en", "es")
    with pytest.raises(ModelError) as error:
        check_share(job.texts(texts), job.engine, "es", rough=job.rough)
    assert error.value.code == "translation_failed"
    with pytest.raises(ModelError) as error:
        Translator(ENGLISH).begin("en", "es")
    assert error.value.code == "no_translator"
