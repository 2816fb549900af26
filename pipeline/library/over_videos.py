"""Questions over many videos: which of them, or how many, speak of something. One citation per video, and never a number that was not counted."""

import re
from dataclasses import dataclass

_THINGS = r"(?:videos?|talks?|lectures?|episodes?|meetings?|podcasts?|recordings?|channels?)"
_SPEAK = (
    r"(?:mention(?:s|ed)?|talk(?:s|ed)? (?:about|of)|speaks? (?:about|of)|discuss(?:es|ed)?|cover(?:s|ed)?|deals? with|contains?|has|have|(?:is|are|was|were) about|"
    r"says? (?:something |anything |what )?(?:about|of)|said (?:something )?about)"
)
_WHICH = re.compile(
    rf"^(?:(?:in )?which|what)(?: of)?(?: (?:my|the|these|those|your))* {_THINGS} (?:do |does |is |are )?(?:\w+ly )?{_SPEAK} (?P<what>[^?]+)\??$",
    re.IGNORECASE,
)
_MANY = re.compile(
    rf"^(?:in )?how many(?: of)?(?: (?:my|the|these|those|your))* {_THINGS} (?:do |does |is |are )?{_SPEAK} (?P<what>[^?]+)\??$",
    re.IGNORECASE,
)
_COMPARE = re.compile(
    rf"^(?:compare|what do)(?: (?:all|what))?(?: of)?(?: (?:my|the|these|those|your))* {_THINGS} (?:say|think|tell(?: me)?|mention)? ?(?:about|on|of) (?P<what>[^?]+)\??$"
    rf"|^(?:where|in what) do(?: (?:my|the|these|those))* {_THINGS} (?:disagree|agree|differ) (?:about|on) (?P<other>[^?]+)\??$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class OverVideos:
    what: str
    """What they speak of."""
    kind: str
    """which, many or compare."""


def over_videos(question: str) -> OverVideos | None:
    """None for a question that one moment answers."""
    text = question.strip()
    for kind, form in (("which", _WHICH), ("many", _MANY), ("compare", _COMPARE)):
        match = form.match(text)
        if match:
            what = (match["what"] or match.groupdict().get("other") or "").strip()
            return OverVideos(re.sub(r",? (?:and )?since when$", "", what), kind)
    return None
