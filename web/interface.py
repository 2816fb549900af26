"""The language of the interface: whose words the pages are in, and how dates and numbers read. Catalogues are `locale/<code>.po`, compiled as they are loaded.

Outside of a request, and under /api, where programs read, it is English, as the messages are.
"""

import io
from functools import cache
from pathlib import Path
from typing import Any

from babel import Locale, negotiate_locale
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from babel.support import NullTranslations, Translations
from flask import Flask, g, has_request_context, request

from pipeline.config import Settings

FOLDER = Path(__file__).parent / "locale"
ENGLISH = "en"
LANGUAGES = {ENGLISH: "English", "es": "Español", "de": "Deutsch", "ar": "العربية"}
"""In the menu, by their own names; a test compares with the catalogues."""
COOKIE = "language"
SCRIPTS = "static/js/"
"""Messages from these files are handed to the page's scripts."""


def install(app: Flask, settings: Settings) -> None:
    """`NUTSHELL_UI_LANGUAGE` stands for what a browser asks for; what the reader chose stands before both."""
    app.before_request(lambda: setattr(g, "interface", _chosen(settings.ui_language)))
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.policies["ext.i18n.trimmed"] = True
    app.jinja_env.install_gettext_callables(gettext, ngettext, newstyle=True)  # type: ignore[attr-defined]
    app.context_processor(lambda: {"ui": current(), "ui_dir": locale().text_direction, "ui_languages": LANGUAGES, "ui_words": script_words(current())})


def _chosen(setting: str) -> str:
    if request.path.startswith("/api/"):
        return ENGLISH
    chosen = request.cookies.get(COOKIE, "")
    if chosen in LANGUAGES:
        return chosen
    # werkzeug's best_match() prefers an exact `en` asked for last over the `de` of a `de-AT` asked for first
    return setting or negotiate_locale([tag for tag in request.accept_languages.values() if len(tag) < 40], LANGUAGES, sep="-") or ENGLISH


def current() -> str:
    """The code of the language of this request."""
    return str(g.get("interface", ENGLISH)) if has_request_context() else ENGLISH


def locale() -> Locale:
    return _locale(current())


@cache
def _locale(code: str) -> Locale:
    return Locale.parse(code)


def gettext(message: str, code: str = "") -> str:
    """The message in the language of the interface, or in that of `code`. Messages that stand in a variable are marked with N_ where they are written."""
    code = code or current()
    return _translations(code if code in LANGUAGES else ENGLISH).gettext(message)


def ngettext(one: str, many: str, count: int) -> str:
    return _translations(current()).ngettext(one, many, count)


def N_(message: str) -> str:  # noqa: N802 - as gettext's tools know it
    """Marks a message that is translated where it is shown."""
    return message


def say(message: str, code: str = "", /, **values: object) -> str:
    """As gettext(), with its places filled: say("Page %(number)s", number=3). Values are not translated, nor escaped: that is the template's work."""
    return gettext(message, code) % values


def count(one: str, many: str, number: int, **values: object) -> str:
    """As say(), in the form for so many; `%(number)s` is the number as the language writes it."""
    return ngettext(one, many, number) % {"number": figure(number), **values}


def figure(number: float, pattern: str | None = None) -> str:
    """A number as the language writes it, with the digits that times and addresses have everywhere."""
    return format_decimal(number, pattern, locale=locale(), numbering_system="latn")


@cache
def catalogue(code: str) -> Catalog:
    with (FOLDER / f"{code}.po").open("rb") as file:
        return read_po(file, locale=code)


@cache
def _translations(code: str) -> NullTranslations:
    if code == ENGLISH:
        return NullTranslations()
    compiled = io.BytesIO()
    write_mo(compiled, catalogue(code))
    compiled.seek(0)
    return Translations(compiled)


@cache
def script_words(code: str) -> dict[str, Any]:
    """What the page's scripts say, by its English; empty where that will do."""
    if code == ENGLISH:
        return {}
    return {
        str(message.id): message.string for message in catalogue(code) if message.id and any(place.startswith(SCRIPTS) for place, _ in message.locations)
    }  # fmt: skip
