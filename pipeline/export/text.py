"""Summary and transcript -> Markdown, plain text and one self-contained HTML page. All text is untrusted: inert in every form."""

import re
from urllib.parse import urlencode

import jinja2

from pipeline.timecode import clock
from pipeline.types import Point, Summary, Transcript, Video

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


def markdown(video: Video, transcript: Transcript, summary: Summary | None) -> str:
    """Title, link, gist, points with `[1:02](…&t=62s)`, chapters, then the transcript. Mark-up in the source text is escaped."""
    lines = [f"# {escape(video.title)}", ""]
    if video.source_url:
        lines += [f"<{video.source_url}>", ""]
    if summary:
        lines += _markdown_summary(video, summary)
    lines += ["## Transcript", ""]
    for segment in transcript.segments:
        speaker = f"**{escape(segment.speaker)}:** " if segment.speaker else ""
        lines += [f"{_stamp(video, segment.start)} {speaker}{escape(segment.text)}", ""]
    return "\n".join(lines)


def _markdown_summary(video: Video, summary: Summary) -> list[str]:
    lines = [f"> {_statement(video, summary.gist)}", ""]
    if summary.overview:
        lines += [" ".join(_statement(video, point) for point in summary.overview), ""]
    for number, chapter in enumerate(summary.chapters):
        lines += [f"## {_stamp(video, chapter.start)} {escape(chapter.title)}", ""]
        lines += [f"- {_statement(video, point)}" for point in summary.points if point.chapter == number]
        lines.append("")
    return [*lines, *(f"*{escape(note)}*\n" for note in summary.notes)]


def _statement(video: Video, point: Point) -> str:
    text = f"“{escape(point.text)}”" if point.kind == "quote" else escape(point.text)
    return f"{text} {' '.join(_stamp(video, c.start) for c in point.citations)}"


def _stamp(video: Video, seconds: float) -> str:
    url = moment_url(video, seconds)
    return f"[{clock(seconds)}]({url})" if url else clock(seconds)


def escape(text: str) -> str:
    """Text as Markdown that shows exactly this text, on one line, with no live link, image or tag."""
    line = _MARKDOWN.sub(r"\\\1", " ".join(text.split()))
    return line.replace("://", "&#58;//").replace("www.", "www&#46;").replace("@", "&#64;")


def plain(video: Video, transcript: Transcript, summary: Summary | None) -> str:
    lines = [video.title, video.source_url, ""] if video.source_url else [video.title, ""]
    if summary:
        lines += [_quoted(summary.gist), "", *(_quoted(point) for point in summary.overview), ""]
        for number, chapter in enumerate(summary.chapters):
            lines += [f"{clock(chapter.start)}  {chapter.title}"]
            lines += [f"  - {_quoted(point)} ({clock(point.start)})" for point in summary.points if point.chapter == number]
        lines += ["", *summary.notes, ""]
    lines += [f"{clock(s.start)}  {s.speaker + ': ' if s.speaker else ''}{s.text}" for s in transcript.segments]
    return "\n".join(lines) + "\n"


def _quoted(point: Point) -> str:
    return f"“{point.text}”" if point.kind == "quote" else point.text


_PAGE = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string("""<!doctype html>
<html lang="{{ (summary or transcript).language }}">
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<title>{{ video.title }}</title>
<style>body{font:1rem/1.6 system-ui,sans-serif;max-width:42rem;margin:2rem auto;padding:0 1rem}.gist{font-size:1.25rem}.time{color:#666;font-size:.85em}q{font-style:italic}</style>
{% macro said(point) %}{% if point.kind == "quote" %}<q>{{ point.text }}</q>{% else %}{{ point.text }}{% endif %}
{% for c in point.citations %} <span title="{{ c.quote }}">{{ stamp(c.start) }}</span>{% endfor %}{% endmacro %}
{% macro stamp(t) %}{% if at(t) %}<a class="time" href="{{ at(t) }}">{{ clock(t) }}</a>{% else %}<span class="time">{{ clock(t) }}</span>{% endif %}{% endmacro %}
<h1 dir="auto">{{ video.title }}</h1>
{% if video.source_url %}<p><a href="{{ video.source_url }}">{{ video.source_url }}</a></p>{% endif %}
{% if summary %}
<p class="gist" dir="auto">{{ said(summary.gist) }}</p>
{% for point in summary.overview %}<p dir="auto">{{ said(point) }}</p>{% endfor %}
{% for chapter in summary.chapters %}
<h2 dir="auto">{{ stamp(chapter.start) }} {{ chapter.title }}</h2>
<ul>{% for point in summary.points if point.chapter == loop_index(chapter) %}<li dir="auto">{{ said(point) }}</li>{% endfor %}</ul>
{% endfor %}
{% for note in summary.notes %}<p><small>{{ note }}</small></p>{% endfor %}
{% endif %}
<h2>Transcript</h2>
{% for s in transcript.segments %}<p dir="auto">{{ stamp(s.start) }} {% if s.speaker %}<b>{{ s.speaker }}:</b> {% endif %}{{ s.text }}</p>
{% endfor %}
</html>
""")


def html(video: Video, transcript: Transcript, summary: Summary | None) -> str:
    """One page without scripts, opened from disk; its own policy forbids every request."""
    order = {id(chapter): number for number, chapter in enumerate(summary.chapters)} if summary else {}
    return _PAGE.render(
        video=video,
        transcript=transcript,
        summary=summary,
        clock=clock,
        at=lambda seconds: moment_url(video, seconds),
        loop_index=lambda chapter: order[id(chapter)],
    )
