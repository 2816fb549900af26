"""Where a search or a question begins: the database and the embedder that belong together."""

from dataclasses import dataclass

from pipeline.language.generator import Embedder
from pipeline.store import indexes
from pipeline.store.database import Database


@dataclass(frozen=True, slots=True)
class Indexed:
    """Both of one index, also when another takes over meanwhile: so it is made anew for each search, question and stage, and never kept."""

    db: Database
    embedder: Embedder


def indexed(db: Database, embedder: Embedder) -> Indexed:
    """Of the index that is searched now.

    Raises:
        ModelError: the database is away; `embedding_model_missing`, now or when it is first asked.
    """
    with db.session() as s:
        index = indexes.serving(s)
    return Indexed(db.on(index), embedder.of(index.model))
