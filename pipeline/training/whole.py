"""Whole meetings, as the product reads a video of hours: whether every subject has a point, and whether chapters begin where subjects do.

Chapters are measured beside stretches of equal length, as many, and beside TextTiling (Hearst 1997, as NLTK has it).
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import mean
from typing import Any

from pipeline.errors import ModelError
from pipeline.language.generator import Embedder
from pipeline.summary.chunks import cut
from pipeline.summary.summarize import make_gist, make_summary
from pipeline.summary.words import stop_words
from pipeline.training.meetings import Meeting, is_inside
from pipeline.training.metrics import border_f1, window_diff
from pipeline.types import Options, Summary, Video

NEAR = 0.01
"""A border counts as found within this share of the meeting: 10 of 1,000 sentences."""


@dataclass(frozen=True, slots=True)
class Borders:
    """Averages over meetings. `window_diff`: the lower the better."""

    window_diff: float
    f1: float
    count: float


@dataclass(frozen=True, slots=True)
class Whole:
    meetings: int
    coverage: float
    """Of the annotators' subjects, percent that a point is cited from."""
    points: float
    chapters: dict[str, Borders]
    """Of `ours`, `equal`, `texttiling`."""
    gold: float
    """Borders of subjects in a meeting."""


def measure(meetings: Sequence[Meeting], embedder: Embedder, report: Callable[[str], None]) -> Whole:
    """Points are the selected sentences: what is chosen decides what is covered, whoever phrases it."""
    covered: list[bool] = []
    found: dict[str, list[tuple[float, float, int]]] = {"ours": [], "equal": [], "texttiling": []}
    counts, gold = [], []
    for meeting in meetings:
        summary = summarised(meeting, embedder)
        covered += _covered(meeting, summary)
        counts.append(len(summary.points))
        starts = [sentence.start for sentence in meeting.sentences]
        ours = [bisect_left(starts, chapter.start) for chapter in summary.chapters[1:]]
        borders = topic_borders(meeting)
        gold.append(len(borders))
        for name, tried in (("ours", ours), ("equal", equal(len(ours), len(starts))), ("texttiling", texttiling(meeting))):
            tolerance = round(NEAR * len(starts))
            found[name].append((window_diff(tried, borders, len(starts)), border_f1(tried, borders, tolerance), len(tried)))
        report(f"{meeting.name}: {len(summary.points)} points, {len(ours) + 1} chapters")
    chapters = {name: Borders(*(mean(column) for column in zip(*rows, strict=True))) for name, rows in found.items()}
    return Whole(len(meetings), 100 * mean(covered), mean(counts), chapters, mean(gold))


def summarised(meeting: Meeting, embedder: Embedder) -> Summary:
    """The product's summary, of quotes."""
    sentences = meeting.sentences
    video = Video(f"file:{meeting.name}", "", "", sentences[-1].end, language="en")
    chunks = cut(sentences)
    gist = make_gist(video, sentences, None, Options(), embedder=embedder)
    vectors = embedder.passages([chunk.text for chunk in chunks])
    return make_summary(video, sentences, chunks, vectors, None, embedder, Options(), gist, emit=_quiet, on_partial=_quiet)


def topic_borders(meeting: Meeting) -> list[int]:
    """The sentences at which the annotators' subjects begin, but the first."""
    firsts = {bisect_left(meeting.turns, first) for topic in meeting.topics for first, _ in topic.spans}
    return sorted(at for at in firsts if 0 < at < len(meeting.sentences))


def equal(count: int, units: int) -> list[int]:
    return [round(units * number / (count + 1)) for number in range(1, count + 1)]


def texttiling(meeting: Meeting) -> list[int]:
    """Borders by NLTK's TextTiling with its usual settings; each turn is a paragraph.

    Raises:
        ModelError: `not_installed` when NLTK is not.
    """
    try:
        from nltk.tokenize.texttiling import TextTilingTokenizer
    except ImportError as error:
        raise ModelError("not_installed", "Comparing chapters needs NLTK: pip install 'nutshell[evaluate]'.") from error
    text, places = "", []
    for at, sentence in enumerate(meeting.sentences):
        text += "\n\n" if at and meeting.turns[at] != meeting.turns[at - 1] else " "
        places.append(len(text))
        text += sentence.text
    tokenizer: Any = TextTilingTokenizer(stopwords=sorted(stop_words("en")))
    out, end = [], 0
    for segment in tokenizer.tokenize(text)[:-1]:
        end += len(segment)
        out.append(bisect_right(places, end))
    return sorted({at for at in out if 0 < at < len(places)})


def _covered(meeting: Meeting, summary: Summary) -> list[bool]:
    turns = dict(zip((sentence.index for sentence in meeting.sentences), meeting.turns, strict=True))
    cited = [turns[citation.sentence] for point in summary.points for citation in point.citations]
    return [any(is_inside(turn, topic.spans) for turn in cited) for topic in meeting.topics if topic.spans]


def _quiet(_: object) -> None:
    """Nobody watches."""
