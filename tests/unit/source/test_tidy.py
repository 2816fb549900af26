"""From cues to what a reader sees."""

import math
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from pipeline.source.cues import Cue
from pipeline.source.tidy import LONGEST, is_sound, tidy
from pipeline.types import Segment


def texts(*cues: Cue) -> list[str]:
    return [segment.text for segment in tidy(cues)]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("<i>Hello</i> <b>world</b>", "Hello world"),
        ("<c.colorE5E5E5>Hello</c> <00:00:01.500>world", "Hello world"),
        ("{\\an8}Up there", "Up there"),
        ('<font color="#fff">White</font>', "White"),
        ("one\\Ntwo", "one two"),
        ("Tom &amp; Jerry&nbsp;&lt;3", "Tom & Jerry <3"),
        ("a < b and c > d", "a < b and c > d"),
        ("if x<y then", "if x<y then"),
        (">> Welcome back. >> Thank you.", "Welcome back. Thank you."),
        ("&gt;&gt; Hi", "Hi"),
        ("- Who?\n- Me.", "Who? Me."),
        ("-5 degrees", "-5 degrees"),
        ("♪ We are the champions ♪", "We are the champions"),
        ("\u202bשלום\u202c\u200f עולם\ufeff", "שלום עולם"),
        ("zero\x00 byte\ud800", "zero byte"),
        ("می\u200cخواهم 👩\u200d🚀", "می\u200cخواهم 👩\u200d🚀"),
        ("cafe\u0301", "café"),
        ("I said [laughs] no", "I said [laughs] no"),
        ("two  spaces\t and\ttabs", "two spaces and tabs"),
        ("Tom &amp;amp; Jerry &amp;#39;s", "Tom & Jerry 's"),
        ("&lt;b&gt; is bold", "<b> is bold"),
        ("&#55357;&#56832; &#xD83D;&#xDE00; &#x1F600;", "😀 😀 😀"),
        ("\ud83d\ude00 and \ud83d", "😀 and"),
        ("&#" + "9" * 5000 + "; so", "; so"),
        ("one<br/>two[br]three\u2028four\x0bfive", "one two three four five"),
        (
            "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f and \U000e0049\U000e0067\U000e006e",
            "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f and",
        ),
        ("he\u0301" + "\u0323" * 500, "h" + unicodedata.normalize("NFC", "e\u0301" + "\u0323" * 29)),
        ("and so it goes >> Yes, it does", "and so it goes Yes, it does"),
        ("print(a >> b)", "print(a >> b)"),
        ("[door slams]\nWho is there?", "Who is there?"),
        ("Who is there?\n♪", "Who is there?"),
    ],
)
def test_markup_goes_words_stay(written: str, read: str) -> None:
    assert texts(Cue(1, 2, written)) == [read]


@pytest.mark.parametrize(
    "text",
    [
        "[Music]",
        "[ __ ]",
        "(laughter)",
        "（笑）",
        "♪♪♪",
        "♪",
        "[Applause] [Music]",
        "*sighs*",
        "【音楽】",
        "...",
        "[música animada]",
        "- [door slams]",
        "(upbeat music)",
        "(slow dramatic orchestral music continues playing)",
        "[Musik]",
        "(Applaus)",
        "(Gelächter im Publikum)",
        "[risas]",
        "(aplausos y vítores del público)",
        "[Rires]",
        "(musique douce et lente au piano)",
        "[Аплодисменты]",
        "(тихая музыка играет за окном)",
        "（拍手）",
        "[掌声]",
        "（静かなピアノの音楽が流れている）",
        "[박수]",
        "[موسيقى]",
        "[संगीत]",
        "[เสียงดนตรี]",
        "♪ [music] ♪",
    ],
)
def test_a_cue_that_only_describes_a_sound_is_dropped(text: str) -> None:
    assert is_sound(text)
    assert texts(Cue(1, 2, text), Cue(3, 4, "words")) == ["words"]


@pytest.mark.parametrize(
    "text",
    [
        "[Music] hello",
        "(and this is what he said to me that day)",
        "(which, as I said before, is a different matter)",
        "No [laughs]",
        "5",
        "Oh (no)",
    ],
)
def test_a_cue_that_says_something_stays(text: str) -> None:
    assert texts(Cue(1, 2, text)) == [text]


def test_rolling_captions_give_every_line_once() -> None:
    cues = [
        Cue(0.0, 2.35, " \nlobsters<00:00:00.967><c> and lobsters</c>"),
        Cue(2.35, 2.36, "lobsters and lobsters\n "),
        Cue(2.61, 5.15, "lobsters and lobsters\nwhen<00:00:03.194><c> churchyards yawn</c>"),
        Cue(5.15, 5.16, "when churchyards yawn\n "),
        Cue(5.16, 9.38, "when churchyards yawn\nthere's iron"),
    ]
    assert tidy(cues) == (
        Segment(0.0, 2.36, "lobsters and lobsters"),
        Segment(2.61, 5.16, "when churchyards yawn"),
        Segment(5.16, 9.38, "there's iron"),
    )


def test_growing_captions_give_every_word_once() -> None:
    assert texts(Cue(0, 1, "so today we"), Cue(1, 2, "so today we are going"), Cue(2, 3, "so today we are going to bake")) == [
        "so today we",
        "are going",
        "to bake",
    ]


def test_duplicates_that_touch_are_joined_and_later_ones_kept() -> None:
    assert tidy([Cue(0, 1, "No."), Cue(0.5, 1.5, "No."), Cue(1.5, 2, "No."), Cue(60, 61, "No.")]) == (
        Segment(0, 2, "No."),
        Segment(60, 61, "No."),
    )


def test_what_is_repeated_after_a_pause_is_said_again() -> None:
    assert texts(Cue(0, 1, "One more time."), Cue(3, 4, "One more time.")) == ["One more time.", "One more time."]


def test_cues_are_ordered_and_overlaps_cut() -> None:
    segments = tidy([Cue(5, 9, "third"), Cue(1, 4, "first"), Cue(3, 6, "second")])
    assert segments == (Segment(1, 3, "first"), Segment(3, 5, "second"), Segment(5, 9, "third"))


@pytest.mark.parametrize("end", [None, 0.5, 10.0, -3.0])
def test_a_missing_or_broken_end_is_estimated_from_the_text(end: float | None) -> None:
    (segment,) = tidy([Cue(10.0, end, "x" * 30)])
    assert (segment.start, segment.end) == (10.0, 12.0)


def test_cues_that_start_together_share_the_time_by_length() -> None:
    assert tidy([Cue(0, 4, "aaa"), Cue(0, 4, "b")]) == (Segment(0, 3, "aaa"), Segment(3, 4, "b"))


def test_a_webvtt_voice_is_the_speaker() -> None:
    assert tidy([Cue(0, 4, "<v.loud Mary Ann>Hello</v>\n<v Bob>Hi you all")]) == (
        Segment(0, 4 / 3, "Hello", "Mary Ann"),
        Segment(4 / 3, 4, "Hi you all", "Bob"),
    )


def test_labels_that_return_are_speakers_until_the_next() -> None:
    cues = [
        Cue(0, 1, "ANNA: Good morning."),
        Cue(1, 2, "How are you?"),
        Cue(2, 3, "BEN: Fine."),
        Cue(3, 4, "ANNA: Good."),
        Cue(4, 5, "BEN: Yes."),
        Cue(5, 6, ">> Me too."),
    ]
    assert [(s.speaker, s.text) for s in tidy(cues)] == [
        ("ANNA", "Good morning."), ("ANNA", "How are you?"), ("BEN", "Fine."), ("ANNA", "Good."), ("BEN", "Yes."), (None, "Me too."),
    ]  # fmt: skip


def test_two_names_in_one_cue_share_its_time() -> None:
    cues = [
        Cue(0, 4, "ANNA: Good morning.\nBEN: And to you all"),
        Cue(4, 5, "ANNA: Yes."),
        Cue(5, 6, "BEN: No."),
        Cue(6, 7, "ИВАН: Да."),
        Cue(7, 8, "ИВАН: Нет."),
    ]
    assert [(s.start, s.speaker, s.text) for s in tidy(cues)] == [
        (0, "ANNA", "Good morning."), (pytest.approx(2, abs=0.1), "BEN", "And to you all"), (4, "ANNA", "Yes."), (5, "BEN", "No."), (6, "ИВАН", "Да."), (7, "ИВАН", "Нет."),
    ]  # fmt: skip


def test_a_cue_whose_words_have_times_is_divided_at_sentences_and_pauses() -> None:
    text = "So it ends. And now we wait for it"
    words = tuple(
        (text.index(word), time)
        for word, time in [("it", 0.3), ("ends", 0.5), ("And", 2.0), ("now", 2.3), ("we", 2.5), ("wait", 6.0), ("for", 6.5)]
    )
    segments = tidy([Cue(0, 8, text, words=words)])
    assert [(s.start, s.text) for s in segments] == [(0, "So it ends."), (2.0, "And now we"), (6.0, "wait for it")]
    assert [s.end for s in segments] == [2.0, pytest.approx(2.5 + 4 / 15 + 0.2), 8]


@pytest.mark.parametrize(
    "words",
    [((99, 1.0),), ((-1, 1.0),), ((6, 9.0),), ((6, -1.0),), ((6, 1.0), (0, 0.5)), ((3, 1.0),), ((8, 1.0),), ((6, 0.0),), ((11, 1.0),)],
)
def test_times_of_words_that_cannot_be_do_no_harm(words: tuple[tuple[int, float], ...]) -> None:
    assert tidy([Cue(0, 2, "It is. Good.", words=words)]) == (Segment(0, 2, "It is. Good."),)


@pytest.mark.parametrize(
    "text", ["Note: read this.", "NASA: we did it.", "https://example.org", "It is: good", "Remember this: never give up"]
)
def test_a_single_colon_is_no_speaker(text: str) -> None:
    assert tidy([Cue(0, 1, text)]) == (Segment(0, 1, text),)


def test_note_is_no_speaker_however_often() -> None:
    assert all(segment.speaker is None for segment in tidy([Cue(i, i + 1, f"Note: number {i}") for i in range(9)]))


def test_a_huge_cue_is_divided_and_nothing_lost() -> None:
    text = " ".join(f"word{i}" for i in range(5000))
    segments = tidy([Cue(0, 1000, text)])
    assert " ".join(segment.text for segment in segments) == text
    assert max(len(segment.text) for segment in segments) <= LONGEST
    assert segments[-1].end == pytest.approx(1000)


TIMES = st.floats(min_value=0, max_value=1e6)
TEXT = st.text() | st.sampled_from(["same", "ANN: x", ">> y", "<v Bob>z", "[Music]", "a\nb"])
CUES = st.lists(
    st.builds(Cue, TIMES, st.none() | st.floats(min_value=-1e6, max_value=1e7), TEXT, st.none() | st.text(max_size=5)), max_size=30
)


@given(CUES)
def test_times_only_go_forward_and_texts_are_clean(cues: list[Cue]) -> None:
    segments = tidy(cues)
    for segment in segments:
        assert 0 <= segment.start <= segment.end < math.inf
        assert segment.text == " ".join(segment.text.split())
        assert segment.text
        segment.text.encode()  # no lone surrogates
        assert "\x00" not in segment.text
    for one, two in pairwise(segments):
        assert one.end <= two.start + 1e-9


WORDS = st.lists(st.sampled_from(["so", "well", "no", "yes", "they", "went", "home", "again"]), min_size=1, max_size=6).map(" ".join)


@given(st.lists(st.tuples(st.integers(0, 1000), WORDS), max_size=20, unique_by=lambda cue: cue[0]))
def test_plain_cues_that_do_not_touch_lose_no_word(cues: list[tuple[int, str]]) -> None:
    given_words = [word for start, text in sorted(cues) for word in text.split()]
    segments = tidy(Cue(start, start + 0.5, text) for start, text in cues)
    assert [word for segment in segments for word in segment.text.split()] == given_words


def test_a_line_that_two_people_say_is_kept_twice_in_written_captions() -> None:
    cues = [Cue(i * 3.0, i * 3.0 + 2, f"Line {i}.") for i in range(9)] + [
        Cue(27, 29, "There is no signal."),
        Cue(29, 31, "There is no signal.\nPlug one."),
        Cue(31, 32, "No"),
        Cue(32, 33, "No way"),
    ]
    assert texts(*cues)[-4:] == ["There is no signal.", "There is no signal. Plug one.", "No", "No way"]
