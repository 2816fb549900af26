"""What Whisper hears where nothing was said, and how it is told from speech. Pure functions of numbers and words.

Whisper was trained on subtitles, so on music and noise it writes what subtitles hold there: credits, thanks for watching, or one phrase over and over.
"""

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.speech.words import Word

NO_SPEECH = 0.6
UNSURE = -1.0
"""Mean log probability of a token; with NO_SPEECH these are OpenAI's thresholds for silence."""
REPETITIVE = 2.4
"""Compressed more than so many times, a text says the same thing over and over (OpenAI's threshold)."""
HESITANT = -0.7
"""A phrase of CREDITS that was heard with less certainty was not said."""
IMPROBABLE = 0.25
"""Mean probability of the words of a sentence below which it is a guess."""
FASTEST = 45.0
"""Characters per second that nobody speaks; what is denser has been made up for a scrap of sound."""
MOST_REPEATS = 2
"""Repetitions of one phrase that are kept when a text is repetitive."""

CREDITS = re.compile(
    r"(subtitle|caption|transcri|translat|subs)\w* (by|from|edited|created)|amara\.org|thank(s| you)( so much| very much)? for (watching|listening|viewing)"
    r"|(like|subscribe)\b.*\b(subscribe|channel|bell)|see you (in the )?next (time|video)|^(thank you|thanks|bye|you|okay|so)[.!]?$"
    r"|untertitel|sous-titr|sottotitoli|legendas|subtítulos|napisy|субтитр|продолжение следует|字幕|ご視聴|謝謝觀看|시청해|المشاهدة",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """How sure the model was about one clip."""

    no_speech: float
    """Probability that nobody speaks, 0..1."""
    log_probability: float
    """Mean over the tokens."""
    text: str

    @property
    def silent(self) -> bool:
        return self.no_speech > NO_SPEECH and self.log_probability < UNSURE

    @property
    def doubtful(self) -> bool:
        """Worth a second, more careful hearing."""
        return not self.silent and (self.log_probability < UNSURE or compression(self.text) > REPETITIVE)


def compression(text: str) -> float:
    """How many times smaller `text` becomes; speech stays below 2.4."""
    data = text.encode()
    return len(data) / len(zlib.compress(data)) if data else 0.0


def made_up(words: Sequence[Word], evidence: Evidence) -> bool:
    """Whether a sentence was invented rather than heard."""
    text = "".join(word.text for word in words).strip()
    probability = sum(word.probability for word in words) / len(words)
    seconds = max(words[-1].end - words[0].start, 0.02)
    if len(text) / seconds > FASTEST or (probability < IMPROBABLE and evidence.no_speech > NO_SPEECH / 2):
        return True
    return bool(CREDITS.search(text)) and (evidence.log_probability < HESITANT or evidence.no_speech > NO_SPEECH)


def collapse(words: Sequence[Word], longest: int = 12) -> tuple[Word, ...]:
    """The words with every run of one phrase (up to `longest` words) cut to MOST_REPEATS. Call it for repetitive texts only: people do repeat themselves."""
    kept: list[Word] = []
    keys = [re.sub(r"\W", "", word.text).casefold() for word in words]
    at = 0
    while at < len(words):
        size, times = _run(keys, at, longest)
        kept.extend(words[at : at + size * min(times, MOST_REPEATS)])
        at += size * times
    return tuple(kept)


def _run(keys: Sequence[str], at: int, longest: int) -> tuple[int, int]:
    """Length and number of repetitions of the phrase that begins at `at`; (1, 1) where nothing is said more than MOST_REPEATS times."""
    for size in range(1, longest + 1):
        phrase, times = keys[at : at + size], 1
        while len(phrase) == size and keys[at + size * times : at + size * (times + 1)] == phrase:
            times += 1
        if times > MOST_REPEATS:
            return size, times
    return 1, 1
