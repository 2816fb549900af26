"""`nutshell doctor`: what is there, what is missing, and what to do about it. Nothing here changes anything; the output is safe to paste (no secrets).

Each check has a deadline, and what does not answer by then is itself a finding. YouTube's side is in doctor_youtube.py.
"""

import json
import shutil
import socket
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from queue import Empty, SimpleQueue

from pipeline.config import Settings
from pipeline.errors import NutshellError
from pipeline.language.profiles import choose_llm
from pipeline.speech.models import choose as choose_speech
from workers import doctor_youtube
from workers.finding import BAD, OK, WARN, Check, Finding
from workers.prepare import missing_models

ROOM = 2 * 1024**3
"""Bytes of free disk below which a download or a database may fail."""
PATIENCE = 60.0
"""Seconds for one check, the longest of which starts a child with yt-dlp."""


def examine(settings: Settings, say: Callable[[str], None], *, as_json: bool = False) -> int:
    """Prints what was found; 0 when nothing is bad, else 4. A warning is not bad."""
    findings = _told(CHECKS, settings, PATIENCE, (lambda _: None) if as_json else lambda finding: say(_line(finding)))
    if as_json:
        say(json.dumps({"good": not any(finding.state == BAD for finding in findings), "findings": [asdict(finding) for finding in findings]}, indent=1))
    return 4 if any(finding.state == BAD for finding in findings) else 0


def _line(finding: Finding) -> str:
    return f"{finding.state:<4} {finding.what}" + (f"\n     {finding.advice}" if finding.advice else "")


def _told(checks: Iterable[Check], settings: Settings, patience: float, tell: Callable[[Finding], None]) -> list[Finding]:
    """The findings, each told as it comes."""
    findings = []
    for check in checks:
        for finding in within(check, settings, patience):
            findings.append(finding)
            tell(finding)
    return findings


def within(check: Check, settings: Settings, patience: float) -> Iterator[Finding]:
    """What the check finds until it ends or its time is over. It runs in a thread, which nobody waits for when it hangs."""
    name = check.__name__.strip("_").replace("_", " ")
    found: SimpleQueue[Finding | None] = SimpleQueue()

    def look() -> None:
        try:
            for finding in check(settings):
                found.put(finding)
        except NutshellError as error:
            found.put(Finding(name, BAD, f"{name}: {error}"))
        except Exception as error:  # noqa: BLE001 - a check that breaks is a finding, and the others go on
            found.put(Finding(name, BAD, f"{name}: the check itself broke ({type(error).__name__}).", "Please report this."))
        found.put(None)

    threading.Thread(target=look, name=name, daemon=True).start()
    while True:
        try:
            finding = found.get(timeout=patience)
        except Empty:
            yield Finding(name, BAD, f"{name}: no answer within {patience:.0f} seconds.", "Something that it asks hangs: look at the disk, the database and the network.")
            return
        if finding is None:
            return
        yield finding


def _python(settings: Settings) -> Iterator[Finding]:
    yield Finding("python", OK, f"Python {sys.version.split()[0]}, data folder {settings.home}")


def _disk(settings: Settings) -> Iterator[Finding]:
    folder = next(path for path in (settings.home, *settings.home.parents) if path.exists())
    free = shutil.disk_usage(folder).free
    yield Finding("disk", OK if free >= ROOM else BAD, f"{free / 1024**3:.1f} GB free", "" if free >= ROOM else f"Free at least {ROOM / 1024**3:.0f} GB.")


def _models(settings: Settings) -> Iterator[Finding]:
    missing = missing_models(settings)
    for name in missing:
        yield Finding("models", BAD, f"model missing: {name}", "Run `nutshell models prepare`.")
    if not missing and not settings.llm_url:
        choice = choose_llm(settings)
        yield Finding("models", OK, f"language model {choice.path.name}: {choice.reason}")
    if not missing:
        speech = choose_speech(settings)
        yield Finding("models", OK, f"speech model whisper-{speech.name}: {speech.reason}")


def _page(settings: Settings) -> Iterator[Finding]:
    with socket.socket() as probe:
        probe.settimeout(1.0)
        answering = probe.connect_ex((settings.host, settings.port)) == 0
    yield Finding("page", OK if answering else WARN, f"the page {'answers' if answering else 'is not up'} at http://{settings.host}:{settings.port}")


CHECKS: tuple[Check, ...] = (_python, _disk, *doctor_youtube.CHECKS, _models, _page)
