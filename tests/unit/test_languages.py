"""Languages by code or name."""

import pytest
from hypothesis import given, strategies as st

from pipeline.errors import InputError
from pipeline.languages import code_of, detect, name_of, own_name


@pytest.mark.parametrize(
    ("text", "code"),
    [("es", "es"), ("pt-BR", "pt"), ("pt_BR", "pt"), ("Spanish", "es"), ("español", "es"), ("DEUTSCH", "de"), ("iw", "he"), ("yue", "yue")],
)
def test_code_of(text: str, code: str) -> None:
    assert code_of(text) == code


@pytest.mark.parametrize("text", ["", "klingonish", "e", "../../x", "12"])
def test_what_is_no_language_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="not a language"):
        code_of(text)


def test_names() -> None:
    assert (name_of("ro"), own_name("ro")) == ("Romanian", "română")
    assert name_of("xx-unknown") == "xx-unknown"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The weather is lovely today, is it not?", "en"),
        ("What did the benches cost?", "en"),
        ("¿Cómo estás esta mañana, amigo mío?", "es"),
        ("¿Quién canta?", "es"),
        ("Wie viele Busse gibt es?", "de"),
        ("これは日本語の文章です。とても面白いと思います。", "ja"),
        ("谁？", "zh"),
        ("שלום לכולם מה שלומכם היום", "he"),
        ("12 34", "und"),
        ("", "und"),
    ],
)
def test_a_language_is_recognised(text: str, language: str) -> None:
    assert detect(text) == language


@given(st.text())
def test_any_text_is_in_some_language_or_in_none(text: str) -> None:
    assert detect(text) == "und" or name_of(detect(text)) != detect(text)
