"""Sound of any file as windows of samples, decoded by a child process (decode_child.py) that may die without harm.

Memory holds one window however long the recording is: the pipe makes the child wait until the window before has been taken.
"""

import json
import os
import select
import stat
import subprocess
import sys
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

import structlog

import pipeline
from pipeline.errors import CODES, cause

if TYPE_CHECKING:
    import numpy as np

RATE = 16_000
"""Samples per second of everything that this module yields."""
LONGEST = 6 * 3600.0
PATIENCE = 60.0
"""Seconds without a byte from the child (which decodes a minute of sound in a fraction of a second) after which it is given up."""
TICK = 0.5
SLOWEST = 20.0
"""Times real time that decoding reaches on the slowest machine under load."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Window:
    start: float
    """Seconds from the start of the recording."""
    samples: "np.ndarray"
    """float32 in -1..1, mono, RATE."""

    @property
    def end(self) -> float:
        return self.start + len(self.samples) / RATE


def windows(
    path: Path, *, seconds: float = 30.0, start: float = 0.0, longest: float = LONGEST, idle: Callable[[], None] | None = None
) -> Generator[Window]:
    """The sound of `path` from `start` on in windows of `seconds`, the last one shorter. Ends the child when it is closed.

    `idle` is called every TICK while nothing comes; whatever it raises ends the work.

    A truncated file gives what can be read. What lies past the end (`start` beyond it) gives no window.

    Raises:
        InputError: `bad_media` when it is no sound or video that can be read, `no_audio` when there is no sound in it.
        SourceError: `too_long` when there are more than `longest` seconds, counted in decoded samples.
    """
    _must_be_file(path)
    size = round(seconds * RATE) * 2
    child = _start(path, start, longest)
    assert child.stdout
    assert child.stderr
    at = start
    try:
        patience = PATIENCE + start / SLOWEST  # until the first sample, all before it may have to be decoded
        while block := _read(child.stdout, size, patience, idle):
            patience = PATIENCE
            window = Window(at, _floats(block))
            at = window.end
            yield window
        _judge(path, child.stderr.read(), child.wait(PATIENCE), given=at - start)
    finally:
        child.kill()
        child.wait()
        child.stdout.close()
        child.stderr.close()


def _must_be_file(path: Path) -> None:
    """A pipe or device would block or never end."""
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise cause("bad_media", f"It cannot be opened: {error.strerror}.") from error
    if not stat.S_ISREG(mode):
        raise cause("bad_media", "It is not a file.")


def _start(path: Path, start: float, longest: float) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-P", "-s", "-m", "pipeline.speech.decode_child", str(path.absolute()), str(start), str(longest)]
    environment = {"PYTHONPATH": str(Path(pipeline.__file__).resolve().parent.parent), "LANG": "C.UTF-8"}  # nothing is inherited
    return subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, cwd="/", bufsize=0
    )


def _read(pipe: IO[bytes], size: int, patience: float, idle: Callable[[], None] | None) -> bytearray:
    """Up to `size` bytes, fewer only at the end."""
    block = bytearray()
    poller = select.poll()  # unlike select.select, whatever the number of the descriptor
    poller.register(pipe, select.POLLIN)
    while len(block) < size:
        waited = 0.0
        while not poller.poll(TICK * 1000):
            waited += TICK
            if waited > patience:
                raise cause("bad_media", "Decoding it came to a standstill.")
            if idle:
                idle()
        piece = os.read(pipe.fileno(), size - len(block))
        if not piece:
            break
        block += piece
    return block


def _floats(block: bytearray) -> "np.ndarray":
    import numpy as np

    whole = memoryview(block)[: len(block) // 2 * 2]
    return np.frombuffer(whole, dtype="<i2").astype(np.float32) / 32768.0


def _judge(path: Path, message: bytes, status: int, *, given: float) -> None:
    """Raise what the child's last words mean; a child that died has no last words."""
    last = message.decode(errors="replace").strip().splitlines()[-1:]
    if status != 0 or not last or not last[0].startswith("{"):
        log.warning("decoder died", path=path.name, status=status, seconds=given, words=last)
        raise cause("bad_media", "Reading it ended the decoder.")
    words = json.loads(last[0])
    if words["outcome"] == "ok":
        if words["skipped"]:
            log.warning("damaged packets skipped", path=path.name, packets=words["skipped"])
        return
    row = CODES[words["outcome"]]
    raise row.kind(words["outcome"], words["detail"], retryable=row.retryable, retry_after=row.retry_after)
