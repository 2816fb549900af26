"""`nutshell up` as a person meets it: first start, second start, Ctrl-C, a crash of everything, and each way in which it refuses with the way out.

The tests of one folder run in the order in which they stand: each takes the data folder as the one before has left it.
"""

import contextlib
import json
import os
import queue
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from pipeline.config import Settings
from pipeline.errors import InputError, ModelError
from workers.instance import _marked, is_running
from workers.processes import PROGRAMS
from workers.servers import POSTGRES_MAJOR
from workers.up import up

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.timeout(900)
PATIENCE = 250.0
"""Seconds for any one thing to happen on a machine that is busy with other tests."""


class Nutshell:
    """A running `nutshell up`, its words and its processes."""

    def __init__(self, home: Path, *arguments: str, **environment: str) -> None:
        env = {**os.environ, "NUTSHELL_HOME": str(home), **environment}
        self.settings = Settings(home=home)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "workers.cli", "up", *arguments], cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
        )
        self.said: list[str] = []
        self._lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line.rstrip())

    def wait_ready(self) -> str:
        """The address of the page."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and self.process.poll() is None:
            with contextlib.suppress(queue.Empty):
                self.said.append(line := self._lines.get(timeout=1.0))
                if line.startswith("Nutshell is ready: "):
                    return line.removeprefix("Nutshell is ready: ")
        raise AssertionError("\n".join([*self.said, *self.logs()]))

    def logs(self) -> list[str]:
        return [f"--- {path.name}\n{path.read_text()[-1500:]}" for path in sorted(self.settings.logs_dir.glob("*")) if path.is_file()]

    def stop(self, how: signal.Signals) -> int:
        self.process.send_signal(how)
        return self.process.wait(PATIENCE)

    def family(self) -> list[psutil.Process]:
        """All processes that were started for this folder, PostgreSQL's included."""
        return psutil.Process(self.process.pid).children(recursive=True)


def get(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def eventually(holds: object) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():  # type: ignore[operator]
        assert time.monotonic() < deadline, "it never came to pass"
        time.sleep(0.1)


def is_ready(page: str) -> bool:
    try:
        return get(f"{page}/readyz")[0] == 200
    except OSError:
        return False


def commanded(process: psutil.Process) -> str:
    """Its command line; empty when it has just ended."""
    try:
        return " ".join(process.cmdline())
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return ""


def missing(nutshell: Nutshell) -> list[str]:
    """What should run and does not."""
    running = [commanded(process) for process in nutshell.family()]
    wanted = (
        "web.app", "workers.lm", "workers.embed", "queues fetch", "queues speech", "queues text", "queues bulk", "workers.beat", "workers.reaper", "valkey-server",
        "postgres",
    )  # fmt: skip
    return [name for name in wanted if not any(name in one for one in running)]


@pytest.fixture(scope="module", name="home")
def _home() -> Iterator[Path]:
    """A data folder that is not there yet. Short, and outside pytest's own folder: see tests/conftest.py."""
    with tempfile.TemporaryDirectory(prefix="nutshell-up-") as folder:
        yield Path(folder) / "data"


@pytest.fixture(name="started")
def _started(home: Path) -> Iterator[list[Nutshell]]:
    """Put in what you start: whatever is still running at the end of the test is ended, hard if need be."""
    running: list[Nutshell] = []
    yield running
    for one in running:
        if one.process.poll() is None:
            one.process.terminate()
            one.process.wait(PATIENCE)
    for left in _marked(Settings(home=home)):
        left.kill()


def test_first_start_makes_everything_and_serves_the_page(home: Path, started: list[Nutshell]) -> None:
    started.append(nutshell := Nutshell(home, "--port", "0"))
    page = nutshell.wait_ready()
    with psycopg.connect(f"host={nutshell.settings.postgres_socket_dir} user=postgres dbname=postgres") as connection:
        connection.execute("CREATE TABLE kept AS SELECT 41 AS n")
    eventually(lambda: not missing(nutshell))  # a process that has just been forked is still called supervisord

    assert get(f"{page}/")[0] == 200
    assert json.loads(get(f"{page}/readyz")[1])["status"] == "ready"
    assert any("library" in line for line in nutshell.said)
    assert any("model" in line for line in nutshell.said)


def test_second_start_finds_everything_and_ctrl_c_leaves_nothing(home: Path, started: list[Nutshell]) -> None:
    started.append(nutshell := Nutshell(home, "--port", "0"))
    nutshell.wait_ready()
    with psycopg.connect(f"host={nutshell.settings.postgres_socket_dir} user=postgres dbname=postgres") as connection:
        kept = connection.execute("SELECT n FROM kept").fetchone()
    family = nutshell.family()
    assert is_running(nutshell.settings)

    status = nutshell.stop(signal.SIGINT)

    assert kept == (41,)
    assert nutshell.said[0].startswith("Nutshell is ready"), "nothing was made anew"
    assert status == 0
    assert len(family) >= len(PROGRAMS)
    assert [process for process in family if process.is_running() and process.status() != psutil.STATUS_ZOMBIE] == []
    assert not nutshell.settings.valkey_socket.exists()
    assert not (nutshell.settings.postgres_dir / "postmaster.pid").exists()
    assert not is_running(nutshell.settings)


def test_a_killed_up_and_a_killed_supervisor_are_recovered_from(home: Path, started: list[Nutshell]) -> None:
    started.append(first := Nutshell(home, "--port", "0"))
    page = first.wait_ready()
    orphans = first.family()
    first.stop(signal.SIGKILL)
    assert is_ready(page), "the page goes on without `up`"

    started.append(second := Nutshell(home, "--port", page.rpartition(":")[2]))
    assert second.wait_ready() == page
    assert second.said[0].startswith("Stopped ")
    assert [process for process in orphans if process.is_running() and process.status() != psutil.STATUS_ZOMBIE] == []

    supervisor = next(process for process in second.family() if "supervisor.supervisord" in commanded(process))
    supervisor.kill()
    supervisor.wait(PATIENCE)
    assert second.wait_ready() == page

    web = next(process for process in second.family() if "web.app" in commanded(process))
    web.kill()
    eventually(lambda: is_ready(page))

    third = Nutshell(home, "--port", "0")
    assert third.process.wait(PATIENCE) == 4
    eventually(lambda: not third._lines.empty())
    assert f"already runs on {home}: {page}" in str(third._lines.get())
    assert second.stop(signal.SIGTERM) == 0


def refusal(settings: Settings, **arguments: int) -> InputError | ModelError:
    with pytest.raises((InputError, ModelError)) as caught:
        up(settings, say=pytest.fail, **arguments)  # type: ignore[arg-type]
    return caught.value


def test_a_taken_port_is_named_with_a_free_one(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        error = refusal(Settings(home=tmp_path / "data", port=port))

    assert (error.code, error.exit_status) == ("port_taken", 4)
    assert f"Port {port} is taken" in str(error)
    assert "nutshell up --port " in str(error)


def test_a_full_disk_is_named_with_the_amount(tmp_path: Path) -> None:
    error = refusal(Settings(home=tmp_path / "not" / "there"), least_free=shutil.disk_usage(tmp_path).total * 2)

    assert (error.code, error.exit_status) == ("storage", 4)
    assert "GB are needed" in str(error)
    assert not (tmp_path / "not").exists()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    error = refusal(Settings(home=tmp_path / "file" / "data"))

    assert (error.code, error.exit_status) == ("storage", 4)
    assert str(tmp_path / "file" / "data") in str(error)
    assert "NUTSHELL_HOME" in str(error)


def test_a_socket_folder_that_is_open_to_others_is_refused(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / ("deep" * 25))
    settings.socket_dir.mkdir()
    settings.socket_dir.chmod(0o777)
    try:
        error = refusal(settings)
    finally:
        settings.socket_dir.rmdir()

    assert str(settings.socket_dir) in str(error)


def test_an_open_address_needs_a_password(tmp_path: Path) -> None:
    error = refusal(Settings(home=tmp_path / "data", host="0.0.0.0"))

    assert (error.code, error.exit_status) == ("bad_setting", 2)
    assert "NUTSHELL_PASSWORD" in str(error)
    assert not (tmp_path / "data").exists()


def test_an_address_of_another_machine_is_refused(tmp_path: Path) -> None:
    error = refusal(Settings(home=tmp_path / "data", host="203.0.113.7", password="x" * 12))  # type: ignore[arg-type]

    assert (error.code, error.exit_status) == ("bad_setting", 2)


def test_a_library_of_another_version_is_refused_by_the_command_in_one_line(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "postgres"
    folder.mkdir(parents=True)
    (folder / "PG_VERSION").write_text("11")

    done = subprocess.run([sys.executable, "-m", "workers.cli", "up", "--port", "0"], cwd=ROOT, env={**os.environ, "NUTSHELL_HOME": str(tmp_path / "data")}, capture_output=True, text=True)

    assert done.returncode == 4
    assert done.stderr.count("\n") == 1
    assert f"made by PostgreSQL 11, this Nutshell brings {POSTGRES_MAJOR}" in done.stderr
