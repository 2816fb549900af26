"""Ten thousand broken caption files: a transcript comes out, or the one error that says it cannot be read. Never anything else, and never for long.

Derandomised, so that two runs try the same; what hypothesis once found is in the examples of the other tests, not in a data base.
"""

import json
import math
import random
import resource
import subprocess
import sys
import unicodedata
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings, strategies as st

from pipeline.errors import InputError
from pipeline.source import captions, cues
from pipeline.source.tidy import LONGEST
from pipeline.types import Origin, Transcript
from tests.unit.source.written import WRITERS, Spoken

FORMATS = ["json3", "srv1", "srv2", "srv3", "ttml", "vtt", "srt", "sbv", "json", "txt"]
HIDDEN = frozenset("\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
"""Marks that reorder what is read, or cannot be seen."""


def assert_is_sound(found: Transcript) -> None:
    assert found.segments
    for segment in found.segments:
        assert math.isfinite(segment.start)
        assert math.isfinite(segment.end)
        assert 0 <= segment.start <= segment.end
        for text in (segment.text, segment.speaker or "x"):
            assert text == " ".join(text.split()) != ""
            assert len(text) <= LONGEST
            assert not HIDDEN & set(text)
            assert not any(unicodedata.category(character) in ("Cc", "Cs") for character in text)
    for one, two in pairwise(found.segments):
        assert one.end <= two.start


def tried(read: Callable[[], Transcript]) -> None:
    try:
        found = read()
    except InputError as error:
        assert error.code == "bad_transcript"  # noqa: PT017 - either outcome is right
    else:
        assert_is_sound(found)


# ---------------------------------------------------------------- broken files of every format

TIMES = [0.0, 0.5, 1.0, 1.5, 2.0, 5.0, 59.99, 60.0, 3599.999, 3600.0, 359999.0, 600000.0, 1e7, -1.0, -0.001]
TEXTS = (
    ["Hello there.", "Hello there.", "and on it goes", "[Music]", "(applause)", "♪ la la ♪", ">> Who? >> Me.", "- Yes.\n- No.", "ANNA: Good.", "ANNA: Bad.", "BEN: So?",
     "<v Bob>Hi</v> <v Ann>there",
     "<i>a</i> <c.x>b</c> {\\an8}c", "&amp;lt;b&amp;gt; &#39;x&#39; &nbsp;&#55357;&#56832;", "\u202bשלום\u202c \u200fעולם", "a\u200bb\ufeffc\x00d\x07e",
     "👩\u200d🚀 \U0001f600", "\ud83d\ude00 \ud83d", "日本語のテキストです。次の文。",
     "สวัสดีครับ", "e\u0301" * 40, "word " * 300, "x" * 2500, "", " ", "\n", "00:00:01.000 --> 00:00:02.000", "12", "NOTE x", "]]>", "<!-- x -->", "<![CDATA[y]]>",
     "\u2028\x85\x0b", "\U000e0041\U000e0042z", "0:05", "http://x.y"]
)  # fmt: skip
PIECES = (
    ["-->", "\n", "\n\n", "\r", "00:", "99:99:99.999", "-00:00:01,5", "<", ">", "<v ", "</v>", "<00:00:01.5>", "&#", "&#99999999999;", "&amp;",
     "{\\", '{"', '"segs":', '"tStartMs":', "[", "]", "}", "1e999", "-1e999", "NaN", "null",
     "\x00", "\ufeff", "\ud800", "\u202e", "WEBVTT", "<p ", '<p begin="1s">', "<span begin='2s'>", "<text start=\"", "</p>", "<!--", "-->", "<![CDATA[", '"', "'", "/>",
     "a=\"1\"", "t=\"5\"", "\\u0000", "\\ud83d", "♪", ">> ", "- ", "A: "]
)  # fmt: skip
ENCODINGS = ("utf-8", "utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-be", "latin-1", "cp1252")


def changed(text: str, dice: random.Random) -> str:
    """Up to five pieces cut out, put in, doubled or moved, or the rest cut off."""
    for _ in range(dice.randrange(6)):
        at = dice.randrange(len(text) + 1)
        until = min(len(text), at + dice.choice((1, 3, 10, 40, 200)))
        match dice.choice(("cut", "put", "put", "double", "swap", "end")):
            case "cut":
                text = text[:at] + text[until:]
            case "put":
                text = text[:at] + dice.choice(PIECES) + text[at:]
            case "double":
                text = text[:until] + text[at:until] + text[until:]
            case "swap":
                text = text[:at] + text[until:] + text[at:until]
            case _:
                text = text[: max(at, 1)]
    return text


def damaged(kind: str, seed: int) -> bytes:
    """A file of up to six cues with strange times and texts, written properly and then damaged. All from one number, since drawing each part takes longer than reading the file."""
    dice = random.Random(seed)
    spoken: list[Spoken] = [(dice.choice(TIMES), dice.choice(TIMES), dice.choice(TEXTS)) for _ in range(dice.randrange(7))]
    return changed(WRITERS[kind][1](spoken), dice).encode(dice.choice(ENCODINGS), "replace")


KINDS = sorted(WRITERS)
SEEDS = st.integers(0, 2**40)
quick = settings(
    derandomize=True, database=None, deadline=None, phases=[Phase.generate, Phase.shrink], suppress_health_check=list(HealthCheck)
)


@pytest.mark.parametrize("kind", KINDS)
@settings(quick, max_examples=500)
@given(SEEDS)
def test_a_damaged_file_of_its_own_format(kind: str, seed: int) -> None:
    tried(lambda: captions.parse(damaged(kind, seed), WRITERS[kind][0], language="en", origin=Origin.CAPTIONS_AUTO))


@settings(quick, max_examples=1500)
@given(st.sampled_from(KINDS), SEEDS, st.sampled_from(FORMATS))
def test_a_damaged_file_read_as_another(kind: str, seed: int, form: str) -> None:
    tried(lambda: captions.parse(damaged(kind, seed), form, language="en", origin=Origin.CAPTIONS_AUTO))


@settings(quick, max_examples=1500)
@given(st.sampled_from(KINDS), SEEDS, st.sampled_from([".vtt", ".txt", ".ttml", ""]))
def test_a_damaged_file_recognised_by_its_content(tmp_path_factory: pytest.TempPathFactory, kind: str, seed: int, suffix: str) -> None:
    path = tmp_path_factory.getbasetemp() / f"fuzzed{suffix}"
    path.write_bytes(damaged(kind, seed))
    tried(lambda: captions.parse_file(path))


@settings(quick, max_examples=1500)
@given(st.binary(max_size=200), st.sampled_from(FORMATS))
def test_bytes_of_any_kind(data: bytes, form: str) -> None:
    tried(lambda: captions.parse(data, form, language="en", origin=Origin.CAPTIONS_AUTO))
    assert isinstance(captions.judge(data, form, 60.0, language="en", origin=Origin.CAPTIONS_AUTO), Transcript | str)


KEYS = ("events", "segs", "utf8", "tStartMs", "dDurationMs", "tOffsetMs", "aAppend", "segments", "text", "start", "end", "speaker", "transcript")
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
    max_leaves=10,
)  # fmt: skip


@settings(quick, max_examples=1000)
@given(st.dictionaries(st.sampled_from(["events", "segments", "transcript"]), VALUES, min_size=1), st.sampled_from(["json3", "json"]))
def test_json_of_any_shape(value: object, form: str) -> None:
    tried(lambda: captions.parse(json.dumps(value).encode(), form, language="en", origin=Origin.CAPTIONS_AUTO))


# ---------------------------------------------------------------- bounded time and memory

BOMBS: dict[str, tuple[str, str]] = {
    "entities that name each other": (
        "ttml",
        "'<!DOCTYPE tt [<!ENTITY b0 \"aaaaaaaa\">' + ''.join('<!ENTITY b%d \"%s\">' % (n + 1, '&b%d;' % n * 9) for n in range(99)) + ']><tt><p begin=\"1s\">&b99; x</p></tt>'",
    ),
    "an entity that is a file": ("srv1", "'<!DOCTYPE t [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><transcript><text start=\"1\">&x;</text></transcript>'"),
    "elements in elements": ("ttml", "'<tt><body>' + '<div begin=\"1s\">' * 200_000 + '<p begin=\"1s\">x'"),
    "spans in spans": ("ttml", "'<tt><p begin=\"1s\" end=\"9s\">' + '<span begin=\"1s\">x ' * 60_000"),
    "comments without an end": ("ttml", "'<tt><p begin=\"1s\">x' + '<!--' * 1_000_000"),
    "words without an end": ("srv3", "'<p t=\"1\" d=\"9\">' + '<s t=\"2\">' * 200_000"),
    "lists in lists": ("json3", "'[' * 10_000_000"),
    "objects in objects": ("json3", "'{\"events\":' * 1_000_000"),
    "many empty objects": ("json3", "'{\"events\":[' + '{},' * 6_000_000 + '{}]}'"),
    "a number without an end": ("json3", "'{\"events\":[{\"tStartMs\":' + '9' * 5_000_000 + '}]}'"),
    "one line of a text": ("txt", "'a b. ' * 500_000"),
    "one line of a cue": ("vtt", "'WEBVTT\\n\\n00:01.000 --> 00:02.000\\n' + 'words and ' * 200_000"),
    "one line of marks": ("vtt", "'WEBVTT\\n\\n00:01.000 --> 00:02.000\\n' + '<00:00:01.500><c> x</c>' * 50_000"),
    "one line of voices": ("vtt", "'WEBVTT\\n\\n00:01.000 --> 00:02.000\\n' + '<v Ann>x' * 500_000"),
    "one line of spaces": ("srt", "'1\\n00:00:01,000 --> 00:00:02,000\\nx' + ' ' * 1_000_000 + '\\n' + ' ' * 1_000_000 + '-->'"),
    "accents on accents": ("srt", "'1\\n00:00:01,000 --> 00:00:02,000\\na' + '\\u0301' * 1_000_000 + '\\u0323' * 1_000_000"),
    "entities of one number": ("srt", "'1\\n00:00:01,000 --> 00:00:02,000\\n&#' + '9' * 5_000_000 + ';'"),
    "half entities": ("srt", "'1\\n00:00:01,000 --> 00:00:02,000\\n' + '&am' * 400_000"),
    "brackets": ("srt", "'1\\n00:00:01,000 --> 00:00:02,000\\n' + '[(♪' * 300_000"),
    "a million cues in WebVTT": ("vtt", "'WEBVTT\\n\\n' + '00:01.000 --> 00:02.000\\n\\n' * 700_000"),
    "a million cues in srv1": ("srv1", "'<text start=\"1\">x' * 1_000_000"),
    "a million cues in TTML": ("ttml", "'<tt>' + '<p begin=\"1s\">x' * 1_000_000"),
    "a million cues in text": ("txt", "'0:01 a\\n' * 1_000_000"),
    "a million cues in JSON": ("json3", "'{\"events\":[' + '{\"tStartMs\":1},' * 999_999 + '{}]}'"),
}  # fmt: skip
"""Format, and the expression that makes the text."""
CHILD = """
import json, sys
from pipeline.errors import InputError
from pipeline.source import captions
from pipeline.types import Origin
for name, (form, text) in json.load(sys.stdin).items():
    print(name, end=": ", flush=True)
    try:
        found = captions.parse(eval(text).encode(), form, language="en", origin=Origin.FILE)
        print("read as", len(found.segments), "segments")
    except InputError as error:
        print("refused")
"""


def test_bombs_are_read_or_refused_in_bounded_time_and_memory() -> None:
    """All of them by one process that may use 90 seconds of processor time and 1 GB of addresses; without the bounds one alone takes hours or gigabytes."""

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (90, 90))
        resource.setrlimit(resource.RLIMIT_AS, (1024**3, 1024**3))

    done = subprocess.run(
        [sys.executable, "-c", CHILD],
        cwd=Path(__file__).parents[3],
        input=json.dumps(BOMBS),
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=limited,
    )
    assert (done.returncode, done.stdout.count("\n")) == (0, len(BOMBS)), done.stdout[-200:] + done.stderr[-600:]


def test_more_cues_than_any_video_has_are_refused() -> None:
    one = "00:01.000 --> 00:02.000\nx\n\n"
    with pytest.raises(InputError, match="more than 200,000 cues"):
        cues.read("WEBVTT\n\n" + one * 200_001, "vtt")
