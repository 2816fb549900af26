"""Which model is chosen, and what it is said to speak."""

from pathlib import Path
from typing import Literal

import pytest

from pipeline.config import Settings
from pipeline.errors import ModelError
from pipeline.language import models, profiles
from pipeline.language.cards import card_of, languages_of, speakers_of
from pipeline.language.checkpoint import Shape

SHAPE = Shape(32, 4096, 32, 32, 128, 11008, 32000, 1e-6, 2048, 10000.0, (1.0,) * 64, tied=False)


def install(settings: Settings, name: str) -> Path:
    folder = models.folder_of(settings, name)
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(b"")
    return folder


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("smollm2-135m-instruct", "SmolLM2-135M-Instruct"),
        ("SmolLM2-135M-Instruct.Q4_1", "SmolLM2-135M-Instruct"),
        ("meta-llama/Llama-3.1-8B-Instruct", "Llama-3.1-8B-Instruct"),
        ("Meta-Llama-3.1-70B-Instruct", "Llama-3.3-70B-Instruct"),
        ("Meta-Llama-3-8B-Instruct", "Llama-3-8B-Instruct"),
        ("Llama-3.2-3B-Instruct", "Llama-3.2-3B-Instruct"),
        ("vicuna-13b-v1.5", "Vicuna-13B"),
        ("llama-2-7b-chat", "LLaMA-7B and its children"),
        ("llama-65b-hf", "LLaMA-65B"),
    ],
)
def test_a_model_is_known_by_what_it_is_called(name: str, title: str) -> None:
    card = card_of(name)
    assert card is not None
    assert card.title == title


def test_languages_are_those_of_the_model_card() -> None:
    assert languages_of("smollm2-135m-instruct") == {"en"}
    assert languages_of("Llama-3.1-8B-Instruct") == {"en", "de", "fr", "it", "pt", "hi", "es", "th"}
    assert languages_of("something-else") == frozenset()
    assert speakers_of("en", "de")[0] == "Llama-3.2-1B-Instruct"
    assert speakers_of("en", "ro") == ("Aya Expanse", "EuroLLM")
    assert speakers_of("en", "tlh") == ()


def test_memory_is_that_of_the_table() -> None:
    """A LLaMA of 7 billion: 13.5 GB in bf16, and cache and overhead besides."""
    from pipeline.language.placement import needed

    assert round(SHAPE.parameters / 1e9, 2) == 6.74
    assert 14e9 < needed(SHAPE, 2) < 21e9
    assert needed(SHAPE, 4) - needed(SHAPE, 2) == 2 * SHAPE.parameters


def test_a_model_that_does_not_fit_is_refused_and_one_that_does_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from pipeline.language import placement

    monkeypatch.setattr(placement, "available_memory", lambda: 4 * 10**9)
    with pytest.raises(
        ModelError, match=r"llama-7b needs 2\d\.\d GB and this machine has 4\.0 GB free\. SmolLM2-1\.7B-Instruct would fit"
    ) as error:
        placement.place(Settings(home=tmp_path, device="cpu"), SHAPE, "llama-7b")
    assert error.value.code == "model_too_large"
    monkeypatch.setattr(placement, "available_memory", lambda: 10**6)
    with pytest.raises(ModelError, match="NUTSHELL_LLM_URL"):
        placement.place(Settings(home=tmp_path, device="cpu"), SHAPE, "llama-7b")


@pytest.mark.parametrize(("name", "cache"), [("float32", "float16"), ("bfloat16", "bfloat16")])
def test_the_numbers_are_those_that_are_set(name: Literal["float32", "bfloat16"], cache: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from pipeline.language import placement

    monkeypatch.setattr(placement, "available_memory", lambda: 10**12)
    placed = placement.place(Settings(device="cpu", llm_dtype=name), SHAPE, "llama-7b")

    assert (str(placed.dtype), str(placed.cache_dtype)) == (f"torch.{name}", f"torch.{cache}")
    assert placed.reason == f"{name}: set by NUTSHELL_LLM_DTYPE"


def test_the_profile_decides_by_what_is_installed_and_fits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "complete", lambda folder: folder.is_dir())
    settings = Settings(home=tmp_path, profile="gpu")
    with pytest.raises(ModelError, match="make run") as error:
        profiles.choose_llm(settings)
    assert error.value.code == "model_missing"
    builtin = install(settings, models.BUILTIN)
    assert profiles.choose_llm(settings).path == builtin
    large = install(settings, "llama-3.1-8b-instruct")
    assert profiles.choose_llm(settings).path == large
    choice = profiles.choose_llm(settings, memory=8 * 10**9)
    assert choice.path == builtin
    assert "llama-3.1-8b-instruct needs more memory" in choice.reason
    assert profiles.choose_llm(Settings(home=tmp_path, profile="builtin")).path == builtin


def test_auto_goes_by_gpu_and_cores_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "complete", lambda folder: folder.is_dir())
    settings = Settings(home=tmp_path)
    install(settings, models.BUILTIN)
    large = install(settings, "llama-3.1-8b-instruct")
    middle = install(settings, "smollm2-1.7b-instruct")
    for cores, cuda, path, word in (
        (2, False, models.BUILTIN, "2 cores and no GPU"),
        (16, False, middle.name, "16 cores"),
        (2, True, large.name, "there is a GPU"),
    ):
        monkeypatch.setattr(profiles.machine, "cores", lambda cores=cores: cores)
        choice = profiles.choose_llm(settings, cuda=cuda)
        assert choice.path.name == path
        assert word in choice.reason


def test_an_explicit_model_counts_more_than_the_profile(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, llm_model="my-own")
    with pytest.raises(ModelError, match="NUTSHELL_LLM_MODEL is my-own"):
        profiles.choose_llm(settings)
    mine = install(settings, "my-own")
    assert profiles.choose_llm(settings).path == mine
    assert profiles.choose_llm(Settings(home=tmp_path / "other", llm_model=str(mine))).path == mine
    (tmp_path / "pickled").mkdir()
    (tmp_path / "pickled" / "config.json").write_text("{}")
    (tmp_path / "pickled" / "pytorch_model.bin").write_bytes(b"")
    with pytest.raises(ModelError, match="safetensors"):
        profiles.choose_llm(Settings(home=tmp_path, llm_model=str(tmp_path / "pickled")))


def test_the_server_profile_needs_a_server(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="NUTSHELL_LLM_URL"):
        profiles.choose_llm(Settings(home=tmp_path, profile="server"))
