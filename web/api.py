"""The JSON API under /api/v1: videos, jobs, what is made of them. Thin: validate, call, answer."""

from dataclasses import asdict
from typing import Any, cast

from flask import Blueprint, Flask, Response, jsonify, request
from werkzeug.exceptions import NotFound

from pipeline import downloads
from pipeline.errors import InputError
from pipeline.export.document import document, transcript_json
from pipeline.export.render import render
from pipeline.language.engines import is_rough
from pipeline.library import foreign
from pipeline.library.foreign import Reading
from pipeline.run import Submitted
from pipeline.source.links import find_links, parse_link
from pipeline.store import videos
from pipeline.store.jobs import JobView
from pipeline.summary.styles import telling
from web import media, notes, rows, schemas, status, submit, views, words
from web.receive import receive
from web.rows import VideoRows
from web.security import job_number, valid_video_id
from web.services import services
from web.spec import responses, spec
from web.uploads import UploadRequest, handed

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")

Answer = tuple[Any, int]


def install(app: Flask) -> None:
    spec.register(app)

    def openapi() -> Response:
        return jsonify(spec.spec)

    app.add_url_rule("/api/v1/openapi.json", "openapi", openapi)


@blueprint.post("/jobs")
@spec.validate(resp=responses(HTTP_202=schemas.Accepted, HTTP_200=schemas.Accepted), tags=["jobs"])
def submit_job(json: schemas.JobRequest) -> Answer:
    """Summarise a video. The same video twice joins the running job, or finds what is there."""
    if json.url is not None:
        source = parse_link(json.url, services().hosts)
    else:
        found = find_links(json.text or "", hosts=services().hosts)
        if len(found) != 1:
            raise InputError("bad_link", f"The text contains {len(found)} links to videos; send one job for each.")
        source = found[0]
    wanted = submit.options(json.language, json.length.value, json.captions)
    return accepted(submit.link(services(), source, wanted), source.start)


@blueprint.post("/uploads")
@spec.validate(resp=responses(HTTP_202=schemas.Accepted, HTTP_200=schemas.Accepted, HTTP_413=schemas.Problem), tags=["jobs"])
def upload() -> Answer:
    """Summarise a file: multipart/form-data with `file`, and optionally `language`, `length` and `listen`. Large files: the protocol tus at /api/v1/uploads/tus."""
    cast(UploadRequest, request).allow_uploads()
    file = request.files.get("file")
    if file is None or not file.filename:
        raise InputError("no_file", "Send the file as multipart/form-data in the field `file`.")
    wanted = submit.options(request.form.get("language"), request.form.get("length"), "listen" not in request.form)
    received = receive(services(), handed(file), wanted)
    if received.submitted is None:
        return schemas.Accepted(video_id=None, job_id=None, created=True, page=received.page, lists=list(received.lists)), 202
    return accepted(received.submitted)


def accepted(found: Submitted, start: float | None = None) -> Answer:
    body = schemas.Accepted(video_id=found.video_id, job_id=found.job_id, created=found.created, page=f"/v/{found.video_id}", start=start)
    return body, 202 if found.created else 200


@blueprint.get("/jobs/<job_id>")
@spec.validate(resp=responses(HTTP_200=schemas.Job), tags=["jobs"])
def job(job_id: str) -> schemas.Job:
    """State, place in line and stages of a job."""
    return job_body(*rows.load_job(services().db, job_number(job_id)))


@blueprint.post("/jobs/<job_id>/cancel")
@spec.validate(resp=responses(HTTP_200=schemas.Job), tags=["jobs"])
def cancel(job_id: str) -> schemas.Job:
    """Stop a job; what it has made is kept. One that has ended stays as it is."""
    submit.cancel(services(), job_number(job_id))
    return job_body(*rows.load_job(services().db, job_number(job_id)))


@blueprint.post("/jobs/<job_id>/retry")
@spec.validate(resp=responses(HTTP_200=schemas.Job), tags=["jobs"])
def retry(job_id: str) -> schemas.Job:
    """Go on with a failed or cancelled job at the stage that was not done."""
    submit.retry(services(), job_number(job_id))
    return job_body(*rows.load_job(services().db, job_number(job_id)))


def job_body(found: JobView, before: int | None) -> schemas.Job:
    return schemas.Job(
        id=found.id, video_id=found.video_id, list_id=found.listing_id, kind=found.kind, state=found.state.value, created_at=found.created_at, before=before,
        headline=views.job_status(found, before).headline, stages=[schemas.Stage(**asdict(stage)) for stage in found.stages],
    )  # fmt: skip


@blueprint.get("/videos")
@spec.validate(resp=responses(HTTP_200=schemas.Videos), tags=["videos"])
def list_videos(query: schemas.ListQuery) -> schemas.Videos:
    """The library, newest first."""
    if query.before is not None and query.before.tzinfo is None:
        raise InputError("bad_request", "before: needs a time zone.")
    with services().db.session() as s:
        cards = videos.list_videos(s, before=query.before, limit=query.limit + 1, tag=query.tag, folder=query.folder, watched=query.watched)
    shown = [schemas.Card(**{name: getattr(card, name) for name in schemas.Card.model_fields}) for card in cards[: query.limit]]
    return schemas.Videos(videos=shown, next=words.stamp(shown[-1].added_at) if len(cards) > query.limit else None)


@blueprint.get("/videos/<video_id>")
@spec.validate(resp=responses(HTTP_200=schemas.VideoDetail), tags=["videos"])
def video(video_id: str) -> schemas.VideoDetail:
    """What is known of a video, and what is being made of it."""
    found = rows.load_video(services().db, valid_video_id(video_id), said=False)
    jobs = [job_body(*rows.load_job(services().db, status.id)) for status in found.statuses]
    summary = found.summary
    return schemas.VideoDetail(
        id=found.video.id, title=found.video.title, channel=found.video.channel, duration=found.video.duration, language=found.language,
        published_at=found.video.published_at, source_url=found.video.source_url, kind=found.kind, gist=summary.gist.text if summary and summary.gist else None,
        complete=bool(summary and summary.complete), renditions=[schemas.Rendition(language=code, length=size.value) for code, size in found.renditions], jobs=jobs,
    )  # fmt: skip


@blueprint.delete("/videos/<video_id>")
@spec.validate(resp=responses(HTTP_204=None), tags=["videos"])
def delete(video_id: str) -> Answer:
    """Remove a video with everything made of it. Running work on it stops."""
    if not submit.delete(services(), valid_video_id(video_id)):
        raise NotFound
    return "", 204


@blueprint.get("/videos/<video_id>/transcript")
@spec.validate(resp=responses(HTTP_200=schemas.TranscriptBody), tags=["videos"])
def transcript(video_id: str, query: schemas.TranscriptQuery) -> schemas.TranscriptBody:
    """The transcript, also while it grows; with `lang` in that language, the times those of the original. `translated_by` says what translated it."""
    found = rows.load_video(services().db, valid_video_id(video_id))
    if found.transcript is None:
        raise NotFound
    read = _in_language(video_id, found, code(query.lang))
    if read is None:
        return schemas.TranscriptBody(**transcript_json(found.transcript), complete=found.sealed)
    by = read.engine or read.transcript.model
    return schemas.TranscriptBody(**transcript_json(read.transcript), complete=read.complete, translated_by=by, rough=is_rough(read.engine))


def _in_language(video_id: str, found: VideoRows, language: str | None) -> Reading | None:
    """What was said, in a language that it was not said in. Raises: InputError: `no_translation`."""
    if language is None or found.transcript is None or language == found.transcript.language:
        return None
    with services().db.session() as s:
        read = foreign.read(s, video_id, language)
    if read is None:
        raise InputError("no_translation", "This is not translated into that language. Ask for it with POST /translations.")
    return read


@blueprint.put("/videos/<video_id>/speakers")
@spec.validate(resp=responses(HTTP_200=schemas.Speakers), tags=["videos"])
def speakers(video_id: str, json: schemas.SpeakersRequest) -> schemas.Speakers:
    """Name the speakers of a video, by the names that they have, for example `{"names": {"Speaker 1": "Anna"}}`."""
    return schemas.Speakers(speakers=list(submit.name_speakers(services(), valid_video_id(video_id), json.names)))


@blueprint.get("/videos/<video_id>/summary")
@spec.validate(resp=responses(HTTP_200=schemas.Document), tags=["videos"])
def summary(video_id: str, query: schemas.SummaryQuery) -> dict[str, Any]:
    """The TLDR as one object, once it is whole; with `style` or `audience` also told in that way."""
    how = telling(query.style, query.audience)
    found = rows.load_video(services().db, valid_video_id(video_id), code(query.lang), query.length)
    if found.transcript is None or found.summary is None or not found.summary.complete:
        raise InputError("no_summary", "There is no finished summary in this language and length. Ask for it with POST /translations.")
    whole = found.summary.whole()
    return document(found.video, found.transcript, whole, {}, {"speech": found.transcript.model, "llm": whole.model}, how)


@blueprint.post("/videos/<video_id>/translations")
@spec.validate(resp=responses(HTTP_202=schemas.Accepted, HTTP_200=schemas.Accepted), tags=["videos"])
def translate(video_id: str, json: schemas.TranslationRequest) -> Answer:
    """Make the summary in another language or length. Where no installed model can, 422 `no_model_for_language` says which could."""
    return accepted(submit.rendition(services(), valid_video_id(video_id), submit.options(json.to, json.length.value)))


@blueprint.post("/videos/<video_id>/downloads")
@spec.validate(resp=responses(HTTP_202=schemas.DownloadAccepted, HTTP_200=schemas.DownloadAccepted), tags=["videos"])
def download(video_id: str, json: schemas.DownloadRequest) -> Answer:
    """Fetch audio or video, in another format or quality, whole or a part, into the library; `media` says where it will be. Subtitles are at /export at once.

    A clip of video begins at the key frame before its start, since it is not encoded again; one of audio begins where it is asked to.
    """
    if json.form == "subtitles":
        raise InputError("bad_download", f"Subtitles are there at once: GET /api/v1/videos/{video_id}/export?as=srt.")
    clip = downloads.parse_clip(json.clip) if json.clip is not None else None
    form = downloads.wanted(json.form, json.format or "", json.quality or "", clip)
    body, status = accepted(submit.download(services(), valid_video_id(video_id), form))
    return schemas.DownloadAccepted(**body.model_dump(), media=f"/api/v1/media/{video_id}/{form.name}"), status


@blueprint.get("/videos/<video_id>/export")
@spec.validate(resp=responses(HTTP_200=None), tags=["videos"])
def export(video_id: str, query: schemas.ExportQuery) -> Response:
    """Transcript and summary as a file: md, txt, html, srt, vtt or json; with `lang` in that language, as far as they are translated."""
    how = telling(query.style, query.audience)
    found = rows.load_video(services().db, valid_video_id(video_id), code(query.lang), query.length)
    if found.transcript is None:
        raise NotFound
    whole = found.summary.whole() if found.summary is not None and found.summary.complete else None
    said = found.transcript
    if query.lang is not None and (whole is None or found.foreign is not None):
        read = _in_language(video_id, found, code(query.lang))
        said = read.transcript if read else said
    return media.exported(render(query.form, found.video, said, whole, how, notes.kept(services(), video_id)), inline=query.view)


@blueprint.get("/status")
@spec.validate(resp=responses(HTTP_200=status.ServerStatus), tags=["server"])
def server_status() -> status.ServerStatus:
    """What the server needs, its queues, and how it stands with YouTube."""
    return status.gather(services())


def code(language: str | None) -> str | None:
    return words.language_code(language) if language else None
