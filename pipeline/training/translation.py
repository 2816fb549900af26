"""How well bad translations are found, and how well what is installed here translates: on parallel text with known answers.

The check is measured on translations that people made and on the same spoiled in ways that machines spoil them. Its thresholds were chosen on the first half of the sentences, so the
table is of the second. chrF is that of sacrebleu, on the first three hundred sentences.
"""

import random
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.config import Settings
from pipeline.errors import InputError, ModelError
from pipeline.language.cards import languages_of
from pipeline.language.embedder import ChildEmbedder
from pipeline.language.engines import Engine, engines_of, routes
from pipeline.language.generator import Embedder, Vectors, open_generator
from pipeline.language.profiles import choose_llm
from pipeline.language.translated import Names, calendar, ends, faults, folded, names
from pipeline.language.translator import Translating

FILES = {"en": "newstest2019-src.eng.txt", "es": "newstest2019-ref.spa.txt", "fr": "newstest2019-ref.fra.txt", "de": "newstest2019-ref.deu.txt"}
SOURCE = "en"
OTHER = {"es": "fr", "fr": "de", "de": "es"}
"""Into which language a translation goes wrong."""
TRANSLATED = 300
"""Sentences of which chrF is measured."""
TOGETHER = 200
"""Texts that get their vectors between two lines of progress."""
STRANGERS = "Abernathy Vikander Okonkwo Lindqvist Castellano Yamaguchi Petrosyan Haldane Oduya Brannigan Szymanski Thackeray".split()
PLANTED = ("shuffled", "truncated", "wrong language", "wrong number", "name swapped")
"""Kinds that the share of what is caught is of; the others are shown beside them."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Row:
    """Of one kind: how many there were and how many were taken for bad."""

    kind: str
    language: str
    sentences: int
    caught: int

    @property
    def share(self) -> float:
        return self.caught / self.sentences if self.sentences else 0.0


@dataclass(frozen=True, slots=True)
class Score:
    """Of one engine in one direction."""

    engine: str
    source: str
    target: str
    sentences: int
    chrf: float
    kept: int
    """Sentences whose translation held the check; the others would stand in the original."""
    seconds: float


def evaluate(settings: Settings, folder: Path, limit: int, say: Say) -> tuple[list[Row], list[Score]]:
    """Raises: InputError: `no_data`; ModelError: `not_installed` when sacrebleu is not."""
    texts = {language: _lines(_place(folder) / name) for language, name in FILES.items()}
    half = len(texts[SOURCE]) // 2
    embedder = ChildEmbedder(settings.threads)
    try:
        second = {language: lines[half:][:limit] for language, lines in texts.items()}
        rows = [row for language in OTHER for row in check(second, language, embedder, say)]
        scores = list(_scores(settings, texts, min(limit, TRANSLATED), embedder, say))
    finally:
        embedder.close()
    return rows, scores


class Meanings:
    """Vectors of texts, each made once, and only for what the rules let through: that is a third of all of them, and nine tenths of the time."""

    def __init__(self, embedder: Embedder, say: Say) -> None:
        self._embedder = embedder
        self._say = say
        self._known: dict[str, Vectors] = {}

    def learn(self, texts: Sequence[str]) -> None:
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        for first in range(0, len(new), TOGETHER):
            if first:
                self._say(f"  {first} of {len(new)} texts have their vectors")
            some = new[first : first + TOGETHER]
            self._known.update(zip(some, self._embedder.passages(some), strict=True))

    def close(self, one: str, other: str) -> float:
        return float(np.dot(self._known[one], self._known[other]))


def check(texts: dict[str, list[str]], language: str, embedder: Embedder, say: Say) -> Iterator[Row]:
    """What is taken for bad: of the translations as they are, and of each kind of spoiled ones."""
    pairs = list(zip(texts[SOURCE], texts[language], strict=True))
    known = Names(SOURCE, language).learn(pairs)
    say(f"{len(pairs)} sentences from {SOURCE} into {language}")
    meanings = Meanings(embedder, say)
    for kind, spoiled in (("real", list(enumerate(texts[language]))), *planted(texts, language)):
        rest = [(texts[SOURCE][number], text) for number, text in spoiled if not faults(texts[SOURCE][number], text, (SOURCE, language), known=known)]
        meanings.learn([text for pair in rest for text in pair])
        missed = sum(not faults(*pair, (SOURCE, language), similarity=meanings.close(*pair), known=known) for pair in rest)
        say(f"  {kind}: {len(spoiled) - missed} of {len(spoiled)}")
        yield Row(kind, language, len(spoiled), len(spoiled) - missed)


def planted(texts: dict[str, list[str]], language: str) -> Iterator[tuple[str, list[tuple[int, str]]]]:
    """Kinds of bad translations, each with the numbers of the sentences; the same ones every time."""
    chance = random.Random(11)
    source, target = texts[SOURCE], texts[language]
    every = range(len(source))
    moved = [(number, target[chance.choice([*range(number), *range(number + 1, len(target))])]) for number in every]
    yield "shuffled", moved
    yield "neighbour's", [(number, target[number - 1]) for number in every]
    long = [number for number in every if len(target[number].split()) >= 6]
    yield "truncated", [(number, _truncated(target[number], chance, stop=False)) for number in long]
    yield "truncated, full stop", [(number, _truncated(target[number], chance, stop=True)) for number in long if ends(target[number])]
    yield "wrong language", [(number, texts[OTHER[language]][number]) for number in every]
    yield "not translated", [(number, source[number]) for number in every]
    yield "wrong number", [(number, _renumbered(target[number], chance)) for number in every if re.search(r"\d", target[number])]
    heard = [name for text in source for name in names(text) if len(name) > 3 and folded(name) not in calendar(SOURCE)]
    for kind, pool in (("name swapped", heard), ("a stranger's name", STRANGERS)):
        yield kind, list(_renamed(source, target, pool, chance))


def _truncated(text: str, chance: random.Random, *, stop: bool) -> str:
    words = text.split()
    return " ".join(words[: max(1, round(len(words) * chance.uniform(0.4, 0.7)))]) + "." * stop


def _renumbered(text: str, chance: random.Random) -> str:
    """One digit is another."""
    match = chance.choice(list(re.finditer(r"\d", text)))
    return text[: match.start()] + chance.choice([digit for digit in "123456789" if digit != match.group()]) + text[match.end() :]


def _renamed(source: Sequence[str], target: Sequence[str], pool: Sequence[str], chance: random.Random) -> Iterator[tuple[int, str]]:
    """A name that both sides have is another's in the translation."""
    for number, (text, answer) in enumerate(zip(source, target, strict=True)):
        shared = [name for name in names(text) if len(name) > 3 and folded(name) not in calendar(SOURCE) and re.search(rf"\b{re.escape(name)}\b", answer)]
        others = [name for name in pool if name not in text]
        if shared and others:
            gone, new = chance.choice(shared), chance.choice(others)
            yield number, re.sub(rf"\b{re.escape(gone)}\b", lambda _, new=new: new, answer)  # type: ignore[misc]


def _scores(settings: Settings, texts: dict[str, list[str]], count: int, embedder: Embedder, say: Say) -> Iterator[Score]:
    try:
        from sacrebleu.metrics import CHRF
    except ImportError as error:
        raise ModelError("not_installed", "sacrebleu is not installed: pip install 'nutshell[evaluate]'.") from error
    for source, target in [(SOURCE, language) for language in OTHER] + [(language, SOURCE) for language in OTHER]:
        for job in jobs(settings, engines_of(settings), source, target, embedder):
            say(f"{job.engine}: {count} sentences from {source} into {target}")
            began = time.perf_counter()
            plain = job.raw(texts[source][:count])
            seconds = time.perf_counter() - began
            kept = count - sum(line.original for line in job.texts(texts[source][:count]))
            score = CHRF().corpus_score(plain, [texts[target][:count]]).score
            yield Score(job.engine, source, target, count, round(float(score), 1), kept, round(seconds, 1))


def jobs(settings: Settings, engines: Sequence[Engine], source: str, target: str, embedder: Embedder) -> Iterator[Translating]:
    """One for each way that there is, best first."""
    if {source, target} <= _spoken(settings):
        generator = open_generator(settings, in_process=True)
        yield Translating((source, target), generator, None, embedder)
        generator.close()
    for route in routes(engines, source, target):
        yield Translating((source, target), None, route, embedder)


def _spoken(settings: Settings) -> frozenset[str]:
    """What the language model's card lists, without loading it; nothing where there is none."""
    try:
        return open_generator(settings, in_process=True).languages if settings.llm_url else languages_of(choose_llm(settings).path.name)
    except ModelError:
        return frozenset()


def _place(folder: Path) -> Path:
    """Where the files are: there, or in a folder of it."""
    return next((path.parent for path in (folder / FILES[SOURCE], *sorted(folder.glob(f"*/{FILES[SOURCE]}"))) if path.is_file()), folder)


def _lines(path: Path) -> list[str]:
    if not path.is_file():
        raise InputError("no_data", f"{path.parent} holds no parallel text to measure on: {path.name} is missing there.")
    return path.read_text("utf-8").splitlines()


def overall(rows: Sequence[Row]) -> tuple[float, float]:
    """The share of planted ones that was caught (each kind counts the same), and of real ones that was taken for bad."""
    shares = [sum(row.caught for row in rows if row.kind == kind) / max(1, sum(row.sentences for row in rows if row.kind == kind)) for kind in PLANTED]
    real = [row for row in rows if row.kind == "real"]
    return sum(shares) / len(shares), sum(row.caught for row in real) / max(1, sum(row.sentences for row in real))


def as_table(rows: Sequence[Row], scores: Sequence[Score]) -> str:
    kinds, languages = list(dict.fromkeys(row.kind for row in rows)), list(dict.fromkeys(row.language for row in rows))
    found = {(row.kind, row.language): row for row in rows}
    lines = [f"{'taken for bad, %':<24}" + "".join(f"{SOURCE + '→' + language:>10}" for language in languages) + f"{'sentences':>12}"]
    for kind in kinds:
        cells = "".join(f"{100 * found[kind, language].share:>10.1f}" for language in languages)
        lines.append(f"{kind:<24}{cells}{sum(row.sentences for row in rows if row.kind == kind):>12}")
    caught, alarms = overall(rows)
    lines += [f"of {', '.join(PLANTED)}: {100 * caught:.1f} % caught; {100 * alarms:.1f} % false alarms", ""]
    lines.append(f"{'engine':<50}{'':>6}{'chrF':>8}{'held':>8}{'seconds':>9}")
    for score in scores:
        lines.append(f"{score.engine:<50}{score.source}→{score.target}{score.chrf:>9.1f}{score.kept / score.sentences:>8.0%}{score.seconds:>9.1f}")
    return "\n".join(lines if scores else [*lines, "nothing here translates: `nutshell models pull translate:es`, or apt install apertium apertium-eng-spa"])


def to_json(rows: Sequence[Row], scores: Sequence[Score]) -> dict[str, Any]:
    caught, alarms = overall(rows)
    return {
        "check": [{**asdict(row), "share": round(row.share, 4)} for row in rows],
        "caught": round(caught, 4),
        "false_alarms": round(alarms, 4),
        "engines": [asdict(score) for score in scores],
    }
