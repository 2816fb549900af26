"""The numbers of a sentence and of its translation: which of them have no counterpart on the other side, however people write them in two languages."""

import math
import re
from collections.abc import Callable, Sequence

_NUMBER = re.compile(r"\d{1,3}(?:[.,'’\u00a0\u202f ]\d{3})+(?!\d)(?:[.,]\d+)?|\d{1,2}(?:[:h]|[ \u00a0\u202f]h[ \u00a0\u202f])\d{2}(?!\d)|\d+(?:[.,]\d+)?")
_ROMAN = re.compile(r"\b(?=[XVI]{2})(X{0,2}(?:IX|IV|V?I{0,3}))e?\b")
_UNITS = {
    re.compile(rf"\b(?:\d+-?)?(?:{unit})\b", re.IGNORECASE): factor
    for unit, factor in (("mph|miles?", 1.609), ("yards?", 0.9144), ("feet|foot", 0.3048), ("inch(?:es)?", 2.54), ("pounds?|lbs?", 0.4536), ("acres?", 0.4047))
}
"""Imperial measures, and how much of the metric one each is, but for powers of ten."""
_SCALE = re.compile(
    r"\b(?:hundreds?|thousands?|[mbtr]+illi?[oóa]\w*|mil|miles|mill[aeo]r\w*|mille|(?<!per )cents?|centen\w*|hundert\w*|tausend\w*|(?<!por )cien\w*|"
    r"dozens?|docenas?|dutzend\w*|tens|decenas|dizain\w*|mn|bn|mio|mrd|k|m)\b"
    r"|\d[kKmM]\b|[万萬亿億千百兆]|тыс|млн|млрд|милли|тысяч|хиль|लाख|करोड़|हज़ार|ألف|مليون|مليار", re.IGNORECASE,
)  # fmt: skip
"""Words for powers of ten, and words that may be one, in the languages that translations are checked for most."""
_FAHRENHEIT = re.compile(r"\b(?:\d+-?)?degrees?\b|°F|\d0s", re.IGNORECASE)
_CLOCK = re.compile(r"(?<![^\W\d_])[ap]\.? ?m\b|o'clock|uhr|\bh\b|\d h", re.IGNORECASE)
_BOTH_UNITS = re.compile(r"(\w[\w.,]*) [^\W\d_]+\.? \((\d[\d.,]*) [^()]*\)")
"""45 miles (72 kilometers): who translates it may leave one of them out."""
_SPELLED = {
    "en": "one/first two/second/couple three/third four/fourth five/fifth six/sixth seven/seventh eight/eighth nine/ninth ten/tenth/decade eleven twelve/dozen thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen twenty",
    "es": "uno/una dos/par tres cuatro cinco seis siete ocho nueve diez/década once doce/docena trece catorce quince dieciséis diecisiete dieciocho diecinueve veinte",
    "fr": "un/une deux trois quatre cinq six sept huit neuf dix/décennie onze douze/douzaine treize quatorze quinze seize dix-sept dix-huit dix-neuf vingt",
    "de": "ein/eine/eins zwei drei vier fünf sechs sieben acht neun zehn/jahrzehnt elf zwölf/dutzend dreizehn vierzehn fünfzehn sechzehn siebzehn achtzehn neunzehn zwanzig",
    "it": "uno/una due tre quattro cinque sei sette otto nove dieci undici dodici tredici quattordici quindici sedici diciassette diciotto diciannove venti",
    "pt": "um/uma dois/duas três quatro cinco seis sete oito nove dez onze doze treze catorze/quatorze quinze dezasseis/dezesseis dezassete/dezessete dezoito dezanove/dezenove vinte",
    "nl": "een/één twee drie vier vijf zes zeven acht negen tien elf twaalf dertien veertien vijftien zestien zeventien achttien negentien twintig",
}


def unmatched(source: str, answer: str, languages: tuple[str, str]) -> tuple[list[str], list[str]]:
    """Digits of the numbers that only the source and only the answer have. Separators, trailing zeros (1.6 billion, 1.600 millones), am and pm, numbers to twenty as words,
    decades (the 1930s, los años 30), centuries (19th, XIX), miles that became kilometres and measures that are said in two units are seen through.
    """
    hours = bool(_CLOCK.search(source) or _CLOCK.search(answer))
    ratios, degrees = _ratios(source, answer), bool(_FAHRENHEIT.search(source) or _FAHRENHEIT.search(answer))

    def same(one: str, other: str) -> bool:
        return _same(one, other, hours)

    def converted(one: str, other: str) -> bool:
        return _converted(one, other, ratios, degrees)

    # Before words are looked at: "at 2 pm two vans" has its two anyway. Measures first too: the 1 of "1 to 4 inches" is not the 10 of "2.5 to 10 cm".
    ways = ((str.__eq__, same, converted), (converted, str.__eq__, same)) if ratios else ((str.__eq__, same, converted),)
    lost, added = min((_unpaired(numbers(source), numbers(answer), alike) for alike in ways), key=lambda left: len(left[0]) + len(left[1]))
    written, read = _spelled(answer, languages[1]), _spelled(source, languages[0])
    lost = [one for one in lost if one not in written and not any(converted(one, word) for word in written)]
    added = [one for one in added if one not in read and not any(converted(word, one) for word in read)]
    lost, added = _said_twice(source, lost), _said_twice(answer, added)
    return (lost, added) if lost or added or ratios or hours else _shifted(source, answer)


def _shifted(source: str, answer: str) -> tuple[list[str], list[str]]:
    """Digits of the numbers that became ten or a hundred times as many: 10 cars, 100 coches. Where a scale is said (1.6 billion, 1.600 millones) nobody can tell."""
    if _SCALE.search(source) or _SCALE.search(answer):
        return [], []
    one, other = ([_whole(found) for found in _NUMBER.findall(text)] for text in (source, answer))
    lost, added = [digits for digits in one if digits not in other], [digits for digits in other if digits not in one]
    pairs = [(digits, twin) for digits in lost for twin in added if digits.strip("0") == twin.strip("0") != ""]
    return [digits for digits, _ in pairs], [twin for _, twin in pairs]


def _whole(number: str) -> str:
    """Its digits, without the zeros that change nothing: those before it, and at the end of a fraction (of at most two digits, since three are thousands)."""
    whole, mark, fraction = number, "", ""
    if match := re.fullmatch(r"(.*\d)[.,](\d{1,2})", number):
        whole, mark, fraction = match[1], ".", match[2].rstrip("0")
    digits = re.sub(r"\D", "", whole).lstrip("0") or "0"
    return digits + mark + fraction if fraction else digits


def _unpaired(lost: list[str], added: list[str], ways: Sequence[Callable[[str, str], bool]]) -> tuple[list[str], list[str]]:
    """What is left of both without what is one number said in two ways, the surest way first."""
    for alike in ways:
        for digits in [*lost]:
            twin = next((found for found in added if alike(digits, found)), None)
            if twin is not None:
                lost.remove(digits)
                added.remove(twin)
    return lost, added


def _said_twice(text: str, lost: list[str]) -> list[str]:
    """Without those that `text` says in two units of which the other is kept."""
    rest = [*lost]
    for match in _BOTH_UNITS.finditer(text):
        one, other = (numbers(part) for part in match.groups())
        gone = [digits for digits in (*one, *other) if digits in rest]
        if len(gone) == 1:
            rest.remove(gone[0])
    return rest


def numbers(text: str) -> list[str]:
    """Its numbers, each as its significant digits: 1,250.50 and 1.250,5 are both 12505."""
    return [re.sub(r"\D", "", found).strip("0") or "0" for found in _NUMBER.findall(text)]


def _same(one: str, other: str, hours: bool) -> bool:
    if _decade(one, other) or _decade(other, one):
        return True
    if not hours or len(one) > 4 or len(other) > 4:
        return False
    return abs(int(one) - int(other)) in (12, 1200)


def _decade(year: str, short: str) -> bool:
    return len(year) >= 3 and year.startswith(("19", "2")) and year.removeprefix("19").removeprefix("20") == short


def _ratios(source: str, answer: str) -> list[float]:
    """By how much a measure of the source grows in the answer, for each imperial unit that stands in either."""
    return [factor for unit, factor in _UNITS.items() if unit.search(source)] + [1 / factor for unit, factor in _UNITS.items() if unit.search(answer)]


def _converted(one: str, other: str, ratios: Sequence[float], degrees: bool) -> bool:
    """Whether a measure became one of the other system: up to powers of ten, since these are significant digits only, and rounded."""
    share = math.log10(max(1, int(other)) / max(1, int(one)))
    rounded = max(0.02, math.log10(1 + 0.5 / max(1, int(other))))
    near = any(abs((share - math.log10(ratio) + 0.5) % 1 - 0.5) < rounded for ratio in ratios)
    celsius = [degree for scale in (1, 10) for degree in ((int(one) * scale - 32) / 1.8, int(one) * scale / 1.8)]  # of a temperature, and of a difference
    return near or (degrees and any(abs(degree - int(other)) <= 1 for degree in celsius))


def _spelled(text: str, language: str) -> set[str]:
    known = _SPELLED.get(language, "").split()
    whole = {word.casefold() for word in re.findall(r"[^\W\d_]+(?:-[^\W\d_]+)*", text)}
    forms = {form for number in known for form in number.split("/")}
    there = whole | {part for word in whole - forms for part in word.split("-")}  # dix-sept is no seven, mother-of-three has a three
    return {str(value).strip("0") for value, forms in enumerate(known, 1) if not there.isdisjoint(forms.split("/"))} | {str(_roman(one)).strip("0") for one in _ROMAN.findall(text) if one}


def _roman(text: str) -> int:
    values = [{"I": 1, "V": 5, "X": 10}[letter] for letter in text]
    return sum(-value if value < max(values[place:]) else value for place, value in enumerate(values))
