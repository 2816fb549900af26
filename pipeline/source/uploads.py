"""Files that people hand in. Content decides what a file is; its name is shown, never used as a path."""

import hashlib
import re
import tempfile
from pathlib import Path, PureWindowsPath
from typing import Literal

from pipeline.errors import cause
from pipeline.source import captions, media, plain, sandbox
from pipeline.source.inside import Limits
from pipeline.types import Chapter, Video

MEDIA_SUFFIXES = frozenset(
    {".mp4", ".mov", ".m4a", ".m4v", ".mkv", ".mka", ".webm", ".ogg", ".oga", ".opus", ".mp3", ".flac", ".wav", ".aac", ".aif", ".aiff"}
)
SUFFIXES = MEDIA_SUFFIXES | captions.TIMED_SUFFIXES | {".txt", ".md", ".json", ".xml"}
"""What a path is recognised by on the command line when there is no such file. What a file is, its content says."""
_HEAD = 64 * 1024
_MEDIA = re.compile(
    rb"....(?:ftyp|moov|mdat|free|skip|wide|pnot)"  # mov, mp4, m4a, 3gp
    rb"|\x1a\x45\xdf\xa3|OggS|fLaC|ID3|RIFF....WAVE|RF64....WAVE|FORM....AIF[FC]"
    rb"|\xff[\xe0-\xff]"  # a frame of mp3 or ADTS aac; byte order marks are looked for before
    rb"|\x00*\xff\xfb",
    re.DOTALL,
)
_LISTS = re.compile(rb"\s*(?:#EXTM3U|ffconcat|#EXTINF|\[playlist\]|<\?xml[^>]*>\s*<(?:MPD|smil|asx|playlist))", re.IGNORECASE)
_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_PROBE = Limits(seconds=120, cpu_seconds=60, file_bytes=0, open_files=32, memory_bytes=media.MEMORY)


def sniff(path: Path) -> Literal["media", "transcript"]:
    """What a file is, by its first bytes.

    Raises:
        InputError: `bad_media`: empty, a playlist that points to other files, or neither media nor text.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if not head:
        raise cause("bad_media", "It is empty.")
    text = head.startswith(_MARKS)
    if _LISTS.match(head.removeprefix(_MARKS[0])):
        raise cause("bad_media", "It is a list of other files. Give the audio or video itself.")
    if not text and _MEDIA.match(head):
        return "media"
    if text or _is_text(head):
        return "transcript"
    raise cause("bad_media", f"Nutshell reads {media.READS}, and transcripts as .vtt, .srt, .ttml, .json3 or .txt.")


def is_media(head: bytes) -> bool:
    """Whether the first bytes are those of a recording."""
    return not head.startswith(_MARKS) and bool(_MEDIA.match(head))


def _is_text(head: bytes) -> bool:
    """Hardly any control characters, or the even spread of zero bytes of UTF-16 without a mark."""
    zeros = head.count(0)
    if zeros:
        return max(head[0::2].count(0), head[1::2].count(0)) > 0.9 * zeros and zeros > 0.3 * len(head)
    controls = sum(byte < 32 and byte not in b"\t\n\r\f\x1b" for byte in head)
    return controls * 100 <= len(head)


def source_id(path: Path) -> str:
    """`file:` and the hash of the content, so that the same file under two names is one video."""
    with path.open("rb") as file:
        return f"file:{hashlib.file_digest(file, 'sha256').hexdigest()}"


def clean_title(name: str) -> str:
    """A title from a file name, for showing only: no folders, no suffix, no control characters, at most 200 characters."""
    base = PureWindowsPath(name.replace("\x00", "")).name  # knows both kinds of slash
    stem, dot, suffix = base.rpartition(".")
    return plain.line((stem if stem and (dot + suffix).lower() in SUFFIXES else base).replace("_", " "), 200) or "Untitled"


def probe_media(path: Path, name: str) -> Video:
    """What a media file says of itself: title (else the cleaned name), duration in seconds, chapters.

    Raises:
        InputError: `bad_media` (empty, renamed, cut off, hostile, a container or codec that is not read), `no_audio`.
    """
    with tempfile.TemporaryDirectory(prefix="nutshell-probe-") as folder:
        job = sandbox.Job(
            "pipeline.source.media_child", Path(folder), _PROBE, sandbox.Deaths(timeout="bad_media", killed="bad_media"), "fetch"
        )
        found = sandbox.run(job, {"task": "probe", "path": str(path.absolute())}, sandbox.quiet)
    return Video(
        source_id=source_id(path),
        source_url="",
        title=plain.line(found["title"], 200) or clean_title(name),
        duration=found["duration"],
        chapters=tuple(Chapter(*chapter) for chapter in found["chapters"]),
    )
