"""A transcript in another language with the times of the original: what was translated sentence by sentence goes back into the cues that the sentences came from.

A cue keeps its times and its speaker, whatever happens to its words. Where a sentence runs over several cues its translation is cut between words, near to where the original was, and so
that numbers and names stay in their cues as far as the order of the words allows.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from pipeline.language.figures import numbers, unmatched
from pipeline.language.translated import alike, calendar, folded, names, places, shows_names, words
from pipeline.store import transcripts, translations
from pipeline.store.database import Session
from pipeline.store.translations import Translation
from pipeline.types import Origin, Segment, Sentence, Transcript

ASTRAY = 3.0
"""What a number or name in another cue than its own weighs against a cut that is off by a whole cue."""
AHEAD = 400
"""Letters within which the next words of a sentence are looked for: sounds in brackets and marks of turns lie between."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What was said, in a language that it was not said in."""

    transcript: Transcript
    engine: str
    """What translated it; empty for Whisper, which did while it listened."""
    complete: bool


def read(s: Session, video_id: str, language: str) -> Reading | None:
    """The transcript in `language` with the times of the original; None when nobody has translated it."""
    if language == "en":
        heard = transcripts.get_transcript(s, video_id, Origin.SPEECH_TRANSLATED, sealed=True)
        if heard is not None:
            return Reading(heard, "", complete=True)
    found = sentence_by_sentence(s, video_id, language)
    transcript = transcripts.get_transcript(s, video_id)
    if found is None or transcript is None:
        return None
    sentences = transcripts.get_sentences(s, video_id, transcript.origin)
    return Reading(translated_transcript(transcript, sentences, found.texts, language), found.key.model, found.complete)


def sentence_by_sentence(s: Session, video_id: str, language: str) -> Translation | None:
    """As stored, if it is of the transcript that is shown."""
    found = translations.get_translation(s, video_id, "transcript", language)
    return found if found is not None and found.key.source_hash == transcripts.get_hash(s, video_id, _origin(s, video_id)) else None


def _origin(s: Session, video_id: str) -> Origin | None:
    shown = transcripts.get_transcript(s, video_id, segments=False)
    return shown.origin if shown else None


def translated_transcript(transcript: Transcript, sentences: Sequence[Sentence], texts: Sequence[str], language: str) -> Transcript:
    """`texts`: the translations of the sentences from the first on; where one is empty or still to come the original stands, and so do all cues of a sentence of which one
    would lose a number or a name: the order of the words had moved it. Such cues say in which language they are.
    """
    languages = (transcript.language, language)
    known = _known_names([sentence.text for sentence in sentences], languages)
    pieces: list[list[str]] = [[] for _ in transcript.segments]
    kept: set[int] = set()
    for index, span in enumerate(_spans(transcript.segments, sentences)):
        said = [part for _, part in span]
        parts = cut(texts[index], said) if index < len(texts) and texts[index] else []
        if not parts or not all(_holds(one, other, languages, known) for one, other in zip(said, parts, strict=True)):
            parts = said
            kept |= {cue for cue, part in span if any(letter.isalpha() for letter in part)}
        for (cue, _), part in zip(span, parts, strict=True):
            pieces[cue].append(part.strip())
    segments = tuple(
        replace(segment, text=" ".join(filter(None, parts)) if parts else segment.text, original=transcript.language if cue in kept else "")
        for cue, (segment, parts) in enumerate(zip(transcript.segments, pieces, strict=True))
    )
    return replace(transcript, language=language, segments=segments)


def _known_names(texts: Sequence[str], languages: tuple[str, str]) -> frozenset[str]:
    """What is a name wherever it stands: it has its capital inside a sentence and never goes without. Days, months and countries are translated."""
    if not shows_names(*languages):
        return frozenset()
    small = {folded(word) for text in texts for word, _ in words(text) if word[0].islower()}
    return frozenset({folded(name) for text in texts for name in names(text)} - small - calendar(languages[0]) - places(languages[0]))


def _holds(original: str, translated: str, languages: tuple[str, str], known: frozenset[str]) -> bool:
    """Whether a cue has still its words, its numbers and its names."""
    if any(letter.isalpha() for letter in original) and not translated:
        return False
    if unmatched(original, translated, languages)[0]:
        return False
    wanted = {folded(word) for word, _ in words(original) if word[0].isupper()} & known
    there = [folded(word) for word, _ in words(translated)]
    return all(any(alike(name, word) for word in there) for name in wanted)


def cut(text: str, originals: Sequence[str]) -> list[str]:
    """`text` in as many parts as the original has, by dynamic programming over the places between words; a part is empty only where there are fewer words than parts."""
    told = text.split()
    count = len(originals)
    if count <= 1:
        return [text] * count
    lengths = [len(part) for part in originals]
    total, ends = sum(lengths) or 1, [0]
    for word in told:
        ends.append(ends[-1] + len(word) + 1)
    strays = [_strays(told, part, originals) for part in range(count)]
    best: dict[int, tuple[float, list[int]]] = {0: (0.0, [0])}
    goal = 0
    for part in range(count):
        goal += lengths[part]
        last = part == count - 1
        found: dict[int, tuple[float, list[int]]] = {}
        for at, (cost, cuts) in best.items():
            enough = len(told) - at >= count - part  # for a word in each part that is still to come
            first, most = (at + 1, len(told) - (count - part - 1)) if enough else (at, len(told))
            for to in [len(told)] if last else range(first, most + 1):
                off = 0.0 if last else abs(ends[to] / ends[-1] - goal / total) * count
                new = cost + off + ASTRAY * sum(strays[part][at:to])
                if to not in found or new < found[to][0]:
                    found[to] = (new, [*cuts, to])
        best = found
    cuts = best[len(told)][1]
    return [" ".join(told[start:end]) for start, end in pairwise(cuts)]


def _strays(told: Sequence[str], part: int, originals: Sequence[str]) -> list[bool]:
    """For each word whether it is a number or name of another part and not of this one."""
    own = {*numbers(originals[part]), *map(folded, re.findall(r"[^\W\d_]+", originals[part]))}
    elsewhere = {token for other, text in enumerate(originals) if other != part for token in (*numbers(text), *map(folded, [*names(text), *_firsts(text)]))}
    out = []
    for word in told:
        tokens = numbers(word) or [folded(found) for found in re.findall(r"[^\W\d_]{3,}", word) if found[0].isupper()]
        out.append(any(_in(token, elsewhere) and not _in(token, own) for token in tokens))
    return out


def _in(token: str, among: set[str]) -> bool:
    return token in among or (token.isalpha() and any(alike(token, other) for other in among))


def _firsts(text: str) -> list[str]:
    """A cue that goes on with a sentence may begin with a name."""
    return [word for word in re.findall(r"[^\W\d_]{3,}", text)[:1] if word[0].isupper()]


def _spans(segments: Sequence[Segment], sentences: Sequence[Sentence]) -> Iterator[list[tuple[int, str]]]:
    """For each sentence the cues in which it stands, with its letters in each. Sentences are the text of the cues without what is no speech, so every letter of theirs is
    found, one after the other; where that fails, a sentence is where its time is.
    """
    order = sorted(range(len(segments)), key=lambda cue: segments[cue].start)
    text, owner = "", []
    for cue in order:
        letters = "".join(segments[cue].text.split())
        text += letters
        owner += [cue] * len(letters)
    starts = [segments[cue].start for cue in order]
    at = 0
    for sentence in sentences:
        places = _found(text, at, "".join(sentence.text.split()))
        if not places:
            yield [(order[max(0, bisect_right(starts, sentence.start + 0.01) - 1)], sentence.text)]
            continue
        at = places[-1] + 1
        yield _parts(sentence.text, [owner[place] for place in places])


def _found(text: str, at: int, letters: str) -> list[int]:
    """Where each letter stands; nothing when they are not all there, in their order and near each other."""
    whole = text.find(letters, at, at + len(letters) + AHEAD)
    if whole >= 0:
        return list(range(whole, whole + len(letters)))
    places = []
    for letter in letters:
        at = text.find(letter, at, at + AHEAD)
        if at < 0:
            return []
        places.append(at)
        at += 1
    return places


def _parts(text: str, owners: Sequence[int]) -> list[tuple[int, str]]:
    """The text, cut where its letters go over to another cue."""
    parts: list[tuple[int, str]] = []
    letter = 0
    for character in text:
        owner = owners[min(letter, len(owners) - 1)]
        letter += not character.isspace()
        if parts and parts[-1][0] == owner:
            parts[-1] = (owner, parts[-1][1] + character)
        elif not character.isspace():
            parts.append((owner, character))
    return parts
