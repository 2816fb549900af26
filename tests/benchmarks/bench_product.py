"""The product as a person meets it: seconds from pasting to gist and to everything, answers while it works, memory of its processes.

Run: python -m tests.benchmarks product. It starts `nutshell up` in a temporary data folder against the loopback YouTube. The figures are of one machine in one
run; beside each stands what this product has to reach on two cores.
"""

import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import httpx2
import psutil

from tests.browser.product import product
from tests.standin import StandIn, default_world

HOUR = "talkHour001"
THREE_HOURS = "talkHours3x"
TWENTY_MINUTES = "talkLongNoC"
SEARCHES = 20


def main() -> None:
    with StandIn(default_world()) as standin, tempfile.TemporaryDirectory(prefix="nutshell-") as home:
        with product(standin, Path(home)) as address:
            client = httpx2.Client(base_url=address, timeout=60, trust_env=False)
            row("captioned hour: gist after", *timed_job(client, HOUR), limits=(5.0, 60.0))
            under_load(client)
            row("twenty minutes without captions: gist after", *timed_job(client, TWENTY_MINUTES), limits=(120.0, 120.0))
            memory(home)
        began = time.monotonic()
        with product(standin, Path(home)):
            say(f"second start to ready: {time.monotonic() - began:.1f} s (at most 15)")


def timed_job(client: httpx2.Client, video: str) -> tuple[float, float]:
    """Seconds from the paste until the gist is on the page, and until everything is done."""
    began = time.monotonic()
    client.post("/api/v1/jobs", json={"url": f"https://youtu.be/{video}"}).raise_for_status()
    gist = wait(lambda: client.get(f"/api/v1/videos/{video}").json()["gist"]) - began
    done = wait(lambda: finished(client, video)) - began
    return gist, done


def finished(client: httpx2.Client, video: str) -> bool:
    job = client.get(f"/api/v1/videos/{video}").json()["jobs"][0]
    if job["state"] in ("failed", "cancelled"):
        raise SystemExit(f"{video}: {job['headline']}")
    return bool(job["state"] == "done")


def wait(happened: Callable[[], object], seconds: float = 900) -> float:
    deadline = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > deadline:
            raise SystemExit("gave up waiting")
        time.sleep(0.2)
    return time.monotonic()


def under_load(client: httpx2.Client) -> None:
    """Searches and a question while three hours are being summarised."""
    client.post("/api/v1/jobs", json={"url": f"https://youtu.be/{THREE_HOURS}"}).raise_for_status()
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
    if finished(client, THREE_HOURS):
        say("… but the three hours were done before the questions were")
    wait(lambda: finished(client, THREE_HOURS))


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


def row(what: str, gist: float, done: float, *, limits: tuple[float, float]) -> None:
    say(f"{what} {gist:.1f} s (at most {limits[0]:.0f}), everything after {done:.1f} s (at most {limits[1]:.0f})")


def say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    main()
