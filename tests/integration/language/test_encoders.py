"""Embedding models of the data folder: read in the form in which they are published, named after their weights, and served beside the built-in one."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModel, AutoTokenizer

from pipeline.config import Settings
from pipeline.errors import InputError, ModelError
from pipeline.language import encoders
from pipeline.language.generator import Priority
from pipeline.language.remote import RemoteEmbedder
from pipeline.store import transcripts, videos
from pipeline.store.database import Database
from pipeline.types import Chunk, Origin, Transcript
from pipeline.vectors import BUILTIN_INDEX
from tests.integration.language import tiny_encoder
from tests.integration.language.processes import ROOT, running
from tests.integration.store.fresh import migrated_database

TEXTS = ["The bees dance.", "One kilometre is one second of dancing, as the bees tell the others where the flowers are.", "née"]
PROMPTS = {"query": "Say: ", "document": "Text: "}


def _expected(folder: Path, texts: list[str], *, cls: bool) -> np.ndarray:
    """One text at a time, so that padding cannot matter, and pooled by hand."""
    words, model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder).eval()
    rows = []
    for text in texts:
        with torch.inference_mode():
            states = model(**words(text, return_tensors="pt", truncation=True, max_length=128)).last_hidden_state[0]
        rows.append((states[0] if cls else states.mean(0)).numpy())
    return np.array([row / np.linalg.norm(row) for row in rows])


@dataclass(frozen=True)
class Here:
    settings: Settings
    remote: RemoteEmbedder
    names: dict[str, str]
    """Full names by the short ones."""


@pytest.fixture(scope="module", name="here")
def _here() -> Iterator[Here]:
    """A running embedding process with two more models."""
    with tempfile.TemporaryDirectory(prefix="nutshell-") as home:
        settings = Settings(home=Path(home))
        tiny_encoder.write(settings.models_dir / "embed-mean", prompts=PROMPTS)
        tiny_encoder.write(settings.models_dir / "embed-first", seed=2, cls=True)
        (settings.models_dir / "embed-pickled").mkdir()
        (settings.models_dir / "embed-pickled" / "config.json").write_text("{}")
        (settings.models_dir / "embed-pickled" / "pytorch_model.bin").write_bytes(b"\x80\x04N.")
        with running("workers.embed", settings, socket=settings.embed_socket):
            remote = RemoteEmbedder.from_settings(settings, Priority.BATCH)
            yield Here(settings, remote, {name.partition("@")[0]: name for name in remote.models()})
            remote.close()


def test_vectors_are_pooled_as_the_folder_says(here: Here) -> None:
    folder = here.settings.models_dir
    mean, first = here.remote.of(here.names["mean"]), here.remote.of(here.names["first"])

    assert set(here.names) == {BUILTIN_INDEX.model, "mean", "first"}, "a pickle is no model"
    np.testing.assert_allclose(mean.passages(TEXTS), _expected(folder / "embed-mean", [f"Text: {text}" for text in TEXTS], cls=False), atol=1e-5)
    np.testing.assert_allclose(mean.queries(TEXTS), _expected(folder / "embed-mean", [f"Say: {text}" for text in TEXTS], cls=False), atol=1e-5)
    np.testing.assert_allclose(first.queries(TEXTS), _expected(folder / "embed-first", TEXTS, cls=True), atol=1e-5)
    assert first.passages(["long " * 2000]).shape == (1, tiny_encoder.WIDTH)
    assert here.remote.passages(TEXTS).shape == (3, 384), "the built-in one is served beside them"


def test_a_model_that_is_not_there_is_refused(here: Here) -> None:
    for name in ("mean@000000000000", "../../etc", ""):
        with pytest.raises(ModelError) as error:
            here.remote.of(name).queries(TEXTS)
        assert error.value.code == "embedding_model_missing"


def test_other_weights_are_another_model(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    folder = tiny_encoder.write(settings.models_dir / "embed-mean")
    (before,) = set(encoders.available(settings)) - {BUILTIN_INDEX.model}
    tiny_encoder.write(folder, seed=3)
    (after,) = set(encoders.available(settings)) - {BUILTIN_INDEX.model}

    assert before != after
    assert before.partition("@")[0] == after.partition("@")[0] == "mean"
    assert encoders.named("mean", [BUILTIN_INDEX.model, after]) == after == encoders.named(after, [after])
    assert encoders.named("builtin", []) == BUILTIN_INDEX.model
    with pytest.raises(InputError, match="embed-large"):
        encoders.named("large", [after])


@pytest.mark.parametrize(
    ("file", "content"),
    [("1_Pooling/config.json", {"pooling_mode_lasttoken": True}), ("1_Pooling/config.json", {"pooling_mode_max_tokens": True}), ("config.json", {"auto_map": {"AutoModel": "x.Y"}})],
)
def test_what_is_read_in_another_way_is_refused(tmp_path: Path, file: str, content: dict) -> None:
    folder = tiny_encoder.write(tmp_path / "embed-odd")
    (folder / file).write_text(json.dumps(content))

    with pytest.raises(ModelError) as error:
        encoders.check(folder)
    assert error.value.code == "model_broken"


def test_the_command_reindexes_and_goes_back(here: Here, servers: Settings) -> None:
    url = migrated_database(servers, "reindexcommand")
    db = Database(url)
    with db.session() as s:
        video_id = videos.ensure_video(s, "youtube:aaaaaaaaaaa", "", "youtube", "Bees")
        transcripts.save_transcript(s, video_id, Transcript("en", Origin.FILE, None, ()), fence=None)
        chunks = [Chunk(i, float(i), i + 1.0, text, i, i) for i, text in enumerate(TEXTS)]
        transcripts.save_chunks(s, video_id, chunks, here.remote.passages(TEXTS), "en", fence=None)

    def nutshell(*words: str, status: int = 0) -> str:
        environment = os.environ | {"NUTSHELL_HOME": str(here.settings.home), "NUTSHELL_DATABASE_URL": url}
        done = subprocess.run([sys.executable, "-m", "workers.cli", *words], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == status, done.stderr
        return done.stdout + done.stderr

    assert f"searched with {here.names['first']} now" in nutshell("reindex", "first")
    found = json.loads(nutshell("search", "bees", "--json"))["hits"]
    shown = json.loads(nutshell("reindex", "--json"))["indexes"]
    assert "drop" in nutshell("reindex", "mean", status=2), "two are enough"
    nutshell("reindex", "--back")
    nutshell("reindex", "--drop")
    there = nutshell("reindex")
    db.dispose()

    assert found[0]["video_id"] == "aaaaaaaaaaa"
    assert [(one["model"], one["dimensions"], one["serving"], one["made"]) for one in shown] == [(here.names["first"], 32, True, 3), (BUILTIN_INDEX.model, 384, False, 3)]
    assert there.startswith(f"{BUILTIN_INDEX.model}: searched, 3 of 3 moments")
    assert here.names["mean"] in there
