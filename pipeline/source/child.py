"""The child process that talks to YouTube. Started by sandbox.run only; youtube.py is its other half."""

import json
import re
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from yt_dlp.extractor import gen_extractor_classes
from yt_dlp.networking.exceptions import HTTPError, RequestError
from yt_dlp.version import __version__ as YTDLP_VERSION  # noqa: N812 - it is a constant
from yt_dlp_ejs import version as SOLVER_VERSION  # noqa: N812

from pipeline import timecode
from pipeline.errors import CODES, NotYet, SourceError, cause
from pipeline.languages import name_of
from pipeline.source import captions, client, inside, links, listing_child, plain, tracks, trust
from pipeline.source.client import Session
from pipeline.source.inside import Json, Report, note
from pipeline.source.tracks import Format, Info, Track
from pipeline.types import Origin, Transcript

INFO = "info.json"
THUMBNAIL = "thumbnail"
_KINDS = {Origin.CAPTIONS_MANUAL: "manual", Origin.CAPTIONS_AUTO: "automatic"}
PICTURE = 5 * 1024**2
"""Bytes of a thumbnail."""
_FRONT_PAGE = 5 * 1024**2
"""Bytes that are read of it."""
_NOT_YET = {"is_upcoming": "live_upcoming", "is_live": "live_now", "post_live": "live_processing"}
"""By yt-dlp's live_status."""
_PICTURES = {b"\xff\xd8\xff": ".jpg", b"\x89PNG": ".png", b"RIFF": ".webp"}


# ---------------------------------------------------------------- probe


def probe(request: Json, report: Report) -> Json:
    """Metadata and the best captions with one extraction. The whole info goes to a file, for the download.

    Formats are not needed for it (captions are enough), so a video without any is an error only when there are no captions either.
    """
    folder = Path.cwd()
    with client.connect(folder, request["proxy"], ignore_no_formats_error=True, format="bestaudio/best") as session:
        report(0.1, "Asking YouTube")
        info = _extract(session, request["url"])
        _check_live(info)
        duration = float(info.get("duration") or 0.0)
        _check_length(duration, request["max_duration"])
        found, said = _captions(session, info, request, report) if request["captions"] else (None, "")
        if found is None and not info.get("formats"):
            raise session.refusal()
        (folder / INFO).write_text(json.dumps(session.ydl.sanitize_info(info)))
        picture = _cover(info) if request.get("cover") else info.get("thumbnail")
        _picture(session, picture)  # while the connection stands; youtube.fetch_thumbnail finds it
    return {"video": _video(info, found) | {"captions_note": said}, "transcript": _as_json(found), "info": INFO}


def _extract(session: Session, url: str) -> dict[str, Any]:
    info: dict[str, Any] = session.ydl.extract_info(url, download=False)
    if f"v={info.get('id')}" not in url:  # the trailer of a film that must be bought
        raise cause("unavailable", "YouTube offers another video in its place.")
    return info


def _check_live(info: Info) -> None:
    code = _NOT_YET.get(str(info.get("live_status")))
    if code:
        begins = _moment(info.get("release_timestamp"))
        said = f"It starts on {begins:%Y-%m-%d at %H:%M} UTC." if begins and code == "live_upcoming" else ""
        raise NotYet(code, f"{CODES[code].sentence} {said}", begins=begins.timestamp() if begins else None, title=plain.line(str(info.get("title") or ""), 500))


def _moment(timestamp: float | None) -> datetime | None:
    try:
        return datetime.fromtimestamp(timestamp, UTC) if timestamp else None
    except (OverflowError, ValueError, OSError):  # a year that no calendar has
        return None


def _check_length(duration: float, most: float) -> None:
    if duration > most:
        raise cause("too_long", f"It lasts {timecode.clock(duration)}, the limit is {timecode.clock(most)} (NUTSHELL_MAX_DURATION).")


def _captions(session: Session, info: Info, request: Json, report: Report) -> tuple[Transcript | None, str]:
    """The first usable track, and sentences that say why there is none or why it is not the one that one would wish."""
    spoken = tracks.spoken_language(info)
    candidates = tracks.caption_tracks(info, request["language"])
    notes: list[str] = []
    for track in candidates:
        report(0.6, "Reading the captions")
        time.sleep(request.get("pause", 0.0))  # before each file; yt-dlp's own sleep does not reach what is fetched by hand
        name = f"{_KINDS[track.origin]} captions" + (f" in {name_of(track.language)}" if track.language != spoken else "")
        found = _fetch_captions(session, track, float(info.get("duration") or 0.0))
        if isinstance(found, Transcript):
            notes.append(_strangeness(track, spoken))
            return found, " ".join(dict.fromkeys(filter(None, notes)))
        notes.append(f"YouTube did not hand out the {name} ({found})." if found.isdecimal() else f"The {name} {found}.")
    if not any(track.language == spoken for track in candidates):
        notes.insert(0, "YouTube offers no captions in the language that is spoken.")
    return None, " ".join(dict.fromkeys(notes))


def _strangeness(track: Track, spoken: str | None) -> str:
    """That captions are not what was said; empty when they are."""
    if track.language == spoken:
        return ""
    known = f"not in the {name_of(spoken)} that is spoken" if spoken else "and nobody says whether that is what is spoken"
    return f"The captions are in {name_of(track.language)}, {known}."


def _fetch_captions(session: Session, track: Track, duration: float) -> Transcript | str:
    """The transcript, or what happened to it: the end of a sentence, or the status of the answer."""
    try:
        with session.ydl.urlopen(track.url) as reply:
            data = reply.read(captions.MOST_BYTES + 1)
    except HTTPError as error:
        return str(error.status)
    except RequestError as error:
        note("source.captions_failed", error=repr(error)[:300])
        return "did not come through"
    return captions.judge(data, track.format, duration, language=track.language, origin=track.origin)


def _video(info: Info, transcript: Transcript | None) -> dict[str, Json]:
    day = str(info.get("upload_date") or "")
    return {
        "source_id": f"youtube:{info['id']}",
        "source_url": f"https://www.youtube.com/watch?v={info['id']}",
        "title": plain.line(str(info.get("title") or ""), 500) or str(info["id"]),
        "duration": float(info.get("duration") or 0.0) or (transcript.segments[-1].end if transcript else 0.0),
        "channel": plain.line(str(info.get("channel") or info.get("uploader") or ""), 200) or None,
        "language": tracks.spoken_language(info),
        "published_at": f"{day[:4]}-{day[4:6]}-{day[6:]}" if re.fullmatch(r"\d{8}", day) else None,
        "description": plain.text(str(info.get("description") or ""), 20_000),
        "thumbnail_url": info.get("thumbnail"),
        "chapters": _chapters(info.get("chapters") or [], float(info.get("duration") or 0.0)),
    }


def _chapters(chapters: Sequence[Mapping[str, Any]], duration: float) -> list[tuple[float, float, str]]:
    """Chapters with a title, inside the duration; a single one divides nothing."""
    kept = []
    for chapter in chapters[:1000]:
        start, end = float(chapter.get("start_time") or 0.0), float(chapter.get("end_time") or duration)
        title = plain.line(str(chapter.get("title") or ""), 200)
        if title and 0 <= start < min(end, duration or end):
            kept.append((start, min(end, duration or end), title))
    return kept if len(kept) > 1 else []


def _cover(info: Info) -> str:
    """A picture that media files take: a JPEG. What YouTube shows may be WebP, but every video has this one as well."""
    shown = str(info.get("thumbnail") or "")
    return shown if shown.split("?")[0].endswith(".jpg") else f"https://i.ytimg.com/vi/{info['id']}/hqdefault.jpg"


def _picture(session: Session, url: str | None) -> str | None:
    """The path of the preview picture; None when there is none, it is too large or none of the known kinds. Its failure is nobody's."""
    if not url:
        return None
    try:
        with session.ydl.urlopen(url) as reply:
            data = reply.read(PICTURE + 1)
    except RequestError as error:
        note("source.thumbnail_failed", error=repr(error)[:300])
        return None
    suffix = next((suffix for magic, suffix in _PICTURES.items() if data.startswith(magic)), None)
    if suffix is None or len(data) > PICTURE:
        return None
    path = Path.cwd() / f"{THUMBNAIL}{suffix}"
    path.write_bytes(data)
    return str(path)


def _as_json(transcript: Transcript | None) -> Json:
    if transcript is None:
        return None
    segments = [(s.start, s.end, s.text, s.speaker) for s in transcript.segments]
    return {"language": transcript.language, "origin": transcript.origin.value, "segments": segments}


# ---------------------------------------------------------------- media


def media(request: Json, report: Report) -> Json:
    """Downloads sound, or pictures and sound (or one file that has both), from the info of an earlier probe and says which files they are.

    No second extraction, unless YouTube no longer honours the links. What an attempt before this one left in the folder is gone on with.
    """
    info = json.loads(Path(request["info"]).read_text())
    try:
        return _fetch(request, info, report)
    except SourceError as error:
        if error.code not in ("media_forbidden", "range_lost", "extractor_broken"):
            raise
        note("source.again", code=error.code)
        if error.code == "range_lost":
            for left in Path.cwd().glob(f"{info['id']}.*"):  # a part that is complete already gets 416 for ever
                left.unlink()
    return _fetch({**request, "url": links.parse_link(info["id"]).url}, None, report)


def _fetch(request: Json, info: dict[str, Any] | None, report: Report) -> list[str]:
    """`info` None: ask YouTube anew, by the link rebuilt from the id."""

    def chosen(context: Mapping[str, Any]) -> list[Format]:
        return tracks.chosen(context["formats"], request["lines"])

    with client.connect(Path.cwd(), request["proxy"], format=chosen) as session:
        if info is None:
            info = _extract(session, request["url"])
        return _download(session, info, request["max_bytes"], report)


def _hook(most: int, promised: int, got: dict[str, int], report: Report) -> Any:
    """Tells how far the download is, at most four times a second, and ends it when it grows too large: yt-dlp's own limit comes late and silently.

    `got`: bytes by file name, to begin with those that are there already.
    """
    last = 0.0

    def hook(state: Mapping[str, Any]) -> None:
        nonlocal last
        got[Path(state.get("filename") or "").name] = state.get("downloaded_bytes") or 0
        have = sum(got.values())
        if have > most:
            raise _too_large(have, most)
        total = promised or state.get("total_bytes") or state.get("total_bytes_estimate") or 0
        if time.monotonic() - last > 0.25:
            last = time.monotonic()
            report(min(have / total, 1.0) if total else 0.0, _how_far(have, int(total), state.get("speed") or 0.0))

    return hook


def _how_far(have: int, total: int, speed: float) -> str:
    """`Downloading, 12.3 of 45.6 MB, 2.1 MB/s, 16 s left`; what is not known is left out."""
    said = [f"Downloading, {have / 1e6:.1f} of {total / 1e6:.1f} MB" if total else f"Downloading, {have / 1e6:.1f} MB"]
    if speed:
        said.append(f"{speed / 1e6:.1f} MB/s" if speed >= 1e5 else f"{speed / 1e3:.0f} kB/s")
        if total > have:
            rest = (total - have) / speed
            said.append(f"{rest:.0f} s left" if rest < 90 else f"{rest / 60:.0f} min left")
    return ", ".join(said)


def _download(session: Session, info: dict[str, Any], most: int, report: Report) -> list[str]:
    """The paths of what was downloaded. yt-dlp leaves some things out without a word, so the files are looked for."""
    wanted = list(session.ydl.format_selector({"formats": info.get("formats") or []}))
    if not wanted:
        raise cause(session.code(None) if session.words.warnings else "extractor_broken")
    if (promised := sum(tracks.size(item) for item in wanted)) > most:
        raise _too_large(promised, most)
    left = {path.name: path.stat().st_size for path in Path.cwd().glob(f"{info['id']}.*")}
    session.ydl.add_progress_hook(_hook(most, promised, {name: size for name, size in left.items() if not name.endswith(".part")}, report))
    done = session.ydl.process_ie_result(dict(info), download=True)
    found = [(Path(item.get("filepath") or ""), item.get("filesize")) for item in done.get("requested_downloads") or []]
    if not found or not all(path.is_file() and path.stat().st_size for path, _ in found):
        raise cause("network", "The download came to nothing.")
    if left and any(size and path.stat().st_size != size for path, size in found):  # the part was one of another file
        raise cause("range_lost")
    return [str(path) for path, _ in found]


def _too_large(size: int, most: int) -> Exception:
    return cause("too_large", f"It has {size / 1e6:.0f} MB, the limit is {most / 1e6:.0f} MB (NUTSHELL_MAX_UPLOAD).")


def thumbnail(request: Json, _: Report) -> Json:
    """The preview picture alone."""
    with client.connect(Path.cwd(), request["proxy"]) as session:
        return _picture(session, request["url"])


def account(request: Json, _: Report) -> Json:
    """Whether YouTube takes the cookies in the folder for a signed-in account, as its own first page says."""
    with client.connect(Path.cwd(), request["proxy"]) as session, session.ydl.urlopen("https://www.youtube.com/") as reply:
        return bool(re.search(rb'"LOGGED_IN":\s*true', reply.read(_FRONT_PAGE)))


def itself(_: Json, __: Report) -> Json:
    """The versions that this process uses. Everything of yt-dlp that we touch has been imported when this runs; here its extractor is found, and a session opened."""
    link = links.parse_link("https://www.youtube.com/watch?v=aaaaaaaaaaa").url
    takers = [extractor.IE_NAME for extractor in gen_extractor_classes() if extractor.IE_NAME in client.EXTRACTORS and extractor.suitable(link)]
    if takers != ["youtube"]:
        raise cause("extractor_broken", f"This yt-dlp would read a video's link with {takers or 'nothing'}.")
    with client.connect(Path.cwd(), "") as session:
        kept = session.ydl.params["allowed_extractors"]
    return {"yt-dlp": YTDLP_VERSION, "yt-dlp-ejs": SOLVER_VERSION, "extractors": ", ".join(kept)}


TASKS = {
    "probe": probe, "media": media, "thumbnail": thumbnail, "listing": listing_child.listing, "feed": listing_child.feed, "account": account,
    "itself": itself,
}  # fmt: skip


def handle(request: Json, report: Report) -> Json:
    trust.trust(Path.cwd(), request["extra_ca"])
    return TASKS[request["task"]](request, report)


if __name__ == "__main__":
    inside.serve(handle)
