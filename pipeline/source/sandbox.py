"""Work on untrusted input in a child process: clean environment, own folder and session, limits, a deadline, and a sure end.

This is the parent's side, inside.py the child's. The request is one line of JSON on the child's standard input: one request a child. It answers with lines of JSON on standard output:
`{"progress": [fraction, message]}`, `{"note": [event, values]}` (for the log) and `{"part": ...}` any number of times, then `{"result": ...}` or `{"error": [code, sentence]}`.
Standard input stays open as a lifeline: when the parent dies, however it dies, the child sees the end of it and ends itself with all that it started.
"""

import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

import structlog

import pipeline
from pipeline.errors import CODES, NotYet, NutshellError, cause
from pipeline.source.inside import Json, Limits
from pipeline.types import Emit, Progress

TICK = 0.25
"""Seconds between two calls of `emit` while the child says nothing, and so the longest that a cancel waits."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Deaths:
    """The codes of the ends that a child cannot report itself."""

    timeout: str
    killed: str


@dataclass(frozen=True, slots=True)
class Job:
    """One run of a child: its module, its folder, what it may use, and how its progress is called."""

    module: str
    workdir: Path
    limits: Limits
    deaths: Deaths
    stage: str
    message: str = ""
    """What is being done, until the child says more."""
    on_part: Callable[[Json], None] | None = None
    """Called with each part of a result that comes in parts. While it works the child waits, once the pipe is full."""
    packages: tuple[str, ...] = ()
    """Folders whose packages come before the installed ones."""


@dataclass(frozen=True, slots=True)
class _Child:
    """A process that reads, or has read, its one request."""

    process: subprocess.Popen[bytes]
    errors: IO[bytes]
    packages: tuple[str, ...]


_ready: dict[str, _Child] = {}
"""By module: started before there is work for it."""


def quiet(progress: Progress) -> None:
    """An `Emit` for work that nobody watches."""


def run(job: Job, request: Json, emit: Emit) -> Json:
    """The handler's result.

    Raises:
        NutshellError: what the child reported, or job.deaths; and whatever `emit` raises, after the child and its children have been killed.
    """
    child = _child_for(job, request)
    try:
        return _converse(job, child.process, emit)
    except NutshellError as error:
        if printed := _tail(child.errors):
            log.warning("source.child_failed", module=job.module, code=error.code, stderr=printed)
        raise
    finally:
        _end(child)


def keep_ready(module: str, packages: tuple[str, ...] = ()) -> None:
    """Starts a child before there is work for it, and another whenever it is taken: who pastes a link then does not wait for the import of yt-dlp."""
    _ready[module] = _start(module, packages)


def _child_for(job: Job, request: Json) -> _Child:
    ready = _ready.pop(job.module, None)
    fits = ready is not None and ready.process.poll() is None and ready.packages == job.packages
    child = ready if ready is not None and fits else _start(job.module, job.packages)
    _send(child.process, {"folder": str(job.workdir), "limits": asdict(job.limits), "request": request})
    if ready is not None:
        if not fits:  # dead, or of a yt-dlp that has been updated since
            _end(ready)
        keep_ready(job.module, job.packages)
    return child


def _start(module: str, packages: tuple[str, ...]) -> _Child:
    errors = tempfile.TemporaryFile()  # noqa: SIM115 - _end closes it
    process = subprocess.Popen(
        [sys.executable, "-P", "-s", "-m", module],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, cwd="/", env=_environment(packages), start_new_session=True,
    )  # fmt: skip
    return _Child(process, errors, packages)


def _converse(job: Job, process: subprocess.Popen[bytes], emit: Emit) -> Json:
    assert process.stdout is not None
    last = Progress(job.stage, 0.0, job.message)
    emit(last)
    for answer in _answers(process.stdout, job):
        if answer is None:
            emit(last)
        elif "progress" in answer:
            last = Progress(job.stage, float(answer["progress"][0]), str(answer["progress"][1]))
            emit(last)
        elif "note" in answer:
            log.info(answer["note"][0], **answer["note"][1])
        elif "part" in answer and job.on_part is not None:
            job.on_part(answer["part"])
        elif "error" in answer:
            raise _error(*answer["error"])
        else:
            return answer["result"]
    raise cause(job.deaths.killed)


def _send(process: subprocess.Popen[bytes], request: Json) -> None:
    assert process.stdin is not None
    try:
        process.stdin.write(json.dumps(request).encode() + b"\n")
        process.stdin.flush()
    except BrokenPipeError:  # it is dead already; reading its answer finds that out
        log.warning("source.child_gone")


def _answers(pipe: IO[bytes], job: Job) -> Iterator[dict[str, Json] | None]:
    """The child's lines as they come; None at every tick of silence; ends with the child's output."""
    deadline = time.monotonic() + job.limits.seconds
    waiting = b""
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        while True:
            if time.monotonic() > deadline:
                raise cause(job.deaths.timeout, f"It was given up after {job.limits.seconds:.0f} seconds.")
            if not selector.select(TICK):
                yield None
                continue
            data = os.read(pipe.fileno(), 1 << 20)
            if not data:
                return
            *lines, waiting = (waiting + data).split(b"\n") if b"\n" in data else (waiting + data,)
            for line in lines:
                yield json.loads(line)


def _error(code: str, sentence: str, begins: float | None = None, title: str = "") -> NutshellError:
    row = CODES[code]
    if row.kind is NotYet:
        return NotYet(code, sentence, begins=begins, title=title)
    return row.kind(code, sentence, retryable=row.retryable, retry_after=row.retry_after)


def _end(child: _Child) -> None:
    """Kills the whole session before the leader is reaped, while its number cannot be anyone else's."""
    process = child.process
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):  # macOS says the latter when only the dead leader is left
        process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout, child.errors):
        if pipe:
            try:
                pipe.close()
            except BrokenPipeError:
                continue


def _environment(packages: tuple[str, ...]) -> dict[str, str]:
    """Nothing is inherited: no proxies, keys, preloads or plugins of the operator's shell. The child adds its folder (inside.py)."""
    return {
        "PATH": str(Path(sys.executable).parent),  # where deno lies; no ffmpeg, which yt-dlp would use of itself
        "PYTHONPATH": os.pathsep.join((*packages, str(Path(pipeline.__file__).resolve().parent.parent))),
        "LANG": "C.UTF-8",
        "HOME": "/",
        "ORT_DISABLE_TELEMETRY": "1",
        "YTDLP_NO_PLUGINS": "1",
        "DENO_NO_UPDATE_CHECK": "1",
    }


def _tail(file: IO[bytes]) -> str:
    file.seek(0, os.SEEK_END)
    file.seek(max(0, file.tell() - 4000))
    return file.read().decode(errors="replace")
