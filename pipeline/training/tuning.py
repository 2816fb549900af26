"""`nutshell train`: from data sets to an adapter with its card, and `nutshell models promote`: into use when it measures better."""

import hashlib
import json
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pipeline.config import Settings
from pipeline.errors import InputError
from pipeline.installed import sha256
from pipeline.language.adapters import CARD, NONE, adapter_for, card, is_adapter, promote
from pipeline.language.checkpoint import Checkpoint
from pipeline.language.generator import Generator, open_embedder, open_generator
from pipeline.language.profiles import choose_llm, name_of_llm
from pipeline.training import own_answers, systems
from pipeline.training.evaluate import Row, cases, measure
from pipeline.training.examples import Count, Example, examples
from pipeline.training.meetings import load
from pipeline.training.preferences import Pair, pair_rows, teach
from pipeline.training.train import Plan, rows, train

Say = Callable[[str], None]
WORSE = 0.5
"""Percent by which numbers and names that nobody said may grow in an adapter that is promoted: noise of a few answers."""


@dataclass(frozen=True, slots=True)
class Data:
    """Folders of QMSum's files."""

    taught: Path
    checked: Path
    limit: int | None = None
    """Meetings of each."""


def tune(settings: Settings, data: Data, out: Path, plan: Plan, say: Say) -> Path:
    """The folder of an adapter for the LLaMA of these settings. Called again with the same `out` it goes on where it was interrupted.

    Raises:
        InputError: `no_data`, `bad_data`; `bad_option`: there is no adapter to start from.
        ModelError: `model_missing`, `model_broken`, `not_installed`.
    """
    from pipeline.language.weights import read

    if plan.start and not is_adapter(Path(plan.start)):
        raise InputError("bad_option", f"{plan.start} holds no adapter to start from (adapter_config.json and adapter_model.safetensors).")

    path = choose_llm(settings).path
    model = read(path)
    say(f"Making examples for {model.name}")
    taught, checked = (examples_of(folder, model, data.limit, plan.seed) for folder in (data.taught, data.checked))
    pairs = _own(settings, data, model, out, plan, say) if plan.own else ()
    if plan.own:
        taught = _with_own(taught, pairs, plan)
    base = trainable(path, model, out)
    folder = train(base, rows(taught, model, plan.longest), rows(checked, model, plan.longest)[: plan.checked], out, plan, say)
    if pairs:
        teach(base, replace(plan, start=str(folder)), pair_rows(pairs, model, plan.longest), (), folder, own_answers.COURSE, say)
    told = replace(plan, start=Path(plan.start).name if plan.start else "")  # where it lay is nobody else's business
    written = {
        "made_for": model.name, "base": digest_of(path), "form": "LoRA", "licence": "Apache-2.0",
        "data": [{"name": "QMSum, training meetings", "licence": "MIT", "sha256": digest_of(data.taught), "examples": Counter(one.kind for one in taught)}],
        "plan": asdict(told), "course": {**asdict(own_answers.COURSE), "pairs": len(pairs)} if pairs else None,
        "started_from": {**card(Path(plan.start)), "sha256": digest_of(Path(plan.start))} if plan.start else None,
        "losses": losses(out), "packages": {name: version(name) for name in ("torch", "transformers", "peft", "accelerate")},
        "made_by": f"nutshell train --data QMSUM/train --check QMSUM/val --out FOLDER{_options(told)}",
    }  # fmt: skip
    (folder / CARD).write_text(json.dumps(written, indent=1), encoding="utf-8")
    return folder


def _own(settings: Settings, data: Data, model: Checkpoint, out: Path, plan: Plan, say: Say) -> tuple[Pair, ...]:
    """Of its own answers to questions of the meetings, the best and the worst to each."""
    draws = own_answers.Draws(plan.own, plan.asked, plan.seed)
    questions = own_answers.asked(load(data.taught, data.limit), _counter(model), draws)
    out.mkdir(parents=True, exist_ok=True)
    start = str(Path(plan.start).resolve()) if plan.start else NONE
    generator = open_generator(settings.model_copy(update={"llm_adapter": start, "llm_url": ""}), in_process=True)
    try:
        answers = own_answers.drawn([view for _, view in questions], generator, draws, out / "own.jsonl", say)
    finally:
        generator.close()
    return tuple(own_answers.pairs(questions, answers))


def _with_own(taught: Sequence[Example], pairs: Sequence[Pair], plan: Plan) -> tuple[Example, ...]:
    """The examples with the best of its own answers in place of the annotators', and of the others as large a share as was asked of the questions."""
    own = [Example("own", pair.prompt, pair.chosen) for pair in pairs]
    others = [example for example in taught if example.kind != "brief"]
    made = [*own, *others[: len(others) * len(own) // max(1, len(taught) - len(others))]]
    random.Random(plan.seed).shuffle(made)
    return tuple(made)


def promote_if_better(settings: Settings, folder: Path, data: Path, limit: int | None, say: Say) -> bool:
    """Measure the adapter in `folder` beside what is used now, on the same questions, write both into its card, and use it when it is better:
    more words in common with the annotators, and no more numbers and names that nobody said.
    """
    model = name_of_llm(settings)
    now = adapter_for(settings, model)
    asked = cases(load(data), limit)
    embedder = open_embedder(settings, in_process=True)
    try:
        found = {
            name: _measured(settings.model_copy(update={"llm_adapter": str(adapter or NONE), "llm_url": ""}), asked, name, embedder, say)
            for name, adapter in (("before", now), ("after", folder))
        }
    finally:
        embedder.close()
    told = {**card(folder), "measures": {"questions": len(asked), **{name: asdict(row) for name, row in found.items()}}}
    (folder / CARD).write_text(json.dumps(told, indent=1), encoding="utf-8")
    before, after = found["before"], found["after"]
    say(
        f"ROUGE-1/2/L {before.rouge1:.1f}/{before.rouge2:.1f}/{before.rougeL:.1f} -> {after.rouge1:.1f}/{after.rouge2:.1f}/{after.rougeL:.1f}"
    )
    say(
        f"numbers and names that nobody said: {before.unsupported_rate:.1f} % -> {after.unsupported_rate:.1f} %; loops: {before.loops} -> {after.loops}"
    )
    if not is_better(before, after):
        return False
    promote(settings, model, folder)
    return True


def is_better(before: Row, after: Row) -> bool:
    gained = sum((after.rouge1, after.rouge2, after.rougeL)) > sum((before.rouge1, before.rouge2, before.rougeL))
    return (
        gained and after.unsupported_rate <= before.unsupported_rate + WORSE and after.loops <= before.loops and after.empty <= before.empty
    )


def _measured(settings: Settings, asked: Sequence[Any], name: str, embedder: Any, say: Say) -> Row:
    generator: Generator = open_generator(settings, in_process=True)
    try:
        return measure(asked, {name: systems.ours(generator, embedder)}, say)[name]
    finally:
        generator.close()


def examples_of(folder: Path, model: Checkpoint, limit: int | None, seed: int) -> tuple[Example, ...]:
    return examples(load(folder, limit), _counter(model), seed)


def _counter(model: Checkpoint) -> Count:
    tokenizer = model.load_tokenizer()
    return lambda text: len(tokenizer.encode(text, add_special_tokens=False).ids)


def trainable(path: Path, model: Checkpoint, out: Path) -> Path:
    """A folder in Hugging Face's form; a GGUF file is written as one, in bfloat16."""
    from pipeline.language.weights import save_folder

    if path.is_dir():
        return path
    folder = out / "base"
    if not (folder / "chat_template.jinja").is_file():  # written last
        folder.mkdir(parents=True, exist_ok=True)
        save_folder(model, folder)
    return folder


def digest_of(path: Path) -> str:
    """SHA-256 of a file, or of the digests of a folder's files in the order of their names."""
    if path.is_file():
        return sha256(path)
    files = sorted(one for one in path.iterdir() if one.is_file() and one.suffix in (".safetensors", ".json"))
    return hashlib.sha256("".join(sha256(one) for one in files).encode()).hexdigest()


def losses(out: Path) -> list[dict[str, float]]:
    """Loss on the examples that are checked by, as training went on."""
    states = sorted(out.glob("checkpoint-*/trainer_state.json"), key=lambda path: int(path.parent.name.split("-")[1]))
    log = json.loads(states[-1].read_text())["log_history"] if states else []
    return [{"step": entry["step"], "loss": round(entry["eval_loss"], 4)} for entry in log if "eval_loss" in entry]


def _options(plan: Plan) -> str:
    """What differs from the usual plan, as the command takes it."""
    usual = asdict(Plan())
    return "".join(f" --{name} {value}" for name, value in asdict(plan).items() if value != usual[name])
