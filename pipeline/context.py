"""What every stage works with: its claim, the store, the models; and what the text stages read."""

import time
from dataclasses import dataclass, replace

from pipeline import broker
from pipeline.config import Settings
from pipeline.errors import GaveWay, NotFound, cause
from pipeline.steps import Models
from pipeline.store import jobs, transcripts, videos
from pipeline.store.blobs import Blobs
from pipeline.store.database import Database
from pipeline.store.jobs import Claim
from pipeline.store.renditions import Key
from pipeline.summary.summarize import PROMPT_VERSION
from pipeline.types import Origin, Progress, Sentence, Transcript, Video

RESUMED = frozenset({"fetch", "speech", "summary"})
"""Stages that store as they go, so that stopping one for a while costs next to nothing."""


class Context:
    """What a stage may use: its claim, the store, the models, and `emit`, which renews the lease and ends the stage when it is cancelled."""

    RENEW_SECONDS = 1.0

    def __init__(self, claim: Claim, db: Database, settings: Settings, models: Models) -> None:
        self.claim = claim
        self.db = db
        self.settings = settings
        self.models = models
        self.blobs = Blobs(settings)
        asked = jobs.options_of(claim.options)
        self.chosen = asked.language is not None
        """Whether somebody asked for this language; else it is the setting's, and no error where nothing here writes it."""
        self.options = asked if self.chosen else replace(asked, language=settings.summary_language or None)
        self._renewed = 0.0
        self._last = Progress(claim.name, 0.0, "")

    @property
    def video_id(self) -> str:
        return self.claim.video_id

    def emit(self, progress: Progress) -> None:
        """Renews at most once a second: a lease lasts 30, and the row is what every page reads.

        Raises:
            Cancelled, LeaseLost: as `jobs.renew`.
            GaveWay: this is done for a playlist or subscription, and somebody waits for the worker.
        """
        self._last = progress
        if time.monotonic() - self._renewed < self.RENEW_SECONDS:
            return
        progress = replace(progress, fraction=min(1.0, max(0.0, progress.fraction)))
        with self.db.session() as s:
            jobs.renew(s, self.claim, progress)
            gives_way = self.claim.name in RESUMED and self.claim.priority > jobs.INTERACTIVE and jobs.others_first(s, self.claim)
        if gives_way:
            raise GaveWay
        self._renewed = time.monotonic()
        self.publish("progress", stage=self.claim.name, fraction=progress.fraction, message=progress.message)

    def beat(self) -> None:
        """`emit` for who has nothing new to say, while something else is waited for."""
        self.emit(self._last)

    def say(self, fraction: float, message: str) -> None:
        """`emit` at once, whenever the last one was."""
        self._renewed = 0.0
        self.emit(Progress(self.claim.name, fraction, message))

    def publish(self, event: str, **values: object) -> None:
        broker.publish(self.settings, self.claim.subject, {"event": event, "job": self.claim.job_id, **values})

    @property
    def video(self) -> Video:
        with self.db.session() as s:
            video = videos.get_video(s, self.video_id)
        if video is None:
            raise NotFound("video_gone", "This video was deleted from the library.")
        return video

    def transcript(self) -> Transcript | None:
        """What this job works on: Whisper's English where that is asked for and there, else the original. None until one is whole.

        Captions that somebody wrote in another language than the one spoken do for those who read that language; for others it is listened to.
        """
        with self.db.session() as s:
            video = videos.get_video(s, self.video_id)
            spoken = video.language if video else None
            for origin in self._wanted_origins():
                found = transcripts.get_transcript(s, self.video_id, origin, sealed=True)
                foreign = found is not None and found.origin is Origin.CAPTIONS_MANUAL and spoken is not None and found.language != spoken
                if found is not None and (not foreign or found.language == self.options.language):
                    return found
        return None

    def _wanted_origins(self) -> tuple[Origin | None, ...]:
        """In order of preference; None stands for the store's own preference among originals."""
        originals = (None,) if self.options.captions else (Origin.SPEECH, Origin.FILE)
        return (Origin.SPEECH_TRANSLATED, *originals) if self.options.language == "en" else originals

    def text(self) -> "Text":
        """The inputs of the text stages.

        Raises:
            SourceError: `no_speech`.
        """
        transcript = self.transcript()
        if transcript is None or not transcript.segments:
            raise cause("no_speech")
        with self.db.session() as s:
            sentences = transcripts.get_sentences(s, self.video_id, transcript.origin)
            name = transcripts.get_hash(s, self.video_id, transcript.origin)
        key = Key(self.video_id, str(name), self.models.generator.model, PROMPT_VERSION, self.options.length, transcript.language)
        return Text(transcript, sentences, key)


@dataclass(frozen=True, slots=True)
class Text:
    transcript: Transcript
    sentences: tuple[Sentence, ...]
    key: Key
    """Of the rendition in the transcript's own language."""
