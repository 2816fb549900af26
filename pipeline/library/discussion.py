"""Questions that one sentence does not answer: what was said, thought or decided about something. A few statements from the moments of one video, each with its receipts."""

import re
from collections.abc import Sequence

import structlog

from pipeline.errors import ModelError
from pipeline.language.generator import Embedder, Generator, Priority
from pipeline.library.moments import Moment
from pipeline.summary import brief
from pipeline.types import Answer, AnswerCitation, Citation, Hit, Point, Sentence

VARIANTS = 3
"""Answers to choose from: fewer than `brief.VARIANTS`, since somebody waits."""
APART = 60.0
"""Seconds between the first and the last receipt of a statement. The built-in model joins what two places say into what nobody said: "She did not need to go to the shop because she had
spent nine months there" had the words of an advertisement at 8:33 and of a greeting at 0:11."""
LEAST = 4
"""Sentences that must be there: fewer are quoted better than retold."""

_ASKS_MUCH = re.compile(
    r"^(?:please )?(?:summari[sz]e|describe|outline|explain)\b"
    r"|\b(?:what|how|why) (?:did|do|does)\b(?!.*\b(?:say|think) (?:the|that|this|it|they|he|she)\b.*\b(?:was|were|is|are|had|has)\b)"
    r".*\b(?:discuss|talk|say|think|agree|decide|propose|suggest|recommend|conclude|argue|feel|respond)\b"
    r"|\bwhat (?:was|were|is|are) (?:(?!the\b|a\b|an\b)\w+ )?"
    r"(?:discussed|said|decided|agreed|proposed|suggested|recommended|concluded|argued|thought|the (?:\w+ )?(?:opinions?|thoughts?|discussion))\b",
    re.IGNORECASE,
)
log = structlog.get_logger()


def asks_much(question: str) -> bool:
    """Whether a few sentences are expected (English questions only, as the built-in model)."""
    return _ASKS_MUCH.search(question) is not None


def told(
    question: str, best: Sequence[Moment], texts: dict[str, tuple[Sentence, ...]], language: str, generator: Generator, embedder: Embedder
) -> Answer | None:
    """Statements about `question` from what was found of the best moment's video; None when none of the model's stands, or when it cannot be reached."""
    hit = best[0].hit
    sentences = texts[hit.video_id]
    if len(sentences) < LEAST or (generator.languages and language not in generator.languages):
        return None
    try:
        asked = brief.asked(question, sentences, language, generator.count, embedder)
        answers = generator.generate(brief.variants(asked, VARIANTS), priority=Priority.INTERACTIVE)
    except ModelError as error:
        log.warning("answer_without_model", code=error.code)
        return None
    points = [point for point in brief.judged(asked, answers) if point.kind == "phrased" and _is_of_one_place(point)]
    if not points:
        return None
    speakers = {sentence.index: sentence.speaker or "" for sentence in sentences}
    citations = dict.fromkeys(_citation(hit, one, speakers.get(one.sentence, "")) for point in points for one in point.citations)
    return Answer(question, True, " ".join(point.text for point in points), tuple(citations), "phrased")


def _is_of_one_place(point: Point) -> bool:
    return max(one.start for one in point.citations) - min(one.start for one in point.citations) <= APART


def _citation(hit: Hit, one: Citation, speaker: str) -> AnswerCitation:
    return AnswerCitation(hit.video_id, hit.title, one.start, one.end, one.quote, speaker)
