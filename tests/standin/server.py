"""Transport: a loopback HTTP proxy that ends CONNECT itself with a throw-away certificate authority.

A client is told only `proxy=http://127.0.0.1:PORT` and the authority's file. A host that is not one of `HOSTS` is refused with 403 and kept in
`StandIn.refused`, so that a test can assert that nothing went elsewhere.
"""

import fnmatch
import json
import os
import re
import shutil
import socket
import ssl
import struct
import threading
import time
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import trustme

HOSTS = (
    "youtube.com", "*.youtube.com", "youtu.be", "*.googlevideo.com", "*.ytimg.com", "www.google.com", "www.youtube-nocookie.com",
)  # fmt: skip


@dataclass
class Request:
    """What came in. `status` is what was answered."""

    method: str
    scheme: str
    host: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes = b""
    status: int = 0

    @property
    def json(self) -> Any:
        return json.loads(self.body or b"{}")

    @property
    def line(self) -> str:
        """`METHOD host/path?query`: what fault patterns match."""
        query = "?" + urllib.parse.urlencode(self.query) if self.query else ""
        return f"{self.method} {self.host}{self.path}{query}"


@dataclass
class Response:
    body: bytes | str | dict[str, Any] = b""
    status: int = 200
    type: str = "text/html; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)
    ranges: bool = False
    """Honour Range."""
    delay: float = 0.0
    """Seconds before the first byte."""
    rate: int | None = None
    """Bytes per second."""
    cut_after: int | None = None
    """Close the connection after so many bytes of the body."""
    reset: bool = False
    """Instead of an answer the connection is reset (RST), which the other side sees as an error and not as an end."""

    def data(self) -> bytes:
        if isinstance(self.body, dict):
            self.type = "application/json; charset=utf-8"
            return json.dumps(self.body).encode()
        return self.body.encode() if isinstance(self.body, str) else self.body


@dataclass
class Fault:
    """Replaces or alters the answer to requests whose line matches `pattern`; `times`: how often (None: always)."""

    pattern: str
    response: Response | None = None
    alter: dict[str, Any] = field(default_factory=dict)
    times: int | None = None
    hits: int = 0

    def take(self, request: Request) -> bool:
        if not re.search(self.pattern, request.line) or (self.times is not None and self.hits >= self.times):
            return False
        self.hits += 1
        return True


class StandIn:
    """The server; a context manager. `app` answers requests; everything that happened is kept until `reset()`."""

    def __init__(self, app: Callable[[Request], Response], port: int = 0, hosts: tuple[str, ...] = HOSTS) -> None:
        self.hosts = hosts
        self.app = app
        self.log: list[Request] = []
        self.refused: list[str] = []
        self.tls_errors: list[str] = []
        self.errors: list[Exception] = []
        self.faults: list[Fault] = []
        self.unreachable = False
        """As a proxy behind which there is no network."""
        self.dir = Path(mkdtemp(prefix="standin-"))
        authority = trustme.CA()
        self.ca_file = self.dir / "ca.pem"
        authority.cert_pem.write_to_path(str(self.ca_file))
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(*hosts).configure_cert(self.tls)
        self.http = _Server(("127.0.0.1", port), _Handler)
        self.http.standin = self
        self.proxy = f"http://127.0.0.1:{self.http.server_address[1]}"
        self._thread = threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def knows(self, host: str) -> bool:
        return any(fnmatch.fnmatch(host, pattern) for pattern in self.hosts)

    def fault(self, pattern: str, response: Response | None = None, *, times: int | None = None, **alter: Any) -> Fault:
        """From now on answers requests matching `pattern` with `response`, or with what they would get, altered."""
        fault = Fault(pattern, response, alter, times)
        self.faults.append(fault)
        return fault

    def reset(self) -> None:
        for kept in (self.log, self.refused, self.tls_errors, self.errors, self.faults):
            kept.clear()
        self.unreachable = False
        forget = getattr(self.app, "reset", None)
        if forget:
            forget()

    def lines(self, pattern: str = "") -> list[str]:
        """The lines of the requests so far that match `pattern`."""
        return [request.line for request in list(self.log) if re.search(pattern, request.line)]

    def answer(self, request: Request) -> Response:
        fault = next((fault for fault in list(self.faults) if fault.take(request)), None)
        if fault and fault.response:
            return fault.response
        try:
            response = self.app(request)
        except Exception as error:  # noqa: BLE001 - a bug of the stand-in must be loud: the fixture asserts that there was none
            self.errors.append(error)
            return Response(f"stand-in error: {error!r}", 500)
        for name, value in (fault.alter if fault else {}).items():
            setattr(response, name, value)
        return response

    def __enter__(self) -> "StandIn":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.http.shutdown()
        self.http.server_close()
        shutil.rmtree(self.dir, ignore_errors=True)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64
    standin: StandIn

    def handle_error(self, *_: object) -> None:
        """A client that goes away (cancel, timeout) is normal here."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30
    tunnel: str | None = None
    server: _Server

    def log_message(self, *_: object) -> None:
        """Requests are kept in StandIn.log."""

    def handle(self) -> None:
        try:
            super().handle()
        except OSError:  # the client went away: cancelled, timed out, or cut off on purpose
            self.close_connection = True

    def do_CONNECT(self) -> None:  # the name is http.server's
        host, _, port = self.path.rpartition(":")
        standin = self.server.standin
        if standin.unreachable:
            self.send_error(504, "no network")
            self.close_connection = True
            return
        if not standin.knows(host) or port != "443":
            standin.refused.append(self.path)
            self.send_error(403, "host not in the stand-in")
            self.close_connection = True
            return
        self.connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        try:
            self.connection = standin.tls.wrap_socket(self.connection, server_side=True)
        except OSError as error:
            standin.tls_errors.append(f"{host}: {error}")
            self.close_connection = True
            return
        self.rfile = self.connection.makefile("rb", -1)
        self.wfile = self.connection.makefile("wb", 0)
        self.tunnel, self.close_connection = host, False

    def _serve(self) -> None:
        address = urllib.parse.urlsplit(self.path)
        host = self.tunnel or address.hostname or ""
        standin = self.server.standin
        if not standin.knows(host):
            standin.refused.append(self.path)
            self.send_error(403, "host not in the stand-in")
            return
        length = int(self.headers.get("Content-Length") or 0)
        request = Request(
            self.command, "https" if self.tunnel else "http", host, address.path or "/",
            dict(urllib.parse.parse_qsl(address.query, keep_blank_values=True)),
            {name.lower(): value for name, value in self.headers.items()}, self.rfile.read(length) if length else b"",
        )  # fmt: skip
        if len(request.body) < length:  # the client was killed while it asked
            self.close_connection = True
            return
        standin.log.append(request)
        self._send(request, standin.answer(request))

    do_GET = do_POST = do_HEAD = _serve  # noqa: N815 - the names are http.server's

    def _send(self, request: Request, response: Response) -> None:
        if response.reset:
            self._reset()
            return
        data = response.data()
        headers = {"Content-Type": response.type, **response.headers}
        request.status, data = _range(request, response, data, headers)
        headers.setdefault("Content-Length", str(len(data)))
        if response.delay:
            time.sleep(response.delay)
        self.send_response(request.status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if request.method == "HEAD":
            return
        sent = data if response.cut_after is None else data[: response.cut_after]
        self._write(sent, response.rate)
        if len(sent) < len(data):
            self.close_connection = True
            self.connection.close()

    def _reset(self) -> None:
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(self.connection.detach())  # without the farewell of TLS

    def _write(self, data: bytes, rate: int | None) -> None:
        step = max(1, rate // 20) if rate else len(data) or 1
        for start in range(0, len(data), step):
            self.wfile.write(data[start : start + step])
            if rate:
                time.sleep(step / rate)


def _range(request: Request, response: Response, data: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
    """Status and body after the Range header; adds what belongs to them to `headers`."""
    if not response.ranges or response.status != 200:
        return response.status, data
    headers["Accept-Ranges"] = "bytes"
    found = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("range", ""))
    if not found:
        return 200, data
    first, last = int(found[1]), min(int(found[2] or len(data) - 1), len(data) - 1)
    if first >= len(data):
        headers["Content-Range"] = f"bytes */{len(data)}"
        return 416, b""
    headers["Content-Range"] = f"bytes {first}-{last}/{len(data)}"
    return 206, data[first : last + 1]
