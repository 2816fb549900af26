"""One file out of a stream of pictures and a stream of sound, without decoding either. Runs inside the media child."""

import heapq
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import cause
from pipeline.source.media import open_media

if TYPE_CHECKING:
    from collections.abc import Callable

    from av.container import InputContainer, OutputContainer
    from av.packet import Packet
    from av.stream import Stream

    Packets = Iterator[Packet[Stream]]

MP4 = (frozenset({"h264", "hevc", "av1"}), frozenset({"aac", "mp3"}))
WEBM = (frozenset({"vp8", "vp9", "av1"}), frozenset({"opus", "vorbis"}))


@dataclass(frozen=True, slots=True)
class Labels:
    """What is written into the file beside the streams."""

    title: str
    chapters: list[tuple[float, float, str]]


def container_for(video_codec: str, audio_codec: str) -> str:
    """The suffix of the most widely played container that holds both codecs: mp4, webm, else mkv."""
    for suffix, (videos, audios) in (("mp4", MP4), ("webm", WEBM)):
        if video_codec in videos and audio_codec in audios:
            return suffix
    return "mkv"


def merge(video: Path, audio: Path, stem: Path, labels: Labels, report: "Callable[[float, str], None]") -> Path:
    """Writes `stem` with the suffix that fits and returns it. Memory does not grow with length.

    Raises:
        InputError: `bad_media` (an input that cannot be read), `no_audio`.
    """
    import av

    with ExitStack() as stack:
        pictures = stack.enter_context(open_media(video))
        sound = stack.enter_context(open_media(audio))
        inputs = (_first(pictures, "video"), _first(sound, "audio"))
        path = stem.with_suffix("." + container_for(inputs[0].name or _codec(inputs[0]), inputs[1].name or _codec(inputs[1])))
        options = {"movflags": "+faststart"} if path.suffix == ".mp4" else {}
        output = stack.enter_context(av.open(str(path), "w", options=options))
        _label(output, labels)
        outputs = {id(stream): output.add_stream_from_template(stream) for stream in inputs}
        length = max((float(c.duration or 0) / av.time_base for c in (pictures, sound)), default=0.0)
        steps = 0
        for at, _, packet in heapq.merge(_timed(pictures, inputs[0], 0), _timed(sound, inputs[1], 1), key=lambda item: item[:2]):
            packet.stream = outputs[id(packet.stream)]
            output.mux(packet)
            if length and at / length * 20 > steps + 1:
                steps = int(at / length * 20)
                report(min(at / length, 1.0), "Merging")
    return path


def _first(container: "InputContainer", kind: str) -> "Stream":
    streams = [stream for stream in container.streams if stream.type == kind]
    if not streams:
        raise cause("no_audio" if kind == "audio" else "bad_media")
    return streams[0]


def _codec(stream: "Stream") -> str:
    return stream.codec_context.name if stream.codec_context else ""


def _timed(container: "InputContainer", stream: "Stream", order: int) -> "Iterator[tuple[float, int, Packet[Stream]]]":
    """Packets with their decoding time in seconds, or that of the one before where there is none (reordered frames in Matroska). The last, empty one is left out."""
    at = 0.0
    for packet in container.demux(stream):
        if packet.dts is not None and packet.time_base is not None:
            at = float(packet.dts * packet.time_base)
        if packet.size:
            yield at, order, packet


def _label(output: "OutputContainer", labels: Labels) -> None:
    output.metadata["title"] = labels.title
    if labels.chapters:
        milli = Fraction(1, 1000)
        output.set_chapters(
            [
                {"id": number, "start": round(start * 1000), "end": round(end * 1000), "time_base": milli, "metadata": {"title": title}}
                for number, (start, end, title) in enumerate(labels.chapters)
            ]
        )
