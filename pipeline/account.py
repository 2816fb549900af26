"""The YouTube account that the administrator may lend: its cookies, kept encrypted, and who asks YouTube in a job, a guest or the account.

An account can be banned for what is done with it, so by default it asks only what YouTube refuses to guests (NUTSHELL_COOKIES). A job gets a copy of the cookies
as a file in its own work folder, which is there only while yt-dlp runs. YouTube changes cookies as they are used; what came back is stored, unless somebody
else's has been stored meanwhile, or the administrator has put in others or deleted them. No value is ever logged, shown or put into an error.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import structlog

from pipeline import manners
from pipeline.config import Settings
from pipeline.errors import InputError, ModelError, NotFound, Postponed, SourceError
from pipeline.source import cookies
from pipeline.store import secrets
from pipeline.store.database import Database
from pipeline.store.secrets import Secret

NAME = "youtube_cookies"
NEEDED = frozenset({"age_restricted", "members_only", "private", "bot_check"})
"""Refusals that an account may be spared."""
ACCEPTED, SIGNED_OUT, UNREADABLE = "accepted", "signed_out", "unreadable"
"""What came of the last use, where it is not the code of a refusal."""

T = TypeVar("T")
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Kept:
    """What may be shown of the cookies that are kept."""

    domains: tuple[str, ...]
    number: int
    dropped: int
    """Cookies of other sites that were not kept."""
    expires: datetime | None
    """When the first of those that sign in ends; None: they do not say."""
    added_at: datetime
    used_at: datetime | None
    result: str | None
    """ACCEPTED, SIGNED_OUT, UNREADABLE, or the code with which YouTube refused the account; None: never used."""

    @property
    def expired(self) -> bool:
        return self.expires is not None and self.expires <= datetime.now(UTC)


# ---------------------------------------------------------------- for the administrator


def put(db: Database, settings: Settings, data: bytes) -> Kept:
    """Keeps the cookies of a cookies.txt in place of those that were there.

    Raises:
        InputError: `bad_cookies`; `bad_setting` on a cluster without a key that all of it has.
        ModelError: `secret_key`, `database_unavailable`.
    """
    if settings.database_url and not settings.secret_key.get_secret_value():
        raise InputError("bad_setting", "With a database of its own (NUTSHELL_DATABASE_URL) every process must have the same NUTSHELL_SECRET_KEY. Set it, then add the cookies.")
    jar = cookies.parse(data)
    with db.session() as s:
        secrets.put(s, settings, NAME, jar.text, _about(jar))
        found = secrets.about(s, NAME)
    assert found is not None
    return _kept(found)


def kept(db: Database) -> Kept | None:
    """None: there are none. Needs no key."""
    with db.session() as s:
        found = secrets.about(s, NAME)
    return None if found is None else _kept(found)


RESULTS = {
    ACCEPTED: "YouTube accepted them",
    SIGNED_OUT: "YouTube no longer accepts them: sign in and export them again",
    UNREADABLE: "they were encrypted with another key: add them again, or set NUTSHELL_SECRET_KEY to what it was",
    None: "not used yet",
}


def sentences(kept: Kept) -> tuple[tuple[str, str], ...]:
    """What a person is shown, as name and value. Never a value of a cookie."""
    day = "%Y-%m-%d %H:%M UTC"
    ends = "the browser's session" if kept.expires is None else f"{kept.expires:{day}}" + (", which is over" if kept.expired else "")
    return (
        ("domains", ", ".join(kept.domains)),
        ("cookies", f"{kept.number}" + (f" ({kept.dropped} of other sites were left out)" if kept.dropped else "")),
        ("expires", ends),
        ("added", f"{kept.added_at.astimezone(UTC):{day}}"),
        ("last used", f"{kept.used_at.astimezone(UTC):{day}}" if kept.used_at else "never"),
        ("result", RESULTS.get(kept.result) or f"YouTube refused the account, too ({kept.result})"),
    )


def remove(db: Database) -> bool:
    """False: there were none. Jobs that hold a copy do not bring them back."""
    with db.session() as s:
        return secrets.remove(s, NAME)


def readable(db: Database, settings: Settings) -> Kept | None:
    """As `kept`, having decrypted them.

    Raises:
        ModelError: `secret_key`.
        InputError: `bad_cookies`: they no longer sign in.
    """
    with db.session() as s:
        found = secrets.take(s, settings, NAME)
    if found is None:
        return None
    cookies.parse(found[1].encode())
    return _kept(found[0])


def check(db: Database, settings: Settings, folder: Path) -> Kept:
    """Asks YouTube whether it takes the cookies for a signed-in account; `result` says what came of it.

    Raises:
        NotFound: `no_cookies`.
        Postponed, SourceError: YouTube could not be asked.
        ModelError: `secret_key`.
    """
    from pipeline.source import youtube

    if readable(db, settings) is None:
        raise NotFound("no_cookies", "There are no YouTube cookies. Add them with `nutshell cookies set FILE`.")
    with visiting(db, settings.model_copy(update={"cookies": "always"}), folder) as visitor:
        signed_in = visitor.ask(lambda: youtube.signed_in(settings, folder))
        if not signed_in:
            visitor.record(SIGNED_OUT)
    found = kept(db)
    if found is None:
        raise NotFound("no_cookies", "The cookies were deleted meanwhile.")
    return found


def _about(jar: cookies.Jar) -> dict[str, object]:
    return {"domains": list(jar.domains), "number": len(jar.cookies), "dropped": jar.dropped, "expires": jar.expires}


def _kept(secret: Secret) -> Kept:
    about = secret.about
    expires = datetime.fromtimestamp(about["expires"], UTC) if about["expires"] else None
    return Kept(tuple(about["domains"]), about["number"], about["dropped"], expires, secret.added_at, secret.used_at, secret.result)


def _with(error: SourceError, detail: str) -> SourceError:
    return SourceError(error.code, f"{error} {detail}", retryable=error.retryable, retry_after=error.retry_after)


# ---------------------------------------------------------------- for a job


@contextmanager
def visiting(db: Database, settings: Settings, folder: Path) -> Iterator["Visitor"]:
    """Who asks YouTube for a job, which works in `folder`. Lives inside the folder's life."""
    yield Visitor(db, settings, folder)


class Visitor:
    """A guest; or the account, where there is one and it may be used."""

    def __init__(self, db: Database, settings: Settings, folder: Path) -> None:
        self._db = db
        self._settings = settings
        self._file = folder / cookies.FILE
        self._signed_in = False

    def ask(self, question: Callable[[], T]) -> T:
        """Asks for a video: as a guest, then, where that is refused and the settings allow it, once more as the account.

        Raises:
            Postponed, SourceError: as manners.asking; and what `question` raises.
        """
        if self._settings.cookies == "always" and (held := self._held()):
            return self._as_account(held, question)
        try:
            with manners.asking(self._settings):
                return question()
        except (SourceError, Postponed) as refusal:
            if not self._may_help(refusal):
                raise
            if not (held := self._held()):
                raise self._unhelped(refusal) from refusal
            log.info("YouTube is asked with the account's cookies", because=refusal.code)
            return self._as_account(held, question)

    def go_on(self, question: Callable[[], T]) -> T:
        """A later request for the same video: as whom it was given to."""
        held = self._held() if self._signed_in else None
        if held is None:
            return question()
        with self._lent(held):
            return question()

    def record(self, result: str) -> None:
        with self._db.session() as s:
            found = secrets.about(s, NAME)
            if found is not None:
                secrets.used(s, found, result)

    def _may_help(self, refusal: SourceError | Postponed) -> bool:
        code = refusal.because if isinstance(refusal, manners.Paused) else refusal.code
        return self._settings.cookies == "needed" and code in NEEDED

    def _unhelped(self, refusal: SourceError | Postponed) -> SourceError | Postponed:
        """The refusal; where there are cookies that cannot be used, it says so."""
        if isinstance(refusal, Postponed) or kept(self._db) is None:
            return refusal
        return _with(refusal, "The cookies that are stored can no longer be used: `nutshell cookies check` says why.")

    def _held(self) -> tuple[Secret, cookies.Jar] | None:
        """The cookies, when there are any that can be used. Why not is recorded and logged: a video is then asked for as by a guest."""
        try:
            with self._db.session() as s:
                found = secrets.take(s, self._settings, NAME)
        except ModelError as error:
            if error.code != "secret_key":
                raise
            log.warning("the cookies cannot be read", reason=str(error))
            self.record(UNREADABLE)
            return None
        if found is None:
            return None
        jar = cookies.read(found[1].encode())
        if jar.signs_in():
            return found[0], jar
        log.warning("the cookies have expired")
        self.record(SIGNED_OUT)
        return None

    def _as_account(self, held: tuple[Secret, cookies.Jar], question: Callable[[], T]) -> T:
        try:
            with manners.asking(self._settings, account=True), self._lent(held):
                found = question()
        except SourceError as error:
            self._note_refusal(error)
            raise _with(error, "That was the answer to the stored cookies, too.") if error.code in NEEDED else error from error
        self._signed_in = True
        return found

    def _note_refusal(self, error: SourceError) -> None:
        """Unless the cookies turned out to be signed out, which says more; a broken network says nothing of them."""
        found = kept(self._db)
        if found is not None and found.result != SIGNED_OUT and error.code not in manners.UNSURE:
            self.record(error.code if error.code in NEEDED else ACCEPTED)

    @contextmanager
    def _lent(self, held: tuple[Secret, cookies.Jar]) -> Iterator[None]:
        """The file is there, for this user only, as long as yt-dlp may want it."""
        secret, jar = held
        self._file.touch(mode=0o600)
        try:
            self._file.write_text(jar.text, "ascii")
            try:
                yield
            except SourceError as error:
                if error.code not in manners.UNSURE:
                    self._take_back(secret, jar)
                raise
            self._take_back(secret, jar)
        finally:
            self._file.unlink()

    def _take_back(self, secret: Secret, lent: cookies.Jar) -> None:
        """Stores what YouTube changed. Only from a child that ended by itself: one that was killed may have been writing, and half a value looks like a whole one.

        Cookies that no longer sign in are not stored: those that are there say what they were, and the administrator is told.
        """
        back = cookies.read(self._file.read_bytes())
        with self._db.session() as s:
            if not back.signs_in():
                log.warning("YouTube has signed the account out")
                secrets.used(s, secret, SIGNED_OUT)
                return
            if back.cookies != lent.cookies:
                stored = secrets.swap(s, self._settings, secret, back.text, _about(back) | {"dropped": secret.about["dropped"]})
                log.info("cookies written back" if stored else "cookies not written back, others were stored meanwhile")
            secrets.used(s, secret, ACCEPTED)
