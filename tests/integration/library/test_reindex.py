"""Another embedding model takes over while the library is searched: whole or not at all, after a kill too, and back again."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pytest
from sqlalchemy import text

from pipeline.config import Settings
from pipeline.errors import InputError, ModelError, NotFound
from pipeline.language.generator import Embedder, Vectors
from pipeline.library import reindex as module, search as searching
from pipeline.library.answer import ask as answer
from pipeline.library.indexed import Indexed, indexed
from pipeline.library.reindex import reindex
from pipeline.store import indexes, transcripts, videos
from pipeline.store.database import Database
from pipeline.store.search import hybrid
from pipeline.summary.chunks import cut
from pipeline.summary.sentences import split
from pipeline.types import Origin, Progress, Segment, Transcript
from pipeline.vectors import BUILTIN_INDEX, Index
from tests.integration.library.conftest import id_of
from tests.integration.store.fresh import clear, migrated_database
from tests.standin.talks import load_talk

SHORT = Index("e5-first-128", 128, "other_vector")
GROW = ("short", "growing tomatoes in pots on the roof terrace", "spanish")
"""A talk that is there, what is asked, and the talk that comes later and is about that."""


class Shortened:
    """A real embedder of another model: the first 128 numbers of e5's vectors, of passages that are told to be queries. Near to nothing of e5's own."""

    model = SHORT.model

    def __init__(self, inner: Embedder) -> None:
        self._inner = inner
        self.asked = 0

    def of(self, model: str) -> Embedder:
        return self if model == self.model else self._inner.of(model)

    def passages(self, texts: Sequence[str]) -> Vectors:
        self.asked += len(texts)
        return self.queries(texts)

    def queries(self, texts: Sequence[str]) -> Vectors:
        rows = np.asarray(self._inner.queries(texts), np.float32)[:, : SHORT.dimensions]
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    def close(self) -> None: ...


@pytest.fixture(scope="module", name="url")
def _url(servers: Settings) -> str:
    return migrated_database(servers, "reindex")


@pytest.fixture(name="library")
def _library(url: str, embedder: Embedder) -> Iterator[Database]:
    """One talk, in the index that every library begins with."""
    db = Database(url)
    clear(db)
    with db.session() as s:  # as a new one has them, whatever the test before made of the columns
        s.execute(text("ALTER TABLE chunks DROP COLUMN vector, DROP COLUMN other_vector, ADD COLUMN vector halfvec(384), ADD COLUMN other_vector halfvec"))
        s.execute(text("CREATE INDEX ix_chunks_vector ON chunks USING hnsw (vector halfvec_ip_ops) WITH (m = 24, ef_construction = 128)"))
    add(Indexed(db, embedder), GROW[0])
    yield db
    db.dispose()


def add(into: Indexed, name: str) -> None:
    talk = load_talk(name)
    transcript = Transcript(talk.language, Origin.CAPTIONS_MANUAL, None, tuple(Segment(*cue) for cue in talk.cues))
    sentences = split(transcript)
    chunks = cut(sentences)
    vectors = into.embedder.passages([chunk.text for chunk in chunks])
    with into.db.session() as s:
        video_id = videos.ensure_video(s, f"youtube:{id_of(name)}", "", "youtube", talk.title)
        transcripts.save_transcript(s, video_id, transcript, fence=None)
        transcripts.save_sentences(s, video_id, sentences, fence=None)
        transcripts.save_chunks(s, video_id, chunks, vectors, talk.language, fence=None)


def first(here: Indexed, question: str) -> str:
    return searching.search(here.db, here.embedder, question)[0].video_id


def quiet(_: Progress) -> None: ...


def once(act: Callable[[], None]) -> Callable[[Progress], None]:
    """Acts at the first sign of progress behind the beginning."""
    acted: list[bool] = []

    def emit(progress: Progress) -> None:
        if 0 < progress.fraction < 1 and not acted:
            acted.append(True)
            act()

    return emit


def states(db: Database) -> list[tuple[str, bool, bool]]:
    """Model, whether it serves, whether it is whole."""
    with db.session() as s:
        return [(state.index.model, state.serving, state.made == state.chunks > 0) for state in indexes.states(s)]


def test_searches_go_on_and_what_comes_meanwhile_is_in_both(library: Database, embedder: Embedder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BATCH", 2)
    short = Shortened(embedder)
    seen: list[str] = []

    def meanwhile() -> None:
        here = indexed(library, short)
        add(here, GROW[2])
        seen.extend((here.embedder.model, first(here, GROW[1])))

    assert reindex(library, short, once(meanwhile)) == SHORT
    here = indexed(library, embedder_of(short, embedder))

    assert seen == [BUILTIN_INDEX.model, id_of(GROW[2])]
    assert states(library) == [(SHORT.model, True, True), (BUILTIN_INDEX.model, False, True)]
    assert here.embedder.model == SHORT.model
    assert first(here, GROW[1]) == id_of(GROW[2])
    with here.db.session() as s:
        _, vectors = transcripts.get_chunks(s, id_of(GROW[2]))
        drawn = s.execute(text("SELECT indisvalid FROM pg_index WHERE indexrelid = 'ix_chunks_other_vector'::regclass")).scalar_one()
    assert (vectors.shape[1], drawn) == (128, True)
    assert answer(here.db, here.embedder, None, "What is said about tomatoes in pots?").question, "what is usual of questions is known of the built-in model only"


def embedder_of(short: Shortened, builtin: Embedder) -> Embedder:
    """The built-in one, as a process opens it, that knows the other."""

    class Both:
        model = builtin.model

        def of(self, model: str) -> Embedder:
            return short if model == short.model else builtin

    return Both()  # type: ignore[return-value]


def test_a_killed_one_goes_on_where_it_was(library: Database, embedder: Embedder, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    script = textwrap.dedent("""
        import sys
        from pipeline.language.embedder import ChildEmbedder
        from pipeline.library import reindex
        from pipeline.store.database import Database
        from tests.integration.library.test_reindex import Shortened
        reindex.BATCH = 2
        reindex.reindex(Database(sys.argv[1]), Shortened(ChildEmbedder(1)), lambda progress: print(progress.fraction, flush=True))
    """)
    process = subprocess.Popen([sys.executable, "-c", script, url], stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert process.stdout is not None
    for line in process.stdout:
        if float(line) > 0:
            break
    os.killpg(process.pid, signal.SIGKILL)
    process.wait(20)
    process.stdout.close()
    with indexes.only_one(library), library.session() as s:  # what it was at when it was killed has ended
        _, left = indexes.states(s)
    short = Shortened(embedder)

    assert 0 < left.made < left.chunks
    assert indexed(library, short).embedder.model == BUILTIN_INDEX.model, "half an index serves nobody"
    reindex(library, short, quiet)
    assert short.asked == 1 + left.chunks - left.made
    assert states(library)[0] == (SHORT.model, True, True)


def test_one_that_waits_for_another_can_be_interrupted(library: Database) -> None:
    with indexes.only_one(library):
        threading.Timer(0.5, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
        with pytest.raises(KeyboardInterrupt), indexes.only_one(library):
            pass
    with indexes.only_one(library), library.session() as s:
        assert s.execute(text("SHOW lock_timeout")).scalar_one() == "10s"


def test_one_goes_back_until_the_old_is_dropped(library: Database, embedder: Embedder) -> None:
    short = Shortened(embedder)
    both = embedder_of(short, embedder)
    reindex(library, short, quiet)
    add(indexed(library, both), GROW[2])

    assert states(library) == [(SHORT.model, True, True), (BUILTIN_INDEX.model, False, False)]
    assert reindex(library, embedder, quiet) == BUILTIN_INDEX
    assert first(indexed(library, both), GROW[1]) == id_of(GROW[2]), "what came after the switch is there too"
    assert indexes.drop(library) == SHORT
    assert states(library) == [(BUILTIN_INDEX.model, True, True)]
    with pytest.raises(NotFound):
        indexes.drop(library)
    reindex(library, short, quiet)
    assert first(indexed(library, both), GROW[1]) == id_of(GROW[2]), "and on again, in a column that was used before"


def test_vectors_of_two_models_never_meet(library: Database, embedder: Embedder) -> None:
    short = Shortened(embedder)
    old = Indexed(library, embedder)
    vector = embedder.queries([GROW[1]])[0]
    reindex(library, short, quiet)

    assert first(old, GROW[1]) == id_of(GROW[0]), "who began before the switch ends with the old one"
    with pytest.raises(ModelError) as late:
        add(old, GROW[2])
    assert (late.value.code, late.value.retryable) == ("index_changed", True)
    with pytest.raises(ValueError, match="128 numbers"), library.on(SHORT).session() as s:
        hybrid(s, GROW[1], vector)
    indexes.drop(library)
    for ask in (lambda: first(old, GROW[1]), lambda: searching.similar(library, id_of(GROW[0]), 5.0)):
        with pytest.raises(ModelError) as gone:
            ask()
        assert gone.value.code == "index_changed"


def test_it_is_cancelled_by_dropping_it_and_runs_once(library: Database, embedder: Embedder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BATCH", 2)
    short, codes = Shortened(embedder), []

    def meanwhile() -> None:
        with pytest.raises(InputError) as second:
            reindex(library, short, quiet)
        codes.append(second.value.code)
        indexes.drop(library)

    with pytest.raises(NotFound) as dropped:
        reindex(library, short, once(meanwhile))
    with pytest.raises(InputError) as same:
        reindex(library, embedder, quiet)

    assert (codes, dropped.value.code, same.value.code) == (["index_running"], "no_index", "index_serves")
    assert states(library) == [(BUILTIN_INDEX.model, True, True)]
    assert first(Indexed(library, embedder), "benches") == id_of(GROW[0])
