"""How words are cut and which configuration they get."""

import pytest
from hypothesis import given
from hypothesis.strategies import text

from pipeline.store.fulltext import config, spaced


@pytest.mark.parametrize(
    ("language", "expected"),
    [("en", "english"), ("pt-BR", "portuguese"), ("nb", "norwegian"), ("EN", "english"), ("zh", "simple"), ("und", "simple")],
)
def test_configuration_of_a_language(language: str, expected: str) -> None:
    assert config(language) == expected


@pytest.mark.parametrize(
    ("given_text", "words"),
    [
        ("学习机器", "学习 习机 机器"),
        ("AI学习is fun", "AI 学习 is fun"),
        ("学", "学"),
        ("カタカナとひらがな", "カタ タカ カナ ナと とひ ひら らが がな"),
        ("สวัสดี", "สว วั ัส สด ดี"),
        ("plain words, 12.5", "plain words, 12.5"),
        ("한국어 문장", "한국어 문장"),
        ("", ""),
    ],
)
def test_scripts_without_spaces_become_pairs(given_text: str, words: str) -> None:
    assert spaced(given_text).split() == words.split()


@given(text())
def test_no_character_is_lost(given_text: str) -> None:
    assert set("".join(spaced(given_text).split())) == set("".join(given_text.split()))
