"""Audio and video through the real yt-dlp, with everything that goes wrong on the way."""

import json
import threading
import time
from pathlib import Path

import pytest

from pipeline.config import Settings
from pipeline.errors import Cancelled, NutshellError
from pipeline.source import sandbox, uploads, youtube
from pipeline.source.links import parse_link
from pipeline.types import Progress
from tests.integration.source.conftest import Known
from tests.standin import Response, StandIn

AUDIO = 251


@pytest.fixture(name="served")
def _served(standin: StandIn) -> bytes:
    return standin.app.videos["stVideo0001"].media[AUDIO].read_bytes()


def test_audio_comes_as_served_and_without_a_second_extraction(
    known: Known, settings: Settings, standin: StandIn, work: Path, served: bytes
) -> None:
    found = known("stVideo0001")
    seen: list[Progress] = []
    path = youtube.fetch_audio(found, settings, work, seen.append)
    assert path.read_bytes() == served
    assert (path.name, path.parent) == ("stVideo0001.251.webm", work)
    assert [request.path for request in standin.log] == ["/videoplayback"]
    assert seen[-1].message.startswith("Downloading")
    assert uploads.probe_media(path, path.name).duration == pytest.approx(21, abs=2)


def test_the_info_alone_is_enough_in_another_folder(known: Known, settings: Settings, tmp_path: Path, served: bytes) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    assert youtube.fetch_audio(known("stVideo0001"), settings, elsewhere, sandbox.quiet).read_bytes() == served


def test_a_download_that_breaks_off_goes_on_where_it_was(
    known: Known, settings: Settings, standin: StandIn, work: Path, served: bytes
) -> None:
    found = known("stVideo0001")
    standin.fault("videoplayback", cut_after=30000, times=1)
    assert youtube.fetch_audio(found, settings, work, sandbox.quiet).read_bytes() == served
    ranges = [request.headers["range"] for request in standin.log if request.path == "/videoplayback"]
    assert len(ranges) == 2
    assert not ranges[1].startswith("bytes=0-")


def test_a_server_in_trouble_is_asked_again(known: Known, settings: Settings, standin: StandIn, work: Path, served: bytes) -> None:
    found = known("stVideo0001")
    standin.fault("videoplayback", Response("", 503), times=1)
    assert youtube.fetch_audio(found, settings, work, sandbox.quiet).read_bytes() == served


def test_links_that_are_no_longer_honoured_are_asked_for_anew_once(
    known: Known, settings: Settings, standin: StandIn, work: Path, served: bytes
) -> None:
    found = known("stVideo0001")
    standin.fault("videoplayback", Response("", 403), times=1)
    assert youtube.fetch_audio(found, settings, work, sandbox.quiet).read_bytes() == served
    assert len(standin.lines(r"/watch\?")) == 1


def test_media_that_stay_forbidden_are_an_error(known: Known, settings: Settings, standin: StandIn, work: Path) -> None:
    found = known("stForbid001")
    with pytest.raises(NutshellError) as caught:
        youtube.fetch_audio(found, settings, work, sandbox.quiet)
    assert caught.value.code == "media_forbidden"
    assert len(standin.lines("videoplayback")) == 2


def test_a_complete_part_of_an_earlier_try_does_not_fail_for_ever(known: Known, settings: Settings, work: Path, served: bytes) -> None:
    found = known("stVideo0001")
    (work / "stVideo0001.251.webm.part").write_bytes(served)
    assert youtube.fetch_audio(found, settings, work, sandbox.quiet).read_bytes() == served


def test_what_is_too_large_is_not_begun(known: Known, settings: Settings, standin: StandIn, work: Path) -> None:
    found = known("stHuge00001")
    with pytest.raises(NutshellError, match="It has 524 MB, the limit is 100 MB") as caught:
        youtube.fetch_audio(found, settings.model_copy(update={"max_upload": 10**8}), work, sandbox.quiet)
    assert caught.value.code == "too_large"
    assert not standin.lines("videoplayback")


def test_what_turns_out_too_large_is_ended(known: Known, settings: Settings, work: Path) -> None:
    found = known("stVideo0001")
    info = json.loads(found.read_text())
    for entry in info["formats"]:
        entry["filesize"] = entry["filesize_approx"] = 1000
    found.write_text(json.dumps(info))
    with pytest.raises(NutshellError) as caught:
        youtube.fetch_audio(found, settings.model_copy(update={"max_upload": 20_000}), work, sandbox.quiet)
    assert caught.value.code == "too_large"


def test_challenges_are_solved_by_the_real_runtime(known: Known, settings: Settings, standin: StandIn, work: Path) -> None:
    youtube.fetch_audio(known("stCiphered1"), settings, work, sandbox.quiet)
    query = next(request.query for request in standin.log if request.path == "/videoplayback")
    assert (query["sig"], query["n"]) == ("oodsignatureX", "321cbaZ")


def test_a_server_that_trickles_does_not_keep_a_cancel_waiting(known: Known, settings: Settings, standin: StandIn, work: Path) -> None:
    found = known("stVideo0001")
    standin.fault("videoplayback", rate=1000)
    begun = threading.Event()
    asked: list[float] = []

    def emit(progress: Progress) -> None:
        if standin.lines("videoplayback") and not begun.is_set():
            begun.set()
            asked.append(time.monotonic())
            raise Cancelled

    with pytest.raises(Cancelled):
        youtube.fetch_audio(found, settings, work, emit)
    assert begun.is_set()


def test_a_server_that_trickles_is_given_up_at_the_deadline(known: Known, settings: Settings, standin: StandIn, work: Path) -> None:
    found = known("stVideo0001")
    standin.fault("videoplayback", rate=1000)
    with pytest.raises(NutshellError, match="given up after 3 seconds") as caught:
        youtube.fetch_audio(found, settings.model_copy(update={"fetch_timeout": 3.0}), work, sandbox.quiet)
    assert caught.value.code == "network"


def test_a_private_video_cannot_be_downloaded_either(settings: Settings, work: Path) -> None:
    with pytest.raises(NutshellError) as caught:
        youtube.probe(parse_link("stPrivate01"), settings, work, sandbox.quiet, captions=False)
    assert caught.value.code == "private"
