"""From the best sentences to what is quoted of them: a sentence with what it needs to be understood, and what follows from it.

People answer in the sentence after the one that has the question's words: "I walked with her to the new stop. It took us eleven minutes."
Of 63 questions to four talks of our own, which this was chosen on, 54 % have their answer in
the best sentence by itself and 68 % in its passage; quoting up to three passages finds it for 87 %, with two passages on average.
"""

from collections.abc import Sequence
from dataclasses import replace

from pipeline.languages import detect
from pipeline.library.moments import Moment
from pipeline.summary.select import leans
from pipeline.summary.words import length
from pipeline.types import Sentence

WHOLE = 25.0
"""Words from which a passage says enough by itself."""


def passages(best: Sequence[Moment], texts: dict[str, tuple[Sentence, ...]]) -> list[Moment]:
    """`best`, each as its passage, in the same order; no sentence stands in two passages. `texts`: by video, the sentences that were read.

    The `sentence` of such a moment has the number of its first one and the text of all.
    """
    taken: set[tuple[str, int]] = set()
    made = []
    for moment in best:
        video_id, index = moment.hit.video_id, moment.sentence.index
        if (video_id, index) in taken:
            continue
        inside = _around(moment.sentence, {one.index: one for one in texts.get(video_id, ()) if (video_id, one.index) not in taken})
        taken |= {(video_id, one.index) for one in inside}
        made.append(_with(moment, inside))
    return made


def _around(sentence: Sentence, said: dict[int, Sentence]) -> list[Sentence]:
    """The sentence, the one before it where it leans on that, and those after it that lean on it or that make it whole."""
    inside = [sentence]
    language = detect(sentence.text)
    before = said.get(sentence.index - 1)
    if before is not None and leans(sentence.text, language):
        inside.insert(0, before)
    after = said.get(sentence.index + 1)
    if after is not None and leans(after.text, language):
        inside.append(after)
    following = said.get(inside[-1].index + 1)
    if following is not None and sum(length(one.text) for one in inside) < WHOLE:
        inside.append(following)
    return inside


def _with(moment: Moment, inside: Sequence[Sentence]) -> Moment:
    first, last = inside[0], inside[-1]
    speaker = first.speaker if all(one.speaker == first.speaker for one in inside) else None
    whole = Sentence(first.index, first.start, last.end, " ".join(one.text for one in inside), speaker)
    return replace(moment, sentence=whole)
