"""Texts in another language, by whatever here can do it, and each checked. Where nothing can, the reader is told what would: nothing is pretended.

In order of preference: the LLaMA, when its card lists both languages; a neural model of the pair; Apertium, which is rough. Beside them stands Whisper, which
translates whatever is spoken into English (that happens while listening, in the speech room).

What comes back is checked sentence by sentence (translated.py). One that does not hold is asked for once more, otherwise; one that does not hold then either stays in the
original, and is marked.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import structlog

from pipeline.errors import ModelError
from pipeline.language.cards import speakers_of
from pipeline.language.engines import BRIDGE, Engine, Route, reachable, routes
from pipeline.language.generator import Embedder, Generator, Priority, Prompt
from pipeline.language.translated import Fault, Names, faults, lost_names
from pipeline.language.translation_offers import pullable
from pipeline.languages import name_of

log = structlog.get_logger(__name__)

GROWTH = 3
"""An answer may have so many times the tokens of its original: some languages need more of them."""
MOST_FAILED = {False: 0.25, True: 0.5}
"""When more of the texts than this stay in the original, what translates is not fit for it; True: of what is rough anyway."""
CONTEXT = 300
"""Characters of what was said before that the LLaMA is shown."""
VERSION = "3"
"""Of prompts and checks, stored with translations."""

Way = Literal["llama", "whisper", "neural", "apertium"]


@dataclass(frozen=True, slots=True)
class Ability:
    ok: bool
    way: Way | None
    """`whisper`: listen again with the task of translating; others: `begin`."""
    advice: str
    """What would do it, when nothing here does; else empty."""
    rough: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    text: str
    original: bool = False
    """Its translation did not hold, so it stands in the language it was said in."""


class Translator:
    """What can be translated with what is there."""

    def __init__(
        self, generator: Generator | None, engines: Sequence[Engine] = (), embedder: Embedder | None = None, *, priority: Priority = Priority.BATCH
    ) -> None:
        """Without `embedder` translations are not checked for their meaning. `priority`: of what the LLaMA is asked."""
        self._generator = generator
        self._engines = engines
        self._embedder = embedder
        self._priority = priority

    def languages_from(self, source: str) -> frozenset[str]:
        """The languages into which texts in `source` can be translated."""
        return self._spoken(source) | reachable(self._engines, source)

    def can(self, source: str, target: str, *, spoken: bool = False) -> Ability:
        """Whether and how. `spoken`: the words can be listened to again.

        Raises:
            ModelError: `model_unavailable`, the model cannot be asked now.
        """
        if target == source:
            return Ability(True, None, "")
        if target == "en" and spoken:
            return Ability(True, "whisper", "")
        if target in self._spoken(source):
            return Ability(True, "llama", "")
        route = next(routes(self._engines, source, target), None)
        if route is not None:
            return Ability(True, route.way, "", route.rough)
        return Ability(False, None, self._advice(source, target))

    def begin(self, source: str, target: str) -> "Translating":
        """Texts of one video from now on. Raises: ModelError: `no_translator`, when nothing here can."""
        ability = self.can(source, target)
        if not ability.ok:
            raise ModelError("no_translator", ability.advice)
        if ability.way == "llama" and self._generator is not None:
            return Translating((source, target), self._generator, None, self._embedder, self._priority)
        return Translating((source, target), None, next(routes(self._engines, source, target), None), self._embedder)

    def _spoken(self, source: str) -> frozenset[str]:
        languages = self._generator.languages if self._generator else frozenset[str]()
        return languages - {source} if source in languages else frozenset()

    def _advice(self, source: str, target: str) -> str:
        here = f"{self._generator.model} does not promise to" if self._generator else "No installed model can"
        known = source not in ("", "und")
        what = f"{here} translate{f' from {name_of(source)}' if known else ''} into {name_of(target)}."
        ways = [f"`nutshell models pull translate:{code}` fetches a small model that does" for code in missing(self._engines, source, target)[:1]]
        titles = speakers_of(*{source, target} if known else {target})[:3]
        if titles:
            ways.append(f"{' or '.join(titles)} would: set NUTSHELL_LLM_MODEL or NUTSHELL_LLM_URL")
        if not ways:
            return f"{what} None of the models that Nutshell knows does; a server with one that can be set with NUTSHELL_LLM_URL."
        return f"{what} {'; '.join(ways)}."


def missing(engines: Sequence[Engine], source: str, target: str) -> tuple[str, ...]:
    """What could be pulled (`es`, `en-es`) so that there is a way; nothing when that would not help. A language that is not known is taken for English."""
    source = BRIDGE if source in ("", "und") else source
    there = {pair for engine in engines for pair in engine.pairs}
    wanted = [(source, target)] if BRIDGE in (source, target) else [(source, BRIDGE), (BRIDGE, target)]
    lacking = [pair for pair in wanted if pair not in there]
    if not all(pair in pullable() for pair in lacking):
        return ()
    return tuple(dict.fromkeys(to if to != BRIDGE else from_ for from_, to in lacking))


class Translating:
    """One text, in one go or part by part: it learns how names are rendered as it goes. Not thread-safe."""

    def __init__(
        self, languages: tuple[str, str], generator: Generator | None, route: Route | None, embedder: Embedder | None, priority: Priority = Priority.BATCH
    ) -> None:
        self.languages = languages
        self._generator = generator
        self._route = route
        self._embedder = embedder
        self._priority = priority
        self._names = Names(*languages)

    @property
    def engine(self) -> str:
        """Stored with what it writes."""
        if self._generator is not None:
            return self._generator.model
        return self._route.label if self._route is not None else ""

    @property
    def rough(self) -> bool:
        return self._route is not None and self._route.rough

    def learn(self, pairs: Iterable[tuple[str, str]]) -> None:
        """From what was translated earlier."""
        self._names.learn(pairs)

    def texts(self, texts: Sequence[str], *, before: str = "", flowing: bool = False) -> list[Line]:
        """One for one. `flowing`: each follows the one before it, the first follows `before`, and is to be understood from them.

        Raises:
            ModelError: `model_unavailable`, `model_broken`.
        """
        if self.languages[0] == self.languages[1]:
            return [Line(text) for text in texts]
        wanted = [index for index, text in enumerate(texts) if any(letter.isalpha() for letter in text)]
        asked = [texts[index] for index in wanted]
        flow = [_before(texts, index, before) if flowing else "" for index in wanted]
        lines = [Line(text) for text in texts]
        for index, line in zip(wanted, self._checked(asked, flow), strict=True):
            lines[index] = line
        return lines

    def raw(self, texts: Sequence[str]) -> list[str]:
        """What it answers at once, unchecked: to measure it by."""
        return self._ask(list(texts), [""] * len(texts))

    def _checked(self, texts: list[str], before: list[str]) -> list[Line]:
        answers = self._ask(texts, before)
        self._names.learn(zip(texts, answers, strict=True))
        found = self._faults(texts, answers)
        lost = [lost_names(text, answer, self.languages) for text, answer in zip(texts, answers, strict=True)]
        doubtful = [index for index, faulty in enumerate(found) if faulty or lost[index]]
        if doubtful:
            told = [texts[index] for index in doubtful]
            again = self._ask(told, [before[index] for index in doubtful], again=True)
            for index, answer, faulty in zip(doubtful, again, self._faults(told, again), strict=True):
                if (len(faulty), len(lost_names(texts[index], answer, self.languages))) < (len(found[index]), len(lost[index])):
                    answers[index], found[index] = answer, faulty
            kinds = {fault: sum(fault in faulty for faulty in found) for faulty in found for fault in faulty}
            log.info("translations that did not hold", tried=len(texts), again=len(doubtful), failed=sum(map(bool, found)), why=kinds)
        return [Line(text, original=True) if faulty else Line(answer) for text, answer, faulty in zip(texts, answers, found, strict=True)]

    def _ask(self, texts: list[str], before: list[str], *, again: bool = False) -> list[str]:
        if not texts:
            return []
        if self._route is not None:
            return self._route.translate(texts, again=again)
        assert self._generator is not None
        prompts = [_prompt(text, self.languages, self._generator, context, firm=again) for text, context in zip(texts, before, strict=True)]
        return [answer.strip() for answer in self._generator.generate(prompts, priority=self._priority)]

    def _faults(self, texts: list[str], answers: list[str]) -> list[tuple[Fault, ...]]:
        close: list[float | None] = [None] * len(texts)
        if self._embedder is not None and texts:
            vectors = self._embedder.passages([*texts, *answers])
            close = [float(np.dot(one, other)) for one, other in zip(vectors[: len(texts)], vectors[len(texts) :], strict=True)]
        return [
            faults(text, answer, self.languages, similarity=near, known=self._names)
            for text, answer, near in zip(texts, answers, close, strict=True)
        ]


def check_share(lines: Sequence[Line], engine: str, target: str, *, rough: bool) -> None:
    """Raises: ModelError: `translation_failed`, when too many stayed in the original."""
    failed = sum(line.original for line in lines)
    if failed > MOST_FAILED[rough] * len(lines):
        raise ModelError("translation_failed", f"{engine} could not translate this into {name_of(target)} reliably. A larger model may.")


def _before(texts: Sequence[str], index: int, before: str) -> str:
    return " ".join([before, *texts[max(0, index - 2) : index]])[-CONTEXT:].strip()


def _prompt(text: str, languages: tuple[str, str], generator: Generator, before: str, *, firm: bool = False) -> Prompt:
    from_, into = map(name_of, languages)
    system = (
        f"You are a translator. Translate what the user writes from {from_} into {into}. Answer with the translation only, on one line."
    )
    if firm:
        system += f" Keep every number and name exactly as it is. Write in {into}, add nothing, leave nothing out."
    user = text
    if before:
        system += " What stands between << and >> was said before: it helps you to understand, and is not translated."
        user = f"<< {before.replace('<<', '').replace('>>', '')} >>\n{text}"
    return Prompt(system, user, max_tokens=GROWTH * generator.count(text) + 16, stop=("\n",))
