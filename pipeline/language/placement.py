"""Where a model runs and in which numbers, whether it fits, and why."""

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.config import Settings
from pipeline.errors import ModelError
from pipeline.language.cards import CARDS
from pipeline.language.checkpoint import Shape
from pipeline.machine import cores

if TYPE_CHECKING:
    import torch

OVERHEAD = 400 * 1024**2
"""Bytes that Python, torch and the results of a pass take besides weights and cache."""


@dataclass(frozen=True, slots=True)
class Placement:
    device: "torch.device"
    dtype: "torch.dtype"
    cache_dtype: "torch.dtype"
    """Of keys and values. Where the CPU computes in float32 they are kept in float16, which halves the largest part of what a pass reads."""
    reason: str
    """Logged at the start, and shown by `nutshell doctor`."""


def place(settings: Settings, shape: Shape, name: str) -> Placement:
    """Choose device and numbers for a model, before anything of it is loaded.

    Raises:
        ModelError: `model_too_large`, saying what would fit; `bad_device`, a GPU is wanted and there is none.
    """
    import torch

    use_threads(settings.threads)
    if has_gpu(settings):
        dtype = torch.float32 if settings.llm_dtype == "float32" else torch.bfloat16
        _refuse_too_large(name, shape, dtype.itemsize, torch.cuda.mem_get_info()[0], "the GPU")
        return Placement(torch.device("cuda"), dtype, dtype, f"{_name(dtype)} on {torch.cuda.get_device_name()}")
    free = available_memory()
    if settings.llm_dtype == "auto":
        dtype, reason = cpu_dtype()
    else:
        dtype = getattr(torch, settings.llm_dtype)
        reason = f"{_name(dtype)}: set by NUTSHELL_LLM_DTYPE"
    if dtype == torch.float32 and needed(shape, 4) > free:
        dtype, reason = torch.bfloat16, f"bf16, slower here, because float32 would need {_gb(needed(shape, 4))} and {_gb(free)} are free"
    _refuse_too_large(name, shape, 2, free, "this machine")
    size = 2 if dtype == torch.bfloat16 else 4
    return Placement(torch.device("cpu"), dtype, torch.bfloat16 if size == 2 else torch.float16, reason)


def has_gpu(settings: Settings) -> bool:
    """Whether a GPU is there and may be used.

    Raises:
        ModelError: `bad_device`, one is wanted and there is none.
    """
    import torch

    there: bool = settings.device != "cpu" and torch.cuda.is_available()
    if settings.device == "cuda" and not there:
        raise ModelError(
            "bad_device", "NUTSHELL_DEVICE is cuda, but torch sees no GPU. Set it to cpu or auto, or install a CUDA build of torch."
        )
    return there


def needed(shape: Shape, size: int) -> int:
    """Bytes for the weights at `size` bytes each, a usual cache, and what goes with them."""
    return shape.parameters * size + shape.cache_values * 2 * 12_000 + OVERHEAD


def cpu_dtype() -> "tuple[torch.dtype, str]":
    """The numbers that this CPU multiplies faster. The instruction set alone does not tell: some virtual machines announce bf16 and emulate it."""
    import torch

    if not torch.ops.mkldnn._is_mkldnn_bf16_supported():
        return torch.float32, "float32: this CPU has no bf16 instructions"
    wide, narrow = (_seconds(dtype) for dtype in (torch.float32, torch.bfloat16))
    ratio = wide / narrow
    if ratio < 1:
        return torch.float32, f"float32: measured {1 / ratio:.1f}x as fast as bf16 on this CPU"
    return torch.bfloat16, f"bf16: measured {ratio:.1f}x as fast as float32 on this CPU"


def use_threads(threads: int) -> None:
    """Let torch use so many cores; 0: as many as this process may run on."""
    import torch

    torch.set_num_threads(threads or cores())


def free_memory(settings: Settings) -> int:
    """Bytes that a model may take: of the GPU where there is one that may be used, else of this machine.

    Raises:
        ModelError: `bad_device`.
    """
    import torch

    return int(torch.cuda.mem_get_info()[0]) if has_gpu(settings) else available_memory()


def available_memory() -> int:
    """Bytes that this process may still take, the limit of its container included."""
    free = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    meminfo = Path("/proc/meminfo")
    if meminfo.is_file():
        line = next(line for line in meminfo.read_text().splitlines() if line.startswith("MemAvailable:"))
        free = int(line.split()[1]) * 1024
    limit, used = Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current")
    if limit.is_file() and used.is_file() and limit.read_text().strip() != "max":
        free = min(free, int(limit.read_text()) - int(used.read_text()))
    return free


def _name(dtype: "torch.dtype") -> str:
    return str(dtype).removeprefix("torch.")


def _seconds(dtype: "torch.dtype") -> float:
    """Shortest of a few multiplications as they occur while a prompt is read, in processor time of one thread: by the clock, on a machine that does other things as well,
    the same CPU was measured 2.7 times as fast in float32 and, later, 17 times as fast in bf16.
    """
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.inference_mode():
            weight, rows = torch.ones(1536, 576, dtype=dtype), torch.ones(256, 576, dtype=dtype)
            times = []
            for _ in range(8):
                begun = time.thread_time()
                torch.nn.functional.linear(rows, weight)
                times.append(time.thread_time() - begun)
    finally:
        torch.set_num_threads(threads)
    return min(times[1:])


def _refuse_too_large(name: str, shape: Shape, size: int, free: int, where: str) -> None:
    if needed(shape, size) <= free:
        return
    fits = [card.title for card in sorted(CARDS, key=lambda card: card.billions) if 0 < card.billions * 1e9 * size <= free - OVERHEAD]
    advice = f"{fits[-1]} would fit." if fits else "No LLaMA would fit; set NUTSHELL_LLM_URL to a server that has one."
    raise ModelError("model_too_large", f"The model {name} needs {_gb(needed(shape, size))} and {where} has {_gb(free)} free. {advice}")


def _gb(size: float) -> str:
    return f"{size / 1e9:.1f} GB"
