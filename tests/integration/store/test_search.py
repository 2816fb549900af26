"""Moments by words and by meaning, over a few hundred synthetic ones whose neighbours are known."""

from typing import Any

import numpy as np
import pytest

from pipeline.store import collections, search, transcripts, videos
from pipeline.store.database import Database
from pipeline.store.typed import parse
from pipeline.types import Chunk, Origin, Scope, Segment, Sentence, Transcript, Video

RANDOM = np.random.default_rng(7)


def _unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=-1, keepdims=True)).astype(np.float32)


def _video(db: Database, name: str, texts: list[str], vectors: np.ndarray, language: str = "en") -> None:
    with db.session() as s:
        video_id = videos.ensure_video(s, f"youtube:{name}", "", "youtube", name)
        transcripts.save_transcript(s, video_id, Transcript(language, Origin.FILE, None, ()), fence=None)
        chunks = [Chunk(i, float(i), i + 1.0, text, i, i) for i, text in enumerate(texts)]
        transcripts.save_chunks(s, video_id, chunks, vectors, language, fence=None)


def _found(db: Database, text: str, vector: np.ndarray | None = None, **how: object) -> list[tuple[str, int | None]]:
    with db.session() as s:
        return [(hit.video_id, hit.sentence) for hit in search.hybrid(s, text, vector, **how)]  # type: ignore[arg-type]


@pytest.fixture(name="library")
def _library(db: Database) -> tuple[Database, np.ndarray]:
    """Ten videos with forty chunks each, in clusters as real talks are; the vectors in the order of video and chunk."""
    centres = RANDOM.normal(size=(20, 384))
    vectors = _unit(centres[RANDOM.integers(0, 20, 400)] + 0.6 * RANDOM.normal(size=(400, 384)))
    for number in range(10):
        part = slice(number * 40, number * 40 + 40)
        _video(db, f"v{number}", [f"moment {number * 40 + i}" for i in range(40)], vectors[part], "en" if number % 2 else "de")
    return db, vectors


@pytest.mark.parametrize("exact", [True, False])
def test_the_nearest_by_meaning_are_found(library: tuple[Database, np.ndarray], monkeypatch: pytest.MonkeyPatch, exact: bool) -> None:
    db, vectors = library
    if not exact:
        monkeypatch.setattr(search, "EXACT", 10)
    recalls = []
    for query in _unit(vectors[RANDOM.integers(0, 400, 20)] + 0.03 * RANDOM.normal(size=(20, 384))):
        near = np.argsort(-(vectors @ query))[:10]
        found = _found(db, "", query, limit=10)
        recalls.append(len({(f"v{i // 40}", int(i % 40)) for i in near} & set(found)) / 10)

    assert np.mean(recalls) >= (0.99 if exact else 0.95)  # exact but for the rounding of half precision


@pytest.mark.parametrize("exact", [True, False])
def test_a_filter_does_not_cost_hits(library: tuple[Database, np.ndarray], monkeypatch: pytest.MonkeyPatch, exact: bool) -> None:
    db, vectors = library
    if not exact:
        monkeypatch.setattr(search, "EXACT", 10)
    for number in range(10):
        found = _found(db, "", vectors[0], limit=10, video_id=f"v{number}")
        assert len(found) == 10
        assert {video for video, _ in found} == {f"v{number}"}
    assert {video for video, _ in _found(db, "", vectors[0], limit=100, languages=["de"])} <= {f"v{number}" for number in range(0, 10, 2)}


def test_the_large_path_asks_the_index(library: tuple[Database, np.ndarray]) -> None:
    from sqlalchemy import text

    db, _ = library
    with db.session() as s:
        s.execute(text("SET LOCAL enable_seqscan = off"))
        near = "[" + ",".join(["0.05"] * 384) + "]"
        plan = s.execute(text(f"EXPLAIN SELECT id FROM chunks ORDER BY vector <#> '{near}'::halfvec LIMIT 10")).scalars().all()
    assert any("ix_chunks_vector" in line for line in plan)


WORDS = {
    "bees": ["The bees were running home.", "Nothing about insects here.", "Honey is made by worker bees in the hive."],
    "perro": ["Los perros corrían por la playa.", "El gato duerme."],
    "zh": ["我们今天学习机器翻译的历史。", "猫在睡觉。"],
    "th": ["สวัสดีครับ วันนี้อากาศดี"],
}


@pytest.fixture(name="talks")
def _talks(db: Database) -> Database:
    for (name, texts), language in zip(WORDS.items(), ("en", "es", "zh", "th"), strict=True):
        _video(db, name, texts, _unit(RANDOM.normal(size=(len(texts), 384))), language)
    return db


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("run", ("bees", 0)),
        ("who makes honey?", ("bees", 2)),
        ('"worker bees"', ("bees", 2)),
        ("HIVE", ("bees", 2)),
        ("perro playa", ("perro", 0)),
        ("机器", ("zh", 0)),
        ("学习翻译", ("zh", 0)),
        ("อากาศ", ("th", 0)),
        ("bees -hive", ("bees", 0)),
    ],
)
def test_words_are_found_in_the_language_of_the_text(talks: Database, query: str, first: tuple[str, int]) -> None:
    assert _found(talks, query)[0] == first


@pytest.mark.parametrize("query", ["", " ", '"', "!!!", "&|():*<->\\'", "\x00", "the of and", "zzzz", "a" * 100_000, "' OR 1=1 --"])
def test_nothing_to_find_is_no_error(talks: Database, query: str) -> None:
    assert _found(talks, query) == []


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("hny", set()),  # three letters: every other word is one slip away
        ("honye", {("bees", 2)}),
        ("worcker", {("bees", 2)}),
        ("insekts", {("bees", 1)}),
        ("pérro", {("perro", 0)}),
        ("corian", {("perro", 0)}),
    ],
)
def test_a_slip_of_the_keyboard_is_forgiven(talks: Database, query: str, found: set[tuple[str, int]]) -> None:
    assert set(_found(talks, query)) == found


@pytest.mark.parametrize(
    ("query", "found", "left_out"),
    [
        ('"worker bees"', {("bees", 2)}, ""),
        ('"bees worker"', set(), ""),
        ('bees -"worker bees"', {("bees", 0)}, '"worker bees"'),
        ("bees -run", {("bees", 2)}, "run"),
        ("perro -playa", set(), "playa"),
        ('"学习机器"', {("zh", 0)}, ""),
        ('"器机"', set(), ""),
    ],
)
def test_phrases_must_stand_there_and_minus_words_must_not(talks: Database, query: str, found: set[tuple[str, int]], left_out: str) -> None:
    meaning = _unit(np.ones(384))  # which is near to something in any case

    assert set(_found(talks, query)) == found
    assert not set(_found(talks, query, meaning)) & set(_found(talks, left_out))
    if query.startswith('"'):
        assert set(_found(talks, query, meaning)) == found


def test_a_quotation_that_nobody_says_is_looked_for_as_words_within_a_question(talks: Database) -> None:
    def ranked(query: str, **scope: Any) -> tuple[set[str], tuple[str, ...]]:
        with talks.session() as s:
            found = search.ranked(s, parse(query), None, 10, Scope(**scope))
        return {hit.video_id for hit in found.hits}, found.unsaid

    assert ranked('which bees are "the working ones"') == ({"bees"}, ("the working ones",))
    assert ranked('which bees are "worker bees" or "the working ones"') == ({"bees"}, ("the working ones",))
    assert ranked('which bees are "worker bees"') == ({"bees"}, ())
    assert ranked('"the working ones"') == (set(), ())
    assert ranked('which perro are "worker bees"', videos=("perro",)) == ({"perro"}, ("worker bees",))


def test_a_scope_narrows_to_channel_day_length_and_speaker(talks: Database) -> None:
    with talks.session() as s:
        videos.save_video(s, Video("youtube:bees", "", "Bees", 300.0, channel="Hives", language="en", published_at="2024-05-01"))
        videos.save_video(s, Video("youtube:perro", "", "Perros", 3000.0, channel="Playa", language="es", published_at="2025-02-03T10:00:00"))
        transcripts.save_sentences(s, "bees", [Sentence(i, float(i), i + 1.0, text, ("Ana", "Bo", "Bo")[i]) for i, text in enumerate(WORDS["bees"])], fence=None)
    everything = "bees perros"

    def inside(**scope: Any) -> set[str]:
        return {video for video, _ in _found(talks, everything, scope=Scope(**scope))}

    assert inside() == {"bees", "perro"}
    assert inside(channel="Hives") == {"bees"}
    assert inside(since="2024-06-01") == {"perro"}
    assert inside(until="2025-02-03") == {"bees", "perro"}
    assert inside(until="2025-02-02") == {"bees"}
    assert inside(longest=600.0) == {"bees"} == inside(languages=("en",))
    assert inside(shortest=600.0) == {"perro"} == inside(videos=("perro",))
    assert set(_found(talks, everything, scope=Scope(speaker="Bo"))) == {("bees", 2)}
    assert inside(channel="' OR true --") == set()


def test_a_scope_narrows_to_what_the_reader_keeps(talks: Database) -> None:
    with talks.session() as s:
        collections.set_tags(s, "bees", ["Sweet"])
        folder = collections.add_folder(s, "Winter")
        assert folder is not None
        collections.put(s, "perro", [folder])
        videos.set_watched(s, "perro", True)

    def inside(**scope: Any) -> set[str]:
        return {video for video, _ in _found(talks, "bees perros", scope=Scope(**scope))}

    assert inside(tag="sweet") == {"bees"} == inside(watched=False)
    assert inside(folder=folder) == {"perro"} == inside(watched=True)
    assert inside(tag="sweet", watched=True) == inside(folder=folder + 1) == inside(tag="\x00' OR true --", channel="\x00") == set()


def test_who_speaks_is_found_and_so_is_a_new_name(db: Database) -> None:
    with db.session() as s:
        video_id = videos.ensure_video(s, "youtube:talk", "", "youtube", "talk")
        transcripts.save_transcript(s, video_id, Transcript("en", Origin.FILE, None, (Segment(0.0, 1.0, "We agree.", "S1"), Segment(1.0, 2.0, "We agree.", "Bo"))), fence=None)
        transcripts.save_sentences(s, video_id, [Sentence(0, 0.0, 1.0, "We agree.", "S1"), Sentence(1, 1.0, 2.0, "We agree.", "Bo")], fence=None)
        transcripts.save_chunks(s, video_id, [Chunk(i, float(i), i + 1.0, "We agree.", i, i) for i in range(2)], np.eye(2, 384), "en", fence=None)
    assert _found(db, "what did Bo agree to")[0] == ("talk", 1)

    with db.session() as s:
        transcripts.name_speakers(s, "talk", {"S1": "Magdalena"})

    assert _found(db, "Magdalena agree")[0] == ("talk", 0)
    assert _found(db, "S1") == []


def test_moments_like_one_are_elsewhere(library: tuple[Database, np.ndarray]) -> None:
    db, vectors = library
    with db.session() as s:
        hits = search.similar(s, "v0", 5.0, limit=10)

    far = [i for i in np.argsort(-(vectors @ vectors[5])) if i >= 40]
    assert len(hits) == 10
    assert "v0" not in {hit.video_id for hit in hits}, "all of v0 is within a minute of its fifth second"
    assert {(hit.video_id, hit.sentence) for hit in hits} == {(f"v{i // 40}", int(i % 40)) for i in far[:10]}


def test_neighbours_make_room_for_other_places() -> None:
    scores, places = np.array([0.9, 0.89, 0.88, 0.87]), [(1, 4), (1, 5), (1, 6), (2, 0)]

    assert [i for i, _ in search.spread(scores, places, 3, 0.04)] == [0, 2, 3]
    assert [i for i, _ in search.spread(scores, places, 3, 0.0)] == [0, 1, 2]


def test_a_filter_by_language_and_by_video(talks: Database) -> None:
    assert _found(talks, "gato bees", languages=["es"]) == [("perro", 1)]
    assert _found(talks, "gato bees", video_id="perro") == [("perro", 1)]


def test_a_hit_is_a_moment_with_a_score_between_zero_and_one(talks: Database) -> None:
    with talks.session() as s:
        chunk, vectors = transcripts.get_chunks(s, "bees")
        hits = search.hybrid(s, "honey hive worker", vectors[2])

    best = hits[0]
    assert (best.video_id, best.title, best.start, best.end, best.text, best.sentence) == ("bees", "bees", 2.0, 3.0, chunk[2].text, 2)
    assert best.score == pytest.approx(1.0)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert all(0 <= hit.score <= 1 for hit in hits)


def test_what_both_words_and_meaning_find_comes_before_what_one_finds(db: Database) -> None:
    words_only, meaning_only, both = np.eye(3, 384)
    near = _unit(meaning_only + both)
    fillers = _unit(near + 0.1 * RANDOM.normal(size=(search.DEPTH, 384)))
    texts = ["alpha", "beta", "alpha gamma delta", *(["filler"] * search.DEPTH)]
    _video(db, "v", texts, np.vstack([words_only, meaning_only, both, fillers]))

    assert _found(db, "alpha", _unit(1.01 * meaning_only + both))[0] == ("v", 2)
