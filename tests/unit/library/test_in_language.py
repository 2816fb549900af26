"""In which language a question is asked, as far as that can be told."""

import pytest

from pipeline.library.in_language import asked_in


@pytest.mark.parametrize(
    ("question", "page", "language"),
    [
        ("¿Cuánto costaron los bancos del camino?", "en", "es"),
        ("¿Cuánto costaron los bancos del camino?", "es", "es"),
        ("What did the benches cost?", "es", "en"),
        ("What did the benches cost?", "en", "en"),
        ("Berlin?", "ar", "ar"),
        ("كم كلفت المقاعد؟", "en", "ar"),
        ("Was haben die Bänke am Weg gekostet?", "es", "de"),
        ("1967?", "de", "de"),
    ],
)
def test_the_language_of_a_question(question: str, page: str, language: str) -> None:
    assert asked_in(question, page) == language
