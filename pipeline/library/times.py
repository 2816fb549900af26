"""Questions about a part of a video by its time: "at the end", "in the first five minutes", "after 12:30", "what does she say after the demo?"."""

import re
from dataclasses import dataclass

from pipeline.summary.numbers import numbers

EDGE = 0.1
"""Share of the video that is its beginning, and its end; at least LEAST seconds."""
LEAST, MOST = 60.0, 300.0
NEXT = 120.0
"""Seconds after an event, or before it, that are looked at."""

_CLOCK = r"(?:(?:(\d{1,2}):)?(\d{1,3}):(\d{2})|(?:minute|min\.?) (\d{1,3})|(\w+(?:-\w+)?) minutes?)"
_VIDEO = r"(?:video|talk|lecture|episode|meeting|podcast|recording|interview|film|show)"
_OF = rf"(?: of (?:the|this|that) {_VIDEO}\b|(?! of\b))"
_FIRST = re.compile(
    rf"\b(?:in|within|during|from)? ?the (?P<which>first|last|final|opening|closing) (?:(?P<amount>[\w-]+) )?(?P<unit>seconds?|minutes?|half|hours?|quarter|third)\b{_OF}",
    re.IGNORECASE,
)
_END = re.compile(
    rf"\b(?:at|towards?|near|by) the (?:very )?(?:end|ending|close)\b{_OF}|\bhow does (?:it|this|the {_VIDEO}) end\b", re.IGNORECASE
)
_BEGIN = re.compile(
    rf"\b(?:at|in|near|from) the (?:very )?(?:beginning|start|outset|opening)\b{_OF}|\bhow does (?:it|this|the {_VIDEO}) (?:begin|start)\b",
    re.IGNORECASE,
)
_AT = re.compile(rf"\b(?P<which>at|around|after|before|until|from|since|by) (?:about )?{_CLOCK}", re.IGNORECASE)
_BETWEEN = re.compile(r"\bbetween (?:(\d{1,2}):)?(\d{1,3}):(\d{2}) and (?:(\d{1,2}):)?(\d{1,3}):(\d{2})", re.IGNORECASE)
_EVENT = re.compile(
    r"^(?P<asked>.*\b(?:says?|said|talk(?:s|ed)?|happen(?:s|ed)?|comes?|came|shows?|showed|discuss(?:es|ed)?|explain(?:s|ed)?|mention(?:s|ed)?|follow(?:s|ed)?|described?|next)\b.*?)\s"
    r"(?:right |just |directly |shortly |immediately )?(?P<which>after|before) (?P<event>(?!that\b|this\b|it\b|\d)[^?]{3,120})\??$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a video, in seconds, and the question without the words that name it."""

    start: float
    end: float
    rest: str


@dataclass(frozen=True, slots=True)
class Event:
    """What is said before or after something: `what` must be found first."""

    what: str
    after: bool
    rest: str

    def part(self, start: float, end: float, duration: float) -> Part:
        """Where to look, the event itself standing from `start` to `end`."""
        return Part(end, min(duration, end + NEXT), self.rest) if self.after else Part(max(0.0, start - NEXT), start, self.rest)


def part_of(question: str, duration: float) -> Part | None:
    """The stretch that `question` names by times or as beginning or end; None when it names none."""
    edge = min(MOST, max(LEAST, duration * EDGE))
    between, first, at = _BETWEEN.search(question), _FIRST.search(question), _AT.search(question)
    if between:
        return _made(question, between, _seconds(*between.groups()[:3]), _seconds(*between.groups()[3:]), duration)
    if first and (size := _size(first, duration)) is not None:
        late = first["which"].casefold() in ("last", "final", "closing")
        return _made(question, first, duration - size if late else 0.0, duration if late else size, duration)
    if at and (moment := _moment(at)) is not None:
        which = at["which"].casefold()
        spans = {
            "after": (moment, duration),
            "from": (moment, duration),
            "since": (moment, duration),
            "before": (0.0, moment),
            "until": (0.0, moment),
            "by": (0.0, moment),
        }
        return _made(question, at, *spans.get(which, (moment - 15, moment + 45)), duration)
    if match := _END.search(question):
        return _made(question, match, duration - edge, duration, duration)
    if match := _BEGIN.search(question):
        return _made(question, match, 0.0, edge, duration)
    return None


def event_of(question: str) -> Event | None:
    """What happens before or after what: only of questions for what is said or comes, since "what did he do before he was a cook" has its answer in one place."""
    match = _EVENT.match(question.strip())
    return Event(match["event"].strip(), match["which"].casefold() == "after", match["asked"].strip() + "?") if match else None


def _made(question: str, match: re.Match[str], start: float, end: float, duration: float) -> Part | None:
    start, end = max(0.0, start), min(duration, end)
    rest = " ".join(f"{question[: match.start()]} {question[match.end() :]}".split())
    return Part(start, end, rest) if end > start else None


def _seconds(hours: str | None, minutes: str, seconds: str) -> float:
    return int(hours or 0) * 3600.0 + int(minutes) * 60.0 + int(seconds)


def _moment(at: re.Match[str]) -> float | None:
    hours, minutes, seconds, minute, words = at.groups()[1:]
    if minutes:
        return _seconds(hours, minutes, seconds)
    if minute:
        return int(minute) * 60.0
    found = numbers(words or "")
    return found[0][0] * 60.0 if found else None


def _size(first: re.Match[str], duration: float) -> float | None:
    """Seconds of "five minutes", "half", "minute"; None for what is no length."""
    unit = first["unit"].casefold().rstrip("s")
    shares = {"half": 0.5, "third": 1 / 3, "quarter": 0.25}
    if unit in shares:
        return duration * shares[unit]
    seconds = {"second": 1.0, "minute": 60.0, "hour": 3600.0}[unit]
    amount = (first["amount"] or "one").casefold()
    found = numbers(amount)
    if amount in ("one", "a"):
        return seconds
    if amount in ("few", "couple"):
        return 3 * seconds
    return found[0][0] * seconds if found else None
