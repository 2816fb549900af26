"""The way out: YouTube's hosts at public addresses, and nothing else. The far end is a listener of the test's; no packet leaves the machine."""

import base64
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from pipeline.source.egress import Blocked, Egress, allowed, public

NOT_PUBLIC = [
    "127.0.0.1", "127.1.2.3", "0.0.0.0", "0.1.2.3", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254", "100.64.0.1", "100.127.255.255",
    "192.0.0.8", "192.0.0.9", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "192.88.99.1", "168.63.129.16", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:142.250.1.1", "::ffff:0:7f00:1", "64:ff9b::7f00:1", "64:ff9b::142.250.1.1", "64:ff9b:1::1", "100::1", "2001::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:db8::1", "2001:10::1", "2001:20::1", "2002:7f00:1::", "2002:8efa:101::1", "3fff::1", "5f00::1", "fc00::1",
    "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "::ffff:169.254.169.254",
    "127.1", "0177.0.0.1", "0x7f000001", "2130706433", "", "localhost", "1.2.3", "1.2.3.4.5", "[::1]",
]  # fmt: skip
PUBLIC = [
    "142.250.1.1",
    "8.8.8.8",
    "1.1.1.1",
    "172.32.0.1",
    "100.128.0.1",
    "2607:f8b0:4004::200e",
    "2a00:1450:4001:80b::200e",
    "2001:4860:4860::8888",
]


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_internal_and_special_addresses(address: str) -> None:
    assert not public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses(address: str) -> None:
    assert public(address)


@pytest.mark.parametrize(
    "host", ["youtube.com", "www.youtube.com", "rr1---sn-abc.googlevideo.com", "i.ytimg.com", "youtu.be", "www.google.com"]
)
def test_the_hosts_of_youtube(host: str) -> None:
    assert allowed(host)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.test",
        "youtube.com.evil.test",
        "evilyoutube.com",
        "google.com",
        "mail.google.com",
        "127.0.0.1",
        "localhost",
        "youtu.be.evil.test",
        "ytimg.com",
    ],
)
def test_other_hosts(host: str) -> None:
    assert not allowed(host)


class Inside:
    """A listener on loopback that nobody may reach."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.visits: list[bytes] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(5)
                self.visits.append(connection.recv(4096))
                connection.sendall(self.reply)

    reply = b"HTTP/1.1 200 OK\r\n\r\nhello"


@pytest.fixture(name="inside")
def _inside() -> Iterator[Inside]:
    inside = Inside()
    yield inside
    inside.socket.close()


def resolver(*answers: str) -> Any:
    """Answers the first look-up with the first of `answers` (addresses, separated by spaces), the second with the next, …"""
    asked: list[str] = []

    def resolve(host: str, port: int, *_: object) -> list[tuple[Any, ...]]:
        addresses = answers[min(len(asked), len(answers) - 1)]
        asked.append(host)
        return [(socket.AF_INET6 if ":" in a else socket.AF_INET, socket.SOCK_STREAM, 6, "", (a, port)) for a in addresses.split()]

    resolve.asked = asked  # type: ignore[attr-defined]
    return resolve


def ask(egress: Egress, request: str, *, password: str | None = None) -> bytes:
    with socket.create_connection(("127.0.0.1", int(egress.url.rsplit(":", 1)[1])), 5) as connection:
        authorization = egress.authorization if password is None else password
        connection.sendall(f"{request}\r\nProxy-Authorization: {authorization}\r\n\r\n".encode())
        return connection.recv(4096)


@pytest.mark.parametrize(
    "addresses",
    [
        "127.0.0.1",
        "10.1.2.3",
        "::1",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "224.0.0.1",
        "142.250.1.1 127.0.0.1",
        "127.0.0.1 142.250.1.1",
    ],
)
def test_an_allowed_name_that_leads_inside_is_refused(addresses: str) -> None:
    with Egress(resolve=resolver(addresses)) as egress:
        assert b" 403 " in ask(egress, "CONNECT www.youtube.com:443 HTTP/1.1")
        assert "www.youtube.com is at" in egress.blocked[0]


def test_a_name_is_looked_up_once_and_the_checked_address_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    went: list[object] = []

    def connect(_: socket.socket, address: object) -> None:
        went.append(address)
        raise OSError("no route")

    resolve = resolver("142.250.1.1", "127.0.0.1")
    egress = Egress(resolve=resolve)
    monkeypatch.setattr(socket.socket, "connect", connect)
    with pytest.raises(OSError, match="no route"):
        egress.open("www.youtube.com")
    assert (resolve.asked, went) == (["www.youtube.com"], [("142.250.1.1", 443)])
    egress._server.server_close()


@pytest.mark.parametrize(
    "request_line",
    [
        "CONNECT evil.test:443 HTTP/1.1", "CONNECT www.youtube.com:80 HTTP/1.1", "CONNECT www.youtube.com:8443 HTTP/1.1", "CONNECT 127.0.0.1:443 HTTP/1.1",
        "CONNECT [::1]:443 HTTP/1.1", "CONNECT www.youtube.com HTTP/1.1", "CONNECT www.youtube.com.evil.test:443 HTTP/1.1", "CONNECT www.youtube.com:443:1 HTTP/1.1",
        "CONNECT www.youtube.com@127.0.0.1:443 HTTP/1.1", "GET http://www.youtube.com/ HTTP/1.1", "GET http://127.0.0.1/ HTTP/1.1", "GET /etc/passwd HTTP/1.1",
        "CONNECT http://www.youtube.com:443 HTTP/1.1", "CONNECT WWW.YOUTUBE.COM.:443 HTTP/9.9", "nonsense",
    ],
)  # fmt: skip
def test_anything_but_a_tunnel_to_an_allowed_host_is_refused(request_line: str, inside: Inside) -> None:
    with Egress(upstream=f"http://127.0.0.1:{inside.port}") as egress:
        assert b" 403 " in ask(egress, request_line)
        assert egress.blocked
    assert not inside.visits


@pytest.mark.parametrize("password", ["", "Basic x", "Basic bnV0c2hlbGw6", "ü"])
def test_strangers_on_this_machine_are_refused(password: str, inside: Inside) -> None:
    with Egress(upstream=f"http://127.0.0.1:{inside.port}") as egress:
        assert b" 407 " in ask(egress, "CONNECT www.youtube.com:443 HTTP/1.1", password=password)
    assert not inside.visits


def test_the_operator_s_proxy_is_asked_with_its_password(inside: Inside) -> None:
    inside.reply = b"HTTP/1.1 200 Connection established\r\n\r\n"
    with Egress(upstream=f"http://joe:pa%24s@127.0.0.1:{inside.port}") as egress:
        assert b" 200 " in ask(egress, "CONNECT www.youtube.com:443 HTTP/1.1")
        assert egress.successes == 1
    lines = inside.visits[0].decode().split("\r\n")
    assert lines[0] == "CONNECT www.youtube.com:443 HTTP/1.1"
    assert f"Proxy-Authorization: Basic {base64.b64encode(b'joe:pa$s').decode()}" in lines


@pytest.mark.parametrize(
    ("reply", "kind"),
    [(b"HTTP/1.1 407 no\r\n\r\n", "proxy"), (b"HTTP/1.1 502 bad\r\n\r\n", "network"), (b"SSH-2.0-x\r\n\r\n", "proxy"), (b"", "proxy")],
)
def test_why_the_operator_s_proxy_gave_no_tunnel_is_known(reply: bytes, kind: str, inside: Inside) -> None:
    inside.reply = reply
    with Egress(upstream=f"http://127.0.0.1:{inside.port}") as egress:
        assert b" 502 " in ask(egress, "CONNECT www.youtube.com:443 HTTP/1.1")
        assert [failure.kind for failure in egress.failures] == [kind]


def test_without_a_network_later_requests_fail_at_once() -> None:
    def nowhere(*_: object) -> list[tuple[Any, ...]]:
        asked.append(1)
        raise socket.gaierror("no network")

    asked: list[int] = []
    with Egress(resolve=nowhere) as egress:
        for _ in range(5):
            assert b" 502 " in ask(egress, "CONNECT www.youtube.com:443 HTTP/1.1")
        assert egress.hopeless
        assert {failure.kind for failure in egress.failures} == {"network"}
    assert len(asked) == 2


@pytest.mark.parametrize("upstream", ["socks5://127.0.0.1:1", "https://proxy", "proxy:3128", "http://"])
def test_a_proxy_that_cannot_be_chained_is_refused(upstream: str) -> None:
    with pytest.raises(ValueError, match="Only http"):
        Egress(upstream=upstream)


def test_blocked_is_no_oserror() -> None:
    """requests and urllib3 swallow an OSError as a fault that may pass."""
    assert not issubclass(Blocked, OSError)
