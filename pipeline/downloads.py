"""The forms in which a recording can be had, as data: what people type, what stands on the row of a job, and what stands in an address.

A form has one name, which is also the `kind` of its media file: `audio`, `audio-mp3`, `video`, `video-480p`, `video-best`, and with `-60000-150000` behind it
(milliseconds) a clip of that. Names are made and read here only, so nothing that a stranger wrote becomes part of a path.
"""

import re
from dataclasses import dataclass, replace
from typing import Literal

from pipeline import timecode
from pipeline.errors import InputError

What = Literal["audio", "video"]
AUDIO_FORMATS = ("mp3", "m4a", "opus")
"""Besides the one that is served."""
QUALITIES = (360, 480, 720, 1080)
"""Most lines of a picture."""
BEST = 0
"""As many lines as there are and the server allows."""
USUAL = 720
"""Lines of `video`; more is of little use beside a summary and costs bandwidth."""
SHORTEST = 0.1
"""Seconds of a clip."""
_LONGEST_TEXT = 20
"""Characters of a time; the longest that means anything is `123:45:67.890`."""
_NAME = re.compile(r"(audio|video)(?:-(mp3|m4a|opus|best|\d{3,4}p))?(?:-(\d{1,9})-(\d{1,9}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Clip:
    """From and to, in seconds."""

    start: float
    end: float

    @property
    def length(self) -> float:
        return self.end - self.start

    def __str__(self) -> str:
        return f"{timecode.clock(self.start)}–{timecode.clock(self.end)}"

    @property
    def name(self) -> str:
        """In the name of a file, where no system minds it."""
        return str(self).replace(":", ".")


@dataclass(frozen=True, slots=True)
class Form:
    """One form of a recording."""

    what: What
    format: str = ""
    """Of audio: one of AUDIO_FORMATS; empty: as it is served."""
    quality: int = USUAL
    """Of video: one of QUALITIES, or BEST."""
    clip: Clip | None = None

    @property
    def name(self) -> str:
        kind = f"-{self.format}" if self.format else ""
        if self.what == "video" and self.quality != USUAL:
            kind = f"-{self.quality}p" if self.quality else "-best"
        clip = f"-{round(self.clip.start * 1000)}-{round(self.clip.end * 1000)}" if self.clip else ""
        return f"{self.what}{kind}{clip}"

    @property
    def base(self) -> "Form":
        """What is fetched from YouTube; the other forms are made of it."""
        return Form("audio") if self.what == "audio" else replace(self, clip=None)

    @property
    def words(self) -> str:
        """`MP3 audio`, `video up to 480p, 1:00–2:30`."""
        if self.what == "audio":
            said = f"{self.format.upper() if self.format != 'opus' else 'Opus'} audio" if self.format else "audio"
        else:
            said = "video" if self.quality == USUAL else f"video up to {self.quality}p" if self.quality else "best video"
        return f"{said}, {self.clip}" if self.clip else said


def parse(name: str) -> Form:
    """The form of a name.

    Raises:
        InputError: `bad_download`.
    """
    match = _NAME.fullmatch(name[:40])
    if match is None:
        raise _unknown(name)
    what, kind, start, end = match.groups()
    clip = Clip(int(start) / 1000, int(end) / 1000) if start else None
    form = Form("audio", kind or "", USUAL, clip) if what == "audio" else Form("video", "", _lines(kind), clip)
    known = form.format in ("", *AUDIO_FORMATS) and form.quality in (*QUALITIES, BEST)
    if not known or form.name != name:
        raise _unknown(name)
    return form


def _lines(kind: str | None) -> int:
    if kind is None:
        return USUAL
    return BEST if kind == "best" else int(kind.removesuffix("p")) if kind.endswith("p") else -1


def _unknown(name: str) -> InputError:
    return InputError(
        "bad_download", f"{name[:20]!r} cannot be downloaded. There are audio and video, and the forms in the list of downloads."
    )


def wanted(what: str, audio_format: str = "", quality: str = "", clip: Clip | None = None) -> Form:
    """The form that somebody asked for in words: `audio` with one of AUDIO_FORMATS, `video` with `best` or one of QUALITIES.

    Raises:
        InputError: `bad_download`.
    """
    if what == "audio":
        if quality:
            raise InputError("bad_download", "Audio has no quality to choose. Choose a format: " + ", ".join(AUDIO_FORMATS) + ".")
        if audio_format not in ("", *AUDIO_FORMATS):
            raise InputError("bad_download", f"Audio does not come as {audio_format[:20]!r}. Choose one of {', '.join(AUDIO_FORMATS)}.")
        return Form("audio", audio_format, clip=clip)
    if what != "video":
        raise _unknown(what)
    if audio_format:
        raise InputError("bad_download", "Video comes in the format it is served in. Choose a quality, or audio.")
    lines = {"": USUAL, "best": BEST} | {str(lines): lines for lines in QUALITIES}
    if quality.removesuffix("p") not in lines:
        raise InputError("bad_download", f"There is no quality {quality[:20]!r}. Choose one of {', '.join(map(str, QUALITIES))}, best.")
    return Form("video", quality=lines[quality.removesuffix("p")], clip=clip)


def offered(most: int) -> tuple[Form, ...]:
    """Whole recordings to choose from where pictures may have at most so many lines."""
    audio = (Form("audio"), *(Form("audio", kind) for kind in AUDIO_FORMATS))
    return (*audio, *(Form("video", quality=lines) for lines in QUALITIES if lines <= most), Form("video", quality=BEST))


def allowed(form: Form, most: int, duration: float) -> Form:
    """The form, its clip within the recording of `duration` seconds (0: not known); pictures may have at most `most` lines.

    Raises:
        InputError: `bad_download`, `bad_clip`.
    """
    if form.what == "video" and form.quality > most and form.quality != USUAL:
        raise InputError(
            "bad_download", f"This server fetches at most {most} lines (NUTSHELL_MAX_HEIGHT). Choose a smaller quality, or best."
        )
    return replace(form, clip=_within(form.clip, duration)) if form.clip else form


def lines(form: Form, most: int) -> int:
    """The most lines that a picture of this form may have."""
    return min(form.quality, most) if form.quality else most


def parse_clip(text: str) -> Clip:
    """`1:00-2:30`. Raises: InputError: `bad_clip`."""
    start, dash, end = text.replace("–", "-").partition("-")
    if not dash:
        raise InputError("bad_clip", "A clip is given as two times with a dash between, for example 1:00-2:30.")
    return clip_between(start, end)


def clip_between(start: str, end: str) -> Clip:
    """Raises: InputError: `bad_clip`."""
    clip = Clip(_seconds(start), _seconds(end))
    if clip.length < SHORTEST:
        raise InputError("bad_clip", "A clip must end after it begins.")
    return clip


def _seconds(text: str) -> float:
    found = timecode.parse_offset(text) if len(text) <= _LONGEST_TEXT else None
    if found is None or found >= 1e6:
        raise InputError("bad_clip", f"{text[:20]!r} is no time. Write 1:30, 1:02:03 or 90.")
    return found


def _within(clip: Clip, duration: float) -> Clip:
    if clip.length < SHORTEST:
        raise InputError("bad_clip", "A clip must end after it begins.")
    if not duration:
        return clip
    if clip.start >= duration or clip.end >= duration + 1.0:  # a page shows whole seconds, rounded
        raise InputError("bad_clip", f"The recording ends at {timecode.clock(duration)}, so there is no clip {clip}.")
    return replace(clip, end=min(clip.end, duration))
