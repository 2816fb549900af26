"""The way out: a loopback CONNECT proxy that lets its user reach YouTube's hosts and nothing else.

It needs only yt-dlp's public `proxy` option, so it holds every request on every hop, of every handler, and no upgrade of yt-dlp can break it. It opens no TLS. Each name is
resolved once, refused if any of its addresses is not public, and connected to at the address that was checked: no second look-up, so no rebinding. A proxy of the
operator's is chained as `upstream`; it then resolves the names, and the list of hosts still holds. What went wrong is kept in `blocked` and `failures`, because the
user of a proxy learns only a number.
"""

import base64
import fnmatch
import ipaddress
import queue
import re
import secrets
import socket
import threading
import urllib.parse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from socketserver import StreamRequestHandler, ThreadingTCPServer
from types import TracebackType
from typing import Any, Literal, Self

HOSTS = ("youtube.com", "*.youtube.com", "youtu.be", "*.googlevideo.com", "*.ytimg.com", "www.google.com")
"""google.com: a 429 of YouTube's is a redirect to its /sorry page."""
PATIENCE = 2
"""After so many connections failed and none succeeded the others fail at once: without a network nobody should wait for ten time-outs."""
RESOLVE_SECONDS = 5.0
_NOT_PUBLIC = tuple(
    ipaddress.ip_network(net)
    for net in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24",
        "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3",
        "168.63.129.16/32",  # Azure's own wire server
    )
)  # fmt: skip
_PUBLIC_6 = ipaddress.ip_network("2000::/3")
_NOT_PUBLIC_6 = tuple(ipaddress.ip_network(net) for net in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"))
_PLAIN = re.compile(r"(GET|HEAD) http://([A-Za-z0-9.-]+)(?::80)?(/[!-~]*)? HTTP/1\.[01]")
Address = tuple[Any, ...]
Resolve = Callable[..., list[Address]]


def public(address: str) -> bool:
    """Whether an address is on the open internet. An explicit list: `ipaddress.is_global` lets 15 of 42 internal or special forms pass.

    IPv6 is allowed inside 2000::/3 only, so the mapped, translated (NAT64), compatible, site-local and multicast forms are all refused; so are 6to4 and Teredo.
    """
    try:
        ip = ipaddress.ip_address(address.split("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv4Address):
        return not any(ip in net for net in _NOT_PUBLIC)
    return ip in _PUBLIC_6 and not any(ip in net for net in _NOT_PUBLIC_6)


def allowed(host: str, hosts: Sequence[str] = HOSTS) -> bool:
    return any(fnmatch.fnmatchcase(host, pattern) for pattern in hosts)


class Blocked(Exception):
    """The name leads to an address that is not public."""


class UpstreamFailed(OSError):
    """The operator's proxy cannot be reached or refuses."""


@dataclass(frozen=True, slots=True)
class Failure:
    host: str
    kind: Literal["network", "proxy"]
    reason: str


class _Server(ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 64
    egress: "Egress"


class Egress:
    """Lives as long as one child's work; use as a context manager, hand `url` to yt-dlp."""

    def __init__(
        self, upstream: str = "", resolve: Resolve = socket.getaddrinfo, timeout: float = 10.0, hosts: Sequence[str] = HOSTS, plain: Sequence[str] = ()
    ) -> None:
        """`hosts`: who may be reached on port 443, `plain`: who without encryption on port 80."""
        self.upstream = urllib.parse.urlsplit(upstream) if upstream else None
        if self.upstream and (self.upstream.scheme != "http" or not self.upstream.hostname):
            raise ValueError("Only http:// proxies can be chained.")
        self.resolve = resolve
        self.timeout = timeout
        self.hosts = hosts
        self.plain = plain
        self.blocked: list[str] = []
        self.failures: list[Failure] = []
        self.successes = 0
        token = secrets.token_urlsafe(16)
        self.authorization = "Basic " + base64.b64encode(f"nutshell:{token}".encode()).decode()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.egress = self
        self.url = f"http://nutshell:{token}@127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def hopeless(self) -> bool:
        """Several connections failed and none succeeded: there is no network."""
        return len(self.failures) >= PATIENCE and not self.successes

    def open(self, host: str, port: int = 443) -> socket.socket:
        """A connection to an allowed host.

        Raises:
            Blocked: an address of the name is not public.
            OSError: it cannot be reached; noted in `failures`.
        """
        if self.hopeless:
            raise ConnectionError("nothing could be reached before")
        try:
            connection = self._through_upstream(host, port) if self.upstream else self._directly(host, port)
        except UpstreamFailed as error:
            self.failures.append(Failure(host, "proxy", str(error)))
            raise
        except OSError as error:
            self.failures.append(Failure(host, "network", f"{type(error).__name__}: {error}"))
            raise
        self.successes += 1
        return connection

    def _directly(self, host: str, port: int) -> socket.socket:
        infos = self._resolved(host, port)
        if bad := [info[4][0] for info in infos if not public(info[4][0])]:
            raise Blocked(f"{host} is at {bad}")
        last = OSError("the name has no address")
        for family, kind, protocol, _, address in infos:
            connection = socket.socket(family, kind, protocol)
            connection.settimeout(self.timeout)
            try:
                connection.connect(address)
            except OSError as error:
                connection.close()
                last = error
            else:
                return connection
        raise last

    def _resolved(self, host: str, port: int) -> list[Address]:
        """The name's addresses. In a thread, since nothing else bounds a look-up: without a network it may hang for half a minute."""
        answers: queue.SimpleQueue[list[Address] | OSError] = queue.SimpleQueue()

        def ask() -> None:
            try:
                answers.put(self.resolve(host, port, 0, socket.SOCK_STREAM))
            except OSError as error:
                answers.put(error)

        threading.Thread(target=ask, daemon=True).start()
        try:
            answer = answers.get(timeout=RESOLVE_SECONDS)
        except queue.Empty:
            raise TimeoutError("the name was not resolved in time") from None
        if isinstance(answer, OSError):
            raise answer
        return answer

    def _through_upstream(self, host: str, port: int) -> socket.socket:
        assert self.upstream
        try:
            connection = socket.create_connection((self.upstream.hostname, self.upstream.port or 80), self.timeout)
        except OSError as error:
            raise UpstreamFailed(f"the proxy cannot be reached: {error}") from error
        if port != 443:  # the request goes to the proxy as it is
            return connection
        try:
            connection.sendall(f"CONNECT {host}:443 HTTP/1.1\r\nHost: {host}:443\r\n{self.credentials()}\r\n".encode())
            head = _read_head(connection)
        except OSError as error:
            connection.close()
            raise UpstreamFailed(f"the proxy broke off: {error}") from error
        status = re.match(rb"HTTP/1\.[01] (\d{3})", head)
        if status and status[1] == b"200":
            return connection
        connection.close()
        if status and status[1] in (b"502", b"503", b"504"):  # the proxy works, what is behind it does not
            raise OSError(f"the proxy answered {status[1].decode()}")
        raise UpstreamFailed(f"the proxy answered {head[:40]!r}")

    def credentials(self) -> str:
        """The header line for the operator's proxy; empty where it wants none."""
        if not self.upstream or self.upstream.username is None:
            return ""
        pair = f"{urllib.parse.unquote(self.upstream.username)}:{urllib.parse.unquote(self.upstream.password or '')}"
        return f"Proxy-Authorization: Basic {base64.b64encode(pair.encode()).decode()}\r\n"


def _read_head(connection: socket.socket) -> bytes:
    """Byte by byte, so that nothing of the tunnel behind the head is swallowed."""
    head = b""
    while not head.endswith(b"\r\n\r\n") and len(head) < 8192 and (byte := connection.recv(1)):
        head += byte
    return head


class _Handler(StreamRequestHandler):
    timeout = 60
    server: _Server

    def handle(self) -> None:
        egress = self.server.egress
        try:
            request, authorization = self._request()
            if not secrets.compare_digest(authorization.encode(), egress.authorization.encode()):
                return self._say(407, "Proxy Authentication Required")
            if plain := _PLAIN.fullmatch(request):
                return self._plain(egress, request, plain[2].lower(), plain[3])
            target = re.fullmatch(r"CONNECT ([A-Za-z0-9.-]+):443 HTTP/1\.[01]", request)
            host = target[1].lower().rstrip(".") if target else ""
            if not allowed(host, egress.hosts):
                egress.blocked.append(request[:200])
                return self._say(403, "Forbidden")
            self._tunnel(egress, host)
        except OSError:  # the user of the proxy went away
            return None

    def _plain(self, egress: Egress, request: str, host: str, path: str) -> None:
        """One request without encryption, and its answer."""
        if not allowed(host, egress.plain):
            egress.blocked.append(request[:200])
            return self._say(403, "Forbidden")
        line, extra = (request, egress.credentials()) if egress.upstream else (f"{request.split()[0]} {path or '/'} HTTP/1.1", "")
        head = f"{line}\r\n{''.join(self.headers)}{extra}Connection: close\r\n\r\n"
        return self._tunnel(egress, host, 80, head.encode("latin-1"))

    def _request(self) -> tuple[str, str]:
        self.headers: list[str] = []
        request = self.rfile.readline(4096).decode("latin-1").strip()
        authorization = ""
        for _ in range(50):
            line = self.rfile.readline(8192)
            if line in (b"\r\n", b"\n", b""):
                break
            name, _, value = line.decode("latin-1").partition(":")
            if name.strip().lower() == "proxy-authorization":
                authorization = value.strip()
            elif name.strip().lower() not in ("connection", "proxy-connection", "keep-alive"):
                self.headers.append(line.decode("latin-1"))
        return request, authorization

    def _tunnel(self, egress: Egress, host: str, port: int = 443, head: bytes = b"") -> None:
        """`head`: what is sent first, in place of the word that the way is open."""
        try:
            outside = egress.open(host, port)
        except Blocked as error:
            egress.blocked.append(str(error))
            return self._say(403, "Forbidden")
        except OSError:
            return self._say(502, "Bad Gateway")
        with outside:
            outside.settimeout(None)  # stalls are yt-dlp's to judge (socket_timeout)
            self.connection.settimeout(None)
            if head:
                outside.sendall(head)
            else:
                self.connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=_pump, args=(self.connection, outside), daemon=True)
            back.start()
            _pump(outside, self.connection)
            back.join()
        return None

    def _say(self, status: int, text: str) -> None:
        self.wfile.write(f"HTTP/1.1 {status} {text}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())


def _pump(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            sink.sendall(data)
    except OSError:  # either end was cut; both are closed below
        pass
    for end in (source, sink):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:  # already closed
            continue
