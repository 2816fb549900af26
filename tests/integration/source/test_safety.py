"""Nothing that YouTube (or somebody in its place) answers leads the server anywhere else: through the child process as it is. Every form is in test_ssrf.py."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.config import Settings
from pipeline.errors import NutshellError
from pipeline.source import sandbox, youtube
from tests.integration.source.conftest import Ask, Known
from tests.integration.source.inside import Trap
from tests.standin import Response, StandIn
from tests.standin.player import player_response


@pytest.fixture(name="trap")
def _trap() -> Iterator[Trap]:
    trap = Trap()
    yield trap
    trap.close()
    assert trap.visits == 0


TARGETS = ["http://127.0.0.1:{port}/", "https://169.254.169.254/latest", "https://www.youtube.com.evil.test/", "file:///etc/passwd"]


@pytest.mark.parametrize("to", TARGETS)
def test_redirects_of_media_lead_nowhere(known: Known, settings: Settings, standin: StandIn, work: Path, trap: Trap, to: str) -> None:
    found = known("stVideo0001")
    standin.fault("videoplayback", Response("", 302, headers={"Location": to.format(port=trap.port)}))
    with pytest.raises(NutshellError) as caught:
        youtube.fetch_audio(found, settings, work, sandbox.quiet)
    assert caught.value.code in ("blocked_address", "unknown", "network", "extractor_broken")
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
