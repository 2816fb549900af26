"""The LLaMAs that `nutshell models pull` fetches from their publishers. Names, repositories and licences are those of cards.py."""

from pipeline.config import Settings
from pipeline.hub.lookup import Offer
from pipeline.language import models
from pipeline.language.cards import CARDS
from pipeline.language.profiles import WANTED, fits

FILES = (
    "config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "chat_template.jinja",
    "model.safetensors", "model.safetensors.index.json", "model-*-of-*.safetensors",
)  # fmt: skip
"""No pickles (.bin, .pt, .pth), which may hold code, and no second form of the same: GGUF, ONNX, consolidated weights, the tokenizer's vocabulary by itself."""
NEEDED = ("config.json", "tokenizer.json", "model*.safetensors")
BYTES = 2.0
"""Per parameter, as they are published."""


def offers(settings: Settings) -> tuple[Offer, ...]:
    """Smallest first."""
    found = []
    for card in sorted(CARDS, key=lambda card: card.billions):
        if card.repository:
            name = card.title.lower()
            folder = models.folder_of(settings, name)
            found.append(Offer(name, card.repository, card.licence, card.billions * BYTES, FILES, NEEDED, folder, models.is_model(folder)))
    return tuple(found)


def best_of(profile: str, memory: int) -> tuple[str, str]:
    """Name of the LLaMA that `profile` wants most of those that fit into `memory` bytes, and why this one."""
    *better, last = WANTED[profile]
    too_large = []
    for name in better:
        if fits(name, memory):
            break
        too_large.append(f"{name} needs more memory than there is")
    else:
        name = last  # the built-in one fits everywhere
    return name, "; ".join([f"profile {profile} ({' > '.join(WANTED[profile])})", *too_large])
