"""A YouTube link -> Video, captions, media. yt-dlp runs in a child process (child.py), which is the only sure way to stop it and to bound what it takes."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pipeline.config import Settings
from pipeline.source import media, sandbox, ytdlp
from pipeline.source.inside import Json, Limits
from pipeline.source.links import Source
from pipeline.types import Chapter, Emit, Origin, Segment, Transcript, Video

PROBE_SECONDS = 180.0
"""Metadata and captions are a handful of requests."""
_MERGE_SECONDS = 600.0
_CHILD = "pipeline.source.child"
_DOING = {
    "probe": ("fetch", "Asking YouTube"),
    "audio": ("fetch", "Fetching the sound"),
    "video": ("download", "Fetching the video"),
    "thumbnail": ("fetch", "Fetching the picture"),
    "listing": ("list", "Reading the list"),
    "feed": ("list", "Looking for new items"),
    "account": ("fetch", "Asking YouTube"),
    "itself": ("fetch", "Looking at yt-dlp"),
}
"""Stage and first message of each task."""


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


def probe(source: Source, settings: Settings, workdir: Path, emit: Emit, *, captions: bool = True, language: str | None = None) -> Probe:
    """Metadata and the best captions, in one child process and with one extraction. `language`: the reader's, for captions where none of what is spoken are usable.

    Raises:
        NutshellError: any code of the source room, for example `private`, `live_now`, `too_long`, `network`.
    """
    found = run_child("probe", settings, workdir, emit, url=source.url, captions=captions, language=language, most_seconds=PROBE_SECONDS)
    video = dict(found["video"])
    video["chapters"] = tuple(Chapter(*chapter) for chapter in video["chapters"])
    return Probe(Video(**video), _transcript(found["transcript"]), workdir / found["info"])


def fetch_audio(info: Probe | Path, settings: Settings, workdir: Path, emit: Emit) -> Path:
    """The best audio as served (usually opus in webm, or m4a), in the original language. `info`: a probe or its info_path.

    Raises:
        NutshellError: any code of the source room, for example `media_forbidden`, `too_large`, `network`.
    """
    path = info.info_path if isinstance(info, Probe) else info
    return Path(run_child("audio", settings, workdir, emit, info=str(path.absolute())))


def fetch_video(source: Source, settings: Settings, workdir: Path, emit: Emit) -> Path:
    """Pictures (at most 720 lines) and sound in one mp4, webm or mkv, with title and chapters.

    Raises:
        NutshellError: as fetch_audio.
    """
    found = run_child("video", settings, workdir, emit, url=source.url)
    files = [Path(file) for file in found["files"]]
    if len(files) == 1:
        return files[0]
    request = {"task": "merge", "video": str(files[0]), "audio": str(files[1]), "stem": str(workdir / f"{files[0].name.split('.')[0]}.merged"),
               "title": found["title"], "chapters": found["chapters"]}  # fmt: skip
    limits = Limits(_MERGE_SECONDS, _MERGE_SECONDS, settings.max_upload * 2, memory_bytes=media.MEMORY)
    deaths = sandbox.Deaths(timeout="bad_media", killed="bad_media")
    job = sandbox.Job("pipeline.source.media_child", workdir, limits, deaths, "download", "Merging")
    merged = Path(sandbox.run(job, request, emit))
    for file in files:
        file.unlink()
    return merged


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
