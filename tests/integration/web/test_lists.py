"""The page and the API of a list. Its items are put there as the stage that reads a playlist puts them."""

import io
import zipfile
from html.parser import HTMLParser
from pathlib import Path

import feedparser
import pytest
from flask import Flask
from flask.testing import FlaskClient

from pipeline.jobs import Queue, State
from pipeline.store import jobs, listings, media, renditions, videos
from pipeline.store.database import Database
from pipeline.types import Entry, Origin, Transcript
from tests.integration.web import talk
from tests.integration.web.conftest import services

V1 = "/api/v1/lists"
LINK = "https://www.youtube.com/playlist?list=PLaaaaaaaaaa"
NASTY = '<script>alert(1)</script> "\'&amp; \u202e'


def entry(number: int, title: str = "", **values: object) -> Entry:
    video_id = f"video{number:06d}"
    shown = title or f"Number {number}"
    return Entry(f"youtube:{video_id}", "youtube", f"https://www.youtube.com/watch?v={video_id}", shown, **values)  # type: ignore[arg-type]


@pytest.fixture(name="list_id")
def _list_id(client: FlaskClient, db: Database) -> int:
    """A list of 130 items: the first private, the second in the library, the third with a title that means harm."""
    response = client.post("/", data={"q": LINK})
    number = int(response.location.removeprefix("/l/"))
    talk.add(db)
    known = Entry(f"youtube:{talk.ID}", "youtube", f"https://www.youtube.com/watch?v={talk.ID}", "Known", 60.0, "2026-02-01")
    entries = [entry(0, "[Private video]", problem="private"), known, entry(2, NASTY, duration=30.0), *(entry(n, duration=60.0 * n) for n in range(3, 130))]
    with db.session() as s:
        claim = jobs.claim_next(s, Queue.BULK, "w")
        assert claim is not None
        listings.describe(s, number, title=NASTY, channel="A channel", feed_url=None)
        began = listings.database_now(s)
        assert len(listings.add(s, number, entries, 0)) == 130
        assert listings.add(s, number, entries, 0) == ()
        listings.read_whole(s, number, began)
        jobs.finish(s, claim)
    return number


def test_a_playlist_that_is_pasted_gets_a_page_and_a_job_that_reads_it(client: FlaskClient, db: Database) -> None:
    place = client.post("/", data={"q": LINK}).location
    again = client.post("/", data={"q": f"Look at this: {LINK}&si=x"}).location

    assert place == again
    page = client.get(place).text
    assert "Reading the list" in page
    assert "data-live" in page
    with db.session() as s:
        assert jobs.counts(s).stages == {(Queue.BULK, State.WAITING): 1}


def test_the_page_shows_what_is_there_and_what_can_be_chosen(client: FlaskClient, list_id: int) -> None:
    page = client.get(f"/l/{list_id}").text

    assert "130 items" in page
    assert "1 in your library" in page
    assert "1 cannot be watched" in page
    assert page.count('data-testid="item"') == 100
    assert page.count("disabled") == 2
    assert "<script>alert" not in page
    assert client.get(f"/l/{list_id}?page=1").text.count('data-testid="item"') == 30
    assert client.get(f"/l/{list_id}/parts/items").text.count('data-testid="item"') == 100
    assert client.get(f"/l/{list_id}/parts/nothing").status_code == 404
    assert client.get("/l/99999").status_code == 404
    home = client.get("/").text
    assert f'href="/l/{list_id}"' in home


@pytest.mark.parametrize(
    ("query", "number"),
    [("words=number+3", 11), ("min=100", 30), ("min=1.5&max=3", 1), ("state=here", 1), ("words=number&without=1", 79), ("after=2026-01-01", 1), ("before=2020-01-01", 0)],
)
def test_filters(client: FlaskClient, list_id: int, query: str, number: int) -> None:
    assert client.get(f"/l/{list_id}?{query}").text.count('data-testid="item"') == number


@pytest.mark.parametrize("query", ["min=x", "max=nan", "max=inf", "after=yesterday", "state=odd", "page=-1", "page=x", "min=-1", "page=99999999999", f"page={'0' * 9}{'9' * 20}"])
def test_filters_that_mean_nothing_are_refused(client: FlaskClient, list_id: int, query: str) -> None:
    assert client.get(f"/l/{list_id}?{query}").status_code == 422


def test_ticked_items_are_summarised(client: FlaskClient, list_id: int) -> None:
    response = client.post(f"/l/{list_id}/choose", data={"which": "ticked", "item": ["youtube:video000004", "youtube:video000009", "youtube:video000000"], "language": "es"})

    assert response.location == f"/l/{list_id}"
    page = client.get(f"/l/{list_id}").text
    assert "0 of 2 done" in page
    assert 'href="/v/video000009"' in page
    assert len(client.get("/api/v1/videos").json["videos"]) == 3
    assert client.post(f"/l/{list_id}/choose", data={"which": "ticked", "item": ["youtube:video000004"]}).status_code == 422
    assert client.post(f"/l/{list_id}/choose", data={"which": "ticked"}).status_code == 422


def test_all_that_the_filters_show_or_the_first_of_them(client: FlaskClient, list_id: int) -> None:
    client.post(f"/l/{list_id}/choose?words=number", data={"which": "all", "first": "5"})
    assert client.get(f"{V1}/{list_id}").json["counts"] == {"new": 123, "here": 1, "unavailable": 1, "waiting": 5}

    client.post(f"/l/{list_id}/choose?min=100", data={"which": "all"})
    assert client.get(f"{V1}/{list_id}").json["counts"]["waiting"] == 35
    client.post(f"/l/{list_id}/cancel")
    assert client.get(f"{V1}/{list_id}").json["counts"]["cancelled"] == 35
    client.post(f"/l/{list_id}/retry")
    assert client.get(f"{V1}/{list_id}").json["counts"]["waiting"] == 35


def test_what_was_begun_and_cancelled_can_be_chosen_again(client: FlaskClient, db: Database, list_id: int) -> None:
    one = {"which": "ticked", "item": ["youtube:video000004"]}
    client.post(f"/l/{list_id}/choose", data=one)
    with db.session() as s:
        assert jobs.claim_next(s, Queue.BULK, "w") is not None
    client.post(f"/l/{list_id}/cancel")
    assert client.get(f"{V1}/{list_id}").json["counts"]["cancelled"] == 1

    assert client.post(f"/l/{list_id}/choose", data=one).status_code == 303
    assert client.get(f"{V1}/{list_id}").json["counts"]["waiting"] == 1


def test_a_character_that_nothing_can_hold_is_not_looked_for(client: FlaskClient, list_id: int) -> None:
    assert client.get(f"/l/{list_id}?words=number%00&without=%00").text.count('data-testid="item"') == 100


class Forms(HTMLParser):
    """Which buttons stand in which form, as a browser reads it: a form cannot stand in another."""

    def __init__(self) -> None:
        super().__init__()
        self.inside: list[str] = []
        self.nested = 0
        self.sends: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "form":
            self.nested += len(self.inside)
            self.inside.append(found.get("id") or "")
        if tag == "button" and found.get("value"):
            self.sends[str(found["value"])] = found.get("form") or (self.inside[-1] if self.inside else "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.inside.pop()


def test_a_list_in_a_list_can_be_opened(client: FlaskClient, db: Database, list_id: int) -> None:
    with db.session() as s:
        listings.add(s, list_id, [Entry("youtube:PLbbbbbbbbbb", "playlist", "https://www.youtube.com/playlist?list=PLbbbbbbbbbb", "Bees")], 0)
    found = Forms()
    found.feed(client.get(f"/l/{list_id}").text)

    assert found.nested == 0
    assert (found.sends["https://www.youtube.com/playlist?list=PLbbbbbbbbbb"], found.sends["ticked"]) == ("open-list", "choose")


def test_a_list_can_be_read_again_and_forgotten(client: FlaskClient, list_id: int) -> None:
    assert client.post(f"/l/{list_id}/read").location == f"/l/{list_id}"
    assert client.get(f"{V1}/{list_id}").json["reading"] == "waiting"
    client.post(f"/l/{list_id}/choose", data={"which": "ticked", "item": ["youtube:video000004"]})

    assert client.post(f"/l/{list_id}/delete").location == "/"
    assert client.get(f"/l/{list_id}").status_code == 404
    assert client.get("/v/video000004").status_code == 200
    assert client.post(f"/l/{list_id}/delete").status_code == 404


def test_the_api_does_the_same(client: FlaskClient, list_id: int) -> None:
    again = client.post(V1, json={"url": LINK})
    assert (again.status_code, again.json["id"], again.json["title"]) == (202, list_id, NASTY)
    assert client.post(V1, json={"url": "https://youtu.be/bbbbbbbbbbb"}).json["code"] == "bad_link"
    assert [found["id"] for found in client.get(V1).json["lists"]] == [list_id]
    items = client.get(f"{V1}/{list_id}/items", query_string={"words": "number", "limit": 2, "offset": 1, "min_duration": 60}).json
    assert ([item["title"] for item in items["items"]], items["matching"]) == (["Number 4", "Number 5"], 127)
    assert client.get(f"{V1}/{list_id}/items?state=odd").json["code"] == "bad_filter"
    assert client.get(f"{V1}/9999/items").status_code == 404

    assert client.post(f"{V1}/{list_id}/choose", json={"items": ["youtube:video000004", "youtube:nothing"]}).json == {"chosen": 1}
    assert client.post(f"{V1}/{list_id}/choose", json={"words": "number", "first": 3}).json == {"chosen": 3}
    assert client.post(f"{V1}/{list_id}/cancel").json["counts"]["cancelled"] == 4
    assert client.post(f"{V1}/{list_id}/retry").json["counts"]["waiting"] == 4
    assert client.delete(f"{V1}/{list_id}").status_code == 204
    assert client.get(f"{V1}/{list_id}").status_code == 404


def test_links_to_videos_and_lists_together_are_asked_about(client: FlaskClient) -> None:
    page = client.post("/", data={"q": f"{LINK} and https://youtu.be/ccccccccccc and youtube.com/@someone"})
    assert page.text.count('name="link"') == 3

    client.post("/many", data={"link": [LINK, "https://youtu.be/ccccccccccc", "https://www.youtube.com/@someone/videos"]})
    assert len(client.get(V1).json["lists"]) == 2
    assert len(client.get("/api/v1/videos").json["videos"]) == 1


def test_a_list_is_taken_away_as_a_zip_and_as_a_podcast(client: FlaskClient, app: Flask, list_id: int, tmp_path: Path) -> None:
    sound = tmp_path / "a.m4a"
    sound.write_bytes(b"sound" * 1000)
    found = services(app)
    found.blobs.put(sound, f"audio/{talk.ID}.m4a")
    with found.db.session() as s:
        media.save_media(s, media.Media(talk.ID, "audio", f"audio/{talk.ID}.m4a", "A talk.m4a", "audio/mp4", 5000))

    texts = zipfile.ZipFile(io.BytesIO(client.get(f"/l/{list_id}/download.zip?as=md").data))
    assert [name[:5] for name in texts.namelist()] == ["0002 "]
    assert texts.testzip() is None
    assert talk.TITLE in texts.read(texts.namelist()[0]).decode()
    recordings = zipfile.ZipFile(io.BytesIO(client.get(f"/l/{list_id}/download.zip?as=audio").data))
    assert [(info.filename, info.file_size) for info in recordings.infolist()] == [("0002 A talk.m4a", 5000)]
    assert client.get(f"/l/{list_id}/download.zip?as=../../etc").status_code == 422
    assert client.get("/l/9999/download.zip?as=md").status_code == 404

    podcast = feedparser.parse(client.get(f"/l/{list_id}/podcast.xml").data)
    assert not podcast.bozo
    episode = podcast.entries[0]
    assert (episode.enclosures[0].href, episode.enclosures[0].type, episode.enclosures[0].length) == (f"http://localhost/api/v1/media/{talk.ID}/audio", "audio/mp4", "5000")
    assert client.get(episode.enclosures[0].href).data == sound.read_bytes()


def test_the_recordings_of_a_list_are_fetched_behind_everything_else(client: FlaskClient, db: Database, list_id: int) -> None:
    assert client.post(f"/l/{list_id}/downloads", data={"as": "audio-mp3"}).location == f"/l/{list_id}"

    with db.session() as s:
        job = jobs.jobs_of(s, talk.ID)[0]
        assert (job.kind, job.options) == ("download", {"as": "audio-mp3"})
    assert client.post(f"/l/{list_id}/downloads", data={"as": "exe"}).status_code == 422


def test_a_transcript_in_a_list_keeps_nobody_from_its_recordings(client: FlaskClient, db: Database, list_id: int) -> None:
    words = "file:" + "a" * 64
    with db.session() as s:
        video_id = videos.ensure_video(s, words, "", "transcript", "Words only")
        listings.add(s, list_id, [Entry(words, "transcript", "", "Words only")], -1)
    said = talk.sentences()
    made = talk.key(video_id, Transcript("en", Origin.FILE, None, ()))
    with db.session() as s:
        renditions.save_summary(s, made, talk.summary(said), fence=None)
    assert client.get(f"{V1}/{list_id}").json["counts"]["here"] == 2

    assert client.post(f"/l/{list_id}/downloads", data={"as": "audio"}).status_code == 303
    with db.session() as s:
        assert [job.kind for job in jobs.jobs_of(s, talk.ID)] == ["download"]
        assert jobs.jobs_of(s, video_id) == ()
        texts = listings.ensure(s, "import:texts", "import", "", "Texts")
        listings.add(s, texts, [Entry(words, "transcript", "", "Words only")], 0)
    refused = client.post(f"/l/{texts}/downloads", data={"as": "audio"})
    assert (refused.status_code, "came from a file of yours" in refused.text) == (422, True)
