"""Which yt-dlp children use: the newest of the one that was installed with this release and those in the data folder, each in a folder of its own.

yt-dlp must follow YouTube faster than releases of ours come, and it must be possible to go back. So an update is a folder more (`NUTSHELL_HOME/yt-dlp/<version>`, with the
solver of JavaScript challenges that it wants), which is put in front of the installed packages of a child, and going back is a folder less. The environment stays as
it was locked. Imports no yt-dlp.
"""

import importlib.metadata
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib.metadata import Distribution, PackageNotFoundError
from pathlib import Path

from pipeline.config import Settings

WARN_DAYS, FAIL_DAYS = 60, 120
"""Age after which a yt-dlp may, and after which it will hardly, understand YouTube."""
NAME, SOLVER = "yt-dlp", "yt-dlp-ejs"
VERSION = re.compile(r"20\d\d\.\d{1,2}\.\d{1,2}(?:\.\d+(?:\.dev\d+)?)?")
_NEED = re.compile(r"\s*([A-Za-z0-9._-]+)\s*([^;\[]*?)\s*;\s*.*extra == ['\"]default['\"].*")


@dataclass(frozen=True, slots=True)
class Found:
    """One yt-dlp."""

    version: str
    solver: str | None
    """Version of yt-dlp-ejs that it finds."""
    wanted_solver: str | None
    """The one that it was made for; None: it does not say."""
    folder: Path | None
    """None: installed with this release."""

    @property
    def fits(self) -> bool:
        return self.wanted_solver in (None, self.solver)

    @property
    def packages(self) -> tuple[str, ...]:
        """What comes before the installed packages of a child that shall use it."""
        return () if self.folder is None else (str(self.folder),)


def folder(settings: Settings) -> Path:
    return settings.home / "yt-dlp"


def in_use(settings: Settings) -> Found | None:
    """The newest that there is; None: none at all."""
    every = [*updates(settings), *_installed()]
    return max(every, key=lambda found: order(found.version), default=None)


def packages(settings: Settings) -> tuple[str, ...]:
    """What comes before the installed packages of a child."""
    found = in_use(settings)
    return () if found is None else found.packages


def updates(settings: Settings) -> tuple[Found, ...]:
    """Those in the data folder, oldest first."""
    base = folder(settings)
    places = [place for place in base.iterdir() if VERSION.fullmatch(place.name)] if base.is_dir() else []
    return tuple(sorted((found for place in places if (found := look(place))), key=lambda found: order(found.version)))


def look(place: Path) -> Found | None:
    """The yt-dlp in a folder; None: there is none that is whole."""
    there = {str(one.name).lower(): one for one in importlib.metadata.distributions(path=[str(place)])}
    return _described(there[NAME], there.get(SOLVER), place) if NAME in there and (place / "yt_dlp").is_dir() else None


def _installed() -> Iterator[Found]:
    try:
        main = importlib.metadata.distribution(NAME)
    except PackageNotFoundError:  # a host that serves pages only
        return
    try:
        solver = importlib.metadata.distribution(SOLVER)
    except PackageNotFoundError:
        solver = None
    yield _described(main, solver, None)


def _described(main: Distribution, solver: Distribution | None, place: Path | None) -> Found:
    return Found(main.version, solver.version if solver else None, wanted_solver(main.requires or ()), place)


def wanted_solver(requires: Iterable[str]) -> str | None:
    """The version of yt-dlp-ejs that yt-dlp's own list of dependencies pins."""
    return next((bounds.removeprefix("==").strip() for name, bounds in default_needs(requires) if name == SOLVER and bounds.startswith("==")), None)


def default_needs(requires: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Name and bounds of what `yt-dlp[default]` asks for. It is installed by name, since one bound that an index cannot meet makes pip take an older yt-dlp without a word."""
    found = [match for need in requires if (match := _NEED.fullmatch(need))]
    return tuple((match[1].lower(), match[2].replace(" ", "")) for match in found)


def order(version: str) -> tuple[int, ...]:
    """For sorting: 2026.10.26 comes after 2026.8.19."""
    return tuple(int(number) for number in re.findall(r"\d+", version))


def released(version: str) -> date | None:
    """yt-dlp's versions are dates. None: this one is not."""
    try:
        return date(*order(version)[:3])
    except (TypeError, ValueError):
        return None


def age(version: str, today: date | None = None) -> int | None:
    """Days since its release; None: it does not say."""
    day = released(version)
    return None if day is None else max(0, ((today or datetime.now(UTC).date()) - day).days)
