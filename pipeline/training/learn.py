"""`nutshell train --from-feedback`: the adapter in use goes on learning from what its readers think of what it wrote. Everything stays on this machine."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pipeline.config import Settings
from pipeline.errors import InputError
from pipeline.language.adapters import CARD, adapter_for
from pipeline.language.checkpoint import Checkpoint
from pipeline.language.profiles import choose_llm, name_of_llm
from pipeline.store.feedback import Feedback
from pipeline.training.examples import Example
from pipeline.training.feedback import Lessons, lessons, split
from pipeline.training.preferences import Course, Margin, pair_rows, teach
from pipeline.training.train import Plan, rows, train
from pipeline.training.tuning import Data, Say, digest_of, examples_of, losses, trainable

ENOUGH = 16
"""Opinions that something can be learned from; fewer would teach the model those very sentences."""
USUAL = Plan(rate=1e-4, every=5)
"""A quarter of the rate of a first training: what was learned there shall stay."""


def learn(settings: Settings, given: Sequence[Feedback], data: Data | None, out: Path, plan: Plan, say: Say) -> Path:
    """The folder of an adapter that goes on from the one in use. First edits and what was liked are taught as answers, then pairs by preference. With `data`
    examples of meetings stand among the answers, so that the model does not forget what it learned from them.

    Raises:
        InputError: `folder_used`, `little_feedback`; `no_data`, `bad_data`.
        ModelError: `model_missing`, `model_broken`, `not_installed`.
    """
    from pipeline.language.weights import read

    if (out / "adapter" / CARD).exists():  # written last: that run is over, and its checkpoints know nothing of newer opinions
        raise InputError("folder_used", f"{out} holds an adapter that is finished. Choose another folder with --out.")
    parts = split(given)
    number = sum(len(part) for part in parts)
    if number < ENOUGH:
        raise InputError(
            "little_feedback",
            f"There are {number} opinions that something can be learned from, and {ENOUGH} are needed. Set NUTSHELL_FEEDBACK=true, and edit and judge more points.",
        )
    taught, checked = (lessons(part) for part in parts)
    path = choose_llm(settings).path
    model = read(path)
    plan = replace(plan, start=plan.start or str(adapter_for(settings, name_of_llm(settings)) or ""))
    base = trainable(path, model, out)
    course = Course(seed=plan.seed)
    say(f"{len(taught.examples)} answers and {len(taught.pairs)} pairs to learn from; {number} opinions, of which {len(parts[1])} are checked by")
    start = _answers(base, model, taught, checked, data, out, plan, say)
    pairs, held = (pair_rows(one.pairs, model, plan.longest) for one in (taught, checked))
    margin = teach(base, replace(plan, start=start), pairs, held, out / "adapter", course, say)
    _tell(margin, say)
    made = _card(model, path, given, data, out, plan)
    (out / "adapter" / CARD).write_text(json.dumps({**made, "course": asdict(course), "liked": margin and asdict(margin)}, indent=1), encoding="utf-8")
    return out / "adapter"


def _answers(base: Path, model: Checkpoint, taught: Lessons, checked: Lessons, data: Data | None, out: Path, plan: Plan, say: Say) -> str:
    """The folder of the adapter after the answers; the one it starts from where there are none."""
    meetings: list[tuple[Example, ...]] = [(), ()]
    if data is not None:
        meetings = [examples_of(folder, model, data.limit, plan.seed) for folder in (data.taught, data.checked)]
    learned = rows([*taught.examples, *meetings[0]], model, plan.longest)
    if not learned:
        return plan.start
    watched = rows([*checked.examples, *meetings[1]], model, plan.longest)[: plan.checked]
    return str(train(base, learned, watched or learned[: plan.checked], out, plan, say))


def _tell(margin: Margin | None, say: Say) -> None:
    if margin is not None:
        say(
            f"of the pairs it was not taught, it likes the reader's choice better in {margin.agreed_before:.0f} % -> {margin.agreed_after:.0f} %"
            f" (margin {margin.before:.1f} -> {margin.after:.1f})"
        )


def _card(model: Checkpoint, path: Path, given: Sequence[Feedback], data: Data | None, out: Path, plan: Plan) -> dict[str, Any]:
    """Counts, never what anybody wrote."""
    told = [{"name": "what readers of this machine think", "licence": "theirs", "opinions": Counter(one.opinion.value for one in given)}]
    meetings = [{"name": "QMSum, training meetings", "licence": "MIT", "sha256": digest_of(data.taught)}] if data is not None else []
    return {
        "made_for": model.name, "base": digest_of(path), "form": "LoRA", "licence": "not to be published: it was taught what readers wrote", "data": [*told, *meetings],
        "plan": asdict(replace(plan, start=Path(plan.start).name if plan.start else "")), "losses": losses(out),
        "packages": {name: version(name) for name in ("torch", "transformers", "peft", "accelerate")}, "made_by": "nutshell train --from-feedback --out FOLDER",
    }  # fmt: skip
