"""Caption files as they come: every format's shape, and files broken in every way."""

import json

import pytest

from pipeline.errors import InputError
from pipeline.source import captions, cues
from pipeline.source.cues import Cue, read


def test_json3_manual_has_one_event_a_cue() -> None:
    events = [
        {"tStartMs": 0, "dDurationMs": 2365, "segs": [{"utf8": "Hello "}, {"utf8": "there"}]},
        {"tStartMs": "3000", "dDurationMs": 500, "segs": [{"utf8": "again"}]},
    ]
    assert read(json.dumps({"events": events}), "json3") == [Cue(0.0, 2.365, "Hello there"), Cue(3.0, 3.5, "again")]


def test_json3_automatic_ends_a_line_where_its_line_break_is_appended() -> None:
    events = [
        {"tStartMs": 0, "dDurationMs": 290325, "id": 1, "wpWinPosId": 1},
        {"tStartMs": 0, "dDurationMs": 5165, "wWinId": 1, "segs": [{"utf8": "lobsters"}, {"utf8": " and", "tOffsetMs": 967}]},
        {"tStartMs": 2355, "dDurationMs": 2800, "wWinId": 1, "aAppend": 1, "segs": [{"utf8": "\n"}]},
        {"tStartMs": 2615, "dDurationMs": 6779, "wWinId": 1, "segs": [{"utf8": "when"}]},
    ]
    assert read(json.dumps({"events": events}), "json3") == [
        Cue(0.0, 2.355, "lobsters and", words=((8, 0.967),)),
        Cue(2.615, 9.394, "when"),
    ]


@pytest.mark.parametrize(
    "event",
    [None, 7, "x", [], {}, {"segs": [{"utf8": "no time"}]}, {"tStartMs": None, "segs": [{"utf8": "x"}]}, {"tStartMs": True, "segs": [{"utf8": "x"}]},
     {"tStartMs": 1, "segs": None}, {"tStartMs": 1, "segs": "text"}, {"tStartMs": 1, "segs": [None, 3, {}, {"utf8": None}, {"utf8": 5}]},
     {"tStartMs": -5000, "segs": [{"utf8": "before"}]}, {"tStartMs": 1e300, "segs": [{"utf8": "late"}]}, {"tStartMs": "1e999", "segs": [{"utf8": "never"}]}],
)  # fmt: skip
def test_a_broken_event_costs_only_itself(event: object) -> None:
    good = {"tStartMs": 1000, "dDurationMs": 1000, "segs": [{"utf8": "good"}]}
    assert read(json.dumps({"events": [event, good]}), "json3") == [Cue(1.0, 2.0, "good")]


@pytest.mark.parametrize("text", ["", "{", "nonsense", "[" * 100_000, '{"a":' * 5000])
def test_what_is_not_json_is_refused(text: str) -> None:
    with pytest.raises(InputError) as caught:
        read(text, "json3")
    assert caught.value.code == "bad_transcript"


@pytest.mark.parametrize(
    "data",
    [
        {"segments": [{"start": 1, "end": 2.5, "text": "Hi", "speaker": "Ann"}]},
        {
            "transcript": {"origin": "speech", "language": "en", "segments": [{"start": 1, "end": 2.5, "text": "Hi", "speaker": "Ann"}]},
            "summary": {},
        },
        [{"text": "Hi", "start": 1.0, "duration": 1.5, "speaker": "Ann"}],
    ],
)
def test_lists_of_segments_of_other_programs_and_our_own(data: object) -> None:
    assert read(json.dumps(data), "json") == [Cue(1.0, 2.5, "Hi", "Ann")]


def test_srv1_is_escaped_twice() -> None:
    text = '<?xml version="1.0" encoding="utf-8" ?><transcript><text start="0" dur="2.365">there&amp;#39;s &lt;b&gt;</text><text start="3">open</text></transcript>'
    assert read(text, "srv1") == [Cue(0.0, 2.365, "there's <b>"), Cue(3.0, None, "open")]


def test_srv3_has_words_and_appended_breaks() -> None:
    text = """<timedtext format="3"><head><ws id="0"/></head><body><w t="0" id="1"/>
        <p t="0" d="5165" w="1"><s ac="0">lobsters</s><s t="967" ac="0"> and</s></p><p t="2355" d="2800" w="1" a="1">
</p><p t="2615" d="500">when</p></body></timedtext>"""
    assert read(text, "srv3") == [Cue(0.0, 2.355, "lobsters and", words=((8, 0.967),)), Cue(2.615, 3.115, "when")]


def test_xml_that_breaks_off_gives_what_came_before() -> None:
    assert read('<transcript><text start="1" dur="1">one</text><text start="2" dur="1">two</te', "srv1") == [
        Cue(1.0, 2.0, "one"),
        Cue(2.0, 3.0, "two"),
    ]


TTML = """<?xml version="1.0" encoding="utf-8"?>
<!-- by hand --><tt xmlns="http://www.w3.org/ns/ttml" xmlns:ttp="p" ttp:frameRate="25" ttp:tickRate="10000000" xml:lang="pt-BR"><head><styling><style xml:id="s"/></styling></head>
<body><div begin="10s"><p begin="00:00:01.000" end="00:00:02.500">Um <span tts:color="red">dois</span><br/>tr&#234;s &amp; <![CDATA[<4>]]></p>
<tt:p begin="3s" dur="500ms">quatro</tt:p><!-- <p begin="4s">not this</p> --><p begin="00:00:05:12" end="150f">cinco</p></div>
<div><p begin="70000000t" end="8s"><span begin="0s">seis</span> <span begin="0.5s">sete</span></p><p begin='9s' end='12s'>a <span begin='10s'>b</span></p>
<p><span begin="20s" end="21s">oito</span><span begin="22s">nove</span></p><p/><p begin="later">never</p><p begin="0.5h">dez</p>"""


def test_ttml_in_all_its_ways_of_writing_times() -> None:
    assert read(TTML, "ttml") == [
        Cue(11.0, 12.5, "Um dois\ntrês & <4>"), Cue(13.0, 13.5, "quatro"), Cue(15.48, 16.0, "cinco"),
        Cue(7.0, 8.0, "seis sete", words=((0, 7.0), (5, 7.5))), Cue(9.0, 12.0, "a b", words=((2, 10.0),)),
        Cue(20.0, 21.0, "oito"), Cue(22.0, None, "nove"), Cue(1800.0, None, "dez"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text", ["<tt><p begin='1s'>one</p><p begin='2s'>tw", "<tt><p begin='1s'>one<p begin='2s'>tw</b></i></div></div><br"]
)
def test_ttml_that_breaks_off_or_the_rules_gives_what_can_be_read(text: str) -> None:
    assert [cue.text for cue in read(text, "ttml")] == ["one", "tw"]


def test_words_of_webvtt_have_times() -> None:
    text = "WEBVTT\n\n00:01.000 --> 00:03.000\nso<00:01.500><c> it</c><00:00:02,000><c> is</c>"
    assert read(text, "vtt") == [Cue(1.0, 3.0, "so<c> it</c><c> is</c>", words=((2, 1.5), (12, 2.0)))]


def test_entities_of_a_document_are_not_expanded() -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><transcript><text start="1" dur="1">&b;</text></transcript>'
    assert read(bomb, "srv1") == [Cue(1.0, 2.0, "&b;")]


VTT = """WEBVTT - a title
Kind: captions
Language: en

NOTE
a comment
of two lines

STYLE
::cue { color: red }

intro
00:01.000 --> 00:02.000 position:50%,middle align:middle
One
two

00:00:03.000 --> 00:00:04.500
Three
00:00:05.000 --> 00:00:06.000
Four

lonely text

00:07.000-->00:08,5
Five"""


def test_vtt() -> None:
    assert read(VTT, "vtt") == [Cue(1.0, 2.0, "One\ntwo"), Cue(3.0, 4.5, "Three"), Cue(5.0, 6.0, "Four"), Cue(7.0, 8.5, "Five")]


def test_srt_without_empty_lines_does_not_read_numbers_as_text() -> None:
    text = "1\n00:00:01,000 --> 00:00:02,000\nOne\n2\n00:00:02,000 --> 00:00:03,000\n42\n  \n3\n00:00:03,000 --> 00:00:04,000\nThree"
    assert read(text, "srt") == [Cue(1.0, 2.0, "One"), Cue(2.0, 3.0, "42"), Cue(3.0, 4.0, "Three")]


def test_a_line_of_spaces_ends_no_cue() -> None:
    """YouTube writes one into each automatic cue."""
    assert read("WEBVTT\n\n00:00:00.000 --> 00:00:02.000\n \nlobsters\n\n", "vtt") == [Cue(0.0, 2.0, " \nlobsters")]


@pytest.mark.parametrize("line", ["00:00:03.xx --> 00:00:04.000", "0:0:3 -> soon", "00:00:0", "  1:00:00,5 -->"])
def test_a_line_that_was_meant_to_have_times_ends_the_cue_before_it(line: str) -> None:
    found = read(f"1\n00:00:01,000 --> 00:00:02,000\nOne\n{line}\nlost\n\n3\n00:00:05,000 --> 00:00:06,000\nx --> y", "srt")
    assert [cue.text for cue in found] == ["One" if "->" in line else f"One\n{line}\nlost", "x --> y"]


def test_strange_times() -> None:
    text = "-00:00:01,000 --> 00:00:02,000\nbefore\n\n-0:05.0 --> -0:01.0\nlong before\n\n120:00:00,000 --> 120:00:01,000\nfive days\n\n1000:00:00.0 --> 1000:00:01.0\nnever\n\n"
    text += "75:30.5-->75:31.5\nlong minutes"
    assert read(text, "srt") == [Cue(0.0, 2.0, "before"), Cue(432000.0, 432001.0, "five days"), Cue(4530.5, 4531.5, "long minutes")]
    assert read('[{"start": 1, "end": 1e300, "text": "x"}]', "json") == [Cue(1.0, None, "x")]


def test_times_without_parts_of_seconds_and_times_that_are_said() -> None:
    text = "1\n00:00:01 --> 00:00:04\nWe meet at\n10:30, 11:45 or 12:00.\nBe there\n\n2\n00:00:05 --> 00:00:08\nSecond line"

    assert captions.recognise(text) == "srt"
    assert [(cue.start, cue.end, cue.text) for cue in cues.read(text, "srt")] == [(1.0, 4.0, "We meet at\n10:30, 11:45 or 12:00.\nBe there"), (5.0, 8.0, "Second line")]


def test_sbv() -> None:
    assert read("0:00:00.378,0:00:11.378\nOne\n\n0:01:00.000,0:01:01.000\nTwo", "sbv") == [
        Cue(0.378, 11.378, "One"),
        Cue(60.0, 61.0, "Two"),
    ]


def test_plain_text_with_times_as_copied_from_youtube() -> None:
    assert read("0:00\nhello\n0:05\nworld and\nmore\n1:02:03\nend", "txt") == [
        Cue(0.0, 5.0, "hello"),
        Cue(5.0, 3723.0, "world and more"),
        Cue(3723.0, None, "end"),
    ]
    assert read("[00:01] one\n[00:02] two", "txt") == [Cue(1.0, 2.0, "one"), Cue(2.0, None, "two")]


@pytest.mark.parametrize("head", ["Ann Lee: 00:00:05", "Ann Lee (00:00:05):", "Ann Lee [0:05]", "Ann Lee: [00:00:05]"])
def test_plain_text_with_names_and_times(head: str) -> None:
    text = f"---\ntitle: x\n---\n# Heading\n\n{head}\n\nHello there.\nHow are you?\n\nBob: 00:00:09 Fine.\n"
    assert read(text, "txt") == [Cue(5.0, 9.0, "Hello there. How are you?", "Ann Lee"), Cue(9.0, None, "Fine.", "Bob")]


def test_markdown_is_read_as_what_it_means() -> None:
    cues = read("## Intro\n\n**Ann:** Welcome all.\n\n---\n\n**Bob**: Thanks, 2 ** 3 ** 4.", "txt")
    assert [cue.text for cue in cues] == ["Ann: Welcome all.", "Bob: Thanks, 2 ** 3 ** 4."]


def test_a_time_in_a_sentence_is_no_time_of_a_line() -> None:
    cues = read("We met at (10:30) in town.\n" + "And then we talked.\n" * 20, "txt")
    assert (cues[0].start, cues[0].text) == (0.0, "We met at (10:30) in town.")


def test_plain_text_gets_estimated_times() -> None:
    one, two = read("One two three four five.\n\nSix seven, eight nine ten!", "txt")
    assert (one.start, one.end, two.start, two.end) == (0.0, 2.0, 2.0, 4.0)


def test_japanese_text_is_not_one_word() -> None:
    first, second = read("これは日本語の文章です。もう一つの文です。", "txt")
    assert first.text.endswith("。")
    assert 1.0 < second.start < 5.0


def test_too_many_cues_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cues, "MOST_CUES", 3)
    with pytest.raises(InputError, match="more than 3 cues"):
        read("\n".join(f"0:0{second}\nx" for second in range(5)), "txt")


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(InputError, match="'ass' is not read"):
        read("x", "ass")
