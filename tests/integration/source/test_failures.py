"""Every way in which YouTube says no, through the real yt-dlp: condition -> code. None of it from a mock of yt-dlp."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.config import Settings
from pipeline.errors import CODES, NutshellError
from pipeline.source import sandbox, youtube
from pipeline.source.links import WATCH, parse_link
from tests.integration.source.conftest import Ask
from tests.standin import Response, StandIn

CONDITIONS = {
    "stPrivate01": "private", "stRemoved01": "removed", "stTermin001": "removed", "stNoRecord1": "removed", "stUnavail01": "unavailable", "stCopyrght1": "geo_blocked",
    "stGeoBlock1": "geo_blocked", "stAgeGate01": "age_restricted", "stMembers01": "members_only", "stPaid00001": "payment_required", "stBotCheck1": "bot_check",
    "stCaptcha01": "bot_check", "stRateLim01": "rate_limited", "stTooMany01": "rate_limited", "stServer503": "network", "stLiveNow01": "live_now",
    "stPostLive1": "live_processing", "stUpcoming1": "live_upcoming", "stPremiere1": "live_upcoming", "stDrmOnly01": "drm", "stHuge00001": "too_long", "stNotThere1": "removed",
}  # fmt: skip


@pytest.fixture(scope="module", name="outcomes")
def _outcomes(standin_server: StandIn, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, str, bool]]:
    """Code, sentence and whether to try again, of every condition."""
    folder = tmp_path_factory.mktemp("many")
    limits = sandbox.Limits(seconds=200, cpu_seconds=100, file_bytes=10**8)
    job = sandbox.Job("tests.integration.source.many_child", folder, limits, sandbox.Deaths("network", "internal"), "fetch")
    request = {
        "urls": [WATCH + video_id for video_id in CONDITIONS],
        "proxy": standin_server.proxy,
        "extra_ca": str(standin_server.ca_file),
    }
    found = sandbox.run(job, {**request, "captions": True, "max_duration": 6 * 3600.0}, sandbox.quiet)
    return {url.removeprefix(WATCH): tuple(outcome) for url, outcome in found.items()}


@pytest.mark.parametrize(("video_id", "code"), CONDITIONS.items())
def test_what_youtube_says_of_a_video(outcomes: dict[str, tuple[str, str, bool]], video_id: str, code: str) -> None:
    found, sentence, retryable = outcomes[video_id]
    assert found == code
    assert sentence.startswith(CODES[code].sentence)
    assert retryable == CODES[code].retryable


@pytest.mark.parametrize("video_id", ["stPrivate01", "stTooMany01"])
def test_the_error_is_the_same_through_a_child_of_its_own(ask: Ask, video_id: str) -> None:
    with pytest.raises(NutshellError) as caught:
        ask(video_id)
    assert caught.value.code == CONDITIONS[video_id]


def test_when_an_upcoming_video_starts_is_said(ask: Ask) -> None:
    with pytest.raises(NutshellError, match="It starts on 2030-01-01 at 00:00 UTC"):
        ask("stUpcoming1")


FAULTS = {
    "the player answers 429, the page is fine": ("v1/player", Response({"error": {"message": "quota"}}, 429), {}, "rate_limited"),
    "the player answers 403": ("v1/player", Response({"error": {"message": "x"}}, 403), {}, "bot_check"),
    "the player breaks off": ("v1/player", None, {"cut_after": 80}, "network"),
    "the player answers a page": ("v1/player", Response("<html>"), {}, "extractor_broken"),
    "everything answers 500": ("youtube.com", Response("", 500), {}, "network"),
    "the player leads inside": ("v1/player", Response("", 302, headers={"Location": "https://127.0.0.1/"}), {}, "blocked_address"),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_what_happens_on_the_way(ask: Ask, standin: StandIn, name: str) -> None:
    pattern, response, alter, code = FAULTS[name]
    standin.fault(pattern, response, **alter)
    with pytest.raises(NutshellError) as caught:
        ask("stNoCaps001")
    assert caught.value.code == code


def test_one_failing_reply_is_survived(ask: Ask, standin: StandIn) -> None:
    standin.fault(r"/watch\?", Response("", 429), times=1)
    standin.fault("v1/player", Response({"error": {"message": "x"}}, 503), times=1)
    assert ask("stVideo0001").video.chapters


def test_a_certificate_that_nobody_trusts(ask: Ask, standin: StandIn) -> None:
    with pytest.raises(NutshellError) as caught:
        ask("stVideo0001", extra_ca="")
    assert caught.value.code == "tls"
    standin.tls_errors.clear()


@pytest.mark.parametrize("content", [None, "", "not a certificate", "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n", "ü"])
def test_an_authority_file_that_is_none(ask: Ask, tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)
    with pytest.raises(NutshellError, match=r"NUTSHELL_EXTRA_CA.*ca\.pem cannot be used") as caught:
        ask("stVideo0001", extra_ca=str(path))
    assert caught.value.code == "tls"


@pytest.fixture(name="dead_end")
def _dead_end() -> Iterator[str]:
    """A port of loopback on which nobody listens."""
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{reserved.getsockname()[1]}"


def test_a_proxy_that_is_not_there(ask: Ask, dead_end: str) -> None:
    with pytest.raises(NutshellError) as caught:
        ask("stVideo0001", proxy=dead_end)
    assert caught.value.code == "proxy"


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:1080", "proxy:3128"])
def test_a_proxy_of_another_kind_is_named(ask: Ask, proxy: str) -> None:
    with pytest.raises(NutshellError, match="Only http:// proxies can be chained") as caught:
        ask("stVideo0001", proxy=proxy)
    assert caught.value.code == "proxy"


def test_no_network_behind_the_proxy(ask: Ask, standin: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    """The proxy works and says that YouTube cannot be reached: what a machine without a network looks like behind one."""
    monkeypatch.setattr("tests.standin.server.StandIn.knows", lambda self, host: False)
    monkeypatch.setattr(
        "tests.standin.server._Handler.send_error", lambda handler, *_: handler.wfile.write(b"HTTP/1.1 504 Gateway Timeout\r\n\r\n")
    )
    with pytest.raises(NutshellError) as caught:
        ask("stVideo0001")
    assert caught.value.code == "network"
    standin.refused.clear()


def test_a_disk_that_cannot_be_written(settings: Settings, work: Path) -> None:
    found = youtube.probe(parse_link("stVideo0001"), settings, work, sandbox.quiet)
    (work / "stVideo0001.251.webm.part").mkdir()  # root may write anywhere, so the place is taken instead
    with pytest.raises(NutshellError) as caught:
        youtube.fetch_audio(found, settings, work, sandbox.quiet)
    assert caught.value.code == "storage"
