"""One door to all exports: a kind and what is known of a video in, a named file out."""

import json
import re
import unicodedata
from dataclasses import dataclass
from typing import Any

from pipeline.errors import InputError
from pipeline.export import subtitles, text
from pipeline.export.document import document, kept_json, transcript_json, video_json
from pipeline.summary.styles import USUAL, Telling
from pipeline.types import Kept, Summary, Transcript, Video

KINDS = ("md", "txt", "srt", "vtt", "json", "html")
LATER = ("pdf",)
MEDIA_TYPES = {
    "md": "text/markdown; charset=utf-8",
    "txt": "text/plain; charset=utf-8",
    "srt": "application/x-subrip; charset=utf-8",
    "vtt": "text/vtt; charset=utf-8",
    "json": "application/json",
    "html": "text/html; charset=utf-8",
}


@dataclass(frozen=True, slots=True)
class Export:
    filename: str
    media_type: str
    body: bytes


def render(kind: str, video: Video, transcript: Transcript, summary: Summary | None, telling: Telling = USUAL, kept: Kept = Kept()) -> Export:  # noqa: B008 - frozen
    """The export of `kind`, its summary told as `telling` says; without a summary the transcript alone; `kept` stands in it as "My notes". Subtitles have no style and no notes.

    Raises:
        InputError: `bad_export`, an unknown kind, or one that is not there yet.
    """
    if kind in LATER:
        raise InputError("not_yet", f"Export as {kind} is not there yet. Choose one of {', '.join(KINDS)}.")
    if kind not in KINDS:
        raise InputError("bad_export", f"There is no export as {kind!r}. Choose one of {', '.join(KINDS)}.")
    return Export(file_name(video, kind), MEDIA_TYPES[kind], _body(kind, video, transcript, summary, telling, kept).encode("utf-8", "replace"))


def _body(kind: str, video: Video, transcript: Transcript, summary: Summary | None, telling: Telling, kept: Kept) -> str:
    match kind:
        case "md":
            return text.markdown(video, transcript, summary, telling, kept)
        case "txt":
            return text.plain(video, transcript, summary, telling, kept)
        case "html":
            return text.html(video, transcript, summary, telling, kept)
        case "srt":
            return subtitles.srt(transcript.segments)
        case "vtt":
            return subtitles.vtt(transcript.segments, transcript.language)
    return json.dumps(_value(video, transcript, summary, telling, kept), ensure_ascii=False, indent=1) + "\n"


def _value(video: Video, transcript: Transcript, summary: Summary | None, telling: Telling, kept: Kept) -> dict[str, Any]:
    mine = {"kept": kept_json(kept)} if kept else {}
    if summary is None:
        return {"video": video_json(video), "transcript": transcript_json(transcript), **mine}
    return document(video, transcript, summary, {}, {"speech": transcript.model, "llm": summary.model}, telling) | mine


LONGEST_NAME = 200
"""Bytes of a title in a file name, of the 255 that file systems allow: 84 characters of Japanese are more."""


def file_name(video: Video, extension: str, part: str = "") -> str:
    """`Title [id].ext`, of a clip `Title (part) [id].ext`: at most 120 characters and LONGEST_NAME bytes of the title, nothing that any file system or shell minds."""
    title = unicodedata.normalize("NFKC", video.title)
    title = "".join(c for c in title if unicodedata.category(c)[0] not in "CZ" or c == " ")
    title = " ".join(re.sub(r'[\\/:*?"<>|\0]', " ", title).split()).strip(". ")[:120]
    title = title.encode()[:LONGEST_NAME].decode("utf-8", "ignore").rstrip(". ") or "video"
    return f"{title} ({part}) [{video.id}].{extension}" if part else f"{title} [{video.id}].{extension}"
