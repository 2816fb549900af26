"""Feeds and recordings of other hosts in the box and the API: from allowed hosts only, and the setting is named."""

import pytest
from flask.testing import FlaskClient

from pipeline.config import Settings
from pipeline.jobs import Queue, State
from pipeline.store import jobs, videos
from pipeline.store.database import Database
from tests.integration.web.conftest import make_app

FEED, RECORDING = "https://feeds.pods.test/show", "https://cdn.pods.test/Talk_one.mp3?t=1"


@pytest.fixture(name="open_client")
def _open_client(settings: Settings, db: Database) -> FlaskClient:
    return make_app(settings.model_copy(update={"media_hosts": "*.pods.test"})).test_client()


def test_a_feed_opens_its_list_and_a_recording_its_page(open_client: FlaskClient, db: Database) -> None:
    feed = open_client.post("/", data={"q": f"listen to {FEED}#new"}).location
    assert feed.startswith("/l/")
    assert open_client.post("/api/v1/lists", json={"url": FEED}).get_json()["page"] == feed
    assert "Reading the list" in open_client.get(feed).text
    assert open_client.post(f"{feed}/read").location == feed
    page = open_client.post("/", data={"q": RECORDING}).location
    assert page.startswith("/v/")
    assert open_client.post("/api/v1/jobs", json={"url": RECORDING}).get_json()["page"] == page

    with db.session() as s:
        assert jobs.counts(s).stages[Queue.BULK, State.WAITING] == 1
        video = videos.get_video(s, page.removeprefix("/v/"))
    assert video is not None
    assert video.source_url == RECORDING
    assert open_client.get(page).status_code == 200


def test_several_at_once(open_client: FlaskClient) -> None:
    page = open_client.post("/", data={"q": f"{FEED} {RECORDING} https://youtu.be/dQw4w9WgXcQ https://elsewhere.test/x.mp3"}).text
    assert "3 links" in page or "3 videos" in page
    assert open_client.post("/many", data={"link": [FEED, RECORDING]}).status_code == 303


@pytest.mark.parametrize("link", [FEED, RECORDING])
def test_without_the_setting_the_reason_is_said(client: FlaskClient, link: str) -> None:
    page = client.post("/", data={"q": link})
    answer = client.post("/api/v1/jobs", json={"url": link})

    assert page.status_code == 422
    assert "NUTSHELL_MEDIA_HOSTS" in page.text
    assert link.split("/")[2] in page.text
    assert (answer.status_code, answer.get_json()["code"]) == (422, "host_not_allowed")


def test_any_other_page_is_no_link(client: FlaskClient, open_client: FlaskClient) -> None:
    for one in (client, open_client):
        assert one.post("/api/v1/jobs", json={"url": "https://vimeo.com/1"}).get_json()["code"] == "bad_link"
