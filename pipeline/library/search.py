"""Search everything that was ever said: hits are moments, not videos."""

from pipeline.language.generator import Embedder
from pipeline.library.moments import Moment, cleaned, moments, retrieve
from pipeline.store.database import Database
from pipeline.types import Hit


def search(db: Database, embedder: Embedder, query: str, *, limit: int = 20, video_id: str | None = None) -> tuple[Hit, ...]:
    """The moments nearest to `query`, best first: by words and by meaning, across languages. Each points at the sentence of its chunk that has most of the query's words.

    Raises:
        InputError: `empty_question`, `long_question`.
        ModelError: a server or the embedder is away.
    """
    text = cleaned(query)
    hits, sentences = retrieve(db, text, embedder.queries([text])[0], limit=limit, video_id=video_id)
    best: dict[int, Moment] = {}
    places = {id(hit): place for place, hit in enumerate(hits)}
    for moment in moments(text, hits, sentences):
        place = places[id(moment.hit)]
        if place not in best or moment.words > best[place].words:
            best[place] = moment
    return tuple(_pointed(hit, best.get(place)) for place, hit in enumerate(hits))


def _pointed(hit: Hit, moment: Moment | None) -> Hit:
    """The hit narrowed to its sentence; a hit by meaning alone stays at the beginning of its chunk."""
    if moment is None or moment.words == 0:
        return hit
    sentence = moment.sentence
    return Hit(hit.video_id, hit.title, sentence.start, sentence.end, sentence.text, hit.score, sentence.index)
