"""Starts the model processes as `up` does, for tests."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2

from pipeline.config import PREFIX, Settings

ROOT = Path(__file__).parents[3]
PATIENCE = 120.0


@contextmanager
def running(
    module: str, settings: Settings, *, socket: Path | None, base: str = "http://nutshell", healthy: bool = True, **environment: str
) -> Iterator[subprocess.Popen[bytes]]:
    """`python -m module` until the block ends, entered once it is healthy, or at once."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    own = {f"{PREFIX}{name.upper()}": value for name, value in environment.items()}
    log = settings.home / f"{module}.log"
    settings.home.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", module], cwd=ROOT, env=inherited | {f"{PREFIX}HOME": str(settings.home)} | own, stdout=out, stderr=out
        )
    try:
        if healthy:
            wait_until_healthy(process, socket, base, log)
        yield process
    finally:
        process.terminate()
        process.wait(timeout=20)


def wait_until_healthy(process: "subprocess.Popen[bytes]", socket: Path | None, base: str, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    transport = httpx2.HTTPTransport(uds=str(socket)) if socket else None
    with httpx2.Client(transport=transport, base_url=base, timeout=PATIENCE, trust_env=False) as client:
        while time.monotonic() < deadline:
            assert process.poll() is None, log.read_text()
            try:
                if client.get("/healthz").is_success:
                    return
            except httpx2.TransportError:
                pass
            time.sleep(0.1)
    raise AssertionError(log.read_text())


def children(pid: int) -> list[int]:
    """Processes that this one started."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
