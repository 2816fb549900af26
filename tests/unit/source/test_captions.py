"""Transcripts from bytes: encodings, formats by content, language, and when captions are not good enough."""

import json
import re
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from pipeline.errors import InputError
from pipeline.source import captions
from pipeline.types import Origin, Segment, Transcript

SRT = "1\n00:00:01,000 --> 00:00:03,000\nGrüße aus Köln, wie geht es dir heute?\n\n2\n00:00:03,000 --> 00:00:05,000\nMir geht es gut, danke schön.\n"
FORMATS = ["json3", "srv1", "srv2", "srv3", "vtt", "srt", "sbv", "json", "txt"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends(tmp_path: Path, encoding: str, newline: str) -> None:
    path = tmp_path / "x"
    path.write_bytes(SRT.replace("\n", newline).encode(encoding))
    found = captions.read_file(path)
    assert found.transcript == Transcript(
        "de", Origin.FILE, None, (Segment(1, 3, "Grüße aus Köln, wie geht es dir heute?"), Segment(3, 5, "Mir geht es gut, danke schön."))
    )
    assert (found.encoding == "cp1252") == (encoding == "cp1252")
    assert bool(found.notes) == (encoding == "cp1252")


def test_the_content_decides_not_the_name(tmp_path: Path) -> None:
    for name in ("talk.vtt", "talk.json3", "talk.mp4", "talk"):
        (tmp_path / name).write_text(SRT)
        assert captions.read_file(tmp_path / name).format == "srt"


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("WEBVTT\n\n00:01.000 --> 00:02.000\nx", "vtt"),
        ("00:00:00.500 --> 00:00:07.000\nno header", "srt"),
        ('{"events": []}', "json"),
        ('[{"text": "x", "start": 1}]', "json"),
        ('<?xml version="1.0"?><transcript>', "srv3"),
        ('<timedtext format="3">', "srv3"),
        ("Just words.", "txt"),
        ("[00:12] Words with times", "txt"),
        ("", "txt"),
    ],
)
def test_formats_are_recognised(text: str, form: str) -> None:
    assert captions.recognise(text) == form


@pytest.mark.parametrize(
    "text", ["<!DOCTYPE html><html>", "<html><body>404</body></html>", '<?xml version="1.0"?><rss xmlns="x">', "<HTML>"]
)
def test_pages_are_no_transcripts(text: str) -> None:
    with pytest.raises(InputError) as caught:
        captions.recognise(text)
    assert caught.value.code == "bad_transcript"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b" \n",
        b"WEBVTT",
        b"WEBVTT\n\n",
        b"\xef\xbb\xbf",
        b"{}",
        b'{"events": []}',
        b"\x00" * 50,
        "[Music]\n(applause)".encode("utf-16"),
    ],
)
def test_a_file_without_words_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "x"
    path.write_bytes(data)
    with pytest.raises(InputError) as caught:
        captions.parse_file(path)
    assert caught.value.code == "bad_transcript"


def test_a_file_that_is_too_large_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "x"
    with path.open("wb") as file:
        file.truncate(captions.MOST_BYTES + 1)
    with pytest.raises(InputError, match="larger than 20 MB"):
        captions.parse_file(path)


def test_times_that_are_estimated_are_said_to_be(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    path.write_text("We went to the market this morning. The apples were fresh.")
    found = captions.read_file(path)
    assert found.notes == ("The text has no times; they are estimated from 150 words a minute.",)
    assert [segment.start for segment in found.transcript.segments] == [0.0, pytest.approx(2.8)]


@pytest.mark.parametrize("name", ["x.srt", "x.VTT", "x.json3"])
def test_a_name_that_promises_times_is_held_to_it(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text("1\n00:00:xx --> 00:00:yy\nsome text\n")
    with pytest.raises(InputError) as caught:
        captions.parse_file(path)
    assert caught.value.code == "bad_transcript"


def test_the_file_s_own_word_on_its_language_counts(tmp_path: Path) -> None:
    path = tmp_path / "x.vtt"
    path.write_text("WEBVTT\nKind: captions\nLanguage: pt-BR\n\n00:01.000 --> 00:02.000\nHello my friends, this is English.\n")
    assert captions.parse_file(path).language == "pt"


def spoken(seconds: float, until: float, *, text: str = "twelve letters here ", step: float = 2.0) -> Transcript:
    return Transcript(
        "en", Origin.CAPTIONS_AUTO, None, tuple(Segment(i * step, (i + 1) * step, f"{text}{i}") for i in range(int(until / step)))
    )


def test_ordinary_captions_are_usable() -> None:
    assert captions.usable(spoken(600, 600), 600.0) is None
    assert captions.usable(spoken(600, 600), 0.0) is None


@pytest.mark.parametrize(
    ("transcript", "duration", "reason"),
    [
        (spoken(3600, 400), 3600.0, "few words"),
        (spoken(600, 250), 600.0, "end at"),
        (spoken(600, 20), 600.0, "few words"),
        (Transcript("en", Origin.FILE, None, tuple(Segment(i, i + 1, "same thing again") for i in range(300))), 300.0, "again and again"),
        (Transcript("en", Origin.FILE, None, (Segment(0, 10, "word " * 400),)), 10.0, "more words than"),
        (Transcript("en", Origin.FILE, None, (Segment(0, 10, "♪ …"),)), 10.0, "no words"),
        (spoken(6000, 6000), 600.0, "behind the end"),
    ],
)  # fmt: skip
def test_thin_and_broken_captions_are_not(transcript: Transcript, duration: float, reason: str) -> None:
    assert reason in (captions.usable(transcript, duration) or "")


def test_a_script_of_few_characters_is_judged_by_its_own_measure() -> None:
    chinese = Transcript("zh", Origin.CAPTIONS_MANUAL, None, tuple(Segment(i * 4.0, i * 4.0 + 4, f"我们今天讨论{i}") for i in range(150)))
    assert captions.usable(chinese, 600.0) is None


def test_a_short_clip_needs_but_a_word() -> None:
    assert captions.usable(Transcript("en", Origin.FILE, None, (Segment(0, 1, "Hello"),)), 30.0) is None


CORPUS = [
    SRT, "WEBVTT\nLanguage: en\n\n00:01.000 --> 00:02.000\n<v Bob>Hi</v> &amp; <c>bye</c>\n", json.dumps({"events": [{"tStartMs": 1, "segs": [{"utf8": "x"}]}]}),
    '<transcript><text start="1" dur="2">a &amp;amp; b</text></transcript>', "0:00\nhello\n0:05\nworld", "<p t=\"1\" d=\"2\"><s>x</s></p>",
]  # fmt: skip
PIECES = st.sampled_from(
    [
        "-->",
        "\n",
        "\n\n",
        "00:",
        "99:99:99.999",
        "<",
        ">",
        "<v ",
        "&#",
        "{\\",
        '{"',
        '"segs":',
        "[",
        "]",
        "1e999",
        "\x00",
        "\r",
        "\ud800",
        "WEBVTT",
        "<p ",
        "<p",
        '"',
        "NaN",
    ]
)


@st.composite
def mangled(draw: st.DrawFn) -> bytes:
    """A good file with pieces cut out, doubled and put in; or noise."""
    text = draw(st.sampled_from(CORPUS))
    for _ in range(draw(st.integers(0, 6))):
        at, length = draw(st.integers(0, len(text))), draw(st.integers(0, 20))
        text = text[:at] + draw(PIECES | st.text(max_size=5)) + text[at + length :]
    data = text.encode(draw(st.sampled_from(["utf-8", "utf-16", "cp1252"])), errors="replace")
    return data if draw(st.booleans()) else draw(st.binary(max_size=60)) + data


@given(mangled(), st.sampled_from(FORMATS))
@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
def test_no_bytes_raise_anything_but_the_one_error(data: bytes, form: str) -> None:
    try:
        found = captions.parse(data, form, language="en", origin=Origin.CAPTIONS_AUTO)
    except InputError as error:
        assert error.code == "bad_transcript"  # noqa: PT017 - either outcome is right
    else:
        assert found.segments
        for one, two in pairwise(found.segments):
            assert one.start <= one.end <= two.start + 1e-9


@pytest.mark.parametrize("form", ["json3", "srv1", "vtt", "txt"])
@pytest.mark.parametrize(
    "piece",
    [
        "<p ",
        '<p t="1">',
        "<",
        "00:01 --> 00:02\n",
        "{",
        "[",
        "&",
        "&#38;",
        "-->",
        "0:00 ",
        "<v x>",
        "A: ",
        "\n",
        "♪",
        "[x",
        "(a ",
        "<00:00:00.000>",
        ">> ",
        "a\n",
        ".",
        " - ",
    ],
)
def test_parsing_takes_linear_time(form: str, piece: str) -> None:
    """100 kB of the worst pieces; with anything quadratic the suite's time-out strikes."""
    try:
        captions.parse((piece * (100_000 // len(piece))).encode(), form, language="en", origin=Origin.FILE)
    except InputError as error:
        assert error.code == "bad_transcript"  # noqa: PT017 - either outcome is right


# ---------------------------------------------------------------- real files


@pytest.mark.parametrize("name", ["en_panel_4spk", "en_ljspeech_printing", "en_librispeech_10readers"])
def test_every_format_of_youtube_s_gives_the_same_words(data: Path, name: str) -> None:
    folder = data / "youtube" / "standin_captions"
    words = {}
    for path in folder.glob(f"{name}.*"):
        transcript = captions.parse_file(path)
        words[path.name] = " ".join(segment.text for segment in transcript.segments).split()
        assert transcript.language == "en"
        assert all(one.end <= two.start for one, two in pairwise(transcript.segments))
    assert len(words) == 5
    assert len({tuple(found) for found in words.values()}) == 1


def test_the_samples_of_webvtt_py(data: Path) -> None:
    """Its own parser refuses seven of these; the cues that are whole are read here."""
    folder = data / "youtube" / "webvtt_samples"
    counts = {}
    for path in sorted(folder.iterdir()):
        try:
            counts[path.name] = len(captions.parse_file(path).segments)
        except InputError:
            counts[path.name] = 0
    expected = {"empty.vtt": 0, "no_captions.vtt": 0, "invalid.vtt": 7, "invalid_timeframe.vtt": 6, "missing_timeframe.vtt": 6, "missing_caption_text.srt": 4, "sample.vtt": 16,
                "sample.srt": 5, "sample.sbv": 5, "using_identifiers.vtt": 6, "youtube_dl.vtt": 3, "netflix_chicas_del_cable.vtt": 828}  # fmt: skip
    assert {name: counts[name] for name in expected} == expected


def test_subtitles_of_real_files_agree_with_another_parser(data: Path) -> None:
    import webvtt

    path = data / "youtube" / "webvtt_samples" / "netflix_chicas_del_cable.vtt"

    def words(texts: Iterable[str]) -> list[str]:
        """Without what stands in brackets and without the dashes of dialogues, which are not ours to compare."""
        return re.sub(r"\[[^\]]*\]|♪", "", " ".join(texts)).replace("- ", " ").split()

    assert words(segment.text for segment in captions.parse_file(path).segments) == words(
        caption.text for caption in webvtt.read(str(path))
    )
