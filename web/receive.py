"""A file that came whole, by whichever way: a recording or transcript becomes a video, a list of videos a list."""

from dataclasses import dataclass

from pipeline import broker, imports
from pipeline.run import Submitted
from pipeline.source import importing, sandbox
from pipeline.types import Options
from web import submit
from web.services import Services
from web.uploads import Handed, incoming


@dataclass(frozen=True, slots=True)
class Received:
    page: str
    """Where to look."""
    submitted: Submitted | None = None
    """None: it was a list."""
    lists: tuple[int, ...] = ()


def receive(services: Services, file: Handed, wanted: Options, *, batch: bool = False) -> Received:
    """Raises: InputError: `bad_media`, `bad_transcript`, `bad_list`. ModelError."""
    if importing.is_list(file.path, file.name):
        return _lists(services, file)
    found = submit.upload(services, incoming(file), wanted, batch=batch)
    return Received(f"/v/{found.video_id}", found)


def _lists(services: Services, file: Handed) -> Received:
    """Nothing of them is chosen: that is done on their page. Playlists that they name are read."""
    read = imports.read_lists(services.db, file.path, file.name, sandbox.quiet)
    readings = imports.read_links(services.db, read.links)
    broker.announce_all(services.settings, imports.hints(readings))
    found = (*(one.listing_id for one in read.listings), *(reading.listing_id for reading in readings))
    return Received(f"/l/{found[0]}" if len(found) == 1 else "/", None, found)
