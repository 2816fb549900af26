"""Languages by code or name."""

import pytest

from pipeline.errors import InputError
from pipeline.languages import code_of, direction, name_of, own_name


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
    assert (name_of("ro"), own_name("ro"), direction("ar"), direction("en")) == ("Romanian", "română", "rtl", "ltr")
    assert name_of("xx-unknown") == "xx-unknown"
