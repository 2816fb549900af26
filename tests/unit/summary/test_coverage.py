"""The stretches of a summary join from 0 to the duration, whatever the sentences do."""

from itertools import pairwise

from hypothesis import given, settings, strategies as st

from pipeline.summary.coverage import coverage
from pipeline.types import Citation, Point, Sentence, Status


def sentence(index: int, start: float, end: float) -> Sentence:
    return Sentence(index, start, end, f"sentence {index}")


def point(*indexes: int) -> Point:
    return Point("text", tuple(Citation(0, 1, "quote", index) for index in indexes), "quote", 1.0)


def rows(*args: object) -> list[tuple[float, float, str, tuple[int, ...], str]]:
    return [(c.start, c.end, str(c.status), c.points, c.reason) for c in coverage(*args)]  # type: ignore[arg-type]


def test_each_fate() -> None:
    sentences = [sentence(0, 5, 10), sentence(1, 10, 20), sentence(2, 20.5, 30), sentence(3, 30, 40), sentence(4, 40, 50)]

    got = rows(60.0, sentences, [point(1), point(1, 4)], [point(0)], {3: "advertisement"})

    assert got == [
        (0.0, 5, "silence", (), ""),
        (5, 10, "cited", (), ""),
        (10, 20.5, "cited", (0, 1), ""),
        (20.5, 30, "read", (), ""),
        (30, 40, "skipped", (), "advertisement"),
        (40, 50, "cited", (1,), ""),
        (50, 60.0, "silence", (), ""),
    ]


def test_a_citation_shows_through_overlapping_speech() -> None:
    got = coverage(20, [sentence(0, 0, 20), sentence(1, 5, 8)], [point(1)], [], {})

    assert [(c.start, c.end, c.status) for c in got] == [(0, 5, Status.READ), (5, 8, Status.CITED), (8, 20, Status.READ)]


def test_words_after_the_end_are_cut_off() -> None:
    got = coverage(10, [sentence(0, 0, 9), sentence(1, 9, 30)], [], [], {})

    assert [(c.start, c.end) for c in got] == [(0, 10)]


def test_no_words_is_one_silence() -> None:
    assert [(c.start, c.end, c.status) for c in coverage(7, [], [], [], {})] == [(0, 7, Status.SILENCE)]
    assert coverage(0, [], [], [], {}) == ()


_SPANS = st.lists(st.tuples(st.floats(0, 120), st.floats(0, 30), st.sampled_from(["cited", "skipped", "read"])), max_size=30)


@given(st.floats(0.5, 100), _SPANS)
@settings(max_examples=200, deadline=None)
def test_stretches_join_without_gap_or_overlap(duration: float, spans: list[tuple[float, float, str]]) -> None:
    ordered = sorted(spans)
    sentences = [sentence(i, start, start + length) for i, (start, length, _) in enumerate(ordered)]
    cited = [point(i) for i, span in enumerate(ordered) if span[2] == "cited"]
    skipped = {i: "advertisement" for i, span in enumerate(ordered) if span[2] == "skipped"}

    got = coverage(duration, sentences, cited, [], skipped)

    assert got[0].start == 0
    assert got[-1].end == duration
    assert all(a.end == b.start for a, b in pairwise(got))
    assert all(c.end > c.start for c in got)
