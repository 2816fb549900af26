"""What a person may hand in, reduced to ids: text -> Source. No network; only `parse_source` looks at the disk.

Nothing of the user's string survives but an id of known alphabet (and a time), because yt-dlp understands far more than links: `ytsearch:`, `file:`,
smuggled data behind `#`, Invidious hosts. The host must be exactly one of ours, in ASCII, without user, password or other port.
"""

import re
import urllib.parse
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pipeline import timecode
from pipeline.errors import InputError, cause
from pipeline.source.hosts import Hosts, is_meant, is_recording, media_id

LONGEST = 4096
"""Characters of a link; YouTube's own stay below 300, wrapped ones below 2,000."""
WATCH = "https://www.youtube.com/watch?v="

_SITES = frozenset(
    {
        "youtube.com",
        "www.youtube.com",
        "m.youtube.com",
        "music.youtube.com",
        "gaming.youtube.com",
        "youtubekids.com",
        "www.youtubekids.com",
        "youtube-nocookie.com",
        "www.youtube-nocookie.com",
        "youtube.googleapis.com",
    }
)
_SHORT = frozenset({"youtu.be", "www.youtu.be"})
_WRAPPERS = {
    ("www.youtube.com", "attribution_link"): "u",
    ("youtube.com", "attribution_link"): "u",
    ("m.youtube.com", "attribution_link"): "u",
    ("www.youtube.com", "redirect"): "q",
    ("youtube.com", "redirect"): "q",
    ("www.youtube.com", "oembed"): "url",
    ("www.youtube.com", "signin"): "next",
    ("consent.youtube.com", "m"): "continue",
    ("consent.youtube.com", "ml"): "continue",
    ("www.google.com", "url"): "url q",
}
"""Pages that only lead to a YouTube link, which stands in the named parameter. Unwrapped once, never fetched."""
_ID = re.compile(r"([A-Za-z0-9_-]{11})(?![A-Za-z0-9_-])")
_LIST = re.compile(r"[A-Za-z0-9_-]{2,64}")
_NETLOC = re.compile(r"([a-z0-9.-]+)(?::(?:80|443))?", re.IGNORECASE | re.ASCII)
_SCHEME = re.compile(r"(?:https?:)?//", re.IGNORECASE)
_WITH_ID = frozenset({"shorts", "live", "embed", "v", "e", "vi", "watch"})
_CHANNEL = frozenset({"channel", "c", "user"})
_TABS = frozenset({"videos", "shorts", "streams", "playlists", "releases", "podcasts"})
_ELSEWHERE = re.compile(r"https?://[^/]", re.IGNORECASE)
_IN_TEXT = re.compile(r"[^\s<>\"'`|\\^{}]+")
_MARKS = "()[],;.!?*"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a video comes from. `source_id` is the key that makes two pastes one video (types.Video)."""

    kind: Literal["youtube", "media", "transcript", "playlist", "feed"]
    """`playlist` and `feed` hold many; `media` has a link or a path."""
    source_id: str
    url: str
    """Canonical link without time and parameters; empty for a file."""
    path: Path | None = None
    start: float | None = None
    """Seconds at which the link asks to start."""


def parse_link(text: str, hosts: Hosts | None = None) -> Source:
    """The video that a link (or a bare 11-character id) names.

    Raises:
        InputError: `bad_link`, or `playlist` for playlists and channels. No input raises anything else. With `hosts`: see read_link.
    """
    source = read_link(text, hosts)
    if source.kind in ("playlist", "feed"):
        raise cause("playlist")
    return source


def read_link(text: str, hosts: Hosts | None = None) -> Source:
    """As `parse_link`, but playlists and channels are results of kind `playlist`; with `hosts` also recordings (`media`) and feeds (`feed`) of other hosts.

    Raises:
        InputError: `bad_link`; with `hosts` also `host_not_allowed`, for an address that is meant as one of those.
    """
    link = text.strip().strip("<>\"'")
    if _ID.fullmatch(link):
        return _video(link, None)
    try:
        return _read(link, unwrap=True)
    except InputError:
        if hosts is None or not _ELSEWHERE.match(link) or _is_youtube(link):
            raise
        return _elsewhere(link, hosts)


def _is_youtube(link: str) -> bool:
    host = link.split("/")[2].lower()
    return "youtu" in host or host == "www.google.com"


def _elsewhere(link: str, hosts: Hosts) -> Source:
    try:
        url = hosts.canonical(link)
    except InputError as error:
        if error.code == "host_not_allowed" and not is_meant(link):
            raise cause("bad_link") from error
        raise
    if is_recording(url):
        return Source("media", media_id(url), url)
    return Source("feed", f"feed:{url}", url)


def find_links(text: str, *, lists: bool = False, hosts: Hosts | None = None) -> tuple[Source, ...]:
    """Every distinct video linked in a text, in its order, with `lists` also playlists, channels and feeds, with `hosts` also what these hosts have; a bare id counts
    only when it is the whole text. Never raises."""
    return (read_link(text),) if _ID.fullmatch(text.strip()) else links_in(text, lists=lists, hosts=hosts)


def links_in(text: str, *, lists: bool = False, hosts: Hosts | None = None) -> tuple[Source, ...]:
    """As find_links, of a part of a text: a bare id counts never."""
    found: dict[str, Source] = {}
    for match in _IN_TEXT.finditer(text):
        word = _bare(match[0])
        if "youtu" not in word.lower() and (hosts is None or not _ELSEWHERE.match(word)):
            continue
        try:
            source = read_link(word, hosts)
        except InputError:
            continue
        if source.kind in ("playlist", "feed") and not lists:
            continue
        found.setdefault(source.source_id, source)
    return tuple(found.values())


def _bare(word: str) -> str:
    """Without the marks that a sentence or Markdown put around it. The id of a playlist may end in "_", which is a mark only where one stands at the other end too."""
    inside = word.strip(_MARKS)
    marked = len(inside) - len(inside.lstrip("_"))
    inside = inside[marked:]
    for _ in range(marked):
        inside = inside.removesuffix("_")
    return inside.strip(_MARKS)


def parse_source(text: str, hosts: Hosts | None = None) -> Source:
    """What the command line takes: a link, or the path of a media or transcript file. The key of a file is the hash of its content. `hosts`: see read_link.

    Raises:
        InputError: `bad_link` (neither a link nor a file), `playlist`, `bad_media`, `bad_transcript`.
    """
    from pipeline.source import uploads  # not above: the children parse links too, and need not load what starts children

    path = _path(text)
    try:
        is_file = path.is_file()
    except (OSError, ValueError):  # name too long, NUL inside
        is_file = False
    if is_file:
        kind = uploads.sniff(path)
        if kind == "transcript" and path.suffix.lower() in uploads.MEDIA_SUFFIXES:
            raise cause("bad_media", "It holds text.")
        return Source(kind=kind, source_id=uploads.source_id(path), url="", path=path.absolute())
    if "://" not in text and (text.startswith(("/", "./", "../", "~")) or Path(text).suffix.lower() in uploads.SUFFIXES):
        raise InputError(
            "bad_link", f"There is no file {text[:200]!r}. Give the path of an audio, video or transcript file, or a YouTube link."
        )
    return parse_link(text, hosts)


def _path(text: str) -> Path:
    try:
        return Path(text).expanduser()
    except RuntimeError:  # ~nobody
        return Path(text)


def _read(link: str, *, unwrap: bool) -> Source:
    if len(link) > LONGEST or re.search(r"[\x00-\x20\\\x7f]", link):  # urlsplit would drop tab, CR and LF without a word
        raise cause("bad_link")
    try:
        url = urllib.parse.urlsplit(link if _SCHEME.match(link) else f"https://{link}", scheme="https")
    except ValueError as error:  # for example an unclosed [ in the host
        raise cause("bad_link") from error
    netloc = _NETLOC.fullmatch(url.netloc)
    if url.scheme not in ("http", "https") or not netloc:
        raise cause("bad_link")
    host = netloc[1].lower()
    parts = [part for part in url.path.split("/") if part]
    query = _query(url.query)
    if unwrap and parts and (names := _WRAPPERS.get((host, parts[0]))):
        return _unwrapped(query, names)
    start = _start(query, url.fragment)
    if host in _SHORT and parts:
        return _short(parts, query, start)
    if host in _SITES:
        return _site(parts, query, start)
    raise cause("bad_link")


def _query(text: str) -> dict[str, str]:
    """First value of each parameter; `&amp;` of links copied out of HTML counts as `&`."""
    values: dict[str, str] = {}
    for name, value in urllib.parse.parse_qsl(text.replace("&amp;", "&")):
        values.setdefault(name, value)
    return values


def _unwrapped(query: dict[str, str], names: str) -> Source:
    inner = next((query[name] for name in names.split() if name in query), "")
    if inner.startswith("/") and not inner.startswith("//"):
        inner = f"https://www.youtube.com{inner}"
    return _read(inner, unwrap=False)


def _short(parts: list[str], query: dict[str, str], start: float | None) -> Source:
    if parts[0] in _WITH_ID:  # youtu.be/shorts/<id>, youtu.be/watch?v=<id>
        return _site(parts, query, start)
    return _video(parts[0], start)


def _site(parts: list[str], query: dict[str, str], start: float | None) -> Source:
    first = parts[0] if parts else ""
    if first in ("watch", "") and "v" in query:
        return _video(query["v"], start)
    if first in _WITH_ID and len(parts) > 1 and parts[1] not in ("videoseries", "live_stream"):
        return _video(parts[1], start)
    if first in ("watch", "playlist", "embed") and _LIST.fullmatch(query.get("list", "")):
        return _playlist(f"https://www.youtube.com/playlist?list={query['list']}")
    if first.startswith("@") and 1 < len(first) <= 300:
        return _playlist(f"https://www.youtube.com/{_quoted(first)}/{_tab(parts[1:])}")
    if first in _CHANNEL and len(parts) > 1 and len(parts[1]) <= 300:
        return _playlist(f"https://www.youtube.com/{first}/{_quoted(parts[1])}/{_tab(parts[2:])}")
    if first == "browse" and len(parts) > 1:
        return _browse(parts[1])
    raise cause("bad_link")


def _video(text: str, start: float | None) -> Source:
    match = _ID.match(text)
    if not match:
        run = re.match(r"[A-Za-z0-9_-]*", text)
        length = len(run[0]) if run else 0
        raise cause("bad_link", f"The id of a video has 11 characters, this one has {length}: copy the whole link.")
    return Source(kind="youtube", source_id=f"youtube:{match[1]}", url=WATCH + match[1], start=start)


def _tab(rest: list[str]) -> str:
    return rest[0] if rest and rest[0] in _TABS else "videos"


def _browse(name: str) -> Source:
    """An album, playlist or artist of YouTube Music, as its pages are called."""
    if name.startswith("VL") and _LIST.fullmatch(name[2:]):
        return _playlist(f"https://www.youtube.com/playlist?list={name[2:]}")
    if re.fullmatch(r"MPREb_[A-Za-z0-9_-]{2,64}", name):
        return Source(kind="playlist", source_id=f"youtube:browse/{name}", url=f"https://music.youtube.com/browse/{name}")
    if re.fullmatch(r"UC[A-Za-z0-9_-]{22}", name):
        return _playlist(f"https://www.youtube.com/channel/{name}/videos")
    raise cause("bad_link")


def _playlist(url: str) -> Source:
    return Source(kind="playlist", source_id=f"youtube:{url.removeprefix('https://www.youtube.com/')}", url=url)


def _quoted(name: str) -> str:
    return urllib.parse.quote(urllib.parse.unquote(name), safe="@")


def _start(query: dict[str, str], fragment: str) -> float | None:
    """The time of `t=`, `start=`, `time_continue=` or `#t=`; what is no time, or beyond a week, is dropped like other junk."""
    for text in (query.get("t"), query.get("start"), query.get("time_continue"), _query(fragment).get("t")):
        if text and len(text) <= 12:  # keeps numbers within what a float holds
            seconds = timecode.parse_offset(text)
            if seconds is not None and 0 < seconds < 7 * 24 * 3600:
                return seconds
    return None
