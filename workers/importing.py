"""`nutshell import`: folders of recordings, lists of links, playlists, and what Google Takeout hands out, each as a list of its own in the library."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pipeline import broker, imports, run
from pipeline.config import Settings
from pipeline.errors import InputError, SourceError, cause
from pipeline.imports import Imported
from pipeline.jobs import FINAL, State
from pipeline.source import importing, sandbox, uploads
from pipeline.source.hosts import Hosts
from pipeline.source.importing import Section
from pipeline.source.links import Source, find_links, read_link
from pipeline.source.takeout import Channel
from pipeline.store import jobs, listings
from pipeline.store.blobs import Blobs
from pipeline.store.database import Database
from pipeline.store.listings import Filter, Item
from pipeline.store.subscriptions import Wanted
from pipeline.types import Emit, Entry, Options, Progress
from workers.folders import File, file_of, files, is_list, is_recording

LOOK_SECONDS = 0.5
LISTS = ("playlist", "feed")
Say = Callable[[str], None]
ENDED = ("done", "here", "failed", "cancelled", "unavailable", "gone")


@dataclass(frozen=True, slots=True)
class Wish:
    """What is wanted of what is found."""

    options: Options = field(default_factory=Options)
    newest: int | None = None
    """So many of each list at most, from its head; of a folder those that were changed last."""
    after: str | None = None
    """ISO date, inclusive. Of a history the day of watching, of a file that of its last change."""
    everything: bool = False
    """Also of a whole watch history, which is only listed otherwise."""
    subscribe: bool = False

    @property
    def narrowed(self) -> bool:
        return self.newest is not None or self.after is not None or self.everything


@dataclass(frozen=True, slots=True)
class List:
    """One list of the outcome."""

    listing_id: int
    title: str
    kind: str
    found: int
    added: int
    chosen: int


@dataclass(frozen=True, slots=True)
class Refused:
    name: str
    reason: str


@dataclass(slots=True)
class Outcome:
    lists: list[List] = field(default_factory=list)
    channels: tuple[Channel, ...] = ()
    """Channels that were found. They are followed only when that was wished."""
    refused: list[Refused] = field(default_factory=list)


@dataclass(slots=True)
class Importer:
    """One call of the command."""

    db: Database
    settings: Settings
    wish: Wish
    emit: Emit
    outcome: Outcome = field(default_factory=Outcome)

    def run(self, what: str) -> Outcome:
        """Imports a folder, a file or a link; what was chosen gets its jobs from now on.

        Raises:
            InputError: `bad_list`, `bad_link`, `nothing_to_import`. SourceError: why a playlist that was named cannot be read.
        """
        path = Path(what)
        if _exists(what) and path.is_dir():
            self._folder(path)
        elif _exists(what):
            self._file(path)
        else:
            self._links(named(what, Hosts.of(self.settings.media_hosts)))
        broker.announce_all(self.settings, run.feed(self.db))
        return self.outcome

    def _folder(self, folder: Path) -> None:
        recordings, lists = contents(folder, self.wish)
        if recordings:
            self._recordings(folder, recordings)
        for file in lists:
            try:
                self._list(file.path)
            except InputError as error:
                self.outcome.refused.append(Refused(str(file.path), str(error)))

    def _file(self, path: Path) -> None:
        if is_listing(path):
            self._list(path)
        else:
            self._recordings(path, (file_of(path),))

    def _recordings(self, where: Path, found: Iterable[File]) -> None:
        into = imports.place_listing(self.db, where)
        blobs = Blobs(self.settings)
        taken = []
        for file in found:
            try:
                entry = imports.take_file(self.db, blobs, into, file.path)
            except OSError as error:
                self.outcome.refused.append(Refused(str(file.path), error.strerror or "It cannot be read."))
                continue
            if entry.problem:
                self.outcome.refused.append(Refused(str(file.path), str(cause(entry.problem))))
            taken.append(entry.source_id)
        imports.done(self.db, into.listing_id)
        self._choose(into, Filter(source_ids=tuple(taken)), None)

    def _list(self, path: Path) -> None:
        read = imports.read_lists(self.db, path, path.name, self.emit, loose=True)
        for imported in read.listings:
            if imported.kind == "channels" or (imported.kind == "history" and not self.wish.narrowed):
                self._listed(imported, 0)
            else:
                self._choose(imported, Filter(after=self.wish.after), self.wish.newest)
        for source in read.links:
            self._playlist(source)
        self.outcome.channels += read.channels
        if self.wish.subscribe:
            imports.follow(self.db, read.channels, Wanted(self.wish.options))

    def _links(self, links: Sequence[Source]) -> None:
        """Links that were typed: videos as one list, each playlist as its own."""
        videos = [Entry(source.source_id, source.kind, source.url, source.source_id.partition(":")[2]) for source in links if source.kind not in LISTS]
        if videos:
            self._choose(imports.links_listing(self.db, videos), Filter(), self.wish.newest)
        for source in links:
            if source.kind in LISTS:
                self._playlist(source)

    def _playlist(self, source: Source) -> None:
        """Reads it to its end, since what is wanted of it cannot be said before."""
        reading = run.submit_listing(self.db, source)
        broker.announce_all(self.settings, (reading.hint,))
        self._wait_for_reading(reading.listing_id, source)
        with self.db.session() as s:
            found, number = listings.get(s, reading.listing_id), listings.count(s, reading.listing_id)
        imported = Imported(reading.listing_id, found.title if found else source.url, "playlist", number, number)
        self._choose(imported, Filter(after=self.wish.after), self.wish.newest)

    def _wait_for_reading(self, listing_id: int, source: Source) -> None:
        while True:
            with self.db.session() as s:
                job = jobs.reading_of(s, listing_id)
            if job is None or job.state in FINAL:
                break
            stage = job.stages[0]
            self.emit(Progress("list", stage.fraction, stage.message or f"Reading {source.url}"))
            time.sleep(LOOK_SECONDS)
        if job is not None and job.state is not State.DONE:
            stage = job.stages[0]
            raise SourceError(stage.error_code or "cancelled", f"{source.url}: {stage.error or 'Cancelled.'}")

    def _choose(self, imported: Imported, which: Filter, first: int | None) -> None:
        with self.db.session() as s:
            chosen = listings.choose(s, imported.listing_id, which, self.wish.options, first=first)
        self._listed(imported, chosen)

    def _listed(self, imported: Imported, chosen: int) -> None:
        self.outcome.lists.append(List(imported.listing_id, imported.title, imported.kind, imported.found, imported.added, chosen))


def named(text: str, hosts: Hosts) -> tuple[Source, ...]:
    """The links of a text that is no file.

    Raises:
        InputError: `bad_link`.
    """
    links = find_links(text, lists=True, hosts=hosts)
    if links:
        return links
    if "://" not in text:
        raise InputError("bad_link", f"There is no file or folder {text[:200]!r}. Give one, or the link of a playlist, channel or video.")
    return (read_link(text, hosts),)  # raises with the reason


def contents(folder: Path, wish: Wish) -> tuple[tuple[File, ...], tuple[File, ...]]:
    """The recordings and transcripts of a folder that are wanted, those changed last first when only some are; and its lists.

    Raises:
        InputError: `nothing_to_import`.
    """
    found = tuple(files(folder))
    lists = tuple(file for file in found if is_list(file))
    recordings = [file for file in found if file not in lists and is_recording(file)]
    if not recordings and not lists:
        raise InputError("nothing_to_import", f"There is no audio, video or transcript file in {folder}, and no list of videos.")
    if wish.after:
        recordings = [file for file in recordings if file.day >= wish.after]
    if wish.newest is not None:
        recordings = sorted(recordings, key=lambda file: -file.changed_ns)[: wish.newest]
    return tuple(recordings), lists


def is_listing(path: Path) -> bool:
    """Whether a file that was named is a list: it looks like one, or is a text that is no transcript with times and has links in it."""
    if importing.is_list(path):
        return True
    if path.suffix.lower() in uploads.SUFFIXES - {".txt", ".md", ".json", ".xml"}:
        return False
    with path.open(encoding="utf-8", errors="replace") as file:
        return bool(find_links(file.read(1024**2), lists=True))


def preview(what: str, wish: Wish, hosts: Hosts, say: Say) -> None:
    """Says what `Importer.run` would list, a line each, and changes nothing. Playlists are named only: what is in them must be asked for."""
    path = Path(what)
    if not _exists(what):
        for source in named(what, hosts):
            say(f"{'list' if source.kind in LISTS else 'video'}\t{source.url}")
        return
    recordings, lists = contents(path, wish) if path.is_dir() else ((), (file_of(path),)) if is_listing(path) else ((file_of(path),), ())
    for file in recordings:
        say(f"file\t{file.path}")
    for file in lists:
        _preview_list(file.path, wish, say)


def _preview_list(path: Path, wish: Wish, say: Say) -> None:
    shown: dict[str, int] = {}

    def page(section: Section, entries: tuple[Entry, ...]) -> None:
        for entry in entries:
            if wish.after and (entry.published or "") < wish.after:
                continue
            shown[section.key] = shown.get(section.key, 0) + 1
            if wish.newest is None or shown[section.key] <= wish.newest:
                say("\t".join(("video", entry.url, entry.published or "", section.title, entry.title)))

    for channel in importing.read(path, path.name, sandbox.quiet, page, loose=True):
        say(f"{'channel' if channel.title else 'list'}\t{channel.source.url}\t{channel.title}")


def wait(db: Database, lists: Sequence[List], say: Callable[[Item], None]) -> dict[str, int]:
    """Returns when everything that was chosen has ended, and calls `say` with each item when it does; items by their last state."""
    said: dict[tuple[int, str], str] = {}
    while True:
        waiting = 0
        for listed in lists:
            for item in _chosen(db, listed.listing_id):
                key = (listed.listing_id, item.source_id)
                if item.state not in ENDED:
                    waiting += 1
                elif key not in said:
                    said[key] = item.state
                    say(item)
        if not waiting:
            return {state: list(said.values()).count(state) for state in set(said.values())}
        time.sleep(LOOK_SECONDS * 4)


def _chosen(db: Database, listing_id: int) -> tuple[Item, ...]:
    """Those that were asked for, and those that cannot be had."""
    with db.session() as s:
        return tuple(item for item in listings.items(s, listing_id, limit=imports.MOST_ITEMS) if item.state not in ("new", "here", "list"))


def page_of(settings: Settings, listed: List) -> str:
    base = settings.public_url.rstrip("/") or f"http://{'127.0.0.1' if settings.host in ('0.0.0.0', '::') else settings.host}:{settings.port}"
    return f"{base}/l/{listed.listing_id}"


def _exists(what: str) -> bool:
    try:
        return bool(what) and Path(what).exists()
    except (OSError, ValueError):  # a link that is too long for a name, NUL
        return False
