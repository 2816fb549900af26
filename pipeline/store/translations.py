"""Translations of a transcript or a summary: texts in the order of the original, stored part by part as they are made."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal, cast

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from pipeline.store.fences import Fence, advanced, fenced
from pipeline.store.packing import clean, pack, unpack
from pipeline.store.tables import TranslationPartRow, TranslationRow

Kind = Literal["transcript", "summary", "title"]
"""A summary's own texts are a rendition (renditions.py); its row here says what translated it."""


@dataclass(frozen=True, slots=True)
class TranslationKey:
    """What is translated and how. `source_hash`: of the transcript, for every kind; `model`: what translated it."""

    video_id: str
    kind: Kind
    source_hash: str
    model: str
    version: str
    language: str


@dataclass(frozen=True, slots=True)
class Translation:
    key: TranslationKey
    texts: tuple[str, ...]
    """From the first one on, as far as there are; empty: it stays in the original, since its translation did not hold."""
    complete: bool


def save_texts(s: Session, key: TranslationKey, first: int, texts: Sequence[str], *, fence: Fence | None) -> None:
    """Texts number `first` and following; a part that is there already is kept. Raises: LeaseLost: see fenced()."""
    fenced(s, fence)
    part = {"translation_id": _ensure(s, key), "first": first, "texts": pack([clean(text) for text in texts])}
    new = s.execute(
        upsert(TranslationPartRow).values(part).on_conflict_do_nothing().returning(TranslationPartRow.first)
    ).scalar_one_or_none()
    if new is not None:
        advanced(s, fence)


def complete(s: Session, key: TranslationKey, *, fence: Fence | None) -> None:
    """Nothing more will come. Raises: LeaseLost: see fenced()."""
    fenced(s, fence)
    s.execute(update(TranslationRow).where(TranslationRow.id == _ensure(s, key)).values(complete=True))


def get_translation(s: Session, video_id: str, kind: Kind, language: str) -> Translation | None:
    """The newest one, complete before growing."""
    query = select(TranslationRow).filter_by(video_id=video_id, kind=kind, language=language)
    row = s.execute(query.order_by(TranslationRow.complete.desc(), TranslationRow.id.desc()).limit(1)).scalar_one_or_none()
    return None if row is None else _translation(s, row)


def get_exact(s: Session, key: TranslationKey) -> Translation | None:
    row = s.execute(select(TranslationRow).filter_by(**asdict(key))).scalar_one_or_none()
    return None if row is None else _translation(s, row)


def list_translations(s: Session, video_id: str) -> tuple[tuple[TranslationKey, bool], ...]:
    """What there is, oldest first, and whether it is complete."""
    rows = s.execute(select(TranslationRow).where(TranslationRow.video_id == video_id).order_by(TranslationRow.id)).scalars()
    return tuple((_key(row), row.complete) for row in rows)


def _translation(s: Session, row: TranslationRow) -> Translation:
    query = select(TranslationPartRow).where(TranslationPartRow.translation_id == row.id).order_by(TranslationPartRow.first)
    texts: list[str] = []
    for part in s.execute(query).scalars():
        if part.first > len(texts):
            break
        texts[part.first :] = unpack(part.texts)
    return Translation(_key(row), tuple(texts), row.complete)


def _key(row: TranslationRow) -> TranslationKey:
    return TranslationKey(row.video_id, cast(Kind, row.kind), row.source_hash, row.model, row.version, row.language)


def _ensure(s: Session, key: TranslationKey) -> int:
    s.execute(upsert(TranslationRow).values(**asdict(key)).on_conflict_do_nothing())
    return s.execute(select(TranslationRow.id).filter_by(**asdict(key))).scalar_one()
