"""Nothing that is pasted, and nothing that YouTube or somebody in its place answers, leads this server to another machine or to itself.

The real yt-dlp and the real way out, in this process, so that every connection is seen: only those to the way out and from it to the operator's proxy
(the stand-in) may be made. A listener on loopback, which would tell a secret, is visited by nobody, and the secret stands in no file.
"""

import functools
import json
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from yt_dlp.networking.exceptions import RequestError
from yt_dlp.utils import YoutubeDLError

from pipeline.config import Settings
from pipeline.errors import InputError, NutshellError
from pipeline.source import child, client, egress, links, trust
from tests.integration.source.inside import SECRET, Connections, Trap
from tests.integration.source.ssrf_forms import ADDRESSES, AMBIGUOUS, FRONTS, PASTED, PRIVATE, REDUCED, SLIPPED
from tests.integration.store.fresh import migrated_database
from tests.standin import Response, StandIn
from tests.standin.player import GVS
from tests.standin.videos import CHANNEL
from web.app import create_app

YT = "https://www.youtube.com"
HOPS = {
    "the watch page": rf"{YT}/watch?v=stVideo0001", "the player": f"{YT}/youtubei/v1/player", "captions": f"{YT}/api/timedtext?v=stVideo0001&lang=en",
    "a playlist": f"{YT}/playlist?list=PLstandin0001", "a feed": f"{YT}/feeds/videos.xml?channel_id={CHANNEL}", "the sound": f"https://{GVS}/videoplayback?id=stVideo0001",
    "the thumbnail": "https://i.ytimg.com/vi/stVideo0001/hqdefault.jpg", "a short link": "https://youtu.be/stVideo0001",
}  # fmt: skip
FEW = ["http://127.0.0.1:{port}/", "https://[::1]:{port}/", "https://169.254.169.254/latest/meta-data/", "https://www.youtube.com@127.0.0.1:{port}/", "file:///etc/passwd"]
MEDIA = {".webm", ".m4a", ".mp4", ".part", ".jpg", ".png", ".webp"}
CONNECTIONS = Connections()


@pytest.fixture(name="trap")
def _trap() -> Iterator[Trap]:
    trap = Trap()
    yield trap
    trap.close()


@pytest.fixture(name="inside")
def _inside(trap: Trap, standin: StandIn, work: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], str]]:
    """Fills in the port of the trap. Afterwards: who was connected to, what the operator's proxy was asked for, and what was written."""
    ways_out: list[int] = []
    begin = egress.Egress.__init__

    def begun(self: egress.Egress, *args: Any, **more: Any) -> None:
        begin(self, *args, **more)
        ways_out.append(self._server.server_address[1])

    monkeypatch.setattr(egress.Egress, "__init__", begun)
    monkeypatch.chdir(work)
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.setenv(name, "")
    trust.trust(work, str(standin.ca_file))
    with CONNECTIONS.watched():
        yield lambda form: form.replace("{port}", str(trap.port))
    proxy = int(standin.proxy.rsplit(":", 1)[1])
    assert {address[1] for address in CONNECTIONS.made} <= {proxy, *ways_out}
    assert CONNECTIONS.refused == []
    assert trap.visits == 0
    assert not standin.refused, "the way out let a host through that is not YouTube's"
    assert not [path for path in work.rglob("*") if path.is_file() and SECRET in path.read_bytes()]


@pytest.fixture(name="request_of")
def _request_of(settings: Settings) -> dict[str, object]:
    """What the parent sends to the child with every task."""
    return {"proxy": settings.proxy, "extra_ca": settings.extra_ca, "captions": True, "language": None, "max_duration": 1e6, "max_bytes": 10**8}


def quiet(*_: object) -> None:
    """A report that nobody reads."""


def written(work: Path) -> list[str]:
    """What was downloaded."""
    return [path.name for path in work.rglob("*") if path.suffix in MEDIA]


def met(session: client.Session, url: str) -> str:
    """What a request for `url` came to: the name of an error, or `answered`."""
    try:
        session.ydl.urlopen(url).read()
    except (RequestError, YoutubeDLError, OSError) as error:
        return type(error).__name__
    return "answered"


# ---------------------------------------------------------------- names that lead inside


def resolving(monkeypatch: pytest.MonkeyPatch, *answers: str, port: int) -> list[str]:
    """YouTube's names lead to these addresses, to the first at first; the port is the trap's, so that a visit would be noticed. -> names asked for."""
    asked: list[str] = []

    def resolve(host: str, *_: object) -> list[tuple[Any, ...]]:
        address = answers[min(len(asked), len(answers) - 1)]
        asked.append(host)
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        return [(family, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(client, "Egress", functools.partial(egress.Egress, resolve=resolve))
    return asked


@pytest.mark.parametrize("address", PRIVATE)
def test_a_name_of_youtube_s_that_leads_inside(inside: Callable[[str], str], trap: Trap, work: Path, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    asked = resolving(monkeypatch, address, port=trap.port)
    with client.connect(work, "") as session:
        assert met(session, HOPS["the watch page"]) != "answered"
        assert session.code(RequestError("x")) == "blocked_address"
    assert asked == ["www.youtube.com"]


@pytest.mark.parametrize("second", ["127.0.0.1", "169.254.169.254", "::ffff:127.0.0.1", "fd00::1"])
def test_a_name_that_is_answered_otherwise_the_second_time(
    inside: Callable[[str], str], trap: Trap, work: Path, monkeypatch: pytest.MonkeyPatch, second: str
) -> None:
    """Rebinding: what was checked is what is connected to, and the next connection is checked anew. The public address is refused by the test, after the guard."""
    asked = resolving(monkeypatch, "142.250.1.1", second, port=trap.port)
    with client.connect(work, "") as session:
        assert met(session, HOPS["the watch page"]) != "answered"
        assert (asked, CONNECTIONS.refused, session.egress.blocked) == (["www.youtube.com"], [("142.250.1.1", trap.port)], [])
        assert met(session, HOPS["the watch page"]) != "answered"
        assert second in session.egress.blocked[0]
    assert asked == ["www.youtube.com"] * 2
    assert CONNECTIONS.refused.pop() == ("142.250.1.1", trap.port)


# ---------------------------------------------------------------- redirects


@pytest.mark.parametrize("to", ADDRESSES)
def test_a_redirect_at_any_hop(inside: Callable[[str], str], standin: StandIn, settings: Settings, work: Path, to: str) -> None:
    standin.fault(".", Response("", 302, headers={"Location": inside(to).encode().decode("latin-1")}))
    with client.connect(work, settings.proxy) as session:
        assert "answered" not in {met(session, url) for url in HOPS.values()}
    assert written(work) == []


PIPELINE: dict[str, tuple[str, str, dict[str, str]]] = {
    "the watch page": (r"/watch\?", "probe", {"url": f"{YT}/watch?v=stVideo0001"}),
    "the player": ("v1/player", "probe", {"url": f"{YT}/watch?v=stVideo0001"}),
    "captions": ("timedtext", "probe", {"url": f"{YT}/watch?v=stVideo0001"}),
    "the thumbnail": ("ytimg", "thumbnail", {"url": HOPS["the thumbnail"]}),
    "the sound": ("videoplayback", "media", {"url": f"{YT}/watch?v=stVideo0001"}),
    "a playlist": ("/playlist", "listing", {"url": HOPS["a playlist"]}),
    "further pages": ("v1/browse", "listing", {"url": f"{YT}/playlist?list=PLstandinLong"}),
    "a feed": ("feeds/", "feed", {"url": HOPS["a feed"]}),
}
"""Hop: which requests are led away, and the task of the product that makes them."""


@pytest.mark.parametrize("to", FEW)
@pytest.mark.parametrize("hop", PIPELINE)
def test_a_redirect_in_the_middle_of_the_work(
    inside: Callable[[str], str], standin: StandIn, request_of: dict[str, object], work: Path, hop: str, to: str
) -> None:
    pattern, task, more = PIPELINE[hop]
    standin.fault(pattern, Response("", 302, headers={"Location": inside(to)}))
    try:
        if task == "media":
            child.probe({**request_of, **more}, quiet)
        child.TASKS[task]({**request_of, **more, "info": str(work / child.INFO), "lines": 0, "page": 100}, quiet)
    except NutshellError as error:
        assert error.code in ("blocked_address", "network", "extractor_broken", "unknown", "playlist_unavailable", "bad_feed")  # noqa: PT017 - some can do without
    assert standin.lines(pattern)
    if hop in ("the thumbnail", "the sound"):
        assert [name for name in written(work) if not (hop == "the sound" and name.startswith(child.THUMBNAIL))] == []


# ---------------------------------------------------------------- forged answers


def forging(standin: StandIn, address: str) -> None:
    """The formats, captions and thumbnail of stAutoOnly1 are at `address`."""
    standin.app.videos["stAutoOnly1"] = replace(standin.app.videos["stAutoOnly1"], forged=address)


@pytest.mark.parametrize("forged", [address for address in ADDRESSES if address != AMBIGUOUS])
def test_forged_addresses_of_formats_captions_and_thumbnail(
    inside: Callable[[str], str], standin: StandIn, request_of: dict[str, object], work: Path, forged: str
) -> None:
    forging(standin, inside(forged))
    request = {**request_of, "url": f"{YT}/watch?v=stAutoOnly1"}

    def fetched() -> None:
        assert child.probe(request, quiet)["transcript"] is None
        child.media({**request, "lines": 0, "info": str(work / child.INFO)}, quiet)

    with pytest.raises(NutshellError) as caught:
        fetched()
    assert caught.value.code != "internal"
    assert {name for name in written(work) if not name.startswith(child.THUMBNAIL)} == set()  # yt-dlp knows where YouTube's own thumbnail is
    assert child.thumbnail({**request, "url": inside(forged)}, quiet) is None


def test_an_address_that_is_read_in_two_ways(inside: Callable[[str], str], standin: StandIn, request_of: dict[str, object], work: Path) -> None:
    """A backslash ends the host for browsers and belongs to the user for urllib3, which asks YouTube. The guard sees the host that is connected to."""
    forging(standin, inside(AMBIGUOUS))
    request = {**request_of, "url": f"{YT}/watch?v=stAutoOnly1"}
    child.probe(request, quiet)
    child.media({**request, "lines": 0, "info": str(work / child.INFO)}, quiet)
    assert {request.host for request in standin.log} <= {"www.youtube.com", "i.ytimg.com"}


def test_a_forged_info_file(inside: Callable[[str], str], request_of: dict[str, object], work: Path) -> None:
    child.probe({**request_of, "url": f"{YT}/watch?v=stNoCaps001"}, quiet)
    info = json.loads((work / child.INFO).read_text())
    for entry in info["formats"]:
        entry |= {"url": inside("http://127.0.0.1:{port}/x.webm"), "http_headers": {"Host": "127.0.0.1"}, "protocol": "https", "proxy": inside("http://127.0.0.1:{port}")}
    (work / child.INFO).write_text(json.dumps(info))
    with pytest.raises(NutshellError):
        child.media({**request_of, "lines": 0, "info": str(work / child.INFO)}, quiet)


# ---------------------------------------------------------------- what is pasted


@pytest.mark.parametrize("form", SLIPPED)
def test_what_slipped_past_the_parser(inside: Callable[[str], str], settings: Settings, standin: StandIn, work: Path, form: str) -> None:
    with pytest.raises(NutshellError), client.connect(work, settings.proxy) as session:
        session.ydl.extract_info(inside(form), download=True)
    assert written(work) == []


@pytest.mark.parametrize("form", FRONTS)
def test_another_site_s_link_to_a_video_asks_youtube(inside: Callable[[str], str], settings: Settings, standin: StandIn, work: Path, form: str) -> None:
    """yt-dlp takes the id and asks YouTube. Our parser refuses these links all the same."""
    with client.connect(work, settings.proxy) as session:
        assert session.ydl.extract_info(form, download=False)["id"] == "stVideo0001"
    assert {request.host for request in standin.log} == {"www.youtube.com"}


@pytest.mark.parametrize("form", [*PASTED, *FRONTS])
def test_what_is_pasted_is_refused(form: str) -> None:
    link = form.replace("{port}", "8080")
    with pytest.raises(InputError) as caught:
        links.read_link(link)
    assert caught.value.code == "bad_link"
    assert all(source.url == f"{links.WATCH}stVideo0001" for source in links.find_links(link))


def test_what_is_pasted_into_the_api_is_refused(servers: Settings, inside: Callable[[str], str], work: Path) -> None:
    app = create_app(Settings(home=work, database_url=migrated_database(servers, "ssrf"), broker_url=servers.embedded_broker_url))
    requests = app.test_client()
    for form in (*PASTED, *FRONTS):
        answer = requests.post("/api/v1/jobs", json={"url": inside(form)})
        assert answer.status_code == 422, form
        assert answer.json["code"] in ("bad_link", "host_not_allowed"), form
    assert requests.get("/api/v1/videos").json["videos"] == []
    CONNECTIONS.made.clear()  # the database's and the broker's


@pytest.mark.parametrize("form", REDUCED)
def test_of_a_link_only_the_id_survives(form: str) -> None:
    assert links.parse_link(form.replace("{port}", "8080")).url == f"{links.WATCH}stVideo0001"
