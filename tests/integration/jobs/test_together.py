"""Many at once: pastes, claims, and a zombie."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any, TypeVar

import numpy as np
import pytest
from sqlalchemy import event, text
from sqlalchemy.orm import Session

from pipeline.errors import LeaseLost
from pipeline.jobs import Queue
from pipeline.store import jobs, media, renditions, transcripts, translations, videos
from pipeline.store.database import Database
from pipeline.store.jobs import Claim
from pipeline.store.media import Media
from pipeline.store.renditions import Key
from pipeline.store.translations import TranslationKey
from pipeline.types import Chapter, Chunk, Citation, Length, Origin, Point, Segment, Sentence, Summary, Transcript, Video
from tests.integration.jobs.helpers import STAGES, claim, expire, finish, paste, reap, runs

T = TypeVar("T")


def together(number: int, work: Callable[[int], T]) -> list[T]:
    """`work(0)` … `work(number - 1)` in threads that start at the same moment."""
    barrier = Barrier(number)

    def one(index: int) -> T:
        barrier.wait(30)
        return work(index)

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(one, range(number)))


def test_thirty_two_pastes_of_one_video_are_one_video_and_one_job(db: Database) -> None:
    found = together(32, lambda _: paste(db, "same"))

    assert len({pasted.job_id for pasted in found}) == 1
    assert Counter(pasted.created for pasted in found) == {True: 1, False: 31}
    with db.session() as s:
        assert len(videos.list_videos(s)) == 1
        assert len(jobs.jobs_of(s, "same")) == 1
        assert jobs.counts(s).stages[Queue.FETCH, jobs.get_job(s, found[0].job_id).state] == 1  # type: ignore[union-attr]


def test_other_options_are_another_job(db: Database) -> None:
    ids = {paste(db, "same", options={"language": language}).job_id for language in ("en", "es", "en")}

    assert len(ids) == 2


def test_joining_moves_a_job_forward_and_never_back(db: Database) -> None:
    late = paste(db, "late", priority=jobs.BATCH)
    early = paste(db, "early", priority=jobs.BATCH)
    assert paste(db, "early", priority=jobs.INTERACTIVE).job_id == early.job_id
    assert paste(db, "early", priority=jobs.BATCH).job_id == early.job_id

    with db.session() as s:
        order = [hint.stage_id for hint in jobs.due(s, Queue.FETCH)]
    assert order == [early.first_stage_id, late.first_stage_id]


def test_a_paste_that_races_with_the_end_of_the_job_gets_one_of_the_two(db: Database) -> None:
    for turn in range(10):
        pasted = paste(db, f"v{turn}", stages=STAGES[:1])
        held = claim(db, pasted.first_stage_id)
        again, _ = together(2, lambda index: paste(db, f"v{turn}", stages=STAGES[:1]) if index == 0 else finish(db, held))  # noqa: B023
        assert again.created == (again.job_id != pasted.job_id)


def test_eight_claimers_share_two_hundred_stages_and_take_none_twice(db: Database) -> None:
    for number in range(200):
        paste(db, f"v{number}", stages=STAGES[:1])

    def take(index: int) -> list[int]:
        taken: list[int] = []
        while True:
            with db.session() as s:
                held = jobs.claim_next(s, Queue.FETCH, f"w{index}")
            if held is None:
                return taken
            taken.append(held.stage_id)
            finish(db, held)

    shares = together(8, take)

    everything = [stage_id for share in shares for stage_id in share]
    assert len(everything) == len(set(everything)) == 200
    assert all(outcome == "done" and attempt == 1 for _, attempt, outcome in runs(db))


def test_one_stage_has_one_taker(db: Database) -> None:
    for turn in range(10):
        stage_id = paste(db, f"v{turn}").first_stage_id

        def take(index: int, stage_id: int = stage_id) -> Claim | None:
            with db.session() as s:
                return jobs.claim(s, stage_id, f"w{index}")

        assert sum(found is not None for found in together(8, take)) == 1


POINT = Point("x", (Citation(0, 1, "x", 0),), "quote", 1.0)
KEY = Key("v", "h", "m", "1", Length.MEDIUM, "en")
TRANSLATION = TranslationKey("v", "transcript", "h", "m", "1", "es")
TRANSCRIPT = Transcript("en", Origin.FILE, None, (Segment(0, 1, "x"),))
WRITES: dict[str, Callable[[Session, Claim], object]] = {
    "video": lambda s, c: videos.save_video(s, Video("youtube:v", "", "overwritten", 1.0), fence=c.fence),
    "transcript": lambda s, c: transcripts.save_transcript(s, "v", TRANSCRIPT, fence=c.fence),
    "part": lambda s, c: transcripts.append_part(s, "v", Origin.SPEECH, "en", "m", [], 9.0, fence=c.fence),
    "seal": lambda s, c: transcripts.seal_parts(s, "v", Origin.SPEECH, fence=c.fence),
    "sentences": lambda s, c: transcripts.save_sentences(s, "v", [Sentence(0, 0, 1, "x")], fence=c.fence),
    "chunks": lambda s, c: transcripts.save_chunks(s, "v", [Chunk(0, 0, 1, "x", 0, 0)], np.eye(1, 384), "en", fence=c.fence),
    "gist": lambda s, c: renditions.save_gist(s, KEY, POINT, fence=c.fence),
    "chapters": lambda s, c: renditions.save_chapters(s, KEY, [Chapter(0, 1, "x")], fence=c.fence),
    "point": lambda s, c: renditions.save_point(s, KEY, POINT, fence=c.fence),
    "overview": lambda s, c: renditions.save_overview(s, KEY, [POINT], fence=c.fence),
    "summary": lambda s, c: renditions.save_summary(s, KEY, Summary("en", Length.MEDIUM, POINT, (), (), (), (), "m", "1"), fence=c.fence),
    "texts": lambda s, c: translations.save_texts(s, TRANSLATION, 0, ["x"], fence=c.fence),
    "translation": lambda s, c: translations.complete(s, TRANSLATION, fence=c.fence),
    "questions": lambda s, c: videos.save_questions(s, "v", ["Who?"], fence=c.fence),
    "media": lambda s, c: media.save_media(s, Media("v", "audio", "audio/v", "", "", 1), fence=c.fence),
    "finish": lambda s, c: jobs.finish(s, c),
}


@pytest.mark.parametrize("write", WRITES)
def test_a_zombie_can_write_nothing(db: Database, write: str) -> None:
    zombie = claim(db, paste(db).first_stage_id, "zombie")
    expire(db)
    reap(db)
    heir = claim(db, zombie.stage_id, "heir")

    with pytest.raises(LeaseLost), db.session() as s:
        WRITES[write](s, zombie)

    with db.session() as s:
        transcripts.append_part(s, "v", Origin.SPEECH, "en", "m", [], 1.0, fence=heir.fence)
        WRITES[write](s, heir)


def test_every_write_that_takes_a_fence_is_tried_by_the_zombie() -> None:
    import inspect

    takes = {
        (module.__name__, name)
        for module in (videos, transcripts, renditions, translations, media)
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__ and "fence" in inspect.signature(function).parameters
    }

    assert len(takes) == len(WRITES) - 1  # all but `finish`, which takes the claim


def test_a_claim_looks_at_one_index_however_many_wait(db: Database) -> None:
    statements: list[tuple[str, Any]] = []

    def keep(*call: Any) -> None:
        statements.append((call[2], call[3]))

    with db.session() as s:
        s.execute(
            text(
                "INSERT INTO videos (id, source_id, source_url, kind, title) SELECT g, g, '', 'youtube', '' FROM generate_series(1, 20000) g"
            )
        )
        s.execute(
            text(
                "INSERT INTO jobs (kind, video_id, options, options_hash, state, priority) SELECT 'tldr', id, '{}', 'h', 'waiting', 0 FROM videos"
            )
        )
        s.execute(
            text(
                "INSERT INTO stages (job_id, position, name, queue, state, ready, priority) SELECT id, 1, 'a', 'fetch', 'waiting', true, 0 FROM jobs"
            )
        )
        s.execute(text("ANALYZE stages"))
    event.listen(db.engine, "before_cursor_execute", keep)
    with db.session() as s:
        assert jobs.claim_next(s, Queue.FETCH, "w") is not None
    event.remove(db.engine, "before_cursor_execute", keep)
    statement, values = next(found for found in statements if found[0].lstrip().startswith("WITH"))

    with db.engine.connect() as connection:
        plan = "\n".join(row[0] for row in connection.exec_driver_sql("EXPLAIN " + statement, values))

    assert "Index Scan using ix_stages_due" in plan
    assert "Seq Scan" not in plan
    assert "Sort" not in plan
