"""`nutshell tldr --json` end to end with the built-in models: the schema, receipts that stand in the transcript at their time, coverage that adds up.

Run: pytest tests/integration/test_tldr.py
"""

import itertools
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click.testing
import jsonschema
import pytest

from pipeline.export.document import schema
from pipeline.export.subtitles import srt
from pipeline.types import Segment
from tests.standin.server import StandIn
from tests.standin.synthetic import coast_talk
from workers.cli import main

Document = dict[str, Any]
Tldr = Callable[..., Document]


@pytest.fixture(name="printed")
def _printed(prepared_home: Path, standin: StandIn) -> Callable[..., str]:
    def run(*args: str) -> str:
        env = {"NUTSHELL_HOME": str(prepared_home), "NUTSHELL_PROXY": standin.proxy, "NUTSHELL_EXTRA_CA": str(standin.ca_file)}
        result = click.testing.CliRunner().invoke(main, ["tldr", *args], env=env)
        assert result.exit_code == 0, result.stderr
        return result.stdout

    return run


@pytest.fixture(name="tldr")
def _tldr(printed: Callable[..., str]) -> Tldr:
    def run(*args: str) -> Document:
        document: Document = json.loads(printed(*args, "--json"))
        return document

    return run


def check(document: Document) -> None:
    """All that a reader is promised about any TLDR."""
    jsonschema.validate(document, schema())
    summary, segments, duration = document["summary"], document["transcript"]["segments"], document["video"]["duration"]
    statements = [*summary["overview_sentences"], *summary["points"]]
    receipts = [citation for statement in statements for citation in statement["citations"]] + summary["gist_citations"]
    assert statements
    for receipt in receipts:
        assert 0 <= receipt["start"] <= receipt["end"] <= duration + 0.5
        around = [s["text"] for s in segments if s["end"] >= receipt["start"] - 0.5 and s["start"] <= receipt["end"] + 0.5]
        assert bare(receipt["quote"]) in bare(" ".join(around)), receipt
    adds_up(summary["coverage"], duration)
    for point in summary["points"]:
        assert point["chapter"] < len(summary["chapters"])


def bare(text: str) -> str:
    return "".join(text.split())


def adds_up(coverage: list[Document], duration: float) -> None:
    """The stretches join from 0 to the duration without gap or overlap."""
    assert coverage[0]["start"] == 0
    for before, after in itertools.pairwise(coverage):
        assert after["start"] == before["end"]
    assert coverage[-1]["end"] == pytest.approx(duration, abs=0.002)
    assert sum(stretch["end"] - stretch["start"] for stretch in coverage) == pytest.approx(duration, abs=0.05)


def test_a_captioned_link(tldr: Tldr) -> None:
    document = tldr("https://www.youtube.com/watch?v=talkMedium1&t=30s&utm_source=x")

    check(document)
    assert document["transcript"]["origin"] == "captions_manual"
    assert [chapter["origin"] for chapter in document["summary"]["chapters"]] == ["source"] * 4
    assert document["video"]["id"] == "talkMedium1"


def test_a_link_without_captions_is_listened_to(tldr: Tldr) -> None:
    document = tldr("https://youtu.be/talkShort01")

    check(document)
    assert document["transcript"]["origin"] == "speech"
    assert document["models"]["speech"] == "whisper-base"


def test_spanish_speech_for_a_reader_of_english(tldr: Tldr) -> None:
    document = tldr("https://youtu.be/talkSpaNone", "--lang", "en")

    check(document)
    assert (document["transcript"]["origin"], document["summary"]["language"]) == ("speech_translated", "en")


def test_spanish_captions_are_quoted_in_spanish_and_it_says_why(tldr: Tldr) -> None:
    document = tldr("https://youtu.be/talkSpanish")

    check(document)
    assert document["summary"]["language"] == "es"
    assert {point["kind"] for point in document["summary"]["points"]} == {"quote"}
    assert any("English only" in note for note in document["summary"]["notes"])


def test_two_hours_of_transcript(tldr: Tldr, tmp_path: Path) -> None:
    talk = coast_talk("coast2", 2 * 3600.0, seed=2)
    path = tmp_path / "two_hours.srt"
    path.write_text(srt(Segment(start, end, text) for start, end, text in talk.cues), encoding="utf-8")

    document = tldr(str(path))

    check(document)
    assert document["video"]["duration"] > 7000
    assert len({point["chapter"] for point in document["summary"]["points"]}) > 4


def test_a_real_lecture(tldr: Tldr, data: Path) -> None:
    document = tldr(str(data / "asr/en_lecture_physicsworks/physicsworks_audio.webm"))

    check(document)
    assert "energy" in json.dumps(document["summary"])


def test_a_style_is_told_with_receipts_of_the_same_points(tldr: Tldr) -> None:
    document = tldr("https://youtu.be/talkShortCC", "--style", "notes", "--plain")

    check(document)
    style, points = document["style"], document["summary"]["points"]
    told = [point for block in style["blocks"] for point in block.get("points", [])]
    assert (style["name"], style["audience"]) == ("notes", "plain")
    assert told
    assert all(point in points for point in told)


def test_a_style_is_printed_with_times(printed: Callable[..., str]) -> None:
    text = printed("https://youtu.be/talkShortCC", "--style", "qa")

    assert "What is said about “" in text
    assert re.search(r"• +\d+:\d\d", text)


def test_the_same_input_gives_the_same_chapters(tldr: Tldr) -> None:
    """Their titles and the points may be worded otherwise: how many tokens share a pass depends on the machine's load, and sums round differently (DECISIONS.md)."""
    first, second = (tldr("https://youtu.be/talkShortCC")["summary"] for _ in range(2))

    assert [(chapter["start"], chapter["end"]) for chapter in first["chapters"]] == [(chapter["start"], chapter["end"]) for chapter in second["chapters"]]
