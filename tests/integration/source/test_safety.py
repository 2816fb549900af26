"""Nothing that YouTube (or somebody in its place) answers leads the server anywhere else. A listener on loopback sees whether it did."""

import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.config import Settings
from pipeline.errors import NutshellError
from pipeline.source import sandbox, youtube
from tests.integration.source.conftest import Ask, Known
from tests.standin import Response, StandIn
from tests.standin.player import player_response


class Trap:
    """A listener that nobody may reach."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.visits = 0
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.visits += 1
            connection.close()


@pytest.fixture(name="trap")
def _trap() -> Iterator[Trap]:
    trap = Trap()
    yield trap
    trap.socket.close()
    assert trap.visits == 0


TARGETS = [
    "http://127.0.0.1:{port}/", "https://127.0.0.1:{port}/", "https://127.0.0.1/", "http://[::1]:{port}/", "https://169.254.169.254/latest", "https://www.youtube.com.evil.test/",
    "http://www.youtube.com/x", "https://www.youtube.com:{port}/x", "file:///etc/passwd", "https://www.youtube.com@127.0.0.1:{port}/", "http://2130706433:{port}/", "ftp://127.0.0.1:{port}/x",
]  # fmt: skip


@pytest.mark.parametrize("to", TARGETS)
def test_redirects_of_media_lead_nowhere(known: Known, settings: Settings, standin: StandIn, work: Path, trap: Trap, to: str) -> None:
    found = known("stVideo0001")
    standin.fault("videoplayback", Response("", 302, headers={"Location": to.format(port=trap.port)}))
    with pytest.raises(NutshellError) as caught:
        youtube.fetch_audio(found, settings, work, sandbox.quiet)
    assert caught.value.code in ("blocked_address", "unknown", "network", "extractor_broken")
    assert not standin.refused


@pytest.mark.parametrize("to", [TARGETS[0], TARGETS[2], TARGETS[5], TARGETS[8]])
@pytest.mark.parametrize("where", [r"/watch\?", "v1/player"])
def test_redirects_of_pages_lead_nowhere(ask: Ask, standin: StandIn, trap: Trap, where: str, to: str) -> None:
    standin.fault(where, Response("", 302, headers={"Location": to.format(port=trap.port)}))
    try:
        ask("stVideo0001")
    except NutshellError as error:
        assert error.code in ("blocked_address", "unknown", "network", "extractor_broken")  # noqa: PT017 - yt-dlp may do without the page
    assert not standin.refused


def test_forged_addresses_in_the_player_s_answer_lead_nowhere(
    ask: Ask, settings: Settings, standin: StandIn, work: Path, trap: Trap
) -> None:
    forged = f"http://127.0.0.1:{trap.port}/x"
    reply = player_response(standin.app.videos["stAutoOnly1"], "VISIONOS")
    for entry in reply["streamingData"]["adaptiveFormats"]:
        entry["url"] = forged + ".webm"
    for entry in reply["captions"]["playerCaptionsTracklistRenderer"]["captionTracks"]:
        entry["baseUrl"] = forged
    reply["videoDetails"]["thumbnail"]["thumbnails"][0]["url"] = forged + ".jpg"
    standin.fault("v1/player", Response(reply))
    standin.fault(r"/watch\?", Response("<html></html>"))
    found = ask("stAutoOnly1")
    assert found.transcript is None
    assert youtube.fetch_thumbnail(found.video, settings, work) is None
    with pytest.raises(NutshellError):
        youtube.fetch_audio(found, settings, work, sandbox.quiet)


def test_a_forged_info_file_leads_nowhere(known: Known, settings: Settings, work: Path, trap: Trap) -> None:
    found = known("stVideo0001")
    info = json.loads(found.read_text())
    for entry in info["formats"]:
        entry["url"] = f"https://127.0.0.1:{trap.port}/x"
    found.write_text(json.dumps(info))
    with pytest.raises(NutshellError) as caught:
        youtube.fetch_audio(found, settings, work, sandbox.quiet)
    assert caught.value.code == "blocked_address"


DANGEROUS = {
    "postprocessors", "exec_cmd", "external_downloader", "external_downloader_args", "usenetrc", "netrc_cmd", "cookiesfrombrowser", "cookiefile", "writeinfojson", "writelink",
    "writeurllink", "writesubtitles", "enable_file_urls", "nocheckcertificate", "legacyserverconnect", "client_certificate", "default_search", "impersonate", "plugin_dirs",
    "remote_components", "ffmpeg_location", "load_info_filename", "allow_unplayable_formats",
}  # fmt: skip


def test_no_option_that_yt_dlp_s_weaknesses_needed_is_ever_set(tmp_path: Path) -> None:
    from pipeline.source import client

    with client.connect(tmp_path, "") as session:
        assert not DANGEROUS & {name for name, value in session.ydl.params.items() if value}
        assert session.ydl.params["allowed_extractors"] == client.EXTRACTORS
        assert session.ydl.params["outtmpl"]["default"] == "%(id)s.%(format_id)s.%(ext)s"
        assert "127.0.0.1" in session.ydl.params["proxy"]


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/x.mp4",
        "file:///etc/passwd",
        "ytsearch:cats",
        "https://vimeo.com/1",
        "https://invidious.site/watch?v=stVideo0001",
        "https://www.youtube.com/redirect?q=http://127.0.0.1:{port}",
    ],
)
def test_even_a_link_that_slipped_through_is_not_fetched(tmp_path: Path, trap: Trap, url: str) -> None:
    from pipeline.source import client

    with pytest.raises(NutshellError), client.connect(tmp_path, "") as session:
        session.ydl.extract_info(url.format(port=trap.port), download=True)
    assert not list(tmp_path.iterdir())
