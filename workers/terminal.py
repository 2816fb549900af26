"""What the command prints, and how it reaches the running instance."""

import json
import sys
import textwrap
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, Progress as RichProgress, SpinnerColumn, TextColumn, TimeElapsedColumn

from pipeline import broker
from pipeline.config import Settings, load
from pipeline.errors import ModelError, NotFound
from pipeline.export.text import KEPT
from pipeline.jobs import FINAL, State
from pipeline.language.generator import Priority
from pipeline.library import foreign
from pipeline.library.search import Found
from pipeline.run import Submitted
from pipeline.steps import Models
from pipeline.store import jobs, renditions, transcripts, videos
from pipeline.store.database import Database, database_url
from pipeline.summary.styles import USUAL, Answered, Block, Flowing, Gaps, Heading, Listed, Note, Telling, Terms, arranged, opening
from pipeline.timecode import clock
from pipeline.types import Answer, Hit, Named, Point, Progress, Summary, Transcript, Video
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
    """What an export shows, in `language` where there is a translation. The summary is None while there is none.

    Raises:
        NotFound: `no_transcript`; `no_such_language`: neither is there in that language.
    """
    video = stored_video(db, video_id)
    with db.session() as s:
        transcript = transcripts.get_transcript(s, video_id)
        partial = renditions.get_summary(s, video_id, language=language)
        read = foreign.read(s, video_id, language) if language is not None and transcript and transcript.language != language else None
    if read is not None:
        transcript = read.transcript
    if transcript is None:
        raise NotFound("no_transcript", "This video has no transcript yet. Wait until it has been read.")
    if language is not None and (partial is None or not partial.complete) and transcript.language != language:
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
    return f"“{shown(point.text)}”" if point.kind == "quote" else shown(point.text) + f" {KEPT}" * (point.kind == "original")


def wrapped(text: str, indent: str = "", first: str = "") -> str:
    return textwrap.fill(text, WIDTH, initial_indent=first, subsequent_indent=indent)


def hit_json(hit: Hit) -> dict[str, Any]:
    return {
        "video_id": hit.video_id, "title": hit.title, "start": round(hit.start, 3), "end": round(hit.end, 3),
        "text": hit.text, "score": round(hit.score, 6),
    }  # fmt: skip


def named_json(one: Named) -> dict[str, Any]:
    return {"kind": one.kind, "video_id": one.video_id, "title": one.title, "start": round(one.start, 3), "text": one.text}


def found_json(found: Found) -> dict[str, Any]:
    return {
        "hits": [hit_json(hit) for hit in found.hits], "named": [named_json(one) for one in found.named], "notes": [asdict(one) for one in found.notes],
        "answers": [asdict(one) for one in found.answers], "meant": dict(found.meant), "unsaid": list(found.unsaid),
    }  # fmt: skip


def print_found(found: Found) -> None:
    if not (found.hits or found.named or found.notes or found.answers):
        click.echo("Nothing found. Try other words, or fewer.", err=True)
    for phrase in found.unsaid:
        click.echo(f"Nobody says “{shown(phrase)}” word for word.", err=True)
    for _, like in found.meant:
        click.echo(f"Looked for too: {shown(', '.join(like))}", err=True)
    for answered in found.answers:
        click.secho(f"{shown(answered.question)} (answered, conversation {answered.conversation})", bold=True)
        click.echo(wrapped(shown(answered.text), "  ", "  "))
    for note in found.notes:
        at = "" if note.start is None else f" {clock(note.start)}"
        click.secho(f"{shown(note.title)} [{note.video_id}]{at} ({'your tag' if note.kind == 'tag' else 'your note'})", bold=True)
        click.echo(wrapped(shown(note.text or note.quote), "  ", "  "))
    for one in found.named:
        click.secho(f"{shown(one.title)} [{one.video_id}] {clock(one.start)} ({one.kind})", bold=True)
        if one.kind != "title":
            click.echo(wrapped(shown(one.text), "  ", "  "))
    for hit in found.hits:
        click.secho(f"{shown(hit.title)} [{hit.video_id}] {clock(hit.start)}", bold=True)
        click.echo(wrapped(shown(hit.text), "  ", "  "))


def answer_json(answer: Answer) -> dict[str, Any]:
    citations = [
        {"video_id": c.video_id, "title": c.title, "start": round(c.start, 3), "end": round(c.end, 3), "quote": c.quote, "speaker": c.speaker, "also": c.also}
        for c in answer.citations
    ]
    understood = {"understood": answer.understood} if answer.understood else {}
    translation = {"translation": asdict(answer.rendered)} if answer.rendered else {}
    return {"found": answer.found, "answer": answer.text, "citations": citations, **understood, **translation}


def print_answer(answer: Answer) -> None:
    if answer.understood:
        click.secho(wrapped(f"Understood as: {shown(answer.understood)}"), dim=True, err=True)
    made = answer.rendered
    if made and made.text:
        click.echo(wrapped(shown(made.text)))
        click.secho(wrapped(f"Translated by {shown(made.engine)}; the original:"), dim=True, err=True)
    elif made:
        click.secho(wrapped(shown(made.advice or "Its translation did not hold, so it stands in the original.")), dim=True, err=True)
    click.echo(wrapped(shown(answer.text)))
    for citation in answer.citations:
        who = f"{shown(citation.speaker)}: " if citation.speaker else ""
        also = "also: " if citation.also else ""
        click.echo(
            wrapped(f"{clock(citation.start)}  {also}{who}“{shown(citation.quote)}” ({shown(citation.title)} [{citation.video_id}])", "    ", "  ")
        )
