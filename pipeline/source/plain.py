"""Text of strangers made fit for storing and showing: no control characters, lone surrogates or marks that reorder or hide what is read."""

import html
import re
import unicodedata

from pipeline.languages import ALIASES

_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f"
    "\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"  # soft hyphen, zero width space, direction marks, byte order mark
    "\U000e0100-\U000e01ef]"  # variants of a character: a whole message can be hidden in them
)
"""What PostgreSQL refuses (NUL) or a reader cannot see. Joiners (U+200C, U+200D) stay: Persian and emoji need them."""
_LETTERS_UNSEEN = re.compile("(\U0001f3f4[\U000e0030-\U000e007a]{3,6}\U000e007f)|[\U000e0000-\U000e007f]")
"""Letters that are never drawn, but for those that make the flags of England, Scotland and Wales."""
_SPACES = re.compile("[\x0b\x0c\x1c-\x1f\x85\u2028\u2029]")
_HALF = re.compile(r"&#(?:(5[5-7]\d{3})|[xX]([dD][89a-fA-F][0-9a-fA-F]{2}));")
"""Half of a surrogate pair, written as a character reference by programs that think in UTF-16."""
_HUGE = re.compile(r"&#[xX]?[0-9a-fA-F]{9,}")
"""A number that no character has; Python refuses to read the longest of them."""
_ACCENTS = "".join(chr(code) for code in range(0x300, 0x1E94B) if unicodedata.combining(chr(code)))
_PILE = re.compile(f"([{_ACCENTS}]{{30}})[{_ACCENTS}]+")
"""More marks on one letter than Unicode's own limit for streams (UAX 15): putting n of them into order takes n² steps, 15 seconds for 80,000."""
_OLD_TAGS = ALIASES | {"ji": "yi", "cmn": "zh"}


def text(value: str, most: int) -> str:
    """Several lines of at most `most` characters."""
    whole = value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")  # two halves become the character, a lone one goes
    lines = _INVISIBLE.sub("", _SPACES.sub("\n", _LETTERS_UNSEEN.sub(r"\1", whole).replace("\r\n", "\n").replace("\r", "\n")))
    return unicodedata.normalize("NFC", _PILE.sub(r"\1", lines)).strip()[:most].rstrip()


def line(value: str, most: int) -> str:
    """One line of at most `most` characters, with single spaces."""
    return " ".join(text(value, 4 * most + 1000).split())[:most].rstrip()


def unescape(value: str) -> str:
    """`value` with its character references resolved, once."""
    return html.unescape(_HALF.sub(_half, _HUGE.sub("", value))) if "&" in value else value


def _half(reference: re.Match[str]) -> str:
    code = int(reference[1] or reference[2], 10 if reference[1] else 16)
    return chr(code) if 0xD800 <= code <= 0xDFFF else reference[0]


def language(tag: str | None) -> str | None:
    """The language of a tag like `en-US`, `pt-BR`, `zh-Hans` or `iw`: its first part, lower case, old names renewed; None when there is none."""
    match = re.match(r"([a-z]{2,3})(?![a-z])", (tag or "").lower())
    if not match or match[1] in ("und", "zxx", "mul"):
        return None
    return _OLD_TAGS.get(match[1], match[1])
