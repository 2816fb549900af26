"""The child process for untrusted input: what it answers, what it may use, and that it always ends."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import Cancelled, InputError, ModelError, SourceError
from pipeline.source import sandbox
from pipeline.source.inside import Limits
from pipeline.types import Progress

CHILD = "tests.unit.source.sandbox_child"
LIMITS = Limits(seconds=30, cpu_seconds=20, file_bytes=1_000_000)
DEATHS = sandbox.Deaths(timeout="network", killed="internal")


def job(folder: Path, limits: Limits = LIMITS) -> sandbox.Job:
    return sandbox.Job(CHILD, folder, limits, DEATHS, "fetch")


def run(folder: Path, emit: Any = sandbox.quiet, limits: Limits = LIMITS, **request: Any) -> Any:
    return sandbox.run(job(folder, limits), request, emit)


def namespaces() -> bool:
    unshare = shutil.which("unshare")
    return unshare is not None and subprocess.run([unshare, "--user", "--net", "true"], capture_output=True, check=False).returncode == 0


def gone(pid: int) -> bool:
    """Whether a process ends within ten seconds (zombies that wait for init count as ended)."""
    for _ in range(200):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False


def test_the_answer_and_the_progress_come_through_and_printing_does_not(tmp_path: Path) -> None:
    seen: list[Progress] = []
    assert run(tmp_path, seen.append, do="echo", value="ü\n" * 100_000) == {"value": "ü\n" * 100_000, "cwd": str(tmp_path)}
    assert seen[-2:] == [Progress("fetch", 0.25, "a quarter"), Progress("fetch", 1.0, "done")]


@pytest.fixture(name="kept")
def _kept() -> Iterator[Callable[[], int]]:
    """A child is kept ready; what is given tells its process id."""
    sandbox.keep_ready(CHILD)
    yield lambda: sandbox._ready[CHILD].process.pid
    sandbox._end(sandbox._ready.pop(CHILD))


def test_a_child_that_is_ready_takes_the_next_job_and_another_waits(tmp_path: Path, kept: Callable[[], int]) -> None:
    for folder in (tmp_path / "one", tmp_path / "two"):
        folder.mkdir()
        ready = kept()
        found = run(folder, do="who")
        assert (found["pid"], found["cwd"], found["temporary"]) == (ready, str(folder), str(folder))
        assert gone(ready)
        assert kept() != ready


def test_a_child_that_died_while_it_was_ready_is_replaced(tmp_path: Path, kept: Callable[[], int]) -> None:
    dead = kept()
    os.kill(dead, signal.SIGKILL)
    assert gone(dead)
    assert run(tmp_path, do="who")["pid"] != dead


def test_nothing_of_the_environment_is_inherited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUTSHELL_PASSWORD", "secret")
    monkeypatch.setenv("HTTPS_PROXY", "http://10.0.0.1:1")
    monkeypatch.setenv("LD_PRELOAD_X", "x")
    found = run(tmp_path, do="environment")
    quiet = {"ORT_DISABLE_TELEMETRY", "YTDLP_NO_PLUGINS", "DENO_NO_UPDATE_CHECK"}
    assert set(found) - {"LC_CTYPE", "__CF_USER_TEXT_ENCODING"} == {"PATH", "PYTHONPATH", "LANG", "HOME", "TMPDIR"} | quiet
    assert found["HOME"] == found["TMPDIR"] == str(tmp_path)


@pytest.mark.parametrize(("code", "kind"), [("bad_media", InputError), ("private", SourceError), ("storage", ModelError)])
def test_an_error_comes_out_as_it_was_raised(tmp_path: Path, code: str, kind: type[Exception]) -> None:
    with pytest.raises(kind, match="A detail") as caught:
        run(tmp_path, do="refuse", code=code)
    assert caught.value.code == code  # type: ignore[attr-defined]


@pytest.mark.parametrize("how", ["crash", "abort"])
def test_a_child_that_breaks_is_an_error(tmp_path: Path, how: str) -> None:
    with pytest.raises(ModelError) as caught:
        run(tmp_path, do=how)
    assert caught.value.code == "internal"


@pytest.mark.parametrize("limit", [{"cpu_seconds": 1}, {"seconds": 1}])
def test_a_child_that_spins_is_ended(tmp_path: Path, limit: dict[str, float]) -> None:
    limits = Limits(**{"seconds": 60, "cpu_seconds": 60, "file_bytes": 1_000_000, **limit})  # type: ignore[arg-type]
    with pytest.raises((SourceError, ModelError)) as caught:
        run(tmp_path, limits=limits, do="spin")
    assert caught.value.code == ("network" if "seconds" in limit else "internal")


@pytest.mark.parametrize(
    ("request_", "fine"),
    [({"do": "eat", "bytes": 10**7}, 10**7), ({"do": "write", "bytes": 10**5}, 10**5), ({"do": "open", "files": 20}, 20)],
)
def test_limits_leave_room_for_the_work_and_no_more(tmp_path: Path, request_: dict[str, Any], fine: int) -> None:
    limits = Limits(seconds=30, cpu_seconds=20, file_bytes=10**6, open_files=64, memory_bytes=10**9)
    assert run(tmp_path, limits=limits, **request_) == fine
    with pytest.raises(ModelError):
        run(tmp_path, limits=limits, **{key: value if key == "do" else value * 200 for key, value in request_.items()})


@pytest.mark.skipif(not namespaces(), reason="this system gives no process a network of its own")
def test_a_child_without_network_reaches_nobody(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        with pytest.raises(ModelError):
            run(tmp_path, do="connect", port=server.getsockname()[1])
        server.settimeout(0.1)
        with pytest.raises(TimeoutError):
            server.accept()


def test_a_cancel_ends_the_child_and_its_children(tmp_path: Path) -> None:
    pids: list[int] = []

    def emit(progress: Progress) -> None:
        if progress.message:
            pids.extend(int(number) for number in progress.message.split())
            raise Cancelled

    with pytest.raises(Cancelled):
        run(tmp_path, emit, do="sleep")
    assert len(pids) == 2
    assert all(gone(pid) for pid in pids)


def test_a_silent_child_does_not_keep_a_cancel_waiting(tmp_path: Path) -> None:
    calls: list[Progress] = []

    def emit(progress: Progress) -> None:
        calls.append(progress)
        if len(calls) == 4:
            raise Cancelled

    with pytest.raises(Cancelled):
        run(tmp_path, emit, do="spin")


def test_the_child_and_the_one_that_waits_die_with_their_parent(tmp_path: Path) -> None:
    script = f"""
import sys
from pathlib import Path
from pipeline.source import sandbox
from pipeline.source.inside import Limits
job = sandbox.Job({CHILD!r}, Path({str(tmp_path)!r}), Limits(60, 60, 10**6), sandbox.Deaths("network", "internal"), "fetch")
def emit(progress):
    if progress.message:
        print(progress.message, sandbox._ready[{CHILD!r}].process.pid, flush=True)
sandbox.keep_ready({CHILD!r})
sandbox.run(job, {{"do": "sleep"}}, emit)
"""
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, cwd=Path(sandbox.__file__).parents[2])
    assert parent.stdout is not None
    pids = [int(number) for number in parent.stdout.readline().split()]
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    assert len(pids) == 3
    assert all(gone(pid) for pid in pids)
