"""Learning from pairs of texts of which one is liked better: direct preference optimisation on the weights of an adapter, in a loop of its own.

Rafailov et al. 2023, "Direct Preference Optimization: Your Language Model is Secretly a Reward Model" (arXiv 2305.18290), equation 7. For a prompt x, the chosen
text w, the rejected text l, the model p that is trained and the reference r, which is not:

    loss = -log sigmoid(beta * ((log p(w|x) - log r(w|x)) - (log p(l|x) - log r(l|x))))

The reference is the model as it is before the first step, as in the paper, where it is the fine-tuned model. With a new adapter that is the model without any (its
second matrix is zero); with one that is gone on from it is that adapter's model, which wrote what was rejected: measured against the bare model, every text in the
adapter's style would seem too likely, and the style would be unlearned. Either way its values are computed once, so that no second model is held.
"""

import hashlib
import random
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pipeline.errors import ModelError
from pipeline.language.checkpoint import Checkpoint
from pipeline.language.generator import Prompt
from pipeline.training.examples import Example
from pipeline.training.train import IGNORED, Plan, Row, adapting, padded, rows, save


@dataclass(frozen=True, slots=True)
class Pair:
    """Two answers to one prompt."""

    prompt: Prompt
    chosen: str
    rejected: str


@dataclass(frozen=True, slots=True)
class Course:
    """How it is taught; written beside the adapter."""

    beta: float = 0.1
    """How dearly leaving the reference is paid for; the paper's usual value."""
    rate: float = 5e-5
    """An eighth of Plan's: a few opinions shall move a little."""
    rounds: int = 2
    """How often every pair is seen."""
    anchor: float = 0.0
    """How much the chosen text's own loss per token counts beside the pair's. A pair only says which is better, and both can become less likely; with this the chosen one
    stays what is written (Pang et al. 2024, "Iterative reasoning preference optimization", equation 2, with 1)."""
    batch: int = 2
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Margin:
    """How much better the chosen texts are liked, before and after: log p(w|x) - log p(l|x), averages over pairs."""

    before: float
    after: float
    agreed_before: float
    """Percent of the pairs whose chosen text is the likelier one."""
    agreed_after: float


KEPT_EVERY = 10
"""Steps after which what was learned is kept."""
RowPair = tuple[Row, Row]
"""Chosen and rejected."""


def pair_rows(pairs: Sequence[Pair], model: Checkpoint, longest: int) -> tuple[RowPair, ...]:
    """The pairs in the form of the model's family; one with a text that is too long is left out."""
    both = [Example("preference", pair.prompt, text) for pair in pairs for text in (pair.chosen, pair.rejected)]
    made = rows(both, model, 10**9)
    found = zip(made[::2], made[1::2], strict=True)
    return tuple(pair for pair in found if max(len(row.input_ids) for row in pair) <= longest)


def preference_loss(chosen: Any, rejected: Any, reference_chosen: Any, reference_rejected: Any, beta: float) -> Any:
    """The loss of each pair, from log-likelihoods of whole texts (tensors of one length); log 2 where nothing was learned yet."""
    from torch.nn.functional import logsigmoid

    return -logsigmoid(beta * ((chosen - reference_chosen) - (rejected - reference_rejected)))


def log_likelihoods(model: Any, batch: Sequence[Row]) -> Any:
    """log p(answer | prompt) of each row: a sum over the answer's tokens."""
    inputs = {name: value.to(model.device) if hasattr(value, "to") else value for name, value in padded([asdict(row) for row in batch]).items()}
    labels = inputs.pop("labels")[:, 1:]
    likely = model(**inputs).logits[:, :-1].float().log_softmax(-1)
    told = labels != IGNORED
    return (likely.gather(-1, labels.where(told, 0).unsqueeze(-1)).squeeze(-1) * told).sum(-1)


def prefer(model: Any, pairs: Sequence[RowPair], course: Course, say: Callable[[str], None], kept: Path | None = None) -> None:
    """Move the trainable weights of `model` so that chosen texts become likelier beside rejected ones than they are for the model as it is now.

    A run that was interrupted goes on from the file `kept`.
    """
    import torch

    model.eval()  # without dropout, as the reference was measured
    chance = random.Random(course.seed)
    order = [at for _ in range(course.rounds) for at in chance.sample(range(len(pairs)), len(pairs))]
    batches = [order[first : first + course.batch] for first in range(0, len(order), course.batch)]
    run = _Run(model, course, len(batches), kept, _key(model, pairs, course))
    if not run.go_on():
        run.references = torch.stack([_both(model, pair) for pair in pairs])
        run.keep()
    else:
        say(f"going on after step {run.step} of {len(batches)} with pairs")
    for now in batches[run.step :]:
        loss = _step(run, [pairs[at] for at in now], run.references[now])
        if run.step % KEPT_EVERY == 0 or run.step == len(batches):
            run.keep()
        if run.step % KEPT_EVERY == 1:
            say(f"step {run.step} of {len(batches)} with pairs: loss {loss:.3f}")


def _key(model: Any, pairs: Sequence[RowPair], course: Course) -> str:
    """What is taught, how, and to which weights."""
    made = hashlib.sha256(repr((pairs, course)).encode())
    for weight in model.parameters():
        if weight.requires_grad:
            made.update(weight.detach().float().cpu().numpy().tobytes())
    return made.hexdigest()


class _Run:
    """What moves while pairs are taught, and the file that it is kept in."""

    def __init__(self, model: Any, course: Course, steps: int, kept: Path | None, key: str) -> None:
        """`key`: see `_key`; what was kept of anything else is not gone on with."""
        import torch
        from transformers import get_cosine_schedule_with_warmup

        self.model, self.course = model, course
        self.step = 0
        self.references: Any = None
        self.weights = [weight for weight in model.parameters() if weight.requires_grad]
        self.optimizer = torch.optim.AdamW(self.weights, lr=course.rate, weight_decay=0.0)
        self.pace = get_cosine_schedule_with_warmup(self.optimizer, steps // 10, steps)
        self._kept, self._key = kept, key

    def keep(self) -> None:
        import torch

        if self._kept is None:
            return
        self._kept.parent.mkdir(parents=True, exist_ok=True)
        part = self._kept.with_suffix(".part")
        moving = {"optimizer": self.optimizer.state_dict(), "pace": self.pace.state_dict(), "weights": [weight.detach() for weight in self.weights]}
        torch.save({"key": self._key, "step": self.step, "references": self.references, **moving}, part)
        part.replace(self._kept)

    def go_on(self) -> bool:
        import torch

        if self._kept is None or not self._kept.is_file():
            return False
        held = torch.load(self._kept, map_location=self.model.device, weights_only=True)
        if held["key"] != self._key:
            return False
        self.step, self.references = held["step"], held["references"]
        self.optimizer.load_state_dict(held["optimizer"])
        self.pace.load_state_dict(held["pace"])
        with torch.no_grad():
            for weight, value in zip(self.weights, held["weights"], strict=True):
                weight.copy_(value)
        return True


def _step(run: _Run, pairs: Sequence[RowPair], references: Any) -> float:
    """Teaches a batch; the loss of its pairs before. `references`: (pairs, 2)."""
    import torch

    chosen, rejected = log_likelihoods(run.model, [pair[side] for side in (0, 1) for pair in pairs]).chunk(2)
    loss = preference_loss(chosen, rejected, references[:, 0], references[:, 1], run.course.beta).mean()
    told = torch.tensor([_told(pair[0]) for pair in pairs], device=chosen.device)
    (loss - run.course.anchor * (chosen / told).mean()).backward()
    torch.nn.utils.clip_grad_norm_(run.weights, 1.0)
    run.optimizer.step()
    run.pace.step()
    run.optimizer.zero_grad()
    run.step += 1
    return float(loss.detach())


def _told(row: Row) -> int:
    """Tokens of the answer."""
    return sum(label != IGNORED for label in row.labels)


def margins(model: Any, pairs: Sequence[RowPair]) -> tuple[float, ...]:
    """log p(chosen) - log p(rejected) of each pair."""
    model.eval()
    return tuple(float(chosen - rejected) for chosen, rejected in (_both(model, pair) for pair in pairs))


def _both(model: Any, pair: RowPair) -> Any:
    """The log-likelihoods of a pair's texts, as they are now."""
    import torch

    with torch.no_grad():
        return log_likelihoods(model, pair)


def teach(
    folder: Path, plan: Plan, taught: Sequence[RowPair], checked: Sequence[RowPair], out: Path, course: Course, say: Callable[[str], None]
) -> Margin | None:
    """Go on with the adapter that `plan` starts from (none: a new one) for the model in `folder`, and write it to `out`; how `checked` is liked, None where it
    is empty. A run that was interrupted goes on from a file beside `out`.

    Raises:
        ModelError: `not_installed`: peft is not.
    """
    try:
        import peft  # noqa: F401
        from transformers import AutoModelForCausalLM
    except ImportError as error:
        raise ModelError("not_installed", "Training needs peft and accelerate: pip install 'nutshell[train]'.") from error
    import torch

    torch.manual_seed(course.seed)
    base = AutoModelForCausalLM.from_pretrained(folder, local_files_only=True, trust_remote_code=False, dtype=torch.float32)
    model = adapting(base.to("cuda" if torch.cuda.is_available() else "cpu"), plan)
    before = margins(model, checked)
    prefer(model, taught, course, say, out.with_name("pairs.pt"))
    after = margins(model, checked)
    save(model, out)
    return _margin(before, after) if checked else None


def _margin(before: Sequence[float], after: Sequence[float]) -> Margin:
    def agreed(found: Sequence[float]) -> float:
        return 100 * sum(value > 0 for value in found) / len(found)

    return Margin(sum(before) / len(before), sum(after) / len(after), agreed(before), agreed(after))
