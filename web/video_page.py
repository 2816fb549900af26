"""Everything that the page of one video shows, from its rows and the address asked for."""

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from flask import request

from pipeline import languages, timecode
from pipeline.errors import InputError, NutshellError
from pipeline.summary.audience import AUDIENCES
from pipeline.summary.styles import BULLETS, STYLES, USUAL, Block, Note, Telling, arranged, opening, points_in, telling
from pipeline.types import Length
from web import notes, opinions, rows, submit, views, words
from web.interface import N_, current
from web.rows import VideoRows
from web.security import valid_video_id
from web.services import services


@dataclass(frozen=True, slots=True)
class Player:
    kind: str
    """youtube, video, audio or none."""
    src: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """What stands in the address: `?lang=es&length=short&style=notes&audience=plain&t=73`."""

    language: str | None
    length: Length | None
    at: float | None
    telling: Telling = USUAL

    @property
    def query(self) -> str:
        """All but the moment, for links within the page, so that one is opened in what is being read."""
        return self.with_telling(self.telling)

    def with_telling(self, other: Telling) -> str:
        """The same told in another way."""
        rendition = {"lang": self.language, "length": self.length and self.length.value}
        return urlencode({name: value for name, value in (rendition | other.query).items() if value})


def asked() -> Asked:
    """Raises: InputError: `bad_language`, `bad_length`, `bad_style`, `bad_audience`."""
    language = request.args.get("lang")
    how = telling(request.args.get("style"), request.args.get("audience"))
    code = words.language_code(language) if language else None
    return Asked(code, _length(request.args.get("length")), second(request.args.get("t")), how)


WORDLESS = frozenset({"head", "status", "shelf", "notes", "questions", "tools"})
"""Parts that show nothing of what was said; the most often fetched of them are spared reading it."""


KEEPING = frozenset({"", "shelf", "summary", "notes", "transcript"})
"""Parts that show what the reader keeps."""


def context(video_id: str, part: str = "") -> dict[str, Any]:
    """Everything that the templates of one video may ask for; `part`: the one that is to be drawn alone."""
    want = asked()
    said = part not in WORDLESS
    language = want.language or services().settings.summary_language or None
    found = rows.load_video(services().db, valid_video_id(video_id), language, want.length, said=said)
    advice, translation = None, found.foreign
    if found.summary is None and (language or want.length):  # what there is, and why it is not what was asked for
        found = rows.load_video(services().db, video_id, said=said)
        advice = _advice(found, want)
    summary, chapters = found.summary, found.chapters
    lines = views.lines(found.transcript, found.sentences, chapters, want.at, translation)
    shelf = notes.shelf(services(), video_id) if part in KEEPING else notes.NOTHING
    return {
        "video": found.video,
        "heading": found.heading,
        "empty": found.empty,
        "kind": found.kind,
        "transcript": found.transcript,
        "complete_transcript": found.sealed,
        "speakers": tuple(dict.fromkeys(piece.speaker for piece in found.sentences if piece.speaker)),
        "origin": words.ORIGINS[found.transcript.origin.value] if found.transcript else "",
        "summary": summary,
        "at": want.at,
        "lines": lines,
        "live": found.live,
        "growing": found.growing,
        "chapters": chapters,
        "translated_from": words.said_name(found.language) if summary and summary.language != found.language else "",
        "own_language": found.language or "",
        "foreign": translation, "tongue": language if language != found.language else None,
        "strip": views.strip(summary.coverage if summary else ()),
        "status": found.statuses[0] if found.statuses else None,
        "statuses": found.statuses,
        "player": player(found),
        "downloads": views.downloads(video_id, "elsewhere" if found.kind == "media" and found.video.source_url else found.kind, found.media, found.downloading, found.downloaded),
        "download_forms": views.download_forms(found.kind, services().settings.max_height),
        "query_string": f"{want.query}&" if want.query else "",
        "export_query": f"&{want.query}" if want.query else "",
        "renditions": [{"language": code, "length": size.value} for code, size in found.renditions],
        "questions": found.questions,
        "advice": advice, "offer": offer(found),
        **told(found, want),
        "opinions": opinions.load(services(), video_id),
        "shelf": shelf,
        "marks": views.marks(lines, shelf.kept.notes),
        "base": services().settings.public_url.rstrip("/"),
        **(choices(found, want) if part in ("", "tools") else {}),
    }  # fmt: skip


def told(found: VideoRows, want: Asked) -> dict[str, Any]:
    """The points as they are told, and the switches. Bullets are drawn as sections, which can grow; every other style as blocks."""
    style, audience = want.telling.style, want.telling.audience
    summary = found.summary
    blocks = _blocks(found, want.telling)
    points = tuple(points_in(blocks)) if style is BULLETS and blocks else summary.points if summary else ()
    return {
        "style": style,
        "audience": audience,
        "overview": opening(summary, style, audience) if summary else (),
        "sections": views.sections(found.chapters, points, growing=found.growing),
        "blocks": [(type(block).__name__.lower(), block) for block in blocks] if style is not BULLETS else [],
        "left_out": [block.text for block in blocks if isinstance(block, Note) and style is BULLETS],
        "styles": [(one, want.with_telling(replace(want.telling, style=one))) for one in STYLES.values()],
        "audiences": [(one, want.with_telling(replace(want.telling, audience=one))) for one in AUDIENCES.values()],
        "style_query": urlencode(want.telling.query),
    }


def _blocks(found: VideoRows, telling: Telling) -> tuple[Block, ...]:
    """None for what is usual. While the summary grows only the chapters that have points, and no word about what is missing: it may come yet."""
    summary = found.summary
    if summary is None or telling.is_usual:
        return ()
    if not found.growing:
        return arranged(summary, telling.style, telling.audience)
    begun = 1 + max((point.chapter for point in summary.points), default=-1)
    so_far = replace(summary, chapters=summary.chapters[:begun])
    return tuple(block for block in arranged(so_far, telling.style, telling.audience) if not isinstance(block, Note))


def choices(found: VideoRows, want: Asked) -> dict[str, Any]:
    """What stands in the menus of language and length. Languages that no model here writes are there too: choosing one says which model would."""
    own = found.language or "und"
    made = list(dict.fromkeys(code for code, _ in found.renditions if code != own))
    rest = [code for code, _ in menu() if code not in {own, *made}]
    reached = submit.languages_from(services(), own)
    able = [code for code in rest if _by_listening(found, code) or code in reached]
    groups = (
        (N_("As spoken"), [own]),
        (N_("Made already"), made),
        (N_("Translated here"), able),
        (N_("With another model"), [code for code in rest if code not in able]),
    )
    return {
        "language_groups": [(title, [(code, words.language_name(code)) for code in codes]) for title, codes in groups if codes],
        "chosen_language": want.language or (found.summary.language if found.summary else own),
        "chosen_length": (want.length or (found.summary.length if found.summary else Length.MEDIUM)).value,
    }


@dataclass(frozen=True, slots=True)
class Offer:
    """A summary in the language of the interface, where what is shown is in another one."""

    language: str
    made: bool
    able: bool
    """Something here translates it."""


def offer(found: VideoRows) -> Offer | None:
    own, shown, ui = found.language or "und", found.summary, current()
    if shown is None or not shown.complete or found.live or ui in (own, shown.language):
        return None
    made = any(code == ui for code, _ in found.renditions)
    return Offer(ui, made, made or _by_listening(found, ui) or ui in submit.languages_from(services(), own))


def _by_listening(found: VideoRows, language: str) -> bool:
    """Whisper takes whatever is spoken into English."""
    return language == "en" and found.kind != "transcript"


def player(found: VideoRows) -> Player:
    if found.kind == "youtube":
        return Player("none" if found.empty and not found.video.title else "youtube")
    file = found.media_of("video", "audio", "upload")
    kind = file.content_type.partition("/")[0] if file else ""
    return Player(kind, f"/api/v1/media/{found.video.id}/{file.kind}") if file and kind in ("video", "audio") else Player("none")


@dataclass(frozen=True, slots=True)
class Advice:
    text: str
    """In English, as whatever fails is said."""
    missing: str = ""
    """The language that nothing here translates into; empty where something else is the matter."""


def _advice(found: VideoRows, want: Asked) -> Advice | None:
    """Why what was asked for is not shown."""
    if found.live or not want.language or want.language == found.language:
        return None
    try:
        said = submit.advice(services(), found, want.language)
    except NutshellError as error:
        return Advice(str(error))
    return Advice(said, want.language) if said else None


def menu() -> list[tuple[str, str]]:
    """Languages by their own names, in the order of their English ones."""
    return [(code, words.language_name(code)) for code in sorted(words.LANGUAGES, key=languages.name_of)]


def second(text: str | None) -> float | None:
    """The time in an address; what is no time is left out rather than refused, as a link is often mangled on its way."""
    seconds = timecode.parse_offset(text) if text and len(text) <= 12 else None
    return seconds if seconds is not None and 0 <= seconds < 7 * 24 * 3600 else None


def _length(text: str | None) -> Length | None:
    try:
        return Length(text) if text else None
    except ValueError as error:
        raise InputError("bad_length", "The length is short, medium or long.") from error
