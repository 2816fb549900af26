"""The one JSON form of a TLDR: what `nutshell tldr --json`, the API and `--as json` give. Its schema is tldr.schema.json beside this file."""

import json
from collections.abc import Mapping
from importlib import resources
from typing import Any

from pipeline.summary.styles import USUAL, Answered, Block, Flowing, Gaps, Heading, Listed, Note, Telling, Terms, arranged
from pipeline.types import Chapter, Citation, Coverage, Kept, Point, Summary, Transcript, Video

SCHEMA_FILE = "tldr.schema.json"


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) that every document satisfies."""
    loaded: dict[str, Any] = json.loads(resources.files(__package__).joinpath(SCHEMA_FILE).read_text(encoding="utf-8"))
    return loaded


def document(
    video: Video,
    transcript: Transcript,
    summary: Summary,
    timings: Mapping[str, float],
    models: Mapping[str, str | None],
    telling: Telling = USUAL,
) -> dict[str, Any]:
    """The TLDR as plain JSON values. `timings` are seconds per stage, `models` names per role. Told in another way than usual it has one part more, `style`."""
    whole = {
        "video": video_json(video),
        "transcript": transcript_json(transcript),
        "summary": summary_json(summary),
        "timings": {name: round(seconds, 3) for name, seconds in timings.items()},
        "models": dict(models),
    }
    return whole if telling.is_usual else {**whole, "style": style_json(summary, telling)}


def style_json(summary: Summary, telling: Telling) -> dict[str, Any]:
    """The points of the summary once more, as they are told."""
    blocks = [block_json(block) for block in arranged(summary, telling.style, telling.audience)]
    return {"name": telling.style.name, "audience": telling.audience.name, "blocks": blocks}


def block_json(block: Block) -> dict[str, Any]:
    match block:
        case Heading(text, chapter):
            return {"block": "heading", "text": text, "chapter": chapter_json(chapter) if chapter else None}
        case Listed(points):
            return {"block": "list", "points": [point_json(point) for point in points]}
        case Flowing(points):
            return {"block": "text", "points": [point_json(point) for point in points]}
        case Answered(question, points):
            return {"block": "question", "text": question, "points": [point_json(point) for point in points]}
        case Terms(terms):
            return {"block": "terms", "terms": [{"text": term.text, "point": point_json(term.point)} for term in terms]}
        case Gaps(gaps):
            return {
                "block": "gaps",
                "gaps": [{"question": gap.question, "answer": gap.answer, "point": point_json(gap.point)} for gap in gaps],
            }
        case Note(text):
            return {"block": "note", "text": text}


def video_json(video: Video) -> dict[str, Any]:
    return {
        "id": video.id,
        "title": video.title,
        "duration": round(video.duration, 3),
        "language": video.language,
        "source_url": video.source_url,
        "channel": video.channel,
        "published_at": video.published_at,
    }


def transcript_json(transcript: Transcript) -> dict[str, Any]:
    return {
        "origin": transcript.origin.value,
        "language": transcript.language,
        "segments": [
            {"start": round(s.start, 3), "end": round(s.end, 3), "text": s.text, "speaker": s.speaker, **({"original": s.original} if s.original else {})}
            for s in transcript.segments
        ],
    }


def kept_json(kept: Kept) -> dict[str, Any]:
    """Tags, folders, highlights and notes of the reader's."""
    notes = [
        {"kind": note.kind, "start": note.start, "end": note.end, "quote": note.quote, "text": note.text, "created_at": note.created_at.isoformat()}
        for note in kept.notes
    ]  # fmt: skip
    return {"tags": list(kept.tags), "folders": list(kept.folders), "notes": notes}


def summary_json(summary: Summary) -> dict[str, Any]:
    return {
        "language": summary.language,
        "length": summary.length.value,
        "gist": summary.gist.text,
        "gist_citations": [citation_json(c) for c in summary.gist.citations],
        "gist_kind": summary.gist.kind,
        "overview": " ".join(point.text for point in summary.overview),
        "overview_sentences": [point_json(point) for point in summary.overview],
        "points": [point_json(point) for point in summary.points],
        "chapters": [chapter_json(chapter) for chapter in summary.chapters],
        "coverage": [coverage_json(stretch) for stretch in summary.coverage],
        "notes": list(summary.notes),
    }


def point_json(point: Point) -> dict[str, Any]:
    return {
        "text": point.text,
        "start": round(point.start, 3),
        "end": round(point.end, 3),
        "citations": [citation_json(c) for c in point.citations],
        "support": round(point.support, 3),
        "kind": point.kind,
        "chapter": point.chapter,
    }


def citation_json(citation: Citation) -> dict[str, Any]:
    return {"start": round(citation.start, 3), "end": round(citation.end, 3), "quote": citation.quote}


def chapter_json(chapter: Chapter) -> dict[str, Any]:
    return {"title": chapter.title, "start": round(chapter.start, 3), "end": round(chapter.end, 3), "origin": chapter.origin}


def coverage_json(stretch: Coverage) -> dict[str, Any]:
    return {
        "start": round(stretch.start, 3),
        "end": round(stretch.end, 3),
        "status": stretch.status.value,
        "points": list(stretch.points),
        "reason": stretch.reason,
    }
