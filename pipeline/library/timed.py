"""Answers about a part of one video: what is said at the end, in the first minutes, after the demo."""

from collections.abc import Sequence

import numpy as np

from pipeline.language.generator import Embedder
from pipeline.library.decide import telling
from pipeline.library.moments import Moment, moments, nearest, worth
from pipeline.library.passages import passages
from pipeline.library.reach import Reach, found, sentences_of, sure
from pipeline.library.receipts import not_found, quoted, quoting
from pipeline.library.times import Event, Part, event_of, part_of
from pipeline.store.database import Database
from pipeline.store.renditions import get_summary
from pipeline.store.transcripts import get_sentences
from pipeline.store.videos import get_video
from pipeline.summary.words import length
from pipeline.types import Answer, AnswerCitation, Hit, Point, Sentence

SHOWN = 3
"""Sentences, or points of the summary, that stand for a part."""
WHOLE = 5.0
"""Words of a sentence that says something by itself: not "Thank you.\""""
EMBEDDED = 24
LIKELY = 0.3
"""Worth of a sentence of the part that answers what is asked of it. Lower than where all of a video is searched, since the part is given."""


def timed(db: Database, embedder: Embedder, question: str, video_id: str) -> Answer | None:
    """None for a question that names no part, and while the length of the video is not known."""
    with db.session() as session:
        video = get_video(session, video_id)
    if video is None or video.duration <= 0:
        return None
    part = part_of(question, video.duration)
    event = None if part else event_of(question)
    if event is not None:
        anchor, best = _where(db, embedder, event, video_id)
        if anchor is None:
            return not_found(question, best, f"“{event.what}” was not found in this video.")
        part = event.part(anchor.start, anchor.end, video.duration)
    if part is None:
        return None
    with db.session() as session:
        said = get_sentences(session, video_id, spans=[(part.start, part.end)])
        made = get_summary(session, video_id)
    said = tuple(one for one in said if event is None or not event.after or one.start >= part.start)
    hit = Hit(video_id, video.title, part.start, part.end, "", 1.0)
    if not said:
        return not_found(question, (), "Nothing is said there.")
    if telling(part.rest):
        return _about(question, part, hit, said, embedder)
    points = [one for one in (made.points if made else ()) if part.start <= one.start < part.end][:SHOWN] if event is None else []
    return (
        _pointed(question, hit, points)
        if points
        else quoting(question, [Moment(hit, one, 1.0) for one in _first(said, part, video.duration)])
    )


def _where(db: Database, embedder: Embedder, event: Event, video_id: str) -> tuple[Sentence | None, list[Moment]]:
    """The sentence in which the event stands, None when it is not there; and what comes nearest to it."""
    vector = np.asarray(embedder.queries([event.what])[0])
    hits = found(db, embedder, event.what, vector, Reach((video_id,)))
    best = nearest(event.what, moments(event.what, hits, sentences_of(db, hits)), vector, embedder, EMBEDDED)
    return (best[0].sentence if best and sure(db, embedder, event.what, vector, best) else None), best


def _about(question: str, part: Part, hit: Hit, said: Sequence[Sentence], embedder: Embedder) -> Answer:
    """What is said in the part about what else is asked."""
    vector = np.asarray(embedder.queries([part.rest])[0])
    best = nearest(part.rest, moments(part.rest, [hit], {hit.video_id: tuple(said)}), vector, embedder, EMBEDDED)
    if not best or worth(best[0]) < LIKELY:
        return not_found(question, best, "This was not found in that part of the video.")
    return quoted(question, passages(best, {hit.video_id: tuple(said)}))


def _first(said: Sequence[Sentence], part: Part, duration: float) -> list[Sentence]:
    """The first sentences of the part; the last ones of the video's end."""
    whole = [one for one in said if length(one.text) >= WHOLE] or list(said)
    return whole[-SHOWN:] if part.end >= duration and part.start > duration / 2 else whole[:SHOWN]


def _pointed(question: str, hit: Hit, points: Sequence[Point]) -> Answer:
    """Points of the summary that rest on the part: they are checked already."""
    citations = tuple(AnswerCitation(hit.video_id, hit.title, one.start, one.end, one.quote) for point in points for one in point.citations)
    kind = "phrased" if any(point.kind == "phrased" for point in points) else "quote"
    return Answer(question, True, " ".join(point.text for point in points), citations, "phrased" if kind == "phrased" else "quote")
