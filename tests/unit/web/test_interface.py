"""The pages in other languages: no visible string is left out of the catalogues, every catalogue is whole, and what is chosen is what is shown."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import jinja2
import pytest
from flask import Flask, g
from jinja2 import nodes
from jinja2.lexer import Token

from pipeline.config import Settings
from pipeline.summary.audience import AUDIENCES
from pipeline.summary.styles import STYLES
from tests.unit.web import catalogues
from web import interface, words
from web.interface import ENGLISH, LANGUAGES

OTHERS = [code for code in LANGUAGES if code != ENGLISH]
TEMPLATES = sorted(path for path in (catalogues.WEB / "templates").rglob("*.html") if path.name != "feed_entry.html")  # feeds are read by programs
NAMES = {"Nutshell", "YouTube", "yt-dlp", "API", "Markdown", "WebVTT", "JSON", "Space"}
"""Visible, and the same in every language."""
SAID = {"aria-label", "title", "placeholder", "alt"}
PLACE = re.compile(r"%\(\w+\)s")


class Visible(HTMLParser):
    """Text that a reader sees or hears."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.silent += tag in ("code", "kbd", "style", "script")
        self.found += [value or "" for name, value in attrs if name in SAID or (name == "content" and ("name", "description") in attrs)]

    def handle_endtag(self, tag: str) -> None:
        self.silent -= tag in ("code", "kbd", "style", "script")

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.found.append(data)


def unmarked(source: str) -> Iterator[str]:
    """Visible strings of a template that no catalogue can translate."""
    environment = jinja2.Environment(extensions=["jinja2.ext.i18n"], autoescape=True)
    html = "".join(_html(list(environment._tokenize(source, None, None))))
    seen = Visible()
    seen.feed(html)
    for text in seen.found:
        if re.search(r"[^\W\d_]{2}", re.sub("|".join(NAMES), "", text.replace("␀", " "))):
            yield " ".join(text.replace("␀", "…").split())
    for output in environment.parse(source).find_all(nodes.Output):
        yield from (text for node in output.nodes for text in _constants(node) if re.match(r"[A-Z][a-z]|.*\w \w", text))


def _html(tokens: list[Token]) -> Iterator[str]:
    """The plain parts, with a sign for every expression, and without what stands between trans and endtrans and in the names of pages."""
    blocks: list[str] = []
    quiet = False
    for at, token in enumerate(tokens):
        if token.type == "block_begin":
            name = tokens[at + 1].value
            quiet = name == "trans" or (name == "block" and tokens[at + 2].value == "page")
            blocks.append(name)
        elif token.type == "data":
            if not quiet:
                yield token.value
        elif token.type == "variable_begin":
            yield "␀"


def _constants(node: nodes.Node) -> Iterator[str]:
    if isinstance(node, nodes.Const) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, nodes.CondExpr):
        yield from _constants(node.expr1)
        if node.expr2 is not None:
            yield from _constants(node.expr2)
    elif isinstance(node, nodes.Or):
        yield from _constants(node.right)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_every_visible_string_can_be_translated(path: Path) -> None:
    assert list(unmarked(path.read_text())) == []


@pytest.mark.parametrize(
    "source",
    ["<p>Words</p>", '<a title="Read this">{{ x }}</a>', "<p>{{ x }} of {{ y }}</p>", '{{ "Pause" if x else _("Go on") }}', '{{ x or "Untitled" }}', '<meta name="description" content="Any video">'],
)  # fmt: skip
def test_an_unmarked_string_is_seen(source: str) -> None:
    assert list(unmarked(source)) != []


def test_every_message_of_code_is_known_to_the_catalogues() -> None:
    """Also those that stand where the tools do not look, as within the braces of a string."""
    known = {part for message in catalogues.extracted() if message.id for part in (message.id if isinstance(message.id, tuple) else (message.id,))}
    marked = re.compile(r'(?<![\w.])(?:t|say|gettext|N_|_)\("((?:[^"\\]|\\.)+)"')
    sources = [*catalogues.WEB.glob("*.py"), *(catalogues.WEB / "static" / "js").glob("*.js"), *TEMPLATES]
    found = {message for path in sources for message in marked.findall(path.read_text()) if path.name != "interface.py"}

    assert found - known == set()


@pytest.mark.parametrize("code", OTHERS)
def test_catalogues_are_whole(code: str) -> None:
    stored = catalogues.stored(code)
    assert (interface.FOLDER / f"{code}.po").read_bytes() == catalogues.updated(code, catalogues.extracted()), "run `make words`"
    assert list(catalogues.missing(code)) == []
    for message in stored:
        if not message.id:
            continue
        wanted = message.id if isinstance(message.id, tuple) else (message.id,)
        given = message.string if isinstance(message.string, tuple) else (message.string,)
        places, tags = set(PLACE.findall(wanted[-1])), sorted(re.findall(r"<[^>]*>", wanted[-1]))
        for text in given:
            # one, two and none may be words instead of figures
            assert set(PLACE.findall(text)) in ((places, set()) if isinstance(message.id, tuple) else (places,)), text
            assert sorted(re.findall(r"<[^>]*>", text)) == tags, text
            assert '"' not in re.sub(r"<[^>]*>", "", text), "it may stand in an attribute"
            assert "%" not in PLACE.sub("", text).replace(" %", ""), text


def test_there_is_a_catalogue_for_every_language_of_the_menu() -> None:
    assert {path.stem for path in interface.FOLDER.glob("*.po")} == set(OTHERS)
    assert {*LANGUAGES, ""} == set(Settings.model_fields["ui_language"].annotation.__args__)
    for code, name in LANGUAGES.items():
        assert words.LANGUAGES[code] == name


def test_names_of_styles_are_marked() -> None:
    named = {text for style in STYLES.values() for text in (style.label, style.title)} | {audience.label for audience in AUDIENCES.values()}

    assert named - set(words.TOLD) == set()


@pytest.fixture(name="in_language")
def _in_language():
    app = Flask("test")
    with app.test_request_context():
        yield lambda code: setattr(g, "interface", code)


def test_numbers_and_times_read_as_the_language_has_them(in_language) -> None:
    hour_ago = datetime.now(UTC) - timedelta(hours=3)
    said = {}
    for code in LANGUAGES:
        in_language(code)
        said[code] = (words.day("2026-03-05"), words.span(3900), words.size(2_140_000), words.ago(hour_ago), words.said_name("fr"), interface.figure(12345))

    assert said["en"] == ("5 March 2026", "1 h 5 min", "2.1 MB", "3 hours ago", "French", "12,345")
    assert said["es"] == ("5 de marzo de 2026", "1 h 5 min", "2,1 MB", "hace 3 horas", "francés", "12.345")
    assert said["de"] == ("5. März 2026", "1 Std. 5 Min.", "2,1 MB", "vor 3 Stunden", "Französisch", "12.345")
    assert said["ar"][1:] == ("1 س 5 د", "2.1 MB", "قبل 3 ساعات", "الفرنسية", "12,345")
    assert "مارس" in said["ar"][0]


def test_counted_things_take_their_form(in_language) -> None:
    in_language("ar")
    said = [interface.count("%(number)s job before this one", "%(number)s jobs before this one", number) for number in (1, 2, 3, 11)]

    assert said == ["مهمة واحدة قبلها", "مهمتان قبلها", "3 مهام قبلها", "11 مهمة قبلها"]
