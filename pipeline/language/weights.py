"""Reads a LLaMA from a Hugging Face folder or a GGUF file: its shape, its tensors by name, its tokenizer.

Only safetensors and GGUF are read, and nothing that a file contains is executed: no pickles, no remote code. Tensors are handed out one at a time under
Hugging Face's names, so loading needs no second copy of the model.
"""

import json
import re
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.errors import ModelError
from pipeline.language.checkpoint import Checkpoint, Shape, foreign, plain_frequencies, scaled_frequencies, transformers_tokenizer

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from torch import Tensor


def read(path: Path) -> Checkpoint:
    """The model at `path`, a folder or a GGUF file.

    Raises:
        ModelError: `model_broken`, saying what is wrong with it.
    """
    from safetensors import SafetensorError

    try:
        return read_gguf(path) if path.suffix == ".gguf" else read_folder(path)
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
        raise ModelError("model_broken", f"The model {path.name} cannot be read: {error!r}.") from error


def read_folder(folder: Path) -> Checkpoint:
    """A folder in Hugging Face's form."""
    config = json.loads((folder / "config.json").read_text())
    _refuse_foreign(folder.name, config)
    settings = _json(folder / "tokenizer_config.json")
    specials = {name: text for name, value in settings.items() if name.endswith("_token") and (text := _token_text(value))}
    files = _SafeTensors(folder)

    def load_tokenizer() -> "Tokenizer":
        return _folder_tokenizer(folder)

    return Checkpoint(
        name=_folder_name(folder),
        shape=_folder_shape(config, tied_by_files=not files.has("lm_head.weight")),
        template=_folder_template(folder, settings),
        specials=specials,
        ends=_ends(config, _json(folder / "generation_config.json")),
        tensor=files.get,
        load_tokenizer=load_tokenizer,
    )


def read_gguf(path: Path) -> Checkpoint:
    """A GGUF file of architecture `llama`, in any of its quantisations; tensors are dequantised when asked for."""
    from pipeline.language.gguf_file import GgufFile

    return GgufFile(path).checkpoint()


def save_folder(model: Checkpoint, folder: Path) -> None:
    """Write a model as bf16 safetensors with config and tokenizer, as Hugging Face lays it out.

    Raises:
        ValueError: its rotary frequencies are scaled, which the written configuration could not say.
    """
    import torch
    from safetensors.torch import save_file

    shape = model.shape
    if not np.allclose(shape.frequencies, plain_frequencies(shape.theta, shape.head_dim)):
        raise ValueError("scaled rotary frequencies cannot be written")
    names = [name for name in _tensor_names(shape) if not (shape.tied and name == "lm_head.weight")]
    tensors = {name: tensor.to(torch.bfloat16).contiguous() for name in names if (tensor := model.tensor(name)) is not None}
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    config = {
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "dtype": "bfloat16", "hidden_act": "silu",
        "num_hidden_layers": shape.layers, "hidden_size": shape.hidden, "num_attention_heads": shape.heads, "num_key_value_heads": shape.kv_heads,
        "head_dim": shape.head_dim, "intermediate_size": shape.intermediate, "vocab_size": shape.vocabulary, "rms_norm_eps": shape.epsilon,
        "max_position_embeddings": shape.window, "rope_parameters": {"rope_type": "default", "rope_theta": shape.theta},
        "tie_word_embeddings": shape.tied, "attention_bias": False, "mlp_bias": False, "eos_token_id": sorted(model.ends),
    }  # fmt: skip
    (folder / "config.json").write_text(json.dumps(config, indent=1))
    model.load_tokenizer().save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(
        json.dumps({**model.specials, "model_max_length": shape.window, "tokenizer_class": "PreTrainedTokenizerFast"})
    )
    (folder / "chat_template.jinja").write_text(model.template)


def _tensor_names(shape: Shape) -> list[str]:
    norms = ["input_layernorm", "post_attention_layernorm"]
    parts = [*norms, *(f"self_attn.{part}_proj" for part in "qkvo"), *(f"mlp.{part}_proj" for part in ("gate", "up", "down"))]
    layers = [f"model.layers.{number}.{part}.weight" for number in range(shape.layers) for part in parts]
    return ["model.embed_tokens.weight", *layers, "model.norm.weight", "lm_head.weight"]


# --- Hugging Face folders


def _refuse_foreign(name: str, config: Mapping[str, Any]) -> None:
    kind = config.get("model_type", "llama")
    if kind != "llama":
        raise foreign(name, kind)
    if "auto_map" in config:
        raise ModelError("model_broken", f"The model {name} wants to run code of its own (auto_map), which Nutshell never does.")
    if config.get("quantization_config"):
        raise ModelError(
            "model_broken", f"The model {name} is quantised in a way that is not supported. Take its GGUF file or its unquantised form."
        )
    if config.get("attention_bias") or config.get("mlp_bias") or config.get("hidden_act", "silu") != "silu":
        raise ModelError("model_broken", f"The model {name} is a variant of LLaMA that is not supported (biases or another activation).")


def _folder_shape(config: Mapping[str, Any], *, tied_by_files: bool) -> Shape:
    hidden, heads = int(config["hidden_size"]), int(config["num_attention_heads"])
    head_dim = int(config.get("head_dim") or hidden // heads)
    rope = dict(config.get("rope_parameters") or config.get("rope_scaling") or {})
    theta = float(rope.get("rope_theta", config.get("rope_theta", 10000.0)))
    return Shape(
        layers=int(config["num_hidden_layers"]),
        hidden=hidden,
        heads=heads,
        kv_heads=int(config.get("num_key_value_heads") or heads),
        head_dim=head_dim,
        intermediate=int(config["intermediate_size"]),
        vocabulary=int(config["vocab_size"]),
        epsilon=float(config.get("rms_norm_eps", 1e-6)),
        # The first LLaMA's configurations say "max_sequence_length" or nothing; it was trained on 2,048.
        window=int(config.get("max_position_embeddings") or config.get("max_sequence_length") or 2048),
        theta=theta,
        frequencies=scaled_frequencies(rope, theta, head_dim),
        tied=bool(config.get("tie_word_embeddings", False)) or tied_by_files,
    )


def _folder_name(folder: Path) -> str:
    """The folder's name; in the cache of the Hugging Face hub, where folders are named after commits, the repository's."""
    hub = re.search(r"models--[^/]+--([^/]+)/snapshots/", folder.absolute().as_posix() + "/")
    return hub[1] if hub else folder.absolute().name


def _folder_template(folder: Path, settings: Mapping[str, Any]) -> str:
    file = folder / "chat_template.jinja"
    if file.is_file():
        return file.read_text()
    template = settings.get("chat_template") or ""
    if isinstance(template, list):  # several named ones
        template = next((entry["template"] for entry in template if entry.get("name") == "default"), "")
    return str(template)


def _folder_tokenizer(folder: Path) -> "Tokenizer":
    from tokenizers import Tokenizer

    if (folder / "tokenizer.json").is_file():
        return Tokenizer.from_file(str(folder / "tokenizer.json"))
    # The first LLaMAs have only SentencePiece's tokenizer.model; transformers can read it, but costs four seconds and 100 MB, so it is a last resort.
    return transformers_tokenizer(folder)


def _ends(*configs: Mapping[str, Any]) -> frozenset[int]:
    found: set[int] = set()
    for config in configs:
        value = config.get("eos_token_id")
        found.update(value if isinstance(value, list) else [] if value is None else [value])
    return frozenset(found)


def _token_text(value: object) -> str:
    content = value.get("content") if isinstance(value, dict) else value
    return content if isinstance(content, str) else ""


def _json(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text())) if path.is_file() else {}


class _SafeTensors:
    """Tensors of a folder by name, each file opened only while it is read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @cached_property
    def _files(self) -> dict[str, Path]:
        from safetensors import safe_open

        files: dict[str, Path] = {}
        for path in sorted(self._folder.glob("*.safetensors")):
            with safe_open(path, framework="pt") as file:
                files.update(dict.fromkeys(file.keys(), path))
        return files

    def has(self, name: str) -> bool:
        return name in self._files

    def get(self, name: str) -> "Tensor | None":
        from safetensors import safe_open

        if name not in self._files:
            return None
        with safe_open(self._files[name], framework="pt") as file:
            tensor: Tensor = file.get_tensor(name)
            return tensor
