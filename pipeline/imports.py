"""Lists and files that a person has, into the store: each list becomes a listing of kind `import`, its items are chosen like those of a playlist.

The same list or file a second time adds nothing: listings are known by the content they were read from, files by their own.
"""

import hashlib
import mimetypes
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from pipeline import run
from pipeline.errors import InputError, cause
from pipeline.source import captions, importing, uploads
from pipeline.source.importing import Section
from pipeline.source.links import Source
from pipeline.source.takeout import Channel
from pipeline.store import listings
from pipeline.store.blobs import Blobs
from pipeline.store.database import Database
from pipeline.store.jobs import Hint
from pipeline.store.subscriptions import Wanted
from pipeline.types import Emit, Entry

FILES = uploads.MEDIA_SUFFIXES | captions.TIMED_SUFFIXES | {".txt"}
"""Suffixes that are taken up in a folder; a cover picture or a note beside the recordings is no mistake."""
MOST_ITEMS = 100_000
"""Of one file of lists."""


@dataclass(slots=True)
class Imported:
    """A listing and what came into it."""

    listing_id: int
    title: str
    kind: str
    """history, playlist, links, channels or files."""
    found: int = 0
    added: int = 0
    """Of those found, how many were not listed before."""


@dataclass(frozen=True, slots=True)
class Read:
    """What a file of lists gave."""

    listings: tuple[Imported, ...]
    channels: tuple[Channel, ...]
    """What the account follows. They are items of a listing too, to be opened one by one."""
    links: tuple[Source, ...]
    """Playlists, channels and feeds that stood among other links."""


@dataclass(slots=True)
class _Writer:
    """Stores page after page; `take` is called by the conversation with the child."""

    db: Database
    by_key: dict[str, Imported] = field(default_factory=dict)

    def take(self, section: Section, entries: tuple[Entry, ...]) -> None:
        with self.db.session() as s:
            imported = self.by_key.get(section.key)
            if imported is None:
                listing_id = listings.ensure(s, f"import:{section.key}", "import", "", section.title)
                imported = self.by_key[section.key] = Imported(listing_id, section.title, section.kind)
            imported.added += len(listings.add(s, imported.listing_id, entries, imported.found))
        imported.found += len(entries)


def read_lists(db: Database, path: Path, name: str, emit: Emit, *, loose: bool = False) -> Read:
    """Stores the lists of a file; nothing of them is chosen yet. `name` and `loose`: see importing.read.

    Raises:
        InputError: `bad_list`. Pages that came before the damage stay.
    """
    writer = _Writer(db)
    named = importing.read(path, name, emit, writer.take, loose=loose)
    channels = tuple(one for one in named if one.title)
    if channels:
        rows = tuple(Entry(one.source.source_id, "playlist", one.source.url, one.title) for one in channels)
        writer.take(Section(_key(rows), "Subscriptions", "channels"), rows)
    for imported in writer.by_key.values():
        done(db, imported.listing_id)
    return Read(tuple(writer.by_key.values()), channels, tuple(one.source for one in named if not one.title))


def read_links(db: Database, links: Sequence[Source]) -> tuple[run.Reading, ...]:
    """Playlists, channels and feeds as listings that are read one after another, when nobody waits for anything else."""
    return tuple(run.submit_listing(db, source, batch=True) for source in links)


def follow(db: Database, channels: Sequence[Channel], wanted: Wanted) -> None:
    """What is new in them is summarised from now on; each is looked at at another moment."""
    for channel in channels:
        run.subscribe(db, channel.source, wanted, batch=True)


def hints(readings: Sequence[run.Reading]) -> tuple[Hint, ...]:
    """What to announce of them."""
    return tuple(reading.hint for reading in readings)


def place_listing(db: Database, where: Path, title: str = "", prefix: str = "place") -> Imported:
    """The listing of a folder or file of this machine, the same whenever it is asked for."""
    place = where.resolve()
    key = hashlib.sha256(os.fsencode(place)).hexdigest()
    title = title or (place.name and uploads.clean_title(place.name)) or "Imported"
    with db.session() as s:
        return Imported(listings.ensure(s, f"import:{prefix}/{key}", "import", "", title), title, "files")


def links_listing(db: Database, entries: Sequence[Entry]) -> Imported:
    """The listing of these videos."""
    key = _key(entries)
    writer = _Writer(db)
    writer.take(Section(key, "Imported links", "links"), tuple(entries))
    imported = writer.by_key[key]
    done(db, imported.listing_id)
    return imported


def _key(entries: Sequence[Entry]) -> str:
    return hashlib.sha256("\n".join(entry.source_id for entry in entries).encode()).hexdigest()


def take_file(db: Database, blobs: Blobs, into: Imported, path: Path) -> Entry:
    """A recording or transcript of this machine, copied into the media store and listed. What cannot be read is listed too, with its problem; OSError is the caller's.

    Raises:
        ModelError: `storage`.
    """
    entry = entry_of(path)
    with db.session() as s:
        known = listings.has(s, into.listing_id, entry.source_id)
    if not known and not entry.problem:
        source = Source(kind="transcript" if entry.kind == "transcript" else "media", source_id=entry.source_id, url="", path=path)
        run.store_upload(db, blobs, source, entry.title, _content_type(path, entry.kind))
    with db.session() as s:
        position = listings.next_position(s, into.listing_id)
        into.added += len(listings.add(s, into.listing_id, (entry,), position)) if not known else 0
    into.found += 1
    return entry


def entry_of(path: Path) -> Entry:
    """What a file is, by its content; reads all of it. `published` is the day of its last change."""
    title, source_id = uploads.clean_title(path.name), uploads.source_id(path)
    day = datetime.fromtimestamp(max(0.0, path.stat().st_mtime), UTC).date().isoformat()
    try:
        kind = uploads.sniff(path)
        if kind == "transcript" and path.suffix.lower() in uploads.MEDIA_SUFFIXES:
            raise cause("bad_media", "It holds text.")
    except InputError as error:
        return Entry(source_id, "media", "", title, None, day, error.code)
    return Entry(source_id, kind, "", title, None, day)


def done(db: Database, listing_id: int) -> None:
    """Everything that was to be imported is listed."""
    with db.session() as s:
        if found := listings.get(s, listing_id):
            listings.read_whole(s, listing_id, found.added_at)


def _content_type(path: Path, kind: str) -> str:
    """What a browser is told of it."""
    guessed = mimetypes.guess_type(path.name)[0] or ""
    if kind == "transcript":
        return "text/plain"
    return guessed if guessed.startswith(("audio/", "video/")) else "audio/mpeg"
