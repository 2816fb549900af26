"""Worker processes as supervisor runs them: each is started again half a second after it died."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

from pipeline.config import PREFIX, Settings
from pipeline.jobs import Queue

ROOT = Path(__file__).parents[3]
AGAIN_SECONDS = 0.5


class Worker:
    """One process and those that follow it under its name."""

    def __init__(self, settings: Settings, queue: Queue, name: str, *, hasty: bool = False) -> None:
        self.name = f"{name}@test"
        self.exits: list[int] = []
        command = [
            "celery",
            "--app",
            "tests.integration.jobs.plain_worker",
            "worker",
            "--queues",
            queue.value,
            "--pool",
            "solo",
            "--concurrency",
            "1",
        ]
        command += ["--hostname", self.name, "--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "WARNING"]
        self._command = [sys.executable, "-m", *command]
        self._environment = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
        self._environment |= {"NUTSHELL_HOME": str(settings.home), "PLAIN_HASTY": "1" if hasty else ""}
        self._log = settings.logs_dir / f"{name}.log"
        self._lock = threading.Lock()
        self._wanted = True
        self._start()
        self._keeper = threading.Thread(target=self._keep, daemon=True)
        self._keeper.start()

    def _start(self) -> None:
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                self._command, cwd=ROOT, env=self._environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def _keep(self) -> None:
        while self._wanted:
            code = self.process.wait()
            self.exits.append(code)
            time.sleep(AGAIN_SECONDS)
            with self._lock:
                if self._wanted:
                    self._start()

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def log(self) -> str:
        return self._log.read_text()

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def stop(self) -> None:
        with self._lock:
            self._wanted = False
            self.process.kill()
        self._keeper.join(10)


class Fleet:
    """Workers that are stopped at the end."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.workers: dict[str, Worker] = {}

    def start(self, queue: Queue, name: str, *, hasty: bool = False) -> Worker:
        self.workers[name] = Worker(self.settings, queue, name, hasty=hasty)
        return self.workers[name]

    def stop(self, name: str) -> None:
        self.workers.pop(name).stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for name in list(self.workers):
            self.stop(name)


def eventually(look: Callable[[], object], what: str, *, seconds: float = 180.0) -> None:
    """Until `look` says yes. The limit is for what never comes, not a measure of speed."""
    end = time.monotonic() + seconds
    while not look():
        if time.monotonic() > end:
            raise AssertionError(f"never: {what}")
        time.sleep(0.05)
