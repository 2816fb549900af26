"""A real LLaMA of a few thousand weights learns from opinions that lie in a real database, by the command."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner

from pipeline.config import Settings
from pipeline.errors import InputError
from pipeline.language.adapter import WEIGHTS
from pipeline.language.adapters import card, go_back, history, promote
from pipeline.language.weights import read
from pipeline.store import feedback, videos
from pipeline.store.database import Database
from pipeline.store.feedback import Feedback, Opinion, Place
from pipeline.training.feedback import lessons
from pipeline.training.learn import ENOUGH, USUAL, learn
from pipeline.training.preferences import Course, RowPair, log_likelihoods, margins, pair_rows, prefer
from pipeline.training.train import Plan, adapting
from pipeline.types import Sentence
from tests.integration.language.tiny import Tiny, write_folder
from tests.integration.store.fresh import clear, migrated_database
from workers.cli import main
from workers.cli_training import OWN

NAME = "tiny-vicuna-7b"
PLAN = Plan(rank=4, longest=4096)
SAID = ("The bees dance.", "One second of dancing is one kilometre.", "The others fly to the flowers.")


def opinions(number: int) -> list[Feedback]:
    """Half of them edits, half of them dislikes."""
    shown = tuple(Sentence(at, 10.0 * at, 10.0 * at + 9, text) for at, text in enumerate(SAID))
    edit = Feedback(
        "aaaaaaaaaaa", Place.POINT, Opinion.EDIT, "", "phrased", "One second of dancing is one kilometre.", "What is said about “The dance”?", shown, (1,), NAME, "1", "en",
    )  # fmt: skip
    both = (edit, replace(edit, opinion=Opinion.DOWN, instead=""))
    return [replace(both[at % 2], text=f"Dancing says {'so ' * (at + 1)}.") for at in range(number)]


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """So small a model is slowed down by more."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module", name="home")
def _home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    write_folder(home / "models" / NAME, Tiny(window=4096))
    return home


@pytest.fixture(name="settings")
def _settings(home: Path) -> Settings:
    return Settings(home=home, llm_model=NAME, llm_dtype="float32", device="cpu")


@pytest.fixture(name="pairs")
def _pairs(home: Path) -> tuple[RowPair, ...]:
    return pair_rows(lessons(opinions(6)).pairs, read(home / "models" / NAME), PLAN.longest)


def trainable(home: Path, seed: int = 1) -> object:
    from transformers import AutoModelForCausalLM

    torch.manual_seed(seed)
    return adapting(AutoModelForCausalLM.from_pretrained(home / "models" / NAME, dtype=torch.float32), PLAN)


def test_what_is_preferred_becomes_likelier_and_only_the_adapter_changes(home: Path, pairs: tuple[RowPair, ...]) -> None:
    model = trainable(home)
    with model.disable_adapter():
        before = margins(model, pairs)
    assert margins(model, pairs) == pytest.approx(before), "a new adapter is the reference"
    losses: list[str] = []
    prefer(model, pairs, Course(rate=1e-2, rounds=6), losses.append)
    after = margins(model, pairs)

    assert all(now > then + 1 for now, then in zip(after, before, strict=True)), (before, after)
    assert losses[0].endswith("loss 0.693")  # log 2: nothing was learned yet
    assert float(losses[-1].rpartition(" ")[2]) < 0.6
    with model.disable_adapter():
        assert margins(model, pairs) == pytest.approx(before)


def weights(model: object) -> list[torch.Tensor]:
    return [weight.detach().clone() for weight in model.parameters() if weight.requires_grad]  # type: ignore[attr-defined]


def test_an_interrupted_run_goes_on_to_the_same_weights(home: Path, pairs: tuple[RowPair, ...], tmp_path: Path) -> None:
    def stop(line: str) -> None:
        if line.startswith("step 11 "):
            raise KeyboardInterrupt

    course, kept, said = Course(rate=1e-2, rounds=20), tmp_path / "pairs.pt", list[str]()
    whole, halved, others = trainable(home), trainable(home), trainable(home)
    before = weights(others)
    prefer(whole, pairs, course, said.append)
    with pytest.raises(KeyboardInterrupt):
        prefer(trainable(home), pairs, course, stop, kept)
    again: list[str] = []
    prefer(halved, pairs, course, again.append, kept)
    prefer(trainable(home, seed=2), pairs, course, said.append, kept)
    prefer(others, pairs, Course(rate=1e-2, rounds=1, beta=0.5), said.append, kept)

    assert again[0].startswith("going on after step 10 of ")
    assert again[1] == said[1]
    assert all(torch.allclose(one, other, atol=1e-6) for one, other in zip(weights(whole), weights(halved), strict=True))
    assert not any(torch.equal(one, other) for one, other in zip(before, weights(others), strict=True))
    assert not any(line.startswith("going on") for line in said), "not with other weights, nor by another course"


def test_the_chosen_text_stays_likely_where_it_is_anchored(home: Path, pairs: tuple[RowPair, ...]) -> None:
    free, anchored = trainable(home), trainable(home)
    prefer(free, pairs, Course(rate=3e-2, rounds=8), lambda _line: None)
    prefer(anchored, pairs, Course(rate=3e-2, rounds=8, anchor=1.0), lambda _line: None)
    chosen = [pair[0] for pair in pairs]
    with torch.no_grad():
        assert log_likelihoods(anchored, chosen).mean() > log_likelihoods(free, chosen).mean()


def test_texts_are_as_likely_alone_as_beside_longer_ones(home: Path, pairs: tuple[RowPair, ...]) -> None:
    model = trainable(home).eval()
    rows = [row for pair in pairs for row in pair]
    with torch.no_grad():
        together = log_likelihoods(model, rows)
        alone = torch.cat([log_likelihoods(model, [row]) for row in rows])

    assert len({len(row.input_ids) for row in rows}) > 1
    assert torch.allclose(together, alone, atol=1e-2)


def test_a_pair_that_is_too_long_is_left_out_whole(home: Path) -> None:
    model = read(home / "models" / NAME)
    pairs = lessons(opinions(2)).pairs
    sizes = [max(len(row.input_ids) for row in pair) for pair in pair_rows(pairs, model, 4096)]

    assert len(pair_rows(pairs, model, min(sizes) - 1)) == 0
    assert len(pair_rows(pairs, model, max(sizes))) == 2


def test_too_little_is_said_before_a_model_is_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=f"{ENOUGH} are needed") as caught:
        learn(Settings(home=tmp_path), opinions(ENOUGH - 1), None, tmp_path / "out", USUAL, lambda _: None)

    assert caught.value.code == "little_feedback"
    assert not (tmp_path / "out").exists()


def test_it_goes_on_from_the_adapter_in_use(settings: Settings, tmp_path: Path) -> None:
    given = [replace(one, opinion=Opinion.DOWN, instead="") for one in opinions(ENOUGH)]  # pairs only
    said: list[str] = []
    first = learn(settings, given, None, tmp_path / "first", replace(USUAL, rank=4, longest=4096), said.append)
    promote(settings, NAME, first)
    try:
        second = learn(settings, given, None, tmp_path / "second", replace(USUAL, rank=8, longest=4096), said.append)
    finally:
        go_back(settings, NAME)

    assert said[0].startswith(f"0 answers and {ENOUGH - 3} pairs")
    assert card(first)["plan"]["start"] == ""
    assert card(second)["plan"]["start"] == "1", "no path of this machine"
    assert json.loads((second / "adapter_config.json").read_text())["r"] == 4, "that of the adapter it goes on from"
    liked = [card(folder)["liked"] for folder in (first, second)]
    assert liked[0]["after"] > liked[0]["before"]
    assert liked[1]["before"] == pytest.approx(liked[0]["after"], abs=0.3)  # the adapter's weights were rounded to bfloat16
    assert not any(text in (second / "card.json").read_text() for text in SAID)


@pytest.fixture(name="product")
def _product(servers: Settings, home: Path, monkeypatch: pytest.MonkeyPatch) -> Database:
    """A database that the command finds, with a video to think something of."""
    url = migrated_database(servers, "training")
    given = {"HOME": home, "LLM_MODEL": NAME, "LLM_DTYPE": "float32", "DEVICE": "cpu", "DATABASE_URL": url, "BROKER_URL": servers.embedded_broker_url}
    for name, value in given.items():
        monkeypatch.setenv(f"NUTSHELL_{name}", str(value))
    db = Database(url)
    clear(db)
    with db.session() as s:
        videos.ensure_video(s, "youtube:aaaaaaaaaaa", "https://www.youtube.com/watch?v=aaaaaaaaaaa", "youtube", "A talk")
    return db


def keep(db: Database, given: list[Feedback]) -> None:
    with db.session() as s:
        for one in given:
            feedback.save(s, one)


def test_the_command_learns_measures_and_does_not_use_what_is_no_better(product: Database, settings: Settings, tmp_path: Path) -> None:
    keep(product, opinions(20))
    out = tmp_path / "out"
    done = CliRunner().invoke(
        main, ["train", "--from-feedback", "--out", str(out), "--limit", "2", "--rank", "4", "--longest", "4096", "--epochs", "1"]
    )
    product.dispose()

    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines() == [str(out / "adapter"), "It is not better, so nothing was changed."]
    assert re.search(r"^\d answers and 16 pairs to learn from; 20 opinions, of which 4 are checked by$", done.stderr, re.MULTILINE)
    assert re.search(r"of the pairs it was not taught, it likes the reader's choice better in \d+ % -> \d+ %", done.stderr)
    assert (out / "adapter" / WEIGHTS).is_file()
    told = card(out / "adapter")
    assert told["data"][0]["opinions"] == {"edit": 10, "down": 10}
    assert told["measures"]["questions"] == 2
    assert history(settings, NAME) == []


def test_the_command_uses_what_is_better(product: Database, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rule itself has its own tests; a model of a few thousand weights cannot become better."""
    from pipeline.training import tuning

    monkeypatch.setattr(tuning, "is_better", lambda before, after: True)
    keep(product, opinions(ENOUGH))
    done = CliRunner().invoke(
        main,
        ["train", "--from-feedback", "--data", str(OWN), "--check", str(OWN), "--out", str(tmp_path / "out"), "--limit", "1", "--rank", "4", "--steps", "2", "--longest", "4096"],
    )
    product.dispose()

    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[1].startswith("It is used from the next start on")
    assert len(history(settings, NAME)) == 1
    assert [one["name"] for one in card(tmp_path / "out" / "adapter")["data"]] == ["what readers of this machine think", "QMSum, training meetings"]
    go_back(settings, NAME)


def test_the_command_says_when_there_is_too_little(product: Database, tmp_path: Path) -> None:
    keep(product, opinions(3))
    done = CliRunner().invoke(main, ["train", "--from-feedback", "--out", str(tmp_path / "out")])
    product.dispose()

    assert done.exit_code == 2
    assert len(done.output.splitlines()) == 1
    assert f"There are 3 opinions that something can be learned from, and {ENOUGH} are needed." in done.output


@pytest.mark.parametrize(
    ("given", "missing"),
    [([], "--data"), (["--data", str(OWN)], "--check"), (["--from-feedback", "--data", str(OWN)], "--check"), (["--from-feedback", "--check", str(OWN)], "--data")],
)
def test_data_and_check_go_together(tmp_path: Path, given: list[str], missing: str) -> None:
    done = CliRunner().invoke(main, ["train", *given, "--out", str(tmp_path / "out")])

    assert done.exit_code == 2
    assert f"Missing option '{missing}'." in done.output
