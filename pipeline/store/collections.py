"""Tags and folders. A video may have several of either; a tag exists while a video has it, a folder until it is deleted."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from pipeline.store import fulltext
from pipeline.store.collection_tables import FolderRow, FolderVideoRow, TagRow
from pipeline.store.packing import clean
from pipeline.store.tables import VideoRow

__all__ = [
    "Folder", "Tag", "add_folder", "delete_folder", "find_folder", "folders", "folders_among", "folders_of", "get_folder", "in_folder", "put", "rename_folder", "set_tags", "tagged",
    "tags", "tags_among", "tags_of",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tag:
    name: str
    videos: int


@dataclass(frozen=True, slots=True)
class Folder:
    id: int
    name: str
    videos: int


def key_of(name: str) -> str:
    """By which names are the same."""
    return clean(name).casefold()


def set_tags(s: Session, video_id: str, names: Sequence[str]) -> None:
    """Exactly these, in the spelling that the library has of a tag already, so that one tag is not written in two ways."""
    wanted = {key_of(name): clean(name) for name in reversed(names)}
    s.execute(delete(TagRow).where(TagRow.video_id == video_id, TagRow.key.not_in(wanted)))
    known = dict(s.execute(select(TagRow.key, func.min(TagRow.name)).where(TagRow.key.in_(wanted)).group_by(TagRow.key)).all())
    for key, name in wanted.items():
        name = known.get(key, name)
        row = insert(TagRow).values(video_id=video_id, key=key, name=name, words=fulltext.document(name, "und"))
        s.execute(row.on_conflict_do_nothing())


def tags_of(s: Session, video_id: str) -> tuple[str, ...]:
    """In the order of the alphabet."""
    return tuple(s.execute(select(TagRow.name).where(TagRow.video_id == video_id).order_by(TagRow.key)).scalars())


def tags(s: Session, limit: int = 1000) -> tuple[Tag, ...]:
    """Of the library, the most used first."""
    count = func.count().label("videos")
    rows = s.execute(select(func.min(TagRow.name), count).group_by(TagRow.key).order_by(count.desc(), TagRow.key).limit(limit))
    return tuple(Tag(name, videos) for name, videos in rows)


def add_folder(s: Session, name: str) -> int | None:
    """Its id; None: there is one of that name."""
    row = insert(FolderRow).values(name=clean(name), key=key_of(name)).on_conflict_do_nothing().returning(FolderRow.id)
    return s.execute(row).scalar_one_or_none()


def rename_folder(s: Session, folder_id: int, name: str) -> bool:
    """False: another one has that name."""
    taken = select(FolderRow.id).where(FolderRow.key == key_of(name), FolderRow.id != folder_id)
    if s.execute(taken).first() is not None:
        return False
    s.execute(update(FolderRow).where(FolderRow.id == folder_id).values(name=clean(name), key=key_of(name)))
    return True


def delete_folder(s: Session, folder_id: int) -> bool:
    """Its videos stay in the library. False: there was none."""
    return s.execute(delete(FolderRow).where(FolderRow.id == folder_id).returning(FolderRow.id)).first() is not None


def folders(s: Session) -> tuple[Folder, ...]:
    """By name, with how many videos are in each."""
    count = select(func.count()).where(FolderVideoRow.folder_id == FolderRow.id).scalar_subquery()
    return tuple(Folder(row.id, row.name, videos) for row, videos in s.execute(select(FolderRow, count).order_by(FolderRow.key)))


def get_folder(s: Session, folder_id: int) -> Folder | None:
    count = select(func.count()).where(FolderVideoRow.folder_id == FolderRow.id).scalar_subquery()
    found = s.execute(select(FolderRow, count).where(FolderRow.id == folder_id)).first()
    return Folder(found[0].id, found[0].name, found[1]) if found else None


def put(s: Session, video_id: str, folder_ids: Collection[int]) -> None:
    """The video is in exactly these folders; ids of folders that are gone are passed over."""
    s.execute(delete(FolderVideoRow).where(FolderVideoRow.video_id == video_id, FolderVideoRow.folder_id.not_in(folder_ids)))
    there = s.execute(select(FolderRow.id).where(FolderRow.id.in_(folder_ids)).with_for_update(key_share=True)).scalars().all()
    for folder_id in there:
        s.execute(insert(FolderVideoRow).values(folder_id=folder_id, video_id=video_id).on_conflict_do_nothing())


def folders_of(s: Session, video_id: str) -> tuple[tuple[int, str], ...]:
    """Id and name, by name."""
    inside = select(FolderRow.id, FolderRow.name).join(FolderVideoRow, FolderVideoRow.folder_id == FolderRow.id)
    rows = s.execute(inside.where(FolderVideoRow.video_id == video_id).order_by(FolderRow.key))
    return tuple((folder_id, name) for folder_id, name in rows)


def tags_among(s: Session, video_ids: Collection[str]) -> dict[str, tuple[str, ...]]:
    """The tags of each of these videos that has any."""
    found: dict[str, tuple[str, ...]] = {}
    for video_id, name in s.execute(select(TagRow.video_id, TagRow.name).where(TagRow.video_id.in_(video_ids)).order_by(TagRow.key)):
        found[video_id] = (*found.get(video_id, ()), name)
    return found


def folders_among(s: Session, video_ids: Collection[str]) -> dict[str, tuple[tuple[int, str], ...]]:
    """Id and name of the folders that each of these videos is in, where it is in any."""
    found: dict[str, tuple[tuple[int, str], ...]] = {}
    inside = select(FolderVideoRow.video_id, FolderRow.id, FolderRow.name).join(FolderRow, FolderRow.id == FolderVideoRow.folder_id)
    for video_id, folder_id, name in s.execute(inside.where(FolderVideoRow.video_id.in_(video_ids)).order_by(FolderRow.key)):
        found[video_id] = (*found.get(video_id, ()), (folder_id, name))
    return found


def find_folder(s: Session, name: str) -> int | None:
    """The id of the folder of this name, whatever its case."""
    return s.execute(select(FolderRow.id).where(FolderRow.key == key_of(name))).scalar_one_or_none()


def tagged(name: str) -> ColumnElement[bool]:
    """A condition on videos."""
    return select(TagRow.key).where(TagRow.video_id == VideoRow.id, TagRow.key == key_of(name)).correlate(VideoRow).exists()


def in_folder(folder_id: int) -> ColumnElement[bool]:
    """A condition on videos."""
    return select(FolderVideoRow.folder_id).where(FolderVideoRow.video_id == VideoRow.id, FolderVideoRow.folder_id == folder_id).correlate(VideoRow).exists()
