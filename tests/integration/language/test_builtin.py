"""The built-in LLaMA, from its package to an answer."""

import shutil
from pathlib import Path

import pytest

from pipeline.config import Settings
from pipeline.errors import ModelError
from pipeline.hub.marker import MARKER
from pipeline.language import models
from pipeline.language.generator import Prompt, open_generator


def folder(settings: Settings) -> Path:
    return models.folder_of(settings, models.BUILTIN)


def times(settings: Settings) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in folder(settings).iterdir()}


def test_it_is_there_and_whole_and_made_once(builtin_home: Settings) -> None:
    before = times(builtin_home)
    said: list[str] = []
    models.prepare_builtin(builtin_home, said.append)

    assert times(builtin_home) == before
    assert said == []
    assert models.models_ready(builtin_home) == []
    assert sorted(path.name for path in builtin_home.models_dir.iterdir()) == [f".{models.BUILTIN}.lock", models.BUILTIN]


def test_transformers_reads_the_folder_as_we_do(builtin_home: Settings) -> None:
    """Whoever trains the model opens the same files with transformers."""
    from transformers import AutoConfig, AutoTokenizer

    from pipeline.language.weights import read

    ours = read(folder(builtin_home))
    config = AutoConfig.from_pretrained(folder(builtin_home))
    theirs = AutoTokenizer.from_pretrained(folder(builtin_home))

    assert (config.num_hidden_layers, config.hidden_size, config.vocab_size) == (
        ours.shape.layers,
        ours.shape.hidden,
        ours.shape.vocabulary,
    )
    assert config.rope_parameters["rope_theta"] == ours.shape.theta
    text = "In 2019, it rose by 30 percent.\n\n<|im_start|>user née 日本語 😀"
    assert theirs.encode(text, add_special_tokens=False) == ours.load_tokenizer().encode(text, add_special_tokens=False).ids
    assert theirs.eos_token == "<|im_end|>"
    messages = [{"role": "system", "content": "Be short."}, {"role": "user", "content": "Why?"}]
    from pipeline.language.forms import choose_form, render

    rendered = render(choose_form(ours.name, ours.template, ours.specials), Prompt("Be short.", "Why?", 5))
    assert theirs.apply_chat_template(messages, tokenize=False, add_generation_prompt=True) == rendered


@pytest.mark.parametrize("damage", ["half written", "cut short", "older format", "no marker"])
def test_what_an_interrupted_run_left_is_repaired(
    builtin_home: Settings, damage: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = Settings(home=tmp_path)
    made: list[Path] = []

    def quick_build(scratch: Path) -> None:  # the real one is the fixture's; here it matters when it is called and on what
        made.append(scratch)
        shutil.copytree(folder(builtin_home), scratch, dirs_exist_ok=True)

    monkeypatch.setattr(models, "_build", quick_build)
    target = folder(settings)
    if damage == "half written":
        target.with_name(f"{target.name}.part").mkdir(parents=True)
    else:
        target.parent.mkdir(parents=True)
        shutil.copytree(folder(builtin_home), target)
        marker = target / MARKER
        if damage == "cut short":
            with (target / models.WEIGHTS).open("r+b") as weights:
                weights.truncate(1000)
        elif damage == "older format":
            marker.write_text(marker.read_text().replace(f'"format": {models.FORMAT}', '"format": 0'))
        else:
            marker.unlink()
    assert models.models_ready(settings)
    with pytest.raises(ModelError, match="make run"):
        models.llm_path(settings)

    models.prepare_builtin(settings)

    assert made == [target.with_name(f"{target.name}.part")]
    assert models.models_ready(settings) == []
    assert not target.with_name(f"{target.name}.part").exists()


def test_a_package_with_other_content_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tmp_path / "other.gguf"
    other.write_bytes(b"GGUF")
    monkeypatch.setattr(models, "packaged_gguf", lambda: other)
    with pytest.raises(ModelError) as error:
        models.prepare_builtin(Settings(home=tmp_path / "home"))
    assert error.value.code == "model_broken"


def test_it_answers(builtin_home: Settings) -> None:
    generator = open_generator(builtin_home, in_process=True)
    try:
        assert generator.model.partition("+")[0] == models.BUILTIN  # and then the adapter that it comes with
        assert (generator.window, generator.languages) == (8192, frozenset({"en"}))
        prompt = Prompt("Answer in one short sentence.", "What is the capital of France?", 30)
        answer, again = generator.generate([prompt, Prompt("Answer in one short sentence.", "What is the capital of Spain?", 30)])
        assert "Paris" in answer
        assert "Madrid" in again
        assert "".join(generator.stream(prompt)).strip() == answer
    finally:
        generator.close()
