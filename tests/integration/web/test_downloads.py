"""Downloads through pages and API: what can be asked for, what is refused, and what the page says of what had to make room."""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from pipeline.store import jobs, media
from pipeline.store.database import Database
from pipeline.store.media import Media
from pipeline.store.tables import JobRow, MediaRow
from tests.integration.web import talk
from tests.integration.web.conftest import services
from tests.integration.web.test_api import V1, problem


@pytest.fixture(name="sound")
def _sound(app: Flask, client: FlaskClient, db: Database, tmp_path) -> str:
    """The address of a kept recording of 1,000 bytes."""
    talk.add(db)
    file = tmp_path / "sound.webm"
    file.write_bytes(bytes(range(250)) * 4)
    services(app).blobs.put(file, f"audio/{talk.ID}.webm")
    with db.session() as s:
        media.save_media(s, Media(talk.ID, "audio", f"audio/{talk.ID}.webm", "Täglich.webm", "audio/webm", 1000))
    return f"{V1}/media/{talk.ID}/audio"


@pytest.mark.parametrize(
    ("asked", "kind"),
    [
        ({"as": "audio", "format": "mp3"}, "audio-mp3"), ({"as": "video", "quality": "480"}, "video-480p"), ({"as": "video", "quality": "best"}, "video-best"),
        ({"as": "audio", "format": "opus", "clip": "0:05-0:20"}, "audio-opus-5000-20000"), ({"as": "video", "clip": "5-20.5"}, "video-5000-20500"),
        ({"as": "video", "clip": "5-20.5x"}, None),
    ],
)  # fmt: skip
def test_other_forms_and_clips(client: FlaskClient, db: Database, asked: dict[str, str], kind: str | None) -> None:
    talk.add(db)
    answer = client.post(f"{V1}/videos/{talk.ID}/downloads", json=asked)

    if kind is None:
        assert problem(answer) == (422, "bad_clip")
        return
    assert (answer.status_code, answer.json["media"]) == (202, f"{V1}/media/{talk.ID}/{kind}")
    with db.session() as s:
        assert [job.options for job in jobs.jobs_of(s, talk.ID)] == [{"as": kind}]
    assert client.get(answer.json["media"]).status_code == 404


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"as": "audio", "format": "wav"}, "bad_request"), ({"as": "audio", "quality": "480"}, "bad_download"), ({"as": "video", "format": "mp3"}, "bad_download"),
        ({"as": "audio", "clip": "0:30-0:20"}, "bad_clip"), ({"as": "audio", "clip": "1:00-2:00"}, "bad_clip"), ({"as": "audio", "clip": "../../etc-1"}, "bad_clip"),
        ({"as": "audio", "clip": "9" * 51}, "bad_request"), ({"as": "audio", "clip": ""}, "bad_clip"),
    ],
)  # fmt: skip
def test_forms_that_cannot_be_had(client: FlaskClient, db: Database, asked: dict[str, str], code: str) -> None:
    talk.add(db)
    assert problem(client.post(f"{V1}/videos/{talk.ID}/downloads", json=asked)) == (422, code)


@pytest.mark.parametrize("kind", ["thumbnail", "subtitles", "audio-", "audio-exe", "audio-1-2-3", "video-480", "AUDIO", "..", "audio%00"])
def test_no_other_kind_of_file_is_handed_out(client: FlaskClient, db: Database, sound: str, kind: str) -> None:
    assert client.get(f"{V1}/media/{talk.ID}/{kind}").status_code == 404


def test_who_looks_at_a_recording_uses_it(client: FlaskClient, db: Database, sound: str) -> None:
    with db.session() as s:
        s.execute(update(MediaRow).values(used_at=func.clock_timestamp() - timedelta(days=9)))
    with client.get(sound, headers={"Range": "bytes=0-9"}):
        pass

    with db.session() as s:
        assert s.execute(select(func.clock_timestamp() - MediaRow.used_at)).scalar_one() < timedelta(days=1)


def test_the_page_offers_forms_and_parts_and_says_what_had_to_make_room(client: FlaskClient, db: Database, sound: str) -> None:
    sent = client.post(f"/v/{talk.ID}/downloads", data={"as": "audio-mp3", "from": "0:05", "to": "0:20"})
    assert sent.status_code == 303
    page = client.get(f"/v/{talk.ID}?t=7").text
    assert "MP3 audio, 0:05–0:20 is being fetched" in page
    assert '<option value="video-480p">Video up to 480p</option>' in page
    assert 'name="from" size="8" maxlength="20" placeholder="0:00" value="0:07"' in page

    with db.session() as s:
        s.execute(update(JobRow).values(state="done"))
    assert "MP3 audio, 0:05–0:20 was removed to make room. Fetch it again" in client.get(f"/v/{talk.ID}").text
    for data in ({"as": "exe"}, {"as": "audio", "from": "x", "to": "y"}, {"as": "audio", "to": "0:99"}):
        assert client.post(f"/v/{talk.ID}/downloads", data=data).status_code == 422
