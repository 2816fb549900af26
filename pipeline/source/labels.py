"""What is written into a media file beside its streams: title, artist, date, link, chapters, cover. Runs inside the media child."""

import base64
import struct
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline import timecode
from pipeline.types import Video

if TYPE_CHECKING:
    from av.container import OutputContainer

Marks = list[tuple[float, float, str]]
PICTURED = frozenset({"mp4", "m4a", "mp3", "mkv", "mka", "opus"})
"""Containers that take a cover. WebM allows no attachment, and no attached picture either."""
MOST_COVER = 5 * 1024**2
_MILLI = Fraction(1, 1000)
_FRONT = 3
"""What FLAC and ID3 call the front cover."""


@dataclass(frozen=True, slots=True)
class Labels:
    """All of it plain text of a stranger's; nothing is a path but the cover."""

    title: str
    chapters: Marks
    artist: str = ""
    date: str = ""
    comment: str = ""
    """The link to the source."""
    cover: str = ""
    """Path of a JPEG file; empty: none."""


def labels_of(video: Video, cover: Path | None = None) -> Labels:
    chapters = [(chapter.start, chapter.end, chapter.title) for chapter in video.chapters]
    cover_path = str(cover.absolute()) if cover is not None and cover.suffix == ".jpg" else ""
    return Labels(video.title, chapters, video.channel or "", video.published_at or "", video.source_url, cover_path)


def clipped(chapters: Marks, start: float, end: float) -> Marks:
    """The chapters of a clip, in its own time; a single one divides nothing."""
    inside = [(max(a, start) - start, min(b, end) - start, title) for a, b, title in chapters if a < end and b > start]
    return inside if len(inside) > 1 else []


def begin(output: "OutputContainer", labels: Labels, suffix: str) -> None:
    """Writes everything at the head of the file; after the streams were added and before the first packet."""
    fields = {"title": labels.title, "artist": labels.artist, "date": labels.date, "comment": labels.comment}
    output.metadata.update({name: value for name, value in fields.items() if value})
    if suffix == "opus":
        output.metadata.update(_comments(labels.chapters))
    elif labels.chapters:
        output.set_chapters(
            [
                {"id": number, "start": round(start * 1000), "end": round(end * 1000), "time_base": _MILLI, "metadata": {"title": title}}
                for number, (start, end, title) in enumerate(labels.chapters)
            ]
        )
    picture = _picture(labels.cover) if suffix in PICTURED else None
    if picture is None:
        output.start_encoding()
        return
    if suffix in ("mkv", "mka"):
        output.add_attachment("cover.jpg", "image/jpeg", picture[0])
        output.start_encoding()
    elif suffix == "opus":
        output.metadata["METADATA_BLOCK_PICTURE"] = base64.b64encode(_block(*picture)).decode()
        output.start_encoding()
    else:
        _attach(output, *picture)


def _comments(chapters: Marks) -> dict[str, str]:
    """Chapters as Ogg files carry them. FFmpeg writes them too, but rounds seconds up and keeps the milliseconds: 3.99 becomes 4.99."""
    comments: dict[str, str] = {}
    for number, (start, _, title) in enumerate(chapters[:1000]):
        comments |= {f"CHAPTER{number:03d}": timecode.subtitle_stamp(start), f"CHAPTER{number:03d}NAME": title}
    return comments


def _attach(output: "OutputContainer", data: bytes, width: int, height: int) -> None:
    import av
    from av.stream import Disposition

    stream = output.add_mux_stream("mjpeg", width=width, height=height)
    stream.disposition = Disposition.attached_pic
    output.start_encoding()
    packet = av.Packet(data)
    packet.stream = stream
    packet.pts = packet.dts = 0
    output.mux(packet)


def _block(data: bytes, width: int, height: int) -> bytes:
    """A picture as FLAC and Opus files carry it (RFC 9639, 8.8)."""
    mime = b"image/jpeg"
    head = struct.pack(">II", _FRONT, len(mime)) + mime
    return head + struct.pack(">IIIIII", 0, width, height, 24, 0, len(data)) + data


def _picture(path: str) -> tuple[bytes, int, int] | None:
    """The bytes of a JPEG file with width and height; None: there is none, or it is something else. No decoder of pictures is opened for it."""
    if not path or not Path(path).is_file() or Path(path).stat().st_size > MOST_COVER:
        return None
    data = Path(path).read_bytes()
    size = jpeg_size(data)
    return (data, *size) if size else None


def jpeg_size(data: bytes) -> tuple[int, int] | None:
    """Width and height as the frame header says (ITU T.81, B.2.2); None: this is no JPEG."""
    if not data.startswith(b"\xff\xd8"):
        return None
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4])
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return (width, height) if width and height else None
        at += 2 + length
    return None
