"""Questions that lean on what was asked before: "and why?", "what about her?". They are said anew so that they stand alone, because search knows no conversation.

By rule: the last question is taken up again with what is new in its place (follow_words.py has the words of each language). A capable model says it itself, and is believed
only when it brings no word that neither the conversation nor the question has. The reader is shown how a question was understood.
"""

import re
from collections import Counter
from collections.abc import Sequence
from functools import cache

import structlog

from pipeline.errors import ModelError
from pipeline.language.cards import card_of
from pipeline.language.generator import Generator
from pipeline.languages import detect
from pipeline.library.follow_words import WORDS, Words
from pipeline.library.moments import language_of
from pipeline.summary import prompts
from pipeline.summary.words import content, light_words, squeeze
from pipeline.types import Answer

CAPABLE = 1.0
"""Billions of weights from which a model is asked; the built-in one (0.135) answers the question instead of saying it anew."""
RECENT = 3
"""Turns that a question may lean on."""
SHORT = 4
"""Words that say something, up to which "it" is taken for what was spoken of before."""
PHRASE = 5
"""Words of a noun phrase at most."""

_NAMES = re.compile(r"(?:(?<=[^.!?¿¡] )|^|(?<=[¿¡]))[A-ZÀ-Þ][\w’'-]+(?: [A-ZÀ-Þ][\w’'-]+)*")
_ELIDED = re.compile(r"^[A-ZÀ-Þ]u?['’][a-zà-ÿ]")
log = structlog.get_logger()


def understood(question: str, earlier: Sequence[Answer], generator: Generator | None = None) -> str:
    """`question` as it stands alone, after the answers of its conversation, oldest first; the question itself where it leans on nothing."""
    if not earlier:
        return question
    last = earlier[-1].understood or earlier[-1].question
    language = _language(last, question, earlier[-1].text)
    words = WORDS[language]
    if not _leans(question, words, light_words(language)):
        return question
    return _by_model(question, earlier, generator, words) or _by_rule(question, last, _person(earlier, words), words) or question


def _language(last: str, question: str, answered: str) -> str:
    """What most of these are in, since each is often too short to tell: the question before, this one, both, and the answer between them."""
    known = [code for text in (last, f"{last} {question}", question, answered) if (code := detect(text)) in WORDS]
    return Counter(known).most_common(1)[0][0] if known else "en"


@cache
def _form(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


def _bare(question: str, words: Words) -> str:
    """Without the marks around it and without "and"."""
    return _form(rf"^(?:(?:{words.joining})\b[,.]?\s+)+").sub("", question.strip("¿?¡!.… "))


def _made(text: str, words: Words) -> str:
    """As a question."""
    text = squeeze(text)
    return words.marks[0] + text[:1].upper() + text[1:] + words.marks[1]


def _alone(question: str, words: Words) -> re.Match[str] | None:
    """A question word and nothing else."""
    return _form(rf"^(?P<wh>{words.asking})(?: (?:{words.bare}))*$").match(_bare(question, words))


def _about(question: str, words: Words) -> str:
    """What takes the place of what the last question was about; empty for other questions."""
    text = question.strip("¿?¡!.… ")
    phrase = rf"(?P<what>(?!(?:{words.asking})\b)\S+(?: \S+){{0,{PHRASE - 1}}})$"
    led = _form(rf"^(?:(?:{words.joining})\b[,.]?\s+)*(?:{words.about}){phrase}").match(text)
    if led:
        what = led["what"]
        for pattern, instead in words.turned:
            what = re.sub(pattern, instead, what)
        return what
    what = _bare(text, words)
    joined = what != text and _form(rf"^{phrase}").match(what)
    return what if joined and (_names(what, words) == [what] or _form(rf"^(?:{words.determiner})(?:(?<=['’])|\s)").match(what)) else ""


def _beside(question: str, words: Words) -> str:
    """ "In 2020", of "and in 2020?"; empty for other questions."""
    text = question.strip("¿?¡!.… ")
    what = _bare(text, words)
    return (
        what if what != text and _form(rf"^(?:{words.beside}) (?!(?:{words.asking})\b)\S+(?: \S+){{0,{PHRASE - 1}}}$").match(what) else ""
    )


def _leans(question: str, words: Words, stop: frozenset[str]) -> bool:
    """Whether something outside of the question is meant."""
    if _alone(question, words) or _about(question, words) or _beside(question, words):
        return True
    text = _bare(question, words)
    said = len(set(content(_told(text, words), stop)))
    named = bool(_names(text, words))
    if re.search(rf"\b(?:{words.people})\b", text, re.IGNORECASE) and (said <= SHORT if words.capital_nouns else not named):
        return True
    if said > SHORT:
        return False
    if _form(rf"\b(?:{words.things})\b").search(text) or (not named and _form(rf"\b(?:{words.leaning})\b").search(text)):
        return True
    goes_on = text != question.strip("¿?¡!.… ")
    return words.drops_pronouns and not named and not _phrase(text, words) and (goes_on or said <= 1)


def _names(text: str, words: Words, *, inside: bool = False) -> list[str]:
    """Names in `text`, in their order: words with a capital letter that do not merely begin a sentence with a common word. `inside`: a word that begins one is no name by itself."""
    found = []
    for match in _NAMES.finditer(text):
        parts = match.group().split()
        begins = match.start() == 0 or text[match.start() - 1] in "¿¡" or text[: match.start()].rstrip().endswith((".", "!", "?"))
        while parts and (parts[0].casefold() in words.common or _ELIDED.match(parts[0]) or _form(rf"^(?:{words.asking})$").match(parts[0])):
            parts.pop(0)
            begins = False
        if len(parts) > (words.capital_nouns or (inside and begins)):
            found.append(" ".join(parts))
    return found


def _person(earlier: Sequence[Answer], words: Words) -> str:
    """Who was spoken of last: the fullest name of the last answer, else of the questions before; empty when nobody was."""
    for turn in reversed(earlier[-RECENT:]):
        for text in (turn.text if turn.found else "", turn.understood or turn.question):
            names = _names(text, words, inside=True)
            if names:
                return max(names, key=lambda name: (len(name.split()), -names.index(name)))
    return ""


def _by_rule(question: str, last: str, person: str, words: Words) -> str:
    text, before = _bare(question, words), _bare(last, words)
    alone, about = _alone(question, words), _about(question, words)
    if alone:
        return _made(_asked_anew(alone["wh"], before, words), words)
    if beside := _beside(question, words):
        return _made(f"{before} {beside}", words)
    if about:
        return _made(_instead(about, before, person, words), words)
    who = re.search(rf"\b(?:{words.people})\b", text, re.IGNORECASE)
    if who and person:
        return _made(_put(text, who, person, words), words)
    thing, phrase = _form(rf"\b(?:{words.things})\b").search(text), _phrase(before, words)
    if thing and phrase:
        return _made(_put(text, thing, phrase[0], words), words)
    leaning = _form(rf"\b(?:{words.leaning})\b").search(text)
    either = [person, phrase[0] if phrase else ""]
    meant = ", ".join(filter(None, either if leaning or not person else [person]))
    return _made(f"{text} ({meant or _told(before, words)})", words)


def _asked_anew(wh: str, before: str, words: Words) -> str:
    """The last question with another question word: "Why | did the benches cost"; in brackets after it where that makes no sense."""
    old = _form(rf"^(?:{words.asking})(?:(?<=['’])|\s+)").match(before)
    if old is None:
        return f"{wh} {before[:1].lower()}{before[1:]}"
    return f"{wh} ({before})" if _form(rf"^(?:{words.bound})\b").match(before) else f"{wh} {before[old.end() :]}"


def _instead(what: str, before: str, person: str, words: Words) -> str:
    """The last question, about `what` this time."""
    if _form(rf"^(?:{words.people})$").match(what) and person:
        what = person
    phrase = _phrase(before, words)
    named, is_name = _names(before, words), _names(what, words) == [what]
    if named and (is_name or not phrase):
        return before.replace(named[0], what, 1)
    if phrase and not (is_name and _form(rf"^(?:{words.bound})\b").match(before)) and not _form(rf"^(?:{words.things})$").match(what):
        return before.replace(phrase[0], what, 1)
    return f"{what} ({_told(before, words)})"


def _phrase(question: str, words: Words) -> re.Match[str] | None:
    """What a question is about: its first words after an article, up to a verb or a preposition; else its first name."""
    noun = (
        r"(?:(?-i:[a-zà-ÿ][\w’'-]*) )*(?-i:[A-ZÀ-Þ][\w’'-]*)"
        if words.capital_nouns
        else rf"(?!(?:{words.ends})\b)[\w-]+(?: (?!(?:{words.ends})\b)[\w-]+){{0,{PHRASE - 1}}}"
    )
    found = _form(rf"(?<![\w'’])(?:{words.determiner})(?:(?<=['’])|\s){noun}").search(question)
    named = _names(question, words)
    return found or (re.search(re.escape(named[0]), question) if named else None)


def _put(text: str, place: re.Match[str], instead: str, words: Words) -> str:
    """`instead` for a pronoun, with its `'s` where it owned something."""
    owns = place[0].casefold() in words.owning and re.match(r"\s+[a-zà-ÿ]{2,}", text[place.end() :]) is not None
    return text[: place.start()] + instead + ("’s" if owns else "") + text[place.end() :]


def _told(before: str, words: Words) -> str:
    """A question without its question word: what it is about."""
    return _form(rf"^(?:{words.asking})(?:(?<=['’])|\s+)(?:(?:did|do|does|is|are|was|were)\s+)?").sub("", before)


def _by_model(question: str, earlier: Sequence[Answer], generator: Generator | None, words: Words) -> str:
    """The model's way of saying it; empty where the model is too small, away, or brings in words of its own."""
    if generator is None:
        return ""
    try:
        card = card_of(generator.model)
        if card is not None and 0 < card.billions < CAPABLE:
            return ""
        turns = [(turn.understood or turn.question, turn.text) for turn in earlier[-RECENT:]]
        made = prompts.unthought("".join(generator.stream(prompts.alone(question, turns)))).strip()
        made = squeeze(made.split("\n")[0]).strip('"“” ')
    except ModelError as error:
        log.warning("question_without_model", code=error.code)
        return ""
    stop = light_words(language_of(question))
    known = set(content(" ".join([question, *(text for turn in turns for text in turn)]), stop))
    pronouns = " ".join(match[0] for match in re.finditer(rf"\b(?:{words.people})\b", question, re.IGNORECASE))
    kept = set(content(question, stop)) <= set(content(made, stop)) | set(content(pronouns, stop))
    return made if made.endswith("?") and len(made) <= 300 and kept and set(content(made, stop)) <= known else ""
