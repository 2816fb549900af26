"""`nutshell evaluate ask`: questions to meetings and talks, answered by the product's own code from a real library of them.

Of each meeting its own questions are asked, whose answers stand in known turns, and questions of others, which it does not answer. A question of another meeting
of the same series (AMI's all design a remote control) may well be answered here too, so only those of other series count as unanswerable.
"""

import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean

from pipeline.language.generator import Embedder, Generator
from pipeline.library.answer import ask
from pipeline.store.database import Database
from pipeline.summary.chunks import cut
from pipeline.timecode import clock
from pipeline.training.meetings import Meeting, Question, load
from pipeline.training.metrics import unsupported
from pipeline.training.stored import add
from pipeline.types import Answer, AnswerCitation

OWN = Path(__file__).parent / "asked"
"""Five talks and meetings of our own with 76 questions that they answer and 49 that sound fitting and that they do not answer."""
FOREIGN = 6
"""Questions of other meetings that each meeting is asked."""

_SERIES = (
    ("AMI", re.compile(r"^(?:ES|IS|TS|IB|IN)\d{4}")),
    ("ICSI", re.compile(r"^B[a-z]{2}\d{3}")),
    ("committee", re.compile(r"^(?:covid|education)_\d+")),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """One question to one meeting. `spans`: the turns that answer it; empty: nothing does."""

    meeting: Meeting
    text: str
    spans: tuple[tuple[int, int], ...]
    near: bool = False
    """Written to sound fitting, which is harder to refuse than a question about something else."""


@dataclass(frozen=True, slots=True)
class Outcome:
    asked: Asked
    answer: Answer
    seconds: float

    @property
    def in_gold(self) -> tuple[int, int]:
        """Citations that overlap the gold spans, and all."""
        return self._hits(self.answer.citations), len(self.answer.citations)

    @property
    def is_carried_in_gold(self) -> bool:
        """Whether a citation overlaps them on which the answer itself rests."""
        return self._hits([c for c in self.answer.citations if not c.also]) > 0

    @property
    def source(self) -> str:
        """What the answer may take its facts from: the question, and its receipts with who says them."""
        return " ".join([self.asked.text, *(f"{c.speaker}: {c.quote}" if c.speaker else c.quote for c in self.answer.citations if not c.also)])

    def _hits(self, citations: Sequence[AnswerCitation]) -> int:
        gold = [(s.start, s.end) for s in self.asked.meeting.inside(self.asked.spans)] if self.asked.spans else []
        return sum(any(c.start < end and c.end > start for start, end in gold) for c in citations)


@dataclass(frozen=True, slots=True)
class Report:
    """Shares are percent; None where nothing of the kind was asked."""

    meetings: int
    answerable: int
    elsewhere: int
    near: int
    answered: float | None
    """Of answerable questions."""
    overlap: float | None
    """Of the answers to answerable questions those with a citation inside the gold spans."""
    carried: float | None
    """The same without further moments, on which the answer itself does not rest."""
    cited_in_gold: float | None
    """Of all their citations."""
    refused_answerable: float | None
    refused_elsewhere: float | None
    """Of the questions of other series or talks."""
    refused_near: float | None
    """Of the questions that sound fitting."""
    unsupported: float | None
    """Of the numbers, names and quotations in all answers those that nobody said in what is cited."""
    phrased: float | None
    """Of the answers, those in the model's words."""
    seconds: float
    wrong: tuple[str, ...] = field(default=(), repr=False)
    """A line for each question that went wrong."""
    source: str = ""
    """Where the meetings come from."""


def series_of(name: str) -> str:
    """Which recordings a meeting of QMSum belongs to; a talk of our own is its own series."""
    return next((series for series, form in _SERIES if form.match(name)), name)


def questions(meetings: Sequence[Meeting], half: int | None = None) -> tuple[Asked, ...]:
    """What every meeting is asked. `half`: 0 or 1, every second question of each kind; which is which never changes."""
    return tuple(one for place, meeting in enumerate(meetings) for kind in _kinds(meetings, place) for one in kind[half:: 2 if half is not None else 1])


def _kinds(meetings: Sequence[Meeting], place: int) -> Iterator[list[Asked]]:
    meeting = meetings[place]
    yield [Asked(meeting, question.text, question.spans) for question in meeting.questions if question.spans]
    yield [Asked(meeting, text, (), near=True) for text in meeting.not_said]
    yield [Asked(meeting, question.text, ()) for question in _foreign(meetings, place)]


def _foreign(meetings: Sequence[Meeting], place: int) -> list[Question]:
    """FOREIGN questions of other series, spread over their meetings."""
    mine = series_of(meetings[place].name)
    others = [meeting for meeting in meetings if series_of(meeting.name) != mine and meeting.questions]
    picked = [others[(place + step * 7) % len(others)] for step in range(FOREIGN)] if others else []
    return [meeting.questions[(place + step) % len(meeting.questions)] for step, meeting in enumerate(picked)]


def index(db: Database, embedder: Embedder, meetings: Sequence[Meeting], report: Callable[[str], None]) -> dict[str, str]:
    """Stores the meetings as videos, with what search finds; their ids by name."""
    ids = {}
    for number, meeting in enumerate(meetings, 1):
        chunks = cut(meeting.sentences)
        vectors = embedder.passages([chunk.text for chunk in chunks])
        ids[meeting.name] = add(db, meeting.name, chunks, vectors, meeting.sentences, title=meeting.title)
        report(f"{number} of {len(meetings)} read: {meeting.name}, {clock(meeting.sentences[-1].end)}")
    return ids


def measure(
    db: Database, embedder: Embedder, generator: Generator | None, asked: Sequence[Asked], ids: dict[str, str], report: Callable[[str], None]
) -> Report:
    """Asks everything, each question of its meeting only. Raises ModelError."""
    outcomes = []
    for number, one in enumerate(asked, 1):
        started = time.monotonic()
        found = ask(db, embedder, generator, one.text, video_id=ids[one.meeting.name])
        outcomes.append(Outcome(one, found, time.monotonic() - started))
        if number % 20 == 0 or number == len(asked):
            report(f"{number} of {len(asked)} asked")
    return summed(outcomes)


def summed(outcomes: Sequence[Outcome]) -> Report:
    right = [one for one in outcomes if one.asked.spans]
    near = [one for one in outcomes if one.asked.near]
    elsewhere = [one for one in outcomes if not one.asked.spans and not one.asked.near]
    answered = [one for one in right if one.answer.found]
    found = [one for one in outcomes if one.answer.found]
    told = [unsupported(one.answer.text, one.source) for one in found]
    facts = sum(total for _, total in told)
    cited = [one.in_gold for one in answered]
    return Report(
        meetings=len({one.asked.meeting.name for one in outcomes}),
        answerable=len(right), elsewhere=len(elsewhere), near=len(near),
        answered=_share([one.answer.found for one in right]),
        overlap=_share([hits > 0 for hits, _ in cited]),
        carried=_share([one.is_carried_in_gold for one in answered]),
        cited_in_gold=100 * sum(hits for hits, _ in cited) / max(1, sum(count for _, count in cited)) if cited else None,
        refused_answerable=_share([not one.answer.found for one in right]),
        refused_elsewhere=_share([not one.answer.found for one in elsewhere]),
        refused_near=_share([not one.answer.found for one in near]),
        unsupported=100 * sum(lost for lost, _ in told) / facts if facts else None,
        phrased=_share([one.answer.kind == "phrased" for one in found]),
        seconds=mean(one.seconds for one in outcomes) if outcomes else 0.0,
        wrong=tuple(_wrong(outcomes)),
    )  # fmt: skip


def _share(found: Sequence[bool]) -> float | None:
    return 100 * mean(found) if found else None


def _wrong(outcomes: Sequence[Outcome]) -> Iterator[str]:
    for one in outcomes:
        if one.asked.spans and not one.answer.found:
            yield f"refused, though answered [{one.asked.meeting.name}] {one.asked.text}"
        elif one.asked.spans and one.in_gold[0] == 0:
            yield f"answered from elsewhere [{one.asked.meeting.name}] {one.asked.text} -> {one.answer.text[:160]}"
        elif not one.asked.spans and one.answer.found:
            yield f"answered, though not said [{one.asked.meeting.name}] {one.asked.text} -> {one.answer.text[:160]}"


def read(folder: Path | None, limit: int | None) -> tuple[Meeting, ...]:
    """The meetings of `folder`, spread over its series when there is a `limit`; our own without a folder. Raises InputError."""
    found = load(folder or OWN)
    if limit is None or limit >= len(found):
        return found
    return tuple(found[place * len(found) // limit] for place in range(limit))


def as_table(found: Report) -> str:
    def percent(value: float | None) -> str:
        return "    -" if value is None else f"{value:5.1f} %"

    rows = (
        (f"questions that are answered here ({found.answerable})", None),
        ("  refused", found.refused_answerable),
        ("  answers with a citation inside the marked turns", found.overlap),
        ("    without the further moments beside an answer", found.carried),
        ("  citations inside the marked turns", found.cited_in_gold),
        (f"questions about other subjects, refused ({found.elsewhere})", found.refused_elsewhere),
        (f"questions that sound fitting, refused ({found.near})", found.refused_near),
        ("numbers, names and quotations that the citations do not have", found.unsupported),
        ("answers in the model's words", found.phrased),
    )
    lines = [f"{name:<64}{'' if value is None and name.startswith('questions that are') else percent(value)}" for name, value in rows]
    where = f"{found.source}: " if found.source else ""
    return "\n".join([f"{where}{found.meetings} meetings or talks, {found.seconds:.2f} s a question", *lines])
