"""Room for media. What would be too much makes way: the longest unused of what can be fetched or made again; never an upload, never a text.

All who look for room take turns by one lock of the database, so two workers never count on the same bytes. What a stage is about to store is reserved on a
row of its own, which counts while the stage runs.
"""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, Select, case, delete, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from pipeline.errors import cause
from pipeline.jobs import FINAL, State
from pipeline.store.tables import JobRow, MediaReservationRow, MediaRow, StageRow

TURNS = 7103
"""The advisory lock of those who look for room."""
JUST_USED = timedelta(minutes=10)
"""What somebody has asked for so lately stays: it is being saved or looked at."""
UNFINISHED = tuple(state for state in State if state not in FINAL)


@dataclass(frozen=True, slots=True)
class Room:
    """What is needed, in bytes."""

    size: int
    """Of the file to come."""
    quota: int
    """Of all media; 0: no limit."""
    shortage: int = 0
    """Missing on the disk of the media store."""


def make_room(s: Session, stage_id: int, room: Room) -> tuple[str, ...]:
    """Reserves the bytes for a stage; the keys that had to go, whose rows are gone and whose bytes the caller deletes after the transaction.

    Raises:
        ModelError: `quota`, or `storage` when the disk is what is too small; nothing has gone then.
    """
    _take_turn(s)
    over = _kept(s) + _reserved(s, stage_id) + room.size - room.quota if room.quota else 0
    keys, freed = _evict(s, max(over, room.shortage))
    if freed < room.shortage:
        raise cause("storage")
    if freed < over:
        raise cause("quota")
    row = {"stage_id": stage_id, "size": room.size}
    s.execute(insert(MediaReservationRow).values(row).on_conflict_do_update(index_elements=[MediaReservationRow.stage_id], set_=row))
    return keys


def shrink(s: Session, quota: int) -> tuple[str, ...]:
    """What has to go for all media to be within the quota, as far as anything can; as make_room."""
    if not quota:
        return ()
    _take_turn(s)
    return _evict(s, _kept(s) - quota)[0]


def _take_turn(s: Session) -> None:
    s.execute(select(func.pg_advisory_xact_lock(TURNS)))


def _kept(s: Session) -> int:
    return int(s.execute(select(func.coalesce(func.sum(MediaRow.size), 0))).scalar_one())


def _reserved(s: Session, stage_id: int) -> int:
    query = select(func.coalesce(func.sum(MediaReservationRow.size), 0)).join(StageRow, StageRow.id == MediaReservationRow.stage_id)
    return int(s.execute(query.where(StageRow.state == State.RUNNING, StageRow.id != stage_id)).scalar_one())


def _evict(s: Session, needed: int) -> tuple[tuple[str, ...], int]:
    """Keys of removed rows, and how many bytes they had: at least `needed`, or all there was to remove."""
    freed, gone = 0, []
    while freed < needed:
        row = s.execute(_first_to_go()).one_or_none()
        if row is None:
            break
        s.execute(delete(MediaRow).where(MediaRow.id == row.id))
        freed += row.size
        gone.append(row.key)
    return tuple(gone), freed


def _first_to_go() -> "Select[int, str, int]":
    """Locked against `use_media`: what was used since this statement began is looked at again and passed over."""
    query = select(MediaRow.id, MediaRow.key, MediaRow.size).where(_can_come_again(), MediaRow.used_at < func.clock_timestamp() - JUST_USED)
    needed = select(JobRow.id).where(JobRow.video_id == MediaRow.video_id, JobRow.state.in_(UNFINISHED)).exists()
    last = case((MediaRow.kind == "thumbnail", 1), else_=0)
    return query.where(~needed).order_by(last, MediaRow.used_at, MediaRow.id).limit(1).with_for_update(skip_locked=True)


def _can_come_again() -> ColumnElement[bool]:
    return or_(MediaRow.kind.like("audio%"), MediaRow.kind.like("video%"), MediaRow.kind == "thumbnail")
