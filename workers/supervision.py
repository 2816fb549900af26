"""supervisord for one data folder: its configuration from the list of programs, its start, and its remote calls.

supervisord respawns what dies (within a second, then with growing pauses) and keeps the logs small. It knows no secrets: those are in the environment.
"""

import os
import shlex
import subprocess
import sys
import time
import xmlrpc.client
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pipeline.config import Settings
from pipeline.errors import ModelError
from workers import servers
from workers.processes import ROOT, Program, environment

RUNNING = "RUNNING"
STOPPED = frozenset({"STOPPED", "EXITED", "FATAL", "UNKNOWN"})
TRIES = 8
"""Starts that fail at once before supervisor gives up, with pauses of 1, 2, 3 … seconds between them."""


def _section(title: str, **values: object) -> str:
    # supervisor expands %(name)s everywhere
    return f"[{title}]\n" + "".join(f"{key}={str(value).replace('%', '%%')}\n" for key, value in values.items()) + "\n"


def configuration(settings: Settings, programs: Iterable[Program]) -> str:
    """The text of supervisord.conf. Only the servers start by themselves: the rest needs a migrated database."""
    who = {"user": "root"} if os.geteuid() == 0 else {}
    parts = [
        _section("unix_http_server", file=_socket(settings), chmod="0700"),
        _section(
            "supervisord", nodaemon="true", logfile=settings.logs_dir / "supervisord.log", logfile_maxbytes="5MB", logfile_backups=2, loglevel="info",
            pidfile=pid_file(settings), childlogdir=settings.logs_dir, identifier="nutshell", umask="077", **who,
        ),
        "[rpcinterface:supervisor]\nsupervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface\n\n",
    ]
    return "".join(parts) + "".join(_program(settings, program, order) for order, program in enumerate(programs))


def _program(settings: Settings, program: Program, order: int) -> str:
    is_database = program.name == "postgres"
    values: dict[str, object] = {
        "command": shlex.join((["nice", "-n", str(program.nice)] if program.nice else []) + program.command(settings)),
        "directory": "/" if is_database else ROOT,
        "priority": order + 1,
        "autostart": str(program.is_server).lower(),
        "autorestart": "true",
        "startsecs": 1,
        "startretries": TRIES,
        "stopsignal": program.stop_signal,
        "stopwaitsecs": program.stop_seconds,
        # PostgreSQL's and Valkey's own processes must hear the signal from their parent only: a fast shutdown is an orderly one.
        "stopasgroup": str(not program.is_server).lower(),
        "killasgroup": "true",
        "redirect_stderr": "true",
        "stdout_logfile": log_file(settings, program.name),
        "stdout_logfile_maxbytes": "5MB",
        "stdout_logfile_backups": 3,
    }
    if program.environment:
        values["environment"] = ",".join(f'{name}="{value}"' for name, value in program.environment.items())
    if is_database and (user := servers.database_user()):
        values["user"] = user
    return _section(f"program:{program.name}", **values)


def log_file(settings: Settings, program: str) -> Path:
    return settings.logs_dir / f"{program}.log"


def pid_file(settings: Settings) -> Path:
    return settings.run_dir / "supervisord.pid"


def _socket(settings: Settings) -> Path:
    return settings.socket_dir / "supervisor.sock"


class Supervisor:
    """A running supervisord, child of this process but in a session of its own: Ctrl-C reaches `up` only, which then stops things in order."""

    def __init__(self, settings: Settings, programs: tuple[Program, ...]) -> None:
        self.settings = settings
        self.programs = programs
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and the servers. Raises: ModelError `server_start` when supervisord ends at once."""
        conf = self.settings.run_dir / "supervisord.conf"
        conf.write_text(configuration(self.settings, self.programs))
        command = [sys.executable, "-m", "supervisor.supervisord", "--nodaemon", "--configuration", str(conf)]
        with (self.settings.logs_dir / "supervisord.out").open("wb") as out:
            self._process = subprocess.Popen(
                command, cwd=ROOT, env=environment(self.settings), stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
            )
        deadline = time.monotonic() + 20
        while not self._answers():
            if not self.is_alive() or time.monotonic() > deadline:
                raise ModelError("server_start", f"The supervisor does not start. See {out.name} for the cause.")
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            return bool(self._call("getState")["statename"] == RUNNING)
        except OSError:
            return False

    def _call(self, method: str, *arguments: object) -> Any:
        from supervisor.xmlrpc import SupervisorTransport

        transport = SupervisorTransport(None, None, serverurl=f"unix://{_socket(self.settings)}")
        with xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport) as proxy:
            return getattr(proxy.supervisor, method)(*arguments)

    def is_alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        if self._process is None:
            raise RuntimeError("not started")
        return self._process.pid

    def states(self) -> dict[str, str]:
        """State of each program in supervisor's words; empty when supervisord does not answer."""
        try:
            return {info["name"]: info["statename"] for info in self._call("getAllProcessInfo")}
        except (OSError, xmlrpc.client.Error):
            return {}

    def start_program(self, name: str) -> None:
        """Start without waiting; starting what runs is no error."""
        try:
            self._call("startProcess", name, False)
        except xmlrpc.client.Fault as fault:
            if "ALREADY_STARTED" not in fault.faultString:
                raise ModelError("server_start", f"{name} cannot be started ({fault.faultString}). See {log_file(self.settings, name)}.") from fault

    def stop(self) -> None:
        """Everything: first all that uses the servers, together; then the servers; then supervisord itself.

        Program by program through its calls: left to itself, supervisord takes one after the other and a second for each.
        """
        for servers_turn in (False, True):
            group = [program for program in self.programs if program.is_server is servers_turn]
            names = {program.name for program in group}
            self._ask_to_stop(names)
            self._wait_stopped(names, max((program.stop_seconds for program in group), default=0) + 2.0)
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _ask_to_stop(self, names: set[str]) -> None:
        for name in names & {name for name, state in self.states().items() if state not in STOPPED}:
            try:
                self._call("stopProcess", name, False)
            except (OSError, xmlrpc.client.Error):
                continue  # it ended by itself, or supervisord did

    def _wait_stopped(self, names: set[str], seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and any(state not in STOPPED for name, state in self.states().items() if name in names):
            time.sleep(0.1)
