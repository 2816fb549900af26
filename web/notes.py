"""What the reader keeps with a video: tags, folders, highlights and notes. One place that checks what was sent, for forms and programs alike."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from werkzeug.exceptions import NotFound as NoSuchPage

from pipeline import timecode
from pipeline.errors import InputError, NotFound
from pipeline.store import collections, feedback, notes, transcripts, videos
from pipeline.store.collections import Folder, Tag
from pipeline.store.notes import NoteKind
from pipeline.summary.words import squeeze
from pipeline.types import Kept, Note, Segment, Sentence, Video
from web.services import Services

TAG = 40
"""Characters of a tag."""
TAGS = 50
"""Of one video."""
FOLDER = 80
"""Characters of a folder's name."""
FOLDERS = 500
"""Of the library."""
TEXT = 5_000
"""Characters of a note."""
NOTES = 2_000
"""Of one video."""
STRETCH = 30 * 60.0
"""Seconds that a highlight spans at most: a longer one marks nothing any more."""
LONGEST = 60.0
"""Seconds before a moment in which the sentence that is said then may have begun."""
QUOTE = 20_000
"""Characters of what is highlighted that are kept with it; half an hour of fast speech has as many."""
_SECONDS = re.compile(r"[0-9]{1,7}(\.[0-9]{1,3})?")


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where a video stands, and where it could."""

    kept: Kept
    inside: frozenset[int]
    """Ids of the folders that it is in."""
    folders: tuple[Folder, ...]
    tags: tuple[Tag, ...]
    """Of the library, to choose from."""
    watched: bool = False

    def beside(self, text: str, start: float) -> tuple[Note, ...]:
        """Notes beside the point that says `text`, or, where it was written anew, that begins where theirs did."""
        return tuple(note for note in self.kept.notes if note.kind == "point" and (note.quote == text or note.start == start))


NOTHING = Shelf(Kept(), frozenset(), (), ())


def shelf(services: Services, video_id: str) -> Shelf:
    with services.db.session() as s:
        inside = frozenset(folder_id for folder_id, _ in collections.folders_of(s, video_id))
        return Shelf(notes.kept(s, video_id), inside, collections.folders(s), collections.tags(s, 200), videos.watched_at(s, video_id) is not None)


def kept(services: Services, video_id: str) -> Kept:
    with services.db.session() as s:
        return notes.kept(s, video_id)


@dataclass(frozen=True, slots=True)
class Offered:
    """What the form of a search offers to narrow to."""

    tags: tuple[Tag, ...]
    folders: tuple[Folder, ...]


def offered(services: Services) -> Offered:
    with services.db.session() as s:
        return Offered(collections.tags(s, 200), collections.folders(s))


# ---------------------------------------------------------------- tags and folders


def set_tags(services: Services, video_id: str, names: Sequence[str]) -> tuple[str, ...]:
    """Exactly these. Raises: InputError: `bad_tag`, `too_many_tags`."""
    services.require_video(video_id)
    wanted = [tag_name(name) for name in names]
    if len({collections.key_of(name) for name in wanted}) > TAGS:
        raise InputError("too_many_tags", f"A video has at most {TAGS} tags.")
    with services.db.session() as s:
        collections.set_tags(s, video_id, wanted)
        return collections.tags_of(s, video_id)


def add_tags(services: Services, video_id: str, typed: str) -> None:
    """Those in `typed`, with commas between them, beside those that it has."""
    names = [name for name in typed[: (TAG + 2) * TAGS].split(",") if name.strip()]
    if not names:
        raise InputError("bad_tag", f"Write a tag of at most {TAG} characters.")
    set_tags(services, video_id, [*kept(services, video_id).tags, *names])


def tag_name(text: str) -> str:
    """Raises: InputError: `bad_tag`."""
    name = squeeze(text)
    if not 0 < len(name) <= TAG or "," in name:
        raise InputError("bad_tag", f"A tag has 1 to {TAG} characters and no comma.")
    return name


def folder_name(text: str) -> str:
    """Raises: InputError: `bad_folder`."""
    name = squeeze(text)
    if not 0 < len(name) <= FOLDER:
        raise InputError("bad_folder", f"The name of a folder has 1 to {FOLDER} characters.")
    return name


def add_folder(services: Services, name: str) -> Folder:
    """Raises: InputError: `bad_folder`, `folder_exists`, `too_many_folders`."""
    name = folder_name(name)
    with services.db.session() as s:
        if len(collections.folders(s)) >= FOLDERS:
            raise InputError("too_many_folders", f"There are {FOLDERS} folders already. Delete one first.")
        folder_id = collections.add_folder(s, name)
        if folder_id is None:
            raise InputError("folder_exists", "There is a folder of this name already.")
        return Folder(folder_id, name, 0)


def folder(services: Services, folder_id: int) -> Folder:
    """Raises: NotFound: `no_folder`."""
    with services.db.session() as s:
        found = collections.get_folder(s, folder_id)
    if found is None:
        raise NotFound("no_folder", "There is no such folder. It may have been deleted.")
    return found


def rename_folder(services: Services, folder_id: int, name: str) -> Folder:
    """Raises: InputError: `bad_folder`, `folder_exists`; NotFound: `no_folder`."""
    name = folder_name(name)
    folder(services, folder_id)
    with services.db.session() as s:
        if not collections.rename_folder(s, folder_id, name):
            raise InputError("folder_exists", "There is a folder of this name already.")
    return folder(services, folder_id)


def delete_folder(services: Services, folder_id: int) -> None:
    """Its videos stay. Raises: NotFound: `no_folder`."""
    folder(services, folder_id)
    with services.db.session() as s:
        collections.delete_folder(s, folder_id)


def put(services: Services, video_id: str, folder_ids: Sequence[int]) -> tuple[tuple[int, str], ...]:
    """Into exactly these folders. Raises: NotFound: `no_folder`."""
    services.require_video(video_id)
    for folder_id in set(folder_ids[: FOLDERS + 1]):
        folder(services, folder_id)
    with services.db.session() as s:
        collections.put(s, video_id, set(folder_ids))
        return collections.folders_of(s, video_id)


def set_watched(services: Services, video_id: str, watched: bool) -> datetime | None:
    """Since when it is; 404 for a video that is not there."""
    services.require_video(video_id)
    with services.db.session() as s:
        videos.set_watched(s, video_id, watched)
        return videos.watched_at(s, video_id)


# ---------------------------------------------------------------- notes


@dataclass(frozen=True, slots=True)
class Draft:
    """What a reader wants to keep. Without times it is about the whole video, with `end` a highlight, with `point` beside that point."""

    text: str = ""
    start: float | None = None
    end: float | None = None
    point: str = ""
    """Digest of the sentence, as feedback.digest() gives it."""


def add(services: Services, video_id: str, draft: Draft) -> Note:
    """Keep it. What is highlighted already is not highlighted twice. Raises: InputError: `bad_note`, `bad_moment`, `no_words`, `too_many_notes`; NotFound: `no_sentence`, or there is no such video."""
    services.require_video(video_id)
    text = note_text(draft.text)
    if not text and (draft.end is None or draft.point):
        raise InputError("bad_note", f"Write a note of at most {TEXT} characters.")
    with services.db.session() as s:
        if notes.count(s, video_id) >= NOTES:
            raise InputError("too_many_notes", f"This video has {NOTES} notes already. Delete one first.")
        video = videos.get_video(s, video_id)
        if video is None:
            raise NoSuchPage
        kind, span, quote = _place(s, video, draft)
        there = notes.highlighted(s, video_id, span) if kind is NoteKind.HIGHLIGHT and span else None
        if there is not None and not (text and there.text):
            return notes.change(s, there.id, text) or there if text else there
        return notes.add(s, video_id, kind, span, quote, text, video.language or "und")


def _place(s: Any, video: Video, draft: Draft) -> tuple[NoteKind, tuple[float, float] | None, str]:
    """Beside what, when, and the words that stand there."""
    if draft.point:
        made = feedback.find(s, video.id, draft.point)
        if made is None or not made.citations:
            raise NotFound("no_sentence", "This sentence does not stand there any more. Load the page again.")
        return NoteKind.POINT, (min(cited.start for cited in made.citations), max(cited.end for cited in made.citations)), made.text
    if draft.start is None:
        return NoteKind.VIDEO, None, ""
    _check_span(draft.start, draft.end, video.duration)
    end = draft.start + 0.05 if draft.end is None else draft.end
    said = _said(s, video.id, draft.start, end)
    if draft.end is None:
        return NoteKind.MOMENT, (draft.start, draft.start), said[-1].text if said else ""
    said = [piece for piece in said if piece.end > draft.start + 0.04]
    if not said:
        raise InputError("no_words", "Nothing is said there that could be highlighted.")
    return NoteKind.HIGHLIGHT, (said[0].start, said[-1].end), " ".join(piece.text for piece in said)[:QUOTE]


def _said(s: Any, video_id: str, start: float, end: float) -> list[Sentence | Segment]:
    """What begins before `end` and not long before `start`: sentences, or segments while there are none."""
    found: Sequence[Sentence | Segment] = transcripts.get_sentences(s, video_id, spans=[(start - LONGEST, end)])
    if not found and (transcript := transcripts.get_transcript(s, video_id)):
        found = [piece for piece in transcript.segments if start - LONGEST <= piece.start]
    return [piece for piece in found if piece.start < end - 0.04]


def _check_span(start: float, end: float | None, duration: float) -> None:
    """Raises: InputError: `bad_moment`."""
    last = duration or 7 * 24 * 3600.0
    if not 0 <= start <= last + 1 or (end is not None and not start < end):
        raise InputError("bad_moment", "Give times within the video, such as 1:02, and an end behind the beginning.")
    if end is not None and end - start > STRETCH:
        raise InputError("bad_moment", f"A highlight is at most {STRETCH / 60:.0f} minutes long.")


def change(services: Services, note_id: int, text: str) -> tuple[str, Note]:
    """Other own words; with the id of its video. Raises: InputError: `bad_note`; NotFound: `no_note`."""
    text = note_text(text)
    with services.db.session() as s:
        video_id, note = _known(notes.get(s, note_id))
        if not text and note.kind != "highlight":
            raise InputError("bad_note", f"Write a note of at most {TEXT} characters.")
        return video_id, notes.change(s, note_id, text) or note


def remove(services: Services, note_id: int) -> str:
    """The id of its video. Raises: NotFound: `no_note`."""
    with services.db.session() as s:
        video_id, _ = _known(notes.get(s, note_id))
        notes.remove(s, note_id)
    return video_id


def note_text(text: str) -> str:
    """Own words, line by line. Raises: InputError: `bad_note`."""
    lines = [squeeze(line) for line in text[: TEXT * 2].splitlines()]
    joined = "\n".join(lines).strip()
    if len(joined) > TEXT or len(text) > TEXT * 2:
        raise InputError("bad_note", f"Write a note of at most {TEXT} characters.")
    return joined


def moment(text: str) -> float | None:
    """A time as it was typed; None for nothing. Raises: InputError: `bad_moment`."""
    if not text.strip():
        return None
    if _SECONDS.fullmatch(text.strip()):
        return float(text)
    seconds = timecode.parse_offset(text.strip()) if len(text) <= 20 else None
    if seconds is None:
        raise InputError("bad_moment", f"{text[:20]!r} is no time such as 1:02.")
    return seconds


def _known(found: tuple[str, Note] | None) -> tuple[str, Note]:
    if found is None:
        raise NotFound("no_note", "There is no such note. It may have been deleted.")
    return found

