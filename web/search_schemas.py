"""The JSON of search in the API. Names are stable: programs rely on them."""

from datetime import date
from typing import Literal

from pydantic import BaseModel, Field

from pipeline.library.search import LENGTHS
from pipeline.types import Scope
from web.schemas import QUESTION, Hit, Language, Request, VideoId
from web.words import language_code

Span = Literal["short", "medium", "long"]


class Narrowing(Request):
    """Where to look; what is left out does not narrow."""

    video: VideoId | None = None
    channel: str | None = Field(default=None, max_length=200, description="Exactly as it is called.")
    language: Language | None = Field(default=None, description="What is spoken.")
    since: date | None = Field(default=None, description="First day of publication.")
    until: date | None = Field(default=None, description="Last day of publication.")
    length: Span | None = Field(default=None, description="Of the video: under 10 minutes, up to 40, longer.")
    speaker: str | None = Field(default=None, max_length=200, description="A name as the transcript has it.")
    tag: str | None = Field(default=None, max_length=200, description="Only videos with this tag.")
    folder: int | None = Field(default=None, ge=1, le=10**18, description="Only videos in the folder of this id.")
    watched: bool | None = Field(default=None, description="Only videos that have been watched; false: only those not watched yet.")

    def scope(self) -> Scope:
        """Raises: InputError: `bad_language`."""
        shortest, longest = LENGTHS[self.length] if self.length else (None, None)
        return Scope(
            languages=(language_code(self.language),) if self.language else (), videos=(self.video,) if self.video else (), channel=self.channel or None,
            since=self.since.isoformat() if self.since else None, until=self.until.isoformat() if self.until else None,
            shortest=shortest, longest=longest, speaker=self.speaker or None, tag=self.tag or None, folder=self.folder, watched=self.watched,
        )  # fmt: skip


class SearchQuery(Narrowing):
    q: str = QUESTION
    limit: int = Field(default=20, ge=1, le=100)


class SimilarQuery(Narrowing):
    to: VideoId = Field(description="The video of the moment.")
    at: float = Field(ge=0, le=1e7, description="Its second.")
    limit: int = Field(default=20, ge=1, le=100)


class SuggestQuery(Request):
    q: str = Field(max_length=200)
    limit: int = Field(default=8, ge=1, le=20)


class FoundHit(Hit):
    snippet: str = Field(description="`text` as HTML: escaped, what was looked for in <mark>.")


class Named(BaseModel):
    kind: Literal["title", "chapter", "point"]
    video_id: str
    title: str
    start: float
    text: str
    snippet: str


class NoteFound(BaseModel):
    video_id: str
    title: str
    kind: str = Field(description="video, moment, point, highlight or tag.")
    start: float | None = Field(description="Null: it stands beside the whole video.")
    text: str
    quote: str = Field(description="The words it stands beside.")


class Answered(BaseModel):
    conversation: int = Field(description="GET /conversations/{id} has all of it.")
    turn: int = Field(description="Its place there, from 0.")
    question: str
    text: str


class Count(BaseModel):
    value: str = Field(description="What the search is narrowed by.")
    count: int
    name: str = Field(description="What it is called: the name of a folder, else the value itself.")


class FoundMoments(BaseModel):
    hits: list[FoundHit]
    named: list[Named] = Field(description="Titles, chapters and points with these words, each with its moment.")
    notes: list[NoteFound] = Field(description="Your notes, highlights and tags with these words.")
    answers: list[Answered] = Field(description="Questions that were answered before, with these words in question or answer.")
    facets: dict[str, list[Count]] = Field(description="channel, language, year, tag, folder, watched of the best 60 moments, where they differ.")
    meant: dict[str, list[str]] = Field(description="Words that nobody says, with what was looked for too.")
    unsaid: list[str] = Field(description="Phrases of a question that nobody says word for word: they were looked for as words.")


class Suggestion(BaseModel):
    kind: Literal["title", "chapter", "channel", "name"]
    text: str
    href: str


class Suggestions(BaseModel):
    suggestions: list[Suggestion]
