"""A library of a million moments: how long a search takes, and how many of the truly nearest it finds. Targets: p95 <= 50 ms, recall@10 >= 0.95, none lost by a filter.

Run: python -m tests.benchmarks search   (MOMENTS=100000 for fewer; FOLDER=… keeps the library there and uses it again)

Texts are made of real sentences (of meetings where ../shared/data is, of our own talks elsewhere), TEXTS of them, each used for several moments. Vectors are mixtures of
two real ones with noise, about as near to one another as moments of one talk are. Everything else is the product: its migrations, its indexes, `hybrid`.
"""

import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from pgvector import HalfVector
from pgvector.psycopg import register_vector
from sqlalchemy import text

from pipeline.config import Settings
from pipeline.language.generator import open_embedder
from pipeline.store.database import Database
from pipeline.store.search import hybrid
from pipeline.training.meetings import load
from pipeline.types import Scope
from tests.conftest import DATA
from tests.standin.talks import load_talk
from workers.embedded import embedded

MOMENTS = int(os.environ.get("MOMENTS", "1000000"))
TEXTS = 50_000
REAL = 600
"""Texts that are really embedded."""
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
    with embedded(home) as (url, _):
        db = Database(url)
        sentences, real = _real(home)
        with db.session() as s:
            there = s.execute(text("SELECT count(*) FROM chunks")).scalar_one()
        if there != MOMENTS:
            _build(db, sentences, real)
        _measure(db, real)
        db.dispose()


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _real(home: Path) -> tuple[list[str], np.ndarray]:
    """Sentences, and unit vectors of REAL texts made of them."""
    meetings = DATA / "summ" / "qmsum" / "train"
    if meetings.is_dir():
        sentences = [sentence.text for meeting in load(meetings, 40) for sentence in meeting.sentences]
    else:
        sentences = [cue[2] for name in ("short", "medium", "long") for cue in load_talk(name).cues]
    kept = home / "real.npy"
    if not kept.exists():
        embedder = open_embedder(Settings(home=home), in_process=True)
        starts = np.linspace(0, len(sentences) - 6, REAL).astype(int)
        np.save(kept, embedder.passages([" ".join(sentences[i : i + 5]) for i in starts]))
        embedder.close()
    return sentences, np.load(kept)


def _near(real: np.ndarray, count: int) -> np.ndarray:
    one, other = real[RANDOM.integers(0, len(real), count)], real[RANDOM.integers(0, len(real), count)]
    share = RANDOM.uniform(0.5, 1.0, (count, 1)).astype(np.float32)
    noise = RANDOM.normal(size=(count, real.shape[1])).astype(np.float32) * (0.25 / np.sqrt(real.shape[1]))
    rows = share * one + (1 - share) * other + noise
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def _timed(name: str, step: Callable[[], Any]) -> None:
    began = time.monotonic()
    step()
    _say(f"{name:<34} {time.monotonic() - began:8.1f} s")


def _build(db: Database, sentences: list[str], real: np.ndarray) -> None:
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
        _timed(f"{MOMENTS:,} rows", lambda: _rows(con, real))
        _timed("index of words", lambda: con.execute("CREATE INDEX ix_chunks_words ON chunks USING gin (words)"))
        con.execute("CREATE INDEX ix_chunks_language ON chunks (language)")
        con.execute("CREATE INDEX ix_chunks_video_id ON chunks (video_id)")
        hnsw = "CREATE INDEX ix_chunks_vector ON chunks USING hnsw (vector halfvec_ip_ops) WITH (m = 16, ef_construction = 64)"
        _timed("index of vectors", lambda: con.execute(hnsw))
        _timed("statistics", lambda: con.execute("VACUUM ANALYZE chunks"))


def _texts(con: Any, sentences: list[str]) -> None:
    con.execute("CREATE UNLOGGED TABLE texts (n int PRIMARY KEY, text text, words tsvector)")
    con.execute("CREATE UNLOGGED TABLE raw (n int, text text)")
    with con.cursor().copy("COPY raw FROM STDIN") as copy:
        for n in range(TEXTS):
            at = RANDOM.integers(0, len(sentences) - 3, 3)
            copy.write_row((n, " ".join(sentence for i in at for sentence in sentences[i : i + 2])))
    con.execute("INSERT INTO texts SELECT n, text, to_tsvector('english', text) || to_tsvector('simple', text) FROM raw")
    con.execute("DROP TABLE raw")


def _rows(con: Any, real: np.ndarray) -> None:
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
            for n, row in enumerate(_near(real, min(10_000, MOMENTS - first)).astype(np.float16), first):
                copy.write_row((n, HalfVector(row)))
    con.execute(
        'INSERT INTO chunks (video_id, transcript_id, "index", start, "end", first, last, text, language, words, vector) '
        "SELECT t.video_id, t.id, v.n %% %s, v.n %% %s * 45, v.n %% %s * 45 + 45, v.n %% %s, v.n %% %s, x.text, 'en', x.words, v.vector "
        "FROM vectors v JOIN transcripts t ON t.video_id = 'v' || v.n / %s JOIN texts x ON x.n = (v.n * 7919::bigint) %% %s ORDER BY v.n",
        (PER_VIDEO,) * 6 + (TEXTS,),
    )
    con.execute("DROP TABLE vectors")
    con.execute("DROP TABLE texts")


def _asked(db: Database, real: np.ndarray) -> list[tuple[str, np.ndarray]]:
    """Questions of three to eight words of a real text, with vectors near those of moments."""
    with db.session() as s:
        texts = list(s.execute(text("SELECT text FROM chunks TABLESAMPLE SYSTEM (0.5) LIMIT :n"), {"n": QUERIES}).scalars())
    picked = [[RANDOM.choice(words) for _ in range(RANDOM.integers(3, 9))] for words in ([w for w in t.split() if w.isalpha()] or ["talk"] for t in texts)]
    return list(zip((" ".join(words) for words in picked), _near(real, len(picked)), strict=True))


def _measure(db: Database, real: np.ndarray) -> None:
    asked = _asked(db, real)
    with db.session() as s:
        everything = s.execute(text("SELECT pg_size_pretty(pg_total_relation_size('chunks'))")).scalar_one()
        vectors = s.execute(text("SELECT pg_size_pretty(pg_relation_size('ix_chunks_vector'))")).scalar_one()
        words = s.execute(text("SELECT pg_size_pretty(pg_relation_size('ix_chunks_words'))")).scalar_one()
    _say(f"on disk {everything}; of it the index of vectors {vectors}, of words {words}")
    for scope, name in ((Scope(), "all"), (Scope(channel="rare"), "a rare channel"), (Scope(channel="channel 7"), "2 % of the videos")):
        _scoped(db, asked, scope, name)
    _say(f"this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


def _scoped(db: Database, asked: list[tuple[str, np.ndarray]], scope: Scope, name: str) -> None:
    both, recalls = [], []
    for number, (words, vector) in enumerate(asked):
        with db.session() as s:
            began = time.monotonic()
            hybrid(s, words, vector, scope=scope)
            both.append(1000 * (time.monotonic() - began))
            if number < 50:
                found = {(hit.video_id, hit.start) for hit in hybrid(s, "", vector, limit=10, scope=scope)}
                recalls.append(len(found & _nearest(s, vector, scope)) / 10)
    both = both[5:]
    _say(f"{name:<20} p50 {np.percentile(both, 50):6.1f} ms   p95 {np.percentile(both, 95):6.1f} ms   recall@10 {np.mean(recalls):.3f}")


def _nearest(s: Any, vector: np.ndarray, scope: Scope) -> set[tuple[str, float]]:
    """By comparing all."""
    where = "WHERE video_id IN (SELECT id FROM videos WHERE channel = :channel)" if scope.channel else ""
    query = text(f"SELECT video_id, start FROM chunks {where} ORDER BY (vector <#> CAST(:vector AS halfvec)) + 0 LIMIT 10")
    return {(row[0], row[1]) for row in s.execute(query, {"vector": str(vector.tolist()), "channel": scope.channel})}
