"""The translation models that `nutshell models pull translate:es` fetches: OPUS-MT of the University of Helsinki, converted for CTranslate2.

Data only, so that the page may read it. Other models in the same form, or in that of Argos Translate, are used too where they lie in a folder named like these.
"""

from functools import cache

from pipeline.config import Settings
from pipeline.hub.lookup import Offer
from pipeline.languages import ALIASES

PUBLISHERS = ("ooeoeo/opus-mt-{}-ct2-float16", "gaudi/opus-mt-{}-ctranslate2", "michaelfeil/ct2fast-opus-mt-{}")
"""Who offers the models in the form that CTranslate2 reads, so that nobody needs torch, or a pickle, to convert them. The first whose repository is whole is taken: gaudi's lost
their `model.bin` to a commit of October 2024 for some pairs, most of them from English. DECISIONS.md says what of this could be looked up."""
LICENCE = "Apache-2.0"
GIGABYTES = 0.16
"""Of a pair: 77 million parameters in two bytes each, and the vocabularies."""
BIG = "tc-big-"
"""How the names of models of 230 million parameters begin."""
BIG_LICENCE, BIG_GIGABYTES = "CC-BY-4.0", 0.47
FILES = ("model.bin", "config.json", "shared_vocabulary.json", "shared_vocabulary.txt", "source_vocabulary.json", "target_vocabulary.json", "source.spm", "target.spm")
NEEDED = ("model.bin", "config.json", "source.spm", "target.spm", "*vocabulary.*")
FROM_ENGLISH = "af ar bg ca cs cy da de el eo es et eu fi fr ga gl he hi hu hy id is it mk ml mr mt nl ro ru sk sq sv sw uk ur vi zh"
INTO_ENGLISH = "af ar bg bn ca cs cy da de eo es et eu fi fr ga gl hi hu hy id is it ja ka ko lv mk ml mr mt nl pa pl ru sk sq sv th tr uk ur vi zh"
"""Languages of which the university publishes a model of that pair alone."""
NAMED = {
    ("en", "pt"): "tc-big-en-pt", ("en", "tr"): "tc-big-en-tr", ("en", "pl"): "en-zlw", ("el", "en"): "grk-en", ("pt", "en"): "ROMANCE-en", ("ro", "en"): "ROMANCE-en",
    ("en", "fil"): "en-tl", ("fil", "en"): "tl-en",
}  # fmt: skip
"""Pairs that only a model of another name does."""


@cache
def pullable() -> frozenset[tuple[str, str]]:
    """(from, to)."""
    return frozenset({("en", code) for code in FROM_ENGLISH.split()} | {(code, "en") for code in INTO_ENGLISH.split()} | NAMED.keys())


def offers(settings: Settings) -> tuple[Offer, ...]:
    """All pairs, by name."""
    return tuple(_offer(settings, *pair) for pair in sorted(pullable()))


def _offer(settings: Settings, source: str, target: str) -> Offer:
    from pipeline.language.neural import folder_of, is_model

    model, folder = NAMED.get((source, target), f"{source}-{target}"), folder_of(settings, source, target)
    first, *others = (publisher.format(model) for publisher in PUBLISHERS)
    licence, size = (BIG_LICENCE, BIG_GIGABYTES) if model.startswith(BIG) else (LICENCE, GIGABYTES)
    return Offer(folder.name, first, licence, size, FILES, NEEDED, folder, is_model(folder), tuple(others))


def spelled() -> str:
    """The codes that can be asked for."""
    return ", ".join(sorted(({target for _, target in pullable()} | {source for source, _ in pullable()}) - {"en"}))


def named(text: str) -> tuple[str, ...]:
    """The models that `translate:es` (both ways between English and Spanish) or `translate:en-es` (one way) stands for; none when it is nothing of the kind."""
    prefix, _, wanted = text.lower().partition(":")
    if prefix != "translate" or not wanted:
        return ()
    source, dash, target = (ALIASES.get(part, part) for part in wanted.partition("-"))
    pairs = [(source, target)] if dash else [("en", source), (source, "en")]
    return tuple(f"translate-{from_}-{to}" for from_, to in pairs if (from_, to) in pullable())
