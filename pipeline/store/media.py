"""Which files belong to which video. The bytes are in blobs.py's store; a file is real when its row is there, so the row comes last."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from pipeline.store.fences import Fence, fenced
from pipeline.store.tables import MediaRow


@dataclass(frozen=True, slots=True)
class Media:
    video_id: str
    kind: str
    """upload, thumbnail, or the name of a form (downloads.py): audio, video-480p, …"""
    key: str
    """Of store/blobs.py."""
    name: str
    """What a person would call the file."""
    content_type: str
    size: int
    """Bytes."""


def save_media(s: Session, media: Media, *, fence: Fence | None = None) -> None:
    """Under its key, in place of what was there. Raises: LeaseLost: see fenced()."""
    fenced(s, fence)
    row = asdict(media)
    again = row | {"used_at": func.clock_timestamp()}
    s.execute(insert(MediaRow).values(row).on_conflict_do_update(index_elements=[MediaRow.key], set_=again))


def get_media(s: Session, video_id: str, kind: str) -> Media | None:
    """The newest file of its kind."""
    found = [media for media in list_media(s, video_id) if media.kind == kind]
    return found[-1] if found else None


def use_media(s: Session, video_id: str, kind: str) -> Media | None:
    """As get_media, for somebody who will read the bytes: it is used now, and not the first to make room. Waits for a removal that is under way."""
    found = get_media(s, video_id, kind)
    if found is None:
        return None
    now = func.clock_timestamp()
    there = s.execute(update(MediaRow).where(MediaRow.key == found.key).values(used_at=now).returning(MediaRow.id)).scalar_one_or_none()
    return found if there is not None else None


def seen_media(s: Session, key: str) -> None:
    """Somebody looks at it. A player asks for many pieces, so this is written down once a minute."""
    lately = func.clock_timestamp() - timedelta(minutes=1)
    s.execute(update(MediaRow).where(MediaRow.key == key, MediaRow.used_at < lately).values(used_at=func.clock_timestamp()))


def list_media(s: Session, video_id: str) -> tuple[Media, ...]:
    """Oldest first."""
    rows = s.execute(select(MediaRow).where(MediaRow.video_id == video_id).order_by(MediaRow.id)).scalars()
    return tuple(Media(row.video_id, row.kind, row.key, row.name, row.content_type, row.size) for row in rows)


def without_row(s: Session, keys: Sequence[str]) -> tuple[str, ...]:
    """Those of `keys` that belong to no video."""
    known = set(s.execute(select(MediaRow.key).where(MediaRow.key.in_(keys))).scalars())
    return tuple(key for key in keys if key not in known)


def delete_media(s: Session, key: str) -> None:
    """The row only; the bytes are Blobs.delete's."""
    s.execute(delete(MediaRow).where(MediaRow.key == key))
