"""An answer in the language of who asks: what was checked is translated, each sentence is checked against its original, and the original stays beside it."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import sentencex
import structlog

from pipeline.errors import ModelError
from pipeline.language.translated import in_language
from pipeline.language.translator import Line, Translator
from pipeline.languages import detect
from pipeline.library.counted import COUNTED
from pipeline.store import transcripts
from pipeline.store.database import Database
from pipeline.types import Answer, Rendered

log = structlog.get_logger(__name__)


def asked_in(question: str, likely: str) -> str:
    """The language of a question: `likely`, unless it is surely another. Few words may be of many languages; a script that `likely` does not have tells by itself."""
    found = detect(question)
    if found == "und" or (in_language(question, likely) and any(letter.isascii() and letter.isalpha() for letter in question)):
        return likely
    return found


def in_one_of(db: Database, answer: Answer, wanted: Sequence[str], translator: Translator) -> Answer:
    """`answer` with its translation into the first of the languages `wanted` that it is not in itself. As it was, where nobody said it in another one; with what is missing,
    where nothing here translates it, or what does is away.
    """
    if not answer.found or not answer.citations:
        return answer
    spoken = _spoken(db, (citation.video_id for citation in answer.citations))
    source = spoken[answer.citations[0].video_id]
    target = next((code for code in wanted if code != source), None)
    if target is None or source == "und":
        return answer
    try:
        ability = translator.can(source, target)
        made = _rendered(answer, spoken, (source, target), translator) if ability.ok else Rendered(target, advice=ability.advice)
    except ModelError as error:
        log.warning("answer not translated", code=error.code)
        made = Rendered(target, advice=str(error))
    return replace(answer, rendered=made)


def _rendered(answer: Answer, spoken: dict[str, str], languages: tuple[str, str], translator: Translator) -> Rendered:
    """Quotes one by one, each from the language of its video; what was phrased sentence by sentence."""
    source, target = languages
    job = translator.begin(source, target)
    if answer.kind != "quote" and not COUNTED.match(answer.text):
        said = [part.strip() for part in sentencex.segment(source, answer.text) if part.strip()]
        lines = job.texts(said, flowing=True)
        return Rendered(target, _joined(lines), engine=job.engine, kept=sum(line.original for line in lines))
    quotes: list[str] = [""] * len(answer.citations)
    for language in dict.fromkeys(spoken[citation.video_id] for citation in answer.citations):
        if language in (target, "und") or not translator.can(language, target).ok:
            continue
        mine = [number for number, citation in enumerate(answer.citations) if spoken[citation.video_id] == language]
        one = job if language == source else translator.begin(language, target)
        for number, line in zip(mine, one.texts([answer.citations[number].quote for number in mine]), strict=True):
            quotes[number] = "" if line.original else line.text
    return Rendered(target, " ".join(filter(None, quotes)), tuple(quotes), job.engine, quotes.count(""))


def _joined(lines: Sequence[Line]) -> str:
    """Sentences that did not hold stand in the original among the others; nothing where none did."""
    return "" if all(line.original for line in lines) else " ".join(line.text for line in lines)


def _spoken(db: Database, video_ids: Iterable[str]) -> dict[str, str]:
    """The languages of their transcripts."""
    with db.session() as s:
        shown = {video_id: transcripts.get_transcript(s, video_id, segments=False) for video_id in dict.fromkeys(video_ids)}
    return {video_id: found.language if found else "und" for video_id, found in shown.items()}
