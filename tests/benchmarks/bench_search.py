"""A library of a million moments: how long a search takes, and how many of the truly nearest it finds. Targets: p95 <= 50 ms, recall@10 >= 0.95, none lost by a filter.

Run: python -m tests.benchmarks search   (MOMENTS=100000 for fewer; FOLDER=… keeps the library there and uses it again)

Texts are made of real sentences (of meetings where ../shared/data is, of our own talks elsewhere), TEXTS of them, each used for several moments. A vector is drawn around a
real one, scattered as real neighbours are: it has about as many dimensions as they have, which is printed. Noise in all 384 directions, tried first, makes vectors that are
hardly nearer to one than to another, as no real ones are. Questions are real ones, and everything else is the product: its
migrations, its indexes, `hybrid`, `find`.
"""

import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pgvector import HalfVector
from pgvector.psycopg import register_vector
from sqlalchemy import text

from pipeline.config import Settings
from pipeline.language.generator import Embedder, open_embedder
from pipeline.language.usual import usual
from pipeline.library.search import find
from pipeline.store import vocabulary
from pipeline.store.database import Database
from pipeline.store.search import USUAL, hybrid
from pipeline.summary.chunks import cut
from pipeline.training.asking import OWN
from pipeline.training.kept import KeptVectors
from pipeline.training.meetings import load
from pipeline.types import Scope
from tests.conftest import DATA
from workers.embedded import embedded

MOMENTS = int(os.environ.get("MOMENTS", "1000000"))
TEXTS = 50_000
REAL = 3_000
"""Moments that are really embedded."""
AROUND = 20
"""Neighbours of a real one that say how others lie around it."""
FAR = 0.6
"""How far a made vector is from its real one, as a share of how far those neighbours are."""
MADE = 20_000
"""Made vectors whose dimensions are measured: several around each real one."""
PER_VIDEO = 100
RARE = 1000
"""One video in so many is of the rare channel."""
QUERIES = 200
RANDOM = np.random.default_rng(20)


def main() -> None:
    folder = os.environ.get("FOLDER")
    if folder:
        _measure_in(Path(folder))
        return
    with tempfile.TemporaryDirectory(prefix="nutshell-") as temporary:
        _measure_in(Path(temporary))


def _measure_in(home: Path) -> None:
    home.mkdir(exist_ok=True)
    embedder = open_embedder(Settings(home=home), in_process=True)
    real = _real(home, embedder)
    near = Near(real.vectors)
    _say(f"dimensions of {len(real.vectors)} real vectors {_dimensions(real.vectors):.1f}, of {MADE} made ones {_dimensions(near.draw(MADE)):.1f}")
    with embedded(home) as (url, _):
        db = Database(url)
        with db.session() as s:
            there = s.execute(text("SELECT count(*) FROM chunks")).scalar_one()
        if there != MOMENTS:
            _build(db, real.sentences, near)
            db.dispose()  # what was set for building goes with its connection
        _measure(db, real, embedder)
        db.dispose()
    embedder.close()


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


@dataclass(frozen=True, slots=True)
class Real:
    sentences: tuple[str, ...]
    vectors: np.ndarray
    """(n, 384), unit: of the moments of these sentences."""
    questions: tuple[str, ...]
    asked: np.ndarray
    """(n, 384): what the questions are searched by."""


def _real(home: Path, embedder: Embedder) -> Real:
    folder = DATA / "summ" / "qmsum" / "train"
    meetings = load(folder, 40) if folder.is_dir() else load(OWN)
    chunks = [chunk.text for meeting in meetings for chunk in cut(meeting.sentences)]
    chunks = [chunks[i] for i in np.unique(np.linspace(0, len(chunks) - 1, REAL).astype(int))]
    questions = [question.text for meeting in meetings for question in meeting.questions]
    questions = [questions[i] for i in np.unique(np.linspace(0, len(questions) - 1, QUERIES).astype(int))]
    kept = KeptVectors(embedder, home / "real.db")
    asked = [vector - USUAL * usual(question) for question, vector in zip(questions, kept.queries(questions), strict=True)]
    sentences = tuple(sentence.text for meeting in meetings for sentence in meeting.sentences)
    made = Real(sentences, np.asarray(kept.passages(chunks)), tuple(questions), np.stack(asked))
    kept.close()
    return made


class Near:
    """Draws vectors around real ones, scattered as real ones are around each other: the covariance of the differences between neighbours. The whole is as wide as the real."""

    def __init__(self, real: np.ndarray) -> None:
        beside = np.argsort(-(real @ real.T), axis=1, kind="stable")[:, 1 : AROUND + 1]
        apart = (real[:, None] - real[beside]).reshape(-1, real.shape[1])
        scatter = np.cov(apart.T) + 1e-9 * np.eye(real.shape[1])
        self._mixing = (FAR * np.linalg.cholesky(scatter).T).astype(np.float32)
        self._mean = real.mean(0)
        width = float(np.square(real - self._mean).sum(1).mean())
        self._centres = (real - self._mean) * np.sqrt(1 - FAR**2 * np.trace(scatter) / width)

    def draw(self, count: int) -> np.ndarray:
        """(count, 384), unit."""
        noise = RANDOM.normal(size=(count, len(self._mean))).astype(np.float32) @ self._mixing
        rows = self._mean + self._centres[RANDOM.integers(0, len(self._centres), count)] + noise
        unit: np.ndarray = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return unit


def _dimensions(rows: np.ndarray) -> float:
    """How many dimensions points have locally: TwoNN (Facco and others 2017), by how much farther the second neighbour is than the first."""
    nearest = np.concatenate([np.partition(some @ rows.T, -3, axis=1)[:, -3:] for some in np.array_split(rows, len(rows) // 500 + 1)])
    distances = np.sqrt(np.clip(2 - 2 * np.sort(nearest, axis=1)[:, :2], 1e-9, None))
    second, first = distances[:, 0], distances[:, 1]
    apart = first > 1e-3
    return float(apart.sum() / np.log(second[apart] / first[apart]).sum())


def _timed(name: str, step: Callable[[], Any]) -> None:
    began = time.monotonic()
    step()
    _say(f"{name:<34} {time.monotonic() - began:8.1f} s")


def _build(db: Database, sentences: Sequence[str], near: Near) -> None:
    with db.engine.connect() as connection:
        con = connection.connection.driver_connection
        assert con is not None
        con.autocommit = True
        register_vector(con)
        for line in (
            "SET statement_timeout = 0", "SET maintenance_work_mem = '3GB'", "SET max_parallel_maintenance_workers = 1", "SET idle_in_transaction_session_timeout = 0",
            "TRUNCATE videos CASCADE", "DROP INDEX ix_chunks_vector", "DROP INDEX ix_chunks_words", "DROP INDEX ix_chunks_language", "DROP INDEX ix_chunks_video_id",
        ):  # fmt: skip
            con.execute(line)
        _timed("texts", lambda: _texts(con, sentences))
        _timed(f"{MOMENTS:,} rows", lambda: _rows(con, near))
        _timed("index of words", lambda: con.execute("CREATE INDEX ix_chunks_words ON chunks USING gin (words)"))
        con.execute("CREATE INDEX ix_chunks_language ON chunks (language)")
        con.execute("CREATE INDEX ix_chunks_video_id ON chunks (video_id)")
        hnsw = "CREATE INDEX ix_chunks_vector ON chunks USING hnsw (vector halfvec_ip_ops) WITH (m = 24, ef_construction = 128)"
        _timed("index of vectors", lambda: con.execute(hnsw))
        _timed("statistics", lambda: con.execute("VACUUM ANALYZE chunks, sentences, videos, transcripts"))
    _timed("words that are there", lambda: _learn(db))


def _learn(db: Database) -> None:
    """From as many videos as have all the texts."""
    with db.session() as s:
        for transcript in s.execute(text("SELECT id FROM transcripts ORDER BY id LIMIT :n"), {"n": TEXTS // PER_VIDEO}).scalars().all():
            vocabulary.learn(s, transcript)


def _texts(con: Any, sentences: Sequence[str]) -> None:
    con.execute("CREATE UNLOGGED TABLE texts (n int PRIMARY KEY, text text, words tsvector)")
    con.execute("CREATE UNLOGGED TABLE raw (n int, text text)")
    with con.cursor().copy("COPY raw FROM STDIN") as copy:
        for n in range(TEXTS):
            at = RANDOM.integers(0, len(sentences) - 3, 3)
            copy.write_row((n, " ".join(sentence for i in at for sentence in sentences[i : i + 2])))
    con.execute("INSERT INTO texts SELECT n, text, to_tsvector('english', text) || to_tsvector('simple', text) FROM raw")
    con.execute("DROP TABLE raw")


def _rows(con: Any, near: Near) -> None:
    videos = MOMENTS // PER_VIDEO
    con.execute(
        "INSERT INTO videos (id, source_id, source_url, kind, title, channel, language) "
        "SELECT 'v' || n, 'file:' || n, '', 'transcript', 'Talk ' || n, CASE WHEN n %% %s = 0 THEN 'rare' ELSE 'channel ' || n %% 50 END, 'en' FROM generate_series(0, %s) n",
        (RARE, videos - 1),
    )
    con.execute("INSERT INTO transcripts (video_id, origin, language, hash, segments) SELECT id, 'file', 'en', id, '' FROM videos")
    con.execute("CREATE UNLOGGED TABLE vectors (n int, vector halfvec(384))")
    with con.cursor().copy("COPY vectors FROM STDIN WITH (FORMAT BINARY)") as copy:
        copy.set_types(["int4", "halfvec"])
        for first in range(0, MOMENTS, 10_000):
            for n, row in enumerate(near.draw(min(10_000, MOMENTS - first)).astype(np.float16), first):
                copy.write_row((n, HalfVector(row)))
    con.execute(
        'INSERT INTO chunks (video_id, transcript_id, "index", start, "end", first, last, text, language, words, vector) '
        "SELECT t.video_id, t.id, v.n %% %s, v.n %% %s * 45, v.n %% %s * 45 + 45, v.n %% %s, v.n %% %s, x.text, 'en', x.words, v.vector "
        "FROM vectors v JOIN transcripts t ON t.video_id = 'v' || v.n / %s JOIN texts x ON x.n = (v.n * 7919::bigint) %% %s ORDER BY v.n",
        (PER_VIDEO,) * 6 + (TEXTS,),
    )
    con.execute('INSERT INTO sentences (transcript_id, "index", start, "end", text) SELECT transcript_id, "index", start, "end", text FROM chunks')
    con.execute("DROP TABLE vectors")
    con.execute("DROP TABLE texts")


def _measure(db: Database, real: Real, embedder: Embedder) -> None:
    asked = list(zip(real.questions, real.asked, strict=True))
    with db.session() as s:
        everything = s.execute(text("SELECT pg_size_pretty(pg_total_relation_size('chunks'))")).scalar_one()
        vectors = s.execute(text("SELECT pg_size_pretty(pg_relation_size('ix_chunks_vector'))")).scalar_one()
        words = s.execute(text("SELECT pg_size_pretty(pg_relation_size('ix_chunks_words'))")).scalar_one()
    _say(f"on disk {everything}; of it the index of vectors {vectors}, of words {words}")
    _scoped(db, asked, Scope(), "all, for the first time")
    for scope, name in ((Scope(), "all"), (Scope(channel="rare"), "a rare channel"), (Scope(channel="channel 7"), "2 % of the videos")):
        _scoped(db, asked, scope, name)
    whole = [_whole(db, embedder, question) for question in real.questions][5:]
    _say(f"{'the page of hits':<26} p50 {np.percentile(whole, 50):6.1f} ms   p95 {np.percentile(whole, 95):6.1f} ms   (question embedded, titles, notes, answers, facets)")
    _say(f"this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


def _whole(db: Database, embedder: Embedder, question: str) -> float:
    """Milliseconds."""
    began = time.monotonic()
    find(db, embedder, question)
    return 1000 * (time.monotonic() - began)


def _scoped(db: Database, asked: list[tuple[str, np.ndarray]], scope: Scope, name: str) -> None:
    took = []
    for words, vector in asked:
        with db.session() as s:
            began = time.monotonic()
            hybrid(s, words, vector, scope=scope)
            took.append(1000 * (time.monotonic() - began))
    recalls = []
    for _, vector in asked:
        with db.session() as s:
            found = {(hit.video_id, hit.start) for hit in hybrid(s, "", vector, limit=10, scope=scope)}
            recalls.append(len(found & _nearest(s, vector, scope)) / 10)
    _say(f"{name:<26} p50 {np.percentile(took, 50):6.1f} ms   p95 {np.percentile(took, 95):6.1f} ms   recall@10 {np.mean(recalls):.3f}")


def _nearest(s: Any, vector: np.ndarray, scope: Scope) -> set[tuple[str, float]]:
    """By comparing all."""
    where = "WHERE video_id IN (SELECT id FROM videos WHERE channel = :channel)" if scope.channel else ""
    query = text(f"SELECT video_id, start FROM chunks {where} ORDER BY (vector <#> CAST(:vector AS halfvec)) + 0 LIMIT 10")
    return {(row[0], row[1]) for row in s.execute(query, {"vector": str(vector.tolist()), "channel": scope.channel})}
