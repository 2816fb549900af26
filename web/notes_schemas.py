"""The JSON of tags, folders, highlights and notes; schemas.py has the rest."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from web.schemas import Request, VideoId


class NoteRequest(Request):
    """Without times a note on the whole video; with `start` on a moment; with `end` too a highlight of what is said between them; with `point` beside that point."""

    text: str = Field(default="", max_length=20_000, description="Your own words, at most 5,000 characters; only a highlight may have none.")
    start: float | None = Field(default=None, ge=0, le=10_000_000, description="Seconds from the start of the video.")
    end: float | None = Field(default=None, ge=0, le=10_000_000)
    point: str = Field(default="", max_length=20_000, description="The text of a point as GET /videos/{id}/summary gives it.")


class NoteChange(Request):
    text: str = Field(max_length=20_000)


class NoteBody(BaseModel):
    id: int
    kind: str = Field(description="video, moment, point or highlight.")
    start: float | None
    end: float | None
    quote: str = Field(description="The words it stands beside, as they were then: what was said, or the point.")
    text: str
    created_at: datetime
    changed_at: datetime


class FolderBody(BaseModel):
    id: int
    name: str
    videos: int = Field(description="How many are in it.")


class InFolder(BaseModel):
    id: int
    name: str


class KeptBody(BaseModel):
    """Everything that is kept with a video."""

    tags: list[str]
    folders: list[InFolder]
    notes: list[NoteBody]


class WatchedRequest(Request):
    watched: bool


class WatchedBody(BaseModel):
    watched_at: datetime | None = Field(description="Since when; null: not watched.")


class TagsRequest(Request):
    tags: list[Annotated[str, Field(max_length=200)]] = Field(max_length=200, description="All that the video shall have.")


class TagsBody(BaseModel):
    tags: list[str]


class TagBody(BaseModel):
    name: str
    videos: int


class AllTags(BaseModel):
    tags: list[TagBody]


class FoldersRequest(Request):
    folders: list[Annotated[int, Field(ge=1, le=10**18)]] = Field(max_length=500, description="Ids of all that the video shall be in.")


class FolderRequest(Request):
    name: str = Field(max_length=1000)


class Folders(BaseModel):
    folders: list[FolderBody]


class InFolders(BaseModel):
    folders: list[InFolder]


class NotesQuery(Request):
    q: str = Field(default="", max_length=200_000, description="Words to find in notes, highlights and tags; without: all notes, in the order in which they were made.")
    after: int = Field(default=0, ge=0, le=10**18, description="With no `q`: only those behind this id.")
    limit: int = Field(default=100, ge=1, le=1000)


class FoundNote(BaseModel):
    video_id: VideoId
    title: str
    id: int | None = Field(description="Null for a tag, and in what a search found.")
    kind: str = Field(description="video, moment, point, highlight or tag.")
    start: float | None
    text: str
    quote: str


class FoundNotes(BaseModel):
    notes: list[FoundNote]
