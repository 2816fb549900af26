"""What a search found, as a page and as JSON."""

from collections.abc import Sequence
from dataclasses import asdict
from urllib.parse import urlencode

from flask import render_template, request
from markupsafe import Markup, escape
from pydantic import ValidationError

from pipeline.errors import InputError
from pipeline.library import search as searching
from pipeline.library.moments import cleaned
from pipeline.library.search import Count, Facet, Found
from pipeline.types import Hit, Named, Scope, Suggestion
from web import notes, search_schemas as schemas, views, words
from web.interface import N_, gettext
from web.security import valid_video_id
from web.services import services

SHOWN = 30
NARROW = ("channel", "language", "since", "until", "length", "speaker", "tag", "folder", "watched")
FACETS = {"channel": N_("Channel"), "language": N_("Language"), "year": N_("Year"), "tag": N_("Tag"), "folder": N_("Folder"), "watched": N_("Watched")}
KINDS = {"title": N_("title"), "chapter": N_("chapter"), "point": N_("point")}
"""What has the words of a search beside moments."""
WATCHED = {"yes": N_("Watched"), "no": N_("Not watched yet")}
ANSWER = 240
"""Characters of an earlier answer that are shown."""


def page(text: str) -> str:
    """/search: an empty form, what was found, or what is like the moment `like=ID@SECOND`."""
    given = {name: value for name in NARROW if (value := request.args.get(name, "").strip())}
    like = request.args.get("like", "")
    offered = notes.offered(services())
    if not text.strip() and not like:
        return render_template("search.html", query="", like="", found=(), given=given, offered=offered)
    scope = scope_of(_narrowing(given))
    if like:
        video_id, at = _moment(like)
        services().require_video(video_id)
        result, query, marks = Found(searching.similar(services().indexed().db, video_id, at, limit=SHOWN, scope=scope)), "", ""
    else:
        query = cleaned(text)
        here = services().indexed()
        result = searching.find(here.db, here.embedder, query, limit=SHOWN, scope=scope)
        marks = searching.looked_for(query, result.meant)
    found = views.found(result.hits, marks)
    said = any(mark.marked for video in found for moment in (*video.best, *video.more) for mark in moment.marks)
    return render_template(
        "search.html", query=query, like=like, count=len(result.hits), found=found, said=said or bool(like), given=given, offered=offered, names=FACETS, kinds=KINDS,
        named=[(one, words.marked(one.text, marks)) for one in result.named], facets=_facets(result, given), meant=[word for _, like in result.meant for word in like],
        unsaid=result.unsaid, mine=result.notes, answers=[(one, words.marked(one.question, marks), words.marked(_short(one.text), marks)) for one in result.answers],
    )  # fmt: skip


def scope_of(narrowing: schemas.Narrowing) -> Scope:
    """Raises: InputError: `bad_language`; NotFound: `no_folder`."""
    scope = narrowing.scope()
    if scope.folder is not None:
        notes.folder(services(), scope.folder)
    return scope


def _short(text: str) -> str:
    return text if len(text) <= ANSWER else f"{text[:ANSWER].rsplit(' ', 1)[0]} …"


def _narrowing(given: dict[str, str]) -> schemas.Narrowing:
    """Raises: InputError: `bad_filter`."""
    try:
        return schemas.Narrowing(**given)
    except ValidationError as error:
        name = str(error.errors()[0]["loc"][0])
        raise InputError("bad_filter", f"{given[name][:40]!r} is no {name} to look in. Choose one that the form offers.") from error


def _moment(like: str) -> tuple[str, float]:
    video_id, _, second = like.partition("@")
    try:
        return valid_video_id(video_id), min(1e7, max(0.0, float(second or 0)))
    except ValueError as error:
        raise InputError("bad_filter", f"{like[:40]!r} names no moment. Follow a link “More like this”.") from error


def _facets(result: Found, given: dict[str, str]) -> list[tuple[str, list[tuple[str, int, str]]]]:
    """For each facet its values in words, how many, and the address that narrows to it."""
    out: list[tuple[str, list[tuple[str, int, str]]]] = []
    for name, counts in result.facets:
        links = []
        for one in counts:
            more: dict[str, str] = {"since": f"{one.value}-01-01", "until": f"{one.value}-12-31"} if name == "year" else {str(name): one.value}
            links.append((_said(name, one), one.count, "/search?" + urlencode({**_kept(), **given, **more})))
        out.append((name, links))
    return out


def _said(facet: Facet, one: Count) -> str:
    if facet == "language":
        return words.said_name(one.value)
    return gettext(WATCHED[one.value]) if facet == "watched" else one.name


def _kept() -> dict[str, str]:
    return {name: request.args[name] for name in ("q", "like", "words") if request.args.get(name)}


def snippet(text: str, query: str) -> str:
    """HTML: the text escaped, what was looked for in <mark>. A word is escaped inside its mark too: captions are written by strangers."""
    return str(Markup("").join(Markup("<mark>{}</mark>").format(part.text) if part.marked else escape(part.text) for part in words.marked(text, query)))


def as_json(result: Found, query: str) -> schemas.FoundMoments:
    marks = searching.looked_for(query, result.meant)
    return schemas.FoundMoments(
        hits=[_hit(hit, marks) for hit in result.hits], named=[_named(one, marks) for one in result.named],
        notes=[schemas.NoteFound(**asdict(one)) for one in result.notes], answers=[schemas.Answered(**asdict(one)) for one in result.answers],
        facets={name: [schemas.Count(**asdict(one)) for one in counts] for name, counts in result.facets},
        meant={word: list(like) for word, like in result.meant}, unsaid=list(result.unsaid),
    )  # fmt: skip


def _hit(hit: Hit, marks: str) -> schemas.FoundHit:
    return schemas.FoundHit(video_id=hit.video_id, title=hit.title, start=hit.start, end=hit.end, text=hit.text, score=hit.score, snippet=snippet(hit.text, marks))


def _named(one: Named, marks: str) -> schemas.Named:
    return schemas.Named(kind=one.kind, video_id=one.video_id, title=one.title, start=one.start, text=one.text, snippet=snippet(one.text, marks))


def suggestions(found: Sequence[Suggestion]) -> schemas.Suggestions:
    return schemas.Suggestions(suggestions=[schemas.Suggestion(kind=one.kind, text=one.text, href=_href(one)) for one in found])


def _href(one: Suggestion) -> str:
    if one.video_id is not None:
        return f"/v/{one.video_id}" + (f"?t={int(one.start)}" if one.start else "")
    return "/search?" + urlencode({"q": one.text, **({"channel": one.text} if one.kind == "channel" else {})})
