"""Where a question is asked, and what is read for it there: chunks of the videos in reach, with a quota per video, and the sentences in them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import structlog

from pipeline.errors import ModelError
from pipeline.language.generator import Embedder, Generator, Priority
from pipeline.language.usual import everyday_of, usual_of
from pipeline.library import moments
from pipeline.library.decide import ANSWERED, Signals, answers, signals
from pipeline.library.likelihood import shared
from pipeline.library.moments import FOREIGN, Moment
from pipeline.store import transcripts
from pipeline.store.database import Database
from pipeline.store.search import hybrid
from pipeline.types import Hit, Sentence

CHUNKS = 8
"""Chunks that are read for an answer."""
EACH = 4
"""Of these, at most so many of one video where several are asked: a talk of three hours has a chunk near everything."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Reach:
    """The videos that a question is put to; None: the whole library."""

    video_ids: tuple[str, ...] | None = None

    @property
    def single(self) -> str | None:
        """The video, where it is only one."""
        return self.video_ids[0] if self.video_ids is not None and len(self.video_ids) == 1 else None

    @property
    def unfound(self) -> str:
        """What is said when nothing answers."""
        if self.video_ids is None:
            return "This was not found in your videos."
        return "This was not found in this video." if self.single else f"This was not found in these {len(self.video_ids)} videos."


LIBRARY = Reach()


def few_videos(db: Database, reach: Reach, most: int) -> tuple[str, ...]:
    """The one that is asked, else the videos in reach in which something is said; none where there are more than `most`."""
    if reach.single is not None:
        return (reach.single,)
    with db.session() as session:
        spoken = transcripts.spoken(session, reach.video_ids, most + 1)
    return spoken if len(spoken) <= most else ()


def found(db: Database, embedder: Embedder, question: str, vector: np.ndarray, reach: Reach, *, limit: int = CHUNKS, each: int = EACH) -> tuple[Hit, ...]:
    """The best chunks in reach, best first; of several videos at most `each` of one."""
    wide = limit if reach.single else limit * 4
    with db.session() as session:
        among = None if reach.single else reach.video_ids
        hits = hybrid(session, question, vector, limit=wide, video_id=reach.single, video_ids=among, usual=usual_of(embedder, question))
    return hits[:limit] if reach.single else within_quota(hits, limit, each)


def within_quota(hits: Sequence[Hit], limit: int, each: int) -> tuple[Hit, ...]:
    taken: Counter[str] = Counter()
    kept: list[Hit] = []
    for hit in hits:
        if taken[hit.video_id] < each and len(kept) < limit:
            taken[hit.video_id] += 1
            kept.append(hit)
    return tuple(kept)


def sentences_of(db: Database, hits: Sequence[Hit]) -> dict[str, tuple[Sentence, ...]]:
    """By video, the sentences in these chunks: hours of talk are thousands, which nobody needs for an answer."""
    with db.session() as session:
        return moments.sentences_of(session, hits)


def weighed(db: Database, embedder: Embedder, question: str, vector: np.ndarray, best: Sequence[Moment], likelier: float = 0.0) -> Signals:
    """What speaks for the best moment, measured against all of its video. `likelier`: see Signals."""
    video_id = best[0].hit.video_id
    with db.session() as session:
        chunks, vectors = transcripts.get_chunks(session, video_id)
        speakers = transcripts.speakers(session, video_id)
    ordinary = everyday_of(embedder, best[0].hit.text or best[0].sentence.text)
    return signals(question, best, vector, ordinary, chunks, vectors, speakers, likelier)


def sure(db: Database, embedder: Embedder, question: str, vector: np.ndarray, best: Sequence[Moment], likelier: float = 0.0) -> bool:
    """Whether the best moments carry an answer at all. Where question and video share no word because they are in two languages, by meaning alone. `likelier`: see Signals."""
    if not best:
        return False
    return best[0].near >= FOREIGN if best[0].foreign else answers(weighed(db, embedder, question, vector, best, likelier)) >= ANSWERED


def heard(
    question: str, best: Sequence[Moment], texts: dict[str, tuple[Sentence, ...]], generator: Generator | None, *, priority: Priority = Priority.INTERACTIVE
) -> tuple[float, Generator | None]:
    """What the language model says of the best moment, in nats (likelihood.py; 0 where it cannot tell), and the model: None where it is away, since it need not be tried again for the same question.
    `texts`: by video, the sentences that were read.
    """
    if not best:
        return 0.0, generator
    try:
        return shared(question, best[0], texts[best[0].hit.video_id], generator, priority=priority), generator
    except ModelError as error:
        log.warning("decided_without_model", code=error.code)
        return 0.0, None
