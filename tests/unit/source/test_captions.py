"""Transcripts from bytes: encodings, formats by content, language, and when captions are not good enough."""

from pathlib import Path

import pytest

from pipeline.errors import InputError
from pipeline.source import captions
from pipeline.types import Origin, Segment, Transcript

SRT = "1\n00:00:01,000 --> 00:00:03,000\nGrüße aus Köln, wie geht es dir heute?\n\n2\n00:00:03,000 --> 00:00:05,000\nMir geht es gut, danke schön.\n"


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
        ('<tt xmlns="http://www.w3.org/ns/ttml">', "ttml"),
        ('<?xml version="1.0"?>\n<!-- by a program -->\n<tt:tt xmlns:tt="http://www.w3.org/ns/ttml">', "ttml"),
        ("-00:00:01,000 --> 00:00:02,000\nx", "srt"),
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
        (Transcript("en", Origin.FILE, None, tuple(Segment(i, i + 1, "same" if i % 2 else f"words {i} here") for i in range(300))), 300.0, "again and again"),
        (Transcript("en", Origin.FILE, None, (*spoken(600, 200).segments, Segment(598, 600, "Subtitles by Ann"))), 600.0, "end at 32%"),
        (Transcript("en", Origin.FILE, None, tuple(Segment(i * 4, i * 4 + 4, "[Music] [Applause]") for i in range(150))), 600.0, "no words"),
        (Transcript("en", Origin.FILE, None, (Segment(0, 10, "word " * 400),)), 10.0, "more words than"),
        (Transcript("en", Origin.FILE, None, (Segment(0, 10, "♪ …"),)), 10.0, "no words"),
        (spoken(6000, 6000), 600.0, "behind the end"),
    ],
)  # fmt: skip
def test_thin_and_broken_captions_are_not(transcript: Transcript, duration: float, reason: str) -> None:
    assert reason in (captions.usable(transcript, duration) or "")


SLOW = {
    "zh": "我们谈",
    "ko": "오늘은",
    "ja": "きょうは本",
    "th": "วันนี้เรา",
    "hi": "आज हमने",
    "ar": "اليوم نحن",
    "he": "היום אנחנו",
    "am": "ዛሬ እኛ",
}


@pytest.mark.parametrize("language", SLOW)
def test_a_script_of_few_characters_is_judged_by_its_own_measure(language: str) -> None:
    """A few characters every five seconds: in these scripts that is speech, in Latin letters next to nothing."""
    lines = tuple(
        Segment(i * 5.0, i * 5.0 + 5, f"{SLOW[language]}{'一二三四五六七八九'[i % 9] if language == 'zh' else ''}") for i in range(120)
    )
    varied = tuple(Segment(s.start, s.end, s.text + "!" * (number % 30)) for number, s in enumerate(lines))
    assert captions.usable(Transcript(language, Origin.CAPTIONS_MANUAL, None, varied), 600.0) is None
    latin = tuple(Segment(s.start, s.end, "abcde"[: 3 + number % 3] + "!" * (number % 30)) for number, s in enumerate(lines))
    assert "few words" in (captions.usable(Transcript("en", Origin.CAPTIONS_MANUAL, None, latin), 600.0) or "")


@pytest.mark.parametrize(
    ("data", "form", "said"),
    [
        (b"", "json3", "came empty"),
        (b" \n", "vtt", "came empty"),
        (b"<html>429</html>", "json3", "could not be read"),
        (b'{"events": []}', "json3", "could not be read"),
        (b'{"events": [{"tStartMs": 1000, "segs": [{"utf8": "[Music]"}]}]}', "json3", "were not used: they hold no words"),
        (b"x" * (captions.MOST_BYTES + 1), "vtt", "could not be read"),
    ],
)
def test_what_is_wrong_with_a_track(data: bytes, form: str, said: str) -> None:
    assert captions.judge(data, form, 60.0, language="en", origin=Origin.CAPTIONS_AUTO) == said


def test_a_file_that_was_cut_off_within_a_character_is_still_utf_8(tmp_path: Path) -> None:
    path = tmp_path / "x.srt"
    path.write_bytes((SRT + "3\n00:00:06,000 --> 00:00:07,000\nTschüß, bis später und schöne Grüße aus dem schönen Köln ü").encode()[:-1])
    found = captions.read_file(path)
    assert (found.encoding, found.notes) == ("utf-8", ())
    assert "Grüße aus Köln" in found.transcript.segments[0].text


def test_a_short_clip_needs_but_a_word() -> None:
    assert captions.usable(Transcript("en", Origin.FILE, None, (Segment(0, 1, "Hello"),)), 30.0) is None


@pytest.mark.parametrize("form", ["json3", "srv1", "srv3", "ttml", "vtt", "txt"])
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
