"""The product as a person meets it: seconds from pasting to gist and to everything, answers while it works, memory of its processes.

Run: python -m tests.benchmarks product. It starts `nutshell up` in a temporary data folder against the loopback YouTube. The figures are of one machine in one
run; beside each stands what this product has to reach on two cores.
"""

import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import av
import httpx2
import psutil

from tests.browser.product import product
from tests.standin import StandIn
from tests.standin.conditions import PLAYLISTS, all_videos
from tests.standin.synthetic import coast_talk
from tests.standin.talks import Talk, load_talk
from tests.standin.videos import manual, talk_video
from tests.standin.world import World

HOUR = "talkHour001"
THREE_HOURS = "talkHours3x"
ANOTHER_HOUR = "talkHour002"
TEN_MINUTES = "talkTenMin1"
SEARCHES = 20


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="nutshell-") as home, StandIn(world(Path(home))) as standin:
        with product(standin, Path(home)) as address:
            client = httpx2.Client(base_url=address, timeout=60, trust_env=False)
            row("an hour with captions, the first link after a start", client, HOUR, limits=(5.0, 60.0))
            row("another", client, ANOTHER_HOUR, limits=(5.0, 60.0))
            under_load(client)
            row("ten minutes without captions", client, TEN_MINUTES, limits=(60.0, 60.0))
            memory(home)
        began = time.monotonic()
        with product(standin, Path(home)):
            say(f"second start to ready: {time.monotonic() - began:.1f} s (at most 15)")


def world(home: Path) -> World:
    ten = shortened(load_talk("long"), 600.0, home / "ten.webm")
    another = coast_talk("coast2", 3600.0, seed=2)
    return World([*all_videos(), talk_video(TEN_MINUTES, ten), talk_video(ANOTHER_HOUR, another, manual(another))], PLAYLISTS)


def shortened(talk: Talk, seconds: float, path: Path) -> Talk:
    """The beginning of a talk as a talk; its sound is written to `path`."""
    with av.open(str(talk.files[251])) as source, av.open(str(path), "w", format="webm") as target:
        stream = target.add_stream_from_template(source.streams.audio[0])
        for packet in source.demux(audio=0):
            if packet.pts is not None and float(packet.pts * packet.time_base) < seconds:
                packet.stream = stream
                target.mux(packet)
    kept = tuple((at, title) for at, title in talk.chapters if at < seconds)
    return replace(talk, duration=seconds, chapters=kept, files={251: path})


def timed_job(client: httpx2.Client, video: str) -> dict[str, float]:
    """Seconds from the paste until the gist is on the page ("shown"), and until each stage was done."""
    began = time.monotonic()
    job = submit(client, video)
    happened: dict[str, float] = {}

    def look() -> bool:
        state = client.get(f"/api/v1/jobs/{job}").raise_for_status().json()
        if client.get(f"/api/v1/videos/{video}").json()["gist"]:
            happened.setdefault("shown", time.monotonic() - began)
        for stage in state["stages"]:
            if stage["state"] == "done":
                happened.setdefault(stage["name"], time.monotonic() - began)
        return is_done(state)

    wait(look)
    return happened


def submit(client: httpx2.Client, video: str) -> int:
    accepted = client.post("/api/v1/jobs", json={"url": f"https://youtu.be/{video}"}).raise_for_status().json()
    return int(accepted["job_id"])


def is_done(job: dict[str, str]) -> bool:
    if job["state"] in ("failed", "cancelled"):
        raise SystemExit(f"{job['video_id']}: {job['headline']}")
    return job["state"] == "done"


def wait(happened: Callable[[], object], seconds: float = 900) -> float:
    deadline = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > deadline:
            raise SystemExit("gave up waiting")
        time.sleep(0.2)
    return time.monotonic()


def under_load(client: httpx2.Client) -> None:
    """Searches and a question while three hours are being summarised."""
    job = submit(client, THREE_HOURS)
    began = time.monotonic()
    wait(lambda: client.get(f"/api/v1/videos/{THREE_HOURS}").json()["gist"])
    took = []
    for number in range(SEARCHES):
        began = time.monotonic()
        client.get("/api/v1/search", params={"q": f"how does it work {number}"}).raise_for_status()
        took.append(time.monotonic() - began)
    took.sort()
    say(
        f"search while summarising three hours: median {took[len(took) // 2] * 1000:.0f} ms, worst of {SEARCHES} {took[-1] * 1000:.0f} ms (at most 300)"
    )
    firsts = [first_words(client) for _ in range(5)]
    say(f"first words of an answer meanwhile: median {sorted(firsts)[2]:.1f} s, worst of 5 {max(firsts):.1f} s (at most 5)")
    if is_done(client.get(f"/api/v1/jobs/{job}").json()):
        say("… but the three hours were done before the questions were")
    wait(lambda: is_done(client.get(f"/api/v1/jobs/{job}").json()))
    say(f"three hours with captions: everything after {time.monotonic() - began:.0f} s")


def first_words(client: httpx2.Client) -> float:
    began = time.monotonic()
    headers = {"Accept": "text/event-stream"}
    with client.stream("POST", "/api/v1/ask", json={"question": "What is the main idea?", "video": HOUR}, headers=headers) as answer:
        answer.raise_for_status()
        for line in answer.iter_lines():
            if line.startswith("data:") and json.loads(line.removeprefix("data:")):
                break
    return time.monotonic() - began


def memory(home: str) -> None:
    """Resident memory of each process, children included, largest first."""
    every = psutil.process_iter(["cmdline", "memory_info", "environ"])
    ours = [process.info for process in every if (process.info["environ"] or {}).get("PART_OF_NUTSHELL") == home]
    rows = [(info["memory_info"].rss / 1e6, " ".join(info["cmdline"] or [])) for info in ours]
    for rss, command in sorted(rows, reverse=True)[:12]:
        say(f"{rss:6.0f} MB  {command[-110:]}")


def row(what: str, client: httpx2.Client, video: str, *, limits: tuple[float, float]) -> None:
    happened = timed_job(client, video)
    shown = happened.pop("shown")
    say(f"{what}: gist after {shown:.1f} s (at most {limits[0]:.0f}), everything after {max(happened.values()):.1f} s (at most {limits[1]:.0f})")
    say("  stages done after: " + ", ".join(f"{name} {seconds:.1f} s" for name, seconds in happened.items()))


def say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    main()
