"""Language codes and names, from Unicode's CLDR by way of Babel."""

from functools import cache

import babel
import pycld2
from babel.core import UnknownLocaleError

from pipeline.errors import InputError

ALIASES = {"iw": "he", "jw": "jv", "in": "id", "tl": "fil", "no": "nb", "mo": "ro"}
"""Old or loose codes that links, captions and Whisper use."""
DETECTED = 4000
"""Characters that are looked at to tell a language."""


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


def short_code(code: str) -> str:
    """`eng` -> `en`, by Unicode's table of aliases; the code itself where there is no shorter one."""
    return str(babel.core.get_global("language_aliases").get(code, code))


def detect(text: str) -> str:
    """The language that `text` is most likely in, `und` when there is too little to tell. Takes a tenth of a millisecond."""
    letters = "".join(character for character in text[:DETECTED] if character.isalnum() or character in " '’")
    if not any(character.isalpha() for character in letters):
        return "und"
    _, _, found = pycld2.detect(letters.encode("utf-8", "ignore"), isPlainText=True, bestEffort=True)
    primary = found[0][1].lower().split("-")[0]
    primary = {"iw": "he", "jw": "jv"}.get(primary, primary)
    return primary if primary in _english() else "und"


@cache
def _english() -> dict[str, str]:
    names: dict[str, str] = {code: name for code, name in babel.Locale("en").languages.items() if "_" not in code and code != "mul"}
    return names
