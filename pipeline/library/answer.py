"""Answer a question from what was said, with receipts, or say that it was not said."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import structlog

from pipeline.errors import ModelError
from pipeline.language.generator import Embedder, Generator
from pipeline.languages import detect
from pipeline.library import about
from pipeline.library.counted import counted
from pipeline.library.discussion import asks_much, told
from pipeline.library.follow import understood
from pipeline.library.moments import Moment, cleaned, language_of, moments, nearest
from pipeline.library.over_videos import over_videos
from pipeline.library.passages import passages
from pipeline.library.reach import LIBRARY, Reach, few_videos, found, heard, sentences_of, sure
from pipeline.library.receipts import citation, not_found, quoted, quoting, with_further
from pipeline.library.timed import timed
from pipeline.store.database import Database
from pipeline.summary import prompts
from pipeline.summary.verify import Verdict, check, tidy
from pipeline.summary.words import content, light_words
from pipeline.types import Answer

EMBEDDED = 24
"""Sentences compared with the question by their vectors: about a second of work."""
SHOWN = 3
"""Passages that the answer may rest on."""
SPREAD = 5
"""Stretches of the video of which the best sentence is quoted where much is asked. On twelve of QMSum's training meetings one of them is inside the annotators' spans for 77 % of such questions;
for 39 % the single best sentence is."""

log = structlog.get_logger()


def ask(
    db: Database,
    embedder: Embedder,
    generator: Generator | None,
    question: str,
    *,
    video_id: str | None = None,
    reach: Reach | None = None,
    earlier: Sequence[Answer] = (),
) -> Answer:
    """The checked answer to `question`. Raises as `answer`."""
    *_, last = answer(db, embedder, generator, question, video_id=video_id, reach=reach, earlier=earlier)
    assert isinstance(last, Answer)
    return last


def answer(
    db: Database,
    embedder: Embedder,
    generator: Generator | None,
    question: str,
    *,
    video_id: str | None = None,
    reach: Reach | None = None,
    earlier: Sequence[Answer] = (),
) -> Iterator[str | Answer]:
    """The words of an answer, each only after its sentence was checked, and at last the Answer itself. Asked are the videos in `reach`, or `video_id`, or all.
    `earlier`: the conversation before, oldest first, on which the question may lean.

    Raises:
        InputError: `empty_question`, `long_question`.
        ModelError: a server or the embedder is away.
    """
    asked = cleaned(question)
    text = understood(asked, earlier, generator)
    where = reach or (Reach((video_id,)) if video_id is not None else LIBRARY)
    made = _answered(db, embedder, generator, text, where)
    yield from _spoken(replace(made, question=asked, understood=text if text != asked else ""))


def _answered(db: Database, embedder: Embedder, generator: Generator | None, text: str, reach: Reach) -> Answer:
    """By what kind of question it is."""
    over = None if reach.single else over_videos(text)
    if over is not None:
        return counted(db, embedder, text, over, reach)
    few = few_videos(db, reach, about.VIDEOS)
    if few and about.asks_about(text):
        return about.about(db, text, few)
    if len(few) == 1:
        reach = Reach(few)
        return timed(db, embedder, text, few[0]) or _from_moments(db, embedder, generator, text, reach)
    return _from_moments(db, embedder, generator, text, reach)


def _from_moments(db: Database, embedder: Embedder, generator: Generator | None, text: str, reach: Reach) -> Answer:
    vector = np.asarray(embedder.queries([text])[0])
    hits = found(db, embedder, text, vector, reach)
    sentences = sentences_of(db, hits)
    best = nearest(text, moments(text, hits, sentences), vector, embedder, EMBEDDED)
    likelier, generator = heard(text, best, sentences, generator)
    if not sure(db, embedder, text, vector, best, likelier):
        return not_found(text, best, reach.unfound)
    said = passages(best, sentences)
    if asks_much(text):
        much = told(text, best, sentences, detect(best[0].sentence.text), generator, embedder) if generator is not None else None
        return with_further(much, spread(said)) if much is not None else quoting(text, spread(said))
    return _phrased(text, said, generator) or quoted(text, said)


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
        made = "".join(generator.stream(prompts.reply(question, texts, language, steps=generator.steps)))
        text = tidy(prompts.concluded(made) if generator.steps else made)
    except ModelError as error:
        log.warning("answer_without_model", code=error.code)
        return None
    verdict = _verified(text, texts, language) if text else Verdict("nothing")
    if verdict.ok and not _answers(question, text, best[0]):
        verdict = Verdict("another question's answer")
    if not verdict.ok or not verdict.used:
        log.info("answer_refused", reason=verdict.reason)
        return None
    return Answer(question, True, text, tuple(citation(shown[number]) for number in verdict.used), "phrased")


def _verified(text: str, said: Sequence[str], language: str) -> Verdict:
    """Whether one of these sentences carries `text`, else all together: what one says is not wrong because another one beside it says "only"."""
    for number, sentence in enumerate(said):
        verdict = check(text, [sentence], language)
        if verdict.ok and verdict.used:
            return replace(verdict, used=(number,))
    return check(text, said, language)


def _answers(question: str, text: str, top: Moment) -> bool:
    """Whether `text` has the words that the question shares with the best sentence: "Fernholm is not big" is true, and no answer to how many buses it has."""
    stop = light_words(language_of(question))
    shared = set(content(question, stop)) & set(content(top.sentence.text, stop))
    return shared <= set(content(text, stop))


def spread(best: Sequence[Moment]) -> list[Moment]:
    """The best passage of each of the best stretches of one video: what is said of a matter is seldom said in one place."""
    kept: dict[float, Moment] = {}
    indexes: set[int] = set()
    for moment in best:
        if moment.hit.video_id == best[0].hit.video_id and moment.hit.start not in kept and moment.sentence.index not in indexes:
            kept[moment.hit.start] = moment
            indexes.add(moment.sentence.index)
    return list(kept.values())[:SPREAD]


def _shown(best: Sequence[Moment]) -> list[Moment]:
    """The best few of one video, in the order of the talk, so that "it" and "they" refer to what they meant."""
    same = [moment for moment in best if moment.hit.video_id == best[0].hit.video_id][:SHOWN]
    return sorted(same, key=lambda moment: moment.sentence.start)
