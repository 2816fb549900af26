"""Every caption format gives the text that a reader sees, once, with times that only go forward: on files made here, and on real ones beside the project."""

import json
import math
import re
import unicodedata
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

import pytest

from pipeline.errors import InputError
from pipeline.source import captions
from pipeline.types import Origin, Segment
from tests.unit.source.written import TALK, WRITERS, rolling_json3, rolling_vtt, srv3, timed_words

KINDS = sorted(WRITERS)


def words(segments: Iterable[Segment]) -> list[str]:
    return " ".join(segment.text for segment in segments).split()


def assert_is_read_once(segments: tuple[Segment, ...]) -> None:
    for segment in segments:
        assert math.isfinite(segment.end)
        assert not any(unicodedata.category(character) in ("Cc", "Cs") for character in segment.text)
    for one, two in pairwise(segments):
        assert one.end <= two.start + 1e-9
        assert one.text != two.text


@pytest.mark.parametrize("kind", KINDS)
def test_every_format_gives_the_same_words_at_the_same_times(tmp_path: Path, kind: str) -> None:
    form, write = WRITERS[kind]
    path = tmp_path / "talk"
    path.write_text(write(TALK), encoding="utf-8")
    found = captions.read_file(path).transcript
    assert found.segments == captions.parse(path.read_bytes(), form, language="en", origin=Origin.FILE).segments
    assert words(found.segments) == [word for _, _, text in TALK for word in text.split()]
    assert_is_read_once(found.segments)
    starts = {round(segment.start, 2) for segment in found.segments}
    assert starts >= {math.floor(start) if kind == "text" else start for start, _, _ in TALK}
    assert found.segments[-1].end == pytest.approx(15.0 + 11 / 15 if kind == "text" else 17.0, abs=0.02)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_every_format_in_every_encoding(kind: str, encoding: str) -> None:
    form, write = WRITERS[kind]
    data = write(TALK).replace("\n", "\r\n").encode(encoding)
    assert words(captions.parse(data, form, language="en", origin=Origin.FILE).segments) == [w for _, _, text in TALK for w in text.split()]


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_breaks_off_gives_what_came_before(kind: str) -> None:
    """But for JSON, which is all or nothing."""
    form, write = WRITERS[kind]
    text = write(TALK)
    part = text[: text.index("Yes") + 2]
    if "json" in kind:
        with pytest.raises(InputError):
            captions.parse(part.encode(), form, language="en", origin=Origin.FILE)
    else:
        assert (
            words(captions.parse(part.encode(), form, language="en", origin=Origin.FILE).segments)[:10]
            == [word for _, _, text in TALK for word in text.split()][:10]
        )


@pytest.mark.parametrize(("form", "write"), [("json3", rolling_json3), ("vtt", rolling_vtt), ("srv3", srv3)])
def test_a_sentence_begins_when_its_first_word_is_said(form: str, write) -> None:
    """By its share of the letters "Now" would begin at 3.2 s."""
    cue = (1.0, 7.0, "That is it. Now we go")
    spoken = {word: at for at, word in timed_words(cue)}
    segments = captions.parse(write([cue]).encode(), form, language="en", origin=Origin.CAPTIONS_AUTO).segments
    assert [(segment.start, segment.text) for segment in segments] == [(1.0, "That is it."), (pytest.approx(spoken["Now"]), "Now we go")]
    assert spoken["Now"] == 4.0


# ---------------------------------------------------------------- real files


@pytest.mark.parametrize("name", ["en_librispeech_10readers", "en_panel_4spk"])
def test_youtube_s_shapes_give_exactly_what_was_read_aloud(data: Path, name: str) -> None:
    said = json.loads((data / "long" / name / f"{name}.json").read_text())["segments"]
    files = [*sorted((data / "youtube" / "standin_captions").glob(f"{name}.*")), data / "long" / name / f"{name}.srt"]
    assert len(files) == 6
    for path in files:
        segments = captions.parse_file(path).segments
        assert words(segments) == [word for one in said for word in one["text"].split()], path.name
        assert_is_read_once(segments)
        starts = sorted(segment.start for segment in segments)
        assert all(min(abs(start - one["start"]) for start in starts) < 0.02 for one in said), path.name


def test_the_printed_book_reads_the_same_in_all_formats(data: Path) -> None:
    read = {
        path.name: captions.parse_file(path).segments for path in (data / "youtube" / "standin_captions").glob("en_ljspeech_printing.*")
    }
    assert len(read) == 5
    assert len({tuple(words(segments)) for segments in read.values()}) == 1
    assert 'the Gutenberg, or "forty-two line Bible" of about' in " ".join(words(read["en_ljspeech_printing.srv1.xml"]))


def captions_of(*numbers: int) -> list[str]:
    return [f"Caption text #{number}" for number in numbers]


LINES = ["Caption text #3 (line 1) Caption text #3 (line 2)", "Caption text #2 (line 1) Caption text #2 (line 2)"]
SAMPLES: dict[str, list[str]] = {
    "captions_with_bom.vtt": captions_of(1, 2, 3, 4),
    "comments.vtt": ["Ta en kopp varmt te. Det är inte varmt.", "Har en kopp te. Det smakar som te.", "Ta en kopp"],
    "cue_tags.vtt": ["When the moon hits your eye", "Like a big-a pizza pie", "That's amore"],
    "empty.vtt": [], "invalid.vtt": captions_of(1, 2, 3, 4, 5, 6, 7),
    "invalid_format.sbv": [], "invalid_format1.srt": [], "invalid_format2.srt": [], "invalid_format3.srt": [], "invalid_format4.srt": [],
    "invalid_timeframe.sbv": captions_of(1, 2, 4, 5), "invalid_timeframe.srt": captions_of(1, 2, 3, 4, 5), "invalid_timeframe.vtt": captions_of(1, 3, 4, 5, 6, 7),
    "invalid_timeframe_in_cue_text.vtt": captions_of(1, 2, 3), "metadata_headers.vtt": captions_of(1, 2), "metadata_headers_multiline.vtt": captions_of(1, 2),
    "missing_caption_text.sbv": captions_of(1, 3, 4, 5), "missing_caption_text.srt": captions_of(1, 3, 4, 5), "missing_caption_text.vtt": captions_of(1, 3, 4, 5),
    "missing_timeframe.sbv": captions_of(1, 3, 4, 5), "missing_timeframe.srt": captions_of(1, 3, 4, 5), "missing_timeframe.vtt": captions_of(1, 3, 4, 5, 6, 7),
    "no_captions.vtt": [], "one_caption.srt": captions_of(1), "one_caption.vtt": captions_of(1),
    "sample.sbv": [*captions_of(1, 2), LINES[0], *captions_of(4, 5)], "sample.srt": captions_of(1, 2, 3, 4, 5), "sample.vtt": captions_of(*range(1, 17)),
    "styles.vtt": ["Hello world."], "two_captions.sbv": [*captions_of(1), LINES[1]], "using_identifiers.vtt": captions_of(1, 2, 3, 4, 5, 6),
    "youtube_dl.vtt": ["yeah", "what", "this will happen is I'm telling"],
}  # fmt: skip
"""What a reader sees of each; of a cue whose times cannot be read, nothing. One more, of 830 cues, is compared with another parser."""


@pytest.mark.parametrize("name", SAMPLES)
def test_the_samples_of_webvtt_py(data: Path, name: str) -> None:
    path = data / "youtube" / "webvtt_samples" / name
    if not SAMPLES[name]:
        with pytest.raises(InputError) as caught:
            captions.parse_file(path)
        assert caught.value.code == "bad_transcript"
        return
    segments = captions.parse_file(path).segments
    assert " ".join(segment.text for segment in segments) == " ".join(SAMPLES[name])
    assert_is_read_once(segments)


def test_every_sample_is_tried(data: Path) -> None:
    files = {path.name for path in (data / "youtube" / "webvtt_samples").iterdir()} - {"LICENSE", "SOURCE.txt"}
    assert files == {*SAMPLES, "netflix_chicas_del_cable.vtt"}
    assert len(files) == 33


def test_subtitles_of_a_series_agree_with_another_parser(data: Path) -> None:
    import webvtt

    path = data / "youtube" / "webvtt_samples" / "netflix_chicas_del_cable.vtt"

    def bare(texts: Iterable[str]) -> list[str]:
        """Without what stands in brackets and without the dashes of dialogues, which are not ours to compare."""
        return re.sub(r"\[[^\]]*\]|♪", "", " ".join(texts)).replace("- ", " ").split()

    segments = captions.parse_file(path).segments
    assert bare(segment.text for segment in segments) == bare(caption.text for caption in webvtt.read(str(path)))
    assert_is_read_once(segments)


def test_a_recorded_transcript_and_the_pages_that_are_none(data: Path) -> None:
    folder = data / "youtube" / "transcript_api_assets"
    assert [segment.text for segment in captions.parse_file(folder / "transcript.xml.static").segments] == [
        "Hey, this is just a test", "this is not the original transcript", "just something shorter, I made up for testing",
    ]  # fmt: skip
    others = [path for path in folder.glob("*.static") if path.name != "transcript.xml.static"]
    assert len(others) == 14
    for path in others:  # consent, 429, age gate, bot check: what YouTube sends in place of captions
        for form in ("json3", "srv1", "srv3", "vtt", "ttml"):
            assert captions.judge(path.read_bytes(), form, 60.0, language="en", origin=Origin.CAPTIONS_AUTO) in (
                "could not be read", "were not used: they hold no words",
            ), (path.name, form)  # fmt: skip
