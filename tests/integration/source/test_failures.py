"""Failures whose sentences hold more than their code's own. What becomes of each condition is in test_conditions.py."""

from pathlib import Path

import pytest

from pipeline.errors import NutshellError
from tests.integration.source.conftest import Ask
from tests.standin import Response, StandIn


def test_when_an_upcoming_video_starts_is_said(ask: Ask) -> None:
    with pytest.raises(NutshellError, match="It starts on 2030-01-01 at 00:00 UTC"):
        ask("stUpcoming1")


def test_one_failing_reply_is_survived(ask: Ask, standin: StandIn) -> None:
    standin.fault(r"/watch\?", Response("", 429), times=1)
    standin.fault("v1/player", Response({"error": {"message": "x"}}, 503), times=1)
    assert ask("stVideo0001").video.chapters


@pytest.mark.parametrize("content", [None, "", "not a certificate", "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n", "ü"])
def test_an_authority_file_that_is_none(ask: Ask, tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)
    with pytest.raises(NutshellError, match=r"NUTSHELL_EXTRA_CA.*ca\.pem cannot be used") as caught:
        ask("stVideo0001", extra_ca=str(path))
    assert caught.value.code == "tls"


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:1080", "proxy:3128"])
def test_a_proxy_of_another_kind_is_named(ask: Ask, proxy: str) -> None:
    with pytest.raises(NutshellError, match="Only http:// proxies can be chained") as caught:
        ask("stVideo0001", proxy=proxy)
    assert caught.value.code == "proxy"
