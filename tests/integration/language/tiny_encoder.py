"""Real encoders of a few thousand random weights, as sentence-transformers' folders."""

import json
from pathlib import Path
from typing import Any

from tests.integration.language.tiny import tokenizer

WIDTH = 32


def write(folder: Path, *, seed: int = 1, cls: bool = False, prompts: dict[str, str] | None = None) -> Path:
    import torch
    from transformers import BertConfig, BertModel

    torch.manual_seed(seed)
    words = tokenizer()
    config = BertConfig(
        vocab_size=words.get_vocab_size(), hidden_size=WIDTH, num_hidden_layers=2, num_attention_heads=2, intermediate_size=48, max_position_embeddings=130, initializer_range=0.3,
    )  # fmt: skip
    BertModel(config).eval().save_pretrained(folder)
    words.save(str(folder / "tokenizer.json"))
    _write(folder / "tokenizer_config.json", {"pad_token": "<unk>", "unk_token": "<unk>", "model_max_length": 128, "tokenizer_class": "PreTrainedTokenizerFast"})
    _write(folder / "1_Pooling" / "config.json", {"pooling_mode_cls_token": cls, "pooling_mode_mean_tokens": not cls})
    if prompts:
        _write(folder / "config_sentence_transformers.json", {"prompts": prompts})
    return folder


def _write(path: Path, value: Any) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(value))
