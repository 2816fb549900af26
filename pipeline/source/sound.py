"""The sound of a recording as a file of its own: as it is where the codec is the one wanted, else decoded and encoded. Runs inside the media child."""

import math
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from pipeline.downloads import Clip
from pipeline.errors import cause
from pipeline.source import merge
from pipeline.source.labels import Labels, begin, clipped
from pipeline.source.media import open_media

if TYPE_CHECKING:
    from collections.abc import Callable

    from av.audio.frame import AudioFrame
    from av.audio.stream import AudioStream
    from av.container import InputContainer, OutputContainer
    from av.filter import Graph

    Report = Callable[[float, str], None]

RATES = (44100, 48000)
"""Samples a second that every encoder and every player takes."""
LEAD = 1.0
"""Seconds that are decoded before a clip, so that the decoder has settled when it begins."""


@dataclass(frozen=True, slots=True)
class Encoder:
    name: str
    bit_rate: int
    """For two channels: what YouTube's own sound (at most 160 kb/s) loses nothing in that can be heard."""
    codec: str
    """What the result holds; a recording that holds it already is not encoded again."""


ENCODERS = {
    "mp3": Encoder("libmp3lame", 192_000, "mp3"),
    "m4a": Encoder("aac", 160_000, "aac"),
    "opus": Encoder("libopus", 128_000, "opus"),
}
OWN = {"aac": "m4a", "opus": "webm", "vorbis": "webm", "mp3": "mp3", "flac": "flac"}
"""Suffix of the usual container of a codec; mka takes all others."""


WHOLE = Clip(0.0, math.inf)
"""No header is asked for the end: that of a recording that a browser or a live stream made does not know it."""


def extract(path: Path, stem: Path, audio_format: str, labels: Labels, report: "Report", clip: Clip | None = None) -> Path:
    """Writes `stem` with the suffix of `audio_format` (empty: that of the codec it has) and returns it.

    A clip is cut to the sample where it is encoded, and to a packet of sound (at most 64 ms) where it is not.

    Raises:
        InputError: `bad_media`, `no_audio`.
    """

    with ExitStack() as stack:
        source = stack.enter_context(open_media(path))
        if not source.streams.audio:
            raise cause("no_audio")
        stream = source.streams.audio[0]
        codec = _codec(stream)
        suffix = audio_format or OWN.get(codec, "mka")
        made = stem.with_suffix(f".{suffix}")
        if clip is not None:
            labels = replace(labels, chapters=clipped(labels.chapters, clip.start, clip.end))
        output = stack.enter_context(_opened(made, suffix))
        if not audio_format or ENCODERS[audio_format].codec == codec:
            _copy(source, stream, output, labels, suffix, clip or WHOLE)
        else:
            _encode(source, stream, output, labels, audio_format, clip or WHOLE, report)
    return made


def _codec(stream: "AudioStream") -> str:
    """FFmpeg's name of the codec; that of the decoder may have something about it: `mp3float`, `libopus`."""
    return stream.codec_context.codec.canonical_name


def _opened(path: Path, suffix: str) -> "OutputContainer":
    import av

    if suffix == "m4a":  # FFmpeg's own kind of m4a takes no cover, mp4 with this brand is the same to players
        return av.open(str(path), "w", format="mp4", options={"brand": "M4A ", "movflags": "+faststart"})
    return av.open(str(path), "w", format="matroska" if suffix == "mka" else None)


def _copy(source: "InputContainer", stream: "AudioStream", output: "OutputContainer", labels: Labels, suffix: str, clip: Clip) -> None:
    copied = output.add_stream_from_template(stream)
    begin(output, labels, suffix)
    if clip.start > 0:
        merge.seek(source, stream, clip.start)
    packets = merge.timed(source, stream)
    written = 0
    for _, _, packet in packets if clip == WHOLE else merge.within(packets, clip.start, clip.end):
        packet.stream = copied
        output.mux(packet)
        written += 1
    if not written:
        raise cause("bad_media", "The clip begins where the sound has ended.")


def _encode(
    source: "InputContainer",
    stream: "AudioStream",
    output: "OutputContainer",
    labels: Labels,
    audio_format: str,
    clip: Clip,
    report: "Report",
) -> None:
    import av

    encoder = ENCODERS[audio_format]
    mono = stream.channels == 1
    rate = stream.rate if stream.rate in RATES and audio_format != "opus" else RATES[1]
    bit_rate = encoder.bit_rate // 2 if mono else encoder.bit_rate
    encoded = cast("AudioStream", output.add_stream(encoder.name, rate=rate, layout="mono" if mono else "stereo", bit_rate=bit_rate))
    begin(output, labels, audio_format)
    length = min(clip.end, float(source.duration or 0) / av.time_base or math.inf) - clip.start
    steps = samples = 0
    for frame in _frames(source, stream, clip):
        output.mux(encoded.encode(frame))
        samples += frame.samples
        if 0 < length < math.inf and samples / frame.sample_rate / length * 20 > steps + 1:
            steps += 1
            report(min(steps / 20, 1.0), "Encoding")
    if not samples:
        raise cause("bad_media", "There is no sound that can be decoded here.")
    output.mux(encoded.encode(None))


def _frames(source: "InputContainer", stream: "AudioStream", clip: Clip) -> "Iterator[AudioFrame]":
    """The sound from start to end of the clip, counted anew from zero; packets that cannot be decoded are left out."""
    import av

    graph = av.filter.Graph()
    begin_at = graph.add_abuffer(template=stream)
    end = f":end={clip.end:.6f}" if clip.end < math.inf else ""
    nodes = (
        begin_at,
        graph.add("atrim", f"start={max(0.0, clip.start):.6f}{end}"),
        graph.add("asetpts", "N/SR/TB"),
        graph.add("abuffersink"),
    )
    graph.link_nodes(*nodes).configure()
    if clip.start > LEAD:
        merge.seek(source, stream, clip.start - LEAD)
    for frame in _decoded(source, stream):
        try:
            graph.push(frame)
        except av.error.EOFError:  # the end of the clip is behind us
            break
        yield from _trimmed(graph)
    else:
        graph.push(None)
    yield from _trimmed(graph)


def _decoded(source: "InputContainer", stream: "AudioStream") -> "Iterator[AudioFrame]":
    """Packets that cannot be decoded are left out."""
    import av

    for packet in source.demux(stream):
        try:
            yield from stream.decode(packet)
        except (av.error.FFmpegError, ValueError):
            continue


def _trimmed(graph: "Graph") -> "Iterator[AudioFrame]":
    import av

    while True:
        try:
            yield cast("AudioFrame", graph.pull())
        except (av.error.BlockingIOError, av.error.EOFError):
            return
