"""One file out of a stream of pictures and a stream of sound, whole or a part of it, without decoding either. Runs inside the media child."""

import heapq
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from itertools import chain, repeat
from pathlib import Path
from typing import TYPE_CHECKING, cast

from pipeline.downloads import Clip
from pipeline.errors import cause
from pipeline.source.labels import Labels, begin, clipped
from pipeline.source.media import open_media

if TYPE_CHECKING:
    from collections.abc import Callable

    from av.container import InputContainer
    from av.packet import Packet
    from av.stream import Stream

    Packets = Iterator[Packet[Stream]]
    Timed = Iterator[tuple[float, int, Packet[Stream]]]

MP4 = (frozenset({"h264", "hevc", "av1"}), frozenset({"aac", "mp3"}))
WEBM = (frozenset({"vp8", "vp9", "av1"}), frozenset({"opus", "vorbis"}))


MOST_REORDERED = 16
"""Pictures; the most that H.264 and HEVC allow."""


def container_for(video_codec: str, audio_codec: str) -> str:
    """The suffix of the most widely played container that holds both codecs: mp4, webm, else mkv."""
    for suffix, (videos, audios) in (("mp4", MP4), ("webm", WEBM)):
        if video_codec in videos and audio_codec in audios:
            return suffix
    return "mkv"


def merge(video: Path, audio: Path, stem: Path, labels: Labels, report: "Callable[[float, str], None]", clip: Clip | None = None) -> Path:
    """Writes `stem` with the suffix that fits and returns it; `video` and `audio` may be the same file. Memory does not grow with length.

    A clip begins at the key frame before its start: what comes after cannot be shown without it.

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
        length = max((float(c.duration or 0) / av.time_base for c in (pictures, sound)), default=0.0)
        start, end = (_key_frame(pictures, inputs[0], clip.start), clip.end) if clip else (0.0, length)
        if clip:
            labels = replace(labels, chapters=clipped(labels.chapters, start, end))
            seek(sound, inputs[1], start)
        output = stack.enter_context(av.open(str(path), "w", options=options))
        outputs = {id(stream): output.add_stream_from_template(stream) for stream in inputs}
        begin(output, labels, path.suffix[1:])
        streams = (timed(pictures, inputs[0], 0), timed(sound, inputs[1], 1))
        if clip:
            streams = (within(_dated(streams[0]), start, end), within(streams[1], start, end))
        steps = 0
        for at, _, packet in heapq.merge(*streams, key=lambda item: item[:2]):
            packet.stream = outputs[id(packet.stream)]
            output.mux(packet)
            if end > start and (at - start) / (end - start) * 20 > steps + 1:
                steps = int((at - start) / (end - start) * 20)
                report(min((at - start) / (end - start), 1.0), "Merging")
    return path


def seek(container: "InputContainer", stream: "Stream", seconds: float) -> None:
    """To the last key frame of `stream` that is not after `seconds`."""
    container.seek(int(seconds / (stream.time_base or 1)), stream=stream)


def _key_frame(container: "InputContainer", stream: "Stream", seconds: float) -> float:
    """Seconds of the picture at which a part from `seconds` on can begin; `container` stands there afterwards."""
    seek(container, stream, seconds)
    first = next((packet for packet in container.demux(stream) if packet.size), None)
    if first is None or first.pts is None or first.time_base is None:
        raise cause("bad_media", "The clip begins where the pictures have ended.")
    seek(container, stream, seconds)
    return float(first.pts * first.time_base)


def _dated(packets: "Timed") -> "Timed":
    """Pictures with decoding times made anew from the times at which they are shown, earlier by as much as they are reordered. Matroska keeps no decoding
    times, and FFmpeg's guess is wrong at every key frame as long as no decoder looks into the pictures, which none may here."""
    ahead: deque[tuple[float, int, Packet[Stream]]] = deque()
    shown: list[int] = []
    delay, last = None, None
    ended = object()
    for item in chain((item for item in packets if item[2].pts is not None), repeat(ended)):
        if item is not ended:
            ahead.append(cast("tuple[float, int, Packet[Stream]]", item))
            heapq.heappush(shown, _pts(ahead[-1][2]))
            if len(ahead) < 2 * MOST_REORDERED:
                continue
        if not ahead:
            return
        if delay is None:
            times = [_pts(packet) for _, _, packet in ahead]
            delay = max(late - time for late, time in zip(sorted(times)[:MOST_REORDERED], times, strict=False))
        _, order, packet = ahead.popleft()
        at = min(heapq.heappop(shown) - delay, _pts(packet))
        packet.dts = last = at if last is None else max(at, last + 1)
        yield float(packet.dts * (packet.time_base or 1)), order, packet


def _pts(packet: "Packet[Stream]") -> int:
    assert packet.pts is not None
    return packet.pts


def within(packets: "Timed", start: float, end: float) -> "Timed":
    """Those that are shown or heard from `start` to `end`, moved so that `start` is the beginning."""
    for at, order, packet in packets:
        if at >= end:
            return
        base = packet.time_base
        if packet.pts is None or base is None or not start <= round(float(packet.pts * base), 6) < end:
            continue
        shift = round(start / base)
        packet.pts -= shift
        packet.dts = None if packet.dts is None else packet.dts - shift
        yield at, order, packet


def _first(container: "InputContainer", kind: str) -> "Stream":
    streams = [stream for stream in container.streams if stream.type == kind]
    if not streams:
        raise cause("no_audio") if kind == "audio" else cause("bad_media", "It has no pictures.")
    return streams[0]


def _codec(stream: "Stream") -> str:
    return stream.codec_context.name if stream.codec_context else ""


def timed(container: "InputContainer", stream: "Stream", order: int = 0) -> "Timed":
    """Packets with their decoding time in seconds, or that of the one before where there is none (reordered frames in Matroska). The last, empty one is left out."""
    at = 0.0
    for packet in container.demux(stream):
        if packet.dts is not None and packet.time_base is not None:
            at = float(packet.dts * packet.time_base)
        if packet.size:
            yield at, order, packet
