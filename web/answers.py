"""What a page says of an answer beside the answer: the product's own sentences in the language of the interface, and the languages in which it is read."""

import re

from pipeline.library.in_language import asked_in
from web.interface import N_, current, figure, say

_OURS = (
    (re.compile(r"This was not found in your videos\."), N_("This was not found in your videos.")),
    (re.compile(r"This was not found in this video\."), N_("This was not found in this video.")),
    (re.compile(r"This was not found in these (?P<count>\d+) videos\."), N_("This was not found in these %(count)s videos.")),
    (re.compile(r"“(?P<what>.*)” was not found in this video\."), N_("“%(what)s” was not found in this video.")),
    (re.compile(r"This was not found in that part of the video\."), N_("This was not found in that part of the video.")),
    (re.compile(r"Nothing is said there\."), N_("Nothing is said there.")),
    (
        re.compile(r"(?P<kept>\d+) of (?P<all>\d+) sentences and titles stand in the original, because their translations did not hold\."),
        N_("%(kept)s of %(all)s sentences and titles stand in the original, because their translations did not hold."),
    ),
    (re.compile(r"1 video speaks of (?P<what>.+): (?P<titles>“.+)\."), N_("1 video speaks of %(what)s: %(titles)s.")),
    (re.compile(r"(?P<count>\d+) videos speak of (?P<what>.+): (?P<titles>“.+) and (?P<more>\d+) more\."), N_("%(count)s videos speak of %(what)s: %(titles)s and %(more)s more.")),
    (re.compile(r"(?P<count>\d+) videos speak of (?P<what>.+): (?P<titles>“.+)\."), N_("%(count)s videos speak of %(what)s: %(titles)s.")),
    (re.compile(r"At least (?P<count>\d+) videos speak of (?P<what>.+): (?P<titles>“.+) and (?P<more>\d+) more\."), N_("At least %(count)s videos speak of %(what)s: %(titles)s and %(more)s more.")),
)
"""What the library says by itself, for programs in English; a test holds the two together."""


def ours(text: str) -> str:
    """A sentence of the product's own in the language of the interface; what anybody said stays as it is."""
    for pattern, message in _OURS:
        if match := pattern.fullmatch(text):
            return say(message, **{name: figure(int(part)) if part.isdigit() else part for name, part in match.groupdict().items()})
    return text


def languages_of_reader(question: str) -> tuple[str, ...]:
    """Into which an answer is put: that of the question, and of the interface where the answer is in that of the question already."""
    return tuple(dict.fromkeys((asked_in(question, current()), current())))
