"""Print a summary of one of the stand-in's talks beside its transcript, to be read by a person: `python -m tests.integration.summary.show medium [--no-model] [--no-chapters]`."""

import click

from pipeline.summary.summarize import make_gist, make_summary
from pipeline.timecode import clock
from pipeline.types import Length, Options, Summary
from tests.integration.summary import builtin
from tests.integration.summary.conftest import Ready, ready


@click.command()
@click.argument("name")
@click.option("--model/--no-model", default=True)
@click.option("--chapters/--no-chapters", default=True)
@click.option("--length", type=click.Choice([length.value for length in Length]), default="medium")
@click.option("--transcript/--no-transcript", default=True)
def main(name: str, model: bool, chapters: bool, length: str, transcript: bool) -> None:
    embedder = builtin.embedder()
    generator = builtin.generator() if model else None
    talk = ready(name, embedder, chapters=chapters)
    options = Options(length=Length(length))
    gist = make_gist(talk.video, talk.sentences, generator, options, embedder=embedder)
    summary = make_summary(
        talk.video,
        talk.sentences,
        talk.chunks,
        talk.vectors,
        generator,
        embedder,
        options,
        gist,
        emit=lambda progress: None,
        on_partial=lambda part: None,
    )
    click.echo(written(talk, summary, transcript))


def written(talk: Ready, summary: Summary, transcript: bool) -> str:
    lines = [
        f"# {talk.video.title}",
        "",
        f"GIST ({summary.gist.kind}): {summary.gist.text}",
        "",
        "OVERVIEW: " + " ".join(point.text for point in summary.overview),
    ]
    for number, chapter in enumerate(summary.chapters):
        lines += ["", f"## {clock(chapter.start)} {chapter.title}"]
        for point in (point for point in summary.points if point.chapter == number):
            lines.append(f"- {clock(point.start)} [{point.kind} {point.support:.2f}] {point.text}")
            lines += [f"      <- {citation.quote}" for citation in point.citations if citation.quote != point.text]
        if transcript:
            lines += [f"      | {clock(s.start)} {s.text}" for s in talk.sentences if chapter.start <= s.start < chapter.end]
    return "\n".join([*lines, "", *summary.notes])


if __name__ == "__main__":
    main()
