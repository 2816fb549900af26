"""The measures of search, on passages and talks of our own: they run the product, and count what is found."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.config import Settings
from pipeline.errors import InputError
from pipeline.store.database import Database
from pipeline.training.finding import WAYS, moments, xquad
from tests.integration.store.fresh import clear, migrated_database
from tests.integration.summary import builtin
from workers.cli_training import OWN

PASSAGES = {
    "The lighthouse keeper wound the clockwork of the lamp every four hours.": ("How often was the lamp wound?", "¿Cada cuánto daba cuerda el farero a la lámpara?"),
    "Bread rises because yeast eats sugar and breathes out gas.": ("Why does bread rise?", "¿Por qué sube el pan?"),
    "Bees dance to tell each other where the flowers are.": ("How do bees tell where flowers are?", "¿Cómo se dicen las abejas dónde están las flores?"),
}


@pytest.fixture(scope="module", name="measured_db")
def _measured_db(servers: Settings) -> Iterator[Database]:
    db = Database(migrated_database(servers, "finding"))
    yield db
    db.dispose()


def test_questions_in_two_languages_find_their_passage(measured_db: Database, tmp_path: Path) -> None:
    clear(measured_db)
    for place, language in enumerate(("en", "es")):
        paragraphs = [{"context": text, "qas": [{"question": asked[place]}]} for text, asked in PASSAGES.items()]
        (tmp_path / f"xquad.{language}.json").write_text(json.dumps({"data": [{"paragraphs": paragraphs}]}))
    pairs = xquad(measured_db, builtin.embedder(), tmp_path, None, lambda _: None)

    assert [(pair.language, pair.questions) for pair in pairs] == [("en", 3), ("es", 3)]
    assert [pair.first["search"] for pair in pairs] == [1.0, 1.0]
    assert pairs[1].first["words"] < 1.0, "a Spanish question shares too few words with English"
    assert all(set(pair.ten) == set(WAYS) for pair in pairs)


def test_questions_find_their_moment_in_talks_of_our_own(measured_db: Database) -> None:
    clear(measured_db)
    found = moments(measured_db, builtin.embedder(), OWN, None, lambda _: None)

    assert found.questions >= 10
    assert found.inside["search"] >= max(80.0, found.everywhere["search"])


def test_a_folder_without_data_is_an_error(measured_db: Database, tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        xquad(measured_db, builtin.embedder(), tmp_path, None, lambda _: None)
    assert error.value.code == "no_data"
    (tmp_path / "xquad.en.json").write_text("[]")
    with pytest.raises(InputError) as error:
        xquad(measured_db, builtin.embedder(), tmp_path, None, lambda _: None)
    assert error.value.code == "bad_data"
