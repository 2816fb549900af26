"""Fine-tuning by LoRA with transformers' Trainer and peft: the same on a CPU and on a GPU, resumable, with early stopping on validation."""

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pipeline.errors import ModelError
from pipeline.language.adapter import CONFIG, WEIGHTS
from pipeline.language.checkpoint import Checkpoint
from pipeline.language.forms import choose_form, render
from pipeline.training.examples import Example

LINEAR = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
"""The matrices of a layer of a LLaMA, by their names in transformers."""
IGNORED = -100
"""Label of tokens that the loss leaves out: all of the prompt's."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How it is trained; written beside the adapter."""

    rank: int = 32
    layers: float = 2 / 3
    """Share of the layers, from the last, that are adapted. Those below need no backward pass: a step takes half the time on a CPU."""
    alpha: int = 64
    dropout: float = 0.0
    rate: float = 4e-4
    batch: int = 4
    epochs: float = 2.0
    steps: int = -1
    """Ends after so many instead; -1: `epochs` says."""
    longest: int = 1024
    """Tokens of prompt and answer; a longer example is left out, never cut."""
    patience: int = 3
    """Looks at the validation set without an improvement after which it ends."""
    every: int = 30
    """Steps between checkpoints, which are also looks at the validation set."""
    checked: int = 32
    """Examples of the validation set that are looked at: a look should cost less than the steps before it."""
    seed: int = 1
    own: int = 0
    """Answers of its own to each question, of which the best statements are taught (own_answers.py); 0: what annotators wrote is."""
    asked: int = 0
    """So many questions are asked for them; 0: all."""
    start: str = ""
    """Folder of an adapter to go on from, whose rank and layers hold; empty: from the model as it comes."""


@dataclass(frozen=True, slots=True)
class Row:
    """An example as tokens; `labels` are IGNORED in the prompt."""

    input_ids: tuple[int, ...]
    labels: tuple[int, ...]


def rows(examples: Sequence[Example], model: Checkpoint, longest: int) -> tuple[Row, ...]:
    """The examples in the form of the model's family, each ended as the model ends its answers."""
    tokenizer = model.load_tokenizer()
    form = choose_form(model.name, model.template, model.specials)
    end = min(model.ends)
    out = []
    for example in examples:
        prompt = tokenizer.encode(render(form, example.prompt), add_special_tokens=False).ids
        answer = [*tokenizer.encode(example.answer, add_special_tokens=False).ids, end]
        if len(prompt) + len(answer) <= longest:
            out.append(Row((*prompt, *answer), (*[IGNORED] * len(prompt), *answer)))
    return tuple(out)


def padded(batch: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Rows of one batch at the length of its longest, padded on the left, so that the answers stand together at the end: only there the model's words are
    computed (`logits_to_keep`), which is a fifth of the built-in model's arithmetic (28 of its 135 million weights).
    """
    import torch

    width = max(len(row["input_ids"]) for row in batch)
    answers = (
        max(sum(label != IGNORED for label in row["labels"]) for row in batch) + 1
    )  # and the token before, which the first word follows

    def filled(name: str, value: int) -> Any:
        return torch.tensor([[*[value] * (width - len(row[name])), *row[name]] for row in batch])

    mask = torch.tensor([[0] * (width - len(row["input_ids"])) + [1] * len(row["input_ids"]) for row in batch])
    return {
        "input_ids": filled("input_ids", 0),
        "labels": filled("labels", IGNORED)[:, -answers:],
        "attention_mask": mask,
        "logits_to_keep": answers,
    }


def train(folder: Path, taught: Sequence[Row], checked: Sequence[Row], out: Path, plan: Plan, say: Callable[[str], None]) -> Path:
    """The adapter in `out`/adapter. A run that was interrupted goes on from its last checkpoint in `out`.

    Raises:
        ModelError: `not_installed`: peft or accelerate are not.
    """
    try:
        import peft  # noqa: F401
        from transformers import AutoModelForCausalLM, EarlyStoppingCallback, PrinterCallback, Trainer
    except ImportError as error:
        raise ModelError("not_installed", "Training needs peft and accelerate: pip install 'nutshell[train]'.") from error
    import torch

    torch.manual_seed(plan.seed)
    model = AutoModelForCausalLM.from_pretrained(folder, local_files_only=True, trust_remote_code=False, dtype=torch.float32)
    trainer = Trainer(
        model=adapting(model, plan),
        args=_arguments(out, plan),
        train_dataset=[asdict(row) for row in taught],
        eval_dataset=[asdict(row) for row in checked],
        data_collator=padded,
        callbacks=[EarlyStoppingCallback(plan.patience), _teller(say)],
    )
    trainer.remove_callback(PrinterCallback)  # standard output is for the result
    say(f"{len(taught)} examples, {len(checked)} to check by; {plan}")
    last = _last(out)
    if last is not None:
        say(f"going on after step {_step(last)}")
    trainer.train(resume_from_checkpoint=str(last) if last else None)
    save(trainer.model, out / "adapter")
    (out / "plan.json").write_text(json.dumps(asdict(plan), indent=1))
    return out / "adapter"


def adapting(model: Any, plan: Plan) -> Any:
    """`model` with matrices to train beside its own: new ones, or those of an adapter."""
    from peft import LoraConfig, PeftModel, get_peft_model

    if plan.start:
        return PeftModel.from_pretrained(model, plan.start, is_trainable=True, autocast_adapter_dtype=True)
    count = model.config.num_hidden_layers
    lora = LoraConfig(
        r=plan.rank,
        lora_alpha=plan.alpha,
        lora_dropout=plan.dropout,
        target_modules=LINEAR,
        layers_to_transform=list(range(round(count * (1 - plan.layers)), count)),
        task_type="CAUSAL_LM",
    )
    return get_peft_model(model, lora)


def save(model: Any, folder: Path) -> None:
    """Write the adapter of `model`."""
    model.save_pretrained(folder)
    _halve(folder / WEIGHTS)
    _without_place(folder / CONFIG)


def _halve(weights: Path) -> None:
    """Write the adapter's weights in bfloat16: half the size, and what is added to the model changes by less than the model's own rounding."""
    import torch
    from safetensors.torch import load_file, save_file

    save_file({name: tensor.to(torch.bfloat16) for name, tensor in load_file(weights).items()}, weights, {"format": "pt"})


def _without_place(config: Path) -> None:
    """The folder that the model lay in is nobody else's business; card.json says which model it was."""
    config.write_text(json.dumps({**json.loads(config.read_text()), "base_model_name_or_path": None}, indent=1))


def _teller(say: Callable[[str], None]) -> Any:
    """Says each loss as it is known."""
    from transformers import TrainerCallback

    class Teller(TrainerCallback):  # type: ignore[misc]  # transformers is not followed
        def on_log(self, _args: Any, state: Any, _control: Any, logs: dict[str, Any] | None = None, **_: Any) -> None:
            for name, what in (("loss", "loss"), ("eval_loss", "loss on what it is checked by")):
                if logs and name in logs:
                    say(f"step {state.global_step} of {state.max_steps}: {what} {float(logs[name]):.3f}")

    return Teller()


def _arguments(out: Path, plan: Plan) -> Any:
    import torch
    from transformers import TrainingArguments

    fast = torch.cuda.is_available() or (torch.cpu.is_available() and torch.ops.mkldnn._is_mkldnn_bf16_supported())
    return TrainingArguments(
        output_dir=str(out), num_train_epochs=plan.epochs, max_steps=plan.steps, learning_rate=plan.rate, lr_scheduler_type="cosine", warmup_steps=20,
        weight_decay=0.01, max_grad_norm=1.0, per_device_train_batch_size=plan.batch, per_device_eval_batch_size=plan.batch, bf16=fast,
        train_sampling_strategy="group_by_length", eval_strategy="steps", eval_steps=plan.every, save_steps=plan.every, save_total_limit=2,
        load_best_model_at_end=True, metric_for_best_model="eval_loss", logging_steps=10, report_to=_trackers(), seed=plan.seed,
        dataloader_pin_memory=torch.cuda.is_available(), use_cpu=not torch.cuda.is_available(), disable_tqdm=True,
    )  # fmt: skip


def _trackers() -> list[str]:
    """TensorBoard where it is installed, Weights & Biases where it is set up."""
    import importlib.util

    found = ["tensorboard"] if importlib.util.find_spec("tensorboard") else []
    return [*found, "wandb"] if os.environ.get("WANDB_PROJECT") else found


def _last(out: Path) -> Path | None:
    """The newest checkpoint that was written whole: Trainer writes its state last."""
    return max((path for path in out.glob("checkpoint-*") if _is_whole(path)), key=_step, default=None)


def _is_whole(checkpoint: Path) -> bool:
    try:
        return "global_step" in json.loads((checkpoint / "trainer_state.json").read_text())
    except (FileNotFoundError, ValueError):
        return False


def _step(checkpoint: Path) -> int:
    return int(checkpoint.name.split("-")[1])
