"""A cookies.txt, as browsers' extensions write it, -> the cookies that a signed-in YouTube account needs and no others. Pure; what it is given is not trusted.

Of a whole browser's cookies only youtube.com's are kept: yt-dlp signs in with nothing else, and google.com's would open the mailbox too. No error and no repr
holds a value.
"""

import re
import time
from dataclasses import dataclass, field

from pipeline.errors import cause
from pipeline.workplace import COOKIES

FILE = COOKIES
"""In the folder of a child that talks to YouTube. While it is there the child asks as the account, else as a guest."""
MOST_BYTES = 256 * 1024
MOST_KEPT = 200
LONGEST_VALUE = 4096
HEAD = "# Netscape HTTP Cookie File"
SIGNED_IN = "LOGIN_INFO"
SIGNATURES = frozenset({"SAPISID", "__Secure-1PAPISID", "__Secure-3PAPISID"})
"""yt-dlp takes an account for signed in when it has SIGNED_IN and one of these (it signs its requests with them)."""
_HTTP_ONLY = "#HttpOnly_"
_DOMAIN = re.compile(r"\.?(?:[a-z0-9-]+\.)*youtube\.com")
_ANY_DOMAIN = re.compile(r"\.?[A-Za-z0-9._:-]{1,253}")
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}")
_VALUE = re.compile(r"[\x21-\x3a\x3c-\x7e]*")
_EXPIRES = re.compile(r"(?:[0-9]{1,12}(?:\.[0-9]{1,9})?)?")
_FLAGS = frozenset({"TRUE", "FALSE"})
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(frozen=True, slots=True, order=True)
class Cookie:
    domain: str
    path: str
    name: str
    value: str = field(repr=False)
    secure: bool
    expires: int
    """Seconds since 1970; 0: with the browser's session."""

    def line(self) -> str:
        below = "TRUE" if self.domain.startswith(".") else "FALSE"
        return "\t".join((self.domain, below, self.path, "TRUE" if self.secure else "FALSE", str(self.expires), self.name, self.value))


@dataclass(frozen=True, slots=True)
class Jar:
    """What is kept of a cookies.txt."""

    cookies: tuple[Cookie, ...]
    """Sorted, so that two jars with the same cookies are equal."""
    dropped: int
    """Cookies of other sites."""

    @property
    def text(self) -> str:
        """As a cookies.txt. A secret."""
        return "\n".join((HEAD, "", *(cookie.line() for cookie in self.cookies), ""))

    @property
    def domains(self) -> tuple[str, ...]:
        return tuple(sorted({cookie.domain.lstrip(".") for cookie in self.cookies}))

    @property
    def expires(self) -> int | None:
        """When the first of those that sign in ends, in seconds since 1970; None: none of them says."""
        ends = [cookie.expires for cookie in self.cookies if cookie.expires and cookie.name in SIGNATURES | {SIGNED_IN}]
        return min(ends, default=None)

    def signs_in(self, now: float | None = None) -> bool:
        """Whether yt-dlp would take it for a signed-in account. It says nothing of what YouTube thinks."""
        at = time.time() if now is None else now
        alive = {cookie.name for cookie in self.cookies if not cookie.expires or cookie.expires > at}
        return SIGNED_IN in alive and bool(alive & SIGNATURES)


def parse(data: bytes, now: float | None = None) -> Jar:
    """The jar of a signed-in account. `now`: seconds since 1970, the clock's when None.

    Raises:
        InputError: `bad_cookies`, naming what is wrong and in which line, and never what stands there.
    """
    jar = read(data)
    if not jar.cookies:
        raise cause("bad_cookies", f"Of its {jar.dropped} cookies none is youtube.com's. Export them while youtube.com is open.")
    if not jar.signs_in(now):
        names = {cookie.name for cookie in jar.cookies}
        if SIGNED_IN in names and names & SIGNATURES:
            raise cause("bad_cookies", "The cookies that sign in have expired. Sign in and export them again.")
        raise cause("bad_cookies", f"There is no cookie that signs in ({SIGNED_IN} and {' or '.join(sorted(SIGNATURES))}). Sign in before exporting.")
    return jar


def read(data: bytes) -> Jar:
    """The youtube.com cookies of a cookies.txt, whether they sign in or not.

    Raises:
        InputError: `bad_cookies`: not such a file.
    """
    kept: dict[tuple[str, str, str], Cookie] = {}
    dropped = 0
    for number, line in enumerate(_lines(data), 1):
        text = line.removeprefix(_HTTP_ONLY)
        if not text.strip() or text.startswith("#"):
            continue
        cookie = _cookie(text, number)
        if cookie is None:
            dropped += 1
            continue
        kept[cookie.domain, cookie.path, cookie.name] = cookie  # as in a browser: the last one counts
        if len(kept) > MOST_KEPT:
            raise cause("bad_cookies", f"It has more than {MOST_KEPT} cookies of youtube.com.")
    return Jar(tuple(sorted(kept.values())), dropped)


def _lines(data: bytes) -> list[str]:
    if len(data) > MOST_BYTES:
        raise cause("bad_cookies", f"It is larger than {MOST_BYTES // 1024} kB. Export the cookies of youtube.com only.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise cause("bad_cookies", "It is no text. It should be a cookies.txt.") from None
    if _CONTROL.search(text):
        raise cause("bad_cookies", "It holds characters that no cookies.txt has.")
    if text.lstrip()[:1] in ("[", "{"):
        raise cause("bad_cookies", "It is JSON. Export as cookies.txt (Netscape format) instead.")
    return re.split(r"\r\n|\n|\r", text)


def _cookie(line: str, number: int) -> Cookie | None:
    """None: another site's."""
    columns = line.split("\t")
    if len(columns) != 7:
        raise cause("bad_cookies", f"Line {number} has {len(columns)} columns instead of 7. They are divided by tabs, which copying may turn into spaces.")
    domain, below, path, secure, expires, name, value = columns
    if not (_ANY_DOMAIN.fullmatch(domain) and {below.upper(), secure.upper()} <= _FLAGS and _EXPIRES.fullmatch(expires) and path.startswith("/")):
        raise cause("bad_cookies", f"Line {number} is no cookie.")
    if not _DOMAIN.fullmatch(domain.lower()):
        return None
    if not _NAME.fullmatch(name) or len(value) > LONGEST_VALUE or not _VALUE.fullmatch(value) or not _VALUE.fullmatch(path):
        raise cause("bad_cookies", f"The name, path or value in line {number} is none that a cookie can have.")
    return Cookie(domain.lower(), path, name, value, secure.upper() == "TRUE", int(float(expires or 0)))
