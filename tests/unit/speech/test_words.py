"""Words become segments that can be cited."""

from pipeline.speech.words import LONG, LONGEST, Word, segment, sentences, trimmed


def said(text: str, *, each: float = 0.4, start: float = 0.0, gaps: dict[int, float] | None = None) -> list[Word]:
    """The words of `text`, `each` seconds long, with a silence of gaps[n] seconds before word n."""
    words, at = [], start
    for number, word in enumerate(text.split()):
        at += (gaps or {}).get(number, 0.0)
        words.append(Word(f" {word}", at, at + each))
        at += each
    return words


def texts(words: list[Word]) -> list[str]:
    return [segment(run).text for run in sentences(words)]


def test_sentences_end_at_their_punctuation() -> None:
    assert texts(said("It rains. Does it? Yes! Good")) == ["It rains.", "Does it?", "Yes!", "Good"]


def test_abbreviations_and_ordinals_end_nothing() -> None:
    assert texts(said("Dr. Smith met J. Doe on the 3. of May. Then he left.")) == [
        "Dr. Smith met J. Doe on the 3. of May.",
        "Then he left.",
    ]


def test_languages_without_spaces() -> None:
    words = [Word(char, n * 0.2, n * 0.2 + 0.2) for n, char in enumerate("今日は晴れ。明日は雨。")]

    assert texts(words) == ["今日は晴れ。", "明日は雨。"]


def test_a_silence_ends_a_segment() -> None:
    found = [segment(run) for run in sentences(said("we were saying and then nothing", gaps={3: 5.0}))]

    assert [(one.start, one.end, one.text) for one in found] == [(0.0, 1.2, "we were saying"), (6.2, 7.4, "and then nothing")]


def test_a_long_sentence_breaks_at_a_comma_with_the_longest_pause() -> None:
    words = said(" ".join(["word"] * 20 + ["comma,"] + ["word"] * 8 + ["pause,"] + ["word"] * 20), gaps={30: 0.5})

    found = [segment(run) for run in sentences(words)]

    assert found[0].text.endswith("pause,")
    assert all(one.end - one.start <= LONG for one in found)


def test_speech_without_any_punctuation_never_makes_endless_segments() -> None:
    found = [segment(run) for run in sentences(said(" ".join(["word"] * 400)))]

    assert sum(len(one.text.split()) for one in found) == 400
    assert max(one.end - one.start for one in found) <= LONGEST


def test_words_that_end_where_they_begin() -> None:
    found = segment([Word(" a", 3.0, 3.0), Word(" b", 3.0, 3.0)])

    assert (found.start, found.text) == (3.0, "a b")
    assert found.end > found.start


def test_the_silence_around_a_sentence_is_not_part_of_it() -> None:
    first, middle, last = trimmed([Word(" Well", 0.0, 9.0), Word(" it", 9.0, 9.2), Word(" is.", 9.2, 15.0)])

    assert (first.start, first.end) == (7.8, 9.0)
    assert (middle.start, middle.end) == (9.0, 9.2)
    assert (last.start, last.end) == (9.2, 10.399999999999999)
