"""Names of downloads after RFC 6266, and pictures for videos that have none."""

import re
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest
from werkzeug.http import parse_options_header

from web.media import disposition, drawn


@pytest.mark.parametrize(
    "name",
    [
        "Talk [aaaaaaaaaaa].srt",
        'He said "no" \\ [x].md',
        "Ünïcode 日本語 [x].txt",
        "a;b=c [x].json",
        "100% [x].vtt",
        "x\r\nSet-Cookie: a=b [x].srt",
    ],
)
def test_names_survive_and_stay_one_header(name: str) -> None:
    header = disposition("attachment", name.replace("\r\n", " "))
    kind, options = parse_options_header(header)

    assert kind == "attachment"
    assert options["filename"] == name.replace("\r\n", " ")
    assert header.isascii()
    assert "\n" not in header


def test_the_name_for_old_programs_is_ascii() -> None:
    header = disposition("inline", "Füße.mp3")
    plain = re.search(r'filename="([^"]*)"', header)

    assert plain is not None
    assert plain[1] == "F__e.mp3"
    assert unquote(header.partition("''")[2]) == "Füße.mp3"


@pytest.mark.parametrize("kind", ["youtube", "media", "transcript"])
def test_drawn_pictures_are_svg_and_always_the_same(kind: str) -> None:
    picture = drawn("aaaaaaaaaaa", kind)

    assert ElementTree.fromstring(picture).get("viewBox") == "0 0 320 180"
    assert picture == drawn("aaaaaaaaaaa", kind)
    assert len({drawn(f"{number:016x}", kind) for number in range(20)}) > 10
