"""Which models think before they answer, and what is left of what they write."""

import pytest

from pipeline.config import Settings
from pipeline.language.profiles import thinks
from pipeline.summary.prompts import concluded, reply, unthought


@pytest.mark.parametrize(
    ("wish", "name", "expected"),
    [
        ("auto", "smollm2-135m-instruct", False),
        ("auto", "llama-3.2-3b-instruct", False),
        ("auto", "Llama-3.1-8B-Instruct", True),
        ("auto", "nobody-knows-it", False),
        ("on", "nobody-knows-it", True),
        ("off", "Llama-3.1-8B-Instruct", False),
    ],
)
def test_large_models_think_and_the_setting_decides(wish: str, name: str, expected: bool) -> None:
    assert thinks(Settings(llm_steps=wish), name) is expected  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("written", "answer"),
    [
        ("First (1) and (2).\nAnswer: It was cold. \nThat is all.", "It was cold."),
        ("Answer: no. Wait.\n**Answer:** It was cold.", "It was cold."),
        ("It was cold.", ""),
        ("<think>Answer: warm</think> Answer: It was cold.", "It was cold."),
        ("<think>Answer: It was", ""),
        ("", ""),
    ],
)
def test_only_the_conclusion_is_taken(written: str, answer: str) -> None:
    assert concluded(written) == answer


def test_marks_of_thought_go_wherever_they_stand() -> None:
    assert unthought("<think>\n\n</think>\n\nWhy?") == "\n\nWhy?"


def test_there_is_room_to_think() -> None:
    plain, stepwise = reply("Why?", ["It was cold."], "en"), reply("Why?", ["It was cold."], "en", steps=True)

    assert plain.stop == ("\n",)
    assert stepwise.stop == ()
    assert stepwise.max_tokens > plain.max_tokens
