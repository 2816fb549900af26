"""Every process of Nutshell and its command, once: `up` starts them, docker-compose.yml is tested against them."""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import SecretStr

from pipeline.config import PREFIX, Settings
from pipeline.jobs import Queue
from workers import servers

ROOT = Path(__file__).parent.parent
"""Where the packages web, workers and pipeline are."""
MARK = "PART_OF_NUTSHELL"
"""Environment variable of every process that was started for a data folder, with that folder as its value: what is left over after a crash is known by it."""
COMMON_ENVIRONMENT = {
    # Nothing leaves the machine: these libraries would look for updates, report their use or ask a hub. Must be set before the first import.
    "ORT_DISABLE_TELEMETRY": "1",
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DENO_NO_UPDATE_CHECK": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "PYTHONUNBUFFERED": "1",
}


def _always(_: Settings) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Program:
    """One process. On a cluster each is a service of its own."""

    name: str
    command: Callable[[Settings], list[str]]
    needed: Callable[[Settings], bool] = _always
    """False where a setting names a server to use instead."""
    is_server: bool = False
    """Started before the database is migrated, stopped after everything else."""
    can_wait: bool = False
    """Started when everything else is ready: on two cores everything at once takes twice as long for each."""
    stop_signal: str = "TERM"
    stop_seconds: int = 8
    """Then it is killed: a stage that was running is resumed by the next worker from what it has stored."""
    nice: int = 0
    """How much others go first when the cores are busy: people before what they have queued."""
    environment: dict[str, str] = field(default_factory=dict)
    """Besides COMMON_ENVIRONMENT."""


def _module(module: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", module, *arguments]


def address(host: str, port: int) -> str:
    """host:port, with the brackets that an IPv6 address needs."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def web_command(settings: Settings) -> list[str]:
    # Threads, not greenlets: 256 event streams cost 6 MB, and a long query stalls nobody. The control socket would be opened in the home folder.
    return _module(
        "gunicorn", "web.app:create_app()", "--bind", address(settings.host, settings.port), "--worker-class", "gthread", "--workers", "1", "--threads", "256",
        "--graceful-timeout", "3", "--timeout", "60", "--no-control-socket",
    )


def worker_command(queue: Queue) -> Callable[[Settings], list[str]]:
    """One process with one task at a time: see workers/celery_app.py for why."""

    def command(_: Settings) -> list[str]:
        return _module(
            "celery", "--app", "workers.celery_app", "worker", "--queues", queue.value, "--pool", "solo", "--concurrency", "1", "--hostname", f"{queue.value}@%h",
            "--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "WARNING",
        )

    return command


FIRST = (Queue.FETCH, Queue.GIST)
"""Queues whose workers a link needs before its first sentence is on the page: nothing is called ready without them."""
NICE = {Queue.BULK: 5, Queue.SPEECH: 10, Queue.TEXT: 5}

PROGRAMS: tuple[Program, ...] = (
    Program("postgres", servers.postgres_command, needed=lambda settings: not settings.database_url, is_server=True, stop_signal="INT", stop_seconds=20),
    Program("valkey", servers.valkey_command, needed=lambda settings: not settings.broker_url, is_server=True),
    Program("lm", lambda _: _module("workers.lm"), needed=lambda settings: not settings.llm_url, stop_seconds=5, nice=5),
    Program("embed", lambda _: _module("workers.embed"), stop_seconds=5),
    Program("web", web_command, stop_seconds=5, environment={"MALLOC_ARENA_MAX": "4"}),
    *(Program(f"worker-{queue.value}", worker_command(queue), can_wait=queue not in FIRST, nice=NICE.get(queue, 0)) for queue in Queue),
    Program("beat", lambda _: _module("celery", "--app", "workers.beat", "beat", "--loglevel", "WARNING"), can_wait=True, stop_seconds=5),
    Program("reaper", lambda _: _module("workers.reaper"), can_wait=True, stop_seconds=5),
    Program("watch", lambda _: _module("workers.watch"), needed=lambda settings: bool(settings.watch), can_wait=True, stop_seconds=5, nice=10),
)


def programs(settings: Settings) -> tuple[Program, ...]:
    """Those that this machine must run itself, in the order in which they are started."""
    return tuple(program for program in PROGRAMS if program.needed(settings))


def environment(settings: Settings) -> dict[str, str]:
    """The whole environment of the processes: ours, the quieting of libraries, and all settings that are not the default, wherever they came from."""
    wanted = {name: value for name in Settings.model_fields if (value := getattr(settings, name)) != Settings.model_fields[name].get_default(call_default_factory=True)}
    wanted |= {"home": settings.home, "port": settings.port}
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    ours = {PREFIX + name.upper(): value.get_secret_value() if isinstance(value, SecretStr) else str(value) for name, value in wanted.items()}
    return inherited | COMMON_ENVIRONMENT | ours | {MARK: str(settings.home)}
