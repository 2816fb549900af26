"""Text of strangers made fit for storing and showing: no control characters, lone surrogates or marks that reorder what is read."""

import re
import unicodedata

_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x0c\x0e-\x1f\x7f-\x9f"
    "\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb"  # soft hyphen, zero width space, direction marks, byte order mark
    "\ud800-\udfff]"
)
"""What PostgreSQL refuses (NUL, lone surrogates) or a reader cannot see. Joiners (U+200C, U+200D) stay: Persian and emoji need them."""
_OLD_TAGS = {"iw": "he", "in": "id", "ji": "yi", "jw": "jv", "cmn": "zh", "no": "no", "fil": "tl"}


def text(value: str, most: int) -> str:
    """Several lines of at most `most` characters."""
    lines = _INVISIBLE.sub("", unicodedata.normalize("NFC", value)).replace("\r\n", "\n").replace("\r", "\n")
    return lines.strip()[:most].rstrip()


def line(value: str, most: int) -> str:
    """One line of at most `most` characters, with single spaces."""
    return " ".join(text(value, 4 * most + 1000).split())[:most].rstrip()


def language(tag: str | None) -> str | None:
    """The language of a tag like `en-US`, `pt-BR`, `zh-Hans` or `iw`: its first part, lower case, old names renewed; None when there is none."""
    match = re.match(r"([a-z]{2,3})(?![a-z])", (tag or "").lower())
    if not match or match[1] in ("und", "zxx", "mul"):
        return None
    return _OLD_TAGS.get(match[1], match[1])
