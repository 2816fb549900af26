"""Requests to allowed hosts, for the child process: through the egress proxy, each hop of a redirect held against the list, every failure as a cause."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from typing import Self
from urllib.parse import urljoin, urlsplit

import requests
import urllib3

from pipeline.errors import InputError, NutshellError, cause
from pipeline.source.egress import Egress
from pipeline.source.hosts import Hosts
from pipeline.source.inside import Json, note

HOPS = 10
"""Podcasts lead through as many as four counters."""
CONNECT_SECONDS, SILENT_SECONDS = 15.0, 30.0
PIECE = 16 * 1024
AGENT = "Mozilla/5.0 (compatible; Nutshell; podcast client)"
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PROBLEMS = (requests.RequestException, urllib3.exceptions.HTTPError, OSError)


@dataclass(slots=True)
class Reply:
    """An answer whose body has not come yet; a context manager."""

    raw: requests.Response
    url: str
    web: "Web"

    @property
    def status(self) -> int:
        return self.raw.status_code

    @property
    def type(self) -> str:
        message = Message()
        message["Content-Type"] = self.raw.headers.get("Content-Type", "")
        return message.get_content_type()

    @property
    def length(self) -> int | None:
        """Bytes of the body; None: not told."""
        text = self.raw.headers.get("Content-Length", "")
        return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None

    @property
    def start(self) -> int:
        """The first byte of a part."""
        found = re.match(r"bytes (\d{1,15})-", self.raw.headers.get("Content-Range", ""))
        return int(found[1]) if found else -1

    @property
    def validator(self) -> str:
        """What `If-Range` takes: a strong tag, or a date; empty: neither."""
        tag = self.raw.headers.get("ETag", "")
        return tag if tag.startswith('"') else self.raw.headers.get("Last-Modified", "")

    def pieces(self) -> Iterator[bytes]:
        """The body as it comes, in small pieces: the one in which it breaks off is lost.

        Raises:
            SourceError: `host_unreachable`: it broke off.
        """
        try:
            while data := self.raw.raw.read(PIECE, decode_content=False):
                yield data
        except _PROBLEMS as error:
            raise self.web.cause_of(error, self.url) from error

    def read(self, most: int) -> bytes:
        """The body; of one that is longer a little more than so many bytes. Raises: as pieces."""
        found = bytearray()
        for data in self.pieces():
            found += data
            if len(found) > most:
                break
        return bytes(found)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.raw.close()


@dataclass(frozen=True, slots=True)
class Web:
    """One use of the network. Lives inside `connect`."""

    session: requests.Session
    egress: Egress
    hosts: Hosts

    def open(self, url: str, headers: dict[str, str] | None = None) -> Reply:
        """The answer of the last hop: 200, or 206 or 416 where a part was asked for.

        Raises:
            NutshellError: `host_not_allowed`, `host_unreachable`, `host_refused`, `host_gone`, `host_untrusted`, `host_private`, `proxy`.
        """
        for hop in range(HOPS):
            address = self._allowed(url, hop)
            try:
                raw = self.session.get(address, headers=headers, stream=True, allow_redirects=False, timeout=(CONNECT_SECONDS, SILENT_SECONDS))
            except _PROBLEMS as error:
                raise self.cause_of(error, address) from error
            if self.egress.blocked:  # without encryption the proxy's own refusal looks like an answer
                raise cause("host_private", f"It is {urlsplit(address).hostname}.")
            if raw.status_code not in _REDIRECTS or "Location" not in raw.headers:
                return self._checked(Reply(raw, address, self), part="Range" in (headers or {}))
            raw.close()
            url = urljoin(address, raw.headers["Location"])
        raise cause("host_refused", "It leads from one address to the next without end.")

    def _allowed(self, url: str, hop: int) -> str:
        try:
            return self.hosts.canonical(url)
        except InputError as error:
            if hop == 0:
                raise
            if error.code != "host_not_allowed":
                raise cause("host_refused", "It leads to an address that is none.") from error
            raise cause("host_not_allowed", f"It leads to {urlsplit(url).hostname}, which is not among them.") from error

    def _checked(self, reply: Reply, *, part: bool) -> Reply:
        status, host = reply.status, urlsplit(reply.url).hostname
        if status == 200 or (part and status in (206, 416)):
            return reply
        reply.raw.close()
        if status in (404, 410):
            raise cause("host_gone")
        if status in (408, 425, 429) or status >= 500:
            raise cause("host_unreachable", f"{host} answered {status}.")
        raise cause("host_refused", f"{host} answered {status}.")

    def cause_of(self, error: Exception, url: str) -> NutshellError:
        """What a failed request means; the proxy knows more of it than the one who asked."""
        host = urlsplit(url).hostname
        note("elsewhere.failed", host=host, error=repr(error)[:300], blocked=self.egress.blocked, way_out=[failure.reason for failure in self.egress.failures])
        if self.egress.blocked:
            return cause("host_private", f"It is {host}.")
        if isinstance(error, requests.exceptions.SSLError):
            return cause("host_untrusted", f"It is {host}.")
        if self.egress.failures and self.egress.failures[-1].kind == "proxy":
            return cause("proxy", self.egress.failures[-1].reason)
        return cause("host_unreachable", f"It is {host}.")


@contextmanager
def connect(request: Json) -> Iterator[Web]:
    """The way out to the hosts of the request and to no other, YouTube's included.

    Raises:
        NutshellError: `proxy`.
    """
    hosts = Hosts.of(request["hosts"])
    try:
        egress = Egress(upstream=request["proxy"], hosts=hosts.secure, plain=hosts.plain)
    except ValueError as error:
        raise cause("proxy", str(error)) from error
    with egress, requests.Session() as session:
        session.trust_env = False  # neither proxies nor passwords of the operator's shell
        session.proxies = {"https": egress.url, "http": egress.url}
        session.verify = os.environ["SSL_CERT_FILE"]
        session.headers.update({"User-Agent": AGENT, "Accept-Encoding": "identity", "Accept": "*/*"})
        yield Web(session, egress, hosts)
