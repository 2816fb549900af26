"""The words of a query as what the index knows: for each word its lexemes, how rare it is, and the candidates that have enough of them.

Rare words say which moment is meant, so a word weighs by how few moments have it (BM25's inverse document frequency). While all matches fit into READ rows
that is counted; beyond it is read from the statistics that PostgreSQL keeps of the column, and only the words rare enough to fit are looked for.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import chain
from weakref import WeakKeyDictionary

import numpy as np
from sqlalchemy import ARRAY, BigInteger, ColumnElement, Text, any_, bindparam, cast, func, literal, select, text, union_all
from sqlalchemy.dialects.postgresql import REGCONFIG, TSQUERY
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from pipeline.store.fulltext import config, spaced
from pipeline.store.tables import ChunkRow
from pipeline.store.vocabulary import alike

WORDS = 48
"""Words of a query that are looked for."""
GUESSED = 0.6
"""Weight of a word that stands in for one with a typing error."""
READ = 600
"""Matches of a word that are looked at: reading all of a common word's is what full text search takes its time for."""
TOGETHER = 8
"""Words of a query that are also looked for all together, where some of them are too common to be looked for alone."""

_STATISTICS = text(
    "SELECT element, share FROM pg_stats, unnest(most_common_elems::text::text[], most_common_elem_freqs) AS e(element, share) "
    "WHERE schemaname = current_schema() AND tablename = 'chunks' AND attname = 'words'"
)
_KEPT: WeakKeyDictionary[Engine, tuple[datetime | None, dict[str, float]]] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Candidates:
    """The moments that a search may bring."""

    where: tuple[ColumnElement[bool], ...]
    """What a chunk must be to be one."""
    total: int
    """How many there are; beyond what is counted an estimate, which is never smaller."""
    read: int
    """How many the index of words leads to: those of the whole library where a filter is looked at only afterwards."""
    analyzed: datetime | None = None
    """When PostgreSQL last counted how common words are."""


@dataclass(frozen=True, slots=True)
class Term:
    """One typed word. A moment has it when it has any of its lexemes."""

    word: str
    lexemes: tuple[str, ...]
    weight: float = 1.0

    def queries(self) -> tuple[str, ...]:
        """One for each lexeme."""
        return tuple("'" + lexeme.replace("\\", "\\\\").replace("'", "''") + "'" for lexeme in self.lexemes)

    def query(self) -> str:
        return " | ".join(self.queries())


@dataclass(frozen=True, slots=True)
class Matches:
    """Candidates by words: for each term its weight, and the ids that have most weight, best first."""

    terms: tuple[Term, ...]
    weights: np.ndarray
    ids: tuple[int, ...]
    meant: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Words that nobody says, with those that stand for them."""


NONE = Matches((), np.empty(0), ())


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
        return NONE
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
    shares = _shares(s, among.analyzed) if total >= READ else {}
    common = np.array([max(shares.get(lexeme, 0.0) for lexeme in term.lexemes) for term in found])
    sought = _rare_enough(common * among.read, together=1 < len(found) <= TOGETHER)
    read = _read(s, found, sought, among.where)
    counted = np.maximum(common * total, [len(read.get(number, ())) for number in range(len(found))])
    weights = np.log1p((total - counted + 0.5).clip(0.5) / (counted + 0.5)) * [term.weight for term in found]
    return Matches(found, weights, _heaviest(read, [*weights, 2.0 * weights.sum()], depth)), counted


def _heaviest(read: dict[int, Sequence[int]], weights: Sequence[float], depth: int) -> tuple[int, ...]:
    """The `depth` ids with the greatest sum of weights of what they have, best first, of equal ones the lowest."""
    if not read:
        return ()
    ids, places = np.unique(np.concatenate(list(read.values())), return_inverse=True)
    sums = np.bincount(places, weights=np.repeat([weights[number] for number in read], [len(some) for some in read.values()]))
    return tuple(ids[np.argsort(-sums, kind="stable")[:depth]].tolist())


def _shares(s: Session, analyzed: datetime | None) -> dict[str, float]:
    """Of each common lexeme the share of all moments that have it. Kept until PostgreSQL counts again: unpacking its statistics took 3 of a search's 40 ms."""
    engine = s.get_bind().engine
    kept = _KEPT.get(engine)
    if kept is None or kept[0] != analyzed:
        rows = s.execute(_STATISTICS)
        _KEPT[engine] = kept = (analyzed, {row.element: row.share for row in rows})
    return kept[1]


def _rare_enough(expected: np.ndarray, *, together: bool) -> list[int]:
    """The rarest terms that have READ matches in all. None may have so few: then the rarest one, unless all are looked for `together`, which says more than any READ of its many."""
    order = [int(i) for i in np.argsort(expected, kind="stable")]
    room = np.cumsum(expected[order]) <= READ
    return [i for i, fits in zip(order, room, strict=True) if fits] or ([] if together else order[:1])


def _read(s: Session, found: Sequence[Term], sought: Sequence[int], where: Sequence[ColumnElement[bool]]) -> dict[int, Sequence[int]]:
    """By the number of a sought term the ids of moments that have it, READ at most; by the number behind the last those that have all of `found`.

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
    return {row[0]: row[1] for row in s.execute(union_all(*selects)) if row[1]}


def one_of(ids: Sequence[int]) -> ColumnElement[bool]:
    """A chunk with one of these ids, which go as one array: a query that is the same for any number of them is prepared once."""
    return ChunkRow.id == any_(literal(list(ids), ARRAY(BigInteger)))


IS_ONE_OF = ChunkRow.id == any_(bindparam("ids", type_=ARRAY(BigInteger)))
"""The same for a statement that is made once."""
