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
        (
            Response({"events": [{"tStartMs": 1, "segs": [{"utf8": "[Music]"}]}]}),
            "The automatic captions were not used: they hold no words.",
        ),
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


def _events(*cues: tuple[float, float, str]) -> Response:
    return Response({"events": [{"tStartMs": a * 1000, "dDurationMs": (b - a) * 1000, "segs": [{"utf8": text}]} for a, b, text in cues]})


DEAD = [
    (Response(""), "came empty."),
    (Response("gone", 404), "(404)."),
    (Response("slow down", 429), "(429)."),
    (Response('{"events": [{"tStartMs": 1000, "segs": [{"utf8": "It brea'), "could not be read."),
    (Response("<html>Before you continue to YouTube</html>"), "could not be read."),
    (_events(*((n, n + 1, "[Music]") for n in range(20))), "were not used: they hold no words."),
    (
        _events(*((n * 0.9, n * 0.9 + 0.5, f"Again{'' if n else '!'}") for n in range(23))),
        "were not used: they say the same again and again.",
    ),
]


@pytest.mark.parametrize(("body", "why"), DEAD)
def test_a_manual_track_that_is_dead_gives_way_to_what_was_heard(ask: Ask, standin: StandIn, body: Response, why: str) -> None:
    standin.fault(r"timedtext(?!.*kind=asr)", body)
    found = ask("stVideo0001")
    assert found.transcript is not None
    assert found.transcript.origin is Origin.CAPTIONS_AUTO
    assert found.video.captions_note.endswith(why)
    assert found.video.captions_note.count("manual captions") == 1
    assert not standin.lines("tlang=")


@pytest.mark.parametrize(("body", "why"), DEAD)
def test_then_come_the_captions_that_somebody_wrote_in_the_reader_s_language(ask: Ask, standin: StandIn, body: Response, why: str) -> None:
    standin.fault(r"timedtext.*lang=en", body)
    found = ask("stVideo0001", language="de")
    assert found.transcript is not None
    assert (found.transcript.origin, found.transcript.language) == (Origin.CAPTIONS_MANUAL, "de")
    assert found.transcript.segments[0].text == "Satz 1."
    assert found.video.language == "en"
    assert found.video.captions_note.endswith("The captions are in German, not in the English that is spoken.")
    assert found.video.captions_note.count(why) == 2
    assert [line.split("lang=")[1][:2] for line in standin.lines("timedtext")] == ["en", "en", "de"]


def test_when_all_are_dead_each_reason_is_kept(ask: Ask, standin: StandIn) -> None:
    standin.fault(r"timedtext.*kind=asr", Response("", 429))
    standin.fault(r"timedtext.*lang=de", Response("", 404))
    standin.fault(r"timedtext", Response(""))
    found = ask("stVideo0001", language="de")
    assert found.transcript is None
    assert found.video.captions_note == (
        "The manual captions came empty. YouTube did not hand out the automatic captions (429). YouTube did not hand out the manual captions in German (404)."
    )


@pytest.mark.parametrize("language", [None, "en", "fr"])
def test_captions_in_another_language_are_for_those_who_read_it(ask: Ask, standin: StandIn, language: str | None) -> None:
    standin.fault(r"timedtext.*lang=en", Response("", 404))
    assert ask("stVideo0001", language=language).transcript is None
    assert not standin.lines("lang=de")


def test_captions_that_stop_after_a_third_of_the_video_are_not_used(ask: Ask, standin: StandIn) -> None:
    talk = load_talk("medium")
    third = [cue for cue in talk.cues if cue[1] < talk.duration / 3]
    standin.fault(r"timedtext", _events(*third, (talk.duration - 2, talk.duration, "Subtitles by Ann")))
    found = ask("talkMedium1")
    assert found.transcript is None
    assert found.video.captions_note.startswith("The manual captions were not used: they end at 3")


@pytest.mark.parametrize("video_id", ["stNoCaps001", "stPotSubs01"])
def test_a_video_without_captions(ask: Ask, video_id: str) -> None:
    found = ask(video_id)
    assert found.transcript is None
    assert found.video.captions_note == "YouTube offers no captions in the language that is spoken."


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
