"""Reads a LLaMA from a Hugging Face folder or a GGUF file: its shape, its tensors by name, its tokenizer.

Only safetensors and GGUF are read, and nothing that a file contains is executed: no pickles, no remote code. Tensors are handed out one at a time under
Hugging Face's names, so loading needs no second copy of the model.
"""

import json
import math
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

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
    return _Gguf(path).checkpoint()


def save_folder(model: Checkpoint, folder: Path) -> None:
    """Write a model as bf16 safetensors with config and tokenizer, as Hugging Face lays it out.

    Raises:
        ValueError: its rotary frequencies are scaled, which the written configuration could not say.
    """
    import torch
    from safetensors.torch import save_file

    shape = model.shape
    if not np.allclose(shape.frequencies, _plain_frequencies(shape.theta, shape.head_dim)):
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
        raise ModelError(
            "model_broken",
            f"The model {name} is a {kind}, not a LLaMA. Choose a model of the LLaMA family, or serve it elsewhere and set NUTSHELL_LLM_URL.",
        )
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
        frequencies=_scaled_frequencies(rope, theta, head_dim),
        tied=bool(config.get("tie_word_embeddings", False)) or tied_by_files,
    )


def _plain_frequencies(theta: float, head_dim: int) -> tuple[float, ...]:
    return tuple(theta ** (-2 * pair / head_dim) for pair in range(head_dim // 2))


def _scaled_frequencies(rope: Mapping[str, Any], theta: float, head_dim: int) -> tuple[float, ...]:
    """Rotary frequencies with the scalings that LLaMAs use: none, linear, llama3 (as their configurations define them)."""
    plain = _plain_frequencies(theta, head_dim)
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
    return _transformers_tokenizer(folder)


def _transformers_tokenizer(folder: Path, **options: str) -> "Tokenizer":
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    from transformers import AutoTokenizer

    tokenizer: Tokenizer = AutoTokenizer.from_pretrained(
        folder, local_files_only=True, trust_remote_code=False, **options
    ).backend_tokenizer
    return tokenizer


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


# --- GGUF


class _Gguf:
    """One GGUF file under Hugging Face's names. Its keys and names are those of llama.cpp's specification of the format."""

    NAMES = (
        ("model.embed_tokens", "token_embd"),
        ("model.norm", "output_norm"),
        ("lm_head", "output"),
        ("input_layernorm", "attn_norm"),
        ("post_attention_layernorm", "ffn_norm"),
        ("self_attn.q_proj", "attn_q"),
        ("self_attn.k_proj", "attn_k"),
        ("self_attn.v_proj", "attn_v"),
        ("self_attn.o_proj", "attn_output"),
        ("mlp.gate_proj", "ffn_gate"),
        ("mlp.up_proj", "ffn_up"),
        ("mlp.down_proj", "ffn_down"),
        ("model.layers.", "blk."),
    )

    def __init__(self, path: Path) -> None:
        from gguf import GGUFReader

        self._path = path
        self._reader = GGUFReader(path)
        self._tensors = {tensor.name: tensor for tensor in self._reader.tensors}
        kind = self._value("general.architecture")
        if kind != "llama":
            raise ModelError(
                "model_broken",
                f"The model {path.name} is a {kind}, not a LLaMA. Choose a model of the LLaMA family, or serve it elsewhere and set NUTSHELL_LLM_URL.",
            )
        self.shape = self._shape()

    def checkpoint(self) -> Checkpoint:
        ids = {name: self._value(f"tokenizer.ggml.{name}_token_id") for name in ("bos", "eos", "unknown", "padding")}
        short = {"unknown": "unk_token", "padding": "pad_token"}
        specials = {short.get(name, f"{name}_token"): self._token(number) for name, number in ids.items() if number is not None}
        ends = {number for key in ("eos", "eot", "eom") if (number := self._value(f"tokenizer.ggml.{key}_token_id")) is not None}

        def load_tokenizer() -> "Tokenizer":
            return _transformers_tokenizer(self._path.parent, gguf_file=self._path.name)

        return Checkpoint(
            name=self._path.stem,
            shape=self.shape,
            template=str(self._value("tokenizer.chat_template") or ""),
            specials=specials,
            ends=frozenset(ends),
            tensor=self.get,
            load_tokenizer=load_tokenizer,
        )

    def get(self, name: str) -> "Tensor | None":
        import torch
        from gguf.quants import dequantize

        found = self._tensors.get(self._own_name(name))
        if found is None:
            return None
        values = dequantize(found.data, found.tensor_type).astype(np.float32, copy=True)
        values = values.reshape(tuple(int(size) for size in reversed(found.shape)))
        heads = {"q_proj": self.shape.heads, "k_proj": self.shape.kv_heads}.get(name.split(".")[-2])
        if heads:  # llama.cpp interleaves the two halves of each head, Hugging Face does not
            values = values.reshape(heads, self.shape.head_dim // 2, 2, -1).swapaxes(1, 2).reshape(values.shape)
        return torch.from_numpy(np.ascontiguousarray(values))

    def _own_name(self, name: str) -> str:
        for theirs, ours in self.NAMES:
            name = name.replace(theirs, ours)
        return name

    def _shape(self) -> Shape:
        heads, hidden = int(self._need("attention.head_count")), int(self._need("embedding_length"))
        head_dim = int(self._value("llama.attention.key_length") or self._value("llama.rope.dimension_count") or hidden // heads)
        theta = float(self._value("llama.rope.freq_base") or 10000.0)
        frequencies = np.array(_plain_frequencies(theta, head_dim))
        if "rope_freqs.weight" in self._tensors:  # llama3's scaling, as divisors
            frequencies = frequencies / self._tensors["rope_freqs.weight"].data.astype(np.float64)
        if self._value("llama.rope.scaling.type") not in (None, "none"):
            frequencies = np.array(
                _scaled_frequencies({"type": self._need("rope.scaling.type"), "factor": self._need("rope.scaling.factor")}, theta, head_dim)
            )
        return Shape(
            layers=int(self._need("block_count")),
            hidden=hidden,
            heads=heads,
            kv_heads=int(self._value("llama.attention.head_count_kv") or heads),
            head_dim=head_dim,
            intermediate=int(self._need("feed_forward_length")),
            vocabulary=int(self._tensors["token_embd.weight"].shape[1]),
            epsilon=float(self._need("attention.layer_norm_rms_epsilon")),
            window=int(self._need("context_length")),
            theta=theta,
            frequencies=tuple(float(value) for value in frequencies),
            tied="output.weight" not in self._tensors,
        )

    def _value(self, key: str) -> Any:
        field = self._reader.fields.get(key)
        return None if field is None else field.contents()

    def _need(self, key: str) -> Any:
        value = self._value(f"llama.{key}")
        if value is None:
            raise ModelError("model_broken", f"The model {self._path.name} does not say its {key}.")
        return value

    def _token(self, number: int) -> str:
        tokens = self._reader.fields["tokenizer.ggml.tokens"]
        return bytes(tokens.parts[tokens.data[number]]).decode()
