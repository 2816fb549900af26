"""GGUF files of architecture `llama`, in any of their quantisations, under Hugging Face's names."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.errors import ModelError
from pipeline.language.checkpoint import Checkpoint, Shape, foreign, plain_frequencies, scaled_frequencies, transformers_tokenizer

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from tokenizers.pre_tokenizers import PreTokenizer
    from torch import Tensor


_SPLITS = {"smollm": "smollm", "llama-bpe": "llama3", "llama3": "llama3", "default": "gpt2", "gpt-2": "gpt2"}
"""How the named tokenizers cut text into words before they cut words into tokens."""
_LLAMA3_WORDS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"


def _pre_tokenizer(split: str) -> "PreTokenizer":
    from tokenizers import Regex
    from tokenizers.pre_tokenizers import ByteLevel, Digits, Sequence, Split

    if split == "llama3":
        return Sequence([Split(Regex(_LLAMA3_WORDS), "isolated"), ByteLevel(add_prefix_space=False, use_regex=False)])
    plain = ByteLevel(add_prefix_space=False)
    return Sequence([Digits(individual_digits=True), plain]) if split == "smollm" else plain


class GgufFile:
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
            raise foreign(path.name, kind)
        self.shape = self._shape()

    def checkpoint(self) -> Checkpoint:
        ids = {name: self._value(f"tokenizer.ggml.{name}_token_id") for name in ("bos", "eos", "unknown", "padding")}
        short = {"unknown": "unk_token", "padding": "pad_token"}
        specials = {short.get(name, f"{name}_token"): self._token(number) for name, number in ids.items() if number is not None}
        ends = {number for key in ("eos", "eot", "eom") if (number := self._value(f"tokenizer.ggml.{key}_token_id")) is not None}

        def load_tokenizer() -> "Tokenizer":
            return self._tokenizer() or transformers_tokenizer(self._path.parent, gguf_file=self._path.name)

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

    def _tokenizer(self) -> "Tokenizer | None":
        """The byte-level tokenizer of LLaMA 3 and SmolLM2, whose words and merges the file lists; None for the older kind, which transformers can read."""
        split = _SPLITS.get(str(self._value("tokenizer.ggml.pre")))
        if self._value("tokenizer.ggml.model") != "gpt2" or split is None:
            return None
        from tokenizers import AddedToken, Tokenizer, decoders, models

        words = self._texts("tokenizer.ggml.tokens")
        merges = [(left, right) for left, _, right in (merge.partition(" ") for merge in self._texts("tokenizer.ggml.merges"))]
        kinds = self._value("tokenizer.ggml.token_type") or []
        bpe = models.BPE(vocab={word: number for number, word in enumerate(words)}, merges=merges, ignore_merges=split == "llama3")
        tokenizer = Tokenizer(bpe)
        tokenizer.pre_tokenizer = _pre_tokenizer(split)
        tokenizer.decoder = decoders.ByteLevel()
        control = 3
        tokenizer.add_special_tokens(
            [AddedToken(word, special=True, normalized=False) for word, kind in zip(words, kinds, strict=False) if kind == control]
        )
        return tokenizer

    def _texts(self, key: str) -> list[str]:
        field = self._reader.fields[key]
        return [bytes(field.parts[index]).decode() for index in field.data]

    def _own_name(self, name: str) -> str:
        for theirs, ours in self.NAMES:
            name = name.replace(theirs, ours)
        return name

    def _shape(self) -> Shape:
        heads, hidden = int(self._need("attention.head_count")), int(self._need("embedding_length"))
        head_dim = int(self._value("llama.attention.key_length") or self._value("llama.rope.dimension_count") or hidden // heads)
        theta = float(self._value("llama.rope.freq_base") or 10000.0)
        frequencies = np.array(plain_frequencies(theta, head_dim))
        if "rope_freqs.weight" in self._tensors:  # llama3's scaling, as divisors
            frequencies = frequencies / self._tensors["rope_freqs.weight"].data.astype(np.float64)
        if self._value("llama.rope.scaling.type") not in (None, "none"):
            frequencies = np.array(
                scaled_frequencies({"type": self._need("rope.scaling.type"), "factor": self._need("rope.scaling.factor")}, theta, head_dim)
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
