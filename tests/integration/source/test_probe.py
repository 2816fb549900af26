"""Metadata and captions through the real yt-dlp."""

import json

import pytest

from pipeline.config import Settings
from pipeline.source import sandbox, youtube
from pipeline.source.links import parse_link
from pipeline.types import Origin
from tests.integration.source.conftest import Ask
from tests.standin import Response, StandIn, load_talk


def test_everything_that_is_shown_of_a_video(ask: Ask, standin: StandIn) -> None:
    found = ask("stVideo0001")
    bees = load_talk("bees")
    video = found.video
    assert (video.id, video.source_id, video.source_url) == (
        "stVideo0001",
        "youtube:stVideo0001",
        "https://www.youtube.com/watch?v=stVideo0001",
    )
    assert (video.title, video.channel, video.language, video.published_at) == ("How Bees Talk", "Stand-in Channel", "en", "2026-03-04")
    assert video.duration == round(bees.duration)
    assert [(round(c.start, 3), c.title) for c in video.chapters] == [(round(start, 3), title) for start, title in bees.chapters]
    assert video.thumbnail_url == "https://i.ytimg.com/vi/stVideo0001/hqdefault.jpg"
    assert len(standin.lines(r"/watch\?")) == 1
    assert found.info_path.is_file()


def test_manual_captions_in_the_language_that_is_spoken(ask: Ask) -> None:
    found = ask("stVideo0001")
    assert found.transcript is not None
    assert (found.transcript.origin, found.transcript.language, found.video.captions_note) == (Origin.CAPTIONS_MANUAL, "en", "")
    assert [segment.text for segment in found.transcript.segments] == [text for _, _, text in load_talk("bees").cues]


def test_automatic_captions_when_there_are_no_others(ask: Ask, standin: StandIn) -> None:
    found = ask("stAutoOnly1")
    assert found.transcript is not None
    assert found.transcript.origin is Origin.CAPTIONS_AUTO
    spoken = " ".join(segment.text for segment in found.transcript.segments)
    assert "fifty thousand workers" in spoken
    assert not standin.lines("tlang=")


@pytest.mark.parametrize(
    ("body", "note"),
    [
        (Response(""), "The automatic captions came empty."),
        (Response("<html>sorry</html>"), "The automatic captions could not be read."),
        (Response("x", 429), "YouTube did not hand out the automatic captions (429)."),
        (Response({"events": [{"tStartMs": 1, "segs": [{"utf8": "[Music]"}]}]}), "The automatic captions were not used: they hold no words."),
        (Response("", 302, headers={"Location": "https://evil.test/captions"}), "The automatic captions did not come through."),
    ],
)
def test_captions_that_are_none_are_a_note_and_no_failure(ask: Ask, standin: StandIn, body: Response, note: str) -> None:
    standin.fault("timedtext", body)
    found = ask("stAutoOnly1")
    assert (found.transcript, found.video.captions_note) == (None, note)


def test_a_thin_manual_track_gives_way_to_the_automatic_one(ask: Ask, standin: StandIn) -> None:
    standin.fault(r"timedtext(?!.*kind=asr)", Response({"events": [{"tStartMs": 1000, "dDurationMs": 900, "segs": [{"utf8": "♪"}]}]}))
    found = ask("stVideo0001")
    assert found.transcript is not None
    assert found.transcript.origin is Origin.CAPTIONS_AUTO
    assert found.video.captions_note.startswith("The manual captions")


@pytest.mark.parametrize("video_id", ["stNoCaps001", "stPotSubs01"])
def test_a_video_without_captions(ask: Ask, video_id: str) -> None:
    found = ask(video_id)
    assert found.transcript is None
    assert found.video.captions_note == "The video has no captions in the language that is spoken."


def test_captions_do_where_no_format_can_be_had(ask: Ask) -> None:
    found = ask("stSabrOnly1")
    assert found.transcript is not None
    assert not json.loads(found.info_path.read_text())["formats"]


def test_captions_that_nobody_wants_are_not_fetched(settings: Settings, standin: StandIn, work) -> None:
    found = youtube.probe(parse_link("stVideo0001"), settings, work, sandbox.quiet, captions=False)
    assert found.transcript is None
    assert not standin.lines("timedtext")


def test_a_finished_stream_is_a_video(ask: Ask) -> None:
    assert ask("stWasLive01").video.title == "A finished stream"


def test_the_preview_picture(ask: Ask, settings: Settings, standin: StandIn, work) -> None:
    video = ask("stVideo0001").video
    fetched = youtube.fetch_thumbnail(video, settings, work)
    assert fetched is not None
    assert fetched.read_bytes().startswith(b"\xff\xd8\xff")
    assert len(standin.lines("ytimg")) == 1  # the probe took it along
    fetched.unlink()
    again = youtube.fetch_thumbnail(video, settings, work)
    assert again is not None
    assert again.suffix == ".jpg"


@pytest.mark.parametrize(
    "answer",
    [
        Response("<html>", type="image/jpeg"),
        Response("", 404),
        Response("", 302, headers={"Location": "http://127.0.0.1:1/x.jpg"}),
        Response(b"\xff\xd8\xff" + bytes(6 << 20)),
    ],
)
def test_a_picture_that_is_none_is_no_failure(ask: Ask, settings: Settings, standin: StandIn, work, answer: Response) -> None:
    standin.fault("ytimg", answer)
    assert youtube.fetch_thumbnail(ask("stNoCaps001").video, settings, work) is None


def test_texts_of_strangers_are_made_fit_for_storing(ask: Ask, standin: StandIn) -> None:
    standin.app.videos["stNoCaps001"].title, before = (
        "A\u202e \x00title\n of\t many <b>lines</b> \ud800",
        standin.app.videos["stNoCaps001"].title,
    )
    try:
        assert ask("stNoCaps001").video.title == "A title of many <b>lines</b>"
    finally:
        standin.app.videos["stNoCaps001"].title = before
