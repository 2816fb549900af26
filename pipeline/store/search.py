"""Moments by meaning and by words, weighed together.

Up to EXACT candidate chunks every vector is compared (about 20 ms): exact, also under a filter. Beyond that the HNSW index is asked with ef_search 1000, the most that there is, and
iterative scans: without them a filter that keeps 1 % of the rows got 1 hit where 10 were asked for. `python -m tests.benchmarks search` measures how many of the nearest it finds. With 800 these were
94.1 and 95.0 % in two indexes built alike (what is built side by side differs), with 1000 95.4 and 95.9 %, and 3 ms later.

Each of the two ways brings its DEPTH best; then every one of them gets both its cosine and its share of the words, whichever way it came, and their weighted sum decides.
Ranks alone (reciprocal rank fusion) know nothing of how sure either way is: a Spanish question shares "de" or a year with English text, and the best of such
matches had as much say as the best by meaning.
"""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
from pgvector.sqlalchemy import HALFVEC
from sqlalchemy import ARRAY, REAL, ColumnElement, Select, Text, and_, any_, bindparam, cast, exists, func, literal, not_, select, text
from sqlalchemy.dialects.postgresql import TSQUERY, TSVECTOR
from sqlalchemy.orm import InstrumentedAttribute, Session

from pipeline.languages import detect
from pipeline.store import collections, fulltext, indexes, terms, videos
from pipeline.store.packing import clean
from pipeline.store.tables import ChunkRow, SentenceRow, VideoRow
from pipeline.store.terms import Candidates
from pipeline.store.typed import Typed, parse
from pipeline.types import Hit, Scope

EXACT = 20_000
FEW = 2_000
"""Candidates whose rows are read once and named to every query that follows. Without it the words of a question were looked up everywhere and then filtered: 522 ms at the
95th percentile for a channel with 1,000 of a million moments."""
NAMED = 1_000
"""Videos that a filter leaves and that are named to every query that follows: 20,000 of a million moments took 218 ms at the 95th percentile when they were not."""
DEPTH = 60
"""Candidates of each way."""
ONCE = 6 / math.pi**2
"""What ts_rank says of a moment that has a word once; twice 1.25 times as much, for ever more often 1.64 times (1/1 + 1/4 + 1/9 ...). BM25 with its usual constants, 1.2 and 0.75,
lets a repeated word count more and a long moment less; but all moments are cut to about one length, and of XQuAD's English questions 96.3 % find their passage first with
this instead of 95.6 %, of the German ones 86.9 % instead of 86.5 %, of those to meetings as many."""
SHARE = 0.1
"""Weight of the words, 0..1, beside cosine: two moments of which one has all words of the question and one has none come out equal when the second is nearer by this much."""
USUAL = 0.4
"""Share of the usual question that is taken off one."""
LEVEL = 0.8
"""Cosine of a usual question with a usual moment, so that scores stay what they were."""
SHORT = 3
"""Spaces from which a query is long enough to tell its language."""
NEIGHBOUR = 0.04
"""Of the score; of the questions of QMSum's training meetings 85 % had an answer among the first five moments without it, 88 % with it."""
BESIDE = 60.0
"""Seconds around a moment in which what is like it is only what goes on."""
EVERYWHERE = Scope()

# A plan that is made once for any words and any filter reads all 20,000 moments of a channel for a word that ten of them have: 350 ms instead of 4.
_PREPARED = text(
    "SELECT reltuples::bigint, greatest(pg_stat_get_last_analyze_time(oid), pg_stat_get_last_autoanalyze_time(oid)), "
    "set_config('plan_cache_mode', 'force_custom_plan', true), set_config('hnsw.iterative_scan', 'relaxed_order', true), set_config('hnsw.ef_search', '1000', true) "
    "FROM pg_class WHERE oid = 'chunks'::regclass"
)


@dataclass(frozen=True, slots=True)
class Ranked:
    hits: tuple[Hit, ...]
    meant: dict[str, tuple[str, ...]]
    """Words that nobody says, with those like them that were looked for too."""
    unsaid: tuple[str, ...] = ()
    """Phrases that nobody says, and that were looked for as words."""


def hybrid(
    s: Session,
    query_text: str,
    query_vector: np.ndarray | None,
    languages: Sequence[str] = (),
    limit: int = 20,
    video_id: str | None = None,
    video_ids: Collection[str] | None = None,
    *,
    scope: Scope = EVERYWHERE,
    usual: np.ndarray | None = None,
) -> tuple[Hit, ...]:
    """The best moments for what was typed, best first. `query_vector`: unit, 384; None: by words only. `languages`, `video_id` and `video_ids` narrow `scope` further.

    `usual`: what questions in this language have in common, see language/usual.py. `score` is 0..1: 1 for a moment that has every word of the question and its
    very meaning.
    """
    if video_ids is not None:
        if not video_ids:
            return ()
        scope = replace(scope, videos=tuple(video_ids))
    return ranked(s, parse(query_text), query_vector, limit, _narrowed(scope, languages, video_id), usual=usual).hits


def ranked(
    s: Session, typed: Typed, vector: np.ndarray | None, limit: int, scope: Scope = EVERYWHERE, *, usual: np.ndarray | None = None
) -> Ranked:
    """See `hybrid`."""
    if vector is not None and usual is not None:
        vector = vector - USUAL * usual
    among, unsaid = _required_of(s, typed, filters(by_video(s, scope)))
    typed = replace(typed, phrases=tuple(phrase for phrase in typed.phrases if phrase not in unsaid))
    spoken = scope.languages or languages_of(s)
    # A word that only holds a question together in its own language (French "on", "car") must not count as one of the text's.
    known = (*spoken, detect(typed.words)) if typed.words.count(" ") >= SHORT else spoken
    by_words = terms.matches(s, terms.terms(s, typed.words, known), known, among, DEPTH)
    by_meaning = [] if vector is None else _by_meaning(s, vector, among)
    ids = sorted({*by_words.ids, *by_meaning}) or (_any(s, among) if typed.phrases else [])
    about = _about(s, ids, vector, by_words)
    scores = fused(about.near if usual is None else about.near + USUAL * LEVEL, about.words, words_only=vector is None)
    order = spread(scores, about.places, limit, NEIGHBOUR if by_words.terms and vector is not None else 0.0)
    return Ranked(_hits(s, [(about.ids[i], float(np.clip(score, 0.0, 1.0))) for i, score in order]), by_words.meant, unsaid)


def spread(scores: np.ndarray, places: Sequence[tuple[int, int]], limit: int, less: float) -> list[tuple[int, float]]:
    """The best `limit`, with their scores less `less` for each moment right beside one chosen before: five moments of one minute tell less than those of two."""
    left, out = scores.astype(float).copy(), []
    number = {place: i for i, place in enumerate(places)}
    for _ in range(min(limit, len(left))):
        best = int(np.argmax(left))
        out.append((best, float(left[best])))
        left[best] = -np.inf
        transcript, index = places[best]
        for beside in ((transcript, index - 1), (transcript, index + 1)):
            if beside in number:
                left[number[beside]] -= less
    return out


def similar(s: Session, video_id: str, at: float, limit: int, scope: Scope = EVERYWHERE) -> tuple[Hit, ...]:
    """Moments most like the one of `video_id` at second `at`, without those right beside it; empty where nothing is said."""
    query = select(ChunkRow).where(ChunkRow.video_id == video_id, ChunkRow.start <= at + 0.5).order_by(ChunkRow.start.desc(), ChunkRow.id).limit(1)
    here = s.execute(query).scalar_one_or_none()
    if here is None:
        return ()
    beside = and_(ChunkRow.video_id == video_id, ChunkRow.end > here.start - BESIDE, ChunkRow.start < here.end + BESIDE)
    among = _candidates(s, [*filters(by_video(s, scope)), not_(beside)])
    vector = np.asarray(s.execute(select(cast(indexes.column(s), HALFVEC)).where(ChunkRow.id == here.id)).scalar_one(), np.float32)
    about = _about(s, _by_meaning(s, vector, among), vector, terms.NONE)
    return _hits(s, [(about.ids[i], float(np.clip(about.near[i], 0.0, 1.0))) for i in np.argsort(-about.near, kind="stable")[:limit]])


def fused(near: np.ndarray, words: np.ndarray, *, words_only: bool = False) -> np.ndarray:
    """From cosines and shares of words; hardly ever beyond 0..1."""
    return words if words_only else (near + SHARE * words) / (1 + SHARE)


def _narrowed(scope: Scope, languages: Sequence[str], video_id: str | None) -> Scope:
    if languages:
        scope = replace(scope, languages=tuple(languages))
    return scope if video_id is None else replace(scope, videos=(video_id,))


def filters(scope: Scope) -> list[ColumnElement[bool]]:
    """What a chunk must be to lie in `scope`."""
    where: list[ColumnElement[bool]] = []
    if scope.languages:
        where.append(ChunkRow.language.in_(scope.languages))
    if scope.videos:
        where.append(ChunkRow.video_id == any_(literal(list(scope.videos), ARRAY(Text))))
    narrowed = of_video(scope)
    if narrowed:
        where.append(ChunkRow.video_id.in_(select(VideoRow.id).where(*narrowed)))
    if scope.speaker is not None:
        said = select(literal(1)).where(
            SentenceRow.transcript_id == ChunkRow.transcript_id,
            SentenceRow.index.between(ChunkRow.first, ChunkRow.last),
            SentenceRow.speaker == clean(scope.speaker),
        )
        where.append(exists(said))
    return where


def by_video(s: Session, scope: Scope) -> Scope:
    """The same with its videos named, where they are up to NAMED: only then is it known beforehand how much a filter leaves, and a word is not looked up for each video anew."""
    narrowed = of_video(scope)
    if not narrowed or scope.videos:
        return scope
    ids = s.execute(select(VideoRow.id).where(*narrowed).limit(NAMED + 1)).scalars().all()
    return Scope(languages=scope.languages, videos=tuple(ids), speaker=scope.speaker) if 0 < len(ids) <= NAMED else scope


def of_video(scope: Scope) -> list[ColumnElement[bool]]:
    """What its video must be."""
    found: list[ColumnElement[bool]] = []
    if scope.channel is not None:
        found.append(VideoRow.channel == clean(scope.channel))
    if scope.since is not None:
        found.append(VideoRow.published_at >= scope.since)
    if scope.until is not None:
        # Some sources tell the second too; the day's last one sorts before this.
        found.append(VideoRow.published_at < scope.until + "\U0010ffff")
    if scope.shortest is not None:
        found.append(VideoRow.duration >= scope.shortest)
    if scope.longest is not None:
        found.append(VideoRow.duration < scope.longest)
    if scope.tag is not None:
        found.append(collections.tagged(scope.tag))
    if scope.folder is not None:
        found.append(collections.in_folder(scope.folder))
    if scope.watched is not None:
        found.append(videos.is_watched() if scope.watched else not_(videos.is_watched()))
    return found


def about_video(scope: Scope) -> list[ColumnElement[bool]]:
    """What the video must be of something that belongs to all of it, and not to one transcript: its title, a point, a note. The language is the spoken one."""
    where = of_video(scope)
    if scope.videos:
        where.append(VideoRow.id.in_(scope.videos))
    if scope.languages:
        where.append(VideoRow.language.in_(scope.languages))
    return where


def _required_of(s: Session, typed: Typed, scoped: list[ColumnElement[bool]]) -> tuple[Candidates, tuple[str, ...]]:
    """The moments in scope that have all phrases and no unwanted word; and the phrases that nobody says.

    In a question those are not asked for: what somebody quotes in German stands in no English talk. Nothing but phrases means just that, and finds nothing.
    """
    among = _candidates(s, [*scoped, *_required(s, typed)])
    if among.total or typed.exact:
        return among, ()
    unsaid = tuple(phrase for phrase in typed.phrases if not _said(s, phrase, scoped))
    said = replace(typed, phrases=tuple(phrase for phrase in typed.phrases if phrase not in unsaid))
    return (_candidates(s, [*scoped, *_required(s, said)]) if unsaid else among), unsaid


def _said(s: Session, phrase: str, scoped: list[ColumnElement[bool]]) -> bool:
    there = select(literal(1)).select_from(ChunkRow).where(*scoped, ChunkRow.words.bool_op("@@")(fulltext.phrase(phrase, ())))
    return s.execute(there.limit(1)).first() is not None


def _required(s: Session, typed: Typed) -> list[ColumnElement[bool]]:
    """Phrases as they stand; unwanted words in every form that the text's language has of them."""
    if not typed.phrases and not typed.unwanted:
        return []
    languages = languages_of(s) if typed.unwanted else ()
    there = [ChunkRow.words.bool_op("@@")(fulltext.phrase(phrase, ())) for phrase in typed.phrases]
    away = [not_(ChunkRow.words.bool_op("@@")(fulltext.phrase(words, languages))) for words in typed.unwanted]
    return [*there, *away]


def _spoken() -> Select[Any]:
    """By hopping from one language to the next in their index instead of reading every row."""
    first = select(func.min(ChunkRow.language).label("language")).cte("spoken", recursive=True)
    following = select(func.min(ChunkRow.language)).where(ChunkRow.language > first.c.language).scalar_subquery()
    spoken = first.union_all(select(following).where(first.c.language.is_not(None)))
    return select(spoken.c.language).where(spoken.c.language.is_not(None))


_SPOKEN = _spoken()


def languages_of(s: Session) -> tuple[str, ...]:
    """All that are spoken in the library."""
    return tuple(s.execute(_SPOKEN).scalars())


def _candidates(s: Session, where: list[ColumnElement[bool]]) -> Candidates:
    """Those that `where` leaves. From here on the transaction searches as it should."""
    whole, analyzed = s.execute(_PREPARED).one()[:2]
    if not where and whole > 2 * EXACT:
        return Candidates((), whole, whole, analyzed)
    if where:
        few = s.execute(select(ChunkRow.id).where(*where).limit(FEW + 1)).scalars().all()
        if len(few) <= FEW:
            return Candidates((terms.one_of(few),), len(few), len(few), analyzed)
    some = select(literal(1)).select_from(ChunkRow).where(*where).limit(EXACT + 1).subquery()
    counted: int = s.execute(select(func.count()).select_from(some)).scalar_one()
    total = counted if counted <= EXACT else max(counted, whole)
    return Candidates(tuple(where), total, max(total, whole), analyzed)


def _by_meaning(s: Session, vector: np.ndarray, among: Candidates) -> list[int]:
    distance: ColumnElement[float] = _column(s, vector).max_inner_product(vector.astype(np.float32))
    if among.total <= EXACT:
        # "+ 0" keeps the planner from the approximate index.
        return list(s.execute(select(ChunkRow.id).where(*among.where).order_by(distance + 0, ChunkRow.id).limit(DEPTH)).scalars())
    return list(s.execute(select(ChunkRow.id).where(*among.where).order_by(distance).limit(DEPTH)).scalars())


def _column(s: Session, vector: np.ndarray) -> InstrumentedAttribute[object]:
    """That which `vector` is compared with. Raises: ModelError: `index_changed`."""
    index = indexes.used(s)
    if vector.shape != (index.dimensions,):
        raise ValueError(f"the index of {index.model} is searched by {index.dimensions} numbers, not {vector.shape}")
    return indexes.column(s)


def _any(s: Session, among: Candidates) -> list[int]:
    """For phrases of words that rank nothing, such as "to be or not to be"."""
    return list(s.execute(select(ChunkRow.id).where(*among.where).order_by(ChunkRow.id).limit(DEPTH)).scalars())


@dataclass(frozen=True, slots=True)
class _About:
    """What is known of candidates, in the order of `ids`."""

    ids: tuple[int, ...]
    places: tuple[tuple[int, int], ...]
    """Transcript and index."""
    near: np.ndarray
    """Inner product with the query; 0 without a vector."""
    words: np.ndarray
    """Its words as a share of the weight of all that were looked for: 1 for each of them once, more where they are said again."""


def _about(s: Session, ids: Sequence[int], vector: np.ndarray | None, found: terms.Matches) -> _About:
    sought = [query for term in found.terms for query in term.queries()]
    if vector is None:
        rows = s.execute(_said_of(None), {"ids": ids, "sought": sought}).all()
    else:
        rows = s.execute(_said_of(_column(s, vector)), {"ids": ids, "sought": sought, "vector": vector.astype(np.float32)}).all()
    near = np.array([-float(row[3] or 0.0) for row in rows], np.float64)
    said = np.array([row[4] for row in rows], np.float64).reshape(len(rows), len(sought)) / ONCE
    return _About(tuple(row[0] for row in rows), tuple((row[1], row[2]) for row in rows), near, _weight(found, said))


@cache
def _said_of(column: InstrumentedAttribute[object] | None) -> Select[Any]:
    """Of the chunks `ids` where they are, how far from `vector`, and the rank of each of the queries `sought`. Made once: making it anew took a tenth of a search."""
    distance = literal(0.0) if column is None else column.max_inner_product(bindparam("vector"))
    # Appending nothing unpacks the words of a moment, once for all that is looked for in them: 20 lexemes in 120 moments took 3.6 ms, and take 2.2 so.
    unpacked = ChunkRow.words.op("||")(cast("", TSVECTOR)).label("words")
    here = terms.IS_ONE_OF
    rows = select(ChunkRow.id, ChunkRow.transcript_id, ChunkRow.index, distance.label("distance"), unpacked).where(here).offset(0).subquery()
    query = func.unnest(bindparam("sought", type_=ARRAY(TSQUERY))).table_valued("query", with_ordinality="place", name="sought").render_derived()
    ranks = select(func.ts_rank(cast([1.0] * 4, ARRAY(REAL)), rows.c.words, query.c.query)).order_by(query.c.place).scalar_subquery()
    return select(rows.c.id, rows.c.transcript_id, rows.c.index, rows.c.distance, func.array(ranks)).order_by(rows.c.id)


def _weight(found: terms.Matches, said: np.ndarray) -> np.ndarray:
    """`said`: of each moment (rows) how much it has of each lexeme (columns, in the order of the terms). A term counts by the lexeme of it that is there most."""
    if not found.terms or not said.size:
        return np.zeros(len(said))
    firsts = np.cumsum([0, *(len(term.lexemes) for term in found.terms)])[:-1]
    share: np.ndarray = np.maximum.reduceat(said, firsts, axis=1) @ found.weights / max(1e-9, float(found.weights.sum()))
    return share


_HITS = (
    select(ChunkRow.id, ChunkRow.video_id, VideoRow.title, ChunkRow.start, ChunkRow.end, ChunkRow.text, ChunkRow.first)
    .join(VideoRow, VideoRow.id == ChunkRow.video_id)
    .where(terms.IS_ONE_OF)
)


def _hits(s: Session, scores: Sequence[tuple[int, float]]) -> tuple[Hit, ...]:
    """In the order of `scores`: id and score."""
    rows = {row.id: row for row in s.execute(_HITS, {"ids": [chunk_id for chunk_id, _ in scores]})}
    return tuple(
        Hit(video_id=row.video_id, title=row.title, start=row.start, end=row.end, text=row.text, score=score, sentence=row.first)
        for row, score in ((rows[chunk_id], score) for chunk_id, score in scores if chunk_id in rows)
    )
