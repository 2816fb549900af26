"""Five hundred items of a playlist, with two workers killed, Valkey restarted and YouTube refusing for a while; and links pasted meanwhile.

Run: python -m tests.benchmarks import. BENCH_ITEMS: how many items, 500 by default, which takes half an hour on two cores.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

from tests.integration.jobs.big_import import importing


def main() -> None:
    items = int(os.environ.get("BENCH_ITEMS", "500"))
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="nutshell-") as home, importing(items, Path(home), say) as made:
        found = made.run()
    say(f"{items} items after {time.monotonic() - began:.0f} s: {found.counts}; failed or cancelled: {found.failed}")
    say(f"stages done twice: {found.done_twice}; items by their number of jobs: {dict(found.jobs_of_an_item)}")
    say(f"videos that waited for YouTube: {found.waited_for_youtube}")
    say(f"a link pasted meanwhile: gist after {median(found.busy):.1f} s, with nothing else to do {median(found.idle):.1f} s: {found.ratio:.2f} times (at most 1.5)")


def median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
