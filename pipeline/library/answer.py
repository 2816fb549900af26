"""Answer a question from what was said, with receipts, or say that it was not said."""

import re
from collections.abc import Iterator, Sequence
from typing import Literal

import numpy as np
import structlog

from pipeline.errors import ModelError
from pipeline.language.generator import Embedder, Generator
from pipeline.languages import detect
from pipeline.library.discussion import asks_much, told
from pipeline.library.moments import Moment, cleaned, counts, language_of, moments, nearest, retrieve, worth
from pipeline.store.database import Database
from pipeline.store.renditions import get_summary
from pipeline.store.videos import get_video
from pipeline.summary import prompts
from pipeline.summary.verify import Verdict, check, tidy
from pipeline.summary.words import content, light_words
from pipeline.types import Answer, AnswerCitation, Hit

CHUNKS = 8
"""Chunks that are read for an answer."""
EMBEDDED = 24
"""Sentences compared with the question by their vectors: about a second of work."""
SUPPORTED = 0.4
"""Worth of the best sentence from which a question counts as answered. On XQuAD's English questions 94 % of those with an answer reach it, 3 % of those about other
subjects, and 17 % of those that a neighbouring paragraph of the same article answers."""
SHOWN = 3
"""Sentences that the answer may rest on."""

_ASKS_ABOUT = re.compile(
    r"what(?:'s| is| was) (?:this|the|that) (?:video|talk|lecture|podcast|episode|film|clip|interview)(?: all)? about|what(?:'s| is) (?:this|it) (?:all )?about\?|^summari[sz]e\b|^tl;?dr\b|"
    r"de qué (?:va|trata|habla) (?:este|el|esta|la)|de quoi (?:parle|traite) (?:cette|la|ce)|worum geht es|do que (?:trata|fala)|sobre o que é|di (?:che )?cosa parla",
    re.IGNORECASE,
)
log = structlog.get_logger()


def ask(db: Database, embedder: Embedder, generator: Generator | None, question: str, *, video_id: str | None = None) -> Answer:
    """The checked answer to `question`. Raises as `answer`."""
    *_, last = answer(db, embedder, generator, question, video_id=video_id)
    assert isinstance(last, Answer)
    return last


def answer(
    db: Database, embedder: Embedder, generator: Generator | None, question: str, *, video_id: str | None = None
) -> Iterator[str | Answer]:
    """The words of an answer, each only after its sentence was checked, and at last the Answer itself.

    Raises:
        InputError: `empty_question`, `long_question`.
        ModelError: a server or the embedder is away.
    """
    text = cleaned(question)
    about = _about(db, text, video_id) if video_id is not None and _ASKS_ABOUT.search(text) else None
    if about is not None:
        yield from _spoken(about)
        return
    vector = np.asarray(embedder.queries([text])[0])
    hits, sentences = retrieve(db, text, vector, limit=CHUNKS, video_id=video_id)
    best = nearest(text, moments(text, hits, sentences), vector, embedder, EMBEDDED)
    if not supports(text, best):
        yield from _spoken(_not_found(text, best, video_id))
        return
    much = None
    if generator is not None and asks_much(text):
        much = told(text, best, sentences, detect(best[0].sentence.text), generator, embedder)
    yield from _spoken(much or _phrased(text, best, generator) or _quoted(text, best))


def _about(db: Database, question: str, video_id: str) -> Answer | None:
    """For a question about the whole video: its gist and overview, which are checked already; None while there are none."""
    with db.session() as session:
        video, made = get_video(session, video_id), get_summary(session, video_id)
    if video is None or made is None or made.gist is None:
        return None
    points = (made.gist, *made.overview)
    citations = tuple(AnswerCitation(video_id, video.title, c.start, c.end, c.quote) for point in points for c in point.citations)
    kind: Literal["phrased", "quote"] = "phrased" if any(point.kind == "phrased" for point in points) else "quote"
    return Answer(question, True, " ".join(point.text for point in points), citations, kind)


def supports(question: str, best: Sequence[Moment]) -> bool:
    """Whether the best moment carries an answer at all."""
    return bool(best) and worth(best[0]) + counts(question, best[0].sentence.text) >= SUPPORTED


def _spoken(made: Answer) -> Iterator[str | Answer]:
    yield from re.findall(r"\S+\s*|\s+", made.text)
    yield made


def _phrased(question: str, best: Sequence[Moment], generator: Generator | None) -> Answer | None:
    """The model's answer when every word of it stands; None when it does not, or when the model cannot be reached."""
    if generator is None:
        return None
    shown = _shown(best)
    texts = [moment.sentence.text for moment in shown]
    language = detect(" ".join(texts))
    try:
        if generator.languages and language not in generator.languages:
            return None
        text = tidy("".join(generator.stream(prompts.reply(question, texts, language))))
    except ModelError as error:
        log.warning("answer_without_model", code=error.code)
        return None
    verdict = check(text, texts, language) if text else Verdict("nothing")
    if verdict.ok and not _answers(question, text, best[0]):
        verdict = Verdict("another question's answer")
    if not verdict.ok or not verdict.used:
        log.info("answer_refused", reason=verdict.reason)
        return None
    return Answer(question, True, text, tuple(_citation(shown[number]) for number in verdict.used), "phrased")


def _answers(question: str, text: str, top: Moment) -> bool:
    """Whether `text` has the words that the question shares with the best sentence: "Fernholm is not big" is true, and no answer to how many buses it has."""
    stop = light_words(language_of(question))
    shared = set(content(question, stop)) & set(content(top.sentence.text, stop))
    return shared <= set(content(text, stop))


def _shown(best: Sequence[Moment]) -> list[Moment]:
    """The best few of one video, in the order of the talk, so that "it" and "they" refer to what they meant."""
    same = [moment for moment in best if moment.hit.video_id == best[0].hit.video_id][:SHOWN]
    return sorted(same, key=lambda moment: moment.sentence.start)


def _quoted(question: str, best: Sequence[Moment]) -> Answer:
    """The best sentence as it was said, with the next best of the same video where that is nearly as good."""
    first = best[0]
    seconds = [
        moment for moment in best[1:2] if moment.hit.video_id == first.hit.video_id and worth(moment) >= max(SUPPORTED, 0.7 * worth(first))
    ]
    said = sorted((first, *seconds), key=lambda moment: moment.sentence.start)
    return Answer(question, True, " ".join(moment.sentence.text for moment in said), tuple(_citation(moment) for moment in said), "quote")


def _citation(moment: Moment) -> AnswerCitation:
    sentence = moment.sentence
    return AnswerCitation(moment.hit.video_id, moment.hit.title, sentence.start, sentence.end, sentence.text)


def _not_found(question: str, best: Sequence[Moment], video_id: str | None) -> Answer:
    text = "This was not found in this video." if video_id else "This was not found in your videos."
    near = tuple(
        Hit(
            moment.hit.video_id,
            moment.hit.title,
            moment.sentence.start,
            moment.sentence.end,
            moment.sentence.text,
            moment.hit.score,
            moment.sentence.index,
        )
        for moment in best[:3]
    )
    return Answer(question, False, text, (), "none", near)
