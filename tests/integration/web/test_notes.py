"""What the reader keeps with a video: seen again on its page, in the library, in exports and in searches; inert like everything typed; gone with its video."""

import json
import re

import jsonschema
import pytest
from flask.testing import FlaskClient
from openapi_spec_validator import validate as validate_openapi

from pipeline.export.document import schema
from pipeline.store import notes, transcripts
from pipeline.store.database import Database
from pipeline.store.feedback import digest
from pipeline.types import Origin, Segment, Transcript
from tests.integration.web import talk
from tests.integration.web.test_inert import HOSTILE, seen

V1 = "/api/v1"
PHRASED = "Lights need lenses and keepers."
PAGE = f"/v/{talk.ID}"
MINE = f"{V1}/videos/{talk.ID}/notes"


@pytest.fixture(name="here", autouse=True)
def _here(db: Database) -> None:
    talk.add(db)


def keep(client: FlaskClient, **fields: str) -> str:
    """Where the form leads."""
    answer = client.post(f"{PAGE}/notes", data=fields)
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def kept(client: FlaskClient) -> list[dict]:
    return client.get(MINE).json["notes"]


def test_notes_stand_where_they_were_made(client: FlaskClient) -> None:
    assert keep(client, text="All of it\n matters. ") == f"{PAGE}#my-notes"
    keep(client, text="Check the year.", start="0:12")
    keep(client, start="12", end="25.5", text="")
    assert keep(client, text="Is it so?", point=digest(PHRASED), at="p0-1") == f"{PAGE}#p0-1"
    whole, marked, beside, moment = kept(client)
    page = client.get(PAGE).text

    assert (whole["kind"], whole["start"], whole["quote"], whole["text"]) == ("video", None, "", "All of it\nmatters.")
    assert (beside["kind"], beside["start"], beside["quote"], beside["text"]) == ("point", 10.0, PHRASED, "Is it so?")
    assert (moment["kind"], moment["start"], moment["end"], moment["quote"]) == ("moment", 12.0, 12.0, talk.TEXTS[1])
    assert (marked["kind"], marked["start"], marked["end"], marked["quote"]) == ("highlight", 10.0, 29.0, f"{talk.TEXTS[1]} {talk.TEXTS[2]}")
    assert re.findall(r'<p class="line is-marked"[^>]*id="(\w+)"', page) == ["s1", "s2"]
    assert page.count('data-testid="note-beside"') == 1
    assert page.count('data-testid="note"') == 4


def test_a_highlight_outlives_its_transcript(client: FlaskClient, db: Database) -> None:
    keep(client, start="10", end="19")
    said = (Segment(0.0, 12.5, "Heard anew, from the start."), Segment(12.5, 18.0, "And in other pieces."), Segment(30.0, 39.0, "To the end."))
    with db.session() as s:
        transcripts.save_transcript(s, talk.ID, Transcript("en", Origin.SPEECH, "whisper", said), fence=None)
        transcripts.save_sentences(s, talk.ID, talk.sentences(tuple(x.text for x in said)), origin=Origin.SPEECH, fence=None)

    assert [(note["quote"], note["start"], note["end"]) for note in kept(client)] == [(talk.TEXTS[1], 10.0, 19.0)]
    assert len(re.findall('class="line is-marked"', client.get(PAGE).text)) == 1


def test_the_same_words_are_highlighted_once(client: FlaskClient) -> None:
    for text in ("", "", "Why?", "And how?", ""):
        keep(client, start="10", end="19", text=text)

    assert sorted(note["text"] for note in kept(client)) == ["And how?", "Why?"]


def test_notes_are_changed_and_deleted(client: FlaskClient) -> None:
    keep(client, text="First.", start="5")
    (note,) = kept(client)
    assert client.post(f"/notes/{note['id']}", data={"text": "Second."}).status_code == 303
    changed = kept(client)[0]
    assert client.patch(f"{V1}/notes/{note['id']}", json={"text": " "}).json["code"] == "bad_note"
    assert client.post(f"/notes/{note['id']}", data={"text": "", "delete": "1"}).status_code == 303

    assert (changed["text"], changed["changed_at"] > note["changed_at"]) == ("Second.", True)
    assert kept(client) == []
    assert client.delete(f"{V1}/notes/{note['id']}").json["code"] == "no_note"


def test_tags_and_folders_filter_the_library(client: FlaskClient, db: Database) -> None:
    other = "bbbbbbbbbbb"
    talk.add(db, other, title="Another")
    client.post(f"{PAGE}/tags", data={"tags": "Light houses, history"})
    client.post(f"/v/{other}/tags", data={"tags": "HISTORY"})
    client.post(f"{PAGE}/folders", data={"new": "For the winter"})
    (folder,) = client.get(f"{V1}/folders").json["folders"]
    cards = re.compile(r'id="card-(\w+)"')

    assert client.get(f"{V1}/tags").json["tags"] == [{"name": "history", "videos": 2}, {"name": "Light houses", "videos": 1}]
    assert (folder["name"], folder["videos"]) == ("For the winter", 1)
    assert set(cards.findall(client.get("/", query_string={"tag": "History"}).text)) == {talk.ID, other}
    assert cards.findall(client.get("/", query_string={"tag": "light houses"}).text) == [talk.ID]
    assert cards.findall(client.get(f"/parts/library?folder={folder['id']}").text) == [talk.ID]
    assert [card["id"] for card in client.get(f"{V1}/videos?folder={folder['id']}").json["videos"]] == [talk.ID]
    assert [card["id"] for card in client.get(f"{V1}/videos?tag=nothing").json["videos"]] == []
    assert client.get("/?folder=999999").status_code == 404

    client.post(f"{PAGE}/tags", data={"remove": "history"})
    client.post(f"/folders/{folder['id']}", data={"name": "For summer"})
    assert client.get(MINE).json | {"notes": []} == {"tags": ["Light houses"], "folders": [{"id": folder["id"], "name": "For summer"}], "notes": []}
    assert client.post(f"{V1}/folders", json={"name": "for SUMMER"}).json["code"] == "folder_exists"
    assert client.put(f"{V1}/videos/{talk.ID}/folders", json={"folders": []}).json == {"folders": []}
    assert client.delete(f"{V1}/folders/{folder['id']}").status_code == 204
    assert client.get(f"{V1}/videos/{talk.ID}").status_code == 200


def test_what_has_been_watched_is_marked(client: FlaskClient, db: Database) -> None:
    other = "bbbbbbbbbbb"
    talk.add(db, other, title="Another")
    cards = re.compile(r' id="card-(\w+)"')

    def library(watched: str) -> list[str]:
        return cards.findall(client.get(f"/?watched={watched}").text)

    assert 'data-testid="filter-watched-no"' not in client.get("/").text, "nothing to choose from yet"
    assert client.post(f"{PAGE}/watched", data={"watched": "yes"}).headers["Location"] == f"{PAGE}#part-shelf"
    since = client.put(f"{V1}/videos/{talk.ID}/watched", json={"watched": True}).json["watched_at"]

    assert 'aria-pressed="true" data-testid="watched"' in client.get(PAGE).text
    assert (library("yes"), library("no")) == ([talk.ID], [other])
    assert client.get("/").text.count('data-testid="card-watched"') == 1
    assert [card["id"] for card in client.get(f"{V1}/videos?watched=false").json["videos"]] == [other]
    assert client.put(f"{V1}/videos/{talk.ID}/watched", json={"watched": True}).json["watched_at"] == since, "the first time counts"
    assert client.post(f"{PAGE}/watched", data={"watched": "no"}).status_code == 303
    assert (library("yes"), library("nonsense")) == ([], [other, talk.ID])
    assert client.put(f"{V1}/videos/zzzzzzzzzzz/watched", json={"watched": True}).status_code == 404


def test_all_of_it_is_found(client: FlaskClient) -> None:
    keep(client, text="Vergleiche mit den Leuchttürmen an der Nordsee und ihren Wärtern.", start="31")
    keep(client, start="20", end="29")
    client.post(f"{PAGE}/tags", data={"tags": "engineering"})

    def found(query: str) -> list[tuple[str, float | None]]:
        return [(hit["kind"], hit["start"]) for hit in client.get(f"{V1}/notes", query_string={"q": query}).json["notes"]]

    assert found("Leuchtturm") == [("moment", 31.0)], "by its stem, in the language of the note"
    assert found("clockworks wound") == [("highlight", 20.0)]
    assert found("Engineering") == [("tag", None)]
    assert found("zebra") == []
    page = client.get("/search?q=clockwork").text
    assert f'href="/v/{talk.ID}?t=20" data-testid="note-hit"' in page
    assert 'data-testid="your-notes"' not in client.get("/search?q=zebra").text
    assert [hit["kind"] for hit in client.get(f"{V1}/notes").json["notes"]] == ["moment", "highlight"]


def test_exports_have_them(client: FlaskClient) -> None:
    keep(client, text="Mine, *all* mine.", start="31")
    client.put(f"{V1}/videos/{talk.ID}/tags", json={"tags": ["sea"]})

    def export(kind: str) -> str:
        return client.get(f"{V1}/videos/{talk.ID}/export?as={kind}").text

    document = json.loads(export("json"))
    jsonschema.validate(document, schema())
    assert document["kept"]["tags"] == ["sea"]
    assert [(note["start"], note["text"]) for note in document["kept"]["notes"]] == [(31.0, "Mine, *all* mine.")]
    assert "## My notes\n\nTags: sea\n\n- [0:31](" in export("md")
    assert "  \n  Mine, \\*all\\* mine.\n" in export("md")
    assert "My notes\nTags: sea\n  - 0:31  “" in export("txt")
    assert "<h2>My notes</h2>" in export("html")
    for kind in ("srt", "vtt"):
        assert "Mine" not in export(kind)


def test_what_is_kept_is_inert(client: FlaskClient) -> None:
    folder = client.post(f"{V1}/folders", json={"name": "Harmless"}).json["id"]
    note = client.post(MINE, json={"text": "Harmless", "start": 5, "end": 9}).json["id"]
    tags, exported = f"{V1}/videos/{talk.ID}/tags", f"{V1}/videos/{talk.ID}/export?as="
    client.put(f"{V1}/videos/{talk.ID}/folders", json={"folders": [folder]})
    client.put(tags, json={"tags": ["Harmless"]})
    plain = {path: seen(client.get(path).text).tags for path in (PAGE, "/", f"{exported}html")}

    for hostile in HOSTILE:
        client.patch(f"{V1}/folders/{folder}", json={"name": hostile})
        client.patch(f"{V1}/notes/{note}", json={"text": hostile})
        assert client.put(tags, json={"tags": [hostile[:40].replace(",", "")]}).status_code == 200
        for path, usual in plain.items():
            found = seen(client.get(path).text)
            assert found.tags == usual, (path, hostile)
            assert found.handlers == []
            assert not any(link.lower().strip().startswith(("javascript:", "data:")) for link in found.links)
        assert not re.search(r"(?<!\\)<script", client.get(f"{exported}md").text)
    searched = seen(client.get("/search?q=recognised").text)
    assert (searched.handlers, searched.tags.count("script")) == ([], 1)


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"text": " \n "}, 422, "bad_note"), ({"text": "x" * 5001}, 422, "bad_note"), ({"text": "x", "start": "soon"}, 422, "bad_moment"),
        ({"text": "x", "start": "3:00"}, 422, "bad_moment"), ({"start": "20", "end": "10"}, 422, "bad_moment"), ({"start": "39.2", "end": "39.9"}, 422, "no_words"),
        ({"text": "x", "point": digest("Nobody said it.")}, 404, "no_sentence"),
    ],
)  # fmt: skip
def test_what_cannot_be_kept(client: FlaskClient, fields: dict, status: int, code: str) -> None:
    answer = client.post(f"{PAGE}/notes", data=fields)

    assert (answer.status_code, kept(client)) == (status, [])
    assert f'data-code="{code}"' in answer.text


def test_bounds_of_tags_and_folders(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    tags, folders = f"{V1}/videos/{talk.ID}/tags", f"{V1}/folders"
    monkeypatch.setattr("web.notes.FOLDERS", 1)
    monkeypatch.setattr("web.notes.NOTES", 1)
    keep(client, text="One.")

    assert client.put(tags, json={"tags": ["x" * 41]}).json["code"] == "bad_tag"
    assert client.put(tags, json={"tags": ["a,b"]}).json["code"] == "bad_tag"
    assert client.put(tags, json={"tags": [str(n) for n in range(51)]}).json["code"] == "too_many_tags"
    assert client.put(tags, json={"tags": ["Ä", "ä", " Ä "]}).json == {"tags": ["Ä"]}
    assert client.post(folders, json={"name": " "}).json["code"] == "bad_folder"
    assert client.post(folders, json={"name": "One"}).status_code == 201
    assert client.post(folders, json={"name": "Two"}).json["code"] == "too_many_folders"
    assert client.put(f"{V1}/videos/{talk.ID}/folders", json={"folders": [10**15]}).json["code"] == "no_folder"
    assert client.post(MINE, json={"text": "Two."}).json["code"] == "too_many_notes"
    assert client.post(f"{V1}/videos/zzzzzzzzzzz/notes", json={"text": "x"}).status_code == 404


def test_another_site_cannot_keep_anything(client: FlaskClient) -> None:
    assert client.post(f"{PAGE}/notes", data={"text": "x"}, headers={"Origin": "https://evil.example"}).status_code == 403
    assert client.post(f"{PAGE}/tags", data={"tags": "x"}, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert client.get(MINE).json == {"tags": [], "folders": [], "notes": []}


def test_it_goes_with_its_video(client: FlaskClient, db: Database) -> None:
    keep(client, text="x")
    client.put(f"{V1}/videos/{talk.ID}/tags", json={"tags": ["x"]})
    client.post(f"{PAGE}/folders", data={"new": "A folder"})
    assert client.delete(f"{V1}/videos/{talk.ID}").status_code == 204

    with db.session() as s:
        assert notes.everything(s) == ()
    assert client.get(f"{V1}/tags").json == {"tags": []}
    assert [one["videos"] for one in client.get(f"{V1}/folders").json["folders"]] == [0]


def test_the_api_describes_itself(client: FlaskClient) -> None:
    described = client.get(f"{V1}/openapi.json").json

    validate_openapi(described)
    assert set(described["paths"][f"{V1}/notes/{{note_id}}"]) == {"patch", "delete"}
