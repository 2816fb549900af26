"""Summary and transcript -> Markdown, plain text and one self-contained HTML page. All text is untrusted: inert in every form."""

import re
from collections.abc import Iterator
from urllib.parse import urlencode

import jinja2

from pipeline.summary.styles import Answered, Block, Flowing, Gaps, Heading, Listed, Note, Telling, Terms, arranged, opening
from pipeline.timecode import clock
from pipeline.types import Chapter, Kept, Point, Segment, Summary, Transcript, Video

MINE_HEADING = "## My notes"
KEPT = "(not translated well, so in the original)"
"""Stands behind a sentence of a translation that did not hold."""
YOUTUBE = "https://www.youtube.com/"
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>()#+!|~&-])")


def moment_url(video: Video, seconds: float) -> str:
    """The address of a moment at the source; empty for a file."""
    if not video.source_url:
        return ""
    if not video.source_url.startswith(YOUTUBE):
        return f"{video.source_url}#t={int(seconds)}"  # what players of bare recordings take
    joint = "&" if "?" in video.source_url else "?"
    return f"{video.source_url}{joint}{urlencode({'t': f'{int(seconds)}s'})}"


def markdown(video: Video, transcript: Transcript, summary: Summary | None, telling: Telling, kept: Kept) -> str:
    """Title, link, gist, points with `[1:02](…&t=62s)` as they are told, the reader's notes, then the transcript. Mark-up in the source text is escaped."""
    lines = [f"# {escape(video.title)}", ""]
    if video.source_url:
        lines += [f"<{video.source_url}>", ""]
    if summary:
        lines += _markdown_summary(video, summary, telling)
    if kept:
        lines += _markdown_kept(video, kept)
    lines += ["## Transcript", ""]
    for segment in transcript.segments:
        speaker = f"**{escape(segment.speaker)}:** " if segment.speaker else ""
        lines += [f"{_stamp(video, segment.start)} {speaker}{escape(segment.text)}{_in_original(segment)}", ""]
    return "\n".join(lines)


def _in_original(segment: Segment) -> str:
    """The mark of a line of a translated transcript that is not translated."""
    return f" ({segment.original})" if segment.original else ""


def _markdown_summary(video: Video, summary: Summary, telling: Telling) -> list[str]:
    lines = [f"> {_statement(video, summary.gist)}", ""]
    if overview := opening(summary, telling.style, telling.audience):
        lines += [" ".join(_statement(video, point) for point in overview), ""]
    level = "##"
    for block in arranged(summary, telling.style, telling.audience):
        lines += [*_markdown_block(video, block, level), ""]
        if isinstance(block, Heading) and block.chapter is None:
            level = "###"  # chapters stand under a heading of the style's own
    return [*lines, *(f"*{escape(note)}*\n" for note in summary.notes)]


def _markdown_kept(video: Video, kept: Kept) -> Iterator[str]:
    yield from (MINE_HEADING, "")
    for name, names in (("Tags", kept.tags), ("Folders", kept.folders)):
        if names:
            yield from (f"{name}: {', '.join(escape(one) for one in names)}", "")
    for note in kept.notes:
        when = "" if note.start is None else f"{_stamp(video, note.start)} "
        quote = f"“{escape(note.quote)}”" if note.quote else ""
        own = [escape(line) for line in note.text.splitlines() if line.strip()]
        yield f"- {when}" + "  \n  ".join(piece for piece in (quote, *own) if piece)  # two spaces at an end keep the line
    if kept.notes:
        yield ""


def _markdown_block(video: Video, block: Block, level: str) -> Iterator[str]:
    match block:
        case Heading(text, Chapter() as chapter):
            yield f"{level} {_stamp(video, chapter.start)} {escape(text)}"
        case Heading(text):
            yield f"## {escape(text)}"
        case Listed(points):
            yield from (f"- {_statement(video, point)}" for point in points)
        case Flowing(points):
            yield " ".join(_statement(video, point) for point in points)
        case Answered(question, points, chapter):
            yield f"## {_stamp(video, chapter.start) + ' ' if chapter else ''}{escape(question)}\n"
            yield from (f"- {_statement(video, point)}" for point in points)
        case Terms(terms):
            yield from (f"- **{escape(term.text)}**: {_statement(video, term.point)}" for term in terms)
        case Gaps(gaps):
            yield from (f"{number}. {escape(gap.question)}" for number, gap in enumerate(gaps, 1))
            yield "\n### Answers\n"
            yield from (f"{number}. {escape(gap.answer)} {_stamps(video, gap.point)}" for number, gap in enumerate(gaps, 1))
        case Note(text):
            yield f"*{escape(text)}*"


def _statement(video: Video, point: Point) -> str:
    text = f"“{escape(point.text)}”" if point.kind == "quote" else escape(point.text) + f" {KEPT}" * (point.kind == "original")
    return f"{text} {_stamps(video, point)}"


def _stamps(video: Video, point: Point) -> str:
    return " ".join(_stamp(video, c.start) for c in point.citations)


def _stamp(video: Video, seconds: float) -> str:
    url = moment_url(video, seconds)
    return f"[{clock(seconds)}]({url})" if url else clock(seconds)


def escape(text: str) -> str:
    """Text as Markdown that shows exactly this text, on one line, with no live link, image or tag."""
    line = _MARKDOWN.sub(r"\\\1", " ".join(text.split()))
    return line.replace("://", "&#58;//").replace("www.", "www&#46;").replace("@", "&#64;")


def plain(video: Video, transcript: Transcript, summary: Summary | None, telling: Telling, kept: Kept) -> str:
    lines = [video.title, video.source_url, ""] if video.source_url else [video.title, ""]
    if summary:
        lines += [_quoted(summary.gist), "", *(_quoted(point) for point in opening(summary, telling.style, telling.audience)), ""]
        for block in arranged(summary, telling.style, telling.audience):
            lines += plain_block(block)
        lines += ["", *summary.notes, ""]
    if kept:
        lines += [*_plain_kept(kept), ""]
    lines += [f"{clock(s.start)}  {s.speaker + ': ' if s.speaker else ''}{s.text}{_in_original(s)}" for s in transcript.segments]
    return "\n".join(lines) + "\n"


def _plain_kept(kept: Kept) -> Iterator[str]:
    yield "My notes"
    yield from (f"{name}: {', '.join(names)}" for name, names in (("Tags", kept.tags), ("Folders", kept.folders)) if names)
    for note in kept.notes:
        when = "" if note.start is None else f"{clock(note.start)}  "
        first, *rest = [*([f"“{note.quote}”"] if note.quote else []), *note.text.splitlines()]
        yield f"  - {when}{first}"
        yield from (f"    {line}" for line in rest)


def plain_block(block: Block) -> Iterator[str]:
    """Its lines as plain text; also what a terminal shows."""
    match block:
        case Heading(text, chapter):
            yield f"{clock(chapter.start)}  {text}" if chapter else f"\n{text}"
        case Listed(points):
            yield from (f"  - {_timed(point)}" for point in points)
        case Flowing(points):
            yield f"  {' '.join(_timed(point) for point in points)}"
        case Answered(question, points):
            yield question
            yield from (f"  - {_timed(point)}" for point in points)
        case Terms(terms):
            yield from (f"  {term.text}: {_timed(term.point)}" for term in terms)
        case Gaps(gaps):
            yield from (f"  {number}. {gap.question}" for number, gap in enumerate(gaps, 1))
            yield "\nAnswers"
            yield from (f"  {number}. {gap.answer} ({clock(gap.point.start)})" for number, gap in enumerate(gaps, 1))
        case Note(text):
            yield f"  {text}"


def _timed(point: Point) -> str:
    return f"{_quoted(point)} ({clock(point.start)})"


def _quoted(point: Point) -> str:
    return f"“{point.text}”" if point.kind == "quote" else point.text + f" {KEPT}" * (point.kind == "original")


_PAGE = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string("""<!doctype html>
<html lang="{{ (summary or transcript).language }}">
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<title>{{ video.title }}</title>
<style>body{font:1rem/1.6 system-ui,sans-serif;max-width:42rem;margin:2rem auto;padding:0 1rem}.gist{font-size:1.25rem}.time{color:#666;font-size:.85em}q{font-style:italic}</style>
{% macro said(point) %}{% if point.kind == "quote" %}<q>{{ point.text }}</q>{% else %}{{ point.text }}{% if point.kind == "original" %} {{ original }}{% endif %}{% endif %}
{% for c in point.citations %} <span title="{{ c.quote }}">{{ stamp(c.start) }}</span>{% endfor %}{% endmacro %}
{% macro stamp(t) %}{% if at(t) %}<a class="time" href="{{ at(t) }}">{{ clock(t) }}</a>{% else %}<span class="time">{{ clock(t) }}</span>{% endif %}{% endmacro %}
<h1 dir="auto">{{ video.title }}</h1>
{% if video.source_url %}<p><a href="{{ video.source_url }}">{{ video.source_url }}</a></p>{% endif %}
{% if summary %}
<p class="gist" dir="auto">{{ said(summary.gist) }}</p>
{% for point in overview %}<p dir="auto">{{ said(point) }}</p>{% endfor %}
{% for kind, block in blocks %}
{% if kind == "Heading" and block.chapter %}<h2 dir="auto">{{ stamp(block.chapter.start) }} {{ block.text }}</h2>
{% elif kind == "Heading" %}<h2>{{ block.text }}</h2>
{% elif kind == "Listed" %}<ul>{% for point in block.points %}<li dir="auto">{{ said(point) }}</li>{% endfor %}</ul>
{% elif kind == "Flowing" %}<p dir="auto">{% for point in block.points %}{{ said(point) }} {% endfor %}</p>
{% elif kind == "Answered" %}<h2 dir="auto">{% if block.chapter %}{{ stamp(block.chapter.start) }} {% endif %}{{ block.question }}</h2>
<ul>{% for point in block.points %}<li dir="auto">{{ said(point) }}</li>{% endfor %}</ul>
{% elif kind == "Terms" %}<dl>{% for term in block.terms %}<dt dir="auto"><b>{{ term.text }}</b></dt><dd dir="auto">{{ said(term.point) }}</dd>{% endfor %}</dl>
{% elif kind == "Gaps" %}{% for gap in block.gaps %}<details><summary dir="auto">{{ gap.question }}</summary>
<p dir="auto"><b>{{ gap.answer }}</b> {% for c in gap.point.citations %}{{ stamp(c.start) }} {% endfor %}</p></details>
{% endfor %}
{% elif kind == "Note" %}<p><small>{{ block.text }}</small></p>
{% endif %}
{% endfor %}
{% for note in summary.notes %}<p><small>{{ note }}</small></p>{% endfor %}
{% endif %}
{% if kept %}
<h2>My notes</h2>
{% for name, names in (("Tags", kept.tags), ("Folders", kept.folders)) if names %}<p dir="auto">{{ name }}: {{ names|join(", ") }}</p>
{% endfor %}
<ul>
{% for note in kept.notes %}<li dir="auto">{% if note.start is not none %}{{ stamp(note.start) }} {% endif %}{% if note.quote %}<q>{{ note.quote }}</q>{% endif %}
{% for line in note.text.splitlines() %}<br>{{ line }}{% endfor %}</li>
{% endfor %}
</ul>
{% endif %}
<h2>Transcript</h2>
{% for s in transcript.segments %}<p dir="auto">{{ stamp(s.start) }} {% if s.speaker %}<b>{{ s.speaker }}:</b> {% endif %}
{%- if s.original %} <i lang="{{ s.original }}">{{ s.text }}</i>{% else %} {{ s.text }}{% endif %}</p>
{% endfor %}
</html>
""")


def html(video: Video, transcript: Transcript, summary: Summary | None, telling: Telling, kept: Kept) -> str:
    """One page without scripts, opened from disk; its own policy forbids every request."""
    return _PAGE.render(
        original=KEPT,
        video=video,
        transcript=transcript,
        summary=summary,
        overview=opening(summary, telling.style, telling.audience) if summary else (),
        blocks=[(type(block).__name__, block) for block in arranged(summary, telling.style, telling.audience)] if summary else (),
        kept=kept,
        clock=clock,
        at=lambda seconds: moment_url(video, seconds),
    )
