"""Addresses of other hosts: what is allowed, in which form, and what never is."""

import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from hypothesis import given, strategies as st

from pipeline.config import Settings, load
from pipeline.errors import InputError, NutshellError
from pipeline.source.egress import Egress
from pipeline.source.fetching import Web
from pipeline.source.hosts import NONE, Hosts
from pipeline.source.links import find_links, parse_link, read_link
from tests.unit.source.test_links import BAD, GOOD, ID, NASTY, PLAYLISTS

HOSTS = Hosts.of("feeds.pods.test, *.cdn.test,http://old.test , https://new.test")


@pytest.mark.parametrize(
    ("given", "url", "kind"),
    [
        ("https://feeds.pods.test/show", "https://feeds.pods.test/show", "feed"), ("HTTPS://Feeds.Pods.TEST:443/a%20b?x=1&amp=2#t=9", "https://feeds.pods.test/a%20b?x=1&amp=2", "feed"),
        ("http://feeds.pods.test:80/show", "https://feeds.pods.test/show", "feed"), ("https://a.b.cdn.test/x.MP3?token=1", "https://a.b.cdn.test/x.MP3?token=1", "media"),
        ("http://old.test/x.mp3", "http://old.test/x.mp3", "media"), ("https://old.test/x.ogg", "https://old.test/x.ogg", "media"), ("https://new.test", "https://new.test/", "feed"),
        (" <https://feeds.pods.test/日本.m4a> ", "https://feeds.pods.test/%E6%97%A5%E6%9C%AC.m4a", "media"), ("https://feeds.pods.test/?q=\u00fc", "https://feeds.pods.test/?q=%C3%BC", "feed"),
    ],
)  # fmt: skip
def test_an_allowed_address_has_one_form(given: str, url: str, kind: str) -> None:
    found = read_link(given, HOSTS)

    assert (found.url, found.kind, found.path) == (url, kind, None)
    assert read_link(found.url, HOSTS) == found
    assert find_links(f"See {given.strip()} and {given.strip()}", lists=True, hosts=HOSTS) == (found,)


@pytest.mark.parametrize(
    "link",
    ["https://elsewhere.test/x.mp3", "https://cdn.test/x.mp3", "https://xcdn.test/x.mp3", "https://pods.test/feed", "https://feeds.pods.test.evil.test/rss", "http://new.test.evil/podcast.xml"],
)
def test_another_host_is_named_with_the_setting_when_a_recording_or_feed_is_meant(link: str) -> None:
    for hosts in (HOSTS, NONE):
        with pytest.raises(InputError, match="NUTSHELL_MEDIA_HOSTS") as caught:
            read_link(link, hosts)
        assert caught.value.code == "host_not_allowed"
        assert link.split("/")[2] in str(caught.value)
    with pytest.raises(InputError) as caught:
        parse_link(link)
    assert caught.value.code == "bad_link"


NEVER = [
    "https://user@feeds.pods.test/x.mp3", "https://user:pass@feeds.pods.test/x.mp3", "https://feeds.pods.test:8443/x.mp3", "http://feeds.pods.test:443/x.mp3", "https://feeds.pods.test\\@evil.test/x.mp3",
    "https://feeds.pods.test@127.0.0.1/x.mp3", "https://127.0.0.1/x.mp3", "https://[::1]/x.mp3", "http://2130706433/x.mp3", "https://0x7f.1/x.mp3", "https://localhost/feed", "https://feeds/rss",
    "ftp://feeds.pods.test/x.mp3", "file://feeds.pods.test/x.mp3", "https://feeds.pods.test./x.mp3", "https://ｆeeds.pods.test/x.mp3", "https://feeds。pods.test/x.mp3", "https://feeds.pods.test\t/x.mp3",
    "https://feeds.pods.test/" + "x" * 3000 + ".mp3", "//feeds.pods.test/x.mp3", "feeds.pods.test/x.mp3", "https:///x.mp3", "https://feeds.pods.test%2eevil.test/x.mp3", "javascript:alert(1)//x.mp3",
    "https://feeds.pods.test:/x.mp3", "https://169.254.169.254/rss", "https://feeds.pods.test\x00.evil.test/x.mp3", "https://feeds_pods.test/x.mp3",
]  # fmt: skip


@pytest.mark.parametrize("link", NEVER)
def test_what_is_never_an_address(link: str) -> None:
    for hosts in (HOSTS, NONE, Hosts.of("*.test")):
        with pytest.raises(InputError) as caught:
            read_link(link, hosts)
        assert caught.value.code in ("bad_link", "host_not_allowed")


def test_links_of_youtube_are_read_as_before() -> None:
    everything = Hosts.of("*.com,*.test,*.be,youtu.be,youtube.com,evil.test")
    for link in (*GOOD, *PLAYLISTS):
        assert read_link(link, everything) == read_link(link)
    for link in BAD:
        if "youtu" in link:
            with pytest.raises(InputError) as caught:
                read_link(link, everything)
            assert caught.value.code == "bad_link"
    assert read_link(f"https://youtu.be/{ID}", NONE).kind == "youtube"


PARTS = st.sampled_from(["https://", "http://", "feeds.pods.test", "old.test", "a.cdn.test", "@", ":80", ":443", "/", "x.mp3", "?", "#", "%", "\\", "\n", "é"])


@given(st.one_of(NASTY, st.lists(PARTS, max_size=8).map("".join)))
def test_whatever_is_accepted_is_on_an_allowed_host_and_stays_as_it_is(text: str) -> None:
    try:
        source = read_link(text, HOSTS)
    except InputError as error:
        assert error.code in ("bad_link", "playlist", "host_not_allowed")  # noqa: PT017 - either outcome is right
        return
    if source.kind in ("media", "feed"):
        scheme, _, host, *_ = source.url.split("/")
        assert source.url.isascii()
        assert host in ("feeds.pods.test", "old.test", "new.test") or host.endswith(".cdn.test")
        assert scheme == "https:" or host == "old.test"
        assert read_link(source.url, HOSTS) == source


@pytest.mark.parametrize("value", ["*", "*.", "example", "127.0.0.1", "https://a.test/x", "a.test:80", "ftp://a.test", "a b.test", "*.*.test", "[::1]", "a.test;b.test", "http://*"])
def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("NUTSHELL_MEDIA_HOSTS", f"feeds.pods.test,{value}")
    with pytest.raises(InputError, match="NUTSHELL_MEDIA_HOSTS"):
        load()


# ---------------------------------------------------------------- the way out


class Far:
    """What is at the far end of an allowed name: counts who comes, and answers once."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.heard: list[bytes] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            with connection:
                self.heard.append(connection.recv(65536))
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")


@pytest.fixture(name="far")
def _far() -> Iterator[Far]:
    far = Far()
    yield far
    far.socket.close()


def web(egress: Egress, hosts: Hosts) -> Web:
    session = requests.Session()
    session.trust_env = False
    session.proxies = {"https": egress.url, "http": egress.url}
    return Web(session, egress, hosts)


ADDRESSES = ["127.0.0.1", "10.0.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "fd00::1", "fe80::1", "0.0.0.0", "2002:7f00:1::"]


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("url", ["https://feeds.pods.test/show", "http://old.test/x.mp3"])
def test_an_allowed_name_at_a_private_address_is_not_asked(far: Far, address: str, url: str) -> None:
    def resolve(host: str, port: int, *_: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", (address, far.socket.getsockname()[1]))]

    with Egress(resolve=resolve, hosts=HOSTS.secure, plain=HOSTS.plain) as egress, pytest.raises(NutshellError) as caught:
        web(egress, HOSTS).open(url)
    assert caught.value.code == "host_private"
    assert far.heard == []


@pytest.mark.parametrize("url", ["http://feeds.pods.test/x", "http://127.0.0.1/x", "http://evil.test/x", "http://old.test:8080/x", "http://old.test.evil.test/x", "https://evil.test/x"])
def test_the_way_out_itself_knows_the_hosts(far: Far, url: str) -> None:
    """Even if the list in front of it were passed by."""

    def resolve(*_: Any) -> list[Any]:
        raise AssertionError("resolved")

    with Egress(resolve=resolve, hosts=HOSTS.secure, plain=HOSTS.plain) as egress:
        session = web(egress, HOSTS).session
        try:
            reply = session.get(url, timeout=10)
        except requests.RequestException:
            pass
        else:
            assert reply.status_code in (403, 407)
        assert egress.successes == 0
    assert far.heard == []


def test_without_encryption_one_request_goes_through_and_says_nothing_of_ours(far: Far, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.source.egress.public", lambda _: True)

    def resolve(host: str, port: int, *_: Any) -> list[Any]:
        assert (host, port) == ("old.test", 80)
        return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", far.socket.getsockname()[1]))]

    with Egress(resolve=resolve, hosts=HOSTS.secure, plain=HOSTS.plain) as egress, web(egress, HOSTS).open("http://old.test/a.mp3?x=1") as reply:
        assert reply.read(99) == b"hello"
    head = far.heard[0].decode().lower()
    assert head.startswith("get /a.mp3?x=1 http/1.1\r\n")
    assert "host: old.test\r\n" in head
    assert "connection: close\r\n" in head
    assert "proxy" not in head


def test_the_default_is_none() -> None:
    assert Hosts.of(Settings().media_hosts) == NONE
