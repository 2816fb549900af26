"""Decodes the sound of one untrusted file to 16 kHz mono 16-bit samples on standard output: the child process behind audio.py.

Decoders are the largest native attack surface there is, so they run here: a process that may not write files, open many of them, use much memory or
time, nor (where the kernel lets it) reach a network, and that opens audio of the containers and codecs of source/media.py only.

    python -m pipeline.speech.decode_child PATH START MOST

START: seconds to skip; the first sample written is the one at START (time 0 is that of a player: where the earliest stream begins).
MOST: length in seconds beyond which it gives up, counted in decoded samples, whatever the headers claim.
Standard error ends with one JSON line: {"outcome": "ok" | "bad_media" | "no_audio" | "too_long", "detail": ..., "seconds": decoded, "skipped": packets}.
A truncated file gives what is readable and ends `ok`; a file none of which can be decoded is `bad_media`.
"""

import ctypes
import json
import os
import resource
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from pipeline.errors import NutshellError, cause
from pipeline.source import media

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.audio.stream import AudioStream
    from av.container import InputContainer

RATE = 16_000
CPU_START = 20
CPU_SHARE = 0.25
"""Seconds of processor time allowed: CPU_START + CPU_SHARE per second of sound; decoding takes well under 0.01 on a slow core."""
DESCRIPTORS = 16
SEEKABLE = frozenset({"mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm", "wav", "flac", "ogg"})
"""Containers that know where a second lies. In others a jump is a guess, so START is reached by decoding up to it (hundreds of times real time)."""
NEW_NET, NEW_USER, NO_NEW_PRIVILEGES = 0x40000000, 0x10000000, 38
"""Linux: CLONE_NEWNET, CLONE_NEWUSER, PR_SET_NO_NEW_PRIVS. Root keeps its user namespace, or it could not open files of other users."""
MICROSECONDS = 1_000_000
RUN_UP = 1.0
"""Seconds decoded before START: lossy codecs need a run-up, and a container's jump lands near the place only."""
RATES = range(4_000, 400_000)
CHANNELS = range(1, 33)
GAP = 0.2
"""Timestamps that jump ahead further than this leave silence, so that later words keep their time; smaller ones are jitter."""
LONGEST_GAP = 600.0
"""A longer jump is a damaged timestamp."""


class Sink:
    """Writes samples so that sample n stands at START + n / RATE; cuts what lies before START, fills gaps, keeps the budget."""

    def __init__(self, out: BinaryIO, start: float, most: float) -> None:
        self._out = out
        self._start = round(start * RATE)
        self._most = round(most * RATE)
        self.at = 0
        """Position in the recording of the next sample to come, in samples."""
        self.decoded = 0

    def place(self, seconds: float) -> None:
        """The next block belongs at `seconds`."""
        position = round(seconds * RATE)
        if self.decoded == 0:
            self.at = min(position, self._start)  # behind START where that lies in a gap
        if GAP / 2 * RATE < position - self.at <= max(LONGEST_GAP * RATE, self._start):
            self._fill(position - self.at)

    def write(self, block: memoryview) -> None:
        count = len(block) // 2
        cut = min(count, max(0, self._start - self.at))
        self._count(count)
        self._out.write(block[2 * cut :])

    def _fill(self, count: int) -> None:
        while count > 0:
            step = min(count, RATE)
            self.write(memoryview(bytes(2 * step)))
            count -= step

    def _count(self, count: int) -> None:
        self.at += count
        self.decoded += count
        if self.at > self._most:
            raise cause("too_long")


def confine(most: float) -> None:
    """Take away what a decoder does not need. A limit that this kernel does not have is left out; the others hold."""
    cpu = int(CPU_START + CPU_SHARE * most)
    for limit, value in (
        ("RLIMIT_AS", media.MEMORY),
        ("RLIMIT_CPU", cpu),
        ("RLIMIT_NOFILE", DESCRIPTORS),
        ("RLIMIT_FSIZE", 0),
        ("RLIMIT_CORE", 0),
    ):
        if hasattr(resource, limit):
            resource.setrlimit(getattr(resource, limit), (value, value))
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        libc.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0)
        libc.unshare(NEW_NET if os.geteuid() == 0 else NEW_NET | NEW_USER)  # an empty network; refused inside some containers


def frames(container: "InputContainer", stream: "AudioStream", skipped: list[int]) -> Iterator["AudioFrame"]:
    """The decoded frames; damaged packets are counted and left out, and the end of what can be read is the end."""
    import av

    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
        except av.error.FFmpegError:
            return
        if packet is None:
            return
        try:
            yield from stream.decode(packet)
        except (av.error.FFmpegError, ValueError):
            skipped[0] += 1


class Joiner:
    """Collects frames (often 20 ms) to blocks of a second, because resampling them one by one takes twice the time."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._form: tuple[str, str, int] | None = None
        self._fifo: Any = None
        self._resampler: Any = None

    def add(self, frame: Any) -> None:
        """Raises `bad_media` for a form of sound that no recording has, whatever the header said."""
        import av

        form = (frame.format.name, frame.layout.name, frame.sample_rate)
        if form != self._form:
            if frame.sample_rate not in RATES or frame.layout.nb_channels not in CHANNELS:
                raise cause("bad_media", f"It claims {frame.sample_rate} Hz and {frame.layout.nb_channels} channels.")
            self.flush()
            self._form, self._fifo = form, av.AudioFifo()
            self._resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
        frame.pts = None
        self._fifo.write(frame)
        if self._fifo.samples >= frame.sample_rate:
            self._drain()

    def flush(self) -> None:
        """Write everything that is still on its way; what follows starts afresh."""
        if self._fifo is not None:
            self._drain()
            self._write(self._resampler.resample(None))
            self._form = self._fifo = self._resampler = None

    def _drain(self) -> None:
        if block := self._fifo.read():
            self._write(self._resampler.resample(block))

    def _write(self, pieces: list[Any]) -> None:
        for piece in pieces:
            self._sink.write(memoryview(piece.planes[0])[: 2 * piece.samples])


def decode(path: Path, start: float, sink: Sink, skipped: list[int]) -> None:
    """Raises InputError `bad_media`, `no_audio`; SourceError `too_long`."""
    with media.open_media(path) as container:
        if not container.streams.audio:
            raise cause("no_audio")
        best = container.streams.best("audio")
        stream = next((one for one in container.streams.audio if one is best), container.streams.audio[0])
        zero = (container.start_time or 0) / MICROSECONDS
        if start > 0 and container.format.name in SEEKABLE:
            container.seek(int((start + zero - RUN_UP) * MICROSECONDS), backward=True)
        joiner, expected = Joiner(sink), None
        for frame in frames(container, stream, skipped):
            time = None if frame.pts is None or frame.time_base is None else float(frame.pts * frame.time_base)
            if time is not None and (expected is None or abs(time - expected) > GAP):
                joiner.flush()
                sink.place(max(0.0, time - zero))
                expected = time
            if expected is not None:  # counted on from there: many small gaps, as where packets were lost, add up to one
                expected += frame.samples / frame.sample_rate
            joiner.add(frame)
        joiner.flush()
    if not sink.decoded and (start == 0 or skipped[0]):  # else START lies beyond the end
        raise cause("bad_media", f"Its sound ({stream.name}) cannot be decoded.")


def main(path: str, start: float, most: float) -> None:
    confine(most)
    sink, skipped, outcome, detail = Sink(sys.stdout.buffer, start, most), [0], "ok", ""
    try:
        decode(Path(path), start, sink, skipped)
        sys.stdout.buffer.flush()
    except NutshellError as error:
        outcome, detail = error.code, str(error)
    except MemoryError:
        outcome, detail = "bad_media", str(cause("bad_media", "It asks for too much memory."))
    except BrokenPipeError:
        os._exit(0)  # the reader has gone; nobody is left to tell
    sys.stderr.write(json.dumps({"outcome": outcome, "detail": detail, "seconds": sink.decoded / RATE, "skipped": skipped[0]}) + "\n")
    sys.stderr.flush()
    os._exit(0)  # no tidying up after a file that may have broken the decoder


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), float(sys.argv[3]))
