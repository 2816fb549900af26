"""The words of a query as what the index knows: for each word its lexemes, how rare it is, and the candidates that have enough of them.

Rare words say which moment is meant, so a word weighs by how few moments have it (BM25's inverse document frequency). While all matches fit into READ rows
that is counted; beyond it is read from the statistics that PostgreSQL keeps of the column, and only the words rare enough to fit are looked for.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import chain

import numpy as np
from sqlalchemy import ARRAY, BigInteger, ColumnElement, Text, any_, cast, func, literal, select, text, union_all
from sqlalchemy.dialects.postgresql import REGCONFIG, TSQUERY
from sqlalchemy.orm import Session

from pipeline.store.fulltext import config, spaced
from pipeline.store.tables import ChunkRow
from pipeline.store.vocabulary import alike

WORDS = 48
"""Words of a query that are looked for."""
GUESSED = 0.6
"""Weight of a word that stands in for one with a typing error."""
READ = 1_000
"""Matches of a word that are looked at: reading all of a common word's is what full text search takes its time for."""
TOGETHER = 8
"""Words of a query that are also looked for all together, where some of them are too common to be looked for alone."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """The moments that a search may bring."""

    where: tuple[ColumnElement[bool], ...]
    """What a chunk must be to be one."""
    total: int
    """How many there are; beyond what is counted an estimate, which is never smaller."""
    read: int
    """How many the index of words leads to: those of the whole library where a filter is looked at only afterwards."""


@dataclass(frozen=True, slots=True)
class Term:
    """One typed word. A moment has it when it has any of its lexemes."""

    word: str
    lexemes: tuple[str, ...]
    weight: float = 1.0

    def query(self) -> str:
        return " | ".join("'" + lexeme.replace("\\", "\\\\").replace("'", "''") + "'" for lexeme in self.lexemes)


@dataclass(frozen=True, slots=True)
class Matches:
    """Candidates by words: for each term its weight, and the ids that have most weight, best first."""

    terms: tuple[Term, ...]
    weights: np.ndarray
    ids: tuple[int, ...]
    meant: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Words that nobody says, with those that stand for them."""


def terms(s: Session, words: str, languages: Sequence[str]) -> tuple[Term, ...]:
    """Those of `words` that are a stop word in none of `languages`: a moment that shares only `the` with a question has nothing to do with it."""
    typed = list(dict.fromkeys(spaced(words).casefold().split()))[:WORDS]
    rows = _lexemes(s, typed, languages)
    return tuple({lexemes: Term(word, lexemes) for word, lexemes in zip(typed, rows, strict=True) if lexemes}.values())


def _lexemes(s: Session, typed: Sequence[str], languages: Sequence[str]) -> list[tuple[str, ...]]:
    """Of each word in all the languages, and as it stands; none for one that is a stop word in any of them."""
    names = sorted({config(language) for language in languages} | {"simple"})
    word = func.unnest(cast(list(typed), ARRAY(Text))).table_valued("word", with_ordinality="place", name="w").render_derived()
    columns = [func.tsvector_to_array(func.to_tsvector(cast(literal(name), REGCONFIG), word.c.word)) for name in names]
    rows = s.execute(select(*columns).order_by(word.c.place))
    return [tuple(dict.fromkeys(chain(*row))) if all(row) else () for row in rows]


def matches(s: Session, found: tuple[Term, ...], languages: Sequence[str], among: Candidates, depth: int) -> Matches:
    """The `depth` best of `among` by the sum of the weights of the terms they have. Words that nobody says stand for what is like them."""
    if not found:
        return Matches((), np.empty(0), ())
    made, counted = _weighed(s, found, among, depth)
    missing = [term.word for term, count in zip(found, counted, strict=True) if not count]
    meant = alike(s, missing) if missing else {}
    if not meant:
        return made
    made, _ = _weighed(s, tuple(_meant(s, term, meant.get(term.word, ()), languages) for term in found), among, depth)
    return replace(made, meant=meant)


def _meant(s: Session, term: Term, like: Sequence[str], languages: Sequence[str]) -> Term:
    others = chain(*_lexemes(s, like, languages)) if like else ()
    return Term(term.word, tuple(dict.fromkeys((*term.lexemes, *others))), GUESSED if like else term.weight)


def _weighed(s: Session, found: tuple[Term, ...], among: Candidates, depth: int) -> tuple[Matches, np.ndarray]:
    """With how many moments have each term, as far as that is known."""
    total = among.total
    common = _common(s, found, total)
    sought = _rare_enough(common * among.read)
    rows = _read(s, found, sought, among.where)
    counted = np.maximum(common * total, np.bincount([term for term, _ in rows if term < len(found)], minlength=len(found)))
    weights = np.log1p((total - counted + 0.5).clip(0.5) / (counted + 0.5)) * [term.weight for term in found]
    scores: dict[int, float] = {}
    for term, chunk_id in rows:
        scores[chunk_id] = scores.get(chunk_id, 0.0) + (float(weights[term]) if term < len(found) else 2.0 * float(weights.sum()))
    best = sorted(scores, key=lambda chunk_id: (-scores[chunk_id], chunk_id))[:depth]
    return Matches(found, weights, tuple(best)), counted


def _common(s: Session, found: tuple[Term, ...], total: int) -> np.ndarray:
    """For each term the share of moments that have it, as far as it is one of the common ones; 0 for the others."""
    if total < READ:
        return np.zeros(len(found))
    elements = text(
        "SELECT element, share FROM pg_stats, unnest(most_common_elems::text::text[], most_common_elem_freqs) AS e(element, share) "
        "WHERE schemaname = current_schema() AND tablename = 'chunks' AND attname = 'words' AND element = ANY(:lexemes)"
    )
    rows = s.execute(elements, {"lexemes": [lexeme for term in found for lexeme in term.lexemes]})
    shares = {row.element: row.share for row in rows}
    return np.array([max(shares.get(lexeme, 0.0) for lexeme in term.lexemes) for term in found])


def _rare_enough(expected: np.ndarray) -> list[int]:
    """The rarest terms that together have READ matches, at least one."""
    order = [int(i) for i in np.argsort(expected, kind="stable")]
    room = np.cumsum(expected[order]) <= READ
    return [i for i, fits in zip(order, room, strict=True) if fits] or order[:1]


def _read(s: Session, found: Sequence[Term], sought: Sequence[int], where: Sequence[ColumnElement[bool]]) -> list[tuple[int, int]]:
    """Number of a sought term and id of a moment that has it, READ of each at most; the number behind the last for moments that have all of `found`.

    A query of its own for each term, because the index alone answers it: the words of a moment are too long to be looked at a thousand times.
    """
    arms = [(number, found[number].query()) for number in sought]
    if len(sought) < len(found) <= TOGETHER:
        arms.append((len(found), " & ".join(f"({term.query()})" for term in found)))
    selects = []
    for number, query in arms:
        matched = ChunkRow.words.bool_op("@@")(cast(literal(query), TSQUERY))
        ids = select(ChunkRow.id).where(matched, *where).limit(READ).subquery().c.id
        selects.append(select(literal(number), func.array_agg(ids)))
    return [(number, chunk_id) for number, ids in s.execute(union_all(*selects)) for chunk_id in ids or ()]


def frequencies(s: Session, found: Matches, ids: Sequence[int]) -> np.ndarray:
    """How often each moment (rows, in the order of `ids`) has each term (columns)."""
    out = np.zeros((len(ids), len(found.terms)))
    if not ids or not found.terms:
        return out
    columns: dict[str, list[int]] = {}
    for number, term in enumerate(found.terms):
        for lexeme in term.lexemes:
            columns.setdefault(lexeme, []).append(number)
    place = {chunk_id: row for row, chunk_id in enumerate(ids)}
    said = func.unnest(ChunkRow.words).table_valued("lexeme", "positions", "weights", name="said").render_derived().lateral()
    query = (
        select(ChunkRow.id, said.c.lexeme, func.coalesce(func.cardinality(said.c.positions), 1))
        .select_from(ChunkRow)
        .join(said, literal(True))
        .where(one_of(ids), said.c.lexeme == any_(literal(list(columns), ARRAY(Text))))
    )
    for chunk_id, lexeme, count in s.execute(query):
        for column in columns[lexeme]:
            out[place[chunk_id], column] = max(out[place[chunk_id], column], count)
    return out


def one_of(ids: Sequence[int]) -> ColumnElement[bool]:
    """A chunk with one of these ids, which go as one array: a query that is the same for any number of them is prepared once."""
    return ChunkRow.id == any_(literal(list(ids), ARRAY(BigInteger)))
