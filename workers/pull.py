"""`nutshell models pull`: says what would be fetched, how large it is and under which licence, asks, and fetches it."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from pipeline.config import Settings
from pipeline.errors import cause
from pipeline.hub.fetch import check_room, fetch, here_already
from pipeline.hub.lookup import Offer, Snapshot, look_up
from pipeline.language import offers as language, translation_offers as translation
from pipeline.language.placement import available_memory, free_memory
from pipeline.speech import offers as speech
from workers.models import catalogue
from workers.shown import shown

PROFILES = ("builtin", "cpu", "gpu")
ONLINE = {"HF_HUB_OFFLINE": "0", "HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_VERBOSITY": "error"}
"""This one process may go online, because a person called it to; every other of ours is told not to. The library reads this when it is first imported."""

USE = (
    "`nutshell models list` says which models are used and why; NUTSHELL_PROFILE, NUTSHELL_LLM_MODEL and NUTSHELL_SPEECH_MODEL choose others. "
    "An instance that is running takes them when it is started again."
)


@dataclass(frozen=True, slots=True)
class Wish:
    """A model to have, and why this one."""

    offer: Offer
    reason: str


@dataclass(frozen=True, slots=True)
class Load:
    """A model to fetch, as it was looked up."""

    offer: Offer
    snapshot: Snapshot
    here: int
    """Bytes that an earlier call brought."""


def pull(settings: Settings, wanted: str, *, yes: bool) -> list[Path]:
    """Fetch the models of the profile, or the one, called `wanted`; the folders in which they lie. Empty when a person said no.

    Raises:
        InputError: `unknown_model`; `not_confirmed`, nobody can be asked.
        SourceError, ModelError: see look_up, check_room and fetch.
    """
    os.environ.update(ONLINE)
    wishes = wished(settings, wanted)
    missing = [wish.offer for wish in wishes if not wish.offer.there]
    if missing and not yes and not sys.stdin.isatty():
        raise cause("not_confirmed")
    for wish in wishes:
        if wish.reason:
            _say(f"{wish.offer.name}, the best of {wish.reason}")
        if wish.offer.there:
            _say(f"{wish.offer.name} is there already: {wish.offer.folder}")
    loads = [Load(offer, snapshot, here_already(offer, snapshot)) for offer in missing for snapshot in [look_up(offer)]]
    if loads:
        _show(settings, loads)
        if not yes and not _agreed():
            _say("Nothing was fetched.")
            return []
        _fetch_all(loads)
        _say(USE)
    return [wish.offer.folder for wish in wishes]


def wished(settings: Settings, wanted: str) -> list[Wish]:
    """Which models `wanted` means: a profile its best language model that fits and its best speech model, a name the one of that name, translate:es the
    models between English and Spanish.

    Raises:
        InputError: `unknown_model`, listing what there is.
    """
    known = {offer.name: offer for offer in catalogue(settings)}
    if wanted in PROFILES:
        memory = free_memory(settings) if wanted == "gpu" else available_memory()
        best = (language.best_of(wanted, memory), speech.best_of(wanted))
        return [Wish(known[name], reason) for name, reason in best]
    name = wanted.lower()
    if pairs := translation.named(name):
        return [Wish(known[pair], "") for pair in pairs]
    found = known.get(name) or known.get(f"whisper-{name}")
    if found is None:
        models = ", ".join(one for one in known if not one.startswith("translate-"))
        raise cause("unknown_model", f"There are the profiles {', '.join(PROFILES)}, the models {models}, and translate:CODE for {translation.spelled()}.")
    return [Wish(found, "")]


def _show(settings: Settings, loads: list[Load]) -> None:
    for load in loads:
        snapshot, here = load.snapshot, f", {_gb(load.here)} of it here already" if load.here else ""
        _say(f"\n{load.offer.name}")
        _say(f"  repository  {snapshot.repository}")
        _say(f"  revision    {shown(snapshot.commit)}")
        _say(f"  licence     {_licence(load)}")
        _say(f"  size        {_gb(snapshot.size)} in {len(snapshot.files)} files{here}")
        _say(f"  folder      {load.offer.folder}")
    missing = sum(load.snapshot.size - load.here for load in loads)
    free = check_room(settings.models_dir, missing)
    _say(f"\nTo fetch: {_gb(missing)}. Free on the disk: {_gb(free)}.")


def _licence(load: Load) -> str:
    """What we know it under, and what the repository says today where that differs."""
    theirs = shown(load.snapshot.licence)[:60]
    same = not theirs or theirs.lower() == load.offer.licence.lower()
    return load.offer.licence if same else f"{load.offer.licence} (the repository says: {theirs})"


def _agreed() -> bool:
    try:
        return click.confirm("Fetch?", err=True)
    except click.Abort:  # Ctrl-C, or the end of what is typed
        return False


def _fetch_all(loads: list[Load]) -> None:
    try:
        for load in loads:
            with _bar(load) as grown:
                fetch(load.offer, load.snapshot, grown)
            _say(f"{load.offer.name} is there, every file checked.")
    except KeyboardInterrupt:
        _say("What came is kept; the same command goes on with it.")
        raise


@contextmanager
def _bar(load: Load) -> Iterator[Callable[[int], None]]:
    """One line on standard error; nothing when that is not a terminal."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(load.offer.name, total=load.snapshot.size, completed=load.here)
        yield lambda more: progress.advance(task, more)


def _say(line: str) -> None:
    click.echo(line, err=True)


def _gb(size: int) -> str:
    return f"{size / 1e9:.2f} GB" if size >= 10**7 else f"{size / 1e6:.3f} MB"
