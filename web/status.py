"""How this server is: what it needs, its queues, and how it stands with YouTube. For the page and for programs; nothing secret is in it."""

import shutil
from dataclasses import asdict
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from pipeline import account, manners
from pipeline.config import Settings
from pipeline.errors import CODES
from pipeline.jobs import Queue, State
from pipeline.source import ytdlp
from pipeline.store import jobs, overview
from pipeline.store.jobs import Counts
from web import health, words
from web.interface import N_, count, gettext, say
from web.services import Services

PATIENCE = 1.5
"""Seconds that the page waits for a part to say that it is there."""


class AskingStatus(BaseModel):
    """One of the two who ask YouTube: guests, or the signed-in account."""

    who: Literal["guest", "account"]
    asked: int = Field(description="Videos in the last hour.")
    left: int | None = Field(description="How many may be asked for at once now; null: no limit.")
    pause_seconds: float | None = Field(description="Until YouTube is asked again; 0: the next one asks for all; null: there is no pause.")
    because: str = Field(description="Code of the refusal that began the pause; empty without one.")


class QueueStatus(BaseModel):
    queue: str
    workers: int = Field(description="That said within a minute that they live.")
    running: int
    waiting: int
    oldest_seconds: float | None = Field(description="How long the first in line has been due; null: nobody is.")


class YtDlpStatus(BaseModel):
    worker: str
    version: str
    age_days: int | None
    state: Literal["fine", "old", "too_old", "unknown"]


class CookiesStatus(BaseModel):
    domains: list[str]
    number: int
    dropped: int
    expires: datetime | None
    added_at: datetime
    used_at: datetime | None
    result: str | None = Field(description="accepted, signed_out, unreadable, or the code with which YouTube refused; null: never used.")


class Disk(BaseModel):
    free: int = Field(description="Bytes, where the data folder of the web server is.")
    total: int
    media: int = Field(description="Bytes of all media that are kept.")


class SettingShown(BaseModel):
    name: str
    value: str
    note: str


class ServerStatus(BaseModel):
    ready: bool
    parts: dict[str, str] = Field(description="What the server needs; empty: it answers, else what is wrong.")
    queues: list[QueueStatus]
    youtube: list[AskingStatus] = Field(description="Empty while the queue's broker is away.")
    yt_dlp: list[YtDlpStatus] = Field(description="Of each worker that asks YouTube.")
    cookies: CookiesStatus | None
    disk: Disk
    settings: list[SettingShown]


def gather(services: Services) -> ServerStatus:
    """Raises: ModelError: `database_unavailable`."""
    settings = services.settings
    parts = health.check(services, patience=PATIENCE)
    with services.db.session() as s:
        counts, workers = jobs.counts(s), jobs.workers_seen(s)
        media, downloaders = overview.media_bytes(s), overview.downloaders(s)
    kept = account.kept(services.db)
    place = next(folder for folder in (settings.home, *settings.home.parents) if folder.exists())
    usage = shutil.disk_usage(place)
    return ServerStatus(
        ready=not any(parts.values()), parts=parts, queues=[_queue(queue, counts, workers) for queue in Queue], youtube=_asking(settings),
        yt_dlp=[_yt_dlp(name, version) for name, version in downloaders.items()],
        cookies=CookiesStatus(**asdict(kept) | {"domains": list(kept.domains)}) if kept else None,
        disk=Disk(free=usage.free, total=usage.total, media=media), settings=shown(settings),
    )  # fmt: skip


def _queue(queue: Queue, counts: Counts, workers: dict[Queue, int]) -> QueueStatus:
    running, waiting = (counts.stages.get((queue, state), 0) for state in (State.RUNNING, State.WAITING))
    return QueueStatus(queue=queue.value, workers=workers.get(queue, 0), running=running, waiting=waiting, oldest_seconds=counts.oldest.get(queue))


def _asking(settings: Settings) -> list[AskingStatus]:
    found: list[AskingStatus] = []
    for who in ("guest", "account"):
        account_asks = who == "account"
        seen = manners.look(settings, account=account_asks) if not account_asks or settings.cookies != "never" else None
        if seen is not None:
            found.append(AskingStatus(who="account" if account_asks else "guest", asked=seen.asked, left=seen.left, pause_seconds=seen.pause, because=seen.because))
    return found


def _yt_dlp(worker: str, version: str) -> YtDlpStatus:
    age = ytdlp.age(version)
    state: Literal["fine", "old", "too_old", "unknown"] = "fine"
    if age is None:
        state = "unknown"
    elif age > ytdlp.FAIL_DAYS:
        state = "too_old"
    elif age > ytdlp.WARN_DAYS:
        state = "old"
    return YtDlpStatus(worker=worker, version=version, age_days=age, state=state)


def shown(settings: Settings) -> list[SettingShown]:
    """Those that bear upon YouTube and the disk. Of the proxy only whether there is one: its address may hold a password."""
    values = {
        "videos_per_hour": f"{settings.videos_per_hour:g}" if settings.videos_per_hour else "no limit",
        "downloads_at_once": str(settings.downloads_at_once or "no limit"),
        "captions_pause": words.span(settings.captions_pause) if settings.captions_pause else "never",
        "cookies": settings.cookies,
        "proxy": "set" if settings.proxy else "none",
        "extra_ca": "set" if settings.extra_ca else "none",
        "max_duration": words.span(settings.max_duration),
        "max_upload": words.size(settings.max_upload),
        "fetch_timeout": words.span(settings.fetch_timeout),
        "media_quota": words.size(settings.media_quota) if settings.media_quota else "no limit",
        "keep_media": "yes" if settings.keep_media else "no",
    }
    return [SettingShown(name=f"NUTSHELL_{name.upper()}", value=value, note=(Settings.model_fields[name].description or "").split(". ")[0].rstrip(".")) for name, value in values.items()]


# ---------------------------------------------------------------- in words, for the page


QUEUES = {"fetch": N_("Looking at videos"), "bulk": N_("Lists and downloads"), "speech": N_("Listening"), "gist": N_("Finding the gist"), "text": N_("Summaries and search")}
PARTS = {"database": N_("Database"), "broker": N_("Queue"), "lm": N_("Language model"), "embed": N_("Search by meaning")}


def youtube_line(asking: AskingStatus) -> str:
    """How one of the two stands with YouTube."""
    who = gettext("As a guest") if asking.who == "guest" else gettext("As the account")
    if asking.pause_seconds is not None:
        again = say("again in %(time)s", time=words.span(asking.pause_seconds)) if asking.pause_seconds else gettext("the next video asks for all")
        reason = CODES[asking.because].sentence if asking.because in CODES else "YouTube refused."
        return say("%(who)s: waiting, %(again)s.", who=who, again=again) + f" {reason}"
    asked = count("%(number)s video in the last hour", "%(number)s videos in the last hour", asking.asked)
    more = "" if asking.left is None else say("%(left)s more at once", left=asking.left)
    return f"{who}: {', '.join(part for part in (asked, more) if part)}."


def cookies_lines(kept: account.Kept | None) -> tuple[tuple[str, str], ...]:
    return account.sentences(kept) if kept else ()
