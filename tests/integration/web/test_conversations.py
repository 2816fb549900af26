"""Conversations through the API and the page: they go on, are listed, renamed, exported and deleted; and questions stay where they are asked."""

import pytest
from flask.testing import FlaskClient

from pipeline.language.generator import Embedder
from pipeline.store import listings
from pipeline.store.database import Database
from pipeline.types import Entry
from tests.integration.web import talk
from tests.integration.web.test_api import V1, events, problem

OTHER = "bbbbbbbbbbb"
BEES = ("A colony of bees can hold fifty thousand workers.", "The queen of the bees lays two thousand eggs a day.", "The keeper of the bees wears a white veil.", "Bees dance.")
KEEPER = "How often was the clockwork wound by the keeper?"


@pytest.fixture(name="library")
def _library(client: FlaskClient, db: Database, embedder: Embedder, model) -> FlaskClient:
    """Two talks in which somebody keeps something."""
    model.text = "Nothing."
    talk.add(db)
    talk.index(db, embedder)
    talk.add(db, OTHER, title="How bees live", texts=BEES)
    talk.index(db, embedder, OTHER, BEES)
    return client


def asked(client: FlaskClient, question: str, **where: object) -> dict:
    answer = client.post(f"{V1}/ask", json={"question": question, **where}).json
    assert "found" in answer, answer
    return answer


def videos(answer: dict) -> set[str]:
    return {cite["video_id"] for cite in answer["citations"]}


def test_a_conversation_from_its_beginning_to_its_end(library: FlaskClient) -> None:
    created = library.post(f"{V1}/conversations", json={"videos": [OTHER]})
    number = created.json["id"]
    assert (created.status_code, created.json["where"], created.json["answers"]) == (201, "How bees live", [])
    assert library.get(f"{V1}/conversations").json["conversations"] == [], "listed from its first question on"

    first = asked(library, "How many eggs does the queen lay a day?", conversation=number)
    second = asked(library, "And what about the workers?", conversation=number)
    assert (first["found"], first["understood"], first["conversation"]) == (True, first["question"], number)
    assert second["understood"] != second["question"]
    assert "workers" in second["understood"]

    card = library.get(f"{V1}/conversations").json["conversations"][0]
    assert (card["id"], card["turns"], card["title"]) == (number, 2, "How many eggs does the queen lay a day?")
    renamed = library.patch(f"{V1}/conversations/{number}", json={"title": " About  bees "}).json
    assert (renamed["title"], [answer["question"] for answer in renamed["answers"]]) == ("About bees", [first["question"], second["question"]])

    export = library.get(f"{V1}/conversations/{number}/export")
    assert export.headers["Content-Disposition"].startswith(f'attachment; filename="About bees [{number}].md"')
    assert "# About bees" in export.text
    assert f"/v/{OTHER}?t=10" in export.text

    assert library.delete(f"{V1}/conversations/{number}").status_code == 204
    for answer in (library.get(f"{V1}/conversations/{number}"), library.delete(f"{V1}/conversations/{number}")):
        assert problem(answer) == (404, "no_conversation")
    assert problem(library.post(f"{V1}/ask", json={"question": "Why?", "conversation": number})) == (404, "no_conversation")


def test_a_question_stays_where_it_is_asked(library: FlaskClient, db: Database) -> None:
    with db.session() as s:
        number = listings.ensure(s, "youtube:PLbees", "playlist", "https://www.youtube.com/playlist?list=PLbees", "Bees")
        listings.add(s, number, [Entry(f"youtube:{OTHER}", "youtube", f"https://www.youtube.com/watch?v={OTHER}", "How bees live")], 0)
    question = "What does the keeper of the bees wear?"

    assert videos(asked(library, question)) == {OTHER}
    assert videos(asked(library, question, videos=[talk.ID, OTHER])) == {OTHER}
    assert videos(asked(library, question, list=number)) == {OTHER}
    assert not asked(library, question, video=talk.ID)["found"]
    assert not asked(library, KEEPER, list=number)["found"]
    assert problem(library.post(f"{V1}/ask", json={"question": question, "list": number + 1})) == (404, "no_listing")
    assert problem(library.post(f"{V1}/ask", json={"question": question, "list": number, "videos": [OTHER]})) == (422, "bad_scope")
    assert problem(library.post(f"{V1}/ask", json={"question": question, "videos": [OTHER, "ccccccccccc"]})) == (404, "no_such_video")


def test_which_videos_speak_of_it_and_how_many(library: FlaskClient) -> None:
    which = asked(library, "Which of my videos talk about bees?")
    many = asked(library, "How many videos mention the queen of the bees?")
    none = asked(library, "Which of my videos mention the price of olive oil in Portugal?")

    assert (videos(which), len(which["citations"])) == ({OTHER}, 1)
    assert which["answer"] == "1 video speaks of bees: “How bees live”."
    assert videos(many) == {OTHER}
    assert not none["found"]


def test_a_part_of_a_video_by_its_time(library: FlaskClient) -> None:
    end = asked(library, "What is said in the last 15 seconds?", video=talk.ID)
    after = asked(library, "What is said after the keeper wound the clockwork?", video=talk.ID)

    assert {cite["start"] for cite in end["citations"]} == {30.0}
    assert {cite["start"] for cite in after["citations"]} == {30.0}


def test_the_page_of_a_conversation(library: FlaskClient) -> None:
    drawn = events(library.post("/ask", data={"q": KEEPER, "heading": "1", "chat": "1", "c": ""}).text)[-1][1]
    number = drawn["conversation"]
    assert f'action="/ask/{number}/rename"' in str(drawn["head"])
    events(library.post("/ask", data={"q": "and why?", "c": str(number), "chat": "1"}).text)

    page = library.get(f"/ask?c={number}").text
    assert page.index(f"{KEEPER}</h3>") < page.index("and why?</h3>"), "the oldest first"
    assert "Understood as" in page
    assert library.post(f"/ask/{number}/rename", data={"title": "<b>Lamps</b>"}).headers["Location"] == f"/ask?c={number}"
    assert "&lt;b&gt;Lamps" in library.get("/ask").text
    assert library.get(f"/ask/{number}/export").text.startswith("# \\<b\\>Lamps")
    assert library.post(f"/ask/{number}/rename", data={"title": "x" * 121}).status_code == 422
    assert library.post(f"/ask/{number}/delete").headers["Location"] == "/ask"
    assert library.get(f"/ask?c={number}").status_code == 404
    assert library.get("/ask?c=1x").status_code == 404


def test_search_and_conversations_speak_the_language_of_the_page(library: FlaskClient) -> None:
    several = library.post(f"{V1}/conversations", json={"videos": [OTHER, talk.ID]}).json["id"]
    asked(library, "How many eggs does the queen lay a day?", conversation=several)
    library.post(f"{V1}/videos/{OTHER}/notes", json={"text": "Bees, once more"})
    german = {"Accept-Language": "de"}
    search = library.get("/search?q=bees", headers=german).text
    page = library.get("/ask", headers=german).text
    chat = library.get(f"/ask?c={several}", headers=german).text

    for words in ("Nur manche Videos", "Gesprochene Sprache", "Mehr davon", ">Titel</span>", "Deine Notizen", "note-hit"):
        assert words in search, words
    assert "2 Videos, 1 Frage" in page
    assert "Beantwortet aus 2 ausgewählten Videos" in chat
    assert "Umbenennen" in chat
