"""Statements with the numbers of the sentences they rest on, as JSON: the schema that a server is asked to keep to, and the answer made into the text that the model would have written without it.

A schema only rules out answers that do not parse. Whether a statement is carried by what it names is judged afterwards, as of any other.
"""

import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

NUMBERS = 4
"""Sentences that a statement may rest on: a small model that may go on counts to the end of its answer."""

_BRACKETS = str.maketrans("[]", "()")
"""Numbers stand in square ones."""
_BLOCK = re.compile(r"\A```\w*\s*(.*?)\s*```\Z", re.DOTALL)
_SENTENCE_END = re.compile(r"(?<=[.!?。！？])\s+")


class NotInForm(ValueError):
    """The answer is not what was asked for; the message says why."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Statements about numbered sentences, from `least` to `most` of them, each up to `longest` characters."""

    shown: int
    """Sentences are numbered from 1 to this."""
    most: int
    longest: int
    least: int = 0
    """0: there may be nothing to say."""

    def __post_init__(self) -> None:
        assert self.shown > 0
        assert 0 <= self.least <= self.most
        assert self.most > 0
        assert self.longest > 0

    @property
    def numbers(self) -> int:
        """That a statement may name."""
        return min(self.shown, NUMBERS)


def schema(wanted: Wanted) -> dict[str, Any]:
    """In a small part of JSON Schema: no patterns, no `uniqueItems`, nothing optional.

    And without space between the fields, where LLGuidance keeps to it: JSON may have any number of line ends there, and a small model wrote them until it had no tokens left.
    """
    number = {"type": "integer", "minimum": 1, "maximum": wanted.shown}
    statement = _object(
        text={"type": "string", "minLength": 1, "maxLength": wanted.longest},
        sentences={"type": "array", "items": number, "minItems": 1, "maxItems": wanted.numbers},
    )
    whole = _object(statements={"type": "array", "items": statement, "minItems": wanted.least, "maxItems": wanted.most})
    return whole | {"x-guidance": {"whitespace_flexible": False}}


def _object(**properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def fields(form: Mapping[str, Any] | None, *, chat: bool) -> dict[str, Any]:
    """What a request says besides, so that its answer keeps to the schema `form`; nothing without one. `chat`: it goes to the chat endpoint. llama.cpp's completions
    pass over OpenAI's field without a word and take one of their own, which vLLM's pass over."""
    if form is None:
        return {}
    own = {} if chat else {"json_schema": form}
    return own | {"response_format": {"type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": form}}}


def unfenced(answer: str) -> str:
    """Without the marks of a block of code, which chat models like to put around JSON."""
    return _BLOCK.sub(r"\1", answer.strip())


def read(answer: str, wanted: Wanted) -> str:
    """The answer as text: `They met. [2] They agreed. [4,7]`; empty where nothing was found. A statement of several sentences has its numbers after each.

    Raises:
        NotInForm: it does not parse, or breaks the schema in any way.
    """
    try:
        found = json.loads(answer, object_pairs_hook=_once)
    except RecursionError as error:
        raise NotInForm("it is nested too deeply") from error
    except NotInForm:
        raise
    except ValueError as error:
        raise NotInForm(f"it is no JSON: {error}") from error
    made = _keys(found, "the answer", "statements")["statements"]
    if not isinstance(made, list) or not wanted.least <= len(made) <= wanted.most:
        raise NotInForm(f"statements is no list of {wanted.least} to {wanted.most}")
    return " ".join(_statement(one, wanted) for one in made)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise NotInForm("a field stands in it twice")
    return found


def _keys(found: object, what: str, *names: str) -> dict[str, Any]:
    if not isinstance(found, dict) or set(found) != set(names):
        raise NotInForm(f"{what} is no object of {' and '.join(names)}")
    return found


def _statement(found: object, wanted: Wanted) -> str:
    made = _keys(found, "a statement", "text", "sentences")
    numbers = ",".join(str(number) for number in _numbers(made["sentences"], wanted))
    return " ".join(f"{sentence} [{numbers}]" for sentence in _SENTENCE_END.split(_text(made["text"], wanted)))


def _text(found: object, wanted: Wanted) -> str:
    if not isinstance(found, str) or len(found) > wanted.longest:
        raise NotInForm(f"a statement is no text of up to {wanted.longest} characters")
    text = " ".join(found.split()).translate(_BRACKETS)
    if not text:
        raise NotInForm("a statement is empty")
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in text):
        raise NotInForm("a statement has characters that are none")
    return text


def _numbers(found: object, wanted: Wanted) -> list[int]:
    if not isinstance(found, list) or not 1 <= len(found) <= wanted.numbers:
        raise NotInForm(f"a statement does not name 1 to {wanted.numbers} sentences")
    for number in found:
        if type(number) is not int or not 1 <= number <= wanted.shown:
            raise NotInForm(f"{str(number)[:20]} is no sentence from 1 to {wanted.shown}")
    return list(dict.fromkeys(found))
