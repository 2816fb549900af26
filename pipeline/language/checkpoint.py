"""A LLaMA on disk, described: its shape, its rotary frequencies, how to get at its tensors and its tokenizer."""

import math
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import ModelError

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from torch import Tensor


@dataclass(frozen=True, slots=True)
class Shape:
    """What the arithmetic of a LLaMA needs to know."""

    layers: int
    hidden: int
    heads: int
    kv_heads: int
    head_dim: int
    intermediate: int
    vocabulary: int
    epsilon: float
    window: int
    """Positions that the model was made for."""
    theta: float
    """Base of the rotary frequencies."""
    frequencies: tuple[float, ...]
    """Rotary frequency of each pair of dimensions, scaling included."""
    tied: bool
    """The output layer is the embedding."""

    @property
    def parameters(self) -> int:
        attention = self.hidden * self.head_dim * (2 * self.heads + 2 * self.kv_heads)
        layer = attention + 3 * self.hidden * self.intermediate + 2 * self.hidden
        return self.layers * layer + self.vocabulary * self.hidden * (1 if self.tied else 2) + self.hidden

    @property
    def cache_values(self) -> int:
        """Numbers kept per token."""
        return 2 * self.layers * self.kv_heads * self.head_dim


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A model on disk. Nothing but its description is in memory."""

    name: str
    shape: Shape
    template: str
    """The chat template (Jinja) it came with; empty when there is none. Untrusted."""
    specials: Mapping[str, str]
    """`bos_token`, `eos_token` and so on, as chat templates refer to them."""
    ends: frozenset[int]
    """Token ids that end an answer."""
    tensor: Callable[[str], "Tensor | None"]
    """A tensor by its Hugging Face name; None when the model has none of that name."""
    load_tokenizer: Callable[[], "Tokenizer"]


def plain_frequencies(theta: float, head_dim: int) -> tuple[float, ...]:
    return tuple(theta ** (-2 * pair / head_dim) for pair in range(head_dim // 2))


def scaled_frequencies(rope: Mapping[str, Any], theta: float, head_dim: int) -> tuple[float, ...]:
    """Rotary frequencies with the scalings that LLaMAs use: none, linear, llama3 (as their configurations define them)."""
    plain = plain_frequencies(theta, head_dim)
    kind = rope.get("rope_type") or rope.get("type") or "default"
    if kind == "default":
        return plain
    if kind == "linear":
        return tuple(frequency / float(rope["factor"]) for frequency in plain)
    if kind != "llama3":
        raise ModelError("model_broken", f"This model stretches its window by {kind}, which is not supported.")
    factor, low, high = float(rope["factor"]), float(rope["low_freq_factor"]), float(rope["high_freq_factor"])
    before = float(rope["original_max_position_embeddings"])

    def scale(frequency: float) -> float:
        turns = before * frequency / (2 * math.pi)
        blend = min(1.0, max(0.0, (turns - low) / (high - low)))
        return frequency / factor * (1 - blend) + frequency * blend

    return tuple(scale(frequency) for frequency in plain)


def foreign(name: str, kind: object) -> ModelError:
    return ModelError(
        "model_broken",
        f"The model {name} is a {kind}, not a LLaMA. Choose a model of the LLaMA family, or serve it elsewhere and set NUTSHELL_LLM_URL.",
    )


def transformers_tokenizer(folder: Path, **options: str) -> "Tokenizer":
    """By way of transformers, which reads every kind but costs four seconds and 100 MB."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    from transformers import AutoTokenizer

    tokenizer: Tokenizer = AutoTokenizer.from_pretrained(
        folder, local_files_only=True, trust_remote_code=False, **options
    ).backend_tokenizer
    return tokenizer
