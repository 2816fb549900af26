"""Values to columns and back: zstd of JSON for what is read as a whole, JSON lists for the small ones, and the hash that names a transcript."""

import hashlib
import json
from collections.abc import Sequence
from typing import Any

import zstandard

from pipeline.types import Chapter, Citation, Coverage, Point, Segment, Status, Transcript

MOST = 512 * 1024 * 1024
"""Bytes that one blob may unpack to; the segments of a week of speech are 30 MB."""


def pack(value: Any) -> bytes:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return zstandard.ZstdCompressor(level=9).compress(text.encode("utf-8", "surrogatepass"))


def unpack(blob: bytes) -> Any:
    return json.loads(zstandard.ZstdDecompressor().decompress(blob, max_output_size=MOST).decode("utf-8", "surrogatepass"))


def pack_segments(segments: Sequence[Segment]) -> bytes:
    return pack([[segment.start, segment.end, segment.text, segment.speaker] for segment in segments])


def unpack_segments(blob: bytes) -> tuple[Segment, ...]:
    return tuple(Segment(*row) for row in unpack(blob))


def hash_of(transcript: Transcript) -> str:
    """Names the words and their times; what is made of a transcript is kept under it, and made again when it changes."""
    rows = [[segment.start, segment.end, segment.text, segment.speaker] for segment in transcript.segments]
    text = json.dumps([transcript.language, transcript.origin, transcript.model, rows], separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def clean(text: str) -> str:
    """Without U+0000, the one character that PostgreSQL cannot store, and without lone surrogates. Captions of strangers contain both."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


def citations_to(point: Point) -> list[Any]:
    return [[citation.start, citation.end, clean(citation.quote), citation.sentence] for citation in point.citations]


def citations_from(rows: list[Any]) -> tuple[Citation, ...]:
    return tuple(Citation(start=row[0], end=row[1], quote=row[2], sentence=row[3]) for row in rows)


def coverage_to(coverage: Sequence[Coverage]) -> list[Any]:
    return [[part.start, part.end, part.status, list(part.points), part.reason] for part in coverage]


def coverage_from(rows: list[Any]) -> tuple[Coverage, ...]:
    return tuple(Coverage(row[0], row[1], Status(row[2]), tuple(row[3]), row[4]) for row in rows)


def chapters_to(chapters: Sequence[Chapter]) -> list[Any]:
    return [[chapter.start, chapter.end, clean(chapter.title)] for chapter in chapters]


def chapters_from(rows: list[Any]) -> tuple[Chapter, ...]:
    return tuple(Chapter(row[0], row[1], row[2]) for row in rows)
