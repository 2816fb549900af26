"""What this machine has, as far as the choice of models goes by it."""

import os

from pipeline.config import Settings

ENOUGH_CORES = 8
"""From here on the models of profile `cpu` keep up with the page: Whisper small, and a LLaMA of one or three billion parameters."""


def cores() -> int:
    """Cores that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def profile(settings: Settings, *, cuda: bool) -> tuple[str, str]:
    """The profile and why it is that one. `cuda`: there is a GPU to use."""
    if settings.profile != "auto":
        return settings.profile, "set"
    if cuda:
        return "gpu", "auto: there is a GPU"
    if cores() >= ENOUGH_CORES:
        return "cpu", f"auto: {cores()} cores"
    return "builtin", f"auto: {cores()} cores and no GPU"
