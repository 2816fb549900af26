"""Which model is taken: explicit > pulled > built in > a clear error."""

from pathlib import Path

import pytest

from pipeline.config import Settings
from pipeline.errors import ModelError
from pipeline.speech import models


@pytest.fixture(autouse=True)
def _few_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models.machine, "cores", lambda: 2)


def installed(home: Path, name: str) -> Path:
    """A folder that looks like the model `name`."""
    folder = models.folder_of(Settings(home=home), name)
    folder.mkdir(parents=True)
    for file in models.NEEDED:
        (folder / file).touch()
    if name == models.BUILTIN:
        with (folder / "model.bin").open("wb") as out:
            out.truncate(models.MODEL_BYTES)
    return folder


def test_nothing_there_names_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="make run") as caught:
        models.choose(Settings(home=tmp_path))

    assert caught.value.code == "model_missing"
    assert models.models_ready(Settings(home=tmp_path)) == [str(caught.value)]


def test_built_in(tmp_path: Path) -> None:
    folder = installed(tmp_path, "base")

    assert models.whisper_folder(Settings(home=tmp_path)) == folder


@pytest.mark.parametrize(
    ("profile", "cuda", "expected"),
    [
        ("builtin", True, "base"),
        ("cpu", False, "small"),
        ("gpu", True, "large-v3-turbo"),
        ("server", False, "large-v3-turbo"),
        ("auto", True, "large-v3-turbo"),
        ("auto", False, "base"),
    ],
)
def test_pulled_models_by_profile(tmp_path: Path, profile: str, cuda: bool, expected: str) -> None:
    for name in ("base", "small", "large-v3-turbo"):
        installed(tmp_path, name)

    choice = models.choose(Settings.model_validate({"home": tmp_path, "profile": profile}), cuda=cuda)

    assert choice.name == expected
    assert choice.reason.startswith(f"profile {profile}" if profile != "auto" else "profile ")


def test_a_profile_without_its_model_takes_the_next(tmp_path: Path) -> None:
    installed(tmp_path, "base")

    assert models.choose(Settings(home=tmp_path, profile="gpu")).name == "base"


def test_many_cores_take_the_better_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models.machine, "cores", lambda: 16)
    for name in ("base", "small"):
        installed(tmp_path, name)

    assert models.choose(Settings(home=tmp_path)).name == "small"


def test_an_explicit_folder_or_name_beats_everything(tmp_path: Path) -> None:
    for name in ("base", "small"):
        installed(tmp_path, name)
    mine = installed(tmp_path / "elsewhere", "medium")

    assert models.choose(Settings(home=tmp_path, speech_model=str(mine))).folder == mine
    assert models.choose(Settings(home=tmp_path, speech_model="small", profile="builtin")).name == "small"


@pytest.mark.parametrize(
    ("wanted", "code"),
    [("large-v3", "model_missing"), ("/no/such/folder", "model_missing"), ("../base", "model_missing"), ("{empty}", "model_broken")],
)
def test_an_explicit_model_that_is_not_there_is_never_replaced(tmp_path: Path, wanted: str, code: str) -> None:
    installed(tmp_path, "base")
    (tmp_path / "empty").mkdir()

    with pytest.raises(ModelError) as caught:
        models.choose(Settings(home=tmp_path, speech_model=wanted.format(empty=tmp_path / "empty")))

    assert caught.value.code == code
