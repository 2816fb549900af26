"""Rows -> what a template shows. Pure: no request, no database, no clock but the one given."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from pipeline.downloads import USUAL, Form, offered, parse
from pipeline.jobs import FINAL, State
from pipeline.store.jobs import JobView, StageView
from pipeline.store.media import Media
from pipeline.timecode import clock
from pipeline.types import Chapter, Coverage, Hit, Note, Point, Segment, Sentence, Status, Transcript
from web import words
from web.foreign import Foreign
from web.interface import N_, count, gettext, say

THINNEST = 0.4
"""Per cent of the strip; thinner stretches are drawn with their neighbour, the list in words keeps them."""

BEST = 4
"""Moments of one video that a search shows unfolded."""


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the transcript: a sentence, or a raw segment while sentences are not there yet."""

    anchor: str
    start: float
    end: float
    text: str
    speaker: str | None
    chapter: str | None
    """Title of the chapter that begins here."""
    target: bool
    """The moment that the address asks for."""
    foreign: str | None = None
    """Its translation; empty: it did not hold; None: there is none."""


class Lines(tuple[Line, ...]):
    """The rows in order of time, with the way from a second to its row."""

    __slots__ = ()

    def at(self, seconds: float) -> Line | None:
        """The row spoken at `seconds`, or the last one before."""
        position = bisect_right(self, seconds + 0.05, key=lambda line: line.start) - 1
        return self[max(position, 0)] if self else None

    def anchor(self, seconds: float) -> str:
        line = self.at(seconds)
        return f"#{line.anchor}" if line else ""


def lines(
    transcript: Transcript | None, sentences: Sequence[Sentence], chapters: Sequence[Chapter], at: float | None, foreign: Foreign | None = None
) -> Lines:
    """The transcript as rows, chapter titles on the rows where chapters begin, the row at second `at` marked, translations under their sentences."""
    pieces: Sequence[Sentence | Segment] = sentences or (transcript.segments if transcript else ())
    prefix = "s" if sentences else "r"
    starts = [piece.start for piece in pieces]
    # addresses hold whole seconds, rounded down: 62 also means what begins at 62.8
    target = max(bisect_right(starts, at + 0.999) - 1, 0) if at is not None and pieces else -1
    titles: dict[int, str] = {}
    for chapter in chapters:
        if pieces:
            titles[min(bisect_right(starts, chapter.start - 0.05), len(pieces) - 1)] = chapter.title
    return Lines(
        Line(f"{prefix}{number}", piece.start, piece.end, piece.text, piece.speaker, titles.get(number), number == target, foreign.of(number) if foreign and sentences else None)
        for number, piece in enumerate(pieces)
    )


def marks(spoken: Lines, kept: Sequence[Note]) -> dict[str, Note]:
    """The highlight on a row, by the row's anchor; of several the one made last."""
    found: dict[str, Note] = {}
    starts = [line.start for line in spoken]
    for note in sorted((note for note in kept if note.kind == "highlight"), key=lambda note: note.id):
        if note.start is not None and note.end is not None:
            first, last = bisect_right(starts, note.start + 0.04) - 1, bisect_left(starts, note.end - 0.04)
            found |= {line.anchor: note for line in spoken[max(first, 0) : last] if line.end > note.start + 0.04}
    return found


@dataclass(frozen=True, slots=True)
class Section:
    """A chapter with its points; `chapter` is None for points outside any."""

    chapter: Chapter | None
    points: tuple[Point, ...]


def sections(chapters: Sequence[Chapter], points: Sequence[Point], *, growing: bool = False) -> tuple[Section, ...]:
    """Points under their chapters. A chapter without points is kept: that nothing rests on it is worth seeing. While the summary is `growing` only the
    chapters up to the one being read: so the page grows at its end, and nothing that stands there moves."""
    if not chapters:
        return (Section(None, tuple(points)),) if points else ()
    inside: list[list[Point]] = [[] for _ in chapters]
    for point in points:
        inside[min(max(point.chapter, 0), len(chapters) - 1)].append(point)
    found = tuple(
        Section(chapter, tuple(sorted(mine, key=lambda point: point.start))) for chapter, mine in zip(chapters, inside, strict=True)
    )
    read = max((number for number, section in enumerate(found) if section.points), default=-1)
    return found[: read + 2] if growing else found


@dataclass(frozen=True, slots=True)
class Bar:
    """A stretch of the coverage strip; x and width in per cent."""

    x: float
    width: float
    status: str
    start: float
    words: str


@dataclass(frozen=True, slots=True)
class Strip:
    bars: tuple[Bar, ...]
    sentence: str
    stretches: tuple[Bar, ...]
    """Every stretch, for the list in words."""


def strip(coverage: Sequence[Coverage]) -> Strip | None:
    """What became of every minute, as bars and in words."""
    total = coverage[-1].end if coverage else 0.0
    if total <= 0:
        return None
    stretches = tuple(
        Bar(
            100 * c.start / total,
            100 * (c.end - c.start) / total,
            c.status.value,
            c.start,
            say("%(start)s to %(end)s: %(fate)s", start=clock(c.start), end=clock(c.end), fate=_fate(c)),
        )
        for c in coverage
    )
    bars: list[Bar] = []
    for bar in stretches:
        if bars and bar.width < THINNEST:
            last = bars[-1]
            bars[-1] = Bar(last.x, last.width + bar.width, last.status, last.start, last.words)
        else:
            bars.append(bar)
    return Strip(tuple(bars), _coverage_sentence(coverage, total), stretches)


def _fate(stretch: Coverage) -> str:
    match stretch.status:
        case Status.CITED:
            points = len(stretch.points)
            return (
                count("%(number)s point rests on this", "%(number)s points rest on this", points)
                if points
                else gettext("the gist or the overview rests on this")
            )
        case Status.READ:
            return gettext("read, nothing rests on it")
        case Status.SILENCE:
            return gettext("no speech")
        case _:
            return say("left out: %(reason)s", reason=stretch.reason) if stretch.reason else gettext("left out")


def _coverage_sentence(coverage: Sequence[Coverage], total: float) -> str:
    spent = {status: sum(c.end - c.start for c in coverage if c.status is status) for status in Status}
    fates = (
        (Status.CITED, N_("%(time)s carry the summary")),
        (Status.READ, N_("%(time)s read and not needed")),
        (Status.SILENCE, N_("%(time)s without speech")),
        (Status.SKIPPED, N_("%(time)s left out")),
    )
    said = [say(fate, time=words.span(spent[status])) for status, fate in fates if spent[status] >= 1]
    return say("Of %(time)s: %(parts)s.", time=words.span(total), parts=", ".join(said))


@dataclass(frozen=True, slots=True)
class Step:
    words: str
    state: str
    current: bool


@dataclass(frozen=True, slots=True)
class JobStatus:
    """A job in words."""

    id: int
    kind: str
    state: str
    headline: str
    detail: str
    fraction: float | None
    """0..1 within the stage, None when it cannot be told."""
    overall: int
    """Per cent of the whole job, for the tab title."""
    steps: tuple[Step, ...]
    live: bool
    error_code: str | None = None
    next_step: str = ""
    retry: words.Retry = words.Retry.NOW


def job_status(
    job: JobView, position: int | None = None, *, unneeded: frozenset[str] = frozenset(), now: datetime | None = None
) -> JobStatus:
    """`position`: jobs before this one, None when it has ended; `unneeded`: stages that have nothing to do, which are not shown."""
    now = now or datetime.now(UTC)
    current = next((stage for stage in job.stages if stage.state not in (State.DONE, State.CANCELLED)), None)
    headline, detail, fraction = _said(job, current, position, now)
    shown = [stage for stage in job.stages if stage.name not in unneeded]
    steps = tuple(Step(gettext(words.STAGES.get(stage.name, stage.name)), stage.state.value, stage is current) for stage in shown)
    failed = current if job.state is State.FAILED else None
    return JobStatus(
        id=job.id, kind=job.kind, state=job.state.value, headline=headline, detail=detail, fraction=fraction, overall=_overall(job.state, shown), steps=steps,
        live=job.state not in FINAL, error_code=failed.error_code if failed else None,
        next_step=words.next_step(failed.error_code, kept=any(stage.state is State.DONE for stage in job.stages)) if failed else "",
        retry=words.retry(failed.error_code) if failed else words.Retry.NOW,
    )  # fmt: skip


def _overall(state: State, stages: Sequence[StageView]) -> int:
    if state is State.DONE or not stages:
        return 100
    done = sum(1.0 if stage.state is State.DONE else stage.fraction if stage.state is State.RUNNING else 0.0 for stage in stages)
    return min(99, int(100 * done / len(stages)))


def _said(job: JobView, stage: StageView | None, position: int | None, now: datetime) -> tuple[str, str, float | None]:
    """Headline, detail and fraction."""
    if job.state is State.CANCELLED:
        return gettext("Cancelled"), gettext("What was finished before is kept."), None
    if job.state is State.DONE or stage is None:
        return gettext("Done"), "", None
    english = words.STAGES.get(stage.name, stage.name)
    name = gettext(english)
    if job.state is State.FAILED:
        began = name if name[1:2].isupper() else f"{name[:1].lower()}{name[1:]}"
        return say("Stopped while %(stage)s", stage=began), stage.error or "", None
    if stage.state is State.RUNNING:
        detail = stage.message if stage.message and stage.message != english else ""
        return name, detail, stage.fraction if 0 < stage.fraction <= 1 else None
    if stage.not_before and stage.not_before > now and stage.attempt:
        pause = words.span((stage.not_before - now).total_seconds())
        if stage.error_code in words.FOR_YOUTUBE:
            return say("Waiting for YouTube for another %(time)s", time=pause), stage.error or "", None
        if stage.error_code in words.NOT_YET:
            again = say("Next look in %(time)s.", time=pause)
            return gettext(words.NOT_YET[stage.error_code]), f"{stage.error} {again}", None
        return say("Trying again in %(time)s", time=pause), stage.error or "", None
    if position:
        return gettext("Waiting for its turn"), count("%(number)s job before this one", "%(number)s jobs before this one", position), None
    return name, gettext("Starting"), None


@dataclass(frozen=True, slots=True)
class FoundMoment:
    start: float
    marks: tuple[words.Mark, ...]


@dataclass(frozen=True, slots=True)
class FoundVideo:
    """A video with the moments that a search found in it, the best first."""

    id: str
    title: str
    best: tuple[FoundMoment, ...]
    more: tuple[FoundMoment, ...]
    """Folded away, so that one video does not push all others off the page."""


def found(hits: Sequence[Hit], query: str) -> tuple[FoundVideo, ...]:
    """Hits under their videos, in the order of each video's best one; `hits` come best first."""
    inside: dict[str, list[Hit]] = {}
    for hit in hits:
        inside.setdefault(hit.video_id, []).append(hit)
    groups = []
    for video_id, mine in inside.items():
        moments = tuple(FoundMoment(hit.start, words.marked(hit.text, query)) for hit in mine)
        unfolded = BEST if len(moments) > BEST + 1 else len(moments)  # a single one is not worth a press
        groups.append(FoundVideo(video_id, mine[0].title, moments[:unfolded], moments[unfolded:]))
    return tuple(groups)


@dataclass(frozen=True, slots=True)
class Download:
    kind: str
    words: str
    href: str = ""
    running: bool = False


def downloads(
    video_id: str, source: str, files: Sequence[Media], running: frozenset[str], fetched: frozenset[str] = frozenset()
) -> tuple[Download, ...]:
    """Recordings to save: those that are here with kind and size, those that had to make room, those that YouTube has as something to fetch."""
    have = {file.kind: file for file in files if file.kind != "thumbnail"}
    first = {"youtube": ("audio", "video"), "elsewhere": ("audio",)}.get(source, ("upload",))
    others = sorted({*have, *running, *fetched} - set(first) - {"upload"})
    return tuple(
        _download(video_id, kind, have.get(kind), kind in running, kind in fetched)
        for kind in (*first, *others)
        if kind != "upload" or kind in have
    )


def _download(video_id: str, kind: str, file: Media | None, running: bool, fetched: bool) -> Download:
    said = gettext("the original file") if kind == "upload" else form_words(parse(kind))
    title = capital(said)
    if file is not None:
        form = file.content_type.rpartition("/")[2].removeprefix("x-")
        return Download(kind, f"{title}, {form}, {words.size(file.size)}", f"/api/v1/media/{video_id}/{kind}?download=1")
    if running:
        return Download(kind, say("%(form)s is being fetched", form=title), running=True)
    if fetched:
        return Download(kind, say("%(form)s was removed to make room. Fetch it again", form=title))
    named = kind.startswith("audio-")
    return Download(kind, say("Fetch %(form)s", form=said) if named else say("Fetch the %(form)s", form=said))


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def form_words(form: Form) -> str:
    """`MP3 audio`, `video up to 480p, 1:00–2:30`: as Form.words, in the language of the interface."""
    if form.what == "audio":
        said = say("%(format)s audio", format=form.format.upper() if form.format != "opus" else "Opus") if form.format else gettext("audio")
    else:
        said = gettext("video") if form.quality == USUAL else say("video up to %(lines)sp", lines=form.quality) if form.quality else gettext("best video")
    return f"{said}, {form.clip}" if form.clip else said


def download_forms(source: str, most_lines: int) -> tuple[tuple[str, str], ...]:
    """Names and words of what can be chosen; of a file of one's own only what is made of it."""
    if source not in ("youtube", "media"):
        return ()
    forms = [form for form in offered(most_lines) if source == "youtube" or form.what == "audio" or form.name == "video"]
    return tuple((form.name, capital(form_words(form))) for form in forms)
