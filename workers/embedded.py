"""PostgreSQL and Valkey of a data folder without the rest: for tests, and for commands that need the library while `nutshell up` is not running."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from pipeline.config import Settings
from workers import servers


class EmbeddedServers:
    """The two servers as children of this process, from `start` to `stop`; on unix sockets in `settings.socket_dir`, so nothing collides with anything.

    One at a time per data folder: the caller holds `workers.instance.Instance` where somebody else could start them too.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._children: dict[str, subprocess.Popen[bytes]] = {}

    def start(self) -> Self:
        servers.prepare_database(self.settings)
        self.start_postgres()
        self.start_valkey()
        return self

    def start_postgres(self) -> None:
        child = self._spawn("postgres", servers.postgres_command(self.settings), **servers.as_database_user())
        servers.wait_for_postgres(self.settings, alive=lambda: child.poll() is None)

    def start_valkey(self) -> None:
        child = self._spawn("valkey", servers.valkey_command(self.settings))
        servers.wait_for_valkey(self.settings, alive=lambda: child.poll() is None)

    def _spawn(self, name: str, command: list[str], **rights: object) -> subprocess.Popen[bytes]:
        with (self.settings.logs_dir / f"{name}.log").open("ab") as log:
            child = subprocess.Popen(command, cwd="/", stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, **rights)  # type: ignore[call-overload]
        self._children[name] = child
        return child  # type: ignore[no-any-return]

    def stop(self) -> None:
        """Stop both; PostgreSQL by fast shutdown, which ends open connections and writes everything."""
        for name in ("valkey", "postgres"):
            self.stop_one(name, signal.SIGINT if name == "postgres" else signal.SIGTERM)

    def stop_one(self, name: str, how: signal.Signals) -> None:
        """Stop or, with SIGKILL, crash one server: tests of recovery need that."""
        child = self._children.pop(name, None)
        if child is None:
            return
        child.send_signal(how)
        try:
            child.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()

    def pid(self, name: str) -> int:
        return self._children[name].pid

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


@contextmanager
def embedded(home: Path) -> Iterator[tuple[str, str]]:
    """Both servers on the data folder `home`, the database migrated; gives (database_url, broker_url)."""
    settings = Settings(home=home)
    with EmbeddedServers(settings):
        servers.migrate(settings)
        yield settings.embedded_database_url, settings.embedded_broker_url
