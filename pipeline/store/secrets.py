"""What nobody may read in the database: encrypted before it gets there, with a key that lies outside of it.

The key is NUTSHELL_SECRET_KEY, or else a file in the data folder that is made when it is first needed. A copy of the database without it is worth nothing.
Rows have a revision, a new random one at each change, so that whoever wants to write something back can see whether it is still the one that he read.
"""

import os
import secrets
import stat
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from pipeline.config import Settings
from pipeline.errors import cause
from pipeline.store.tables import SecretRow

if TYPE_CHECKING:
    from cryptography.fernet import Fernet


@dataclass(frozen=True, slots=True)
class Secret:
    """All but the secret itself."""

    name: str
    revision: str
    about: dict[str, Any]
    """What may be shown of it."""
    added_at: datetime
    """When a person put it in."""
    changed_at: datetime
    used_at: datetime | None
    result: str | None
    """A word for what came of the last use."""


def put(s: Session, settings: Settings, name: str, value: str, about: dict[str, Any]) -> None:
    """In place of what was there under this name.

    Raises:
        ModelError: `secret_key`.
    """
    now = func.clock_timestamp()
    row: dict[str, Any] = {"value": _seal(settings, value), "revision": secrets.token_hex(16), "about": about, "added_at": now, "changed_at": now, "used_at": None, "result": None}
    s.execute(insert(SecretRow).values(name=name, **row).on_conflict_do_update(index_elements=[SecretRow.name], set_=row))


def about(s: Session, name: str) -> Secret | None:
    row = s.get(SecretRow, name)
    return None if row is None else _secret(row)


def take(s: Session, settings: Settings, name: str) -> tuple[Secret, str] | None:
    """The secret itself.

    Raises:
        ModelError: `secret_key`: it was encrypted with another key.
    """
    row = s.get(SecretRow, name)
    return None if row is None else (_secret(row), _open(settings, row.value))


def swap(s: Session, settings: Settings, held: Secret, value: str, about: dict[str, Any]) -> bool:
    """Writes back what was made of `held`. False: it was replaced, deleted or written back by somebody else meanwhile, and stays as it is now."""
    row = {"value": _seal(settings, value), "revision": secrets.token_hex(16), "about": about, "changed_at": func.clock_timestamp()}
    query = update(SecretRow).where(SecretRow.name == held.name, SecretRow.revision == held.revision).values(row)
    return s.execute(query.returning(SecretRow.name)).scalar_one_or_none() is not None


def used(s: Session, held: Secret, result: str) -> None:
    """Notes what came of a use of what a person put in; of something put in since it says nothing."""
    query = update(SecretRow).where(SecretRow.name == held.name, SecretRow.added_at == held.added_at)
    s.execute(query.values(used_at=func.clock_timestamp(), result=result))


def remove(s: Session, name: str) -> bool:
    """False: there was none."""
    return s.execute(delete(SecretRow).where(SecretRow.name == name).returning(SecretRow.name)).scalar_one_or_none() is not None


def _secret(row: SecretRow) -> Secret:
    return Secret(row.name, row.revision, row.about, row.added_at, row.changed_at, row.used_at, row.result)


# ---------------------------------------------------------------- the key


def _seal(settings: Settings, value: str) -> bytes:
    return _fernet(settings, make=True).encrypt(value.encode())


def _open(settings: Settings, sealed: bytes) -> str:
    from cryptography.fernet import InvalidToken

    try:
        return _fernet(settings, make=False).decrypt(sealed).decode()
    except InvalidToken:
        raise cause("secret_key", f"It was encrypted with another key than {_place(settings)}.") from None


def _fernet(settings: Settings, *, make: bool) -> "Fernet":
    """The library is imported here, since only who holds a secret needs it."""
    from base64 import urlsafe_b64encode

    from cryptography.fernet import Fernet
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    given = settings.secret_key.get_secret_value().encode() or _key_file(settings.secret_file, make=make)
    return Fernet(urlsafe_b64encode(HKDF(SHA256(), 32, salt=None, info=b"nutshell secrets 1").derive(given)))


def _place(settings: Settings) -> str:
    return "NUTSHELL_SECRET_KEY" if settings.secret_key.get_secret_value() else str(settings.secret_file)


def _key_file(path: Path, *, make: bool) -> bytes:
    """The key in the data folder. Two that make it at once get the same."""
    try:
        if make and not path.exists():
            _make_key(path)
        mode = stat.S_IMODE(path.stat().st_mode)
        key = path.read_bytes().strip()
    except FileNotFoundError:
        raise cause("secret_key", f"The key file {path} is gone.") from None
    except OSError as error:
        raise cause("secret_key", f"The key file {path} cannot be used ({error.strerror}).") from error
    if mode & 0o077:
        raise cause("secret_key", f"The key file {path} is open to others. Close it: chmod 600 {path}")
    if len(key) < 32:
        raise cause("secret_key", f"The key file {path} is damaged.")
    return key


def _make_key(path: Path) -> None:
    """Written whole under another name, for this user only, then linked: a link never replaces a key that is there already."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".secret-") as file:  # mode 0600
        file.write(secrets.token_hex(32).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())
        try:
            os.link(file.name, path)
        except FileExistsError:  # another process was quicker
            return
