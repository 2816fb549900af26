"""The child process that opens media files: says what they hold, and makes other forms of them. Started by sandbox.run only."""

import math
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.downloads import Clip
from pipeline.errors import cause
from pipeline.source import inside, merge, sound
from pipeline.source.inside import Json, Report
from pipeline.source.labels import Labels
from pipeline.source.media import open_media

if TYPE_CHECKING:
    from av.container import InputContainer

ENOUGH = 20
"""Packets of sound that are decoded to see that the file is what it says."""


def probe(path: Path) -> dict[str, Json]:
    """Title, duration and chapters of a media file with sound.

    Raises:
        InputError: `bad_media`, `no_audio`.
    """
    with open_media(path) as container:
        if not container.streams.audio:
            raise cause("no_audio")
        _check_sound(container)
        duration = _duration(container)
        if duration <= 0:
            raise cause("bad_media", "It is cut off before the first sound.")
        return {"title": _title(container), "duration": duration, "chapters": _chapters(container, duration)}


def _check_sound(container: "InputContainer") -> None:
    """Decodes the first packets; broken ones may be among them, but not only."""
    import av

    stream = container.streams.audio[0]
    samples = 0
    for number, packet in enumerate(_packets(container, audio_only=True)):
        try:
            samples += sum(frame.samples for frame in stream.decode(packet))
        except (av.error.FFmpegError, ValueError):
            continue
        if samples and number >= ENOUGH:
            break
    if not samples:
        raise cause("bad_media", f"Its sound ({stream.name}) cannot be decoded.")
    container.seek(0)


def _duration(container: "InputContainer") -> float:
    """Seconds until the last packet of any stream: headers lie in cut-off files, and live recordings have none."""
    end = 0.0
    for packet in _packets(container, audio_only=False):
        time = packet.pts if packet.pts is not None else packet.dts
        if time is not None and packet.time_base is not None:
            end = max(end, float((time + (packet.duration or 0)) * packet.time_base))
    return end if math.isfinite(end) else 0.0


def _title(container: "InputContainer") -> str:
    for tags in (container.metadata, container.streams.audio[0].metadata):  # ogg keeps them with the stream
        for name, value in tags.items():
            if name.lower() == "title" and value.strip():
                return value
    return ""


def _chapters(container: "InputContainer", duration: float) -> list[tuple[float, float, str]]:
    """Chapters in order, inside the duration, each ending where the next begins; none if they are nonsense."""
    marks = sorted((float(item["start"] * (item["time_base"] or 1)), item["metadata"].get("title", "")) for item in container.chapters())
    marks = [(max(0.0, start), " ".join(title.split())[:200]) for start, title in marks if start < duration]
    if len(marks) < 2 or len(marks) > 1000:
        return []
    ends = [start for start, _ in marks[1:]] + [duration]
    return [
        (start, end, title or f"Chapter {number}")
        for number, ((start, title), end) in enumerate(zip(marks, ends, strict=True), 1)
        if end > start
    ]


def _packets(container: "InputContainer", *, audio_only: bool) -> "merge.Packets":
    """Packets until the end, or until the file breaks off."""
    import av

    streams = container.streams.audio[:1] if audio_only else [s for s in container.streams if s.type in ("audio", "video")]
    packets = container.demux(*streams)
    while True:
        try:
            packet = next(packets)
        except (StopIteration, av.error.FFmpegError):
            return
        yield packet


def make(request: Json, report: Report) -> Json:
    """Another form of a recording; the path of the file."""
    labels = Labels(**{**request["labels"], "chapters": [(start, end, title) for start, end, title in request["labels"]["chapters"]]})
    clip = Clip(*request["clip"]) if request["clip"] else None
    paths, stem = [Path(path) for path in request["paths"]], Path(request["stem"])
    if request["what"] == "audio":
        return str(sound.extract(paths[0], stem, request["format"], labels, report, clip))
    return str(merge.merge(paths[0], paths[-1], stem, labels, report, clip))


def handle(request: Json, report: Report) -> Json:
    if request["task"] == "probe":
        return probe(Path(request["path"]))
    if request["task"] == "make":
        return make(request, report)
    raise cause("internal")


if __name__ == "__main__":
    inside.serve(handle, offline=True)
