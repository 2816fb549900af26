"""Which vectors are searched, and others that are made beside them: those of one model, in one of two columns of the chunks.

Another model's vectors fill the column that is not searched, chunk by chunk, while the other serves. When none is missing, one transaction makes it the one that
is searched. The vectors from before stay until they are dropped, and going back to them is the same way: fill what has come since, and switch.

So that vectors of two models never meet: a session says whose vectors it brings (Database.on), every search looks whether they are still here, and whoever writes
chunks keeps the switch out until the transaction ends (an advisory lock that writers share).
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import cast

import numpy as np
from psycopg.errors import LockNotAvailable
from sqlalchemy import Table, bindparam, func, select, text, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import InstrumentedAttribute, Session

from pipeline.errors import InputError, ModelError, NotFound
from pipeline.store.database import Database
from pipeline.store.tables import ChunkRow, IndexRow, Slot
from pipeline.vectors import BUILTIN_INDEX, Index

WRITERS, RUNNING = 7_230_115, 7_230_116
"""Keys of advisory locks: shared by who writes chunks and held alone by who switches; held by who fills an index."""
FAREWELL = "5s"
"""So long the lock is waited for: the database needs a moment to see that the process which held it was killed."""
GRAPH = {Slot.VECTOR: "ix_chunks_vector", Slot.OTHER: "ix_chunks_other_vector"}
"""Names of the approximate index over each column."""


@dataclass(frozen=True, slots=True)
class State:
    """How far an index is."""

    index: Index
    serving: bool
    made: int
    """Chunks that have their vector."""
    chunks: int
    """That there are."""
    served_at: datetime | None
    """None: it has never been the one that is searched."""


def serving(s: Session) -> Index:
    """The one that is searched now."""
    row = s.execute(select(IndexRow).where(IndexRow.serving)).scalar_one_or_none()
    return _index(row) if row else BUILTIN_INDEX


def used(s: Session) -> Index:
    """The one whose vectors this session brings, see Database.on.

    Raises:
        ModelError: `index_changed`, retryable: it has been dropped, or it was never the one that is searched.
    """
    index: Index = s.info["index"]
    if not s.info.get("index_is_here"):
        rows = s.execute(select(IndexRow)).scalars().all()
        here = [_index(row) for row in rows if row.serving or row.served_at] if rows else [BUILTIN_INDEX]
        if index not in here:
            raise changed()
        s.info["index_is_here"] = True
    return index


def column(s: Session) -> InstrumentedAttribute[object]:
    """The vectors of `used`."""
    return _vectors(used(s))


def _vectors(index: Index) -> InstrumentedAttribute[object]:
    return ChunkRow.vector if index.slot == Slot.VECTOR else ChunkRow.other_vector


def writing(s: Session) -> Index:
    """The one that chunks are written into, which stays so until the transaction ends.

    Raises:
        ModelError: `index_changed`, retryable: the vectors of this session are of another model.
    """
    s.execute(select(func.pg_advisory_xact_lock_shared(WRITERS)))
    index = serving(s)
    if index != s.info["index"]:
        raise changed()
    return index


def changed() -> ModelError:
    return ModelError("index_changed", "The index of the search has just been replaced. Try again.", retryable=True, retry_after=0.0)


def begin(db: Database, model: str, dimensions: int) -> Index:
    """An index of `model` beside the one that is searched; the one that is there already, as far as it is.

    Raises:
        InputError: `index_serves`: it is the one that is searched; `index_beside`: there is one of a third model.
    """
    with db.session() as s:
        _alone(s)
        now = _recorded(s)
        if now.model == model:
            raise InputError("index_serves", f"The library is indexed with {model}.")
        row = s.execute(select(IndexRow).where(IndexRow.serving.is_(False))).scalar_one_or_none()
        if row is not None and (row.model, row.dimensions) == (model, dimensions):
            return _index(row)
        if row is not None:
            raise InputError("index_beside", f"Beside it there is an index made with {row.model}. Drop that first: nutshell reindex --drop.")
        slot = Slot.OTHER if now.slot == Slot.VECTOR else Slot.VECTOR
        _empty(s, slot, f"halfvec({int(dimensions)})")
        s.add(IndexRow(slot=slot, model=model, dimensions=dimensions, serving=False))
        return Index(model, dimensions, slot.value)


def _recorded(s: Session) -> Index:
    """The one that is searched, which has a row from now on."""
    index = serving(s)
    if s.get(IndexRow, Slot(index.slot)) is None:
        s.add(IndexRow(slot=Slot(index.slot), model=index.model, dimensions=index.dimensions, serving=True, served_at=func.clock_timestamp()))
        s.flush()
    return index


def _empty(s: Session, slot: Slot, kind: str) -> None:
    """Without rewriting a row: the column goes, with its index, and comes back."""
    s.execute(text(f"ALTER TABLE chunks DROP COLUMN {slot.value}, ADD COLUMN {slot.value} {kind}"))


def waiting(s: Session, index: Index, after: int, limit: int) -> tuple[tuple[int, str], ...]:
    """Id and text of chunks behind id `after` that have no vector in `index`."""
    missing = select(ChunkRow.id, ChunkRow.text).where(ChunkRow.id > after, _vectors(index).is_(None)).order_by(ChunkRow.id).limit(limit)
    return tuple((row.id, row.text) for row in s.execute(missing))


def fill(s: Session, index: Index, ids: Sequence[int], vectors: np.ndarray) -> None:
    """Chunks that were deleted meanwhile are passed over.

    Raises:
        NotFound: `no_index`: it was dropped meanwhile.
    """
    s.execute(select(func.pg_advisory_xact_lock_shared(WRITERS)))
    _needed(s, index)
    rows = [{"chunk": chunk_id, "made": vector} for chunk_id, vector in zip(ids, vectors, strict=True)]
    chunks = cast(Table, ChunkRow.__table__)
    set_one = update(chunks).where(chunks.c.id == bindparam("chunk")).values({index.slot: bindparam("made")})
    s.connection().execute(set_one, rows)


def draw(db: Database, index: Index) -> None:
    """The approximate index over its column, where there is none yet. Others read and write meanwhile; what a killed one left is thrown away.

    A million vectors take minutes, so nothing here has a deadline.
    """
    name = GRAPH[Slot(index.slot)]
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        there = text("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(:name)")
        valid = connection.execute(there, {"name": name}).scalar_one_or_none()
        if valid:
            return
        connection.execute(text("SET statement_timeout = 0; SET lock_timeout = 0"))
        try:
            connection.execute(text(f"DROP INDEX CONCURRENTLY IF EXISTS {name}"))
            connection.execute(
                text(f"CREATE INDEX CONCURRENTLY {name} ON chunks USING hnsw ({index.slot} halfvec_ip_ops) WITH (m = 24, ef_construction = 128)")
            )
        finally:
            connection.execute(text("RESET statement_timeout; RESET lock_timeout"))


def switch(s: Session, index: Index) -> bool:
    """Makes it the one that is searched, unless a chunk has no vector in it yet: False.

    Raises:
        NotFound: `no_index`: it was dropped meanwhile.
    """
    _alone(s)
    row = _needed(s, index)
    if s.execute(select(ChunkRow.id).where(_vectors(index).is_(None)).limit(1)).first() is not None:
        return False
    s.execute(update(IndexRow).values(serving=False))
    s.execute(update(IndexRow).where(IndexRow.slot == row.slot).values(serving=True, served_at=func.clock_timestamp()))
    return True


def drop(db: Database) -> Index:
    """The one that is not searched, whole or not; which it was. Raises: NotFound: `no_index`."""
    with db.session() as s:
        _alone(s)
        row = s.execute(select(IndexRow).where(IndexRow.serving.is_(False))).scalar_one_or_none()
        if row is None:
            raise no_index()
        gone = _index(row)
        s.delete(row)
        s.flush()
        _empty(s, row.slot, "halfvec")
    return gone


def states(s: Session) -> tuple[State, ...]:
    """The one that is searched first."""
    rows = s.execute(select(IndexRow).order_by(IndexRow.serving.desc())).scalars().all()
    chunks: int = s.execute(select(func.count()).select_from(ChunkRow)).scalar_one()
    if not rows:
        return (State(BUILTIN_INDEX, True, chunks, chunks, None),)
    counts = s.execute(select(*(func.count(_vectors(_index(row))) for row in rows))).one()
    return tuple(State(_index(row), row.serving, made, chunks, row.served_at) for row, made in zip(rows, counts, strict=True))


@contextmanager
def only_one(db: Database) -> Iterator[None]:
    """Held by who fills an index; it ends with the connection, however its process ends.

    Raises:
        InputError: `index_running`.
    """
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"SET lock_timeout = '{FAREWELL}'"))
        try:
            connection.execute(select(func.pg_advisory_lock(RUNNING)))
        except OperationalError as error:
            if not isinstance(error.orig, LockNotAvailable):
                raise
            connection.execute(text("RESET lock_timeout"))
            raise InputError("index_running", "Another `nutshell reindex` is at work. Wait for it, or stop it first.") from error
        connection.execute(text("RESET lock_timeout"))
        try:
            yield
        finally:
            connection.execute(select(func.pg_advisory_unlock(RUNNING)))


def _alone(s: Session) -> None:
    """Until the transaction ends nobody writes chunks, and all who did have ended."""
    s.execute(select(func.pg_advisory_xact_lock(WRITERS)))


def _needed(s: Session, index: Index) -> IndexRow:
    row = s.execute(select(IndexRow).where(IndexRow.model == index.model, IndexRow.serving.is_(False))).scalar_one_or_none()
    if row is None or _index(row) != index:
        raise no_index()
    return row


def no_index() -> NotFound:
    return NotFound("no_index", "There is no index beside the one that is searched.")


def _index(row: IndexRow) -> Index:
    return Index(row.model, row.dimensions, row.slot.value)
