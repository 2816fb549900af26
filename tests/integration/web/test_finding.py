"""What a search finds and is narrowed by beside what was said: what the reader keeps, and what was asked before."""

import re

import pytest
from flask.testing import FlaskClient

from pipeline.language.generator import Embedder
from pipeline.store import conversations
from pipeline.store.database import Database
from pipeline.types import Answer
from tests.integration.web import talk
from tests.integration.web.test_api import V1, problem


@pytest.fixture(name="searchable")
def _searchable(client: FlaskClient, db: Database, embedder: Embedder) -> FlaskClient:
    talk.add(db)
    talk.index(db, embedder)
    return client


def test_a_search_is_narrowed_to_what_the_reader_keeps(searchable: FlaskClient, db: Database, embedder: Embedder) -> None:
    other = "ccccccccccc"
    talk.add(db, other, title="Clocks")
    talk.index(db, embedder, other)
    folder = searchable.post(f"{V1}/folders", json={"name": "<i>Winter</i>"}).json["id"]
    searchable.put(f"{V1}/videos/{other}/folders", json={"folders": [folder]})
    searchable.put(f"{V1}/videos/{talk.ID}/tags", json={"tags": ["Light & sea"]})
    searchable.put(f"{V1}/videos/{talk.ID}/watched", json={"watched": True})
    searchable.post(f"{V1}/videos/{other}/notes", json={"text": "A clockwork is a motor."})

    def found(**narrow: object) -> set[str]:
        return {hit["video_id"] for hit in searchable.get(f"{V1}/search", query_string={"q": "clockwork", **narrow}).json["hits"]}

    everything = searchable.get(f"{V1}/search?q=clockwork").json
    page = searchable.get("/search?q=clockwork").text

    assert found() == {talk.ID, other}
    assert found(tag="light & SEA") == {talk.ID} == found(watched="true")
    assert found(folder=folder) == {other} == found(watched="false")
    assert [(note["video_id"], note["kind"]) for note in everything["notes"]] == [(other, "video")]
    assert searchable.get(f"{V1}/search?q=clockwork&watched=true").json["notes"] == []
    assert [(one["name"], one["value"]) for one in everything["facets"]["folder"]] == [("<i>Winter</i>", str(folder))]
    assert {one["value"] for one in everything["facets"]["watched"]} == {"yes", "no"}
    assert problem(searchable.get(f"{V1}/search?q=clockwork&folder=999")) == (404, "no_folder")
    assert searchable.get("/search?q=clockwork&watched=maybe").status_code == 422
    assert f"/search?q=clockwork&amp;folder={folder}" in page
    assert "&lt;i&gt;Winter&lt;/i&gt;" in page
    assert 'data-testid="facet-watched"' in page
    narrowed = searchable.get(f"/search?q=clockwork&folder={folder}&watched=no").text
    assert re.search(rf'<option value="{folder}" selected', narrowed)
    assert f'href="/v/{talk.ID}' not in narrowed


def test_an_earlier_answer_is_found_and_leads_to_its_conversation(searchable: FlaskClient, db: Database) -> None:
    with db.session() as s:
        number = conversations.start(s)
        for question, text in (("What is a valve?", "A tap."), ("Who wound the <b>clockwork</b>?", f"The keeper, every four hours. {'Again. ' * 60}")):
            conversations.add_turn(s, number, Answer(question, True, text, (), "phrased"))
    found = searchable.get(f"{V1}/search?q=clockworks").json["answers"]
    page = searchable.get("/search?q=clockwork+keeper").text
    there = searchable.get(f"/ask?c={number}").text
    searchable.delete(f"{V1}/conversations/{number}")

    assert [(one["conversation"], one["turn"], one["question"][:12]) for one in found] == [(number, 1, "Who wound th")]
    assert f'href="/ask?c={number}#turn-1" dir="auto" data-testid="named-answer"' in page
    assert '<article class="answer" id="turn-1"' in there
    assert "&lt;b&gt;<mark>clockwork</mark>&lt;/b&gt;" in page
    assert "Again. …" in page
    assert searchable.get(f"{V1}/search?q=clockworks").json["answers"] == []
