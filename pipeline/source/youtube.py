"""A YouTube link -> Video, captions, media. yt-dlp runs in a child process (child.py), which is the only sure way to stop it and to bound what it takes."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from pipeline import downloads
from pipeline.config import Settings
from pipeline.downloads import Form
from pipeline.errors import InputError, cause
from pipeline.source import convert, sandbox, tracks, uploads, ytdlp
from pipeline.source.inside import Json, Limits
from pipeline.source.labels import labels_of
from pipeline.source.links import Source
from pipeline.types import Chapter, Emit, Origin, Segment, Transcript, Video

PROBE_SECONDS = 180.0
"""Metadata and captions are a handful of requests."""
_CHILD = "pipeline.source.child"
_DOING = {
    "probe": ("fetch", "Asking YouTube"),
    "media": ("download", "Downloading"),
    "thumbnail": ("fetch", "Fetching the picture"),
    "listing": ("list", "Reading the list"),
    "feed": ("list", "Looking for new items"),
    "account": ("fetch", "Asking YouTube"),
    "itself": ("fetch", "Looking at yt-dlp"),
}
"""Stage and first message of each task."""
_PROBED = "probe.json"
HONOURED_SECONDS = 4 * 3600.0
"""YouTube's links to media work for six hours; a download that goes on with them needs some time as well."""


@dataclass(frozen=True, slots=True)
class Probe:
    """What one look at YouTube gave."""

    video: Video
    transcript: Transcript | None
    """The best usable captions; None: listen instead."""
    info_path: Path
    """yt-dlp's own info in the work folder, for fetch_audio. Its links are honoured for some hours."""


def keep_ready(settings: Settings) -> None:
    """Has a child with yt-dlp waiting for the next call, from now on. For a process that will fetch (80 MB)."""
    sandbox.keep_ready(_CHILD, ytdlp.packages(settings))


def probe(
    source: Source, settings: Settings, workdir: Path, emit: Emit, *, captions: bool = True, language: str | None = None, pause: float = 0.0, cover: bool = False
) -> Probe:
    """Metadata and the best captions, in one child process and with one extraction. `language`: the reader's, for captions where none of what is spoken are usable.

    `pause`: seconds to wait before each file of captions; `cover`: the picture is wanted as a JPEG.

    Raises:
        NutshellError: any code of the source room, for example `private`, `live_now`, `too_long`, `network`.
    """
    found = run_child(
        "probe", settings, workdir, emit, url=source.url, captions=captions, language=language, pause=pause, cover=cover, most_seconds=PROBE_SECONDS
    )  # fmt: skip
    (workdir / _PROBED).write_text(json.dumps(found))
    return _probe_of(found, workdir)


def probed(workdir: Path) -> Probe | None:
    """What `probe` found when it was called for this folder before; None: it was not, or so long ago that YouTube has to be asked again."""
    path = workdir / _PROBED
    if not path.is_file() or time.time() - path.stat().st_mtime > HONOURED_SECONDS:
        return None
    return _probe_of(json.loads(path.read_text()), workdir)


def _probe_of(found: Json, workdir: Path) -> Probe:
    video = dict(found["video"])
    video["chapters"] = tuple(Chapter(*chapter) for chapter in video["chapters"])
    return Probe(Video(**video), _transcript(found["transcript"]), workdir / found["info"])


def promised(info: Path, form: Form, settings: Settings) -> int:
    """Bytes that a recording will have as far as YouTube says; 0: it says nothing."""
    formats = json.loads(info.read_text()).get("formats") or []
    return sum(tracks.size(item) for item in tracks.chosen(formats, _lines(form, settings)))


def _lines(form: Form, settings: Settings) -> int:
    return downloads.lines(form, settings.max_height) if form.what == "video" else 0


def fetch_audio(info: Probe | Path, settings: Settings, workdir: Path, emit: Emit) -> Path:
    """The best audio as served (usually opus in webm, or m4a), in the original language. `info`: a probe or its info_path.

    Raises:
        NutshellError: any code of the source room, for example `media_forbidden`, `too_large`, `network`.
    """
    path = info.info_path if isinstance(info, Probe) else info
    files, resumed = _fetch_files(path, 0, settings, workdir, emit)
    if resumed:
        with _fitting(files):
            uploads.probe_media(files[0], files[0].name)
    return files[0]


def fetch_video(probe: Probe, form: Form, settings: Settings, workdir: Path, emit: Emit) -> Path:
    """Pictures and sound in one mp4, webm or mkv, with title, channel, date, link, chapters and, where the container takes one, the picture.

    Raises:
        NutshellError: as fetch_audio.
    """
    files, resumed = _fetch_files(probe.info_path, _lines(form, settings), settings, workdir, emit)
    labels = labels_of(probe.video, next(workdir.glob("thumbnail.jpg"), None))
    with _fitting(files) if resumed else nullcontext():
        merged = convert.make(files, form.base, labels, settings, workdir, emit)
    for file in files:
        file.unlink()
    return merged


def fetch_form(probe: Probe, form: Form, settings: Settings, workdir: Path, emit: Emit) -> Path:
    """The whole recording that a form is made of; as fetch_audio and fetch_video."""
    return fetch_audio(probe, settings, workdir, emit) if form.what == "audio" else fetch_video(probe, form, settings, workdir, emit)


def _fetch_files(info: Path, lines: int, settings: Settings, workdir: Path, emit: Emit) -> tuple[list[Path], bool]:
    """The files, and whether parts of an earlier attempt are in them."""
    resumed = any(workdir.glob("*.part"))
    return [Path(file) for file in run_child("media", settings, workdir, emit, info=str(info.absolute()), lines=lines)], resumed


@contextmanager
def _fitting(files: list[Path]) -> Iterator[None]:
    """Around the first look into files that were gone on with: what cannot be read may have begun as another file, and is fetched from its start."""
    try:
        yield
    except InputError as error:
        for file in files:
            file.unlink()
        raise cause("range_lost") from error


def fetch_thumbnail(video: Video, settings: Settings, workdir: Path) -> Path | None:
    """The preview picture as jpg, png or webp; None when there is none to be had, which is never a reason to fail."""
    if not video.thumbnail_url:
        return None
    if fetched := next(workdir.glob("thumbnail.*"), None):  # the probe took it along
        return fetched
    path = run_child("thumbnail", settings, workdir, sandbox.quiet, url=video.thumbnail_url, most_seconds=30.0)
    return Path(path) if path else None


def try_packages(packages: tuple[str, ...], workdir: Path) -> dict[str, str]:
    """Starts a child with these packages and lets it look at itself, without any network: the versions of yt-dlp and its solver that it really uses.

    Raises:
        NutshellError: `extractor_broken`: that yt-dlp does not do what this version of Nutshell needs; `internal` when it cannot even be imported.
    """
    deaths = sandbox.Deaths(timeout="extractor_broken", killed="internal")
    job = sandbox.Job(_CHILD, workdir.absolute(), Limits(60.0, 60.0, 1024**2), deaths, *_DOING["itself"], packages=packages)
    found: dict[str, str] = sandbox.run(job, {"task": "itself", "extra_ca": ""}, sandbox.quiet)
    return found


def signed_in(settings: Settings, workdir: Path) -> bool:
    """Whether YouTube takes the cookies that lie in `workdir` for a signed-in account.

    Raises:
        NutshellError: any code of the source room, for example `network`, `bot_check`.
    """
    return bool(run_child("account", settings, workdir, sandbox.quiet, most_seconds=60.0))


def run_child(
    task: str, settings: Settings, workdir: Path, emit: Emit, *, most_seconds: float | None = None, on_part: Callable[[Json], None] | None = None, **request: object
) -> Json:  # fmt: skip
    """What the task answers; for this room."""
    seconds = most_seconds or settings.fetch_timeout
    limits = Limits(seconds=seconds, cpu_seconds=max(60.0, seconds / 2), file_bytes=settings.max_upload + 64 * 1024**2)
    deaths = sandbox.Deaths(timeout="network", killed="internal")
    job = sandbox.Job(_CHILD, workdir.absolute(), limits, deaths, *_DOING[task], on_part, ytdlp.packages(settings))
    common = {"task": task, "proxy": settings.proxy, "extra_ca": settings.extra_ca}
    most = {"max_duration": settings.max_duration, "max_bytes": settings.max_upload}
    return sandbox.run(job, {**common, **most, **request}, emit)


def _transcript(found: Json) -> Transcript | None:
    if found is None:
        return None
    segments = tuple(Segment(start, end, text, speaker) for start, end, text, speaker in found["segments"])
    return Transcript(found["language"], Origin(found["origin"]), None, segments)
