"""Questions about whole videos: "what is this about?", "summarize it". Their summaries answer, which are checked already; while there is none, the sentences that tell most."""

from collections.abc import Iterator, Sequence
from typing import Literal

from pipeline.languages import detect
from pipeline.library.moments import Moment
from pipeline.library.receipts import quoting
from pipeline.store.database import Database
from pipeline.store.renditions import get_summary
from pipeline.store.transcripts import get_sentences
from pipeline.store.videos import get_video
from pipeline.summary.lexicon import STOP
from pipeline.summary.reading import read
from pipeline.summary.select import opening, pick, score
from pipeline.summary.words import words
from pipeline.types import Answer, AnswerCitation, Hit, Point, Sentence

VIDEOS = 8
"""Videos that are told of in one answer; a library of more is not about something."""
QUOTES = 3
"""Sentences that stand for a video without a summary."""


def _sets(signs: str, fillers: str) -> tuple[frozenset[str], frozenset[str]]:
    return frozenset(signs.split()), frozenset(fillers.split())


WORDS = {
    "en": _sets(
        "about summarize summarise summary overview recap gist tldr tl dr main key outline takeaways covered cover covers discussed",
        "what what's whats who tell give write make please short brief quick whole entire all video videos talk talks lecture lectures podcast podcasts episode "
        "episodes film films clip meeting interview recording speech presentation tutorial lesson points point ideas idea topics topic subject subjects message "
        "messages theme themes takeaway important most said talked does",
    ),
    "es": _sets(
        "trata tratan va van habla hablan resumen resume resúmeme resumir resúmelo tema temas principal principales",
        "qué cuál cuáles hazme dame haz breve video vídeo videos vídeos charla charlas conferencia podcast episodio película entrevista reunión grabación clase "
        "ponencia idea ideas puntos punto mensaje todo",
    ),
    "de": _sets(
        "worum handelt handeln wovon worüber zusammenfassung zusammenfassen zusammen thema themen hauptthema wichtigsten hauptaussage überblick",
        "geht ging um was spricht sprechen fass fasse bitte kurze kurz gib mir video videos vortrag vortrags vorträge vorlesung podcast folge film interview "
        "gespräch besprechung aufnahme punkte aussagen ganze hier",
    ),
    "fr": _sets(
        "parle parlent traite traitent agit s'agit résume résumer résumez résumé sujet thème principal principale principaux principales",
        "quoi quel quels quelle quelles est question fais donne bref vidéo vidéos conférence exposé podcast épisode film entretien interview réunion "
        "enregistrement cours points point idée idées message il t",
    ),
    "pt": _sets(
        "trata tratam fala falam resuma resume resumir resumo tema temas assunto assuntos principal principais sobre",
        "que quê qual quais faça dê breve vídeo vídeos video palestra conferência podcast episódio filme entrevista reunião gravação aula ponto pontos ideia "
        "ideias mensagem",
    ),
    "it": _sets(
        "parla parlano tratta trattano riassumi riassumimi riassumere riassunto tema argomento argomenti principale principali",
        "che cosa quale quali fammi dammi breve video discorso conferenza lezione podcast episodio puntata film intervista riunione registrazione punti punto "
        "idee idea messaggio",
    ),
}
"""By language: the words of which one must be there, and those that may be there besides the stop words. Any other word says what about the video is asked for."""


def asks_about(question: str) -> bool:
    """Whether all of a video is asked for, and not what it says about something."""
    asked = set(words(question))
    return any(asked & signs and asked <= signs | fillers | STOP[code] for code, (signs, fillers) in WORDS.items())


def about(db: Database, question: str, video_ids: Sequence[str]) -> Answer:
    """Gist and overview of one video; the gist of each of several. Sentences of those that have no summary yet. Not found where nothing was said at all."""
    alone = len(video_ids) == 1
    told = [answer for video_id in video_ids if (answer := _of(db, question, video_id, whole=alone))]
    if alone and told:
        return told[0]
    text = " ".join(f"“{answer.citations[0].title}”: {answer.text}" for answer in told)
    citations = tuple(citation for answer in told for citation in answer.citations)
    return Answer(question, bool(told), text or "Nothing is said there.", citations, "phrased" if told else "none")


def _of(db: Database, question: str, video_id: str, *, whole: bool) -> Answer | None:
    with db.session() as session:
        video, made = get_video(session, video_id), get_summary(session, video_id)
        if video is None:
            return None
        said = get_sentences(session, video_id) if made is None or made.gist is None else ()
    if made is None or made.gist is None:
        hit = Hit(video_id, video.title, 0.0, video.duration, "", 1.0)
        chosen = [Moment(hit, sentence, 1.0) for sentence in _telling(said, video.title, QUOTES if whole else 1)]
        return quoting(question, chosen) if chosen else None
    points = (made.gist, *(made.overview if whole else ()))
    kind: Literal["phrased", "quote"] = "phrased" if any(point.kind == "phrased" for point in points) else "quote"
    return Answer(question, True, " ".join(point.text for point in points), tuple(_receipts(video_id, video.title, points)), kind)


def _receipts(video_id: str, title: str, points: Sequence[Point]) -> Iterator[AnswerCitation]:
    for point in points:
        for one in point.citations:
            yield AnswerCitation(video_id, title, one.start, one.end, one.quote)


def _telling(said: Sequence[Sentence], title: str, count: int) -> list[Sentence]:
    """Those that a gist would be chosen from."""
    if not said:
        return []
    reading = read(said, detect(" ".join(sentence.text for sentence in said[:40])))
    scored = score(reading, title)
    value = opening(reading, scored, title)
    return [said[at] for at in pick(value, {at: scored.rows[at] for at in value}, count)]
