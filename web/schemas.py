"""The JSON of the API. Names are stable: programs rely on them."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from pipeline.summary.audience import AUDIENCES, EVERYONE
from pipeline.summary.styles import BULLETS, STYLES
from pipeline.types import Length

VideoId = Annotated[str, Field(pattern=r"^([A-Za-z0-9_-]{11}|[0-9a-f]{16})$")]
Language = Annotated[str, Field(max_length=40, description="A code such as `es`, or a name such as `Spanish`.")]
QUESTION = Field(max_length=200_000, description="At most 2,000 characters are taken; longer ones are refused with their own error.")


class Request(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class Problem(BaseModel):
    """An error after RFC 9457."""

    type: str = "about:blank"
    title: str
    status: int
    code: str = Field(description="Stable name of the cause.")
    detail: str = Field(description="One sentence for people, with the next step.")


class JobRequest(Request):
    """A video to summarise, by its link or by a text that contains one."""

    url: str | None = Field(default=None, max_length=20_000)
    text: str | None = Field(default=None, max_length=200_000)
    language: Language | None = None
    length: Length = Length.MEDIUM
    captions: bool = Field(default=True, description="False: listen even where there are captions.")

    @model_validator(mode="after")
    def _one(self) -> "JobRequest":
        if (self.url is None) == (self.text is None):
            raise ValueError("give either url or text")
        return self


class Accepted(BaseModel):
    """What was asked for is in the queue (202), or there already or in the making (200)."""

    video_id: str | None = Field(description="Null: the file was a list of videos; see `lists`.")
    job_id: int | None = Field(description="Null: everything is there already.")
    created: bool
    page: str = Field(description="Address of the page, relative to the server.")
    lists: list[int] = Field(default=[], description="Lists that the file held; nothing of them is chosen yet.")
    start: float | None = Field(default=None, description="Second at which the link asks to start.")


class ListRequest(Request):
    """A playlist or channel, by its link."""

    url: str = Field(max_length=20_000)


class ListItem(BaseModel):
    source_id: str
    kind: str
    url: str
    video_id: str
    title: str
    duration: float | None
    published_at: str | None
    problem: str = Field(description="Why it cannot be watched, a stable code; empty: it can.")
    state: str = Field(description="new, here, waiting, running, done, failed, cancelled, unavailable, gone or list.")
    job_id: int | None
    error_code: str | None
    error: str | None


class ListBody(BaseModel):
    id: int
    kind: str
    url: str
    title: str
    channel: str | None
    complete: bool = Field(description="It was read to its end.")
    listed_at: datetime | None
    counts: dict[str, int] = Field(description="Items by state.")
    reading: str | None = Field(description="State of the job that reads it, while it runs or when it failed.")
    reading_error: str | None
    page: str


class Lists(BaseModel):
    lists: list[ListBody]


class ItemFilter(Request):
    """Which items. Durations in seconds, dates as 2026-03-05, both inclusive."""

    words: str = Field(default="", max_length=200, description="In the title, whatever the case.")
    without: str = Field(default="", max_length=200)
    min_duration: float | None = Field(default=None, ge=0)
    max_duration: float | None = Field(default=None, ge=0)
    after: date | None = None
    before: date | None = None
    state: str = ""


class ItemQuery(ItemFilter):
    offset: int = Field(default=0, ge=0, le=1_000_000)
    limit: int = Field(default=100, ge=1, le=500)


class ListItems(BaseModel):
    items: list[ListItem]
    matching: int = Field(description="Items that the filter lets through.")


class ChooseRequest(ItemFilter):
    """What to summarise: `items` by their source_id, or everything that the filter lets through; `first`: so many from the top at most."""

    items: list[Annotated[str, Field(max_length=200)]] | None = Field(default=None, max_length=20_000)
    first: int | None = Field(default=None, ge=1, le=10**18)
    language: Language | None = None
    length: Length = Length.MEDIUM
    captions: bool = True


class Chosen(BaseModel):
    chosen: int


class Stage(BaseModel):
    name: str
    queue: str
    state: str
    fraction: float
    message: str
    attempt: int
    error_code: str | None
    error: str | None
    not_before: datetime | None


class Job(BaseModel):
    id: int
    video_id: str = Field(description="Empty where the job reads a list.")
    list_id: int | None = None
    kind: str
    state: str
    created_at: datetime
    before: int | None = Field(description="Unfinished jobs before this one; null when it has ended.")
    headline: str = Field(description="The state in words.")
    stages: list[Stage]


class Card(BaseModel):
    id: str
    title: str
    channel: str | None
    duration: float
    language: str | None
    added_at: datetime
    gist: str | None
    state: str | None
    kind: str
    watched: bool


class Videos(BaseModel):
    videos: list[Card]
    next: str | None = Field(description="Give it as `before` to read on.")


class ListQuery(Request):
    before: datetime | None = None
    limit: int = Field(default=50, ge=1, le=200)
    tag: str | None = Field(default=None, max_length=200, description="Only videos with this tag.")
    folder: int | None = Field(default=None, ge=1, le=10**18, description="Only videos in the folder of this id.")
    watched: bool | None = Field(default=None, description="Only videos that have been watched; false: only those not watched yet.")


class Rendition(BaseModel):
    language: str
    length: str


class VideoDetail(BaseModel):
    id: str
    title: str
    channel: str | None
    duration: float
    language: str | None
    published_at: str | None
    source_url: str
    kind: str
    gist: str | None
    complete: bool = Field(description="The summary is whole.")
    renditions: list[Rendition]
    jobs: list[Job] = Field(description="Those that run, and the newest when it did not end well.")


class SummaryQuery(Request):
    lang: Language | None = None
    length: Length | None = None
    style: str = Field(
        default=BULLETS.name, max_length=40, json_schema_extra={"enum": list(STYLES)}, description="How the points are told."
    )
    audience: str = Field(
        default=EVERYONE.name, max_length=40, json_schema_extra={"enum": list(AUDIENCES)}, description="`plain` leaves hard points out."
    )


class ExportQuery(SummaryQuery):
    form: Literal["md", "txt", "srt", "vtt", "json", "html"] = Field(alias="as")
    view: bool = Field(default=False, description="True: to be shown, not saved.")


class TranscriptQuery(Request):
    lang: Language | None = None


class TranslationRequest(Request):
    to: Language
    length: Length = Length.MEDIUM


class DownloadRequest(Request):
    form: Literal["audio", "video", "subtitles"] = Field(alias="as")
    format: Literal["mp3", "m4a", "opus"] | None = Field(default=None, description="Of audio; as it is served if not given.")
    quality: Literal["360", "480", "720", "1080", "best"] | None = Field(
        default=None, description="Of video: most lines; 720 if not given."
    )
    clip: str | None = Field(default=None, max_length=50, description="From and to, for example `1:00-2:30`.")


class Segment(BaseModel):
    start: float
    end: float
    text: str
    speaker: str | None
    original: str = Field(default="", description="The language it stands in, where no translation of it held; else empty.")


class SpeakersRequest(Request):
    names: dict[str, str] = Field(max_length=100, description="New names by those of now.")


class Speakers(BaseModel):
    speakers: list[str]


class DownloadAccepted(Accepted):
    media: str = Field(description="Where the file is or will be, relative to the server.")


class TranscriptBody(BaseModel):
    origin: str
    language: str
    complete: bool
    translated_by: str | None = Field(default=None, description="What translated it; null: it is as it was said.")
    rough: bool = Field(default=False, description="Translated by rules, good for getting the drift.")
    segments: list[Segment]


class Document(BaseModel):
    """The same object that `nutshell tldr --json` prints; its JSON Schema is tldr.schema.json of the package pipeline.export."""

    video: dict[str, Any]
    transcript: dict[str, Any]
    summary: dict[str, Any]
    timings: dict[str, float]
    models: dict[str, str | None]
    style: dict[str, Any] | None = Field(
        default=None, description="The points as they are told, where `style` or `audience` was asked for."
    )


class Hit(BaseModel):
    video_id: str
    title: str
    start: float
    end: float
    text: str
    score: float


class AskRequest(Request):
    question: str = QUESTION
    video: VideoId | None = Field(default=None, description="Ask this video only.")
    videos: list[VideoId] = Field(default=[], max_length=200, description="Ask these videos only.")
    conversation: int | None = Field(default=None, ge=1, le=10**18, description="The question goes on there, where that asks; it and its answer are kept.")
    list: int | None = Field(default=None, ge=1, le=10**18, description="Ask what this playlist, channel or subscription holds.")
    language: str | None = Field(default=None, max_length=40, description="Translate the answer into this language, where it is in another one.")


class AnswerCitation(BaseModel):
    video_id: str
    title: str
    start: float
    end: float
    quote: str
    speaker: str = Field(default="", description="Who says it, where that is known.")
    also: bool = Field(default=False, description="A further moment about what was asked, on which no statement of the answer rests.")


class AnswerTranslation(BaseModel):
    language: str
    answer: str | None = Field(description="Null: nothing of it held, or nothing here translates.")
    quotes: list[str] = Field(description="Of an answer that is quotes, beside each citation; empty where it did not hold.")
    translated_by: str | None
    rough: bool
    kept: int = Field(description="Sentences that stand in the original, since their translations did not hold.")
    advice: str = Field(description="Why there is none, and what would make one; else empty.")


class Answer(BaseModel):
    """Sent as JSON, or with `Accept: text/event-stream` as events `words` ({"text": …}, each after its sentence was checked) and at last `answer`
    (this object, with citations and, where another language was asked for, the translation)."""

    question: str
    understood: str = Field(description="The question as it was taken, with what an earlier one said in place of \"it\" and \"and why\".")
    conversation: int | None = Field(description="Where it is kept; null: nowhere.")
    found: bool
    answer: str
    kind: str
    citations: list[AnswerCitation]
    nearest: list[Hit]
    translation: AnswerTranslation | None = Field(description="In the language that was asked for, where the answer is in another one.")


class ModelsBody(BaseModel):
    llm: str | None
    window: int | None
    languages: list[str] = Field(description="Languages that the model's card lists.")
    trouble: str = Field(description="Why the model does not answer; empty when it does.")
