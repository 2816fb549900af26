"""`nutshell doctor`: what is there, what is missing, and what to do about it. Nothing here changes anything; the output is safe to paste (no secrets)."""

import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from pipeline.config import Settings
from pipeline.language.profiles import choose_llm
from pipeline.speech.models import choose as choose_speech
from workers.prepare import missing_models

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
    path = shutil.which("deno", path=str(Path(sys.executable).parent))
    if path:
        return Finding(True, f"JavaScript runtime {path}")
    return Finding(False, "no JavaScript runtime: many YouTube videos have no sound without one", "Run `make run`, which installs deno.")


def _models(settings: Settings) -> Iterator[Finding]:
    missing = missing_models(settings)
    for name in missing:
        yield Finding(False, f"model missing: {name}", "Run `nutshell models prepare`.")
    if not missing and not settings.llm_url:
        choice = choose_llm(settings)
        yield Finding(True, f"language model {choice.path.name}: {choice.reason}")
    if not missing:
        speech = choose_speech(settings)
        yield Finding(True, f"speech model whisper-{speech.name}: {speech.reason}")


def _running(settings: Settings) -> Iterator[Finding]:
    with socket.socket() as probe:
        probe.settimeout(1.0)
        answering = probe.connect_ex((settings.host, settings.port)) == 0
    yield Finding(True, f"the page {'answers' if answering else 'is not up'} at http://{settings.host}:{settings.port}")
