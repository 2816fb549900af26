"""`nutshell evaluate`, `nutshell train`, `nutshell models promote` and `back`."""

import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from workers.edge import edge

if TYPE_CHECKING:
    from pipeline.config import Settings

OWN = Path(__file__).parent.parent / "pipeline" / "training" / "own"
SAID = {True: "It is used from the next start on; `nutshell models back` undoes it.", False: "It is not better, so nothing was changed."}
"""What became of an adapter that was measured."""
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


def ready() -> "Settings":
    """The settings, with the built-in models made where that can be: what measures and teaches need not be run after `make run`."""
    from pipeline.config import load
    from workers.prepare import prepare_what_can_be

    settings = load()
    prepare_what_can_be(settings)
    return settings


@click.group()
def evaluate() -> None:
    """Measure the models of this machine on data sets with known answers."""


@evaluate.command("speech")
@click.option("--data", "folder", type=FOLDER, required=True, help="Folder of recordings (see README).")
@edge
def evaluate_speech(folder: Path) -> None:
    """Word error rate by language, and words heard where nobody speaks."""
    from pipeline.speech.evaluate import evaluate as measure

    sys.exit(measure(ready(), folder, click.echo))


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
    from pipeline.training.evaluate import as_table, evaluate as measure, to_json

    rows, count = measure(ready(), folder or OWN, limit, tuple(wanted.split(",")) if wanted else (), lambda line: click.echo(line, err=True))
    click.echo(json.dumps(to_json("qmsum" if folder else "own", count, rows), indent=1) if as_json else as_table(rows, count))


@evaluate.command("translation")
@click.option("--data", "folder", type=FOLDER, required=True, help="Folder of NTREX: newstest2019-src.eng.txt and its translations.")
@click.option("--limit", type=click.IntRange(min=20), default=300, show_default=True, help="Only so many sentences of each language; NTREX has 999 in the half that is measured.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
@edge
def evaluate_translation(folder: Path, limit: int, as_json: bool) -> None:
    """How many bad translations are found among good ones, and chrF of everything here that translates."""
    from pipeline.training.translation import as_table, evaluate as measure, to_json

    rows, scores = measure(ready(), folder, limit, lambda line: click.echo(line, err=True))
    click.echo(json.dumps(to_json(rows, scores), indent=1) if as_json else as_table(rows, scores))


@evaluate.command("talks")
@click.option("--data", "folder", type=FOLDER, required=True, help="Folder of transcripts: .md, .txt, .vtt or .srt.")
@click.option("--limit", type=click.IntRange(min=1), default=10, show_default=True, help="Only so many, by name.")
@edge
def evaluate_talks(folder: Path, limit: int) -> None:
    """Summaries of talks side by side, as Markdown to be read: the model asked plainly, and ours."""
    from pipeline.training.talks import as_markdown, compare, talks

    for pair in compare(ready(), talks(folder, limit), lambda line: click.echo(line, err=True)):
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
@click.option("--own", type=click.IntRange(min=1), help="Teach the best of so many answers of its own to each question, instead of what annotators wrote.")
@click.option("--asked", type=click.IntRange(min=1), help="With --own: ask only so many questions, taken by chance.")
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
    if from_feedback and given["own"]:
        raise click.UsageError("--own learns from meetings; leave --from-feedback out.")
    if given["asked"] and not given["own"]:
        raise click.UsageError("--asked says how many questions --own asks; give --own too.")
    if from_feedback:
        _learn(data, out, limit, wanted)
    elif data is not None:
        _tune(data, out, wanted)


def _tune(data: Any, out: Path, wanted: dict[str, Any]) -> None:
    from pipeline.training.train import Plan
    from pipeline.training.tuning import tune

    click.echo(tune(ready(), data, out, replace(Plan(), **wanted), lambda line: click.echo(line, err=True)))


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
    from pipeline.training.tuning import promote_if_better

    better = promote_if_better(ready(), folder, data, limit, click.echo)
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


@evaluate.command("xquad")
@click.option("--data", "folder", type=FOLDER, required=True, help="Folder of XQuAD: xquad.en.json and others.")
@click.option("--limit", type=click.IntRange(min=1), help="Only so many questions of each language.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
@edge
def evaluate_xquad(folder: Path, limit: int | None, as_json: bool) -> None:
    """Questions in several languages to English passages: how often search finds the passage, beside words alone and meaning alone."""
    from pipeline.training.finding import WAYS, table, xquad

    with _scratch() as (db, embedder):
        pairs = xquad(db, embedder, folder, limit, lambda line: click.echo(line, err=True))
    if as_json:
        click.echo(json.dumps({"set": "xquad", "pairs": [asdict(pair) for pair in pairs]}, indent=1))
        return
    rows = [(f"{pair.language} -> en", str(pair.questions), *(f"{pair.first[way]:.3f} / {pair.ten[way]:.3f}" for way in WAYS)) for pair in pairs]
    click.echo("recall at 1 / at 10")
    click.echo(table(("", "questions", *WAYS), rows))


@evaluate.command("moments")
@click.option("--data", "folder", type=FOLDER, required=True, help="Folder of QMSum's meetings, a JSON file each.")
@click.option("--limit", type=click.IntRange(min=1), help="Only so many meetings.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
@edge
def evaluate_moments(folder: Path, limit: int | None, as_json: bool) -> None:
    """Questions about meetings: how often a moment that answers is among the first five, in its meeting and over all of them."""
    from pipeline.training.finding import WAYS, moments, table

    with _scratch() as (db, embedder):
        found = moments(db, embedder, folder, limit, lambda line: click.echo(line, err=True))
    if as_json:
        click.echo(json.dumps({"set": "moments", **asdict(found)}, indent=1))
        return
    click.echo(f"{found.questions} questions, {found.meetings} meetings, {found.chunks} moments of {found.words:.0f} words; an answer among the first 5, %")
    rows = [(name, *(f"{share[way]:.1f}" for way in WAYS)) for name, share in (("of its meeting", found.inside), ("of all meetings", found.everywhere))]
    click.echo(table(("", *WAYS), rows))


@contextmanager
def _scratch() -> Iterator[tuple[Any, Any]]:
    """A real database of its own for as long as a measurement takes, and the embedder."""
    from pipeline.config import load
    from pipeline.language.generator import open_embedder
    from pipeline.store.database import Database
    from workers.embedded import embedded

    with tempfile.TemporaryDirectory(prefix="nutshell-") as home, embedded(Path(home)) as (url, _):
        db, embedder = Database(url), open_embedder(load(), in_process=True)
        try:
            yield db, embedder
        finally:
            embedder.close()
            db.dispose()


@evaluate.command("ask")
@click.option("--data", "folders", type=FOLDER, multiple=True, help="Folder of QMSum's meetings, a JSON file each; several times for several.")
@click.option("--own", is_flag=True, help="Five talks and meetings of our own; also what is measured without --data.")
@click.option("--limit", type=click.IntRange(min=1), help="Only so many meetings of each folder, spread over all.")
@click.option("--half", type=click.IntRange(0, 1), help="Only every second question of each kind: 0 is what the product was tuned on, 1 the others.")
@click.option("--quotes", is_flag=True, help="Without the language model.")
@click.option("--vectors", type=click.Path(dir_okay=False, path_type=Path), help="File that keeps what was embedded: an interrupted measurement goes on by it, another is quick.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
@edge
def evaluate_ask(folders: tuple[Path, ...], own: bool, limit: int | None, half: int | None, quotes: bool, vectors: Path | None, as_json: bool) -> None:
    """Questions to meetings and talks, and questions that they do not answer, through the product's own search, answers and refusals."""
    from pipeline.language.generator import open_generator
    from pipeline.training import asking

    sources = [*([None] if own or not folders else []), *folders]
    generator = None if quotes else open_generator(ready(), in_process=True)
    try:
        reports = [_asked(source, asking.read(source, limit), generator, half, vectors) for source in sources]
    finally:
        if generator is not None:
            generator.close()
    if as_json:
        click.echo(json.dumps({"set": "ask", "sources": [asdict(found) for found in reports]}, indent=1))
    else:
        click.echo("\n\n".join(asking.as_table(found) for found in reports))


def _asked(source: Path | None, meetings: Any, generator: Any, half: int | None, vectors: Path | None) -> Any:
    """The report of one source, in a library that has nothing else; what went wrong goes to standard error."""
    from pipeline.training import asking
    from pipeline.training.kept import KeptVectors

    def say(line: str) -> None:
        click.echo(line, err=True)

    with _scratch() as (db, embedder):
        kept = KeptVectors(embedder, vectors) if vectors is not None else None
        try:
            ids = asking.index(db, kept or embedder, meetings, say)
            found = asking.measure(db, kept or embedder, generator, asking.questions(meetings, half), ids, say)
        finally:
            if kept is not None:
                kept.close()
    for line in found.wrong:
        say(line)
    return replace(found, source="our own" if source is None else str(source))
