"""Files that list videos -> their entries, page by page. They are opened in a child process (importing_child.py), since archives and JSON of strangers can be bombs."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Literal

from pipeline.source import sandbox, takeout
from pipeline.source.inside import Json, Limits
from pipeline.source.links import Source
from pipeline.source.takeout import Channel
from pipeline.types import Emit, Entry

LIST_SUFFIXES = frozenset({".csv", ".json", ".html", ".htm", ".zip", ".txt"})
"""Names under which Takeout and people keep lists."""
_LIMITS = Limits(seconds=300, cpu_seconds=100, file_bytes=0, open_files=32, memory_bytes=512 * 1024**2)
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")


@dataclass(frozen=True, slots=True)
class Section:
    """One list of a file; an archive of Takeout has many."""

    key: str
    """SHA-256 of what it was read from."""
    title: str
    kind: Literal["history", "playlist", "links", "channels"]


Page = Callable[[Section, tuple[Entry, ...]], None]


def is_list(path: Path, name: str = "") -> bool:
    """Whether a file (called `name`) lists videos, by its beginning: an archive, one of Takeout's files, or a text with a link on each line. For files of which nobody said
    what they are."""
    suffix = PurePath(name or path.name).suffix.lower()
    if suffix not in LIST_SUFFIXES:
        return False
    with path.open("rb") as file:
        head = file.read(takeout.HEAD)
    if suffix == ".zip":
        return head.startswith(_ZIP)
    return takeout.form_of(head) is not None or (suffix in (".txt", ".csv") and takeout.is_links(head))


def read(path: Path, name: str, emit: Emit, on_page: Page, *, loose: bool = False) -> tuple[Channel, ...]:
    """Calls `on_page` with the entries of each list that the file holds, each video once a list; the channels (and playlists) that it names.

    `name`: what it is called, for a title. `loose`: any text will do, its links are taken.

    Raises:
        InputError: `bad_list`: nothing in it, damaged, or too large. Whatever `on_page` and `emit` raise.
    """

    def took(part: Json) -> None:
        on_page(Section(*part["section"]), tuple(Entry(*entry) for entry in part["entries"]))

    with tempfile.TemporaryDirectory(prefix="nutshell-import-") as folder:
        deaths = sandbox.Deaths(timeout="bad_list", killed="bad_list")
        job = sandbox.Job("pipeline.source.importing_child", Path(folder), _LIMITS, deaths, "list", "Reading the list", took)
        found = sandbox.run(job, {"path": str(path.absolute()), "name": name, "loose": loose}, emit)
    return tuple(Channel(Source("playlist", source_id, url), title) for source_id, url, title in found)
