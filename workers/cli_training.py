"""`nutshell evaluate`, `nutshell train`, `nutshell models promote` and `back`."""

import json
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import click

from workers.edge import edge

OWN = Path(__file__).parent.parent / "pipeline" / "training" / "own"
SAID = {True: "It is used from the next start on; `nutshell models back` undoes it.", False: "It is not better, so nothing was changed."}
"""What became of an adapter that was measured."""
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.group()
def evaluate() -> None:
    """Measure the models of this machine on data sets with known answers."""


@evaluate.command("speech")
@click.option("--data", "folder", type=FOLDER, required=True, help="Folder of recordings (see README).")
@edge
def evaluate_speech(folder: Path) -> None:
    """Word error rate by language, and words heard where nobody speaks."""
    from pipeline.config import load
    from pipeline.speech.evaluate import evaluate as measure

    sys.exit(measure(load(), folder, click.echo))


@evaluate.command("speakers")
@click.option("--data", "folder", type=FOLDER, required=True, help="Folder of recordings with RTTM files of the same name.")
@edge
def evaluate_speakers(folder: Path) -> None:
    """Diarization error rate: how well speakers are told apart."""
    from pipeline.config import load
    from pipeline.speech.der import evaluate as measure
    from pipeline.speech.voice_model import prepare

    settings = load()
    prepare(settings)
    measure(settings, folder, click.echo)


@evaluate.command("qmsum")
@click.option("--data", "folder", type=FOLDER, help="Folder of QMSum's meetings, a JSON file each; two talks of our own without it.")
@click.option("--limit", type=click.IntRange(min=1), help="Only so many questions.")
@click.option("--systems", "wanted", help="Only these, with commas: lead, selected, plain, ours-plain, ours.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
@edge
def evaluate_qmsum(folder: Path | None, limit: int | None, wanted: str | None, as_json: bool) -> None:
    """Answers to questions about meetings, from the passages that annotators marked, beside the annotators' answers."""
    from pipeline.config import load
    from pipeline.training.evaluate import as_table, evaluate as measure, to_json

    rows, count = measure(load(), folder or OWN, limit, tuple(wanted.split(",")) if wanted else (), lambda line: click.echo(line, err=True))
    click.echo(json.dumps(to_json("qmsum" if folder else "own", count, rows), indent=1) if as_json else as_table(rows, count))


@evaluate.command("talks")
@click.option("--data", "folder", type=FOLDER, required=True, help="Folder of transcripts: .md, .txt, .vtt or .srt.")
@click.option("--limit", type=click.IntRange(min=1), default=10, show_default=True, help="Only so many, by name.")
@edge
def evaluate_talks(folder: Path, limit: int) -> None:
    """Summaries of talks side by side, as Markdown to be read: the model asked plainly, and ours."""
    from pipeline.config import load
    from pipeline.training.talks import as_markdown, compare, talks

    for pair in compare(load(), talks(folder, limit), lambda line: click.echo(line, err=True)):
        click.echo(as_markdown(pair))


@click.command()
@click.option("--data", "taught", type=FOLDER, help="Folder of QMSum's training meetings.")
@click.option("--check", "checked", type=FOLDER, help="Folder of meetings to check by while it trains.")
@click.option("--from-feedback", "from_feedback", is_flag=True, help="Learn from what readers think of points (NUTSHELL_FEEDBACK); used at once if it is better.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="Folder for checkpoints and the adapter.")
@click.option("--limit", type=click.IntRange(min=1), help="Only so many meetings of each; with --from-feedback, also so many questions to measure by.")
@click.option("--epochs", type=click.FloatRange(min=0, min_open=True), help="How often every example is seen.")
@click.option("--steps", type=click.IntRange(min=1), help="End after so many steps instead.")
@click.option("--rank", type=click.IntRange(min=1), help="Rank of the adapter's matrices.")
@click.option("--rate", type=click.FloatRange(min=0, min_open=True), help="Learning rate.")
@click.option("--layers", type=click.FloatRange(0, 1, min_open=True), help="Share of the layers, from the last, that are adapted.")
@click.option("--batch", type=click.IntRange(min=1), help="Examples of a step.")
@click.option("--longest", type=click.IntRange(min=64), help="Tokens of a prompt and its answer; longer examples are left out.")
@click.option("--every", type=click.IntRange(min=1), help="Steps between checkpoints.")
@click.option("--start", type=click.Path(exists=True, file_okay=False), help="Folder of an adapter to go on from.")
@click.option("--seed", type=int, help="Of the order and of the first weights.")
@edge
def train(taught: Path | None, checked: Path | None, from_feedback: bool, out: Path, limit: int | None, **given: Any) -> None:
    """Fine-tune the LLaMA of this machine; what was interrupted goes on with the same command. Nothing is used before `nutshell models promote`.

    With --from-feedback the adapter in use goes on learning from the thumbs and edits of its readers, and what comes of it is measured and used, or not, by the
    rule of `nutshell models promote`; --data and --check may be left out.
    """
    from pipeline.training.tuning import Data

    alone = from_feedback and taught is None and checked is None
    for name, folder in (("--data", taught), ("--check", checked)):
        if folder is None and not alone:
            raise click.UsageError(f"Missing option '{name}'.")
    data = None if taught is None or checked is None else Data(taught, checked, limit)
    wanted = {name: value for name, value in given.items() if value is not None}
    if given["start"] and {"rank", "layers"} & set(wanted):
        raise click.UsageError("--start goes on with the rank and layers of that adapter; leave --rank and --layers out.")
    if from_feedback:
        _learn(data, out, limit, wanted)
    elif data is not None:
        _tune(data, out, wanted)


def _tune(data: Any, out: Path, wanted: dict[str, Any]) -> None:
    from pipeline.config import load
    from pipeline.training.train import Plan
    from pipeline.training.tuning import tune

    click.echo(tune(load(), data, out, replace(Plan(), **wanted), lambda line: click.echo(line, err=True)))


def _learn(data: Any, out: Path, limit: int | None, wanted: dict[str, Any]) -> None:
    """Teach, measure, and use it or not."""
    from pipeline.store import feedback
    from pipeline.training.learn import USUAL, learn
    from pipeline.training.tuning import promote_if_better
    from workers.terminal import running

    def say(line: str) -> None:
        click.echo(line, err=True)

    with running() as (db, settings, _models), db.session() as s:
        given = feedback.everything(s)
    folder = learn(settings, given, data, out, replace(USUAL, **wanted), say)
    click.echo(folder)
    click.echo(SAID[promote_if_better(settings, folder, data.checked if data else OWN, limit, say)])


@click.command("promote")
@click.argument("folder", type=FOLDER)
@click.option("--data", type=FOLDER, required=True, help="Folder of QMSum's meetings to measure on.")
@click.option("--limit", type=click.IntRange(min=1), help="Only so many questions.")
@edge
def promote(folder: Path, data: Path, limit: int | None) -> None:
    """Use the adapter in FOLDER, if it measures better than what is used now. `nutshell models back` undoes it."""
    from pipeline.config import load
    from pipeline.training.tuning import promote_if_better

    better = promote_if_better(load(), folder, data, limit, click.echo)
    click.echo(SAID[better])


@click.command("back")
@edge
def back() -> None:
    """Go back to the adapter that was used before the last `nutshell models promote`."""
    from pipeline.config import load
    from pipeline.language.adapters import go_back
    from pipeline.language.profiles import name_of_llm

    settings = load()
    used = go_back(settings, name_of_llm(settings))
    click.echo(f"Used from the next start on: {used or 'the model as it comes'}")


@evaluate.command("meetings")
@click.option("--data", "folder", type=FOLDER, help="Folder of QMSum's meetings, a JSON file each; two talks of our own without it.")
@click.option("--limit", type=click.IntRange(min=1), help="Only so many meetings.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
@edge
def evaluate_meetings(folder: Path | None, limit: int | None, as_json: bool) -> None:
    """Whole meetings: subjects that have a point, and chapters beside those of equal length and of TextTiling."""
    from pipeline.config import load
    from pipeline.language.generator import open_embedder
    from pipeline.training.meetings import load as read
    from pipeline.training.whole import measure

    meetings = read(folder or OWN, limit)
    embedder = open_embedder(load(), in_process=True)
    try:
        found = measure(meetings, embedder, lambda line: click.echo(line, err=True))
    finally:
        embedder.close()
    if as_json:
        click.echo(json.dumps({"set": "meetings", **asdict(found)}, indent=1))
        return
    click.echo(f"{found.meetings} meetings, {found.points:.1f} points and {found.gold:.1f} borders of subjects each")
    click.echo(f"subjects with a point: {found.coverage:.1f} %")
    for name, row in found.chapters.items():
        click.echo(f"chapters, {name:<11} WindowDiff {row.window_diff:.3f}   F1 {row.f1:.3f}   {row.count:.1f} borders")


@evaluate.command("judge")
@click.option("--data", "folder", type=FOLDER, help="Folder of QMSum's meetings, a JSON file each; two talks of our own without it.")
@click.option("--each", type=click.IntRange(min=1), default=200, show_default=True, help="Statements with each kind of error.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
@edge
def evaluate_judge(folder: Path | None, each: int, as_json: bool) -> None:
    """How many planted errors the check of statements finds, and how much of what it refuses is wrong."""
    from pipeline.training.meetings import load as read
    from pipeline.training.planted import statements, trust

    found = trust(statements(read(folder or OWN), each), "en")
    if as_json:
        click.echo(json.dumps({"set": "judge", **asdict(found)}, indent=1))
        return
    for kind, count in found.planted.items():
        click.echo(f"{kind:<12} {count:>4} planted, {found.recall[kind]:5.1f} % found")
    click.echo(
        f"{'all':<12} {sum(found.planted.values()):>4} planted, {found.all_recall:5.1f} % found; {found.precision:.1f} % of what is refused is wrong ({found.true} true statements)"
    )
