"""Numbers in a text, whatever way they are written: "1,500", "1.5 thousand", "fifteen hundred", "25 %", "twenty-five percent"."""

import re
from collections.abc import Iterator

_ONES = {
    word: value
    for value, word in enumerate(
        (
            "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
        ).split()
    )
}
_TENS = {word: 10 * value for value, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), start=2)}
_SCALES = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_SUFFIXES = {"k": 1000, "m": 10**6, "bn": 10**9, "b": 10**9}
_WRITTEN = r"(?<!\d)\d{1,3}(?:[.,' \u202f]\d{3})+(?!\d)(?:[.,]\d+)?|\d+(?:[.,]\d+)?"
_DIGITS = re.compile(_WRITTEN)
_SPELLINGS = {
    "kilometer": "km", "kilometre": "km", "metre": "meter", "litre": "liter", "tonne": "ton", "feet": "foot", "kilo": "kg", "kilogram": "kg", "hr": "hour", "min": "minute", "sec": "second",
}  # fmt: skip
MEASURES = frozenset(
    "percent dollar euro pound yen rupee franc degree km meter cm mm mile foot inch yard kg gram ton liter gallon year month week day hour minute second watt volt byte".split()
)
"""What a number measures: "5 million dollars" is not said where 5 million euros are, though nobody speaks of dollars."""
_ENDS = re.compile(r"[.!?;:,()\[\]\n。！？]")
_PARTS = re.compile(_WRITTEN + r"|[^\W\d_]+|[%$€£°]")


def _value(digits: str) -> float:
    """`1,500` and `1.500` -> 1500; `1.5` and `1,5` -> 1.5 (three digits after one mark are thousands); `0.500` -> 0.5; a telephone's `0800 123 456` -> 800123456."""
    whole = re.fullmatch(r"(\d+(?:[.,' \u202f]\d{3})+)(?:[.,](\d+))?", digits)
    if whole and not re.fullmatch(r"0[.,]\d{3}", digits):
        return float(re.sub(r"\D", "", whole[1]) + "." + (whole[2] or "0"))
    return float(digits.replace(",", "."))


def numbers(text: str) -> list[tuple[float, str]]:
    """Every number of `text` with the word or sign that follows it (lower case; empty at the end of a clause), in their order. A lone "one" is not counted: it is
    mostly a pronoun.
    """
    matches = list(_PARTS.finditer(text))
    parts = [match.group().casefold() for match in matches]
    out: list[tuple[float, str]] = []
    for value, first, after in _found(parts):
        joined = after < len(parts) and not _ENDS.search(text, matches[after - 1].end(), matches[after].start())
        unit = parts[after] if joined else ""
        sign = parts[first - 1] if first and parts[first - 1] in "$€£" else ""
        out.append((value, unit_of(sign or unit)))
    return out


def in_digits(text: str) -> str:
    """`text` with every number in digits and one way of writing: "forty-two percent" and "42%" become alike."""
    matches = list(_PARTS.finditer(text))
    out, at = "", 0
    for value, first, after in _found([match.group().casefold() for match in matches]):
        out += text[at : matches[first].start()] + f"{value:.10g}".replace(".", "p")
        at = matches[after - 1].end()
    return out + text[at:]


def _found(parts: list[str]) -> Iterator[tuple[float, int, int]]:
    """Values with the positions of their first part and of the part after them."""
    at = 0
    while at < len(parts):
        value, after = _read(parts, at)
        if value is None:
            at += 1
            continue
        if after > at + 1 or parts[at] != "one":
            yield value, at, after
        at = after


def unit_of(word: str) -> str:
    """`%` and `percent`, `$` and `dollars` are one unit; plural and singular too."""
    word = {"%": "percent", "$": "dollar", "€": "euro", "£": "pound", "°": "degree", "prozent": "percent"}.get(word, word)
    word = word[:-1] if len(word) > 3 and word.endswith("s") else word
    return _SPELLINGS.get(word, word)


def _read(parts: list[str], at: int) -> tuple[float | None, int]:
    """The number that begins at `parts[at]` and the position after it; None when there is none."""
    if _DIGITS.fullmatch(parts[at]):
        value = _value(parts[at])
        at += 1
        while at < len(parts) and (parts[at] in _SCALES or parts[at] in _SUFFIXES):
            value *= _SCALES.get(parts[at]) or _SUFFIXES[parts[at]]
            at += 1
        return value, at
    if parts[at] not in _ONES and parts[at] not in _TENS:
        return None, at
    total, current = 0.0, 0.0
    while at < len(parts):
        word = parts[at]
        if word in _ONES and current % 10 == 0 and (current == 0 or _ONES[word] < 10):
            current += _ONES[word]
        elif word in _TENS and current % 100 == 0:
            current += _TENS[word]
        elif word == "hundred" and current:
            current *= 100
        elif word in _SCALES and current:
            total, current = total + current * _SCALES[word], 0.0
        elif (
            word == "and"
            and at + 1 < len(parts)
            and (parts[at + 1] in _ONES or parts[at + 1] in _TENS)
            and (current >= 100 or (total and not current))
        ):
            pass
        else:
            break
        at += 1
    return total + current, at


def unsupported(text: str, source: str) -> list[float]:
    """Numbers of `text` that `source` does not have, or has only with another unit."""
    said = numbers(source)
    values = {value for value, _ in said}
    units = {unit for _, unit in said}
    out = []
    for value, unit in numbers(text):
        same = {other for number, other in said if number == value}
        swapped = bool(unit) and unit in units and not {unit, ""} & same
        swapped |= unit in MEASURES and bool(same) and same <= MEASURES and unit not in same
        if value not in values or swapped:
            out.append(value)
    return out
