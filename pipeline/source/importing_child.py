"""The child process that opens files that list videos. Started by sandbox.run only; importing.py is its other half.

An archive is never unpacked: its members are read as streams, whatever they are called, up to so many bytes all together.
"""

import hashlib
import io
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Any

from pipeline.errors import cause
from pipeline.source import inside, plain, takeout
from pipeline.source.inside import Json, Report, part
from pipeline.source.takeout import Channel, Form
from pipeline.types import Entry

PAGE = 500
MOST_BYTES = 256 * 1024**2
"""That are read of one file (twice: once for its key), an archive's members counted as they are when unpacked. A history of a hundred thousand videos has 60 MB."""
MOST_ITEMS = 100_000
"""Of one file."""
_MEMBERS = (".json", ".csv", ".html")
_TITLES = {"history": "Watch history", "page": "Watch history", "links": ""}
_KINDS = {"history": "history", "page": "history", "playlist": "playlist", "links": "links"}

Open = Callable[[], IO[bytes]]


@dataclass(slots=True)
class _Room:
    """What may still be read and told."""

    left: int = MOST_BYTES
    items: int = 0
    lists: dict[str, Channel] = field(default_factory=dict)


class _Bounded(io.RawIOBase):
    """A stream that ends the reading when there was too much of it: what a header says of its size may be a lie."""

    def __init__(self, stream: IO[bytes], room: _Room) -> None:
        self._stream, self._room = stream, room

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._stream.read(len(buffer))
        self._room.left -= len(data)
        if self._room.left < 0:
            raise cause("bad_list", f"It holds more than {MOST_BYTES // 1024**2} MB.")
        buffer[: len(data)] = data
        return len(data)


def handle(request: Json, report: Report) -> Json:
    """Sends parts `{"section": [key, title, kind], "entries": [Entry fields, …]}`; the fields of channels and playlists that were named."""
    path, room = Path(request["path"]), _Room()
    if zipfile.is_zipfile(path):
        _archive(path, room, report)
    else:
        head = _head(lambda: path.open("rb"))
        form = takeout.form_of(head) or ("links" if request["loose"] or takeout.is_links(head) else None)
        if form is not None:
            _file(form, lambda: path.open("rb"), request["name"], room)
    if not room.items and not room.lists:
        raise cause("bad_list")
    return [[found.source.source_id, found.source.url, found.title] for found in room.lists.values()]


def _archive(path: Path, room: _Room, report: Report) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            members = [info for info in archive.infolist() if not info.is_dir() and info.filename.lower().endswith(_MEMBERS)]
            for number, info in enumerate(members):
                report(number / len(members), f"{room.items} items so far")
                _member(archive, info, room)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, RuntimeError, EOFError, OSError, ValueError) as error:
        raise cause("bad_list", "The archive is damaged or has a password.") from error


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, room: _Room) -> None:
    def opened() -> IO[bytes]:
        return archive.open(info)

    form = takeout.form_of(_head(opened))
    if form is not None:
        _file(form, opened, info.filename, room)


def _head(opened: Open) -> bytes:
    with opened() as stream:
        return stream.read(takeout.HEAD)


def _file(form: Form, opened: Open, name: str, room: _Room) -> None:
    with opened() as stream, io.BufferedReader(_Bounded(stream, room), takeout.CHUNK) as bounded:
        key = hashlib.file_digest(bounded, "sha256").hexdigest()
    title = _TITLES.get(form) or plain.line(PurePosixPath(name.replace("\\", "/")).stem, 200) or "Imported"
    with opened() as stream, io.BufferedReader(_Bounded(stream, room), takeout.CHUNK) as bounded:
        for page in _pages(_entries(form, bounded, room), form):
            part({"section": [key, title, _KINDS.get(form, "links")], "entries": page})


def _entries(form: Form, stream: IO[bytes], room: _Room) -> Iterator[Entry]:
    """Each once; channels are put aside."""
    seen = set()
    for item in takeout.read(form, stream):
        if isinstance(item, Channel):
            room.lists.setdefault(item.source.source_id, item)
        elif item.source_id not in seen:
            seen.add(item.source_id)
            room.items += 1
            yield item
        if room.items + len(room.lists) >= MOST_ITEMS:
            inside.note("import.cut", items=room.items)
            return


def _pages(entries: Iterator[Entry], form: Form) -> Iterator[list[list[Json]]]:
    page: list[Entry] = []
    around: tuple[str, str] | None = None if form == "history" else ("", "")
    for entry in entries:
        page.append(entry)
        if len(page) == PAGE:
            around = around or _wording(page)
            yield [_fields(item, around) for item in page]
            page = []
    if page:
        yield [_fields(item, around or _wording(page)) for item in page]


def _wording(page: list[Entry]) -> tuple[str, str]:
    return takeout.wording([entry.title for entry in page if not entry.source_id.endswith(entry.title)])


def _fields(entry: Entry, around: tuple[str, str]) -> list[Json]:
    title = entry.title.removeprefix(around[0]).removesuffix(around[1]).strip() or entry.title
    return [entry.source_id, entry.kind, entry.url, title, entry.duration, entry.published, entry.problem]


if __name__ == "__main__":
    inside.serve(handle, offline=True)
