"""The way of a video without servers and database: `nutshell tldr` and `nutshell download`. The models are held in this process and its children."""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pipeline import downloads
from pipeline.config import Settings
from pipeline.downloads import Form
from pipeline.errors import InputError, ModelError, NotYet, cause
from pipeline.export.document import document
from pipeline.export.render import file_name, render
from pipeline.source import captions, convert, elsewhere, uploads, youtube
from pipeline.source.labels import labels_of
from pipeline.source.links import Source
from pipeline.speech.speakers import labelled, told_apart
from pipeline.steps import Models, check_duration, embed, translated, wants_english
from pipeline.summary import chunks as chunking
from pipeline.summary.sentences import split
from pipeline.summary.styles import Telling
from pipeline.summary.summarize import make_gist, make_summary
from pipeline.types import Emit, Options, Origin, Progress, Summary, Transcript, Video, public_id
from pipeline.workplace import job_folder, work_folder


@dataclass(frozen=True, slots=True)
class Result:
    video: Video
    transcript: Transcript
    summary: Summary
    timings: dict[str, float]
    """Seconds per stage."""
    models: dict[str, str | None]

    def document(self, telling: Telling) -> dict[str, Any]:
        return document(self.video, self.transcript, self.summary, self.timings, self.models, telling)


@dataclass(slots=True)
class Stopwatch:
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        began = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - began


def process(source: Source, options: Options, settings: Settings, emit: Emit) -> Result:
    """See run.process."""
    watch = Stopwatch()
    models = Models(settings, in_process=True)
    try:
        with work_folder(settings) as folder:
            video, transcript = _read(source, options, models, folder, watch, emit)
        summary = _summarise(video, transcript, options, models, watch, emit)
        names = {"speech": transcript.model, "llm": models.generator.model, "embeddings": "multilingual-e5-small"}
    finally:
        models.close()
    return Result(video, transcript, summary, watch.seconds, names)


def _read(source: Source, options: Options, models: Models, folder: Path, watch: Stopwatch, emit: Emit) -> tuple[Video, Transcript]:
    settings = models.settings
    with watch.stage("fetch"):
        try:
            video, transcript, sound = _fetch(source, options, settings, folder, emit)
        except NotYet as error:  # nobody wants a terminal to wait for days
            raise NotYet(error.code, f"{error} Try again when it has been shown to its end.", begins=error.begins) from error
    check_duration(video, settings)
    if transcript is not None and transcript.segments:
        video = replace(video, language=video.language or transcript.language)
        if not wants_english(options, transcript):
            _check_language(options, transcript, models)
            return video, transcript
    if sound is None:
        raise cause("no_speech")
    with watch.stage("speech"):
        transcript = _listen(sound, video, options, transcript, models, emit)
        turns, note = told_apart(settings, sound)
        transcript = replace(transcript, segments=labelled(transcript.segments, turns))
        video = replace(video, captions_note=f"{video.captions_note} {note}".strip())
    _check_language(options, transcript, models)
    return replace(video, language=video.language or transcript.language), transcript


def _fetch(source: Source, options: Options, settings: Settings, folder: Path, emit: Emit) -> tuple[Video, Transcript | None, Path | None]:
    if source.kind == "youtube":
        probe = youtube.probe(source, settings, folder, emit, captions=options.captions, language=options.language)
        found = probe.transcript
        needed = found is None or wants_english(options, found)
        return probe.video, found, youtube.fetch_audio(probe, settings, folder, emit) if needed else None
    if source.kind == "media" and source.url:
        sound = elsewhere.fetch_recording(source.url, settings, folder, emit)
        return _as_elsewhere(uploads.probe_media(sound, urlsplit(source.url).path), source), None, sound
    if source.path is None:
        raise cause("bad_link")
    if source.kind == "transcript":
        transcript = captions.parse_file(source.path)
        duration = max((segment.end for segment in transcript.segments), default=0.0)
        video = Video(source.source_id, "", uploads.clean_title(source.path.name), duration, language=transcript.language)
        return video, transcript, None
    return uploads.probe_media(source.path, source.path.name), None, source.path


def _as_elsewhere(video: Video, source: Source) -> Video:
    return replace(video, source_id=source.source_id, source_url=source.url)


def _listen(sound: Path, video: Video, options: Options, have: Transcript | None, models: Models, emit: Emit) -> Transcript:
    """Two passes only where a reader of English wants what was said in a language that is not known before it is heard."""
    language = have.language if have else None
    if options.language == "en" and language is None:
        first = next(models.recogniser.transcribe(sound, emit=emit, duration=video.duration), None)
        language = first.language if first else None
    english = options.language == "en" and language not in (None, "en")
    heard = list(
        models.recogniser.transcribe(
            sound, language=language, task="translate" if english else "transcribe", emit=emit, duration=video.duration
        )
    )
    segments = tuple(segment for part in heard for segment in part.segments)
    if not segments:
        raise cause("no_speech")
    origin = Origin.SPEECH_TRANSLATED if english else Origin.SPEECH
    return Transcript("en" if english else heard[-1].language, origin, models.recogniser.model_name, segments)


def _check_language(options: Options, transcript: Transcript, models: Models) -> None:
    """Before the work, not after it: whether anything here can write the language that was asked for."""
    if options.language in (None, transcript.language):
        return
    ability = models.translator.can(transcript.language, str(options.language))
    if not ability.ok:
        raise ModelError("no_translator", ability.advice)


def _usual(source: str, models: Models) -> str | None:
    """The language of the settings, where something here can write it."""
    language = models.settings.summary_language
    return language if language and models.translator.can(source, language).ok else None


def _summarise(video: Video, transcript: Transcript, options: Options, models: Models, watch: Stopwatch, emit: Emit) -> Summary:
    sentences = split(transcript)
    with watch.stage("load"):
        generator, embedder = models.generator, models.embedder
    with watch.stage("gist"):
        emit(Progress("gist", 0.0, "Finding the gist"))
        gist = make_gist(video, sentences, generator, options, language=transcript.language, embedder=embedder)
    with watch.stage("index"):
        cut = chunking.cut(sentences)
        vectors = embed(embedder, [chunk.text for chunk in cut], emit)
    with watch.stage("summary"):
        summary = make_summary(
            video,
            sentences,
            cut,
            vectors,
            generator,
            embedder,
            options,
            gist,
            emit=emit,
            on_partial=lambda _: None,
            language=transcript.language,
        )
    language = options.language or _usual(summary.language, models)
    if language not in (None, summary.language):
        with watch.stage("translate"):
            summary, _ = translated(summary, str(language), models.translator)
    return summary


def save_download(source: Source, form: Form, settings: Settings, folder: Path, emit: Emit) -> Path:
    """See run.save_download. An attempt that was interrupted is gone on with: its folder is the link's and form's own."""
    folder.mkdir(parents=True, exist_ok=True)
    with job_folder(settings, 0, f"{public_id(source.source_id)}-{form.base.name}") as work:
        if source.kind == "youtube":
            video, cover, path = _fetch_recording(source, form, settings, work, emit)
        elif source.kind == "media" and source.path is None and form.what == "audio":
            path = elsewhere.fetch_recording(source.url, settings, work, emit)
            video, cover = _as_elsewhere(uploads.probe_media(path, urlsplit(source.url).path), source), None
        elif source.kind == "media" and source.path is None:
            raise InputError("bad_download", "Of this only the audio can be downloaded.")
        elif source.kind == "media" and source.path is not None and form != form.base:
            video, cover, path = uploads.probe_media(source.path, source.path.name), None, source.path
        else:
            raise InputError("bad_download", "This is a file already. Choose another format or a clip, or give a YouTube link.")
        form = downloads.allowed(form, settings.max_height, video.duration)
        if form != form.base:
            path = convert.make([path], form, labels_of(video, cover), settings, work, emit)
        return Path(shutil.move(path, folder / file_name(video, path.suffix.lstrip("."), form.clip.name if form.clip else "")))


def _fetch_recording(source: Source, form: Form, settings: Settings, work: Path, emit: Emit) -> tuple[Video, Path | None, Path]:
    """The video, its cover, and the file that the form is made of."""
    probe = youtube.probed(work) or youtube.probe(source, settings, work, emit, captions=False, cover=True)
    downloads.allowed(form, settings.max_height, probe.video.duration)
    return probe.video, next(work.glob("thumbnail.jpg"), None), youtube.fetch_form(probe, form, settings, work, emit)


def save_subtitles(source: Source, kind: str, settings: Settings, folder: Path, emit: Emit) -> Path:
    """See run.save_subtitles. Captions where there are any, else what Whisper hears."""
    folder.mkdir(parents=True, exist_ok=True)
    models = Models(settings, in_process=True)
    try:
        with work_folder(settings) as work:
            video, transcript = _read(source, Options(), models, work, Stopwatch(), emit)
    finally:
        models.close()
    made = render(kind, video, transcript, None)
    path = folder / made.filename
    path.write_bytes(made.body)
    return path
