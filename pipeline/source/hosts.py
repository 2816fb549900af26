"""Which other hosts recordings and feeds may come from (NUTSHELL_MEDIA_HOSTS), and addresses there in the one form that is kept and fetched. No network."""

import fnmatch
import hashlib
import re
import urllib.parse
from dataclasses import dataclass

from pipeline.errors import InputError, cause

LONGEST = 2048
"""Characters of an address."""
SUFFIXES = (".mp3", ".m4a", ".aac", ".ogg", ".oga", ".opus", ".flac", ".wav", ".mp4", ".m4v", ".mov", ".webm", ".mkv", ".mka")
"""Endings of addresses that promise a recording. What it is, its content says."""
_NETLOC = re.compile(r"([a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z][a-z0-9-]*)(?::([0-9]{1,5}))?", re.IGNORECASE | re.ASCII)
"""A name with a dot whose last part begins with a letter: no address in numbers, whatever their base, and no name of this network."""
_PORTS = {"http": "80", "https": "443"}
_FEED = re.compile(r"\bfeeds?\b|\brss\b|\.(?:xml|rss|atom)\b|podcast", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Hosts:
    """Names, and `*.` for all below a name. Those of `plain` may also be asked without encryption."""

    secure: tuple[str, ...] = ()
    plain: tuple[str, ...] = ()

    @classmethod
    def of(cls, setting: str) -> "Hosts":
        """From the setting, which config.py has checked."""
        names = [name.strip().lower() for name in setting.split(",") if name.strip()]
        plain = tuple(name.removeprefix("http://") for name in names if name.startswith("http://"))
        return cls(tuple(name.removeprefix("https://") for name in names if not name.startswith("http://")) + plain, plain)

    def canonical(self, url: str) -> str:
        """The address without user, port and fragment, encoded in one way; over https wherever the host was not allowed without.

        Raises:
            InputError: `bad_link`; `host_not_allowed`, naming the host.
        """
        address = _split(url)
        host = (address.hostname or "").lower()
        if not _matches(host, self.secure):
            raise cause("host_not_allowed", f"{host} is not among them.")
        scheme = "http" if address.scheme == "http" and _matches(host, self.plain) else "https"
        path = urllib.parse.quote(address.path or "/", safe="/%:@!$&'()*+,;=~")
        query = urllib.parse.quote(address.query, safe="/%:@!$&'()*+,;=~?")
        return urllib.parse.urlunsplit((scheme, host, path, query, ""))


NONE = Hosts()


def media_id(url: str) -> str:
    """The key of a recording by its canonical address."""
    return f"media:{hashlib.sha256(url.encode()).hexdigest()}"


def is_recording(url: str) -> bool:
    """Whether the address promises a recording and not a feed."""
    return urllib.parse.urlsplit(url).path.lower().endswith(SUFFIXES)


def is_meant(link: str) -> bool:
    """Whether somebody who gives this address means a recording or a feed, and not just any page."""
    try:
        address = _split(link)
    except InputError:
        return False
    return is_recording(link) or bool(_FEED.search(f"{address.hostname}{address.path}"))


def _split(url: str) -> urllib.parse.SplitResult:
    """Raises: InputError: `bad_link`."""
    if len(url) > LONGEST or re.search(r"[\x00-\x20\\\x7f]", url):
        raise cause("bad_link")
    try:
        address = urllib.parse.urlsplit(url)
    except ValueError as error:
        raise cause("bad_link") from error
    netloc = _NETLOC.fullmatch(address.netloc)
    if not netloc or address.scheme not in _PORTS or netloc[2] not in (None, _PORTS[address.scheme]):
        raise cause("bad_link")
    return address


def _matches(host: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatch.fnmatchcase(host, pattern) for pattern in patterns)
