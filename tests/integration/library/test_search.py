"""Search over real talks: what was said is found at the second at which it is said."""

import pytest

from pipeline.errors import InputError
from pipeline.language.generator import Embedder
from pipeline.library.search import search
from pipeline.store.database import Database
from tests.integration.library.conftest import TALKS, id_of
from tests.standin.talks import load_talk


@pytest.mark.parametrize("talk", TALKS)
def test_rare_words_lead_to_the_sentence(db: Database, embedder: Embedder, talk: str) -> None:
    fact = load_talk(talk).facts[0]
    rare = " ".join(sorted(fact.sentence.strip(".").split(), key=len)[-4:])

    hit = search(db, embedder, rare)[0]

    assert (hit.video_id, hit.title) == (id_of(talk), load_talk(talk).title)
    assert fact.start - 1 < hit.start < fact.end
    assert hit.text in fact.sentence or fact.sentence in hit.text


def test_meaning_is_found_across_languages(db: Database, embedder: Embedder) -> None:
    assert search(db, embedder, "growing tomatoes in pots on the roof terrace of our building")[0].video_id == id_of("spanish")


def test_one_video_only(db: Database, embedder: Embedder) -> None:
    hits = search(db, embedder, "water", video_id=id_of("medium"))

    assert {hit.video_id for hit in hits} == {id_of("medium")}


@pytest.mark.parametrize("query", ["", "   ", "?!", "\x00"])
def test_nothing_typed_is_an_error(db: Database, embedder: Embedder, query: str) -> None:
    with pytest.raises(InputError) as error:
        search(db, embedder, query)
    assert error.value.code == "empty_question"


@pytest.mark.parametrize("query", ["'; DROP TABLE videos; --", "a & b | !c <-> (", '"unbalanced', "ﷺ" * 40, "😀 benches", "%_\\"])
def test_odd_queries_are_only_queries(db: Database, embedder: Embedder, query: str) -> None:
    assert isinstance(search(db, embedder, query + " x"), tuple)
