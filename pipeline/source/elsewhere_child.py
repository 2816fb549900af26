"""The child process that fetches recordings and feeds of allowed hosts. Started by sandbox.run only; elsewhere.py is its other half.

Redirects are followed by hand, so that each hop is held against the list of hosts and the one that is missing can be named; the egress proxy holds them again.
"""

import json
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from pipeline.errors import InputError, NutshellError, cause
from pipeline.source import captions, feeds, hosts, inside, plain, trust, uploads
from pipeline.source.fetching import Reply, Web, connect
from pipeline.source.inside import Json, Report, note, part
from pipeline.types import Origin

PAGE = 100
FEED_BYTES = 24 * 1024**2
"""A thousand episodes with long notes have ten."""
CHAPTERS_BYTES = 2 * 1024**2
TRIES = 5
PART, ABOUT = "recording.part", "recording.json"
_TYPES = {
    "audio/mpeg": ".mp3", "audio/mp3": ".mp3", "audio/mp4": ".m4a", "audio/x-m4a": ".m4a", "audio/aac": ".aac", "audio/ogg": ".ogg", "audio/opus": ".opus", "audio/wav": ".wav",
    "audio/flac": ".flac", "video/mp4": ".mp4", "video/webm": ".webm", "audio/webm": ".webm", "video/quicktime": ".mov",
}  # fmt: skip


# ---------------------------------------------------------------- feed


def feed(request: Json, report: Report) -> Json:
    """Sends parts `{"title": …, "entries": [Entry fields, …]}`; the number of entries."""
    with connect(request) as web:
        with web.open(request["url"]) as reply:
            pieces = reply.pieces()
            head = next(pieces, b"")
            if uploads.is_media(head):
                part({"title": "", "entries": [_itself(request["url"])]})
                return 1
            data = head + reply.read(FEED_BYTES)
        if len(data) > FEED_BYTES:
            raise cause("bad_feed", f"It is larger than {FEED_BYTES // 1024**2} MB.")
        report(0.5, "Reading the feed")
        title, entries = feeds.read(data, request["url"], web.hosts)
    for first in range(0, max(1, len(entries)), PAGE):
        part({"title": title, "entries": entries[first : first + PAGE]})
    return len(entries)


def _itself(url: str) -> list[Json]:
    title = uploads.clean_title(urlsplit(url).path.rpartition("/")[2])
    return [hosts.media_id(url), "media", url, title, None, None, ""]


# ---------------------------------------------------------------- recording


def recording(request: Json, report: Report) -> Json:
    """The path of the file. What is there of it already is gone on with, if the server says that it is still the same."""
    with connect(request) as web:
        for attempt in range(TRIES):
            had = _size()
            try:
                return _download(web, request, report)
            except NutshellError as error:
                if error.code != "host_unreachable" or attempt == TRIES - 1:
                    raise
                note("elsewhere.again", got=_size(), error=str(error))
            time.sleep(0 if _size() > had else 2**attempt)
    raise AssertionError


def _download(web: Web, request: Json, report: Report) -> str:
    most, kept = request["max_bytes"], _validator(request["url"])
    headers = {"Range": f"bytes={_size()}-", "If-Range": kept} if kept and _size() else {}
    with web.open(request["url"], headers) as reply:
        if reply.status == 416:  # what is there is not what they have
            Path(PART).unlink(missing_ok=True)
            raise cause("host_unreachable", "It has changed meanwhile.")
        start = reply.start if reply.status == 206 else 0
        if start != (_size() if reply.status == 206 else 0):
            raise cause("host_refused", "It sent another part than was asked for.")
        _check_size(start + (reply.length or 0), most)
        Path(ABOUT).write_text(json.dumps({"url": request["url"], "validator": reply.validator}))
        with Path(PART).open("r+b" if start else "wb") as file:
            file.seek(start)
            file.truncate()
            _copy(reply, file.write, start, most, report)
        suffix = _suffix(reply)
    return str(Path(PART).absolute().rename(Path(f"recording{suffix}").absolute()))


def _copy(reply: Reply, write: Callable[[bytes], int], got: int, most: int, report: Report) -> None:
    total = got + reply.length if reply.length else 0
    told = 0.0
    for data in reply.pieces():
        got += len(data)
        _check_size(got, most)
        write(data)
        if time.monotonic() - told > 0.25:
            told = time.monotonic()
            report(min(1.0, got / total) if total else 0.0, f"Downloading, {got / 1e6:.1f} MB")
    if total and got < total:
        raise cause("host_unreachable", f"It broke off after {got} of {total} bytes.")


def _check_size(size: int, most: int) -> None:
    if size > most:
        raise cause("too_large", f"It has {size / 1e6:.0f} MB or more, the limit is {most / 1e6:.0f} MB (NUTSHELL_MAX_UPLOAD).")


def _size() -> int:
    return Path(PART).stat().st_size if Path(PART).exists() else 0


def _validator(url: str) -> str:
    """What says that the server's file is still the one that has begun; empty: nothing does."""
    about = json.loads(Path(ABOUT).read_text()) if Path(ABOUT).exists() else {}
    return str(about.get("validator") or "") if about.get("url") == url else ""


def _suffix(reply: Reply) -> str:
    suffix = Path(urlsplit(reply.url).path).suffix.lower()
    return suffix if suffix in hosts.SUFFIXES else _TYPES.get(reply.type, ".mp3")


# ---------------------------------------------------------------- transcript and chapters


def extras(request: Json, _: Report) -> Json:
    """What cannot be had or used is no failure: then the recording is listened to."""
    found, said, chapters = None, "", []
    with connect(request) as web:
        if request["captions"]:
            found, said = _transcript(web, request["captions"], request["duration"])
        if request["chapters"]:
            try:
                chapters = feeds.chapters(_small(web, request["chapters"], CHAPTERS_BYTES), request["duration"])
            except NutshellError as error:
                note("elsewhere.no_chapters", code=error.code, error=str(error))
    return {"transcript": found, "note": said, "chapters": chapters}


def _transcript(web: Web, url: str, duration: float) -> tuple[Json, str]:
    try:
        text, _ = captions.decode(_small(web, url, captions.MOST_BYTES))
        text = feeds.plain_transcript(text)
        read = captions.parse(text.encode("utf-8", "surrogatepass"), captions.recognise(text), language="", origin=Origin.CAPTIONS_MANUAL)
    except InputError as error:
        return None, f"The feed's transcript could not be read: {error}"
    except NutshellError as error:
        return None, f"The feed's transcript did not come through: {error}"
    problem = captions.usable(read, duration)
    if problem:
        return None, f"The feed's transcript was not used: {problem}."
    return {"language": read.language, "segments": [(s.start, s.end, plain.text(s.text, 5000), s.speaker) for s in read.segments]}, ""


def _small(web: Web, url: str, most: int) -> bytes:
    with web.open(url) as reply:
        data = reply.read(most)
    if len(data) > most:
        raise cause("too_large")
    return data


TASKS = {"feed": feed, "recording": recording, "extras": extras}


def handle(request: Json, report: Report) -> Json:
    trust.trust(Path.cwd(), request["extra_ca"])
    return TASKS[request["task"]](request, report)


if __name__ == "__main__":
    inside.serve(handle)
