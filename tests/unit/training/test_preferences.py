"""The loss of direct preference optimisation, by hand on numbers that can be checked on paper."""

import math

import pytest
import torch

from pipeline.training.preferences import log_likelihoods, preference_loss
from pipeline.training.train import IGNORED, Row


def loss(chosen: float, rejected: float, reference: tuple[float, float] = (-5.0, -7.0), beta: float = 0.1) -> float:
    one, other, held_one, held_other = (torch.tensor([value]) for value in (chosen, rejected, *reference))
    return float(preference_loss(one, other, held_one, held_other, beta))


def test_it_is_log_two_where_nothing_was_learned() -> None:
    assert loss(-5.0, -7.0) == pytest.approx(math.log(2))


def test_it_is_the_papers_formula() -> None:
    margin = (-4.0 + 5.0) - (-10.0 + 7.0)

    assert loss(-4.0, -10.0, beta=0.5) == pytest.approx(-math.log(1 / (1 + math.exp(-0.5 * margin))))


def test_it_falls_with_the_margin_and_the_more_the_dearer_the_reference() -> None:
    assert loss(-4.0, -7.0) < loss(-5.0, -7.0) < loss(-6.0, -7.0)
    assert loss(-5.0, -8.0) < loss(-5.0, -7.0) < loss(-5.0, -6.0)
    assert loss(-4.0, -7.0, beta=1.0) < loss(-4.0, -7.0, beta=0.1)


def test_its_gradient_lifts_the_chosen_and_lowers_the_rejected_text() -> None:
    chosen, rejected = torch.tensor([-5.0], requires_grad=True), torch.tensor([-7.0], requires_grad=True)
    preference_loss(chosen, rejected, torch.tensor([-5.0]), torch.tensor([-7.0]), 0.1).sum().backward()

    assert chosen.grad.item() == pytest.approx(-0.05)  # beta times a half
    assert rejected.grad.item() == pytest.approx(0.05)


class Even:
    """A model that gives each of four words the chance that `chances` says, whatever came before."""

    device = "cpu"

    def __init__(self, *chances: float) -> None:
        self._logits = torch.tensor(chances).log()

    def __call__(self, input_ids: torch.Tensor, logits_to_keep: int, attention_mask: torch.Tensor) -> object:
        assert attention_mask.shape == input_ids.shape
        return type("Out", (), {"logits": self._logits.expand(len(input_ids), logits_to_keep, 4)})


def test_a_text_is_as_likely_as_its_words_together_and_its_prompt_does_not_count() -> None:
    rows = [Row((3, 3, 0, 1), (IGNORED, IGNORED, 0, 1)), Row((3, 2), (IGNORED, 2)), Row((3, 0, 0, 0, 0), (IGNORED, 0, 0, 0, 0))]
    found = log_likelihoods(Even(0.5, 0.25, 0.125, 0.125), rows)

    assert found.tolist() == pytest.approx([math.log(0.5 * 0.25), math.log(0.125), 4 * math.log(0.5)])
