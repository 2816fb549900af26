"""Search everything that was ever said: hits are moments, not videos."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from pipeline.errors import InputError
from pipeline.language.generator import Embedder
from pipeline.language.usual import usual_of
from pipeline.library.moments import Moment, cleaned, moments, sentences_of
from pipeline.store import answered, named, notes, search as ranking
from pipeline.store.database import Database
from pipeline.store.typed import Typed, parse
from pipeline.store.videos import Labels, labels
from pipeline.types import Answered, Hit, Named, NoteHit, Scope, Sentence, Suggestion

EVERYWHERE = Scope()
POOL = 60
"""Moments that the facets are counted over."""
NAMED = 6
"""Titles, chapters and points beside the moments."""
ANSWERS = 3
"""Earlier answers beside them."""
NOTES = 10
FACET = 8
LENGTHS = {"short": (None, 600.0), "medium": (600.0, 2400.0), "long": (2400.0, None)}
"""Seconds of the whole video: under ten minutes, up to forty, longer."""

Facet = Literal["channel", "language", "year", "tag", "folder", "watched"]


@dataclass(frozen=True, slots=True)
class Count:
    """How many moments lie in videos of one kind."""

    value: str
    """What a search is narrowed by: a name, a code, a year, the id of a folder, or yes or no."""
    count: int
    name: str
    """What it is called; the value itself but for a folder."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a search brought, the best first."""

    hits: tuple[Hit, ...]
    named: tuple[Named, ...] = ()
    facets: tuple[tuple[Facet, tuple[Count, ...]], ...] = ()
    """Of the best POOL moments; only what would narrow them."""
    notes: tuple[NoteHit, ...] = ()
    answers: tuple[Answered, ...] = ()
    meant: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Words with a typing error, and what was looked for too."""
    unsaid: tuple[str, ...] = ()
    """Phrases of a question that nobody says word for word, and that were looked for as words."""


def search(
    db: Database, embedder: Embedder, query: str, *, limit: int = 20, video_id: str | None = None, scope: Scope = EVERYWHERE
) -> tuple[Hit, ...]:
    """The moments of `find`."""
    return find(db, embedder, query, limit=limit, scope=scope if video_id is None else replace(scope, videos=(video_id,))).hits


def find(db: Database, embedder: Embedder, query: str, *, limit: int = 20, scope: Scope = EVERYWHERE) -> Found:
    """The moments nearest to `query`: by words and by meaning, across languages. Each points at the sentence of its chunk that has most of the query's words.

    "Phrases" must stand in a moment, -words must not; see `Found.unsaid`.

    Raises:
        InputError: `empty_question`, `long_question`.
        ModelError: a server or the embedder is away.
    """
    typed = parse(cleaned(query))
    if not typed.words:
        raise InputError("empty_question", "Type a question or a few words to look for.")
    vector = embedder.queries([typed.words])[0]
    with db.session() as session:
        ranked = ranking.ranked(session, typed, vector, max(limit, POOL), scope, usual=usual_of(embedder, typed.words))
        plain = not typed.phrases and not typed.unwanted
        called = named.named(session, typed.words, scope, NAMED) if plain else ()
        before = answered.find(session, typed.words, ANSWERS, scope) if plain else ()
        kept = notes.find(session, query, NOTES, scope)
        about = labels(session, {hit.video_id for hit in ranked.hits})
        hits = ranked.hits[:limit]
        texts = sentences_of(session, hits)
    pointed = _pointed(_looked_for(typed, ranked.meant), hits, texts)
    facets = _facets([about[hit.video_id] for hit in ranked.hits if hit.video_id in about])
    return Found(pointed, called, facets, kept, before, tuple(ranked.meant.items()), ranked.unsaid)


def similar(db: Database, video_id: str, at: float, *, limit: int = 20, scope: Scope = EVERYWHERE) -> tuple[Hit, ...]:
    """Moments like the one of `video_id` at second `at`, the likest first. Raises: ModelError: the database is away."""
    with db.session() as session:
        return ranking.similar(session, video_id, at, limit, scope)


def suggest(db: Database, typed: str, *, limit: int = 8) -> tuple[Suggestion, ...]:
    """What somebody who is still typing may be looking for: channels, names that were said, titles and chapters; none before the second letter."""
    if len(typed.strip()) < 2:
        return ()
    with db.session() as session:
        return named.suggestions(session, typed.replace("\x00", "")[:200], limit)


def looked_for(query: str, meant: Sequence[tuple[str, tuple[str, ...]]]) -> str:
    """The words to mark in what was found: those of `query` that may stand there, and what stood in for misspelled ones."""
    return _looked_for(parse(query), dict(meant))


def _looked_for(typed: Typed, meant: dict[str, tuple[str, ...]]) -> str:
    return " ".join([typed.words, *(word for words in meant.values() for word in words)])


def _pointed(query: str, hits: Sequence[Hit], texts: dict[str, tuple[Sentence, ...]]) -> tuple[Hit, ...]:
    """The hits narrowed to their best sentences; one by meaning alone stays at the beginning of its chunk."""
    best: dict[int, Moment] = {}
    places = {id(hit): place for place, hit in enumerate(hits)}
    for moment in moments(query, hits, texts):
        place = places[id(moment.hit)]
        if place not in best or moment.words > best[place].words:
            best[place] = moment
    return tuple(_narrowed(hit, best.get(place)) for place, hit in enumerate(hits))


def _narrowed(hit: Hit, moment: Moment | None) -> Hit:
    if moment is None or moment.words == 0:
        return hit
    sentence = moment.sentence
    return Hit(hit.video_id, hit.title, sentence.start, sentence.end, sentence.text, hit.score, sentence.index)


def _facets(about: Sequence[Labels]) -> tuple[tuple[Facet, tuple[Count, ...]], ...]:
    """`about`: the video of each moment."""
    of: dict[Facet, list[tuple[str, str]]] = {
        "channel": [(one.channel, one.channel) for one in about if one.channel],
        "language": [(one.language, one.language) for one in about if one.language],
        "year": [(one.published_at[:4],) * 2 for one in about if one.published_at],
        "tag": [(tag, tag) for one in about for tag in one.tags],
        "folder": [(str(number), name) for one in about for number, name in one.folders],
        "watched": [("yes" if one.watched else "no",) * 2 for one in about],
    }
    return tuple((facet, counts) for facet, values in of.items() if (counts := _counts(values, len(about))))


def _counts(values: Sequence[tuple[str, str]], moments: int) -> tuple[Count, ...]:
    """None where every value is that of all moments, so that choosing one would change nothing."""
    counted = Counter(values).most_common(FACET)
    return tuple(Count(value, count, name) for (value, name), count in counted) if any(count < moments for _, count in counted) else ()
