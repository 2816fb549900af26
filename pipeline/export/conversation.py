"""A conversation as Markdown: questions, answers, under each the moments that it rests on, and apart from them those that are also about it."""

from collections.abc import Iterator, Sequence

from pipeline.export.text import escape
from pipeline.timecode import clock
from pipeline.types import Answer


def markdown(title: str, where: str, turns: Sequence[Answer], base: str) -> str:
    """`where`: what was asked; empty: the whole library. `base`: the address of this Nutshell, without a slash at its end."""
    lines = [f"# {escape(title)}", "", f"Asked: {escape(where) if where else 'the whole library'}", ""]
    for turn in turns:
        lines += _turn(turn, base)
    return "\n".join(lines).rstrip() + "\n"


def _turn(turn: Answer, base: str) -> Iterator[str]:
    yield f"## {escape(turn.question)}"
    yield ""
    if turn.understood:
        yield f"*Understood as: {escape(turn.understood)}*"
        yield ""
    if turn.rendered and turn.rendered.text:
        yield escape(turn.rendered.text)
        yield ""
        yield f"*Translated by {escape(turn.rendered.engine)}; the original:*"
        yield ""
    if turn.kind != "quote":
        yield escape(turn.text)
        yield ""
    for one in turn.citations:
        if not one.also:
            yield _moment(base, one.video_id, one.start, one.quote, one.title, one.speaker)
    further = [one for one in turn.citations if one.also]
    if further:
        yield ""
        yield "Also about this:"
        yield ""
        for one in further:
            yield _moment(base, one.video_id, one.start, one.quote, one.title, one.speaker)
    if not turn.found and turn.nearest:
        yield "The nearest to it:"
        yield ""
        for hit in turn.nearest:
            yield _moment(base, hit.video_id, hit.start, hit.text, hit.title)
    yield ""


def _moment(base: str, video_id: str, start: float, said: str, title: str, speaker: str = "") -> str:
    who = f"{escape(speaker)}: " if speaker else ""
    return f"- [{clock(start)}]({base}/v/{video_id}?t={int(start)}) {who}“{escape(said)}” ({escape(title)})"


def file_name(title: str) -> str:
    """What of a title any file system minds not, at most 80 characters."""
    kept = "".join(char if char.isalnum() or char in " -_" else " " for char in title)
    return " ".join(kept.split())[:80].strip() or "conversation"
