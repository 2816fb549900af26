"""The messages of the pages, and the catalogues brought up to them: `python -m tests.unit.web.catalogues` writes web/locale/*.po anew (`make words`)."""

import io
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from web.interface import ENGLISH, FOLDER, LANGUAGES

WEB = Path(__file__).parents[3] / "web"
MADE = datetime(2026, 1, 1, tzinfo=UTC)
"""In the head of a catalogue; version control knows when it was changed."""
METHODS = [("static/js/**.js", "javascript"), ("templates/**.html", "jinja2"), ("**.py", "python")]
OPTIONS = {"templates/**.html": {"trimmed": "true", "newstyle_gettext": "true", "silent": "false", "trim_blocks": "true", "lstrip_blocks": "true"}}
KEYWORDS: tuple[dict[str, Any], ...] = ({"t": None}, {"_": None, "gettext": None, "ngettext": (1, 2)}, {"gettext": None, "N_": None, "say": None, "count": (1, 2)})


def extracted() -> Catalog:
    """Every message of the pages, with the file that it stands in; lines are left out, so that a catalogue changes only when its messages do."""
    found = Catalog()
    for method, keywords in zip(METHODS, KEYWORDS, strict=True):
        for file, _line, message, _comments, _context in extract_from_dir(WEB, [method], OPTIONS, keywords):
            found.add(message, locations=[(Path(file).as_posix(), 0)], flags=())
    return found


def stored(code: str) -> Catalog:
    path = FOLDER / f"{code}.po"
    if not path.exists():
        return Catalog(locale=code)
    with path.open("rb") as file:
        return read_po(file, locale=code)


def updated(code: str, messages: Catalog) -> bytes:
    """The catalogue with exactly these messages, in their order."""
    now = stored(code)
    fresh = Catalog(locale=code, project="Nutshell", version="1", creation_date=MADE, revision_date=MADE, header_comment="# The words of the pages; see CONTRIBUTING.md.")
    for message in messages:
        if message.id:
            old = now.get(message.id[0] if isinstance(message.id, tuple) else message.id)
            fresh.add(message.id, old.string if old else "", locations=message.locations)
    text = io.BytesIO()
    write_po(text, fresh, width=0, sort_output=True, include_lineno=False, omit_header=False)
    return text.getvalue()


def missing(code: str) -> Iterator[str]:
    """Messages that have no words in this language."""
    for message in stored(code):
        strings = message.string if isinstance(message.string, (tuple, list)) else (message.string,)
        if message.id and not all(strings):
            yield str(message.id)


def main() -> None:
    messages = extracted()
    for code in LANGUAGES:
        if code != ENGLISH:
            (FOLDER / f"{code}.po").write_bytes(updated(code, messages))
            sys.stdout.writelines(f"{code}: no words for {message!r}\n" for message in missing(code))


if __name__ == "__main__":
    main()
