"""Which models a machine uses, what they are good for, and why they were chosen."""

import re
from dataclasses import dataclass
from pathlib import Path

from pipeline.config import Settings
from pipeline.language import models


@dataclass(frozen=True, slots=True)
class Choice:
    """A model that is there."""

    path: Path
    reason: str


@dataclass(frozen=True, slots=True)
class Card:
    """What the publisher of a model says about it."""

    pattern: str
    """Regular expression for its names."""
    languages: frozenset[str]
    """ISO 639-1 codes of the languages it was made for."""


CARDS = (
    Card(r"smollm2", frozenset({"en"})),
    Card(r"smollm3", frozenset({"en", "fr", "es", "de", "it", "pt"})),
    Card(r"tinyllama", frozenset({"en"})),
    Card(r"llama-?3\.[123]", frozenset({"en", "de", "fr", "it", "pt", "hi", "es", "th"})),
    Card(r"llama-?[123]|alpaca|vicuna|koala|wizard-?lm|^llama", frozenset({"en"})),
)
"""First match wins. The first LLaMA saw twenty languages, but its card and those of its children promise English only."""


def languages_of(name: str) -> frozenset[str]:
    """Languages that the model card lists; empty when the model is not known."""
    return next((card.languages for card in CARDS if re.search(card.pattern, name, re.IGNORECASE)), frozenset())


def choose_llm(settings: Settings) -> Choice:
    """The LLaMA that the settings name, else the profile's.

    Raises:
        ModelError: `model_missing`, naming what to do.
    """
    path = models.llm_path(settings)
    return Choice(path, "NUTSHELL_LLM_MODEL names it" if settings.llm_model else "the built-in model")
