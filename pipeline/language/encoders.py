"""Other embedding models than the built-in one: folders `embed-NAME` among the models, in the form in which sentence-transformers publishes them.

A model's name says which weights they are (`e5-base@1f0c…`), so that vectors of a folder whose files were replaced are never compared with those of before.
"""

import hashlib
import json
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from pipeline.config import Settings
from pipeline.errors import InputError, ModelError
from pipeline.language import encoder_child
from pipeline.language.embedder import ChildEmbedder
from pipeline.vectors import BUILTIN_INDEX

FOLDER = re.compile(r"embed-([a-zA-Z0-9][a-zA-Z0-9._-]{0,80})")
READ = ("*.safetensors", "config.json", "tokenizer*", "sentencepiece*", "vocab*", "special_tokens_map.json", encoder_child.POOLING, encoder_child.PROMPTS)
"""What a model's vectors depend on."""
BLOCK = 1 << 20


def available(settings: Settings) -> dict[str, Path | None]:
    """Every model of this machine by its name; None: the built-in one."""
    folders = sorted(settings.models_dir.glob("embed-*")) if settings.models_dir.is_dir() else []
    found: dict[str, Path | None] = {BUILTIN_INDEX.model: None}
    for folder in folders:
        name = FOLDER.fullmatch(folder.name)
        if name and (folder / "config.json").is_file() and any(folder.glob("*.safetensors")):
            found[f"{name[1]}@{_digest(_stamps(folder))}"] = folder
    return found


def _stamps(folder: Path) -> tuple[tuple[Path, int, int], ...]:
    files = sorted({path for pattern in READ for path in folder.glob(pattern) if path.is_file()})
    return tuple((path, path.stat().st_size, path.stat().st_mtime_ns) for path in files)


@lru_cache(32)
def _digest(stamps: tuple[tuple[Path, int, int], ...]) -> str:
    """Of names and contents; read once while size and time of the files stay the same."""
    whole = hashlib.sha256()
    for path, size, _ in stamps:
        whole.update(f"{path.name} {size}\n".encode())
        with path.open("rb") as file:
            while block := file.read(BLOCK):
                whole.update(block)
    return whole.hexdigest()[:12]


def named(wanted: str, names: list[str]) -> str:
    """The full name of what somebody typed: `builtin`, the name of a folder without `embed-`, or a full name.

    Raises:
        InputError: `no_such_model`.
    """
    if wanted in ("builtin", BUILTIN_INDEX.model):
        return BUILTIN_INDEX.model
    for name in names:
        if wanted in (name, name.partition("@")[0]):
            return name
    there = ", ".join(name.partition("@")[0] for name in names if name != BUILTIN_INDEX.model) or "none but the built-in one"
    raise InputError("no_such_model", f"There is no embedding model {wanted[:80]!r}. Put its files into models/embed-{wanted[:80]} of the data folder. There is: {there}.")


def missing(model: str) -> ModelError:
    """The library is indexed with a model that is not there (any more)."""
    folder = f"models/embed-{model.partition('@')[0]}"
    return ModelError("embedding_model_missing", f"The embedding model {model} is not there. Put its files back into {folder} of the data folder, or index with another: nutshell reindex.")


def open_child(settings: Settings, model: str, *, nice: int = 0) -> ChildEmbedder:
    """Raises: ModelError: `embedding_model_missing`, `model_broken`."""
    if model == BUILTIN_INDEX.model:
        return ChildEmbedder(settings.threads, nice=nice)
    folder = available(settings).get(model)
    if folder is None:
        raise missing(model)
    check(folder)
    return ChildEmbedder(settings.threads, nice=nice, model=model, script=encoder_child.__file__, arguments=(str(folder), settings.device))


def check(folder: Path) -> None:
    """Raises: ModelError: `model_broken`: it is read in a way that we do not know."""
    try:
        pooling: dict[str, Any] = json.loads((folder / encoder_child.POOLING).read_text("utf-8")) if (folder / encoder_child.POOLING).is_file() else {}
        config = json.loads((folder / "config.json").read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError("model_broken", f"The embedding model in {folder} cannot be read: {error}.") from error
    ways = {name for name, on in pooling.items() if name.startswith("pooling_mode_") and on}
    if not ways <= {"pooling_mode_mean_tokens", "pooling_mode_cls_token"} or len(ways) > 1 or config.get("auto_map"):
        raise ModelError("model_broken", f"The embedding model in {folder} needs code of its own, or pools its tokens in a way that is not known here (mean and cls are).")
