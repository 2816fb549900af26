"""The programs that can translate beside the LLaMA, and the ways between two languages. Importing this loads none of them, so the page may ask too."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal, Protocol

from pipeline.config import Settings
from pipeline.language.translated import KEPT

Way = Literal["neural", "apertium"]
BRIDGE = "en"
"""Where there is no direct pair: most pairs that exist have English on one side."""


class Engine(Protocol):
    """Thread-safe; lives as long as the process."""

    @property
    def way(self) -> Way: ...

    @property
    def rough(self) -> bool:
        """What it writes is good for getting the drift, and shown as such."""

    @property
    def pairs(self) -> frozenset[tuple[str, str]]:
        """(from, to), as ISO 639-1 codes, that it can do here and now."""

    def label(self, source: str, target: str) -> str:
        """What is stored with its translations and shown beside them."""

    def translate(self, texts: Sequence[str], source: str, target: str, *, kept: re.Pattern[str], again: bool = False) -> list[str]:
        """One for one; an empty answer where it has none. `kept`: what it shall leave alone, as far as it can. `again`: the first answer did not hold.

        Raises:
            ModelError: `model_unavailable`, `model_broken`.
        """


@dataclass(frozen=True, slots=True)
class Route:
    """One step, or two by way of English."""

    steps: tuple[tuple[Engine, str, str], ...]

    @property
    def way(self) -> Way:
        """The roughest of its steps."""
        return max((engine for engine, _, _ in self.steps), key=lambda engine: engine.rough).way

    @property
    def rough(self) -> bool:
        return any(engine.rough for engine, _, _ in self.steps)

    @property
    def label(self) -> str:
        return " + ".join(engine.label(source, target) for engine, source, target in self.steps)

    def translate(self, texts: Sequence[str], *, again: bool = False) -> list[str]:
        """See Engine.translate."""
        done = list(texts)
        for engine, source, target in self.steps:
            said = [index for index, text in enumerate(done) if text.strip()]
            for index, text in zip(said, engine.translate([done[index] for index in said], source, target, kept=KEPT, again=again), strict=True):
                done[index] = text
        return done


def is_rough(label: str) -> bool:
    """Whether a stored label names a rough engine."""
    return "apertium" in label.split()


def engines_of(settings: Settings) -> tuple[Engine, ...]:
    """Best first."""
    from pipeline.language.apertium import Apertium
    from pipeline.language.neural import Neural

    return Neural(settings), Apertium()


def routes(engines: Iterable[Engine], source: str, target: str) -> Iterator[Route]:
    """All ways from one language to another, best first: what is not rough before what is, then the shorter."""
    known = [(engine, engine.pairs) for engine in engines]
    found = [Route(((engine, source, target),)) for engine, pairs in known if (source, target) in pairs]
    if BRIDGE not in (source, target):
        for (first, into), (second, out) in product(known, known):
            if (source, BRIDGE) in into and (BRIDGE, target) in out:
                found.append(Route(((first, source, BRIDGE), (second, BRIDGE, target))))
    return iter(sorted(found, key=lambda route: (route.rough, len(route.steps))))


def reachable(engines: Iterable[Engine], source: str) -> frozenset[str]:
    """The languages into which something here translates from `source`."""
    pairs = {pair for engine in engines for pair in engine.pairs}
    direct = {to for from_, to in pairs if from_ == source}
    over = {to for from_, to in pairs if from_ == BRIDGE} if BRIDGE in direct else set()
    return frozenset((direct | over) - {source})
