"""Answers over many videos: which speak of something, how many do, and what each says; one citation per video."""

import re
from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from pipeline.language.generator import Embedder
from pipeline.library.moments import Moment, moments, nearest
from pipeline.library.over_videos import OverVideos
from pipeline.library.reach import Reach, found, sentences_of, sure
from pipeline.library.receipts import citation, not_found
from pipeline.store.database import Database
from pipeline.store.videos import get_video
from pipeline.types import Answer, Hit

READ = 60
"""Chunks that are looked at."""
VIDEOS = 20
"""Videos that are looked into, the likeliest first: each costs the vectors of EMBEDDED sentences."""
EACH = 2
EMBEDDED = 4
NAMED = 5
"""Titles that are named in the answer; every video has its citation."""
COUNTED = re.compile(r"(?:At least )?\d+ videos? speaks? of ")
"""How an answer begins that nobody said: it is the product's own sentence, and its citations are what was said."""


def counted(db: Database, embedder: Embedder, question: str, asked: OverVideos, reach: Reach) -> Answer:
    """The videos in reach that speak of what is asked. Raises ModelError."""
    text = f"What is said about {asked.what}?"
    vector = np.asarray(embedder.queries([text])[0])
    hits = found(db, embedder, text, vector, reach, limit=READ, each=EACH)
    inside: defaultdict[str, list[Hit]] = defaultdict(list)
    for hit in hits:
        inside[hit.video_id].append(hit)
    texts = sentences_of(db, hits)
    speaking: list[Moment] = []
    near: list[Moment] = []
    for video_id in list(inside)[:VIDEOS]:
        best = nearest(text, moments(text, inside[video_id], {video_id: texts[video_id]}), vector, embedder, EMBEDDED)
        if best:
            (speaking if sure(db, embedder, text, vector, best) else near).append(best[0])
    if not speaking:
        return not_found(question, near, reach.unfound)
    return (
        _compared(db, question, speaking) if asked.kind == "compare" else _listed(question, asked.what, speaking, more=len(inside) > VIDEOS)
    )


def _listed(question: str, what: str, speaking: Sequence[Moment], *, more: bool) -> Answer:
    count = len(speaking)
    names = ", ".join(f"“{moment.hit.title}”" for moment in speaking[:NAMED])
    rest = f" and {count - NAMED} more" if count > NAMED else ""
    text = f"{'At least ' if more else ''}{count} {'video speaks' if count == 1 else 'videos speak'} of {what}: {names}{rest}."
    return Answer(question, True, text, tuple(citation(moment) for moment in speaking), "phrased")


def _compared(db: Database, question: str, speaking: Sequence[Moment]) -> Answer:
    """What each says, the oldest first: who contradicts whom is for the reader to see."""
    with db.session() as session:
        dates = {moment.hit.video_id: (get_video(session, moment.hit.video_id), moment) for moment in speaking}
    ordered = [moment for video, moment in sorted(dates.values(), key=lambda pair: (pair[0].published_at if pair[0] else None) or "9999")]
    return Answer(
        question, True, " ".join(moment.sentence.text for moment in ordered), tuple(citation(moment) for moment in ordered), "quote"
    )
