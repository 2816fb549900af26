"""Summaries by the built-in models: whatever they write, what is shown was said.

To read one beside its transcript: `python -m tests.integration.summary.show medium`.
"""

from itertools import pairwise

import pytest

from pipeline.language.generator import Embedder, Generator
from pipeline.summary.sentences import joined, plain
from pipeline.summary.summarize import make_gist, make_summary
from pipeline.summary.verify import check
from pipeline.types import Options, Point, Status, Summary
from tests.integration.summary.conftest import Ready, ready
from tests.standin.talks import load_talk


def summarise(talk: Ready, generator: Generator | None, embedder: Embedder) -> Summary:
    gist = make_gist(talk.video, talk.sentences, generator, Options(), embedder=embedder)
    return make_summary(
        talk.video,
        talk.sentences,
        talk.chunks,
        talk.vectors,
        generator,
        embedder,
        Options(),
        gist,
        emit=lambda progress: None,
        on_partial=lambda part: None,
    )


@pytest.fixture(scope="module", name="short")
def _short(embedder: Embedder) -> Ready:
    return ready("short", embedder)


@pytest.fixture(scope="module", name="summary")
def _summary(short: Ready, generator: Generator, embedder: Embedder) -> Summary:
    return summarise(short, generator, embedder)


def every(summary: Summary) -> tuple[Point, ...]:
    return (summary.gist, *summary.overview, *summary.points)


def test_every_citation_stands_in_the_transcript_at_its_time(summary: Summary, short: Ready) -> None:
    for citation in (citation for point in every(summary) for citation in point.citations):
        around = [s for s in short.transcript.segments if s.end > citation.start - 0.01 and s.start < citation.end + 0.01]
        assert plain(citation.quote) in plain(" ".join(segment.text for segment in around))
        assert plain(citation.quote) in plain(joined(short.transcript))


def test_what_is_phrased_passes_the_checks_and_what_is_quoted_is_a_quote(summary: Summary) -> None:
    for point in every(summary):
        if point.kind == "phrased":
            assert check(point.text, [citation.quote for citation in point.citations], summary.language).ok
        else:
            assert point.text.casefold() == point.citations[0].quote.casefold()


def test_coverage_adds_up(summary: Summary, short: Ready) -> None:
    assert summary.coverage[0].start == 0
    assert summary.coverage[-1].end == short.video.duration
    assert all(a.end == b.start for a, b in pairwise(summary.coverage))
    assert {number for stretch in summary.coverage for number in stretch.points} == set(range(len(summary.points)))


def test_the_same_again(summary: Summary, short: Ready, generator: Generator, embedder: Embedder) -> None:
    """What is chosen; its words may differ, since a prompt that the cache holds is read in other shapes, which round otherwise in bf16."""
    again = summarise(short, generator, embedder)

    assert [point.citations for point in every(again)] == [point.citations for point in every(summary)]
    assert [(chapter.start, chapter.end) for chapter in again.chapters] == [(chapter.start, chapter.end) for chapter in summary.chapters]
    assert [(stretch.start, stretch.end, stretch.points) for stretch in again.coverage] == [
        (stretch.start, stretch.end, stretch.points) for stretch in summary.coverage
    ]


def test_spanish_is_quoted_and_says_why(generator: Generator, embedder: Embedder) -> None:
    summary = summarise(ready("spanish", embedder), generator, embedder)

    assert {point.kind for point in every(summary)} == {"quote"}
    assert [chapter.title for chapter in summary.chapters] == [title for _, title in load_talk("spanish").chapters]
    assert any("quotes in Spanish" in note for note in summary.notes)


def test_the_advertisement_is_left_out_of_a_long_talk_and_its_facts_are_not(embedder: Embedder) -> None:
    talk = ready("long", embedder)
    start, end = load_talk("long").advertisement or (0, 0)

    summary = summarise(talk, None, embedder)

    skipped = [c for c in summary.coverage if c.status is Status.SKIPPED]
    assert sum(max(0.0, min(c.end, end) - max(c.start, start)) for c in skipped) > 0.7 * (end - start)
    assert not any(citation.start < end and citation.end > start for point in every(summary) for citation in point.citations)
    assert {point.chapter for point in summary.points} == set(range(len(summary.chapters)))
