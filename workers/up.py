"""`nutshell up`: everything on this machine, from the checks to "ready", until Ctrl-C.

Every step may be repeated and repairs what an interrupted run left, so starting again is always the way out.
"""

import signal
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from types import FrameType

import click

from pipeline import logs
from pipeline.config import Settings
from pipeline.errors import ModelError
from pipeline.store import jobs
from pipeline.store.database import Database, database_url
from workers import servers
from workers.instance import Instance, clear_leftovers
from workers.prepare import prepare_models
from workers.processes import FIRST, address, programs
from workers.setup_checks import LEAST_FREE, check_disk, check_host, pick_port
from workers.supervision import RUNNING, Supervisor, log_file

Say = Callable[[str], None]
READY_SECONDS = 180.0
"""A first start on a slow disk reads a gigabyte of models."""
RETRY_SECONDS = 60.0
"""Pause before a program that supervisor gave up is tried again."""


def up(settings: Settings, *, say: Say = click.echo, least_free: int = LEAST_FREE) -> int:
    """Run Nutshell until SIGINT, SIGTERM or SIGHUP; 0 after an orderly stop.

    Args:
        least_free: bytes that must be free on the disk.

    Raises:
        InputError: `bad_setting`.
        ModelError: `storage`, `already_running`, `port_taken`, `database_setup`, `database_version`, `server_start`, or what preparing the models raises.
    """
    logs.configure(settings.log_level)
    check_host(settings)
    check_disk(settings.home, least_free)
    servers.prepare_folders(settings)
    with Instance(settings) as instance:
        if left := clear_leftovers(settings):
            say(f"Stopped {left} processes that an earlier run had left.")
        settings = settings.model_copy(update={"port": pick_port(settings)})
        instance.announce(page(settings))
        prepare(settings, say)
        stop = _stop_on_signal()  # not earlier: whatever is being made may simply be interrupted
        while not stop.is_set():
            _run(settings, say, stop)
    return 0


def page(settings: Settings) -> str:
    """The address to open in a browser on this machine."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(settings.host, settings.host)
    return f"http://{address(host, settings.port)}"


def prepare(settings: Settings, say: Say) -> None:
    """What is made once: the database folder and the built-in models. Costs nothing when it is there."""
    if not (settings.postgres_dir / "PG_VERSION").exists() and not settings.database_url:
        say("Setting up the library …")
    if not settings.database_url:
        servers.prepare_database(settings)
    prepare_models(settings, say)


def _stop_on_signal() -> threading.Event:
    stop = threading.Event()

    def on_signal(_: int, __: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, on_signal)
    return stop


def _run(settings: Settings, say: Say, stop: threading.Event) -> None:
    """One life of the supervisor. Returns when `stop` is set, or when supervisord died after all had been well: then it should be started again."""
    supervisor = Supervisor(settings, programs(settings))
    try:
        supervisor.start()
        start_servers(supervisor, settings, stop)
        start(supervisor, stop, can_wait=False)
        missing = wait_ready(supervisor, settings, stop)
        start(supervisor, stop, can_wait=True)
        if not stop.is_set():
            say(f"Nutshell is ready: {page(settings)}{f' (without {missing})' if missing else ''}")
            watch(supervisor, say, stop)
        if not stop.is_set():
            say("The supervisor was killed; starting again …")
    finally:
        if stop.is_set():
            say("Stopping …")
        supervisor.stop()
        clear_leftovers(settings)


def start_servers(supervisor: Supervisor, settings: Settings, stop: threading.Event) -> None:
    """They are starting already. Returns when they answer and the database is migrated, or when `stop` is set."""

    def alive() -> bool:
        return supervisor.is_alive() and not stop.is_set()

    try:
        if not settings.database_url:
            servers.wait_for_postgres(settings, alive=alive)
        if not settings.broker_url:
            servers.wait_for_valkey(settings, alive=alive)
        servers.migrate(settings)
    except ModelError:
        if not stop.is_set():
            raise


def start(supervisor: Supervisor, stop: threading.Event, *, can_wait: bool) -> None:
    for program in supervisor.programs:
        if not program.is_server and program.can_wait is can_wait and not stop.is_set():
            supervisor.start_program(program.name)


def wait_ready(supervisor: Supervisor, settings: Settings, stop: threading.Event) -> str:
    """Until /readyz says yes and the workers that a link needs first are there. Names what is missing when the page is there and something behind it is not: then a
    part of Nutshell works, and says what does not.

    Raises:
        ModelError: `server_start`, when the web server gives up, or supervisord, or the time is over.
    """
    began = time.monotonic()
    deadline = began + READY_SECONDS
    while not stop.wait(0.1):
        if answers(f"{page(settings)}/readyz") and workers_since(settings, began):
            return ""
        given_up = [name for name, state in supervisor.states().items() if state == "FATAL"]
        is_late = time.monotonic() > deadline
        if not supervisor.is_alive() or "web" in given_up or (is_late and not answers(f"{page(settings)}/healthz")):
            raise ModelError("server_start", f"The page does not come up. See {log_file(settings, 'web')} for the cause.")
        if given_up or is_late:
            return " and ".join(given_up) or "the language model, which is still loading"
    return ""


def workers_since(settings: Settings, began: float) -> bool:
    """Whether a worker of each queue that is needed first has said since `began` (time.monotonic) that it lives."""
    db = Database(database_url(settings))
    try:
        with db.session() as s:
            seen = jobs.workers_seen(s, within=time.monotonic() - began)
    except ModelError:
        return False
    finally:
        db.dispose()
    return all(seen[queue] for queue in FIRST)


def answers(url: str) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # a proxy of the environment is not for loopback
    try:
        with opener.open(url, timeout=3) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False


def watch(supervisor: Supervisor, say: Say, stop: threading.Event) -> None:
    """Until `stop` or the death of supervisord: name programs that were given up, and try them again every minute."""
    given_up: dict[str, float] = {}
    while not stop.wait(1.0) and supervisor.is_alive():
        now = time.monotonic()
        for name, state in supervisor.states().items():
            if state == "FATAL" and name not in given_up:
                say(f"{name} does not start and is tried again every minute. See {log_file(supervisor.settings, name)} for the cause.")
                given_up[name] = now
            elif state == "FATAL" and now - given_up[name] > RETRY_SECONDS:
                given_up[name] = now
                supervisor.start_program(name)
            elif state == RUNNING:
                given_up.pop(name, None)
