"""What the reader thinks of a sentence: kept where that is wished for, shown with whose words it is, inert like everything typed, and taken back."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openapi_spec_validator import validate as validate_openapi

from pipeline.store import conversations, feedback
from pipeline.store.database import Database
from pipeline.store.feedback import Opinion, Place, digest
from pipeline.types import Answer, AnswerCitation
from tests.integration.web import talk
from tests.integration.web.conftest import services
from tests.integration.web.test_inert import HOSTILE, seen

V1 = "/api/v1"
PHRASED = "Lights need lenses and keepers."
QUOTE = talk.TEXTS[2]
PAGE = f"/v/{talk.ID}"


@pytest.fixture(name="wished")
def _wished(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services(app), "settings", services(app).settings.model_copy(update={"feedback": True}))


@pytest.fixture(name="here", autouse=True)
def _here(db: Database) -> None:
    talk.add(db)


def think(client: FlaskClient, opinion: str, text: str = PHRASED, **more: str) -> str:
    """Where the form leads."""
    answer = client.post(f"{PAGE}/feedback", data={"sentence": digest(text), "opinion": opinion, "at": "p0-1", **more})
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def kept(db: Database) -> list[tuple[str, str, str]]:
    with db.session() as s:
        return [(one.opinion.value, one.text, one.instead) for one in feedback.everything(s)]


def point(page: str, id_: str = "p0-1") -> str:
    found = re.search(rf'<li class="point[^>]*id="{id_}".*?</li>', page, re.DOTALL)
    assert found is not None
    return found[0]


def test_nothing_is_asked_or_kept_unless_wished(client: FlaskClient, db: Database) -> None:
    refused = client.post(f"{PAGE}/feedback", data={"sentence": digest(PHRASED), "opinion": "up"})
    answer = client.post(f"{V1}/videos/{talk.ID}/feedback", json={"text": PHRASED, "opinion": "up"})

    assert 'class="opinion"' not in client.get(PAGE).text
    assert "what you think" not in client.get("/help").text
    assert (refused.status_code, answer.status_code, answer.json["code"]) == (422, 422, "feedback_off")
    assert "NUTSHELL_FEEDBACK=true" in refused.text
    assert kept(db) == []


def test_every_point_and_the_gist_can_be_thought_something_of(wished: None, client: FlaskClient) -> None:
    page = client.get(PAGE).text

    assert "what you think" in client.get("/help").text
    for name in ("opinion-up", "opinion-down", "opinion-edit", "opinion-words"):
        assert page.count(f'data-testid="{name}"') == 3, name
    assert page.count('data-testid="opinion-quote"') == 2, "a quote is in the speaker's own words already"
    labels = set(re.findall(r'for="([^"]+-words)"', page))
    assert labels == {"gist-words", "p0-1-words", "p1-1-words"}
    assert len(re.findall(r'<button class="icon-button thumb-up"[^>]*aria-label="Well said"', page)) == 3


def test_a_thumb_is_kept_with_what_the_model_was_shown(wished: None, client: FlaskClient, db: Database) -> None:
    assert think(client, "down") == f"{PAGE}#p0-1"
    with db.session() as s:
        (found,) = feedback.everything(s)

    assert (found.place, found.opinion, found.kind, found.model, found.prompt_version) == (Place.POINT, Opinion.DOWN, "phrased", "a-model", "1")
    assert found.question == "What is said about “The lens”?"
    assert [sentence.text for sentence in found.shown] == list(talk.TEXTS)
    assert found.cited == (1,)
    shown = point(client.get(PAGE).text)
    assert re.search(r'value="none" data-opinion="down" aria-pressed="true"', shown)
    assert re.search(r'value="up" data-opinion="up" aria-pressed="false"', shown)
    think(client, "none")
    assert kept(db) == []


def test_an_edit_says_whose_words_it_is_and_keeps_its_receipts(wished: None, client: FlaskClient, db: Database) -> None:
    before = point(client.get(PAGE).text)
    think(client, "edit", words="  Fresnel cut the\nlens away. ")
    page = client.get(PAGE).text
    after = point(page)

    assert "<span>Fresnel cut the lens away.</span>" in after
    assert 'data-testid="whose">edited by you<' in after
    assert PHRASED not in page.split("<body")[1], "also in the gist and in the overview, which said the same"
    receipts = re.compile(r'<span class="receipts">.*?</span></span>', re.DOTALL)
    assert receipts.findall(after) == receipts.findall(before) != []
    assert 'data-testid="opinion-up"' not in after
    think(client, "none")
    assert point(client.get(PAGE).text) == before


def test_said_otherwise_is_the_speakers_sentence_and_a_dislike(wished: None, client: FlaskClient, db: Database) -> None:
    think(client, "quote")
    after = point(client.get(PAGE).text)

    assert f"<q>{talk.TEXTS[1]}</q>" in after
    assert 'data-kind="quote"' in after
    assert "said otherwise, as you asked" in after
    assert "Use as it was" in after
    assert kept(db) == [("quote", PHRASED, talk.TEXTS[1])]


def test_one_comes_back_to_the_rendition_and_the_place_that_were_read(wished: None, client: FlaskClient) -> None:
    given = {"sentence": digest(PHRASED), "opinion": "up"}
    back = client.post(f"{PAGE}/feedback?lang=en&length=medium", data={**given, "at": "p0-1"}).headers["Location"]
    elsewhere = client.post(f"{PAGE}/feedback", data={**given, "at": "//evil.example/\r\nX: y"}).headers["Location"]

    assert (back, elsewhere) == (f"{PAGE}?lang=en&length=medium#p0-1", PAGE)


@pytest.mark.parametrize(
    ("opinion", "text", "words", "status", "code"),
    [
        ("edit", PHRASED, " \n ", 422, "bad_words"), ("edit", PHRASED, "x" * 601, 422, "bad_words"), ("quote", QUOTE, "", 422, "own_words"),
        ("love", PHRASED, "", 422, "bad_opinion"), ("up", "Nobody said it.", "", 404, "no_sentence"),
    ],
)  # fmt: skip
def test_what_cannot_be_kept(wished: None, client: FlaskClient, db: Database, opinion: str, text: str, words: str, status: int, code: str) -> None:
    answer = client.post(f"{PAGE}/feedback", data={"sentence": digest(text), "opinion": opinion, "words": words})

    assert answer.status_code == status
    assert f'data-code="{code}"' in answer.text
    assert kept(db) == []
    assert client.post("/v/zzzzzzzzzzz/feedback", data={"sentence": digest(PHRASED), "opinion": "up"}).status_code == 404


def test_another_site_cannot_speak_for_the_reader(wished: None, client: FlaskClient, db: Database) -> None:
    given = {"sentence": digest(PHRASED), "opinion": "up"}

    assert client.post(f"{PAGE}/feedback", data=given, headers={"Origin": "https://evil.example"}).status_code == 403
    assert client.post(f"{PAGE}/feedback", data=given, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert client.delete(f"{V1}/feedback", headers={"Origin": "https://evil.example"}).status_code == 403
    assert kept(db) == []


@pytest.mark.parametrize("hostile", HOSTILE)
def test_the_readers_own_words_are_inert(wished: None, client: FlaskClient, hostile: str) -> None:
    think(client, "edit", words="Harmless.")
    plain = seen(client.get(PAGE).text).tags
    think(client, "edit", words=hostile)
    found = seen(client.get(PAGE).text)

    assert found.tags == plain
    assert found.handlers == []


def test_answers_have_thumbs(wished: None, client: FlaskClient, db: Database) -> None:
    answer = Answer("Who wound it?", True, "The keeper did.", (AnswerCitation(talk.ID, "A talk", 20.0, 29.0, QUOTE),), "phrased")
    with db.session() as s:
        conversations.add_turn(s, conversations.start(s, talk.ID), answer)
    think(client, "up", "The keeper did.", at="ask")
    with db.session() as s:
        (found,) = feedback.everything(s)

    assert (found.place, found.question) == (Place.ANSWER, "Who wound it?")
    assert [(sentence.index, sentence.text) for sentence in found.shown] == list(enumerate(talk.TEXTS))
    assert found.cited == (2,)
    shown = client.get(PAGE).text.split('id="ask"')[1]
    assert re.search(r'data-opinion="up" aria-pressed="true"', shown)


def test_the_api_gives_exports_and_deletes(wished: None, client: FlaskClient, db: Database) -> None:
    place = f"{V1}/videos/{talk.ID}/feedback"
    edited = client.post(place, json={"text": PHRASED, "opinion": "edit", "instead": "Said better."})
    quoted = client.post(place, json={"text": QUOTE, "opinion": "down"})
    (first, second) = client.get(f"{V1}/feedback").json["feedback"]

    assert edited.json == {"text": PHRASED, "opinion": "edit", "instead": "Said better."}
    assert quoted.json == {"text": QUOTE, "opinion": "down", "instead": ""}
    assert (first["opinion"], first["instead"], first["cited"], first["shown"][1]["text"]) == ("edit", "Said better.", [1], talk.TEXTS[1])
    assert (second["video_id"], second["kind"], second["given_at"][:2]) == (talk.ID, "quote", "20")
    assert client.post(place, json={"text": QUOTE, "opinion": "none"}).json["opinion"] == "none"
    assert client.post(place, json={"text": QUOTE, "opinion": "adore"}).json["code"] == "bad_request"
    assert client.delete(f"{V1}/feedback").status_code == 204
    assert client.get(f"{V1}/feedback").json == {"feedback": []}


def test_the_api_describes_itself(client: FlaskClient) -> None:
    described = client.get(f"{V1}/openapi.json").json

    validate_openapi(described)
    assert set(described["paths"][f"{V1}/feedback"]) == {"get", "delete"}
    assert "post" in described["paths"][f"{V1}/videos/{{video_id}}/feedback"]


def test_what_was_kept_goes_with_its_video_and_when_it_is_off(app: Flask, client: FlaskClient, db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = services(app).settings
    monkeypatch.setattr(services(app), "settings", settings.model_copy(update={"feedback": True}))
    think(client, "edit", words="Said better.")
    assert "Said better." in client.get(PAGE).text
    monkeypatch.setattr(services(app), "settings", settings)
    assert "Said better." not in client.get(PAGE).text
    client.delete(f"{V1}/videos/{talk.ID}")

    assert kept(db) == []
