"""A playlist is imported while things go wrong: workers are killed, Valkey is restarted, YouTube refuses; and somebody pastes a link in the middle.

Used by a test with few items, and by `python -m tests.benchmarks import` with five hundred.
"""

import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import redis
from sqlalchemy import func, select, update

from pipeline import manners
from pipeline.config import Settings
from pipeline.jobs import State
from pipeline.store.database import Database, database_url
from pipeline.store.tables import JobRow, Outcome, StageRow, StageRunRow
from tests.browser.product import product
from tests.standin import StandIn
from tests.standin.conditions import all_videos
from tests.standin.lists import Playlist
from tests.standin.server import Response
from tests.standin.talks import load_talk
from tests.standin.videos import manual, talk_video
from tests.standin.world import World
from workers.processes import PROGRAMS
from workers.supervision import Supervisor

LIST = "PLstandinMany"
PASTES = 3
"""Links pasted while nothing else is done, and as many in the middle of the import."""
Say = Callable[[str], None]


@dataclass(slots=True)
class Outcomes:
    """What the import came to."""

    counts: dict[str, int] = field(default_factory=dict)
    """Items by state."""
    done_twice: int = 0
    """Stages that ended well more than once."""
    jobs_of_an_item: Counter[int] = field(default_factory=Counter)
    """How many items have so many jobs."""
    waited_for_youtube: int = 0
    """Items that were told to wait when YouTube refused."""
    failed: int = 0
    idle: list[float] = field(default_factory=list)
    """Seconds from the paste to the gist on the page, with nothing else to do."""
    busy: list[float] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        """Of the medians."""
        return sorted(self.busy)[len(self.busy) // 2] / sorted(self.idle)[len(self.idle) // 2]


class Import:
    def __init__(self, address: str, settings: Settings, standin: StandIn, items: int, pastes: int, say: Say) -> None:
        self.client = httpx2.Client(base_url=address, timeout=60, trust_env=False)
        self.settings = settings
        self.standin = standin
        self.items = items
        self.pastes = pastes
        self.say = say
        self.db = Database(database_url(settings), patience=60.0, pool_size=2)
        self.supervisor = Supervisor(settings, PROGRAMS)
        self.list_id = 0
        self.outcomes = Outcomes()
        self.pasted = 0

    def run(self) -> Outcomes:
        self.read()
        self.outcomes.idle = [self.paste() for _ in range(self.pastes)]
        self.client.post(f"/api/v1/lists/{self.list_id}/choose", json={"first": self.items}).raise_for_status()
        self.until(0.05)  # a window of jobs further on everything is fetched already
        self.refuse()
        self.until(0.15)
        self.kill("worker-bulk", signal.SIGKILL)
        self.until(0.3)
        self.outcomes.busy = [self.paste() for _ in range(self.pastes)]
        self.kill("worker-text", signal.SIGKILL)
        self.until(0.45)
        self.kill("valkey", signal.SIGTERM)
        self.until(1.0)
        self.judge()
        return self.outcomes

    def read(self) -> None:
        found = self.client.post("/api/v1/lists", json={"url": f"https://www.youtube.com/playlist?list={LIST}"}).raise_for_status().json()
        self.list_id = found["id"]
        self.wait(lambda: self.state()["complete"], "the list is read")

    def state(self) -> dict[str, Any]:
        return dict(self.client.get(f"/api/v1/lists/{self.list_id}").raise_for_status().json())

    def until(self, share: float) -> None:
        """This part of the items is done."""
        self.wait(lambda: self.state()["counts"].get("done", 0) >= share * self.items, f"{share:.0%} of the items")
        self.say(f"{share:.0%} done")

    def kill(self, name: str, how: signal.Signals) -> None:
        pid = self.supervisor._call("getProcessInfo", name)["pid"]
        os.kill(pid, how)
        self.say(f"{how.name} to {name}")

    def paste(self) -> float:
        """Seconds until the gist of a talk of some minutes is there. Its job goes on; the next paste waits for its end."""
        video = paste_id(self.pasted)
        self.pasted += 1
        began = time.monotonic()
        job = self.client.post("/api/v1/jobs", json={"url": f"https://youtu.be/{video}"}).raise_for_status().json()["job_id"]
        self.wait(lambda: self.client.get(f"/api/v1/videos/{video}").json().get("gist"), "the gist of what was pasted")
        took = time.monotonic() - began
        self.wait(lambda: self.client.get(f"/api/v1/jobs/{job}").json()["state"] == "done", "what was pasted")
        self.say(f"pasted: gist after {took:.1f} s, everything after {time.monotonic() - began:.1f} s")
        return took

    def refuse(self) -> None:
        """YouTube limits this server; everybody waits. Then the pause is over at once, which a person would have to wait for."""
        fault = self.standin.fault(r"/watch\?|/youtubei/v1/player", Response("Too many requests", 429))
        self.wait(lambda: self.waiting() > 0, "the breaker opens")
        self.wait(lambda: not self.fetching(), "nobody asks YouTube any more")
        self.outcomes.waited_for_youtube = self.waiting()
        self.say(f"YouTube refuses: {self.outcomes.waited_for_youtube} videos wait for it")
        self.standin.faults.remove(fault)
        client = redis.Redis(unix_socket_path=str(self.settings.valkey_socket))
        for key in client.scan_iter(f"{manners.PREFIX}*:breaker"):
            client.hset(key, "until", "1")
        with self.db.session() as s:
            s.execute(update(StageRow).where(StageRow.state == State.WAITING).values(not_before=func.clock_timestamp()))

    def waiting(self) -> int:
        with self.db.session() as s:
            codes = ("youtube_pause", "rate_limited")
            query = select(func.count()).select_from(StageRow).where(StageRow.state == State.WAITING, StageRow.error_code.in_(codes))
            return s.execute(query).scalar_one()

    def fetching(self) -> int:
        """Fetches that run, or could."""
        with self.db.session() as s:
            due = (StageRow.state == State.WAITING) & (StageRow.not_before <= func.clock_timestamp())
            query = select(func.count()).select_from(StageRow).where(StageRow.name == "fetch", due | (StageRow.state == State.RUNNING))
            return s.execute(query).scalar_one()

    def judge(self) -> None:
        self.outcomes.counts = self.state()["counts"]
        with self.db.session() as s:
            done = select(StageRunRow.stage_id).where(StageRunRow.outcome == Outcome.DONE).group_by(StageRunRow.stage_id).having(func.count() > 1)
            self.outcomes.done_twice = len(s.execute(done).all())
            per_item = select(JobRow.video_id, func.count()).where(JobRow.video_id.like("stItem%")).group_by(JobRow.video_id)
            self.outcomes.jobs_of_an_item = Counter(number for _, number in s.execute(per_item))
            failed = select(func.count()).select_from(JobRow).where(JobRow.state.in_((State.FAILED, State.CANCELLED)))
            self.outcomes.failed = s.execute(failed).scalar_one()

    def wait(self, happened: Callable[[], object], what: str, seconds: float = 3600.0) -> None:
        """The limit is for what never comes."""
        end = time.monotonic() + seconds
        while not happened():
            if time.monotonic() > end:
                raise AssertionError(f"never: {what}; {self.state()['counts']}")
            time.sleep(0.2)


def paste_id(number: int) -> str:
    return f"pasted{number:05d}"


@contextmanager
def importing(items: int, home: Path, say: Say, models: Path | None = None, pastes: int = PASTES) -> Iterator[Import]:
    """The product, with a playlist of a few more items than are wanted, since some of them cannot be watched."""
    talk = load_talk("medium")
    pasted = [talk_video(paste_id(number), talk, manual(talk)) for number in range(2 * pastes)]
    everything = Playlist("Many", tuple(f"stItem{number:05d}" for number in range(items + items // 20 + 10)))
    if models:
        (home / "models").symlink_to(models)
    with StandIn(World([*all_videos(), *pasted], {LIST: everything})) as standin, product(standin, home) as address:
        yield Import(address, Settings(home=home), standin, items, pastes, say)
