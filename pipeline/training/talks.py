"""`nutshell evaluate talks`: summaries of whole talks side by side, to be read by people: the LLaMA asked plainly, as the usual tools ask it, and Nutshell's own."""

import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from pipeline.config import Settings
from pipeline.errors import InputError
from pipeline.language.adapters import NONE
from pipeline.language.generator import Embedder, Generator, Prompt, open_embedder, open_generator
from pipeline.source import captions, uploads
from pipeline.summary import chunks as chunking
from pipeline.summary.brief import line
from pipeline.summary.sentences import split
from pipeline.summary.summarize import make_gist, make_summary
from pipeline.timecode import clock
from pipeline.training.metrics import unsupported
from pipeline.types import Options, Point, Sentence, Summary, Video

T = TypeVar("T")
KINDS = (".md", ".txt", ".vtt", ".srt")
ROOM = 1600
"""Tokens of a chunk, as the usual tools cut."""
PART_TOKENS, WHOLE_TOKENS = 120, 200

_HEADER = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
_NOT_SAID = re.compile(r"^(?:#|!\[|\[|<|http|Name:|Topic:|Location:|Date:|Slides|Video:).*$", re.MULTILINE)
_MARKS = re.compile(r"\*\*|__|\[([^\]]*)\]\([^)]*\)")


@dataclass(frozen=True, slots=True)
class Talk:
    video: Video
    sentences: tuple[Sentence, ...]


@dataclass(frozen=True, slots=True)
class Pair:
    """The summaries of one talk."""

    talk: Talk
    plain: str
    summary: Summary


def talks(folder: Path, limit: int) -> tuple[Talk, ...]:
    """The first transcripts in `folder` and the folders in it, by name; of Markdown what is neither heading nor list of links.

    Raises:
        InputError: `no_data`.
    """
    paths = sorted(
        path for path in folder.rglob("*") if path.suffix in KINDS and not path.name.startswith(("_", "LICEN", "SOURCE", "README"))
    )
    found = [_read(path) for path in paths[:limit]]
    if not found:
        raise InputError("no_data", f"{folder} holds no transcripts ({', '.join(KINDS)}).")
    return tuple(found)


def _read(path: Path) -> Talk:
    if path.suffix == ".md":
        with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as plain:
            plain.write(said(path.read_text(encoding="utf-8")))
            plain.flush()
            transcript = captions.parse_file(Path(plain.name))
    else:
        transcript = captions.parse_file(path)
    duration = max((segment.end for segment in transcript.segments), default=0.0)
    video = Video("file:" + "0" * 64, "", uploads.clean_title(path.name), duration, language=transcript.language)
    return Talk(video, split(transcript))


def said(markdown: str) -> str:
    """The spoken part of a transcript in Markdown."""
    return _MARKS.sub(r"\1", _NOT_SAID.sub("", _HEADER.sub("", markdown)))


def compare(settings: Settings, found: Sequence[Talk], report: Callable[[str], None]) -> Iterator[Pair]:
    """One after another; each way with its own model: plainly without the adapter, ours with it. Raises ModelError."""
    embedder = open_embedder(settings, in_process=True)
    try:
        plain = _with_model(settings.model_copy(update={"llm_adapter": NONE}), lambda model: [asked_plainly(talk, model) for talk in found])
        report("asked plainly")
        ours = _with_model(settings, lambda model: [_summary(talk, model, embedder) for talk in found])
    finally:
        embedder.close()
    for talk, text, summary in zip(found, plain, ours, strict=True):
        yield Pair(talk, text, summary)


def _with_model(settings: Settings, work: Callable[[Generator], T]) -> T:
    generator = open_generator(settings, in_process=True)
    try:
        return work(generator)
    finally:
        generator.close()


def asked_plainly(talk: Talk, generator: Generator) -> str:
    """Chunk by chunk, and then the answers together: no numbers, no check."""
    system = "You are a helpful assistant."
    parts = generator.generate(
        [Prompt(system, f"Summarize this part of a transcript:\n\n{text}", PART_TOKENS) for text in _chunks(talk.sentences, generator)]
    )
    if len(parts) == 1:
        return parts[0]
    together = "\n".join(parts)
    while generator.count(together) > ROOM:
        together = together[: int(len(together) * 0.9)]
    return generator.generate([Prompt(system, f"Combine these summaries of the parts of a talk into one:\n\n{together}", WHOLE_TOKENS)])[0]


def _chunks(sentences: Sequence[Sentence], generator: Generator) -> list[str]:
    out: list[list[str]] = [[]]
    left = ROOM
    for sentence in sentences:
        cost = generator.count(line(sentence)) + 1
        if cost > left and out[-1]:
            out.append([])
            left = ROOM
        out[-1].append(line(sentence))
        left -= cost
    return ["\n".join(lines) for lines in out]


def _summary(talk: Talk, generator: Generator, embedder: Embedder) -> Summary:
    cut = chunking.cut(talk.sentences)
    vectors = np.asarray(embedder.passages([chunk.text for chunk in cut]))
    gist = make_gist(talk.video, talk.sentences, generator, Options(), embedder=embedder)
    return make_summary(
        talk.video, talk.sentences, cut, vectors, generator, embedder, Options(), gist, emit=lambda _: None, on_partial=lambda _: None
    )


def as_markdown(pair: Pair) -> str:
    """For people who read; of both ways how many numbers, names and quotations nobody said."""
    source = " ".join([pair.talk.video.title, *(line(sentence) for sentence in pair.talk.sentences)])
    ours = " ".join(point.text for point in (pair.summary.gist, *pair.summary.points))
    words = sum(len(sentence.text.split()) for sentence in pair.talk.sentences)
    parts = [
        f"## {pair.talk.video.title} ({words} words)",
        f"### Asked plainly ({_told(pair.plain, source)})",
        "\n".join(f"> {text}" for text in pair.plain.splitlines()),
        f"### Nutshell ({_told(ours, source)})",
        f"**{pair.summary.gist.text}** {_receipts(pair.summary.gist)}",
    ]
    for number, chapter in enumerate(pair.summary.chapters):
        points = [f"- {point.text} {_receipts(point)}" for point in pair.summary.points if point.chapter == number]
        parts.append("\n".join([f"*{clock(chapter.start)} {chapter.title}*", "", *points]))
    return "\n\n".join(parts) + "\n"


def _told(text: str, source: str) -> str:
    lost, total = unsupported(text, source)
    return f"{lost} of {total} numbers, names and quotations were not said"


def _receipts(point: Point) -> str:
    """Where it was said; the words too, unless the point is made of them."""
    quotes = (f"{clock(one.start)}" if point.kind == "quote" else f"{clock(one.start)}: “{one.quote}”" for one in point.citations)
    return f"({'; '.join(quotes)})"
