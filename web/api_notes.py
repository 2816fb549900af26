"""The JSON API of what readers keep: tags, folders, highlights and notes."""

from typing import Any

from flask import Blueprint

from pipeline.store import collections, notes as stored
from pipeline.store.collections import Folder
from pipeline.store.feedback import digest
from pipeline.types import Note
from web import notes, notes_schemas as schemas
from web.security import job_number, valid_video_id
from web.services import services
from web.spec import responses, spec

blueprint = Blueprint("api_notes", __name__, url_prefix="/api/v1")

Answer = tuple[Any, int]


@blueprint.get("/videos/<video_id>/notes")
@spec.validate(resp=responses(HTTP_200=schemas.KeptBody), tags=["notes"])
def of_video(video_id: str) -> schemas.KeptBody:
    """Tags, folders, highlights and notes of a video."""
    services().require_video(valid_video_id(video_id))
    with services().db.session() as s:
        kept, folders = stored.kept(s, video_id), collections.folders_of(s, video_id)
    return schemas.KeptBody(tags=list(kept.tags), folders=_inside(folders), notes=[_note(note) for note in kept.notes])


@blueprint.post("/videos/<video_id>/notes")
@spec.validate(resp=responses(HTTP_201=schemas.NoteBody), tags=["notes"])
def add(video_id: str, json: schemas.NoteRequest) -> Answer:
    """Keep a note or a highlight. It holds its times and the words it stands beside, so it outlives a new transcript and a new summary."""
    draft = notes.Draft(json.text, json.start, json.end, digest(json.point) if json.point else "")
    return _note(notes.add(services(), valid_video_id(video_id), draft)), 201


@blueprint.patch("/notes/<note_id>")
@spec.validate(resp=responses(HTTP_200=schemas.NoteBody), tags=["notes"])
def change(note_id: str, json: schemas.NoteChange) -> schemas.NoteBody:
    """Write it in other words."""
    return _note(notes.change(services(), job_number(note_id), json.text)[1])


@blueprint.delete("/notes/<note_id>")
@spec.validate(resp=responses(HTTP_204=None), tags=["notes"])
def remove(note_id: str) -> Answer:
    """Delete a note or a highlight."""
    notes.remove(services(), job_number(note_id))
    return "", 204


@blueprint.get("/notes")
@spec.validate(resp=responses(HTTP_200=schemas.FoundNotes), tags=["notes"])
def find(query: schemas.NotesQuery) -> schemas.FoundNotes:
    """Notes, highlights and tags with the words of `q`, the best first; without `q` all notes of the library."""
    with services().db.session() as s:
        if query.q.strip():
            hits = stored.find(s, query.q, query.limit)
            found = [schemas.FoundNote(video_id=x.video_id, title=x.title, id=None, kind=x.kind, start=x.start, text=x.text, quote=x.quote) for x in hits]
        else:
            every = stored.everything(s, query.after, query.limit)
            found = [schemas.FoundNote(video_id=video_id, title=title, id=x.id, kind=x.kind, start=x.start, text=x.text, quote=x.quote) for video_id, title, x in every]
    return schemas.FoundNotes(notes=found)


@blueprint.put("/videos/<video_id>/tags")
@spec.validate(resp=responses(HTTP_200=schemas.TagsBody), tags=["notes"])
def set_tags(video_id: str, json: schemas.TagsRequest) -> schemas.TagsBody:
    """The tags of a video, in place of those that it had. Upper and lower case are the same."""
    return schemas.TagsBody(tags=list(notes.set_tags(services(), valid_video_id(video_id), json.tags)))


@blueprint.put("/videos/<video_id>/watched")
@spec.validate(resp=responses(HTTP_200=schemas.WatchedBody), tags=["notes"])
def set_watched(video_id: str, json: schemas.WatchedRequest) -> schemas.WatchedBody:
    """Mark a video as watched, or take the mark away. The page marks one by itself when it has played nine tenths of it."""
    return schemas.WatchedBody(watched_at=notes.set_watched(services(), valid_video_id(video_id), json.watched))


@blueprint.get("/tags")
@spec.validate(resp=responses(HTTP_200=schemas.AllTags), tags=["notes"])
def tags() -> schemas.AllTags:
    """Tags of the library, the most used first. GET /videos?tag= lists the videos of one."""
    with services().db.session() as s:
        return schemas.AllTags(tags=[schemas.TagBody(name=tag.name, videos=tag.videos) for tag in collections.tags(s)])


@blueprint.put("/videos/<video_id>/folders")
@spec.validate(resp=responses(HTTP_200=schemas.InFolders), tags=["notes"])
def put(video_id: str, json: schemas.FoldersRequest) -> schemas.InFolders:
    """The folders that a video is in, in place of those that it was in."""
    return schemas.InFolders(folders=_inside(notes.put(services(), valid_video_id(video_id), json.folders)))


@blueprint.get("/folders")
@spec.validate(resp=responses(HTTP_200=schemas.Folders), tags=["notes"])
def folders() -> schemas.Folders:
    """All folders, by name. GET /videos?folder= lists the videos of one."""
    with services().db.session() as s:
        return schemas.Folders(folders=[_folder(one) for one in collections.folders(s)])


@blueprint.post("/folders")
@spec.validate(resp=responses(HTTP_201=schemas.FolderBody), tags=["notes"])
def add_folder(json: schemas.FolderRequest) -> Answer:
    """Make an empty folder."""
    return _folder(notes.add_folder(services(), json.name)), 201


@blueprint.patch("/folders/<folder_id>")
@spec.validate(resp=responses(HTTP_200=schemas.FolderBody), tags=["notes"])
def rename_folder(folder_id: str, json: schemas.FolderRequest) -> schemas.FolderBody:
    """Give a folder another name."""
    return _folder(notes.rename_folder(services(), job_number(folder_id), json.name))


@blueprint.delete("/folders/<folder_id>")
@spec.validate(resp=responses(HTTP_204=None), tags=["notes"])
def delete_folder(folder_id: str) -> Answer:
    """Delete a folder; its videos stay in the library."""
    notes.delete_folder(services(), job_number(folder_id))
    return "", 204


def _note(note: Note) -> schemas.NoteBody:
    return schemas.NoteBody(**{name: getattr(note, name) for name in schemas.NoteBody.model_fields})


def _folder(one: Folder) -> schemas.FolderBody:
    return schemas.FolderBody(id=one.id, name=one.name, videos=one.videos)


def _inside(folders: tuple[tuple[int, str], ...]) -> list[schemas.InFolder]:
    return [schemas.InFolder(id=folder_id, name=name) for folder_id, name in folders]
