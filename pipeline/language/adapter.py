"""A LoRA adapter (Hu and others 2021) as peft writes it, added to the weights as they are read: W + alpha/r * B A. Costs nothing afterwards, and needs no peft."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import ModelError
from pipeline.installed import sha256
from pipeline.language.checkpoint import Checkpoint

if TYPE_CHECKING:
    from torch import Tensor

WEIGHTS, CONFIG = "adapter_model.safetensors", "adapter_config.json"
PREFIX, DOWN = "base_model.model.", ".lora_A.weight"


@dataclass(frozen=True, slots=True)
class Adapter:
    name: str
    """Of its content, since it becomes part of the model's name, under which summaries are stored."""
    scale: float
    """alpha / r."""
    tensors: Mapping[str, "Tensor"]

    def added_to(self, name: str, weight: "Tensor") -> "Tensor":
        """The weight `name` with the adapter's part, in float32, since bfloat16 would round most of it away; as it is where the adapter has none."""
        stem = PREFIX + name.removesuffix(".weight")
        down, up = self.tensors.get(f"{stem}.lora_A.weight"), self.tensors.get(f"{stem}.lora_B.weight")
        if down is None or up is None:
            return weight
        return weight.float() + self.scale * (up.float() @ down.float())


def read_adapter(folder: Path) -> Adapter:
    """Raises: ModelError: `model_broken`: it is no LoRA adapter, or of a kind that changes more than weights."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        config = json.loads((folder / CONFIG).read_text())
        tensors = load_file(folder / WEIGHTS)
        plain = (
            config["peft_type"] == "LORA"
            and config.get("bias", "none") == "none"
            and not config.get("use_dora")
            and not config.get("use_rslora")
        )
        scale = config["lora_alpha"] / config["r"]
    except (OSError, ValueError, KeyError, TypeError, ZeroDivisionError, SafetensorError) as error:
        raise ModelError("model_broken", f"{folder} is no LoRA adapter: {error!r}.") from error
    if not plain:
        raise ModelError("model_broken", f"The adapter in {folder} is not a plain LoRA adapter, so it cannot be used.")
    return Adapter(sha256(folder / WEIGHTS)[:8], scale, tensors)


def adapted(model: Checkpoint, adapter: Adapter) -> Checkpoint:
    """The model with the adapter in its weights.

    Raises:
        ModelError: `model_broken`: none of its weights are this model's.
    """

    def tensor(name: str) -> "Tensor | None":
        found = model.tensor(name)
        return None if found is None else adapter.added_to(name, found)

    for key, down in adapter.tensors.items():
        if key.endswith(DOWN):
            stem = key.removesuffix(DOWN)
            weight, up = model.tensor(f"{stem.removeprefix(PREFIX)}.weight"), adapter.tensors.get(f"{stem}.lora_B.weight")
            if weight is None or up is None or weight.shape != (up.shape[0], down.shape[1]):
                raise ModelError("model_broken", f"The adapter {adapter.name} was made for another model than {model.name}.")
    return replace(model, name=f"{model.name}+{adapter.name}", tensor=tensor)
