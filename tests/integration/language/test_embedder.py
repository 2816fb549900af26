"""Embeddings: that they find, that hostile text hurts nobody, and the process that makes them."""

import os
import random
import signal
import sys
import tempfile
import threading
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from pipeline.config import Settings
from pipeline.errors import ModelError
from pipeline.language import embedder as module
from pipeline.language.elsewhere import engines_elsewhere
from pipeline.language.embedder import ChildEmbedder, clean
from pipeline.language.generator import Priority, open_embedder
from pipeline.language.translated import KEPT
from tests.integration.language import tiny_translation
from tests.integration.language.processes import children, running

PASSAGES = [
    "Bees tell each other by a dance where flowers are.",
    "Tea leaves are withered, rolled and dried.",
    "Die Fahrradkette muss regelmäßig geölt werden.",
    "El volcán entró en erupción en 1902.",
]
QUESTIONS = ["How do insects communicate?", "How is tea made?", "bicycle maintenance", "When did the volcano erupt?"]
HOSTILE = "ﷺ" * 20
"""Makes the engine write beyond its buffer when it is not normalised before."""


@pytest.fixture(scope="module", name="embedder")
def _embedder() -> Iterator[ChildEmbedder]:
    embedder = ChildEmbedder()
    yield embedder
    embedder.close()


def test_a_question_finds_its_passage_in_any_language(embedder: ChildEmbedder) -> None:
    passages, questions = embedder.passages(PASSAGES), embedder.queries(QUESTIONS)

    assert passages.shape == (4, 384)
    assert passages.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(passages, axis=1), 1.0, atol=1e-5)
    assert (questions @ passages.T).argmax(axis=1).tolist() == [0, 1, 2, 3]


def test_company_changes_nothing(embedder: ChildEmbedder) -> None:
    texts = [f"{passage} {number}" for number in range(10) for passage in PASSAGES]

    together = embedder.passages(texts)

    np.testing.assert_allclose(together, np.concatenate([embedder.passages([text]) for text in texts]), atol=1e-5)
    assert embedder.passages([]).shape == (0, 384)


def test_hostile_text_is_made_harmless(embedder: ChildEmbedder) -> None:
    child = embedder._child
    texts = [
        HOSTILE,
        HOSTILE * 500,
        "",
        " ",
        "\0",
        "\ud800",
        "x" * 200_000,
        "🏴" * 90,
        "á" * 4000,
        "\u202e\ufeff",
        "日" * 9000,
        "ẛ̣" * 90,
    ]

    rows = embedder.queries(texts)

    assert np.isfinite(rows).all()
    assert embedder._child is child  # it lives on


def test_random_text_is_made_harmless(embedder: ChildEmbedder) -> None:
    """Strings of characters that grow under NFKC, of controls, of everything."""
    child, chance = embedder._child, random.Random(7)
    growing = [
        chr(code) for code in range(sys.maxunicode) if not 0xD800 <= code < 0xE000 and len(unicodedata.normalize("NFKC", chr(code))) > 2
    ]
    anything = [chr(chance.choice([chance.randrange(0xD800), chance.randrange(0xE000, 0x110000)])) for _ in range(500)]
    texts = ["".join(chance.choices(growing + anything + list(" a\n\t"), k=chance.randrange(1, 40))) for _ in range(60)]
    each = ["".join(growing[at : at + 12]) for at in range(0, len(growing), 12)]

    assert np.isfinite(embedder.passages([*texts, *each])).all()
    assert embedder._child is child


def test_cleaning_keeps_what_people_write() -> None:
    assert clean("Ünïcödé ½ ﬁne\n日本語") == "Ünïcödé 1⁄2 fine 日本語"
    assert len(clean(HOSTILE * 5000)) <= module.LONGEST


def test_a_text_that_kills_the_engine_spoils_only_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """Should the cleaning miss something: the others of its batch are answered, the caller hears of it, and the next one is served."""
    monkeypatch.setattr(module, "clean", str)
    embedder = ChildEmbedder(threads=1)
    try:
        with pytest.raises(ModelError) as error:
            embedder.queries(["fine", HOSTILE, "fine too"])
        assert error.value.code == "bad_text"
        assert embedder.queries(["fine"]).shape == (1, 384)
    finally:
        embedder.close()


def test_an_engine_that_was_killed_is_started_again(embedder: ChildEmbedder) -> None:
    before = embedder.queries(["How is tea made?"])
    assert embedder._child is not None
    os.kill(embedder._child.pid, signal.SIGKILL)
    np.testing.assert_array_equal(embedder.queries(["How is tea made?"]), before)
    os.kill(embedder._child.pid, signal.SIGSTOP)
    killer = threading.Timer(0.3, os.kill, (embedder._child.pid, signal.SIGKILL))
    killer.start()  # in the middle of a request
    np.testing.assert_array_equal(embedder.queries(["How is tea made?"]), before)


def test_the_process_serves_many_callers_and_survives_its_engines(embedder: ChildEmbedder) -> None:
    with tempfile.TemporaryDirectory(prefix="nutshell-") as home:
        settings = Settings(home=Path(home))
        with running("workers.embed", settings, socket=settings.embed_socket) as process:
            remote = open_embedder(settings, in_process=False)
            np.testing.assert_array_equal(remote.passages(PASSAGES * 20), np.concatenate([embedder.passages(PASSAGES)] * 20))
            np.testing.assert_array_equal(remote.queries(QUESTIONS), embedder.queries(QUESTIONS))
            assert remote.queries([]).shape == (0, 384)
            (neural, *_) = engines_elsewhere(settings)
            tiny_translation.make(settings.models_dir / "translate-en-es", tiny_translation.pairs())
            source, target = tiny_translation.pairs()[0]
            assert neural.translate([source], "en", "es", kept=KEPT) == [target], "the page translates answers through it"
            assert neural.translate([source], "en", "es", kept=KEPT, again=True) != [target]
            with pytest.raises(ModelError) as error:
                neural.translate([source], "en", "fr", kept=KEPT)
            assert error.value.code == "bad_request"
            (worker,) = children(process.pid)
            for engine in children(worker):
                os.kill(engine, signal.SIGKILL)
            np.testing.assert_array_equal(remote.queries(QUESTIONS), embedder.queries(QUESTIONS))
            remote.close()
        assert not Path(f"/proc/{worker}").exists()


def test_somebody_who_waits_does_not_wait_behind_an_index() -> None:
    with tempfile.TemporaryDirectory(prefix="nutshell-") as home:
        settings = Settings(home=Path(home))
        with running("workers.embed", settings, socket=settings.embed_socket):
            batch, interactive = (open_embedder(settings, in_process=False, priority=priority) for priority in (Priority.BATCH, Priority.INTERACTIVE))
            indexing = threading.Thread(target=batch.passages, args=([text * 10 for text in PASSAGES] * 4,))
            indexing.start()
            for _ in range(5):
                interactive.queries(QUESTIONS[:1])
                interactive.passages(PASSAGES[:1])
            assert indexing.is_alive()
            indexing.join()
            batch.close()
            interactive.close()
