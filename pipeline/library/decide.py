"""Whether what was found answers a question at all: a few signals, weighed.

One cosine does not tell: with multilingual e5 every sentence of a meeting is at 0.75 to 0.88 from every question. What tells is how much nearer the best sentence and the best
stretch are than everyday speech, and whether the rare words, the names and the pairs of words of the question were said there, or anywhere in the video. WEIGHTS were fitted by logistic
regression (`nutshell evaluate ask` measures them, with `--quotes` without the last). How far the best stretch stands out from the others of its video (a z-score), whether a number that is
asked for is there, and how few words tell anything were tried and gained nothing.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, fields
from itertools import pairwise

import numpy as np

from pipeline.library.discussion import asks_much
from pipeline.library.moments import Moment, language_of
from pipeline.summary.words import content, inverse_frequency, light_words, stem
from pipeline.types import Chunk

FRAME = frozenset(
    stem(word)
    for word in (
        "discuss discussion say said think thought opinion talk mention summarize summarise describe description conclude conclusion decide decision propose proposal suggest "
        "suggestion recommend recommendation agree agreement attitude view reason mean according during meeting video speaker lecture group team participant people person "
        "happen explain give tell ask answer question topic idea issue part regard about introduce present presentation consider believe feel feeling respond response show shown "
        "quién quiénes qué cuál cuáles cómo cuándo dónde cuánto cuánta cuántos cuántas dice dicen dijo habla hablan piensa opina explica cuenta resume resumen vídeo charla ponente grupo reunión "
        "wer wen wem wessen was wann wo wohin woher wie warum wieso weshalb welche welcher welches wovon worüber sagt sagen gesagt spricht meint denkt erklärt fasse vortrag redner gruppe besprechung "
        "qui quoi que quel quelle quels quelles comment quand où combien pourquoi dit disent parle parlent pense explique résume résumé vidéo exposé orateur groupe réunion "
        "quem quê qual quais como quando onde quanto quanta quantos quantas diz dizem disse fala falam acha resuma resumo palestra orador reunião "
        "chi che cosa quale quali come dove quanto quanta quanti quante perché dicono detto parla parlano pensa spiega riassumi riassunto discorso relatore gruppo riunione"
    ).split()
)
"""Words that frame a question and that its answer does not have; of six languages together, since few words do not tell theirs."""
AGREED = 3
ABSENT = 4.0
"""Weight of a word that nobody says, in the place of its inverse frequency."""

_NAME = re.compile(r"(?<=[a-zà-ÿ,;:'’] )[A-ZÀ-Þ][\w’'-]+")


@dataclass(frozen=True, slots=True)
class Signals:
    """What is known about a question and the best of one video. All about 0..1, so that the weights can be compared."""

    near: float
    """Cosine of the nearest sentence, from 0.78."""
    chunk: float
    """Cosine of the best stretch, from 0.78."""
    everyday: float
    """Product with the mean of everyday passages, from 0.74: how near the question is to what people say about anything."""
    sentence: float
    """Share of the question's word weight in the best sentence."""
    stretch: float
    """Share of it in the stretch that has most."""
    anywhere: float
    """Share of it that is said anywhere."""
    agreed: float
    """Share of it in the three stretches nearest by meaning, on average: words and meaning point at the same place."""
    pairs: float
    """Share of its neighbouring words that stand in one stretch: "remote" and "control" are said in many meetings, "case design" in few. A half where there are none."""
    lost_names: float
    """1 when a name in the question is said nowhere."""
    much: float
    """1 when a few sentences are expected, as for what was discussed: such questions have more words that no answer has."""
    likelier: float = 0.0
    """Nats that the question and what is said around the best sentence share, by the language model (likelihood.py), in twenties, times the share of its word weight that is said nowhere:
    of what words leave open the model may tell more. 0 also where no model can."""

    def row(self) -> tuple[float, ...]:
        return tuple(getattr(self, one.name) for one in fields(self))


NATS = 20.0
"""Of `likelier`, -10 to 20 of them: a question that repeats what was said has more, and would outvote all else."""
WEIGHTS = Signals(
    near=22.38, chunk=27.73, everyday=-26.27, sentence=0.11, stretch=0.16, anywhere=2.3, agreed=3.68, pairs=1.55, lost_names=-1.54, much=-0.18, likelier=4.0
)  # fmt: skip
BIAS = -3.81
"""Fitted with a ridge of 0.01 on standardised signals, on 55 of QMSum's training meetings and half of our own questions, answered and unanswered counting alike. With each eighth
of the meetings left out in turn, 8 % of the answered questions are refused and 95 % of the others.

That of `likelier` was added on 40 of the meetings and the same half. Regression says 3.4; with 4 one question fewer is refused and no other one answered. Of that half 4 instead of 8 of 38 answered
ones are refused, and all 15 about something else still; of the other half 1 instead of 3 of 38, and 13 of 15 still; of the meetings' 4 % and 98 %, as before. All eleven fitted together
did worse on meetings that nobody had seen.
"""
USUALLY = 0.02
"""Of `everyday` where it is not known, since the library is searched with another embedding model: what answered questions to meetings have on average."""
ANSWERED = 0.5


def telling(question: str) -> list[str]:
    """Stems of the words of a question that its answer can be expected to have."""
    return [word for word in dict.fromkeys(content(question, light_words(language_of(question)))) if word not in FRAME]


def answers(signals: Signals) -> float:
    """How likely it is that the question is answered, 0..1."""
    total = BIAS + sum(weight * value for weight, value in zip(WEIGHTS.row(), signals.row(), strict=True))
    return 1.0 / (1.0 + math.exp(-total))


def signals(
    question: str,
    best: Sequence[Moment],
    vector: np.ndarray,
    ordinary: np.ndarray | None,
    chunks: Sequence[Chunk],
    vectors: np.ndarray,
    speakers: Sequence[str],
    likelier: float = 0.0,
) -> Signals:
    """Of the best moment's video, whose chunks with their vectors (n, 384) and whose speakers' names these are. `vector`: the question's, unit; `ordinary`: see
    language/usual.py, everyday; None: of another embedding model than the weights were fitted on. `likelier`: nats.
    """
    stop = light_words(language_of(question))
    asked = telling(question)
    bags = [set(content(chunk.text, stop)) for chunk in chunks]
    said = set().union(*bags, *(content(name, frozenset()) for name in speakers))
    idf = inverse_frequency(bags)
    weights = {word: idf.get(word, 1.0 if word in said else ABSENT) for word in asked}
    total = sum(weights.values()) or 1.0

    def share(words: set[str]) -> float:
        return sum(weight for word, weight in weights.items() if word in words) / total

    near = np.asarray(vectors @ vector) if len(vectors) else np.zeros(1)
    nearest = [share(bags[at]) for at in np.argsort(-near, kind="stable")[:AGREED]] if bags else [0.0]
    names = {word for name in _NAME.findall(question) for word in content(name, stop) if word not in FRAME}
    sentence = best[0].sentence.text
    return Signals(
        near=max(moment.near for moment in best) - 0.78,
        chunk=float(near.max()) - 0.78,
        everyday=USUALLY if ordinary is None else float(ordinary @ vector) - 0.74,
        sentence=share(set(content(sentence, stop))),
        stretch=max((share(bag) for bag in bags), default=0.0),
        anywhere=share(said),
        agreed=sum(nearest) / len(nearest),
        pairs=_together(question, set(asked), stop, bags),
        lost_names=1.0 if names - said else 0.0,
        much=1.0 if asks_much(question) else 0.0,
        likelier=min(1.0, max(-0.5, likelier / NATS)) * (1.0 - share(said)),
    )


def _together(question: str, asked: set[str], stop: frozenset[str], bags: Sequence[set[str]]) -> float:
    """See Signals.pairs."""
    words = content(question, stop)
    pairs = [{one, other} for one, other in pairwise(words) if one in asked and other in asked]
    return sum(any(pair <= bag for bag in bags) for pair in pairs) / len(pairs) if pairs else 0.5
