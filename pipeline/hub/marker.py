"""The marker in a folder with a model: where the model comes from, and size and digest of every file. It is written last."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

MARKER = "nutshell.json"


def write(folder: Path, told: Mapping[str, object], digests: Mapping[str, str]) -> None:
    """`told` says where the model comes from; `digests` are the SHA-256 of the files by name."""
    files = {name: {"bytes": (folder / name).stat().st_size, "sha256": digest} for name, digest in sorted(digests.items())}
    with (folder / MARKER).open("w") as out:
        json.dump({**told, "files": files}, out, indent=1)
        out.flush()
        os.fsync(out.fileno())


def read(folder: Path) -> dict[str, Any] | None:
    """What the marker says; None when there is none, or when a file is not there in its size.

    Digests were compared when the marker was written; sizes find a copy cut short.
    """
    try:
        told: dict[str, Any] = json.loads((folder / MARKER).read_text())
        whole = all((folder / name).stat().st_size == made["bytes"] for name, made in told["files"].items())
    except (FileNotFoundError, json.JSONDecodeError, KeyError, TypeError, AttributeError):
        return None
    return told if whole else None


def pulled(folder: Path) -> bool:
    """Whether a whole model lies there that was fetched from its publisher."""
    told = read(folder)
    return told is not None and "revision" in told


def damaged(folder: Path) -> bool:
    """Whether files of a model are no longer as its marker says. A folder that a person put there has none and is taken as it is."""
    return (folder / MARKER).is_file() and read(folder) is None
