"""The values that flow through the house. All frozen; times in float seconds from the start of the video; tuples, not lists."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal


class Origin(StrEnum):
    """Where a transcript comes from. One transcript never mixes two."""

    CAPTIONS_MANUAL = "captions_manual"
    CAPTIONS_AUTO = "captions_auto"
    SPEECH = "speech"
    SPEECH_TRANSLATED = "speech_translated"
    """Whisper's own speech-to-English translation: times are of the original, words are English."""
    FILE = "file"


class Length(StrEnum):
    """How long a summary the reader wants."""

    SHORT = "short"
    MEDIUM = "medium"
    LONG = "long"


@dataclass(frozen=True, slots=True)
class Segment:
    """One stretch of speech as captions or Whisper give it."""

    start: float
    end: float
    text: str
    speaker: str | None = None
    original: str = ""
    """Of a translated transcript: the language in which these words stand, since no translation of them held; else empty."""

    def __post_init__(self) -> None:
        if not 0 <= self.start <= self.end:
            raise ValueError(f"a segment needs 0 <= start <= end, not {self.start}, {self.end}")


@dataclass(frozen=True, slots=True)
class Transcript:
    language: str
    """ISO 639-1 where there is one ("en", "pt"), else 639-3; "und" when unknown."""
    origin: Origin
    model: str | None
    """The speech model, None for captions and files."""
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Chapter:
    start: float
    end: float
    title: str
    origin: Literal["source", "made"] = "source"
    """`source`: the video's own; `made`: found by topic segmentation."""


@dataclass(frozen=True, slots=True)
class Video:
    source_id: str
    """Extractor and id, `youtube:<11 characters>` or `file:<sha256>`: the key that makes two pastes one video."""
    source_url: str
    """Canonical link, or the empty string for a file."""
    title: str
    duration: float
    """Seconds; 0.0 while unknown."""
    channel: str | None = None
    language: str | None = None
    published_at: str | None = None
    """ISO 8601 date."""
    description: str = ""
    thumbnail_url: str | None = None
    chapters: tuple[Chapter, ...] = ()
    captions_note: str = ""
    """For the reader: why there are no captions, or why not the best ones; empty when all is as one would wish."""

    @property
    def id(self) -> str:
        """The short public id used in addresses: YouTube's own 11 characters, or 16 of a file's hash."""
        return public_id(self.source_id)


def public_id(source_id: str) -> str:
    """`youtube:abc…` -> `abc…`; `file:9f86…` -> first 16 hexadecimal digits (11 characters are always YouTube's)."""
    extractor, _, rest = source_id.partition(":")
    return rest if extractor == "youtube" else rest[:16]


@dataclass(frozen=True, slots=True)
class Entry:
    """An item of a playlist, channel, feed or import, before anything of it is fetched."""

    source_id: str
    kind: str
    """youtube, media or transcript; playlist where a channel lists its playlists."""
    url: str
    title: str
    duration: float | None = None
    """Seconds; None: not told."""
    published: str | None = None
    """ISO date; None: not told."""
    problem: str = ""
    """Why it cannot be watched, a code of errors.py; empty: nothing is known against it."""
    captions_url: str | None = None
    """Where a feed says that its transcript is."""
    chapters_url: str | None = None


@dataclass(frozen=True, slots=True)
class Sentence:
    """What is cited. `index` counts from 0 within one transcript and is what prompts and answers refer to."""

    index: int
    start: float
    end: float
    text: str
    speaker: str | None = None


@dataclass(frozen=True, slots=True)
class Chunk:
    """What is embedded and found: a run of whole sentences `first..last` (inclusive indexes)."""

    index: int
    start: float
    end: float
    text: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Citation:
    """A receipt: `quote` stands word for word in the transcript between `start` and `end`. Made by code, never by a model."""

    start: float
    end: float
    quote: str
    sentence: int
    """Index of the (first) cited sentence."""


@dataclass(frozen=True, slots=True)
class Point:
    """One statement with its receipts. A statement without a citation is dropped, not shown."""

    text: str
    citations: tuple[Citation, ...]
    kind: Literal["phrased", "quote", "original"]
    """`phrased`: the model's words, verified; `quote`: the speaker's own sentence standing in; `original`: of a translated summary, in the language it was written in, since
    its translation did not hold."""
    support: float
    """0..1, how well the citations carry the text; a quote has 1.0."""
    chapter: int = 0
    """Index into Summary.chapters."""

    @property
    def start(self) -> float:
        return min(c.start for c in self.citations)

    @property
    def end(self) -> float:
        return max(c.end for c in self.citations)


class Status(StrEnum):
    """What became of a stretch of the video."""

    CITED = "cited"
    """A point, the gist or the overview rests on it."""
    READ = "read"
    """Read, and weighed against what was chosen; nothing rests on it."""
    SILENCE = "silence"
    """No words: silence, music or a pause."""
    SKIPPED = "skipped"
    """Left out on purpose, for example an advertisement; `reason` says why."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """A stretch of the video and its fate. The stretches of one summary join without gap or overlap from 0 to the duration."""

    start: float
    end: float
    status: Status
    points: tuple[int, ...] = ()
    """Indexes into Summary.points that rest on this stretch."""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Summary:
    language: str
    length: Length
    gist: Point
    overview: tuple[Point, ...]
    points: tuple[Point, ...]
    chapters: tuple[Chapter, ...]
    coverage: tuple[Coverage, ...]
    model: str
    prompt_version: str
    notes: tuple[str, ...] = ()
    """Sentences for the reader about limits met, for example that no installed model writes this language."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Where to search; what is left out does not narrow."""

    languages: tuple[str, ...] = ()
    """ISO 639-1 codes of what is spoken."""
    videos: tuple[str, ...] = ()
    channel: str | None = None
    since: str | None = None
    """First day of publication, as 2026-11-28; videos whose day nobody knows are left out."""
    until: str | None = None
    """Last day."""
    shortest: float | None = None
    """Seconds of the whole video, this many included."""
    longest: float | None = None
    """Seconds, not included."""
    speaker: str | None = None
    """A name as the transcript has it."""
    tag: str | None = None
    """A tag of the video, whatever its case."""
    folder: int | None = None
    """Id of a folder that the video is in."""
    watched: bool | None = None
    """Only videos that the reader has watched, or only those not watched yet."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A moment found by search."""

    video_id: str
    title: str
    start: float
    end: float
    text: str
    score: float
    sentence: int | None = None


@dataclass(frozen=True, slots=True)
class Named:
    """A title, chapter or point that has the words of a search, with the moment that it stands for."""

    kind: Literal["title", "chapter", "point"]
    video_id: str
    title: str
    start: float
    text: str


@dataclass(frozen=True, slots=True)
class NoteHit:
    """A note, highlight or tag of the reader's that has the words of a search."""

    video_id: str
    title: str
    kind: Literal["video", "moment", "point", "highlight", "tag"]
    start: float | None
    """None: it opens the video."""
    text: str
    quote: str


@dataclass(frozen=True, slots=True)
class Answered:
    """A question that was asked and answered before, with the words of a search in it or its answer."""

    conversation: int
    turn: int
    """Its place in the conversation, from 0."""
    question: str
    text: str


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What somebody who types these letters may be looking for."""

    kind: Literal["title", "chapter", "channel", "name"]
    text: str
    video_id: str | None = None
    """Where it leads; None: to a search for it."""
    start: float = 0.0


@dataclass(frozen=True, slots=True)
class AnswerCitation:
    video_id: str
    title: str
    start: float
    end: float
    quote: str
    speaker: str = ""
    """Who says it, where that is known: "Anna proposed" rests on it as on the words."""
    also: bool = False
    """No statement of the answer rests on it: a further moment about what was asked, quoted beside them."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """An answer in another language than it was said in. The answer itself, with the words that were said, stays beside it."""

    language: str
    text: str = ""
    """Empty: no sentence of it held, or nothing here translates."""
    quotes: tuple[str, ...] = ()
    """Of an answer that is quotes, beside each citation its translation; empty: that did not hold."""
    engine: str = ""
    """What translated it."""
    kept: int = 0
    """Sentences that stand in the original, since their translations did not hold."""
    advice: str = ""
    """Why there is no translation, and what would make one; else empty."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`found=False` is a normal result: nothing in the library supports an answer; `nearest` then holds the closest moments."""

    question: str
    found: bool
    text: str
    citations: tuple[AnswerCitation, ...]
    kind: Literal["phrased", "quote", "none"]
    nearest: tuple[Hit, ...] = ()
    understood: str = ""
    """The question as it was taken, where that is not how it was asked."""
    rendered: Rendered | None = None
    """In the language of who asked, where that is another one."""


@dataclass(frozen=True, slots=True)
class Note:
    """What a reader keeps of a video: a highlight, own words, or both. It holds times and words of its own, so that a new transcript or summary takes nothing from it."""

    id: int
    kind: Literal["video", "moment", "point", "highlight"]
    """On the whole video, on a moment, beside a point, or on a stretch of what was said."""
    start: float | None
    """None: on the whole video."""
    end: float | None
    quote: str
    """The words it stands beside, as they were then: what was said, or the point; empty for the whole video."""
    text: str
    """The reader's own; a highlight may have none."""
    created_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Kept:
    """Everything that a reader keeps with one video."""

    tags: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()
    """On the whole video first, then by time."""

    def __bool__(self) -> bool:
        return bool(self.tags or self.folders or self.notes)


@dataclass(frozen=True, slots=True)
class Progress:
    stage: str
    fraction: float
    """0..1 within the stage."""
    message: str




Emit = Callable[[Progress], None]
"""Called by long stages as they go. It raises `Cancelled` or `LeaseLost` (errors.py) when the work must stop, so calling it often is also how a stage can be stopped."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the reader asked for."""

    language: str | None = None
    """Language of the summary; None: that of the video."""
    length: Length = Length.MEDIUM
    captions: bool = True
    """False: listen even where captions exist."""
