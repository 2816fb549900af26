"""Which LLaMA a machine uses, and why."""

from dataclasses import dataclass
from pathlib import Path

from pipeline import machine
from pipeline.config import Settings
from pipeline.errors import ModelError
from pipeline.language import models
from pipeline.language.cards import card_of

THINKS = 6.5
"""Billions of weights from which a model is better when it may think first: those that their publishers call 7B and more. Smaller ones lose the thread in what they wrote themselves."""
WANTED: dict[str, tuple[str, ...]] = {
    "builtin": (models.BUILTIN,),
    "cpu": ("smollm2-1.7b-instruct", "llama-3.2-3b-instruct", models.BUILTIN),
    "gpu": ("llama-3.1-8b-instruct", "llama-3.2-3b-instruct", "smollm2-1.7b-instruct", models.BUILTIN),
}
"""Names of folders in the models folder per profile, best first; the first that is installed and fits is taken."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A model that is there."""

    path: Path
    reason: str
    """Logged, and shown by `nutshell doctor`."""


def choose_llm(settings: Settings, *, cuda: bool = False, memory: int | None = None) -> Choice:
    """The LLaMA that the settings name, else the best of the profile that is installed and fits.

    `cuda`: there is a GPU to use, which profile `auto` goes by; `memory`: bytes that the model may take, None for not asking. Two bytes per parameter are
    counted, as little as any device needs; what it needs exactly is checked before it is loaded (placement.py).

    Raises:
        ModelError: `model_missing`, naming what to do.
    """
    if settings.llm_model:
        return Choice(models.llm_path(settings), "NUTSHELL_LLM_MODEL names it")
    profile, why = machine.profile(settings, cuda=cuda)
    if profile == "server":
        raise ModelError(
            "model_missing", "NUTSHELL_PROFILE is server, which needs the address of an OpenAI-compatible server in NUTSHELL_LLM_URL."
        )
    passed: list[str] = []
    for name in WANTED[profile]:
        if not models.is_model(models.folder_of(settings, name)):
            passed.append(f"{name} is not installed")
        elif memory is not None and name != models.BUILTIN and not fits(name, memory):
            passed.append(f"{name} needs more memory than there is")
        else:
            return Choice(models.folder_of(settings, name), "; ".join([f"profile {profile} ({why})", *passed]))
    return Choice(models.llm_path(settings), f"profile {profile} ({why})")  # raises: even the built-in one is not there


def name_of_llm(settings: Settings) -> str:
    """The name under which adapters of the LLaMA of these settings are kept: the one it has when it is loaded, without the ending of a file. Raises as `choose_llm`."""
    from pipeline.language.weights import read

    return read(choose_llm(settings).path).name


def thinks(settings: Settings, name: str) -> bool:
    """Whether the model `name` is asked to think step by step before it answers."""
    if settings.llm_steps != "auto":
        return settings.llm_steps == "on"
    card = card_of(name)
    return card is not None and card.billions >= THINKS


def fits(name: str, memory: int) -> bool:
    """Whether the weights of a known model fit into `memory` bytes at two bytes per parameter; what is not known is tried."""
    card = card_of(name)
    return card is None or card.billions * 2e9 <= memory
