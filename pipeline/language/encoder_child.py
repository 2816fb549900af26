"""The process that holds an embedding model of a folder, as embed_child.py holds the built-in one: `python encoder_child.py NICE FOLDER DEVICE`, the same frames.

Vectors are means over a text's tokens, or the first token's, as `1_Pooling/config.json` says; the words that go before a question and a passage are those of
`config_sentence_transformers.json`, else e5's where the folder is called so.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

POOLING = "1_Pooling/config.json"
PROMPTS = "config_sentence_transformers.json"
E5 = {"query": "query: ", "passage": "passage: "}
TOKENS = 512
"""Of a text that are looked at; a chunk has about 180."""


class Encoder:
    """See `Embedder` for the contract."""

    def __init__(self, folder: Path, device: str) -> None:
        import torch
        from transformers import AutoModel, AutoTokenizer

        self._torch = torch
        self._device = "cuda" if device != "cpu" and torch.cuda.is_available() else "cpu"
        # Never code of the folder's own, and never a pickle.
        self._words = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        model = AutoModel.from_pretrained(folder, local_files_only=True, trust_remote_code=False, use_safetensors=True, dtype=torch.float32)
        self._model = model.to(self._device).eval()
        self._first = bool(_json(folder / POOLING).get("pooling_mode_cls_token"))
        self._before = prompts(folder)
        # RoBERTa counts its places from 2 on.
        self._tokens = min(TOKENS, self._words.model_max_length, int(getattr(model.config, "max_position_embeddings", TOKENS + 2)) - 2)
        self.dimensions = int(model.config.hidden_size)

    def encode(self, texts: list[str], kind: str) -> Any:
        """Unit rows, float32."""
        torch = self._torch
        told = [self._before.get(kind, "") + text for text in texts]
        batch = self._words(told, padding=True, truncation=True, max_length=self._tokens, return_tensors="pt").to(self._device)
        with torch.inference_mode():
            states = self._model(**batch).last_hidden_state
        if self._first:
            rows = states[:, 0]
        else:
            mask = batch["attention_mask"][..., None].to(states.dtype)
            rows = (states * mask).sum(1) / mask.sum(1).clamp(min=1e-9)
        return torch.nn.functional.normalize(rows, dim=1).cpu().numpy()


def prompts(folder: Path) -> dict[str, str]:
    """What goes before a query and a passage."""
    given = _json(folder / PROMPTS).get("prompts") or {}
    passage = given.get("passage") or given.get("document") or ""
    told = {"query": str(given.get("query") or ""), "passage": str(passage)}
    return told if any(told.values()) else E5 if "e5" in folder.name else {}


def _json(path: Path) -> dict[str, Any]:
    found = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    return found if isinstance(found, dict) else {}


def main() -> int:
    os.nice(int(sys.argv[1]))
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not get between the frames
    os.environ |= {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
    from pipeline.language.embed_child import LENGTH, read_frame, write_frame

    model = Encoder(Path(sys.argv[2]), sys.argv[3])
    write_frame(answers, LENGTH.pack(model.dimensions))  # ready
    while (body := read_frame(sys.stdin.buffer)) is not None:
        request = json.loads(body)
        write_frame(answers, model.encode(request["texts"], request["kind"]).astype("<f4", copy=False).tobytes())
    return 0


if __name__ == "__main__":
    sys.exit(main())
