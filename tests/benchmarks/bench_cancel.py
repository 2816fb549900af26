"""Seconds from a cancel to the moment at which the worker is free, in every stage; at most 2 on an idle machine.

Run: python -m tests.benchmarks cancel
"""

import sys
import tempfile
from pathlib import Path

from pipeline.config import Settings
from pipeline.store.database import Database
from tests.integration.jobs import cancelling
from tests.integration.store.fresh import clear
from tests.standin import StandIn, default_world
from workers.embedded import embedded
from workers.prepare import prepare_models

MOST = 2.0
TIMES = 3


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="nutshell-") as folder, StandIn(default_world()) as standin, embedded(Path(folder)) as (url, broker_url):
        settings = Settings(
            home=Path(folder), database_url=url, broker_url=broker_url, proxy=standin.proxy, extra_ca=str(standin.ca_file), videos_per_hour=0,
        )  # fmt: skip
        prepare_models(settings, lambda line: sys.stderr.write(line + "\n"))
        db = Database(url, pool_size=16)
        with cancelling.place(settings, db, standin) as place:
            for case in cancelling.CASES:
                taken = []
                for _ in range(TIMES):
                    clear(db)
                    outcome = cancelling.cancelled_in(place, case)
                    taken.append(outcome.seconds if outcome.ended in ("cancelled", "lease_lost") else float("nan"))
                worst = max(taken)
                sys.stdout.write(f"{case.name:<32} {' '.join(f'{seconds:5.2f}' for seconds in taken)} s  {'ok' if worst <= MOST else 'OVER'}\n")
                sys.stdout.flush()
        db.dispose()
