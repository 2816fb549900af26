"""What is left of a model process that was killed must not harm the one that follows it."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.jobs.fleet import ROOT, eventually

SERVER = """
import sys, time
from pathlib import Path
from pipeline.config import Settings
from workers.model_server import ModelServer, model_app

def build():
    print("loading", flush=True)
    time.sleep(float(sys.argv[2]))
    print("loaded", flush=True)
    return model_app("model", settings)

settings = Settings(home=Path(sys.argv[1]))
ModelServer(build, settings, socket=settings.lm_socket, address="", threads=2).run()
"""


@pytest.fixture(name="home")
def _home() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="nutshell-") as home:
        yield Path(home)


def _start(home: Path, loading: float) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-c", SERVER, str(home), str(loading)], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


def _wait_for(server: "subprocess.Popen[bytes]", word: bytes) -> None:
    assert server.stdout is not None
    while word not in (line := server.stdout.readline()):
        assert line, "it ended"


def test_a_worker_whose_master_was_killed_while_it_loads_leaves_the_socket_of_the_next_alone(home: Path) -> None:
    killed = _start(home, 4.0)
    _wait_for(killed, b"loading")
    children = Path(f"/proc/{killed.pid}/task/{killed.pid}/children").read_text().split()
    killed.kill()
    killed.stdout.close()  # type: ignore[union-attr]  # as supervisor does; what the orphan writes from now on fails
    killed.wait()
    following = _start(home, 0.0)
    try:
        _wait_for(following, b"loaded")
        eventually(lambda: not any(Path(f"/proc/{child}").exists() for child in children), "the orphan ends")
        assert (home / "run" / "lm.sock").exists()
    finally:
        following.kill()
        following.wait()
