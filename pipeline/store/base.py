"""What all tables share: their base class, how constraints are called, and the columns that many have."""

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import BigInteger, DateTime, Enum, ForeignKey, Identity, LargeBinary, MetaData, Text, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Every table. Names of constraints follow NAMING, so that a migration can name what it drops."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar = {
        str: Text(),
        datetime: DateTime(timezone=True),
        dict[str, Any]: JSONB(),
        list[Any]: JSONB(),
        bytes: LargeBinary(),
    }


def one_of(kind: type[StrEnum], name: str) -> Enum:
    """A text column that takes the words of `kind` only. Not a PostgreSQL enum: a new word needs no ALTER TYPE."""
    return Enum(
        kind, native_enum=False, create_constraint=True, name=name, length=20, values_callable=lambda k: [member.value for member in k]
    )


def of_video(primary_key: bool = False) -> Mapped[str]:
    return mapped_column(ForeignKey("videos.id", ondelete="CASCADE"), primary_key=primary_key)


def identity() -> Mapped[int]:
    return mapped_column(BigInteger, Identity(always=True), primary_key=True)


def now() -> Mapped[datetime]:
    return mapped_column(server_default=func.clock_timestamp())
