"""Another embedding model for everything that is searched: its vectors are made beside those that serve, and take their place when none is missing."""

from pipeline.language.generator import Embedder
from pipeline.store import indexes
from pipeline.store.database import Database
from pipeline.types import Emit, Progress
from pipeline.vectors import Index

BATCH = 16
"""Chunks whose vectors are made and stored together: what is lost when it is stopped."""


def reindex(db: Database, embedder: Embedder, emit: Emit) -> Index:
    """Makes the vectors of `embedder` those that are searched, and goes on where an earlier call stopped. Searches find as before meanwhile; what is
    added meanwhile is taken up before the switch.

    Raises:
        InputError: `index_serves`, `index_beside`, `index_running`.
        NotFound: `no_index`: it was dropped meanwhile.
        ModelError: the database or the model is away.
    """
    with indexes.only_one(db):
        index = indexes.begin(db, embedder.model, embedder.passages(["How long is a vector?"]).shape[1])
        while True:
            _fill(db, index, embedder, emit)
            emit(Progress("reindex", 1.0, "Drawing the graph that makes large libraries quick"))
            indexes.draw(db, index)
            with db.session() as s:
                if indexes.switch(s, index):
                    return index


def _fill(db: Database, index: Index, embedder: Embedder, emit: Emit) -> None:
    with db.session() as s:
        state = next(state for state in indexes.states(s) if state.index == index)
    made, last = state.made, 0
    while True:
        emit(Progress("reindex", min(1.0, made / max(1, state.chunks)), f"Indexing with {index.model}: {made:,} of {state.chunks:,} moments"))
        with db.session() as s:
            waiting = indexes.waiting(s, index, last, BATCH)
        if not waiting:
            return
        vectors = embedder.passages([text for _, text in waiting])
        with db.session() as s:
            indexes.fill(s, index, [chunk_id for chunk_id, _ in waiting], vectors)
        made, last = made + len(waiting), waiting[-1][0]
