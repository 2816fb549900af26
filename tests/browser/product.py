"""The whole product as a person has it: `nutshell up` in a data folder of its own, against the stand-in YouTube."""

import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.standin import StandIn

ROOT = Path(__file__).parents[2]
PATIENCE = 240.0
"""Seconds for the first start, which prepares the models, on a machine that is busy with other things."""


@contextmanager
def product(standin: StandIn, home: Path | None = None, models: Path | None = None) -> Iterator[str]:
    """Runs Nutshell and gives the address of its page. Without `home` the data folder is temporary, and may borrow prepared `models`."""
    with tempfile.TemporaryDirectory(prefix="nutshell-") as folder:  # a short path: sockets lie in it
        data = home or Path(folder)
        if models and not home:
            (data / "models").symlink_to(models)
        settings = {"NUTSHELL_HOME": str(data), "NUTSHELL_PROXY": standin.proxy, "NUTSHELL_EXTRA_CA": str(standin.ca_file)}
        settings["NUTSHELL_VIDEOS_PER_HOUR"] = "0"  # the stand-in has no guests to count
        program = subprocess.Popen(
            [sys.executable, "-m", "workers.cli", "up", "--port", "0"], cwd=ROOT, env=os.environ | settings,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
        )  # fmt: skip
        try:
            yield _address(program, data)
        finally:
            program.send_signal(signal.SIGINT)
            try:
                program.wait(60)
            except subprocess.TimeoutExpired:
                program.kill()
                raise


def _address(program: "subprocess.Popen[str]", home: Path) -> str:
    lines: queue.Queue[str] = queue.Queue()

    def listen() -> None:
        assert program.stdout is not None
        for line in program.stdout:
            lines.put(line.rstrip())
        lines.put("")

    threading.Thread(target=listen, daemon=True).start()
    said = []
    deadline = time.monotonic() + PATIENCE
    while line := _next(lines, deadline):
        said.append(line)
        if line.startswith("Nutshell is ready: "):
            return line.removeprefix("Nutshell is ready: ")
    logs = [f"--- {path.name}\n{path.read_text()[-2000:]}" for path in sorted((home / "logs").glob("*"))]
    raise AssertionError("\n".join(["nutshell up did not come up:", *said, *logs]))


def _next(lines: "queue.Queue[str]", deadline: float) -> str:
    try:
        return lines.get(timeout=max(0.1, deadline - time.monotonic()))
    except queue.Empty:
        return ""
