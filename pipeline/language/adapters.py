"""Which LoRA adapter a model is used with: one that was promoted on this machine, else the one that comes with the product.

Promoted adapters lie as numbered folders in `models/adapters/MODEL`, and `history.json` there names those in use, newest last; going back takes the last one off.
"""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pipeline.config import Settings
from pipeline.errors import InputError, ModelError
from pipeline.language.adapter import CONFIG, WEIGHTS, read_adapter

PACKAGED = Path(__file__).parent / "packaged"
CARD = "card.json"
HISTORY = "history.json"
NONE = "none"


def adapter_for(settings: Settings, model: str) -> Path | None:
    """The folder of the adapter that `model` is used with; None: it is used as it comes.

    Raises:
        ModelError: `model_missing`: NUTSHELL_LLM_ADAPTER names a folder that holds none.
    """
    if settings.llm_adapter == NONE:
        return None
    if settings.llm_adapter:
        named = Path(settings.llm_adapter).expanduser()
        if not is_adapter(named):
            raise ModelError("model_missing", f"NUTSHELL_LLM_ADAPTER is {named}, which holds no adapter ({CONFIG} and {WEIGHTS}).")
        return named
    used = history(settings, model)
    if used:
        return _home(settings, model) / used[-1]
    packaged = PACKAGED / model
    return packaged if is_adapter(packaged) else None


def is_adapter(folder: Path) -> bool:
    return (folder / CONFIG).is_file() and (folder / WEIGHTS).is_file()


def card(folder: Path) -> dict[str, Any]:
    """What its maker says of it: data, licences, plan, measures before and after; empty where nothing is said."""
    try:
        found = json.loads((folder / CARD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def history(settings: Settings, model: str) -> list[str]:
    """Names of the promoted adapters of `model` that are there, oldest first; the last is used."""
    home = _home(settings, model)
    try:
        named = json.loads((home / HISTORY).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:
        raise ModelError(
            "model_broken", f"{home / HISTORY} cannot be read: {error}. Remove it to use the adapter that comes with Nutshell."
        ) from error
    return [str(name) for name in named if is_adapter(home / str(name))]


def promote(settings: Settings, model: str, folder: Path) -> Path:
    """Use the adapter in `folder` for `model` from now on; it is copied. Processes that run go on with theirs until they are started again.

    Raises:
        ModelError: `model_broken`: it is no adapter.
    """
    read_adapter(folder)
    home = _home(settings, model)
    home.mkdir(parents=True, exist_ok=True)
    number = 1 + max((int(path.name) for path in home.iterdir() if path.name.isdecimal()), default=0)
    scratch = home / f"{number}.part"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    for name in (CONFIG, WEIGHTS, CARD):
        if (folder / name).is_file():
            shutil.copyfile(folder / name, scratch / name)
    target = scratch.rename(home / str(number))
    _write(home, [*history(settings, model), target.name])
    return target


def go_back(settings: Settings, model: str) -> Path | None:
    """Take the newest promoted adapter out of use; what is used now.

    Raises:
        InputError: `nothing_to_undo`: none was promoted.
    """
    used = history(settings, model)
    if not used:
        raise InputError("nothing_to_undo", f"No adapter of {model} was promoted on this machine.")
    _write(_home(settings, model), used[:-1])
    return adapter_for(settings, model)


def _home(settings: Settings, model: str) -> Path:
    return settings.models_dir / "adapters" / model


def _write(home: Path, names: Sequence[str]) -> None:
    scratch = home / f"{HISTORY}.part"
    scratch.write_text(json.dumps(list(names)), encoding="utf-8")
    scratch.replace(home / HISTORY)
