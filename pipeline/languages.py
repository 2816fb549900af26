"""Language codes and names, from Unicode's CLDR by way of Babel."""

from functools import cache

import babel
from babel.core import UnknownLocaleError

from pipeline.errors import InputError

ALIASES = {"iw": "he", "jw": "jv", "in": "id", "tl": "fil", "no": "nb", "mo": "ro"}
"""Old or loose codes that links, captions and Whisper use."""


def code_of(text: str) -> str:
    """`es`, `pt-BR`, `Spanish` or `español` -> `es`, `pt`, `es`, `es`.

    Raises:
        InputError: `bad_language`.
    """
    wanted = text.strip().lower().replace("_", "-")
    primary = wanted.split("-")[0]
    primary = ALIASES.get(primary, primary)
    if primary in _english() or primary == "und":
        return primary
    for code, name in _english().items():
        if wanted in (name.lower(), own_name(code).lower()):
            return code
    raise InputError("bad_language", f"{text[:40]!r} is not a language. Give a code such as es, or a name such as Spanish.")


def name_of(code: str) -> str:
    """The English name of a code, or the code itself where there is none."""
    return _english().get(code.split("-")[0], code)


@cache
def own_name(code: str) -> str:
    """The name of a language in that language, `español` for `es`; the English one where CLDR has none."""
    try:
        name = babel.Locale.parse(code).get_display_name(code)
    except (UnknownLocaleError, ValueError):
        return name_of(code)
    return name or name_of(code)


def direction(code: str) -> str:
    """`rtl` or `ltr`."""
    try:
        return babel.Locale.parse(code).text_direction
    except (UnknownLocaleError, ValueError):
        return "ltr"


@cache
def _english() -> dict[str, str]:
    names: dict[str, str] = {code: name for code, name in babel.Locale("en").languages.items() if "_" not in code and code != "mul"}
    return names
