"""Captions of hours, without sound, for speed and memory: a journey along a coast that does not exist, told town by town.

Composed from the sentences of `scripts/coast.tmpl` with the words of `scripts/coast.words.json`; the same seed gives the same talk. No sentence
comes twice, and every town has its own names, numbers and order, so a summariser meets new facts to the end.
"""

import json
import random
import re
from functools import cache

from tests.standin.talks import SCRIPTS, Cue, Talk

PER_WORD, PAUSE, TURN = 0.36, 0.35, 1.5
"""Seconds: speaking a word, between sentences, between towns. About 145 words a minute."""
BETWEEN = ("founding", "trade", "bridge", "flood", "food", "school", "animal", "future")
NUMBERS: dict[str, tuple[int, int]] = {
    "people": (900, 24000), "year": (1180, 1690), "boom": (1740, 1890), "built": (1790, 1960), "flood": (1820, 1990), "since": (1968, 2012),
    "goats": (7, 60), "ships": (12, 140), "staff": (9, 80), "metres": (90, 780), "pontoons": (14, 96), "repairs": (3, 41), "votes": (112, 903),
    "rise": (2, 6), "saved": (38, 640), "stay": (4, 19), "quarrel": (60, 240), "small": (3, 48), "pupils": (80, 420), "few": (12, 60), "taught": (21, 44),
    "rings": (140, 5200), "far": (1100, 6800), "millimetres": (3, 9), "share": (41, 78), "minutes": (35, 95), "turbines": (3, 21), "million": (2, 14),
}  # fmt: skip
YEARS = ("year", "boom", "built", "flood", "since")
PEOPLE = ("guide", "founder", "engineer", "hero", "teacher", "ornithologist", "doctor")


@cache
def coast_talk(name: str, seconds: float, seed: int = 1) -> Talk:
    """A talk of at least `seconds`, ending with the town it has reached."""
    rng = random.Random(seed)
    words: dict[str, list[str]] = json.loads((SCRIPTS / "coast.words.json").read_text(encoding="utf-8"))
    towns = rng.sample(words["town"], len(words["town"]))
    cues: list[Cue] = []
    chapters: list[tuple[float, str]] = []
    said: set[str] = set()
    at = 0.5
    while at < seconds:
        visit, town = divmod(len(chapters), len(towns))
        if visit and not town:
            rng.shuffle(towns)
        values = _values(rng, words, towns[town], len(chapters) + 1)
        chapters.append((round(at, 2) if chapters else 0.0, _title(rng, values)))
        for sentence in _sentences(rng, values):
            if sentence in said:  # what holds for every town is said once
                continue
            said.add(sentence)
            lasting = PER_WORD * len(sentence.split())
            cues.append((round(at, 2), round(at + lasting, 2), sentence))
            at += lasting + PAUSE
        at += TURN
    hours = round(seconds / 3600)
    title = f"Along the coast in {hours} hour{'s' if hours > 1 else ''}: {len(chapters)} towns and what they remember"
    return Talk(name, title, "en", "A radio journey along a coast that does not exist.", round(at, 2), tuple(chapters), tuple(cues))


@cache
def _templates() -> dict[str, list[list[str]]]:
    """Paragraphs by the part of a visit that they tell."""
    parts: dict[str, list[list[str]]] = {}
    for block in (SCRIPTS / "coast.tmpl").read_text(encoding="utf-8").split("\n\n"):
        head, *lines = block.strip().splitlines()
        parts.setdefault(head.removeprefix("# "), []).append(lines)
    return parts


def _values(rng: random.Random, words: dict[str, list[str]], town: str, number: int) -> dict[str, str]:
    values = {name: rng.choice(choices) for name, choices in words.items()}
    numbers = {name: rng.randint(*bounds) for name, bounds in NUMBERS.items()}
    values |= {name: str(number) if name in YEARS else f"{number:,}" for name, number in numbers.items()}
    for role, first, last in zip(PEOPLE, rng.sample(words["first"], len(PEOPLE)), rng.sample(words["last"], len(PEOPLE)), strict=True):
        values |= {role: f"{first} {last}", f"{role}_first": first, f"{role}_last": last}
    return values | {"town": town, "number": str(number)}


def _sentences(rng: random.Random, values: dict[str, str]) -> list[str]:
    middle = rng.sample(BETWEEN, rng.randint(5, 7))
    paragraphs = [rng.choice(_templates()[part]) for part in ("opening", *middle, "closing")]
    return [_fill(line, values) for paragraph in paragraphs for line in paragraph]


def _title(rng: random.Random, values: dict[str, str]) -> str:
    return _fill(rng.choice(("{town} and the {river}", "{town}: {product}", "A noon in {town}", "{town}, {people} people")), values)


def _fill(line: str, values: dict[str, str]) -> str:
    return re.sub(r"\{(\w+)\}", lambda found: values[found[1]], line)
