"""`nutshell import`: many files or links at once, each its own job."""

from collections.abc import Callable, Iterator
from pathlib import Path

from pipeline import broker, run
from pipeline.config import Settings
from pipeline.errors import InputError
from pipeline.source.links import Source, find_links, parse_source
from pipeline.source.uploads import clean_title
from pipeline.store.blobs import Blobs
from pipeline.store.database import Database
from pipeline.types import Options


def import_all(db: Database, settings: Settings, where: Path, report: Callable[[str], None]) -> tuple[int, int]:
    """Queues what `where` holds and reports a line for each refusal. Returns how many were queued and refused."""
    queued = refused = 0
    for source in sources(where):
        try:
            parsed = source if isinstance(source, Source) else parse_source(str(source))
            queue(db, settings, parsed)
        except InputError as error:
            report(f"{source}: {error}")
            refused += 1
        else:
            queued += 1
    return queued, refused


def sources(where: Path) -> Iterator[Source | Path]:
    if where.is_dir():
        yield from sorted(path for path in where.iterdir() if path.is_file() and not path.name.startswith("."))
        return
    yield from find_links(where.read_text(encoding="utf-8", errors="replace"))


def queue(db: Database, settings: Settings, source: Source) -> None:
    title = ""
    if source.path is not None:
        title = clean_title(source.path.name)
        run.store_upload(db, Blobs(settings), source, title)
    submitted = run.submit_source(db, source, Options(), title=title, batch=True)
    if submitted.hint:
        broker.announce(settings, submitted.hint.queue, submitted.hint.stage_id)
