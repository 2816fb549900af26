"""`nutshell evaluate translation` on a few real sentences: by itself, from the folder that holds the data, and told as it goes on."""

from pathlib import Path

import pytest

from pipeline.config import Settings
from pipeline.errors import InputError
from pipeline.training.translation import OTHER, PLANTED, as_table, evaluate, overall, to_json

LIMIT = 24


def test_the_table_of_real_sentences(data: Path, tmp_path: Path) -> None:
    told: list[str] = []
    rows, scores = evaluate(Settings(home=tmp_path), data / "mt", LIMIT, told.append)
    found = {(row.kind, row.language): row for row in rows}
    caught, alarms = overall(rows)
    table = as_table(rows, scores)

    assert {language for _, language in found} == set(OTHER)
    assert all(found["real", language].sentences == LIMIT for language in OTHER)
    assert caught > 0.9
    assert alarms < 0.2
    assert all(kind in table for kind in (*PLANTED, "real", "chrF" if scores else "nothing here translates"))
    assert len(told) >= len(rows), "a line for each kind, as it is done"
    assert to_json(rows, scores)["caught"] == round(caught, 4)
    assert all(0 < score.chrf <= 100 for score in scores)


def test_a_folder_without_parallel_text_is_said_to_be(tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        evaluate(Settings(home=tmp_path), tmp_path, LIMIT, print)
    assert error.value.code == "no_data"
