"""The JSON of subscriptions; schemas.py has the rest."""

from datetime import datetime

from pydantic import BaseModel, Field

from pipeline.store.subscriptions import EVERY, LEAST, MOST, MOST_BACKLOG
from pipeline.types import Length
from web.schemas import Language, Request


class SubscriptionFilter(Request):
    """What of the new is summarised. Durations in seconds."""

    words: str = Field(default="", max_length=200, description="In the title, whatever the case.")
    without: str = Field(default="", max_length=200)
    min_duration: float | None = Field(default=None, ge=0)
    max_duration: float | None = Field(default=None, ge=0)


class SubscriptionRequest(Request):
    """A channel or playlist to follow, by its link; one that is followed already is followed like this from now on."""

    url: str = Field(max_length=20_000)
    language: Language | None = None
    length: Length = Length.MEDIUM
    every: float = Field(default=EVERY, ge=LEAST, le=MOST, description="Seconds between two looks.")
    filters: SubscriptionFilter = Field(default_factory=SubscriptionFilter)
    backlog: int = Field(default=0, ge=0, le=MOST_BACKLOG, description="So many of the newest are summarised though they are there already.")


class SubscriptionChange(Request):
    """What is left out stays as it is; a `language` of null is each video's own."""

    language: Language | None = None
    length: Length | None = None
    every: float | None = Field(default=None, ge=LEAST, le=MOST)
    filters: SubscriptionFilter | None = None
    backlog: int = Field(default=0, ge=0, le=MOST_BACKLOG)
    paused: bool | None = None


class SubscriptionBody(BaseModel):
    id: int = Field(description="The list's.")
    url: str
    title: str
    channel: str | None
    language: str | None
    length: str
    every: float
    filters: SubscriptionFilter
    paused: bool
    next_check: datetime
    last_checked: datetime | None
    result: str = Field(description="Of the last look: new, nothing, or a stable code of what went wrong; empty: there was none.")
    found: int = Field(description="New items of the last look that passed the filters.")
    error: str
    failures: int = Field(description="Looks in a row that failed.")
    page: str
    feed: str


class Subscriptions(BaseModel):
    subscriptions: list[SubscriptionBody]
