"""What the publishers of models say about them: size, licence, languages. Data only."""

import re
from dataclasses import dataclass

_EUROPE = "bg cs da de el en es et fi fr ga hr hu it lt lv mt nl pl pt ro sk sl sv"


@dataclass(frozen=True, slots=True)
class Card:
    """One model, or a series whose members say the same."""

    title: str
    pattern: str
    """Regular expression for the names that folders, files and servers give it."""
    languages: frozenset[str]
    """ISO 639-1 codes that its card promises."""
    billions: float = 0.0
    """Parameters; 0: a series of several sizes."""
    licence: str = ""
    repository: str = ""
    """On the Hugging Face hub; empty: it is not offered by `nutshell models pull`."""


def _card(title: str, pattern: str, languages: str, billions: float = 0.0, licence: str = "", repository: str = "") -> Card:
    return Card(title, pattern, frozenset(languages.split()), billions, licence, repository)


_LLAMA3 = "en de fr it pt hi es th"
_APACHE, _META = "Apache-2.0", "Llama 3 Community License"
CARDS: tuple[Card, ...] = (
    _card("SmolLM2-135M-Instruct", r"smollm2-135m", "en", 0.135, _APACHE, "HuggingFaceTB/SmolLM2-135M-Instruct"),
    _card("SmolLM2-360M-Instruct", r"smollm2-360m", "en", 0.362, _APACHE, "HuggingFaceTB/SmolLM2-360M-Instruct"),
    _card("SmolLM2-1.7B-Instruct", r"smollm2", "en", 1.71, _APACHE, "HuggingFaceTB/SmolLM2-1.7B-Instruct"),
    _card("TinyLlama-1.1B-Chat", r"tinyllama", "en", 1.1, _APACHE, "TinyLlama/TinyLlama-1.1B-Chat-v1.0"),
    _card("Llama-3.2-1B-Instruct", r"llama-?3\.2-1b", _LLAMA3, 1.24, _META, "meta-llama/Llama-3.2-1B-Instruct"),
    _card("Llama-3.2-3B-Instruct", r"llama-?3\.2", _LLAMA3, 3.21, _META, "meta-llama/Llama-3.2-3B-Instruct"),
    _card("Llama-3.1-8B-Instruct", r"llama-?3\.1(?!-?(70|405)b)", _LLAMA3, 8.03, _META, "meta-llama/Llama-3.1-8B-Instruct"),
    _card("Llama-3.3-70B-Instruct", r"llama-?3\.[13]", _LLAMA3, 70.6, _META),
    _card("Llama-3-8B-Instruct", r"llama-?3", "en", 8.03, _META),
    _card("Llama-4", r"llama-?4", "ar en fr de hi id it pt es tl th vi", licence="Llama 4 Community License"),
    # The first LLaMA saw twenty languages, but its card and those of its children promise English only.
    _card("Vicuna-7B", r"vicuna.*7b", "en", 6.74),
    _card("Vicuna-13B", r"vicuna", "en", 13.0),
    _card("LLaMA-7B and its children", r"(llama|alpaca|koala|wizard-?lm).*7b", "en", 6.74),
    _card("LLaMA-13B and its children", r"(llama|alpaca|koala).*13b", "en", 13.0),
    _card("LLaMA-33B", r"llama.*3[03]b", "en", 32.5),
    _card("LLaMA-65B", r"llama.*65b", "en", 65.3),
    _card("Llama-2-70B", r"llama.*70b", "en", 69.0),
    _card("LLaMA and its children", r"llama|alpaca|koala|wizard-?lm", "en"),
    # Not LLaMAs: served elsewhere and reached through NUTSHELL_LLM_URL.
    _card("SmolLM3-3B", r"smollm3", "en fr es de it pt", licence=_APACHE),
    _card("Qwen2.5", r"qwen-?2\.5", "zh en fr es pt de it ru ja ko vi th ar"),
    _card("Aya Expanse", r"aya-expanse", "ar zh cs nl en fr de el he hi id it ja ko fa pl pt ro ru es tr uk vi"),
    _card("EuroLLM", r"eurollm", f"{_EUROPE} ar ca zh gl hi ja ko no ru tr uk", licence=_APACHE),
)
"""The first whose pattern is found in a name counts."""


def card_of(name: str) -> Card | None:
    return next((card for card in CARDS if re.search(card.pattern, name, re.IGNORECASE)), None)


def languages_of(name: str) -> frozenset[str]:
    """Languages that the model card promises; empty when the model is not known."""
    card = card_of(name)
    return card.languages if card else frozenset()


def speakers_of(*languages: str) -> tuple[str, ...]:
    """Titles of the models that promise all of these languages, those that can be pulled first, then by size."""
    found = [card for card in CARDS if card.languages.issuperset(languages)]
    return tuple(card.title for card in sorted(found, key=lambda card: (not card.repository, card.billions)))
