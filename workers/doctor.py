"""`nutshell doctor`: what is there, what is missing, and what to do about it. Nothing here changes anything; the output is safe to paste (no secrets)."""

import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from pipeline.config import Settings

ROOM = 2 * 1024**3
"""Bytes of free disk below which a download or a database may fail."""


@dataclass(frozen=True, slots=True)
class Finding:
    good: bool
    what: str
    advice: str = ""


def examine(settings: Settings, say: Callable[[str], None]) -> int:
    """Prints a line per finding; 0 when all is well, else 4."""
    findings = list(_findings(settings))
    for finding in findings:
        say(f"{'ok  ' if finding.good else 'BAD '} {finding.what}" + (f"\n     {finding.advice}" if finding.advice else ""))
    return 0 if all(finding.good for finding in findings) else 4


def _findings(settings: Settings) -> Iterator[Finding]:
    yield Finding(True, f"Python {sys.version.split()[0]}, data folder {settings.home}")
    yield _disk(settings)
    yield _yt_dlp()
    yield _javascript()
    yield from _models(settings)
    yield from _running(settings)


def _disk(settings: Settings) -> Finding:
    folder = next(path for path in (settings.home, *settings.home.parents) if path.exists())
    free = shutil.disk_usage(folder).free
    return Finding(free >= ROOM, f"{free / 1024**3:.1f} GB free", "" if free >= ROOM else f"Free at least {ROOM / 1024**3:.0f} GB.")


def _yt_dlp() -> Finding:
    try:
        return Finding(True, f"yt-dlp {version('yt-dlp')}, challenge solver {version('yt-dlp-ejs')}")
    except PackageNotFoundError:
        return Finding(False, "yt-dlp is not installed", "Run `make run` to install what is missing.")


def _javascript() -> Finding:
    from pipeline.source.sandbox import deno

    path = deno()
    if path:
        return Finding(True, f"JavaScript runtime {path}")
    return Finding(False, "no JavaScript runtime: many YouTube videos have no sound without one", "Run `make run`, which installs deno.")


def _models(settings: Settings) -> Iterator[Finding]:
    from pipeline.language.models import models_ready as language_missing
    from pipeline.language.profiles import choose
    from pipeline.speech.models import models_ready as speech_missing

    missing = [*language_missing(settings), *speech_missing(settings)]
    for name in missing:
        yield Finding(False, f"model missing: {name}", "Run `nutshell models prepare`.")
    if not missing:
        choice = choose(settings)
        yield Finding(True, f"models: profile {choice.profile}, {choice.reason}")


def _running(settings: Settings) -> Iterator[Finding]:
    with socket.socket() as probe:
        probe.settimeout(1.0)
        answering = probe.connect_ex((settings.host, settings.port)) == 0
    yield Finding(True, f"the page {'answers' if answering else 'is not up'} at http://{settings.host}:{settings.port}")
