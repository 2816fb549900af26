"""Caption shards become sentences whose words are never altered and whose times follow the words."""

from hypothesis import given, settings, strategies as st

from pipeline.summary.sentences import is_punctuated, joined, plain, split
from pipeline.summary.words import words
from pipeline.types import Origin, Segment, Transcript


def transcript(*rows: tuple[float, float, str] | tuple[float, float, str, str], language: str = "en") -> Transcript:
    return Transcript(language, Origin.CAPTIONS_AUTO, None, tuple(Segment(*row) for row in rows))


def texts(script: Transcript) -> list[str]:
    return [sentence.text for sentence in split(script)]


def test_shards_are_joined_and_cut_at_full_stops() -> None:
    script = transcript((0, 2, "The sun is a star."), (2, 4, "It is made of"), (4, 6, "hot gas. Planets"), (6, 8, "move around it."))

    assert texts(script) == ["The sun is a star.", "It is made of hot gas.", "Planets move around it."]


def test_times_are_interpolated_inside_a_segment() -> None:
    script = transcript((10, 20, "Aaaa bbb. Cccc ddd."))

    first, second = split(script)

    assert (first.start, second.end) == (10, 20)
    assert 14 < first.end < 15.5
    assert first.end <= second.start < 15.5


def test_a_speaker_change_ends_a_sentence() -> None:
    script = transcript((0, 2, "I would say that", "Ann"), (2, 4, "no, not at all.", "Bob"))

    assert [(s.text, s.speaker) for s in split(script)] == [("I would say that", "Ann"), ("no, not at all.", "Bob")]


def test_arrows_of_captions_are_a_speaker_change_and_no_words() -> None:
    script = transcript((0, 2, "Is it true?"), (2, 4, ">> It is"), (4, 6, "quite true."))

    assert texts(script) == ["Is it true?", "It is quite true."]


def test_a_sentence_in_brackets_is_no_sound() -> None:
    assert texts(transcript((0, 2, "She smiled."), (2, 4, "(I don't trust her at all.)"), (4, 6, "(door slams)"))) == ["She smiled.", "(I don't trust her at all.)"]


def test_a_minus_is_no_speaker_change() -> None:
    script = transcript((0, 2, "x is equal to"), (2, 4, "-4 times 3, which is"), (4, 6, "-12."), (6, 8, "- Really?"))

    assert texts(script) == ["x is equal to -4 times 3, which is -12.", "Really?"]


def test_words_of_hindi_are_whole() -> None:
    assert words("भारत के प्रधानमंत्री") == ("भारत", "के", "प्रधानमंत्री")
    assert texts(transcript((0, 4, "यह पहला वाक्य है। یہ دوسرا ہے۔ अंत।"), language="hi"))[0] == "यह पहला वाक्य है।"


def test_sounds_are_no_sentences_and_end_one() -> None:
    script = transcript((0, 2, "[Music]"), (2, 4, "♪"), (4, 6, "We begin"), (6, 8, "[Applause]"), (8, 10, "with a song."))

    assert texts(script) == ["We begin", "with a song."]


def test_a_long_pause_ends_a_sentence_without_a_full_stop() -> None:
    assert texts(transcript((0, 2, "so that was it"), (9, 11, "now the next part"))) == ["so that was it", "now the next part"]


def test_abbreviations_and_decimals_end_nothing() -> None:
    script = transcript((0, 5, "Dr. Smith paid 3.5 million dollars in the U.S. for it."))

    assert texts(script) == ["Dr. Smith paid 3.5 million dollars in the U.S. for it."]


def test_unpunctuated_speech_is_cut_into_clauses() -> None:
    words = "we looked at the data for a whole year and what we found is that people sleep less in winter but they say that they sleep more so we asked them again"
    rows = [(i * 2.0, i * 2.0 + 2, " ".join(words.split()[i * 6 : i * 6 + 6])) for i in range(6)]
    long = transcript(*rows, *[(start + 12, end + 12, text) for start, end, text in rows])

    cut = split(long)

    assert len(cut) >= 3
    assert all(6 <= len(sentence.text.split()) <= 44 for sentence in cut)
    assert " ".join(sentence.text for sentence in cut) == joined(long)
    assert not is_punctuated(cut)


def test_japanese_and_chinese_are_cut_at_their_own_marks_and_joined_without_spaces() -> None:
    script = transcript((0, 2, "今日は天気が"), (2, 4, "いいです。散歩に"), (4, 6, "行きましょう。"), language="ja")

    assert texts(script) == ["今日は天気がいいです。", "散歩に行きましょう。"]


def test_rolling_captions_end_where_the_next_begin() -> None:
    script = transcript((0, 6, "One two three four."), (2, 8, "Five six seven eight."))

    first, second = split(script)

    assert first.end <= second.start == 2


def test_segments_out_of_order_are_sorted() -> None:
    assert texts(transcript((4, 6, "Second one here."), (0, 2, "First one here."))) == ["First one here.", "Second one here."]


def test_nothing_gives_nothing() -> None:
    assert split(transcript()) == ()
    assert split(transcript((0, 1, "  "), (1, 2, "..."))) == ()


_PIECES = st.lists(st.tuples(st.floats(0, 500), st.floats(0, 9), st.text(max_size=60)), max_size=25)


@given(_PIECES)
@settings(max_examples=150, deadline=None)
def test_every_sentence_stands_in_the_transcript_and_times_stay_in_it(pieces: list[tuple[float, float, str]]) -> None:
    script = transcript(*[(start, start + length, text) for start, length, text in pieces])
    whole = plain(joined(script))
    last = max((start + length for start, length, _ in pieces), default=0)

    for number, sentence in enumerate(split(script)):
        assert sentence.index == number
        assert plain(sentence.text) in whole
        assert 0 <= sentence.start <= sentence.end <= last + 0.001
