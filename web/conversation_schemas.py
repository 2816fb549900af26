"""The JSON of conversations. Names are stable: programs rely on them."""

from datetime import datetime

from pydantic import BaseModel, Field

from web.schemas import Answer, Request, VideoId


class ConversationRequest(Request):
    """Where the questions of a new conversation are asked; nothing: in the whole library."""

    videos: list[VideoId] = Field(default=[], max_length=200)
    list: int | None = Field(default=None, ge=1, le=10**18, description="Id of a playlist, channel or subscription.")


class ConversationChange(Request):
    title: str = Field(max_length=1000)


class ConversationQuery(Request):
    before: datetime | None = Field(default=None, description="Only those last asked before.")
    limit: int = Field(default=50, ge=1, le=200)


class ConversationCard(BaseModel):
    id: int
    title: str
    videos: list[str]
    list_id: int | None
    where: str = Field(description="What is asked, in words; empty: the whole library.")
    turns: int
    created_at: datetime
    changed_at: datetime


class ConversationBody(ConversationCard):
    answers: list[Answer] = Field(description="Oldest first.")


class Conversations(BaseModel):
    conversations: list[ConversationCard]


class Questions(BaseModel):
    questions: list[str] = Field(description="Each is answered by this video.")
