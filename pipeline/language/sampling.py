"""Choosing the next token: the likeliest, or one drawn by chance where several answers are wanted to choose from; without loops."""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

LIKELIEST = 40
"""Tokens that are drawn from."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How tokens are chosen. Summaries shall say what is there, so the likeliest token is taken, always the same."""

    repetition_penalty: float = 1.1
    """Divides the logits of tokens that the *answer* already has. Those of the prompt are not touched, unlike in transformers: an answer shall use its words."""
    no_repeat: int = 5
    """So many tokens in a row never occur twice in an answer; 0: they may."""
    least: int = 0
    """An answer of fewer tokens does not end."""
    not_first: tuple[int, ...] = ()
    """Tokens that no answer begins with."""
    seed: int = 0
    """Another than 0: tokens are drawn by their probabilities, as the seed and the place in the answer decide, whoever else is answered at the same time."""
    temperature: float = 1.0
    """Divides the logits of tokens that are drawn."""


@torch.inference_mode()  # type: ignore[untyped-decorator]
def choose(logits: Tensor, answers: Sequence[Sequence[int]], rules: Sequence[Sampling], ends: Sequence[int] = ()) -> list[int]:
    """The next token of each row of `logits` (rows, vocabulary), given what each answer has so far; `ends` end an answer. Changes `logits`."""
    for row, (answer, rule) in enumerate(zip(answers, rules, strict=True)):
        banned_now = (*(ends if len(answer) < rule.least else ()), *(() if answer else rule.not_first))
        if banned_now:
            logits[row, list(banned_now)] = float("-inf")
    if any(answers):
        _penalise(logits, answers, rules)
        for row, (answer, rule) in enumerate(zip(answers, rules, strict=True)):
            banned = _banned(answer, rule.no_repeat)
            if banned:
                logits[row, banned] = float("-inf")
    chosen: list[int] = logits.argmax(dim=-1).tolist()
    for row, (answer, rule) in enumerate(zip(answers, rules, strict=True)):
        if rule.seed:
            chosen[row] = _drawn(logits[row], rule, len(answer))
    return chosen


def _drawn(logits: Tensor, rule: Sampling, place: int) -> int:
    """One of the likeliest tokens by chance: the greatest of their logits with Gumbel noise is a draw from their softmax (Gumbel 1954)."""
    values, tokens = logits.float().topk(min(LIKELIEST, len(logits)))
    noise = random.Random(f"{rule.seed} {place}")
    gumbel = torch.tensor([-math.log(-math.log(max(noise.random(), 1e-12))) for _ in range(len(values))])
    return int(tokens[int((values.cpu() / rule.temperature + gumbel).argmax())])


def _penalise(logits: Tensor, answers: Sequence[Sequence[int]], rules: Sequence[Sampling]) -> None:
    """All rows at once; a token that occurs twice is penalised once, since both writes write the same."""
    rows = torch.tensor([row for row, answer in enumerate(answers) for _ in answer], device=logits.device)
    tokens = torch.tensor([token for answer in answers for token in answer], device=logits.device)
    penalties = torch.tensor([rule.repetition_penalty for rule in rules], device=logits.device)[rows]
    seen = logits[rows, tokens]
    logits[rows, tokens] = torch.where(seen > 0, seen / penalties, seen * penalties)


def _banned(answer: Sequence[int], size: int) -> list[int]:
    """Tokens that would complete a run of `size` tokens which the answer already has."""
    if size < 1 or len(answer) < size:
        return []
    tail = tuple(answer[len(answer) - size + 1 :])
    return [answer[at + size - 1] for at in range(len(answer) - size + 1) if tuple(answer[at : at + size - 1]) == tail]
