"""What a person asks for, as jobs: rows first, committed, and only then a hint to the broker. A broker that is away costs a moment, the reaper sends the hint again."""

from collections.abc import Mapping
from dataclasses import replace

from pipeline import broker, run
from pipeline.downloads import Form
from pipeline.errors import InputError, NotFound
from pipeline.language.engines import reachable
from pipeline.language.translator import Translator
from pipeline.run import Submitted
from pipeline.source.links import Source
from pipeline.store import jobs, listings, media, transcripts, videos
from pipeline.store.jobs import JobView
from pipeline.store.listings import Filter
from pipeline.summary.words import squeeze
from pipeline.types import Length, Options
from web import rows, words
from web.rows import VideoRows
from web.services import Services
from web.uploads import Incoming


def options(language: str | None, length: str | None, captions: bool = True) -> Options:
    """Raises: InputError: `bad_language`, `bad_length`."""
    try:
        chosen = Length(length or Length.MEDIUM)
    except ValueError as error:
        raise InputError("bad_length", "The length is short, medium or long.") from error
    return Options(language=words.language_code(language) if language else None, length=chosen, captions=captions)


def link(services: Services, source: Source, wanted: Options) -> Submitted:
    """A video by its link; its page exists from now on."""
    return _announced(services, run.submit_source(services.db, source, wanted))


def reading(services: Services, source: Source) -> int:
    """A playlist or channel by its link, read from now on; the number of its list."""
    found = run.submit_listing(services.db, source)
    broker.announce_all(services.settings, (found.hint,))
    return found.listing_id


def choose(services: Services, list_id: int, which: Filter, wanted: Options, first: int | None) -> int:
    """Items to be summarised; how many. Raises: NotFound."""
    with services.db.session() as s:
        number = listings.choose(s, list_id, which, wanted, first=first)
    _feed(services, list_id)
    return number


LONGEST_NAME = 80


def name_speakers(services: Services, video_id: str, names: Mapping[str, str]) -> tuple[str, ...]:
    """Names for the speakers of a video, by those that they have; the names that it has then. An empty name changes nothing.

    Raises:
        InputError: `bad_name`: somebody of that name does not speak in it, or a new name is too long.
        NotFound: there is no such video.
    """
    services.require_video(video_id)
    wanted = {old: squeeze(new) for old, new in names.items() if squeeze(new)}
    with services.db.session() as s:
        known = transcripts.speakers(s, video_id)
        for old, new in wanted.items():
            if old not in known:
                raise InputError("bad_name", "Nobody of that name speaks in this video.")
            if len(new) > LONGEST_NAME:
                raise InputError("bad_name", f"A name may have {LONGEST_NAME} characters.")
        transcripts.name_speakers(s, video_id, wanted)
        return transcripts.speakers(s, video_id)


def cancel_list(services: Services, list_id: int) -> None:
    """Raises: NotFound."""
    with services.db.session() as s:
        stopped = listings.cancel(s, list_id)
    for video_id in stopped:
        broker.publish(services.settings, video_id, {"event": "cancelled"})
    _feed(services, list_id)


def retry_list(services: Services, list_id: int) -> None:
    """Raises: NotFound."""
    with services.db.session() as s:
        listings.retry(s, list_id)
    _feed(services, list_id)


def remove_list(services: Services, list_id: int) -> None:
    """Raises: NotFound."""
    with services.db.session() as s:
        listings.remove(s, list_id)


def _feed(services: Services, list_id: int) -> None:
    broker.announce_all(services.settings, run.feed(services.db))
    broker.publish(services.settings, jobs.listing_subject(list_id), {"event": "items"})


def upload(services: Services, incoming: Incoming, wanted: Options, *, batch: bool = False) -> Submitted:
    """A file: its bytes into the media store first, so that a row never points to nothing."""
    run.store_upload(services.db, services.blobs, incoming.source, incoming.title, incoming.content_type)
    return _announced(services, run.submit_source(services.db, incoming.source, wanted, title=incoming.title, batch=batch))


def rendition(services: Services, video_id: str, wanted: Options) -> Submitted:
    """The summary of a stored video in another language or length.

    Raises:
        InputError: `no_model_for_language`, with the advice which model could.
    """
    found = rows.load_video(services.db, video_id, said=False)
    own = found.language
    if wanted.language in (None, own):
        wanted = replace(wanted, language=None)
    elif said := advice(services, found, str(wanted.language)):
        raise InputError("no_model_for_language", said)
    if wanted.language and wanted.length is Length.MEDIUM:
        return _announced(services, run.submit_translation(services.db, video_id, wanted.language, transcript=services.settings.translate_transcript))
    source = Source(kind=found.kind, source_id=found.video.source_id, url=found.video.source_url)
    return _announced(services, run.submit_source(services.db, source, wanted))


def download(services: Services, video_id: str, form: Form, *, batch: bool = False) -> Submitted:
    """`batch`: for a list, so others go first. Raises: InputError: `bad_download`, a form that this video cannot be had in; `bad_clip`."""
    services.require_video(video_id)
    return _announced(services, run.submit_download(services.db, video_id, form, services.settings.max_height, batch=batch))


def cancel(services: Services, job_id: int) -> JobView:
    """Stops a job and tells open pages; the job. Raises: NotFound."""
    with services.db.session() as s:
        stopped = jobs.cancel(s, job_id)
        job = _known(jobs.get_job(s, job_id))
    if stopped:
        broker.publish(services.settings, job.subject, {"event": "cancelled", "job": job_id})
        broker.announce_all(services.settings, run.feed(services.db))
    return job


def retry(services: Services, job_id: int) -> JobView:
    """Goes on with a failed or cancelled job; the job. Raises: NotFound; InputError: `not_failed`, `already_running`."""
    with services.db.session() as s:
        hints = jobs.retry(s, job_id)
        job = _known(jobs.get_job(s, job_id))
    broker.announce_all(services.settings, hints)
    broker.publish(services.settings, job.subject, {"event": "progress", "job": job_id})
    return job


def delete(services: Services, video_id: str) -> bool:
    """The video with everything made of it, its files last. False: there was none."""
    with services.db.session() as s:
        keys = [file.key for file in media.list_media(s, video_id)]
        gone = videos.delete_video(s, video_id)
    for key in keys:
        services.blobs.delete(key)
    if gone:
        broker.publish(services.settings, video_id, {"event": "cancelled"})
    return gone


def languages_from(services: Services, source: str) -> frozenset[str]:
    """Into which what is said in `source` can be translated, as far as is known at once: a page does not wait for the model that knows it."""
    spoken = services.languages() or frozenset()
    return reachable(services.engines, source) | (spoken if source in spoken else frozenset())


def advice(services: Services, found: VideoRows, target: str) -> str:
    """Why the summary cannot be had in `target`, and which model could; the empty string when it can."""
    ability = Translator(services.generator, services.engines).can(found.language or "und", target, spoken=found.kind != "transcript")
    return "" if ability.ok else ability.advice


def _known(job: JobView | None) -> JobView:
    if job is None:
        raise NotFound("no_job", "This job does not exist.")
    return job


def _announced(services: Services, submitted: Submitted) -> Submitted:
    if submitted.hint is not None:
        broker.announce(services.settings, submitted.hint.queue, submitted.hint.stage_id)
    return submitted
