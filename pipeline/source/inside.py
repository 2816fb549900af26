"""The child's side of sandbox.py: limits itself, runs a handler, answers. Imports little, since every start of a child waits for it."""

import ctypes
import json
import math
import os
import resource
import signal
import sys
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, Any

from pipeline.errors import NotYet, NutshellError

Json = Any
Report = Callable[[float, str], None]
"""What a handler calls with its fraction and a message."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What the child may use. None: not limited (deno reserves terabytes of addresses, so memory cannot be limited for yt-dlp)."""

    seconds: float
    """Wall clock, kept by the parent."""
    cpu_seconds: float
    file_bytes: int
    open_files: int = 256
    memory_bytes: int | None = None


class _Answers:
    """The pipe to the parent. There is one a process."""

    pipe: IO[bytes] | None = None


def note(event: str, **values: Json) -> None:
    """A line for the parent's log; outside of a child nothing is kept. Nothing secret: no links with signatures."""
    _answer(note=[event, values])


def part(value: Json) -> None:
    """A part of a result that comes in parts."""
    _answer(part=value)


def _answer(**fields: Json) -> None:
    if _Answers.pipe is not None:
        _Answers.pipe.write(json.dumps(fields).encode() + b"\n")
        _Answers.pipe.flush()


def serve(handler: Callable[[Json, Report], Json], *, offline: bool = False) -> None:
    """Reads the request, limits this process, runs the handler and answers. Errors of our tree go to the parent as they are.

    `offline`: also take the network away, where the system lets a process do that to itself.
    """
    _give_up_rights(offline=offline)
    _Answers.pipe = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not look like an answer
    message = json.loads(_read_line())
    threading.Thread(target=_die_with_parent, daemon=True).start()
    _move_to(message["folder"])
    _limit(Limits(**message["limits"]))
    try:
        result = handler(message["request"], lambda fraction, text: _answer(progress=[fraction, text]))
    except NutshellError as error:
        _answer(error=[error.code, str(error), *((error.begins, error.title) if isinstance(error, NotYet) else ())])
    else:
        _answer(result=result)


def _read_line() -> bytes:
    """Unbuffered, so that the lifeline thread holds no lock of sys.stdin when the interpreter ends."""
    line = b""
    while not line.endswith(b"\n"):
        data = os.read(0, 1 << 16)
        if not data:
            raise SystemExit("no request")
        line += data
    return line


def _die_with_parent() -> None:
    while os.read(0, 1):
        continue
    os.killpg(os.getpgrp(), signal.SIGKILL)


def _give_up_rights(*, offline: bool) -> None:
    """Before any thread starts, since a process with threads gets no namespace of its own. Refused inside some containers: the limits then hold alone."""
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None)
    libc.prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS: no set-uid program gives back what is given up here
    if offline:
        libc.unshare(0x10000000 | 0x40000000)  # CLONE_NEWUSER | CLONE_NEWNET


def _move_to(folder: str) -> None:
    """Everything that is written without a path of ours lands in the job's folder, here and in what this process starts."""
    os.chdir(folder)
    os.environ |= {"HOME": folder, "TMPDIR": folder}
    tempfile.tempdir = None  # a library may have asked for it before


def _limit(limits: Limits) -> None:
    cpu = math.ceil(limits.cpu_seconds)
    wanted = {
        resource.RLIMIT_CPU: cpu,
        resource.RLIMIT_FSIZE: limits.file_bytes,
        resource.RLIMIT_NOFILE: limits.open_files,
        resource.RLIMIT_CORE: 0,
    }
    if limits.memory_bytes is not None:
        wanted[resource.RLIMIT_AS] = limits.memory_bytes
    for kind, value in wanted.items():
        hard = resource.getrlimit(kind)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (value, value))
