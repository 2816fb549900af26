"""Moments by meaning and by words, fused.

Up to EXACT candidate chunks every vector is compared (20 to 34 ms): exact, also under a filter. Beyond that the HNSW index is asked with ef_search 200 (recall 0.97 on
a million clustered vectors) and iterative scans: without them a filter that keeps 1 % of the rows got 1 hit where 10 were asked for.
"""

from collections.abc import Sequence

import numpy as np
from sqlalchemy import ColumnElement, false, func, literal, select, text
from sqlalchemy.orm import Session

from pipeline.store import fulltext
from pipeline.store.packing import clean
from pipeline.store.tables import ChunkRow, VideoRow
from pipeline.types import Hit

EXACT = 20_000
K = 60
"""Of reciprocal rank fusion: a hit at rank r of one list adds 1 / (K + r). 60 is the constant of its authors (Cormack, Clarke, Büttcher, SIGIR 2009)."""
DEPTH = 60
"""Hits taken from each list before they are fused."""
QUERY_WORDS = 64
"""Words of a question that are looked for one by one."""
QUERY_CHARACTERS = 2_000
"""Of a question that are looked for as words; its meaning is that of the whole."""
RANKED = 2_000
"""Matches whose rank is computed: ranking all of a common word's is what full text search takes its time for."""


def hybrid(
    s: Session,
    query_text: str,
    query_vector: np.ndarray | None,
    languages: Sequence[str] = (),
    limit: int = 20,
    video_id: str | None = None,
) -> tuple[Hit, ...]:
    """The best moments for what was typed, best first. `query_vector`: unit, 384; None: by words only. `languages`: texts in these only; empty: in any.

    `score` is the fused score as a share of the best possible one, 0..1.
    """
    where = _filters(languages, video_id)
    lists = [_by_words(s, clean(query_text[:QUERY_CHARACTERS]), tuple(languages) or _languages(s), where)]
    if query_vector is not None:
        lists.append(_by_meaning(s, query_vector, where))
    scores: dict[int, float] = {}
    for found in lists:
        for rank, chunk_id in enumerate(found, 1):
            scores[chunk_id] = scores.get(chunk_id, 0.0) + 1.0 / (K + rank)
    best = sorted(scores, key=lambda chunk_id: (-scores[chunk_id], chunk_id))[:limit]
    possible = len(lists) / (K + 1)
    return _hits(s, {chunk_id: scores[chunk_id] / possible for chunk_id in best})


def _filters(languages: Sequence[str], video_id: str | None) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = []
    if languages:
        where.append(ChunkRow.language.in_(languages))
    if video_id is not None:
        where.append(ChunkRow.video_id == video_id)
    return where


def _languages(s: Session) -> tuple[str, ...]:
    """All there are, by hopping from one to the next in their index instead of reading every row."""
    found: list[str] = []
    query = select(func.min(ChunkRow.language))
    while True:
        language: str | None = s.execute(query.where(ChunkRow.language > found[-1]) if found else query).scalar_one()
        if language is None:
            return tuple(found)
        found.append(language)


def _by_words(s: Session, words: str, languages: tuple[str, ...], where: list[ColumnElement[bool]]) -> list[int]:
    """Chunks with every word before those with some of those that mean something."""
    found: list[int] = []
    for every_word in (True, False):
        query = fulltext.query(words if every_word else _telling(s, words, languages), languages, every_word=every_word)
        match = ChunkRow.words.bool_op("@@")(query)
        inner = select(ChunkRow.id, func.ts_rank_cd(ChunkRow.words, query, 1).label("rank")).where(match, *where).limit(RANKED).subquery()
        rows = s.execute(select(inner.c.id).order_by(inner.c.rank.desc(), inner.c.id).limit(DEPTH)).scalars()
        found += [chunk_id for chunk_id in rows if chunk_id not in found]
        if len(found) >= DEPTH:
            break
    return found[:DEPTH]


def _telling(s: Session, words: str, languages: tuple[str, ...]) -> str:
    """Without the words that any of the languages has everywhere: a chunk that shares only `the` with a question has nothing to do with it."""
    return " ".join(s.execute(fulltext.telling(words.split()[:QUERY_WORDS], languages)).scalars())


def _by_meaning(s: Session, vector: np.ndarray, where: list[ColumnElement[bool]]) -> list[int]:
    distance = ChunkRow.vector.max_inner_product(vector.astype(np.float32))
    if _candidates(s, where) <= EXACT:
        # "+ 0" keeps the planner from the approximate index.
        return list(s.execute(select(ChunkRow.id).where(*where).order_by(distance + 0, ChunkRow.id).limit(DEPTH)).scalars())
    s.execute(text("SET LOCAL hnsw.iterative_scan = relaxed_order"))
    s.execute(text("SET LOCAL hnsw.ef_search = 200"))
    found = select(ChunkRow.id, distance.label("distance")).where(*where).order_by(distance).limit(DEPTH).subquery()
    # Relaxed order means nearly sorted: sorted again here.
    return list(s.execute(select(found.c.id).order_by(found.c.distance, found.c.id)).scalars())


def _candidates(s: Session, where: list[ColumnElement[bool]]) -> int:
    """Counts no further than it matters."""
    some = select(literal(1)).select_from(ChunkRow).where(*where).limit(EXACT + 1).subquery()
    return s.execute(select(func.count()).select_from(some)).scalar_one()


def _hits(s: Session, scores: dict[int, float]) -> tuple[Hit, ...]:
    query = (
        select(ChunkRow, VideoRow.title)
        .join(VideoRow, VideoRow.id == ChunkRow.video_id)
        .where(ChunkRow.id.in_(scores) if scores else false())
    )
    rows = {row.id: (row, title) for row, title in s.execute(query)}
    return tuple(
        Hit(video_id=row.video_id, title=title, start=row.start, end=row.end, text=row.text, score=scores[chunk_id], sentence=row.first)
        for chunk_id, (row, title) in sorted(rows.items(), key=lambda item: (-scores[item[0]], item[0]))
    )
