"""The rules for the next token."""

import torch

from pipeline.language.sampling import Sampling, choose

PLAIN = Sampling(repetition_penalty=1.0, no_repeat=0)


def test_the_likeliest_token_is_taken() -> None:
    assert choose(torch.tensor([[0.1, 3.0, 2.9], [5.0, 1.0, 1.0]]), [[], []], [PLAIN, PLAIN]) == [1, 0]


def test_what_the_answer_has_already_is_less_likely_once() -> None:
    """Positive logits are divided, negative ones multiplied; a token that stands there three times is penalised as one that stands there once."""
    rule = Sampling(repetition_penalty=2.0, no_repeat=0)
    logits = torch.tensor([[3.0, 2.0, -1.0], [-1.0, -1.5, -9.0], [3.0, 2.0, 0.0]])

    assert choose(logits, [[0, 0, 0], [0], []], [rule, rule, rule]) == [1, 1, 0]
    assert logits[0].tolist() == [1.5, 2.0, -1.0]
    assert logits[1].tolist() == [-2.0, -1.5, -9.0]


def test_each_row_has_its_own_rule() -> None:
    logits = torch.tensor([[3.0, 2.9], [3.0, 2.9]])

    assert choose(logits, [[0], [0]], [PLAIN, Sampling(repetition_penalty=1.5, no_repeat=0)]) == [0, 1]


def test_an_answer_does_not_end_before_its_least_length() -> None:
    logits = torch.tensor([[1.0, 2.0, 9.0], [1.0, 2.0, 9.0]])
    rule = Sampling(repetition_penalty=1.0, no_repeat=0, least=2)

    assert choose(logits, [[0], [0, 0]], [rule, rule], (2,)) == [1, 2]


def test_an_answer_does_not_begin_with_what_it_must_not() -> None:
    logits = torch.tensor([[1.0, 2.0, 9.0], [1.0, 2.0, 9.0]])
    rule = Sampling(repetition_penalty=1.0, no_repeat=0, not_first=(2,))

    assert choose(logits, [[], [0]], [rule, rule]) == [1, 2]


def test_a_run_of_tokens_does_not_come_twice() -> None:
    rule = Sampling(repetition_penalty=1.0, no_repeat=3)
    logits = torch.tensor([[0.0, 0.0, 9.0, 5.0]])

    assert choose(logits.clone(), [[0, 1, 2, 0, 1]], [rule]) == [3]  # 0 1 2 would come again
    assert choose(logits.clone(), [[0, 1, 2, 1]], [rule]) == [2]
    assert choose(logits.clone(), [[0, 1]], [rule]) == [2]


def test_what_is_drawn_depends_on_the_seed_and_the_place_alone() -> None:
    logits = torch.tensor([[1.0, 1.1, 0.9, -50.0]])
    rules = [Sampling(repetition_penalty=1.0, no_repeat=0, seed=seed) for seed in range(1, 101)]
    drawn = [choose(logits.clone(), [[]], [rule])[0] for rule in rules]
    beside_others = choose(logits.repeat(100, 1), [[] for _ in rules], rules)

    assert beside_others == drawn
    assert set(drawn) == {0, 1, 2}
    assert {choose(logits.clone(), [[0] * place], [rules[0]])[0] for place in range(50)} == {0, 1, 2}


def test_the_higher_the_temperature_the_more_draws_differ() -> None:
    logits = torch.tensor([[1.0, 2.0, 0.0]])

    def likeliest(temperature: float) -> int:
        rules = [Sampling(repetition_penalty=1.0, no_repeat=0, seed=seed, temperature=temperature) for seed in range(1, 401)]
        return choose(logits.repeat(400, 1), [[] for _ in rules], rules).count(1)

    assert likeliest(0.01) == 400
    assert likeliest(0.5) > likeliest(1.0) > likeliest(3.0)
