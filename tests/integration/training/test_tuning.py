"""A real LLaMA of a few thousand weights is fine-tuned by the command, killed in between, and used with what it learned."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner

from pipeline.config import Settings
from pipeline.errors import InputError, ModelError
from pipeline.language.adapter import CONFIG, WEIGHTS, adapted, read_adapter
from pipeline.language.adapters import CARD, adapter_for, card, go_back, history, promote
from pipeline.language.generator import Prompt, open_generator
from pipeline.language.profiles import name_of_llm
from pipeline.language.weights import read
from pipeline.training.train import _last
from pipeline.training.tuning import is_better, promote_if_better
from tests.integration.language.tiny import Tiny, write_folder, write_gguf
from tests.unit.training.test_evaluate import row
from workers.cli import main
from workers.cli_training import OWN
from workers.models import used_adapter

NAME = "tiny-vicuna-7b"


@pytest.fixture(scope="module", name="home")
def _home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    write_folder(home / "models" / NAME, Tiny(window=4096))
    return home


@pytest.fixture(name="settings")
def _settings(home: Path) -> Settings:
    return Settings(home=home, llm_model=NAME, llm_dtype="float32", device="cpu")


def command(out: Path, steps: int) -> list[str]:
    plan = {"steps": steps, "every": 2, "rank": 4, "rate": 0.01, "batch": 2, "longest": 4096}
    return [
        "train",
        "--data",
        str(OWN),
        "--check",
        str(OWN),
        "--out",
        str(out),
        *(part for name, value in plan.items() for part in (f"--{name}", str(value))),
    ]


def environment(home: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("NUTSHELL_")}
    return {**kept, "NUTSHELL_HOME": str(home), "NUTSHELL_LLM_MODEL": NAME, "OMP_NUM_THREADS": "1", **more}


@pytest.fixture(scope="module", name="trained")
def _trained(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Killed after its first checkpoint, and called again."""
    out = tmp_path_factory.mktemp("out")
    first = subprocess.Popen(
        [sys.executable, "-m", "workers.cli", *command(out, 6)], env=environment(home), stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    end = time.monotonic() + 240
    while _last(out) is None:
        assert first.poll() is None, first.communicate()[0].decode()
        assert time.monotonic() < end
        time.sleep(0.02)
    first.send_signal(signal.SIGKILL)
    first.communicate()
    assert not (out / "adapter").exists()
    again = subprocess.run(
        [sys.executable, "-m", "workers.cli", *command(out, 6)],
        env=environment(home),
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )
    assert again.returncode == 0, again.stderr
    assert "going on after step" in again.stderr
    assert again.stdout.strip() == str(out / "adapter")
    return out


def test_a_killed_training_goes_on_and_learns(trained: Path) -> None:
    told = card(trained / "adapter")
    losses = {entry["step"]: entry["loss"] for entry in told["losses"]}

    assert list(losses) == [2, 4, 6]  # each step once, though it was killed in between
    assert losses[6] < losses[2]
    assert told["made_for"] == NAME
    assert told["data"][0]["licence"] == "MIT"
    assert told["data"][0]["examples"]["brief"] >= 8
    assert len(told["base"]) == len(told["data"][0]["sha256"]) == 64
    assert "--steps 6" in told["made_by"]


def test_a_checkpoint_that_was_cut_short_is_passed_over(tmp_path: Path) -> None:
    for step, state in ((2, '{"global_step": 2}'), (4, '{"global_st'), (6, ""), (8, None)):
        (tmp_path / f"checkpoint-{step}").mkdir()
        if state is not None:
            (tmp_path / f"checkpoint-{step}" / "trainer_state.json").write_text(state)

    assert _last(tmp_path) == tmp_path / "checkpoint-2"
    assert _last(tmp_path / "checkpoint-2") is None


def test_the_weights_are_those_that_peft_makes(home: Path, trained: Path) -> None:
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    base = AutoModelForCausalLM.from_pretrained(home / "models" / NAME, dtype=torch.float32)
    merged = PeftModel.from_pretrained(base, trained / "adapter").merge_and_unload().state_dict()
    plain = read(home / "models" / NAME)
    ours = adapted(plain, read_adapter(trained / "adapter"))

    assert ours.name.startswith(f"{NAME}+")
    for name, weight in merged.items():
        found = ours.tensor(name)
        assert found is None or torch.allclose(found, weight, atol=1e-6), name
    lower, upper = "model.layers.0.mlp.up_proj.weight", "model.layers.2.mlp.up_proj.weight"
    assert torch.equal(ours.tensor(lower), plain.tensor(lower))  # only the upper two thirds are adapted
    assert not torch.equal(ours.tensor(upper), plain.tensor(upper))


def test_an_adapter_of_another_model_is_refused(tmp_path: Path, trained: Path) -> None:
    other = write_folder(tmp_path / "other", Tiny(kv_heads=4))

    with pytest.raises(ModelError, match="made for another model"):
        adapted(read(other), read_adapter(trained / "adapter"))


@pytest.mark.parametrize("wrong", [{"use_dora": True}, {"bias": "all"}, {"r": 0}, {"peft_type": "IA3"}])
def test_what_changes_more_than_weights_is_refused(tmp_path: Path, trained: Path, wrong: dict[str, object]) -> None:
    (tmp_path / WEIGHTS).write_bytes((trained / "adapter" / WEIGHTS).read_bytes())
    (tmp_path / CONFIG).write_text(json.dumps({**json.loads((trained / "adapter" / CONFIG).read_text()), **wrong}))

    with pytest.raises(ModelError):
        read_adapter(tmp_path)


def test_what_is_promoted_is_used_and_can_be_undone(settings: Settings, trained: Path) -> None:
    asked = [Prompt("", "Where are the flowers?", 12)]

    def answer(now: Settings) -> tuple[str, list[str]]:
        generator = open_generator(now, in_process=True)
        try:
            return generator.model, generator.generate(asked)
        finally:
            generator.close()

    plain = answer(settings)
    first = promote(settings, NAME, trained / "adapter")
    tuned = answer(settings)
    second = promote(settings, NAME, trained / "adapter")

    assert (first.name, second.name) == ("1", "2")
    assert tuned[0].startswith(f"{NAME}+")
    assert tuned[1] != plain[1]
    assert answer(settings.model_copy(update={"llm_adapter": "none"})) == plain
    assert used_adapter(settings) == f"{second} (`nutshell models back` takes it out of use)"
    assert go_back(settings, NAME) == first
    assert go_back(settings, NAME) is None
    assert used_adapter(settings) == "none: the model is used as it comes"
    assert answer(settings) == plain
    with pytest.raises(InputError, match="No adapter"):
        go_back(settings, NAME)


def test_what_is_no_better_is_not_promoted(settings: Settings, trained: Path) -> None:
    """A model of a few thousand weights writes nothing that stands, so its answers are the quotes that stand in for them, with or without an adapter."""
    said: list[str] = []

    assert not promote_if_better(settings, trained / "adapter", OWN, 3, said.append)
    assert history(settings, NAME) == []
    measures = card(trained / "adapter")["measures"]
    assert measures["questions"] == 3
    assert measures["before"]["rouge1"] == measures["after"]["rouge1"] > 20
    assert any("ROUGE-1/2/L" in line for line in said)


def test_a_broken_history_says_what_to_do(settings: Settings, trained: Path) -> None:
    promote(settings, NAME, trained / "adapter")
    record = settings.models_dir / "adapters" / NAME / "history.json"
    whole = record.read_text()
    try:
        record.write_text("{")
        with pytest.raises(ModelError, match="Remove it"):
            adapter_for(settings, NAME)
    finally:
        record.write_text(whole)
        go_back(settings, NAME)


def test_a_named_adapter_must_be_there(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="NUTSHELL_LLM_ADAPTER"):
        adapter_for(settings.model_copy(update={"llm_adapter": str(tmp_path)}), NAME)


def test_a_gguf_file_is_trained_too(home: Path, tmp_path: Path) -> None:
    file = write_gguf(tmp_path / "tiny-vicuna.gguf", home / "models" / NAME)
    done = subprocess.run(
        [sys.executable, "-m", "workers.cli", *command(tmp_path / "out", 2)], env=environment(home, NUTSHELL_LLM_MODEL=str(file)), capture_output=True,
        text=True, check=False, timeout=280,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "adapter" / CARD).is_file()
    settings = Settings(home=home, llm_model=str(file), llm_dtype="float32", device="cpu")
    assert adapter_for(settings, name_of_llm(settings)) is None
    promote(settings, name_of_llm(settings), tmp_path / "out" / "adapter")
    generator = open_generator(settings, in_process=True)
    generator.close()
    assert generator.model.startswith("tiny-vicuna+")


def test_it_learns_from_its_own_answers(home: Path, trained: Path, tmp_path: Path) -> None:
    plan = command(tmp_path / "out", 2)
    rank = plan.index("--rank")
    plan[rank : rank + 2] = ["--own", "2", "--asked", "5", "--start", str(trained / "adapter")]
    done = subprocess.run(
        [sys.executable, "-m", "workers.cli", *plan], env=environment(home, NUTSHELL_LLM_URL="http://127.0.0.1:9/v1"), capture_output=True,
        text=True, check=False, timeout=280,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr  # its own answers, though a server is set that would answer questions
    assert "asked 5 of 5 questions" in done.stderr
    assert [len(json.loads(line)["answers"]) for line in (tmp_path / "out" / "own.jsonl").read_text().splitlines()] == [2] * 5
    told = card(tmp_path / "out" / "adapter")
    assert 1 <= told["data"][0]["examples"]["own"] <= 5
    assert "brief" not in told["data"][0]["examples"]
    assert told["course"]["pairs"] == told["data"][0]["examples"]["own"], "the best is also taught beside the worst"
    assert "with pairs: loss 0.693" in done.stderr
    assert "--own 2 --asked 5 --start adapter" in told["made_by"]
    assert told["started_from"]["made_by"] == card(trained / "adapter")["made_by"]


def test_better_means_closer_and_no_more_invention() -> None:
    before = row(rouge1=30.0, unsupported_rate=2.0)

    assert is_better(before, row(rouge1=31.0, unsupported_rate=2.0))
    assert not is_better(before, row(rouge1=30.0, unsupported_rate=0.0))
    assert not is_better(before, row(rouge1=35.0, unsupported_rate=3.0))
    assert not is_better(before, row(rouge1=35.0, unsupported_rate=2.0, loops=1))


def test_the_commands_say_what_they_need(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUTSHELL_HOME", str(tmp_path / "home"))
    (tmp_path / "empty").mkdir()
    run = CliRunner().invoke

    assert run(main, ["evaluate", "qmsum", "--data", str(tmp_path / "empty"), "--systems", "lead"]).exit_code == 2
    assert run(main, ["evaluate", "qmsum", "--systems", "magic"]).exit_code == 2
    for wrong, word in ((["--asked", "4"], "give --own too"), (["--from-feedback", "--own", "4"], "leave --from-feedback out")):
        refused = run(main, [*command(tmp_path / "out", 2), *wrong])
        assert (refused.exit_code, word in refused.output) == (2, True)
    found = run(main, ["evaluate", "qmsum", "--systems", "lead", "--json"])
    assert found.exit_code == 0
    made = json.loads(found.stdout)
    assert (made["set"], made["n"], list(made["systems"])) == ("own", 10, ["lead"])
    assert made["systems"]["lead"]["rouge1"] > 40
