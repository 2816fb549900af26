"""Summaries in another language, by a model that promises to speak it. Where none does, the reader is told which one would: nothing is pretended.

There are two real ways: the LLaMA, when its card lists both languages, and Whisper, which translates whatever is spoken into English (that happens while
listening, in the speech room).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import structlog

from pipeline.errors import ModelError
from pipeline.language.cards import speakers_of
from pipeline.language.generator import Generator, Priority, Prompt
from pipeline.languages import name_of

log = structlog.get_logger(__name__)

GROWTH = 3
"""An answer may have so many times the tokens of its original: some languages need more of them."""
MOST_FAILED = 0.25
"""When more of the texts than this cannot be translated, the model is not fit for it."""


@dataclass(frozen=True, slots=True)
class Ability:
    ok: bool
    way: Literal["llama", "whisper"] | None
    """`whisper`: listen again with the task of translating; `llama`: `translate_texts`."""
    advice: str
    """Which model would do it, when none here does; else empty."""


class Translator:
    """What can be translated with the models that are there."""

    def __init__(self, generator: Generator | None) -> None:
        self._generator = generator

    def languages_from(self, source: str) -> frozenset[str]:
        """The languages into which texts in `source` can be translated."""
        spoken = self._generator.languages if self._generator else frozenset[str]()
        return spoken - {source} if source in spoken else frozenset()

    def can(self, source: str, target: str, *, spoken: bool = False) -> Ability:
        """Whether and how. `spoken`: the words can be listened to again.

        Raises:
            ModelError: `model_unavailable`, the model cannot be asked now.
        """
        if target == source:
            return Ability(True, None, "")
        if target == "en" and spoken:
            return Ability(True, "whisper", "")
        if target in self.languages_from(source):
            return Ability(True, "llama", "")
        return Ability(False, None, self._advice(source, target))

    def translate_texts(self, texts: Sequence[str], source: str, target: str, generator: Generator) -> list[str]:
        """The texts in `target`, one for one. A text whose translation does not hold (numbers lost, empty, merely repeated) is tried once more and then stays
        in the original, visibly.

        Raises:
            ModelError: `no_translator`, when nobody here can; `translation_failed`, when more than a quarter does not hold.
        """
        ability = Translator(generator).can(source, target)
        if not ability.ok:
            raise ModelError("no_translator", ability.advice)
        if target == source:
            return list(texts)
        answers = generator.generate([_prompt(text, source, target, generator) for text in texts], priority=Priority.BATCH)
        doubtful = [index for index, text in enumerate(texts) if not holds(text, answers[index])]
        if doubtful:
            again = generator.generate(
                [_prompt(texts[index], source, target, generator, firm=True) for index in doubtful], priority=Priority.BATCH
            )
            answers = [*answers]
            for index, answer in zip(doubtful, again, strict=True):
                answers[index] = answer if holds(texts[index], answer) else texts[index]
            failed = sum(answers[index] == texts[index] for index in doubtful)
            log.info("translations that did not hold", tried=len(texts), again=len(doubtful), failed=failed)
            if failed > MOST_FAILED * len(texts):
                raise ModelError(
                    "translation_failed", f"{generator.model} could not translate this into {name_of(target)} reliably. A larger model may."
                )
        return answers

    def _advice(self, source: str, target: str) -> str:
        here = f"{self._generator.model} does not promise to" if self._generator else "No installed model can"
        known = source not in ("", "und")
        titles = speakers_of(*{source, target} if known else {target})[:3]
        what = f"{here} translate{f' from {name_of(source)}' if known else ''} into {name_of(target)}."
        if not titles:
            return f"{what} None of the models that Nutshell knows does; a server with one that can be set with NUTSHELL_LLM_URL."
        return f"{what} {' or '.join(titles)} would: set NUTSHELL_LLM_MODEL or NUTSHELL_LLM_URL."


def holds(text: str, answer: str) -> bool:
    """Whether an answer can be a translation of the text: there, of a like length, not the text itself, and with the same numbers."""
    if not answer or not 0.25 <= len(answer) / max(1, len(text)) <= 4.0:
        return False
    if len(text.split()) > 3 and answer.casefold() == text.casefold():
        return False
    # Some languages set a space where others set a comma: then at least the digits must follow each other as they did.
    return numbers(text) == numbers(answer) or re.sub(r"\D", "", text) == re.sub(r"\D", "", answer)


def numbers(text: str) -> list[str]:
    """Its numbers without the separators that languages set differently, sorted since sentences turn."""
    return sorted(re.sub(r"[\s.,'’\u00a0\u202f]", "", found) for found in re.findall(r"\d(?:[\d.,'’\u00a0\u202f]*\d)?", text))


def _prompt(text: str, source: str, target: str, generator: Generator, *, firm: bool = False) -> Prompt:
    from_, into = name_of(source), name_of(target)
    system = (
        f"You are a translator. Translate what the user writes from {from_} into {into}. Answer with the translation only, on one line."
    )
    if firm:
        system += f" Keep every number and name exactly as it is. Write in {into}, add nothing, leave nothing out."
    return Prompt(system, text, max_tokens=GROWTH * generator.count(text) + 16, stop=("\n",))
