"""Which words exist in the library, so that a word with a typing error finds what was meant; and which names, for suggestions.

PostgreSQL's own pg_trgm is no part of the embedded server, so the trigrams are a column with an ordinary GIN index: a misspelled word shares enough of them with
the right one to make it a candidate, and the edit distance (rapidfuzz) decides.
"""

import unicodedata
from collections.abc import Sequence

from rapidfuzz.distance import OSA
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from pipeline.store.tables import WordRow

SHORTEST = 4
"""Characters of a word that is looked for in another form: of three, every other is one letter away."""
LONGEST = 30
ALIKE = 0.75
"""Share of the letters that must be the same: one slip in four letters, two in eight. That far apart are also the names and words that languages share (energía, energy)."""
CANDIDATES = 100
BEST = 3
"""Words that stand in for one that nobody says."""
MOST = 12
"""Words of a question that are looked for in another form; each is a query of its own."""

# Where a transcript's chunks teach words and names. The migration to this version does the same for all that was there (its SQL stays as it was then).
_WORDS = text("""
    INSERT INTO vocabulary (word, grams)
    SELECT word, ARRAY(SELECT DISTINCT substr('  ' || word || ' ', i, 3) FROM generate_series(1, length(word) + 1) AS i)
    FROM (SELECT DISTINCT unnest(tsvector_to_array(to_tsvector('simple', text))) AS word FROM chunks WHERE transcript_id = :transcript) AS said
    WHERE word ~ '^[[:alpha:]]{4,30}$' ORDER BY word
    ON CONFLICT DO NOTHING""")
_NAMES = text(r"""
    INSERT INTO names (video_id, name, folded, said)
    SELECT video_id, name, lower(name), count(*)
    FROM (
        SELECT video_id, (regexp_matches(text, '(?<=[[:lower:],;] )[[:upper:]][[:alnum:]’''-]+(?: [[:upper:]][[:alnum:]’''-]+){0,3}', 'g'))[1] AS name
        FROM chunks WHERE transcript_id = :transcript
    ) AS found
    WHERE length(name) BETWEEN 3 AND 60 GROUP BY video_id, name ORDER BY video_id, name
    ON CONFLICT (video_id, name) DO UPDATE SET said = excluded.said""")

_NEAR = text("""
    SELECT word FROM vocabulary WHERE grams && CAST(:mine AS text[]) AND length(word) BETWEEN :least AND :most
    ORDER BY cardinality(ARRAY(SELECT unnest(grams) INTERSECT SELECT unnest(CAST(:mine AS text[])))) DESC, word LIMIT :limit""")


def learn(s: Session, transcript_id: int) -> None:
    """The words and names of a transcript's chunks. Words are sorted, so two that learn at once never wait for each other in a circle."""
    s.execute(_WORDS, {"transcript": transcript_id})
    s.execute(_NAMES, {"transcript": transcript_id})


def grams(word: str) -> list[str]:
    padded = f"  {word} "
    return sorted({padded[i : i + 3] for i in range(len(padded) - 2)})


def alike(s: Session, words: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """For each of `words` (lower case) that nobody says, the words like it that somebody does, the likest first; words without any are left out."""
    likely = [word for word in dict.fromkeys(words) if SHORTEST <= len(word) <= LONGEST and word.isalpha()]
    known = set(s.execute(select(WordRow.word).where(WordRow.word.in_(likely))).scalars()) if likely else set()
    found = {word: _alike(s, word) for word in [word for word in likely if word not in known][:MOST]}
    return {word: like for word, like in found.items() if like}


def _alike(s: Session, word: str) -> tuple[str, ...]:
    """A swap of neighbours is one slip, a missing accent none."""
    bare, room = _bare(word), int(len(word) * (1 - ALIKE) / ALIKE)
    around = {"mine": sorted({*grams(word), *grams(bare)}), "least": len(word) - room, "most": len(word) + room, "limit": CANDIDATES}
    near = [(-OSA.normalized_similarity(bare, _bare(other)), other) for other in s.execute(_NEAR, around).scalars()]
    return tuple(other for less, other in sorted(near) if -less >= ALIKE)[:BEST]


def _bare(word: str) -> str:
    return "".join(char for char in unicodedata.normalize("NFKD", word) if not unicodedata.combining(char))
