"""Subscriptions on pages, in the API and in feeds. What finds new items is tested with the stand-in (tests/integration/jobs/test_following.py)."""

import re
import xml.etree.ElementTree as ET
from datetime import datetime

import feedparser
import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from pipeline.errors import cause
from pipeline.store import listings, subscriptions
from pipeline.store.database import Database
from pipeline.store.subscriptions import Wanted
from pipeline.types import Entry, Length, Options
from tests.integration.web import talk
from tests.integration.web.conftest import make_app, services
from tests.integration.web.test_api import problem
from tests.integration.web.test_inert import HOSTILE, seen
from web import atom

LINK = "https://www.youtube.com/@harbour"
V1 = "/api/v1/subscriptions"
ATOM = "{http://www.w3.org/2005/Atom}"


def followed(db: Database, *video_ids: str, title: str = "Harbour Lectures", name: str = "@harbour", wanted: Wanted | None = None) -> int:
    """A list that is followed and has brought these videos; its number."""
    with db.session() as s:
        list_id = listings.ensure(s, f"youtube:{name}/videos", "playlist", f"https://www.youtube.com/{name}/videos", title)
        subscriptions.follow(s, list_id, wanted or Wanted())
    with db.session() as s:
        assert subscriptions.consider(s, list_id, any_order=False) == 0
    with db.session() as s:
        entries = [Entry(f"youtube:{video_id}", "youtube", f"https://www.youtube.com/watch?v={video_id}", f"Listed {video_id}") for video_id in video_ids]
        listings.add(s, list_id, entries, 0)
    with db.session() as s:
        assert subscriptions.consider(s, list_id, any_order=False) == len(video_ids)
    return list_id


def test_a_subscription_from_link_to_nothing(client: FlaskClient) -> None:
    wanted = {"url": LINK, "language": "Spanish", "length": "short", "every": 3600, "filters": {"without": "Live", "min_duration": 60}, "backlog": 2}
    made = client.post(V1, json=wanted)
    assert made.status_code == 201
    shown = made.json
    assert (shown["url"], shown["language"], shown["length"], shown["every"]) == ("https://www.youtube.com/@harbour/videos", "es", "short", 3600)
    assert shown["filters"] == {"words": "", "without": "Live", "min_duration": 60, "max_duration": None}
    assert (shown["paused"], shown["result"], shown["last_checked"], shown["failures"]) == (False, "", None, 0)
    assert (shown["page"], shown["feed"]) == (f"/l/{shown['id']}", f"/l/{shown['id']}/feed.xml")
    assert client.get(f"/api/v1/lists/{shown['id']}").json["reading"] == "waiting"  # it is looked at at once
    assert client.get(V1).json == {"subscriptions": [client.get(f"{V1}/{shown['id']}").json]}

    one = f"{V1}/{shown['id']}"
    assert client.patch(one, json={"paused": True}).json["paused"] is True
    changed = client.patch(one, json={"filters": {"words": "lamp"}, "every": 900}).json
    assert (changed["paused"], changed["every"], changed["language"], changed["filters"]["without"]) == (True, 900, "es", "")
    assert client.patch(one, json={"language": None, "paused": False}).json["language"] is None
    assert client.post(f"{one}/check").status_code == 202
    assert client.delete(one).status_code == 204
    for response in (client.delete(one), client.get(one), client.patch(one, json={"paused": True}), client.post(f"{one}/check")):
        assert problem(response) == (404, "no_subscription")
    assert client.get(f"/api/v1/lists/{shown['id']}").status_code == 200


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "bad_request"), ({"url": LINK, "every": 60}, "bad_request"), ({"url": LINK, "backlog": -1}, "bad_request"), ({"url": LINK, "extra": 1}, "bad_request"),
        ({"url": "https://youtu.be/bbbbbbbbbbb"}, "bad_link"), ({"url": f"{LINK}/playlists"}, "not_followed"), ({"url": LINK, "language": "klingonish"}, "bad_language"),
        ({"url": LINK, "filters": {"min_duration": -5}}, "bad_request"),
    ],
)  # fmt: skip
def test_subscriptions_that_are_refused(client: FlaskClient, body: dict[str, object], code: str) -> None:
    assert problem(client.post(V1, json=body)) == (422, code)
    assert client.get(V1).json == {"subscriptions": []}


def state(page: str) -> str:
    found = re.search(r'data-testid="follow" data-state="(\w+)"', page)
    assert found
    return found[1]


def test_following_on_the_page_of_a_list(client: FlaskClient, db: Database) -> None:
    place = client.post("/", data={"q": LINK}).headers["Location"]
    assert state(client.get(place).text) == "off"
    form = {"every": "3600", "language": "es", "length": "long", "words": "lamp", "without": "", "min": "1.5", "max": "", "backlog": "3"}
    assert client.post(f"{place}/follow", data=form).headers["Location"] == place

    page = client.get(place).text
    assert state(page) == "on"
    assert "looked at every hour" in page
    assert "Not looked at yet" in page
    for field in ('value="3600" selected', 'value="es" lang="es" selected', 'selected value="long"', 'name="words" value="lamp"', 'name="min" value="1.5"'):
        assert field in page, field
    with db.session() as s:
        found = subscriptions.get(s, int(place.rpartition("/")[2]))
    assert found is not None
    assert (found.options, found.filters.min_duration, found.backlog) == (Options(language="es", length=Length.LONG), 90.0, 3)

    assert client.post(f"{place}/pause", data={"paused": "1"}).status_code == 303
    assert state(client.get(f"{place}/parts/follow").text) == "paused"
    assert client.post(f"{place}/follow", data={**form, "words": "wick"}).status_code == 303
    changed = client.get(place).text
    assert (state(changed), 'name="words" value="wick"' in changed) == ("paused", True)
    assert client.post(f"{place}/pause", data={"paused": "0"}).status_code == 303
    assert client.post(f"{place}/check").status_code == 303
    assert client.post(f"{place}/unfollow").status_code == 303
    assert state(client.get(place).text) == "off"
    assert client.post(f"{place}/check").status_code == 404


@pytest.mark.parametrize("form", [{"every": "x"}, {"every": "60"}, {"backlog": "-1"}, {"backlog": "9999"}, {"min": "x"}, {"length": "huge"}, {"every": "9" * 30}])
def test_forms_that_are_refused(client: FlaskClient, form: dict[str, str]) -> None:
    place = client.post("/", data={"q": LINK}).headers["Location"]

    assert client.post(f"{place}/follow", data=form).status_code == 422
    assert state(client.get(place).text) == "off"


def test_a_look_that_failed_says_why(client: FlaskClient, db: Database) -> None:
    list_id = followed(db)
    for _ in range(3):
        with db.session() as s:
            subscriptions.failed(s, list_id, cause("playlist_unavailable"), soon=False)

    for page in (client.get(f"/l/{list_id}").text, client.get("/new").text):
        assert "This playlist or channel cannot be read" in page
    assert "It failed 3 times, so it is asked less often." in client.get(f"/l/{list_id}").text
    shown = client.get(f"{V1}/{list_id}").json
    assert (shown["result"], shown["failures"]) == ("playlist_unavailable", 3)


def test_what_holds_lists_and_what_was_imported_offer_nothing_to_follow(client: FlaskClient, db: Database) -> None:
    with db.session() as s:
        numbers = [
            listings.ensure(s, "youtube:@harbour/playlists", "playlist", f"{LINK}/playlists"), listings.ensure(s, "import:1", "import", ""),
        ]  # fmt: skip
    for number in numbers:
        assert 'data-testid="follow-submit"' not in client.get(f"/l/{number}").text
        assert problem_page(client.post(f"/l/{number}/follow")) == "not_followed"


def problem_page(response) -> str:
    found = re.search(r'data-code="(\w+)"', response.text)
    return found[1] if found else ""


def test_new_is_in_the_navigation_once_something_is_followed(client: FlaskClient, db: Database) -> None:
    assert 'data-testid="new-link"' not in client.get("/").text
    assert "Nothing is followed yet" in client.get("/new").text
    list_id = followed(db)
    assert 'href="/new" data-testid="new-link"' in client.get("/help").text
    assert "Nothing new yet" in client.get("/new").text
    client.post(f"/l/{list_id}/unfollow")
    assert 'data-testid="new-link"' not in client.get("/").text


def test_what_is_new_by_days(client: FlaskClient, db: Database) -> None:
    talk.add(db)
    list_id = followed(db, talk.ID, "bbbbbbbbbbb")
    with db.session() as s:
        s.execute(text("UPDATE listing_items SET followed_at = '2026-03-05T12:00Z' WHERE video_id = 'bbbbbbbbbbb'"))
    page = client.get("/new").text

    assert re.findall(r'class="new-item" data-testid="new-item" data-state="(\w+)"', page) == ["done", "waiting"]
    assert page.index("Lights need lenses and keepers.") < page.index("5 March 2026") < page.index("Listed bbbbbbbbbbb")
    assert len(re.findall('class="new-day"', page)) == 2
    assert f'href="/v/{talk.ID}"' in page
    assert f'href="/l/{list_id}"' in page
    assert client.get("/new?page=1").text.count("new-item") == 0
    assert client.get("/new?page=x").status_code == 400


def test_many_new_ones_have_pages(client: FlaskClient, db: Database) -> None:
    followed(db, *(f"many{number:07d}" for number in range(50)))
    first, second = client.get("/new").text, client.get("/new?page=1").text

    assert re.findall("Listed many(\\d+)", first + second) == [f"{number:07d}" for number in range(50)]
    assert 'href="/new?page=1"' in first
    assert 'href="/new?page=0"' in second
    assert "Older" not in second


def document(client: FlaskClient, path: str, **headers: str) -> ET.Element:
    response = client.get(path, headers=headers)
    assert (response.status_code, response.mimetype) == (200, "application/atom+xml")
    found = feedparser.parse(response.data)
    assert (found.bozo, found.version) == (False, "atom10")
    return ET.fromstring(response.data)


def check_atom(root: ET.Element) -> list[ET.Element]:
    """What RFC 4287 asks of every feed and entry; the entries."""
    entries = root.findall(f"{ATOM}entry")
    for node in (root, *entries):
        for name in ("id", "title", "updated"):
            assert len(node.findall(ATOM + name)) == 1, name
        assert (node.findtext(f"{ATOM}id") or "").startswith("urn:uuid:")
        assert datetime.fromisoformat(str(node.findtext(f"{ATOM}updated"))).tzinfo
        assert len([link for link in node.findall(f"{ATOM}link") if link.get("rel") == "alternate"]) == 1
    assert root.find(f"{ATOM}author") is not None
    assert len({entry.findtext(f"{ATOM}id") for entry in entries}) == len(entries)
    return entries


def test_feeds_of_everything_and_of_one(client: FlaskClient, db: Database) -> None:
    talk.add(db)
    talk.add(db, "bbbbbbbbbbb", title="Another talk")
    one = followed(db, talk.ID, "ccccccccccc")
    followed(db, talk.ID, "bbbbbbbbbbb", name="@other", title="Other Lectures")

    everything = check_atom(document(client, "/feed.xml"))
    assert sorted(str(entry.findtext(f"{ATOM}title")) for entry in everything) == ["Another talk", talk.TITLE]  # one that is not made yet is left out
    root = document(client, f"/l/{one}/feed.xml")
    [entry] = check_atom(root)
    assert root.findtext(f"{ATOM}title") == "Harbour Lectures in Nutshell"
    links = {link.get("rel"): link.get("href") for link in root.findall(f"{ATOM}link")}
    assert links == {"self": f"http://localhost/l/{one}/feed.xml", "alternate": f"http://localhost/l/{one}"}
    link = entry.find(f"{ATOM}link")
    content = entry.find(f"{ATOM}content")
    assert link is not None
    assert content is not None
    assert (link.get("href"), content.get("type")) == (f"http://localhost/v/{talk.ID}", "html")
    html = content.text or ""
    assert "<p>Lights need lenses and keepers.</p>" in html
    assert f'<a href="http://localhost/v/{talk.ID}?t=10">0:10</a>' in html
    assert entry.findtext(f"{ATOM}author/{ATOM}name") == "Harbour Lectures"
    same = next(e for e in everything if e.findtext(f"{ATOM}title") == talk.TITLE)
    assert same.findtext(f"{ATOM}id") == entry.findtext(f"{ATOM}id") == atom.identity(f"video:youtube:{talk.ID}")


def test_a_feed_is_in_the_language_of_the_subscription(client: FlaskClient, db: Database) -> None:
    talk.add(db)
    talk.add_rendition(db, talk.ID, talk.summary(talk.sentences(), language="es", text="Las luces necesitan lentes."))
    followed(db, talk.ID, wanted=Wanted(Options(language="es")))

    [entry] = check_atom(document(client, "/feed.xml"))
    assert "Las luces necesitan lentes." in str(entry.findtext(f"{ATOM}content"))
    assert "Las luces necesitan lentes." in client.get("/new").text


def test_feeds_have_the_public_address_and_an_etag(client: FlaskClient, db: Database, app, monkeypatch: pytest.MonkeyPatch) -> None:
    talk.add(db)
    list_id = followed(db, talk.ID)
    given = services(app).settings.model_copy(update={"public_url": "https://nutshell.example.org/"})
    monkeypatch.setattr(services(app), "settings", given)
    response = client.get("/feed.xml")

    assert f'href="https://nutshell.example.org/v/{talk.ID}"' in response.text
    assert "localhost" not in response.text
    again = client.get("/feed.xml", headers={"If-None-Match": response.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert client.get(f"/l/{list_id}/feed.xml").status_code == 200
    client.post(f"/l/{list_id}/unfollow")
    assert client.get(f"/l/{list_id}/feed.xml").status_code == 404
    assert check_atom(document(client, "/feed.xml")) == []


@pytest.mark.parametrize("hostile", [*HOSTILE, "\x0b\x00\x1f\ufffe\x7f tab\there", "\ud800 alone", "]]>&amp;<"])
def test_titles_and_words_of_strangers_are_inert_in_feeds_and_pages(client: FlaskClient, db: Database, hostile: str) -> None:
    talk.add(db, title=hostile, texts=(hostile,) * 4, channel=hostile)
    list_id = followed(db, talk.ID, title=hostile)
    for path in ("/feed.xml", f"/l/{list_id}/feed.xml"):
        [entry] = check_atom(document(client, path))
        tags = seen(str(entry.findtext(f"{ATOM}content")))
        assert set(tags.tags) <= {"p", "ul", "li", "a", "q"}
        assert tags.handlers == []
        assert all(link.startswith(f"http://localhost/v/{talk.ID}") for link in tags.links)
    for path in ("/new", f"/l/{list_id}/parts/follow"):
        found = seen(client.get(path).text)
        assert found.handlers == []
        assert found.tags.count("script") == (1 if path == "/new" else 0)
        assert not any(link.lower().strip().startswith(("javascript:", "data:")) for link in found.links)


def test_feeds_ask_for_the_password(settings, model) -> None:
    locked = make_app(settings.model_copy(update={"password": type(settings.password)("open sesame")}))
    client = locked.test_client()

    assert client.get("/feed.xml").status_code == 401
    assert client.get("/feed.xml", auth=("reader", "open sesame")).status_code == 200
    services(locked).db.dispose()
