"""Exports are true to the summary, open in other programs and are inert whatever the video says. Run: pytest tests/unit/export"""

import io
import json

import jsonschema
import pytest
import webvtt

from pipeline.errors import InputError
from pipeline.export.document import document, schema
from pipeline.export.render import KINDS, file_name, render
from pipeline.export.text import escape, moment_url
from pipeline.summary.styles import STYLES, telling
from pipeline.types import Chapter, Citation, Coverage, Length, Origin, Point, Segment, Status, Summary, Transcript, Video

HOSTILE = (
    "<script>alert(1)</script> --> [x](javascript:alert(1)) ![i](http://evil.example/p.png) & *b* \n\n2\n00:00:01.000 --> 00:00:02.000"
)


def make(text: str = "The queen lays two thousand eggs a day.") -> tuple[Video, Transcript, Summary]:
    video = Video("youtube:abcdefghijk", "https://www.youtube.com/watch?v=abcdefghijk", text, 4000.0, channel=text, language="en")
    transcript = Transcript("en", Origin.CAPTIONS_MANUAL, None, (Segment(0, 2, "Hello."), Segment(3661.5, 3664.0, text, speaker="A>B")))
    point = Point(text, (Citation(3661.5, 3664.0, text, 1),), "quote", 1.0)
    summary = Summary(
        "en", Length.MEDIUM, point, (point,), (point,), (Chapter(0, 4000, text),),
        (Coverage(0, 3661.5, Status.READ), Coverage(3661.5, 4000, Status.CITED, (0,))), "m", "1", ("A note.",),
    )  # fmt: skip
    return video, transcript, summary


@pytest.mark.parametrize("text", ["The queen lays two thousand eggs a day.", HOSTILE])
def test_document_satisfies_its_schema(text: str) -> None:
    jsonschema.validate(document(*make(text), {"fetch": 1.0}, {"llm": "m"}), schema())


def test_schema_refuses_a_point_without_citation() -> None:
    value = document(*make(), {}, {})
    value["summary"]["points"][0]["citations"] = []

    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(value, schema())


@pytest.mark.parametrize("text", ["Plain.", HOSTILE])
def test_subtitles_open_in_a_parser_with_every_cue_at_its_time(text: str) -> None:
    video, transcript, summary = make(text)
    vtt = webvtt.from_string(render("vtt", video, transcript, summary).body.decode())
    srt = webvtt.from_buffer(io.StringIO(render("srt", video, transcript, summary).body.decode()), format="srt")

    for captions in (vtt, srt):
        assert [c.start for c in captions] == ["00:00:00.000", "01:01:01.500"]
        assert "<script" not in captions[1].text or captions is vtt  # WebVTT holds it escaped: &lt;script


def test_hostile_text_is_inert_as_markdown() -> None:
    body = render("md", *make(HOSTILE)).body.decode()

    assert "<script" not in body.replace("\\<script", "")
    assert "](javascript:" not in body
    assert "![i]" not in body


def test_hostile_text_is_inert_as_html() -> None:
    body = render("html", *make(HOSTILE)).body.decode()

    assert "<script" not in body
    assert 'href="javascript' not in body


def test_markdown_links_to_the_second_and_keeps_the_hour() -> None:
    assert "[1:01:01](https://www.youtube.com/watch?v=abcdefghijk&t=3661s)" in render("md", *make()).body.decode()


def test_escape_shows_exactly_the_text() -> None:
    assert escape("a*b_c") == r"a\*b\_c"


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_works_without_a_summary(kind: str) -> None:
    video, transcript, _ = make()

    assert b"queen" in render(kind, video, transcript, None).body


def test_json_export_is_the_document() -> None:
    jsonschema.validate(json.loads(render("json", *make()).body), schema())


def test_unknown_and_later_kinds_are_refused_by_name() -> None:
    for kind, code in (("docx", "bad_export"), ("pdf", "not_yet")):
        with pytest.raises(InputError) as caught:
            render(kind, *make())
        assert caught.value.code == code


@pytest.mark.parametrize("audience", ["everyone", "plain"])
@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("text", ["The queen lays 2000 eggs a day.", HOSTILE])
def test_every_style_is_exported_with_moments_and_inert(text: str, style: str, audience: str) -> None:
    bodies = {kind: render(kind, *make(text), telling(style, audience)).body.decode() for kind in ("md", "txt", "html", "json")}

    assert "&t=3661s" in bodies["md"].split("## Transcript")[0]
    assert "t=3661s" in bodies["html"].split("<h2>Transcript")[0]
    assert "1:01:01" in bodies["txt"]
    assert "<script" not in bodies["html"]
    assert "<script" not in bodies["md"].replace("\\<script", "")
    assert "](javascript:" not in bodies["md"]
    jsonschema.validate(json.loads(bodies["json"]), schema())
    assert ("style" in json.loads(bodies["json"])) == ((style, audience) != ("bullets", "everyone"))


def test_study_notes_have_their_answers_apart() -> None:
    made = make("The queen lays 2000 eggs a day.")
    markdown, page = (render(kind, *made, telling("notes", None)).body.decode() for kind in ("md", "html"))

    assert "1. The queen lays \\_\\_\\_\\_ eggs a day." in markdown
    assert "### Answers\n\n1. 2000 [1:01:01]" in markdown
    assert "<details><summary dir=\"auto\">The queen lays ____ eggs a day.</summary>" in page


def test_subtitles_have_no_style() -> None:
    assert render("srt", *make(), telling("qa", "plain")) == render("srt", *make())


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("../../etc/passwd", ".. etc passwd [abcdefghijk].md"),
        ('a/b\\c:"d"*?<e>|f\0g', "a b c d e fg [abcdefghijk].md"),
        ("", "video [abcdefghijk].md"),
        ("日本語 \u202e txt", "日本語 txt [abcdefghijk].md"),
    ],
)
def test_file_names_hold_nothing_a_file_system_minds(title: str, name: str) -> None:
    video, _, _ = make(title)

    assert file_name(video, "md").removeprefix(".. ").lstrip(". ") == name.removeprefix(".. ").lstrip(". ")
    assert "/" not in file_name(video, "md")


def test_moments_of_recordings_elsewhere_are_fragments() -> None:
    elsewhere = Video("media:1", "https://cdn.pods.test/talk.mp3?x=1", "Talk", 99.0)
    assert moment_url(elsewhere, 62.9) == "https://cdn.pods.test/talk.mp3?x=1#t=62"


@pytest.mark.parametrize("title", ["日本語" * 40, "हिन्दी" * 30, "a" * 300, "🎵" * 99, "...", ""])
def test_a_title_of_any_script_fits_into_a_file_name(title: str) -> None:
    video, _, _ = make(title)
    name = file_name(video, "webm", "0.04–0.10")

    assert len(f"0123 {name}".encode()) <= 255
    assert name.endswith("(0.04–0.10) [abcdefghijk].webm")
