"""A worker for one stage: `python -m tests.integration.jobs.one_stage DATABASE_URL`, the settings in the environment. Its end is the test's to choose."""

import sys

from pipeline import run
from pipeline.config import load
from pipeline.jobs import Queue
from pipeline.store import jobs
from pipeline.store.database import Database


def main() -> None:
    db = Database(sys.argv[1])
    with db.session() as s:
        claim = jobs.claim_next(s, Queue.BULK, "one")
    assert claim is not None
    run.run_stage(claim, db, load(), models=None)  # type: ignore[arg-type]
    with db.session() as s:
        jobs.finish(s, claim)


if __name__ == "__main__":
    main()
