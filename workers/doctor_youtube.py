"""What `nutshell doctor` looks at on the way to YouTube: yt-dlp, its JavaScript runtime, media libraries, the way out, cookies, and whether YouTube wants to be left alone."""

import re
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from urllib.parse import urlsplit

from pipeline import account, manners
from pipeline.config import Settings
from pipeline.errors import ModelError, NutshellError
from pipeline.source import youtube, ytdlp
from pipeline.source.egress import Blocked, Egress
from pipeline.source.ytdlp import Found
from pipeline.store.database import Database, database_url
from workers.finding import BAD, OK, WARN, Check, Finding

LEAST_DENO = (2, 3)
HOST = "www.youtube.com"
PRIVATE = ("127.0.0.1", "169.254.169.254", "10.0.0.1", "::1", "::ffff:127.0.0.1")
"""Addresses to which no name may lead."""
UPDATE = "Run `nutshell update-yt-dlp`."
SECONDS = 10.0
"""For a program to answer, and for a connection."""


def _yt_dlp(settings: Settings) -> Iterator[Finding]:
    found = ytdlp.in_use(settings)
    if found is None:
        yield Finding("yt-dlp", BAD, "yt-dlp is not installed", "Run `make run` to install what is missing.")
    else:
        yield from described(found)


def described(found: Found, today: date | None = None) -> Iterator[Finding]:
    """How old it is, and whether its solver is the one that it was made for. `today`: the clock's day when None."""
    age = ytdlp.age(found.version, today)
    days = "of unknown age" if age is None else f"{age} days old"
    state = OK if age is None or age <= ytdlp.WARN_DAYS else WARN if age <= ytdlp.FAIL_DAYS else BAD
    where = "an update in the data folder" if found.folder else "installed with this release"
    yield Finding("yt-dlp", state, f"yt-dlp {found.version}, {days} ({where})", "" if state == OK else f"YouTube changes often, and this one may no longer understand it. {UPDATE}")
    if found.fits:
        yield Finding("solver", OK, f"challenge solver yt-dlp-ejs {found.solver}, the one that this yt-dlp wants")
    else:
        missing = f"yt-dlp-ejs {found.solver} is installed" if found.solver else "yt-dlp-ejs is not installed"
        advice = "Run `nutshell update-yt-dlp --undo`, or update again." if found.folder else "Run `make run` to install what is locked."
        yield Finding("solver", BAD, f"{missing}, and this yt-dlp wants {found.wanted_solver}: many videos will have no sound", advice)


def _child(settings: Settings) -> Iterator[Finding]:
    """Whether the program that fetches videos starts at all, with its limits, as it does for each video."""
    try:
        with tempfile.TemporaryDirectory(prefix="nutshell-") as work:
            found = youtube.try_packages(ytdlp.packages(settings), Path(work))
    except NutshellError as error:
        yield Finding("child", BAD, f"the child process that fetches videos does not work: {error}", "Run `nutshell update-yt-dlp --undo` if yt-dlp was updated, else `make run`.")
    else:
        yield Finding("child", OK, f"the child process that fetches videos starts (yt-dlp {found[ytdlp.NAME]}, reads {found['extractors']})")


def _javascript(_: Settings) -> Iterator[Finding]:
    advice = "Run `make run`, which installs deno."
    path = shutil.which("deno", path=str(Path(sys.executable).parent))
    if path is None:
        yield Finding("javascript", BAD, "no JavaScript runtime: many YouTube videos have no sound without one", advice)
        return
    try:
        done = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=SECONDS, check=True, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.SubprocessError) as error:
        yield Finding("javascript", BAD, f"the JavaScript runtime {path} does not run ({type(error).__name__})", advice)
        return
    numbers = re.search(r"deno (\d+)\.(\d+)[\d.]*", done.stdout)
    if numbers is None or (int(numbers[1]), int(numbers[2])) < LEAST_DENO:
        yield Finding("javascript", BAD, f"{path} is no deno {LEAST_DENO[0]}.{LEAST_DENO[1]} or newer", advice)
    else:
        yield Finding("javascript", OK, f"JavaScript runtime {numbers[0]} ({path})")


def _media(_: Settings) -> Iterator[Finding]:
    try:
        import av

        libraries = ", ".join(f"{name} {'.'.join(map(str, numbers))}" for name, numbers in sorted(av.library_versions.items()) if name in ("libavcodec", "libavformat"))
        yield Finding("media", OK, f"media libraries of PyAV {version('av')}: {libraries}; no ffmpeg program is needed")
    except (ImportError, PackageNotFoundError) as error:
        yield Finding("media", BAD, f"the media libraries cannot be loaded ({error})", "Run `make run` to install what is missing.")


def _proxy(settings: Settings) -> Iterator[Finding]:
    if not settings.proxy:
        yield Finding("proxy", OK, "no outgoing proxy is set")
        return
    try:
        egress = Egress(upstream=settings.proxy, timeout=SECONDS)
    except ValueError as error:
        yield Finding("proxy", BAD, f"NUTSHELL_PROXY cannot be used: {error}", "Set it to an address like http://proxy:3128.")
        return
    place = urlsplit(settings.proxy)
    where = f"{place.hostname}:{place.port or 80}"  # without the password
    with egress:
        try:
            egress.open(HOST).close()
        except OSError as error:
            kind = egress.failures[-1].kind if egress.failures else "proxy"
            advice = "Check NUTSHELL_PROXY and that the proxy allows CONNECT to port 443." if kind == "proxy" else "The proxy works, but does not reach YouTube: check its own way out."
            yield Finding("proxy", BAD, f"the proxy {where} does not lead to {HOST}: {error}", advice)
        else:
            yield Finding("proxy", OK, f"the proxy {where} leads to {HOST}")


def _way_out(settings: Settings) -> Iterator[Finding]:
    """The guard through which all of yt-dlp goes: that it starts, lets nothing inside be reached, and reaches YouTube."""
    with Egress(resolve=_inside, timeout=SECONDS) as guard:
        let_through = [address for address in PRIVATE if not _refuses(guard, address)]
    if let_through:
        yield Finding("guard", BAD, f"the guard lets names lead to {', '.join(let_through)}", "Please report this, and stop Nutshell until it is mended.")
        return
    yield Finding("guard", OK, "the guard starts and refuses private addresses")
    if settings.proxy:
        return
    with Egress(timeout=SECONDS) as guard:
        try:
            guard.open(HOST).close()
        except (OSError, Blocked) as error:
            advice = "Check the internet connection and the name server, or set NUTSHELL_PROXY."
            yield Finding("youtube", BAD, f"{HOST} cannot be reached: {error}", advice)
        else:
            yield Finding("youtube", OK, f"{HOST} can be reached")


def _inside(host: str, port: int, *_: object) -> list[tuple[object, ...]]:
    """A name server that answers with the name itself."""
    return [(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, port))]


def _refuses(guard: Egress, address: str) -> bool:
    try:
        guard.open(address).close()
    except Blocked:
        return True
    except OSError:
        return False
    return False


def _cookies(settings: Settings) -> Iterator[Finding]:
    db = Database(database_url(settings), patience=2.0)
    try:
        yield _cookies_in(db, settings)
    except ModelError as error:
        if error.code != "database_unavailable":
            raise
        yield Finding("cookies", WARN, "cookies: the library is not running, so they were not looked at", "Start it with `nutshell up`, then run this again.")
    finally:
        db.dispose()


def _cookies_in(db: Database, settings: Settings) -> Finding:
    kept = account.kept(db)
    if kept is None:
        return Finding("cookies", OK, "no YouTube cookies: videos for adults or members, and private ones, cannot be had")
    if settings.cookies == "never":
        return Finding("cookies", WARN, "there are YouTube cookies, and NUTSHELL_COOKIES=never forbids their use", "Set NUTSHELL_COOKIES=needed, or delete them: `nutshell cookies delete`.")
    try:
        account.readable(db, settings)
    except NutshellError as error:
        if error.code == "database_unavailable":
            raise
        return Finding("cookies", BAD, f"the YouTube cookies cannot be used: {error}", "Export them again and run `nutshell cookies set FILE`.")
    said = "; ".join(f"{name}: {value}" for name, value in account.sentences(kept) if name in ("expires", "result"))
    if kept.result not in (account.ACCEPTED, None):
        return Finding("cookies", BAD, f"YouTube cookies: {said}", "Export them again and run `nutshell cookies set FILE`.")
    return Finding("cookies", OK, f"YouTube cookies: {said}")


def _pause(settings: Settings) -> Iterator[Finding]:
    for who, signed_in in (("guests", False), ("the account", True)):
        seen = manners.look(settings, account=signed_in)
        if seen is None:
            yield Finding("pause", WARN, "the queue is not running, so whether YouTube wants to be left alone is not known", "Start it with `nutshell up`, then run this again.")
            return
        if seen.pause is not None:
            advice = "This ends by itself. If it comes back: fewer videos an hour (NUTSHELL_VIDEOS_PER_HOUR), cookies, or another address (NUTSHELL_PROXY)."
            yield Finding("pause", WARN, f"YouTube is not asked as {who} for {seen.pause / 60:.0f} more minutes ({seen.because})", advice)
        elif seen.asked or not signed_in:
            yield Finding("pause", OK, f"YouTube answers {who}: {seen.asked} videos in the last hour")


CHECKS: tuple[Check, ...] = (_yt_dlp, _child, _javascript, _media, _proxy, _way_out, _cookies, _pause)
