"""`nutshell update-yt-dlp`: a newer yt-dlp without a release of ours, and back again. See pipeline/source/ytdlp.py for where it goes and when it is used.

It is installed by pip from the index that pip is configured for, with the yt-dlp-ejs that it pins and nothing else: the other packages that it needs are those of this
release. Before it is used, a child with it must start and find its way.
"""

import importlib.metadata
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError
from pathlib import Path

from pipeline.config import Settings
from pipeline.errors import InputError, ModelError, NutshellError, SourceError
from pipeline.installed import install
from pipeline.source import youtube, ytdlp
from pipeline.source.ytdlp import Found

PIP_SECONDS = 300.0
MEGABYTES = 40
NOT_NEEDED = frozenset({"mutagen", "certifi", ytdlp.SOLVER})
"""Of what yt-dlp names: mutagen is GPL and not installed; certifi's newest may be missing from an index, and the one here does; the solver comes with it."""
Say = Callable[[str], None]


def update(settings: Settings, version: str | None, say: Say) -> Found:
    """The newest yt-dlp that the index has, or `version`; the one that is used from now on.

    Raises:
        InputError: `bad_version`.
        SourceError: `index_unreachable`.
        ModelError: `not_updated`: it does not run here, and nothing has changed; `storage`.
    """
    if version is not None and not ytdlp.VERSION.fullmatch(version):
        raise InputError("bad_version", f"{version[:40]!r} is no version of yt-dlp. They look like 2026.10.26.")
    before = ytdlp.in_use(settings)
    with tempfile.TemporaryDirectory(prefix="nutshell-") as scratch:
        place = Path(scratch) / "packages"
        found = fetch(place, version, say)
        if before is not None and ytdlp.order(found.version) <= ytdlp.order(before.version):
            say(f"yt-dlp {before.version} is in use, and the index has nothing newer ({found.version}).")
            return before
        _try(found)
        target = ytdlp.folder(settings) / found.version
        install(target, lambda made: _fill(made, place), complete=lambda made: ytdlp.look(made) is not None, megabytes=MEGABYTES)
    now = ytdlp.in_use(settings)
    assert now is not None
    say(f"yt-dlp {now.version} is used from the next video on; nothing need be restarted. Back: nutshell update-yt-dlp --undo")
    return now


def undo(settings: Settings, say: Say) -> Found | None:
    """Takes the newest update away; what is used then. Children that use it now end with their video."""
    updates = ytdlp.updates(settings)
    if not updates:
        say("There is no update to undo.")
        return ytdlp.in_use(settings)
    place = updates[-1].folder
    assert place is not None
    gone = place.with_name(f".{place.name}.gone")  # a name that is no version: at once nobody finds it
    shutil.rmtree(gone, ignore_errors=True)
    place.rename(gone)
    shutil.rmtree(gone, ignore_errors=True)
    now = ytdlp.in_use(settings)
    say(f"yt-dlp {updates[-1].version} was removed; {now.version if now else 'none'} is used from the next video on.")
    return now


def fetch(place: Path, version: str | None, say: Say) -> Found:
    """Installs yt-dlp with its solver into a folder, untried. Raises: as update."""
    say(f"Fetching yt-dlp {version or '(the newest)'} …")
    _pip(place, f"{ytdlp.NAME}=={version}" if version else ytdlp.NAME)
    found = ytdlp.look(place)
    if found is None:
        raise ModelError("not_updated", "What the index gave is no yt-dlp. Nothing has changed.")
    if found.wanted_solver is not None:
        say(f"Fetching yt-dlp-ejs {found.wanted_solver}, which it wants …")
        _pip(place, f"{ytdlp.SOLVER}=={found.wanted_solver}")
        found = ytdlp.look(place)
        assert found is not None
    return found


def _pip(place: Path, what: str) -> None:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "install", "--quiet", "--no-deps", "--only-binary", ":all:", "--target", str(place), what]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PIP_SECONDS, check=False, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        raise SourceError("index_unreachable", f"The package index did not answer within {PIP_SECONDS:.0f} seconds. Nothing has changed.") from None
    if done.returncode:
        errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        raise SourceError("index_unreachable", f"pip could not install {what}: {(errors or ['no reason given'])[-1].removeprefix('ERROR: ')}. Nothing has changed.")


def _try(found: Found) -> None:
    """That it runs here: a child as for a video, but that it looks at itself only."""
    assert found.folder is not None
    for name, bounds in _missing(found):
        raise ModelError("not_updated", f"yt-dlp {found.version} needs {name}{bounds}, which this version of Nutshell does not have. Nothing has changed; update Nutshell.")
    try:
        with tempfile.TemporaryDirectory(prefix="nutshell-") as work:
            versions = youtube.try_packages(found.packages, Path(work))
    except NutshellError as error:
        raise ModelError("not_updated", f"yt-dlp {found.version} does not run with this version of Nutshell. Nothing has changed. ({error})") from error
    if (versions[ytdlp.NAME], versions[ytdlp.SOLVER]) != (found.version, found.wanted_solver or versions[ytdlp.SOLVER]):
        raise ModelError("not_updated", f"A child used yt-dlp {versions[ytdlp.NAME]} with yt-dlp-ejs {versions[ytdlp.SOLVER]} instead of {found.version}. Nothing has changed.")


def _missing(found: Found) -> list[tuple[str, str]]:
    """What it needs and the environment has not, or in another version."""
    from packaging.specifiers import SpecifierSet

    (main,) = [one for one in importlib.metadata.distributions(path=list(found.packages)) if str(one.name).lower() == ytdlp.NAME]
    lacking = []
    for name, bounds in ytdlp.default_needs(main.requires or ()):
        if name in NOT_NEEDED or name == "brotlicffi":
            continue
        try:
            here = importlib.metadata.version(name)
        except PackageNotFoundError:
            lacking.append((name, bounds))
            continue
        if not SpecifierSet(bounds).contains(here, prereleases=True):
            lacking.append((name, bounds))
    return lacking


def _fill(made: Path, place: Path) -> None:
    shutil.copytree(place, made, dirs_exist_ok=True)
