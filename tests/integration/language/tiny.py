"""Real LLaMAs of a few thousand random weights, written as Hugging Face folders and as GGUF files, with a tokenizer that knows some words."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

SPECIALS = ("<unk>", "<s>", "</s>", "<|im_start|>", "<|im_end|>", "<|eot_id|>", "<|start_header_id|>", "<|end_header_id|>")
CORPUS = (
    "The bees dance to tell the others where the flowers are. One kilometre is one second of dancing. " * 3,
    "### Instruction: Say what the text says. ### Response: USER: ASSISTANT: GPT: system user assistant Below is an instruction that describes a task.",
    "0 1 2 3 4 5 6 7 8 9 10 2019 30 percent, 5.5 million; 12:45! (yes) [no] née Übermaß 日本語 😀",
)


@dataclass(frozen=True, slots=True)
class Tiny:
    """Shape of a model."""

    heads: int = 4
    kv_heads: int = 2
    tied: bool = True
    window: int = 2048
    rope: dict[str, Any] = field(default_factory=lambda: {"rope_type": "default", "rope_theta": 10000.0})
    template: str = ""
    seed: int = 1


def tokenizer() -> Any:
    """Byte-level BPE, as LLaMA 3's and SmolLM's are: any text can be written with it."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    made.train_from_iterator(
        CORPUS, trainers.BpeTrainer(vocab_size=480, special_tokens=list(SPECIALS), initial_alphabet=alphabet, show_progress=False)
    )
    return made


def write_folder(folder: Path, tiny: Tiny | None = None) -> Path:
    """A Hugging Face folder, by transformers itself."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    tiny = tiny or Tiny()
    words = tokenizer()
    torch.manual_seed(tiny.seed)
    config = LlamaConfig(
        vocab_size=words.get_vocab_size(), hidden_size=64, intermediate_size=96, num_hidden_layers=3, num_attention_heads=tiny.heads,
        num_key_value_heads=tiny.kv_heads, max_position_embeddings=tiny.window, tie_word_embeddings=tiny.tied, rope_parameters=dict(tiny.rope),
        bos_token_id=1, eos_token_id=2, rms_norm_eps=1e-5, initializer_range=0.3,
    )  # fmt: skip
    model = LlamaForCausalLM(config).eval()
    with torch.no_grad():  # norms of ones would hide a norm that is left out
        for name, weight in model.named_parameters():
            if "norm" in name:
                weight.uniform_(0.5, 1.5)
    model.save_pretrained(folder)
    words.save(str(folder / "tokenizer.json"))
    specials = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}
    (folder / "tokenizer_config.json").write_text(json.dumps({**specials, "chat_template": tiny.template} if tiny.template else specials))
    return folder


def write_gguf(path: Path, folder: Path, *, quantised: bool = False, template: str = "") -> Path:
    """The model of `folder` as llama.cpp's converter writes it: its names, its order of the heads' dimensions, its keys."""
    import gguf
    from tokenizers import Tokenizer

    from pipeline.language.weights import read_folder

    model = read_folder(folder)
    shape = model.shape
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name(path.stem)
    writer.add_block_count(shape.layers)
    writer.add_context_length(shape.window)
    writer.add_embedding_length(shape.hidden)
    writer.add_feed_forward_length(shape.intermediate)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.kv_heads)
    writer.add_layer_norm_rms_eps(shape.epsilon)
    writer.add_rope_freq_base(shape.theta)
    writer.add_rope_dimension_count(shape.head_dim)
    writer.add_vocab_size(shape.vocabulary)
    _add_words(writer, json.loads(Tokenizer.from_file(str(folder / "tokenizer.json")).to_str()), template)
    plain = [base ** (-2 * pair / shape.head_dim) for base in [shape.theta] for pair in range(shape.head_dim // 2)]
    if not np.allclose(plain, shape.frequencies):
        writer.add_tensor(
            "rope_freqs.weight", np.array([one / other for one, other in zip(plain, shape.frequencies, strict=True)], np.float32)
        )
    for name, own in _names(shape.layers).items():
        tensor = model.tensor(name)
        if tensor is None:
            continue
        values = tensor.float().numpy()
        heads = shape.heads if "q_proj" in name else shape.kv_heads if "k_proj" in name else 0
        if heads:
            values = values.reshape(heads, 2, -1, values.shape[1]).swapaxes(1, 2).reshape(values.shape)
        kind = gguf.GGMLQuantizationType.Q8_0
        if quantised and values.ndim == 2:
            writer.add_tensor(own, gguf.quants.quantize(values, kind), raw_dtype=kind)
        else:
            writer.add_tensor(own, np.ascontiguousarray(values))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _add_words(writer: Any, tokenizer: dict[str, Any], template: str) -> None:
    vocabulary = tokenizer["model"]["vocab"]
    words = sorted(vocabulary, key=vocabulary.__getitem__)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("default")
    writer.add_token_list(words)
    writer.add_token_types([3 if word in SPECIALS else 1 for word in words])
    writer.add_token_merges([" ".join(merge) if isinstance(merge, list) else merge for merge in tokenizer["model"]["merges"]])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    if template:
        writer.add_chat_template(template)


def _names(layers: int) -> dict[str, str]:
    parts = {
        "input_layernorm": "attn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output",
        "post_attention_layernorm": "ffn_norm", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
    }  # fmt: skip
    names = {
        f"model.layers.{number}.{theirs}.weight": f"blk.{number}.{ours}.weight"
        for number in range(layers)
        for theirs, ours in parts.items()
    }
    return {
        "model.embed_tokens.weight": "token_embd.weight",
        "model.norm.weight": "output_norm.weight",
        "lm_head.weight": "output.weight",
        **names,
    }
