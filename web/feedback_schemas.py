"""The JSON of what readers think; schemas.py has the rest."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from web.schemas import Request


class FeedbackRequest(Request):
    """What you think of a sentence."""

    text: str = Field(max_length=20_000, description="The sentence as it was made, as GET /videos/{id}/summary or POST /ask gave it.")
    opinion: Literal["up", "down", "edit", "quote", "none"] = Field(
        description="`edit`: it should be said as `instead` says; `quote`: in the speaker's own words; `none`: as it was made."
    )
    instead: str = Field(default="", max_length=20_000, description="Your own words, for `edit`.")


class Given(BaseModel):
    text: str
    opinion: str
    instead: str = Field(description="What the page shows in its place; empty: the text itself.")


class ShownSentence(BaseModel):
    index: int
    start: float
    end: float
    text: str
    speaker: str | None


class FeedbackBody(BaseModel):
    video_id: str
    place: str = Field(description="gist, overview, point or answer.")
    opinion: str
    text: str
    kind: str = Field(description="phrased or quote.")
    instead: str
    question: str
    shown: list[ShownSentence] = Field(description="What was said around it.")
    cited: list[int] = Field(description="Indexes of the sentences that it rests on.")
    model: str
    prompt_version: str
    language: str
    given_at: datetime | None


class Everything(BaseModel):
    feedback: list[FeedbackBody]
