"""What the command prints, and how it reaches the running instance."""

import json
import sys
import textwrap
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, Progress as RichProgress, SpinnerColumn, TextColumn, TimeElapsedColumn

from pipeline import broker
from pipeline.config import Settings, load
from pipeline.errors import ModelError, NotFound
from pipeline.jobs import FINAL, State
from pipeline.language.generator import Priority
from pipeline.run import Submitted
from pipeline.steps import Models
from pipeline.store import jobs, renditions, transcripts, videos
from pipeline.store.database import Database, database_url
from pipeline.summary.styles import USUAL, Answered, Block, Flowing, Gaps, Heading, Listed, Note, Telling, Terms, arranged, opening
from pipeline.timecode import clock
from pipeline.types import Answer, Hit, Point, Progress, Summary, Transcript, Video
from workers.shown import shown

WIDTH = 100


class Bar:
    """One line of progress on standard error; nothing when that is not a terminal."""

    def __init__(self) -> None:
        console = Console(stderr=True)
        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
        self._progress = RichProgress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self._task = self._progress.add_task("Starting", total=1.0)

    def __enter__(self) -> "Bar":
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def show(self, progress: Progress) -> None:
        self._progress.update(self._task, description=progress.message, completed=min(1.0, progress.fraction))


@contextmanager
def running() -> Iterator[tuple[Database, Settings, Models]]:
    """The library and the model processes of the running instance.

    Raises:
        ModelError: `not_running`.
    """
    settings = load()
    db = Database(database_url(settings))
    models = Models(settings, priority=Priority.INTERACTIVE)
    try:
        _check_running(db, settings)
        yield db, settings, models
    finally:
        models.close()
        db.dispose()


def _check_running(db: Database, settings: Settings) -> None:
    try:
        db.ping()
    except ModelError as error:
        raise ModelError(
            "not_running", f"Nutshell is not running for {settings.home}. Start it with `nutshell up` (or `make run`)."
        ) from error


def stored_video(db: Database, video_id: str) -> Video:
    with db.session() as s:
        video = videos.get_video(s, video_id)
    if video is None:
        raise NotFound("no_such_video", f"There is no video {video_id[:40]!r} in the library. `nutshell search` shows the ids.")
    return video


def stored_summary(db: Database, video_id: str, language: str | None) -> tuple[Video, Transcript, Summary | None]:
    """What an export shows; the summary is None while there is none in that language."""
    video = stored_video(db, video_id)
    with db.session() as s:
        transcript = transcripts.get_transcript(s, video_id)
        partial = renditions.get_summary(s, video_id, language=language)
    if transcript is None:
        raise NotFound("no_transcript", "This video has no transcript yet. Wait until it has been read.")
    if language is not None and (partial is None or not partial.complete):
        raise NotFound(
            "no_such_language", f"There is no summary in {language!r} yet. Make it with `nutshell translate {video_id} --to {language}`."
        )
    return video, transcript, partial.whole() if partial and partial.complete else None


def wait_for(db: Database, settings: Settings, submitted: Submitted) -> None:
    """Announces the job and returns when it is done; its error, when it fails, is raised as it stands on the row."""
    if submitted.job_id is None:
        return
    if submitted.hint:
        broker.announce(settings, submitted.hint.queue, submitted.hint.stage_id)
    with Bar() as bar:
        while True:
            with db.session() as s:
                job = jobs.get_job(s, submitted.job_id)
            if job is None or job.state in FINAL:
                break
            stage = next((stage for stage in job.stages if stage.state is State.RUNNING), None)
            if stage:
                bar.show(Progress(stage.name, stage.fraction or 0.0, stage.message or stage.name))
            time.sleep(0.5)
    failed = next((stage for stage in job.stages if stage.state is State.FAILED), None) if job else None
    if failed:
        raise ModelError(failed.error_code or "failed", failed.error or "The job failed.")


def print_json(value: Any) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=1) + "\n")


def print_summary(video: Video, summary: Summary | None, telling: Telling = USUAL) -> None:
    click.secho(shown(video.title), bold=True)
    if summary is None:
        return
    click.echo(wrapped(said(summary.gist)) + "\n")
    for point in opening(summary, telling.style, telling.audience):
        click.echo(wrapped(said(point)))
    for block in arranged(summary, telling.style, telling.audience):
        print_block(block)
    for note in summary.notes:
        click.secho(wrapped(f"\nNote: {note}"), dim=True)


def print_block(block: Block) -> None:
    match block:
        case Heading(text, chapter):
            click.secho(f"\n{clock(chapter.start)}  {shown(text)}" if chapter else f"\n{shown(text)}", bold=True)
        case Listed(points):
            print_points(points)
        case Flowing(points):
            click.echo(wrapped(" ".join(f"{said(point)} ({clock(point.start)})" for point in points), "  ", "  "))
        case Answered(question, points, chapter):
            click.secho(f"\n{clock(chapter.start) + '  ' if chapter else ''}{shown(question)}", bold=True)
            print_points(points)
        case Terms(terms):
            for term in terms:
                click.echo(wrapped(f"{shown(term.text)}: {said(term.point)} ({clock(term.point.start)})", "    ", "  • "))
        case Gaps(gaps):
            for number, gap in enumerate(gaps, 1):
                click.echo(wrapped(f"{number}. {shown(gap.question)}", "     ", "  "))
            answers = (f"{number}. {shown(gap.answer)} ({clock(gap.point.start)})" for number, gap in enumerate(gaps, 1))
            click.echo(wrapped(f"Answers: {'  '.join(answers)}", "  ", "\n  "))
        case Note(text):
            click.secho(wrapped(text, "  ", "  "), dim=True)


def print_points(points: Sequence[Point]) -> None:
    for point in points:
        click.echo(wrapped(f"{clock(point.start)}  {said(point)}", "    ", "  • "))


def said(point: Point) -> str:
    return f"“{shown(point.text)}”" if point.kind == "quote" else shown(point.text)


def wrapped(text: str, indent: str = "", first: str = "") -> str:
    return textwrap.fill(text, WIDTH, initial_indent=first, subsequent_indent=indent)


def hit_json(hit: Hit) -> dict[str, Any]:
    return {
        "video_id": hit.video_id, "title": hit.title, "start": round(hit.start, 3), "end": round(hit.end, 3),
        "text": hit.text, "score": round(hit.score, 6),
    }  # fmt: skip


def print_hits(hits: Sequence[Hit]) -> None:
    if not hits:
        click.echo("Nothing found. Try other words, or fewer.", err=True)
    for hit in hits:
        click.secho(f"{shown(hit.title)} [{hit.video_id}] {clock(hit.start)}", bold=True)
        click.echo(wrapped(shown(hit.text), "  ", "  "))


def answer_json(answer: Answer) -> dict[str, Any]:
    citations = [
        {"video_id": c.video_id, "title": c.title, "start": round(c.start, 3), "end": round(c.end, 3), "quote": c.quote}
        for c in answer.citations
    ]
    return {"found": answer.found, "answer": answer.text, "citations": citations}


def print_answer(answer: Answer) -> None:
    click.echo(wrapped(shown(answer.text)))
    for citation in answer.citations:
        click.echo(
            wrapped(f"{clock(citation.start)}  “{shown(citation.quote)}” ({shown(citation.title)} [{citation.video_id}])", "    ", "  ")
        )
