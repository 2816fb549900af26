"""Recordings and podcast feeds of hosts that the administrator allows -> media, transcripts, entries. They are fetched in a child process (elsewhere_child.py)."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pipeline.config import Settings
from pipeline.errors import NutshellError, Stopped
from pipeline.source import media, sandbox
from pipeline.source.inside import Json, Limits
from pipeline.types import Chapter, Emit, Entry, Origin, Segment, Transcript

FEED_SECONDS = 180.0
SMALL_SECONDS = 90.0
"""Two files, each of which may be silent for half a minute."""
_DOING = {"feed": ("list", "Reading the feed"), "recording": ("fetch", "Fetching the recording"), "extras": ("fetch", "Looking for a transcript")}
"""Stage and first message of each task."""


@dataclass(frozen=True, slots=True)
class Channel:
    """What a feed says of the whole."""

    title: str


@dataclass(frozen=True, slots=True)
class Extras:
    """What a feed has for an episode besides its sound."""

    transcript: Transcript | None
    note: str
    """Why its transcript is not used; empty where there is none, or nothing against it."""
    chapters: tuple[Chapter, ...]


def read_feed(url: str, settings: Settings, workdir: Path, emit: Emit, on_page: Callable[[Channel, tuple[Entry, ...]], bool]) -> bool:
    """Calls `on_page` with the feed's entries, in its order, until it ends or that returns False; whether it came to the end. An address that turns out to be a
    recording has one entry, itself.

    Raises:
        NutshellError: `bad_feed`, `host_not_allowed`, `host_unreachable`, `host_refused`, `host_gone`, `host_untrusted`, `host_private`, `proxy`.
    """

    def took(part: Json) -> None:
        if not on_page(Channel(part["title"]), tuple(Entry(*entry) for entry in part["entries"])):
            raise _Enough

    try:
        _run("feed", settings, workdir, emit, FEED_SECONDS, took, url=url)
    except _Enough:
        return False
    return True


def fetch_recording(url: str, settings: Settings, workdir: Path, emit: Emit) -> Path:
    """The recording in `workdir`, gone on with where an attempt before this one stopped. What it is, has to be looked at (uploads.sniff).

    Raises:
        NutshellError: as read_feed; `too_large`.
    """
    return Path(_run("recording", settings, workdir, emit, settings.fetch_timeout, url=url))


def fetch_extras(captions: str | None, chapters: str | None, duration: float, settings: Settings, workdir: Path, emit: Emit) -> Extras:
    """Transcript and chapters of an episode by the addresses that its feed names. What cannot be had is left out, with the reason."""
    if not captions and not chapters:
        return Extras(None, "", ())
    try:
        found = _run("extras", settings, workdir, emit, SMALL_SECONDS, captions=captions, chapters=chapters, duration=duration)
    except Stopped:
        raise
    except NutshellError as error:
        return Extras(None, f"The feed's transcript did not come through: {error}", ())
    said = found["transcript"]
    transcript = said and Transcript(said["language"], Origin.CAPTIONS_MANUAL, None, tuple(Segment(*segment) for segment in said["segments"]))
    return Extras(transcript, found["note"], tuple(Chapter(*chapter) for chapter in found["chapters"]))


def _run(task: str, settings: Settings, workdir: Path, emit: Emit, seconds: float, on_part: Callable[[Json], None] | None = None, **request: object) -> Json:
    limits = Limits(seconds, max(60.0, seconds / 2), settings.max_upload + 64 * 1024**2, memory_bytes=media.MEMORY)
    deaths = sandbox.Deaths(timeout="host_unreachable", killed="bad_feed" if task == "feed" else "internal")
    job = sandbox.Job("pipeline.source.elsewhere_child", workdir.absolute(), limits, deaths, *_DOING[task], on_part)
    common = {"task": task, "proxy": settings.proxy, "extra_ca": settings.extra_ca, "hosts": settings.media_hosts, "max_bytes": settings.max_upload}
    return sandbox.run(job, {**common, **request}, emit)


class _Enough(Exception):  # no error: a way out of the conversation with the child
    """The parent has what it wanted."""
