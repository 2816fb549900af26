"""How good translations are spoiled to measure the check, and the table of what was found."""

import pytest

from pipeline.training.translation import PLANTED, Row, Score, as_table, overall, planted

TEXTS = {
    "en": ["Yesterday Merkel spoke with Johnson about 12 new bridges.", "Then Johnson answered that he had never seen them before."],
    "es": ["Ayer Merkel habló con Johnson sobre 12 puentes nuevos.", "Luego Johnson respondió que no los había visto nunca antes."],
    "fr": ["Hier Merkel a parlé avec Johnson de 12 nouveaux ponts.", "Puis Johnson a répondu qu'il ne les avait jamais vus avant."],
    "de": ["Gestern sprach Merkel mit Johnson über 12 neue Brücken.", "Dann antwortete Johnson, dass er sie nie zuvor gesehen habe."],
}


def test_every_kind_of_spoiling_changes_what_it_says() -> None:
    found = dict(planted(TEXTS, "es"))

    assert set(PLANTED) < set(found)
    assert [text for _, text in found["shuffled"]] == TEXTS["es"][::-1]
    assert [text for _, text in found["wrong language"]] == TEXTS["fr"]
    assert all(TEXTS["es"][number].startswith(text) and text != TEXTS["es"][number] for number, text in found["truncated"])
    assert all(text.endswith(".") for _, text in found["truncated, full stop"])
    ((number, text),) = found["wrong number"]
    assert number == 0
    assert "12" not in text
    assert all(text != TEXTS["es"][number] for kind in ("name swapped", "a stranger's name") for number, text in found[kind])
    assert dict(planted(TEXTS, "es")) == found, "the same ones every time"


def test_each_kind_counts_the_same() -> None:
    rows = [Row("real", "es", 200, 10), *(Row(kind, "es", 100 if kind != "wrong number" else 10, 90 if kind != "wrong number" else 5) for kind in PLANTED)]
    scores = [Score("apertium eng-spa", "en", "es", 300, 47.8, 280, 2.5)]

    assert overall(rows) == (pytest.approx((4 * 0.9 + 0.5) / 5), pytest.approx(0.05))
    assert "5.0 % false alarms" in as_table(rows, scores)
    assert "47.8" in as_table(rows, scores)
    assert "nothing here translates" in as_table(rows, [])
