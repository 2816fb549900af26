"""The sentences of YouTube and yt-dlp that the loopback YouTube does not say, classified. What it says is in tests/integration/source/test_failures.py."""

import sys
from collections.abc import Iterator

import pytest
from yt_dlp.networking.common import Response
from yt_dlp.networking.exceptions import CertificateVerifyError, HTTPError, IncompleteRead, ProxyError, TransportError
from yt_dlp.utils import DownloadCancelled, DownloadError, ExtractorError, GeoRestrictedError, UnsupportedError

from pipeline.errors import CODES
from pipeline.source.egress import Egress, Failure
from pipeline.source.failures import NetworkLog, classify, own_words


@pytest.fixture(name="egress")
def _egress() -> Iterator[Egress]:
    egress = Egress()
    yield egress
    egress._server.server_close()


def wrapped(error: Exception) -> DownloadError:
    """As YoutubeDL hands it out."""
    try:
        raise error
    except type(error):
        return DownloadError(f"ERROR: {error}", sys.exc_info())


def status(code: int) -> HTTPError:
    return HTTPError(Response(fp=None, url="https://www.youtube.com/x", headers={}, status=code))


SENTENCES = {
    "Private video. Sign in if you've been granted access to this video": "private",
    "This video has been removed by the uploader": "removed",
    "This video is no longer available because the uploader has closed their YouTube account.": "removed",
    "This video has been removed for violating YouTube's Terms of Service": "removed",
    "Video unavailable. This video is no longer available due to a copyright claim by X": "removed",
    "Video unavailable": "unavailable",
    "This video is unavailable": "unavailable",
    "This video is not available": "unavailable",
    "The uploader has not made this video available in your country": "geo_blocked",
    "Video unavailable. This video contains content from SME, who has blocked it in your country on copyright grounds": "geo_blocked",
    "Sign in to confirm your age. This video may be inappropriate for some users.": "age_restricted",
    "Join this channel to get access to members-only content like this video": "members_only",
    "This video is available to this channel's members on level: X (or any higher level)": "members_only",
    "This video requires payment to watch.": "payment_required",
    "This video is only available to Music Premium members": "payment_required",
    "Sign in to confirm you\u2019re not a bot. This helps protect our community.": "bot_check",
    "Sign in to confirm you're not a bot": "bot_check",
    "All player responses are invalid. Your IP is likely being blocked by Youtube": "bot_check",
    "The page needs to be reloaded. captcha challenge": "bot_check",
    "The current session has been rate-limited by YouTube for up to an hour.": "rate_limited",
    "This content isn't available, try again later.": "rate_limited",
    "This live event will begin in 2 days.": "live_upcoming",
    "Premieres in 6 hours": "live_upcoming",
    "This live stream recording is not available.": "removed",
    "This video is DRM protected": "drm",
    "The playlist does not exist.": "playlist_unavailable",
    "This channel does not have a podcasts tab": "playlist_unavailable",
    "Incomplete YouTube ID abc. URL https://www.youtube.com/watch?v=abc looks truncated.": "bad_link",
    "No suitable extractor (Generic) found for URL": "bad_link",
    "unable to download video data: HTTP Error 403: Forbidden": "media_forbidden",
    "unable to download video data: HTTP Error 416: Requested Range Not Satisfiable": "range_lost",
    "unable to open for writing: [Errno 13] Permission denied": "storage",
    "unable to write data: [Errno 28] No space left on device": "storage",
    "unable to write data: [Errno 27] File too large": "too_large",
    "Did not get any data blocks": "captions_unavailable",
    "30000 bytes read, 20221 more expected": "network",
    "The read operation timed out": "network",
    "Failed to extract any player response": "extractor_broken",
    "No video formats found!": "extractor_broken",
    "Requested format is not available": "extractor_broken",
    "Something new and strange": "unknown",
}


@pytest.mark.parametrize(("sentence", "code"), SENTENCES.items())
def test_sentences(egress: Egress, sentence: str, code: str) -> None:
    assert classify(wrapped(ExtractorError(sentence, expected=True, video_id="x")), NetworkLog(), egress) == code
    assert classify(None, NetworkLog(), egress, said=sentence) == code


ERRORS = {
    "unsupported": (UnsupportedError("https://x"), "bad_link"),
    "cancelled": (DownloadCancelled("x"), "cancelled"),
    "country": (GeoRestrictedError("not here", countries=["DE"]), "geo_blocked"),
    "certificate": (CertificateVerifyError("bad"), "tls"),
    "proxy": (ProxyError("no"), "proxy"),
    "transport": (TransportError("odd"), "network"),
    "incomplete": (IncompleteRead(3, expected=9), "network"),
    "503": (ExtractorError("Unable to download API page", cause=status(503)), "network"),
    "429": (ExtractorError("Unable to download API page", cause=status(429)), "rate_limited"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_classes(egress: Egress, name: str) -> None:
    error, code = ERRORS[name]
    assert classify(wrapped(error), NetworkLog(), egress) == code


@pytest.mark.parametrize(
    ("met", "code"),
    [
        (status(429), "rate_limited"),
        (status(403), "bot_check"),
        (status(500), "network"),
        (TransportError("cut"), "network"),
        (status(404), "extractor_broken"),
    ],
)
def test_what_yt_dlp_hides_is_found_in_the_log(egress: Egress, met: Exception, code: str) -> None:
    network = NetworkLog([("www.youtube.com", "/watch", 200), ("www.youtube.com", "/youtubei/v1/player", met)])
    assert classify(wrapped(ExtractorError("Failed to extract any player response")), network, egress) == code
    assert classify(wrapped(ExtractorError("Private video")), network, egress) == "private"


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("[youtube] The stars do not allow it.", "The stars do not allow it."),
        ("[youtube] Video unavailable. The stars do not allow it.", "The stars do not allow it."),
        ("[youtube] Video unavailable", ""),
        ("No video formats found!", ""),
        ("[youtube] No supported JavaScript runtime could be found. YouTube extraction without a JS runtime has been deprecated", ""),
        ("[youtube] stVideo0001: Some web client https formats have been skipped as they are missing a url.", ""),
        ("[youtube] stVideo0001: Something odd", ""),
        ("[youtube] stVideo0001: odd\n[youtube] It is a secret.", "It is a secret."),
    ],
)
def test_a_reason_that_is_youtube_s_own(egress: Egress, said: str, words: str) -> None:
    assert own_words(said) == words
    if words:
        assert classify(None, NetworkLog(), egress, f"{said}\nNo video formats found!") == "unavailable"


@pytest.mark.parametrize(("path", "code"), [("/@gone/videos", "playlist_unavailable"), ("/playlist", "playlist_unavailable"), ("/watch", "extractor_broken")])
def test_a_list_that_is_not_there(egress: Egress, path: str, code: str) -> None:
    network = NetworkLog([("www.youtube.com", path, status(404))])
    assert classify(wrapped(ExtractorError("Unable to download API page", cause=status(404))), network, egress) == code


@pytest.mark.parametrize("kind", ["network", "proxy"])
def test_the_way_out_knows_why_a_tunnel_was_refused(egress: Egress, kind: str) -> None:
    egress.failures.append(Failure("www.youtube.com", kind, "x"))  # type: ignore[arg-type]
    assert classify(wrapped(ProxyError("Tunnel connection failed: 502 Bad Gateway")), NetworkLog(), egress) == kind


def test_a_blocked_address_is_named_before_all_else(egress: Egress) -> None:
    egress.blocked.append("CONNECT 127.0.0.1:443 HTTP/1.1")
    assert classify(wrapped(ExtractorError("Private video")), NetworkLog(), egress) == "blocked_address"


def test_an_error_that_is_not_yt_dlp_s_is_ours(egress: Egress) -> None:
    assert classify(RuntimeError("odd"), NetworkLog(), egress) == "internal"


def test_every_code_has_its_sentence() -> None:
    assert {*SENTENCES.values(), *(code for _, code in ERRORS.values())} - {"cancelled"} <= set(CODES)
