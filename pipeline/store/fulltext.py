"""How words are indexed: in the text's own language where PostgreSQL knows it, and always as they stand.

A lexeme of the language finds `run` for `running`; the word as it stands (`simple`) finds names, and words of other languages. Languages that are written
without spaces are cut into pairs of neighbouring characters (bigrams), which need no dictionary and find every word of two characters and more.
"""

import re
from collections.abc import Sequence

from sqlalchemy import ARRAY, ColumnElement, Select, Text, cast, func, literal, select
from sqlalchemy.dialects.postgresql import REGCONFIG, TSQUERY, TSVECTOR

CONFIGS = {
    "ar": "arabic", "hy": "armenian", "eu": "basque", "ca": "catalan", "da": "danish", "nl": "dutch", "en": "english", "et": "estonian", "fi": "finnish",
    "fr": "french", "de": "german", "el": "greek", "hi": "hindi", "hu": "hungarian", "id": "indonesian", "ga": "irish", "it": "italian", "lt": "lithuanian",
    "ne": "nepali", "no": "norwegian", "nb": "norwegian", "nn": "norwegian", "pt": "portuguese", "ro": "romanian", "ru": "russian", "sr": "serbian",
    "es": "spanish", "sv": "swedish", "ta": "tamil", "tr": "turkish", "yi": "yiddish",
}  # fmt: skip
"""ISO 639-1 to the configurations of PostgreSQL 15 and later."""

# Han, kana, Thai, Lao, Myanmar, Khmer: the scripts whose words touch.
_RUN = re.compile(
    r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\U00020000-\U0003134f]+"
)


def config(language: str) -> str:
    """PostgreSQL's text search configuration for a language (ISO 639-1, a region is ignored); `simple` where it has none."""
    return CONFIGS.get(language.partition("-")[0].lower(), "simple")


def spaced(text: str) -> str:
    """`text` with every run of a script without spaces as bigrams: 学习机器 -> 学习 习机 机器. Other text is unchanged."""
    return _RUN.sub(lambda match: f" {_bigrams(match.group())} ", text)


def _bigrams(run: str) -> str:
    return " ".join(run[i : i + 2] for i in range(max(1, len(run) - 1)))


def document(text: str, language: str) -> ColumnElement[str]:
    """The tsvector of a text."""
    text = spaced(text)
    plain = _vector("simple", text)
    own = config(language)
    return plain if own == "simple" else _vector(own, text).concat(plain)


def _vector(name: str, text: str) -> ColumnElement[str]:
    return func.to_tsvector(cast(literal(name), REGCONFIG), text, type_=TSVECTOR)


def names(column: ColumnElement[str]) -> ColumnElement[str]:
    """The tsvector of names that stand in a column, as they stand."""
    return func.to_tsvector(cast(literal("simple"), REGCONFIG), column, type_=TSVECTOR)


def phrase(text: str, languages: Sequence[str]) -> ColumnElement[str]:
    """The tsquery of words that follow one another: as they stand, or in any form that one of `languages` has of them."""
    names = sorted({config(language) for language in languages} - {"simple"})
    whole = _phrase("simple", text)
    for name in names:
        whole = whole.op("||")(_phrase(name, text))
    return whole


def _phrase(name: str, text: str) -> ColumnElement[str]:
    return func.phraseto_tsquery(cast(literal(name), REGCONFIG), spaced(text), type_=TSQUERY)


def query(text: str, languages: tuple[str, ...], *, every_word: bool) -> ColumnElement[str]:
    """The tsquery of what a person typed, for texts in any of `languages`.

    `every_word`: quotes, `or` and `-` mean what they mean in a search box and every word must be there; otherwise any of the words will do.
    """
    names = sorted({config(language) for language in languages} | {"simple"})
    found = [_words(name, spaced(text), every_word) for name in names]
    whole = found[0]
    for other in found[1:]:
        whole = whole.op("||")(other)
    return whole


def telling(words: Sequence[str], languages: tuple[str, ...]) -> Select[str]:
    """Selects, in their order, those of `words` that are a stop word in none of `languages`."""
    word = func.unnest(cast(list(words), ARRAY(Text))).table_valued("word", with_ordinality="place", name="w").render_derived()
    names = sorted({config(language) for language in languages})
    kept = [func.length(func.to_tsvector(cast(literal(name), REGCONFIG), word.c.word)) > 0 for name in names]
    return select(word.c.word).where(*kept).order_by(word.c.place)


def _words(name: str, text: str, every_word: bool) -> ColumnElement[str]:
    configuration = cast(literal(name), REGCONFIG)
    if every_word:
        return func.websearch_to_tsquery(configuration, text, type_=TSQUERY)
    every = func.plainto_tsquery(configuration, text, type_=TSQUERY)
    return cast(func.replace(cast(every, Text), "&", "|"), TSQUERY)
