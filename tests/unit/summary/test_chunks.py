"""Chunks hold whole sentences, all of them, once."""

from pipeline.summary.chunks import cut, estimate
from pipeline.types import Sentence


def talk(count: int, gap_before: int | None = None) -> list[Sentence]:
    out, at = [], 0.0
    for number in range(count):
        at += 60.0 if number == gap_before else 0.0
        out.append(Sentence(number, at, at + 4, f"This is sentence number {number} of a talk about nothing much at all."))
        at += 4
    return out


def test_every_sentence_stands_in_exactly_one_chunk() -> None:
    sentences = talk(100)

    chunks = cut(sentences)

    assert [i for chunk in chunks for i in range(chunk.first, chunk.last + 1)] == list(range(100))
    assert [chunk.index for chunk in chunks] == list(range(len(chunks)))


def test_chunks_are_below_the_limit_and_of_like_size() -> None:
    sizes = [estimate(chunk.text) for chunk in cut(talk(100), most=120)]

    assert max(sizes) <= 120
    assert min(sizes) >= max(sizes) / 2


def test_the_given_tokenizer_counts() -> None:
    chunks = cut(talk(20), count=lambda text: 50, most=100)

    assert all(chunk.last - chunk.first <= 1 for chunk in chunks)


def test_a_long_pause_ends_a_chunk() -> None:
    chunks = cut(talk(12, gap_before=5))

    assert 4 in [chunk.last for chunk in chunks]
    assert all(chunk.end - chunk.start < 60 for chunk in chunks)


def test_one_endless_sentence_is_a_chunk_of_its_own() -> None:
    sentences = [Sentence(0, 0, 9, "word " * 400), Sentence(1, 9, 10, "The end.")]

    assert [(chunk.first, chunk.last) for chunk in cut(sentences)] == [(0, 0), (1, 1)]


def test_times_are_those_of_the_sentences() -> None:
    chunk = cut(talk(3))[0]

    assert (chunk.start, chunk.end) == (0, 12)
    assert cut([]) == ()
