"""The JSON API: what it takes, gives and refuses, and that its description says the same."""

import io
import json
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate as validate_openapi
from werkzeug.exceptions import RequestedRangeNotSatisfiable

from pipeline.export.document import schema
from pipeline.language.generator import Embedder
from pipeline.store import jobs, media, transcripts, videos
from pipeline.store.blobs import Blobs
from pipeline.store.database import Database
from pipeline.store.media import Media
from pipeline.types import Length, Origin, Segment, Transcript, Video
from tests.integration.web import talk
from tests.integration.web.conftest import services
from web.media import ranged

LINK = "https://youtu.be/bbbbbbbbbbb?t=90"
V1 = "/api/v1"


def problem(response) -> tuple[int, str]:
    assert response.mimetype == "application/problem+json"
    body = response.json
    assert body["status"] == response.status_code
    assert set(body) == {"type", "title", "status", "code", "detail"}
    assert body["detail"].endswith((".", "\u201d"))
    return response.status_code, body["code"]


def test_the_description_is_valid_openapi_and_names_every_route(app: Flask, client: FlaskClient) -> None:
    described = client.get(f"{V1}/openapi.json").json
    validate_openapi(described)
    served = {
        (method.lower(), rule.rule.replace("<", "{").replace(">", "}"))
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.endpoint.startswith(("api.", "api_find.", "api_lists.", "api_subscriptions.", "api_feedback."))
    }
    listed = {(method, path) for path, methods in described["paths"].items() for method in methods if path.startswith(V1)}
    assert served <= listed
    assert described["openapi"].startswith("3.1")


def test_a_job_from_link_to_row(client: FlaskClient) -> None:
    answer = client.post(f"{V1}/jobs", json={"url": LINK, "length": "short"})
    assert answer.status_code == 202
    assert answer.json == {"video_id": "bbbbbbbbbbb", "job_id": answer.json["job_id"], "created": True, "page": "/v/bbbbbbbbbbb", "start": 90.0, "lists": []}

    again = client.post(f"{V1}/jobs", json={"text": f"this one {LINK}", "length": "short"})
    assert (again.status_code, again.json["job_id"], again.json["created"]) == (200, answer.json["job_id"], False)
    job = client.get(f"{V1}/jobs/{answer.json['job_id']}").json
    assert (job["state"], job["before"], job["video_id"]) == ("waiting", 0, "bbbbbbbbbbb")
    assert [stage["name"] for stage in job["stages"]][:3] == ["fetch", "speech", "gist"]
    assert client.post(f"{V1}/jobs/{job['id']}/cancel").json["state"] == "cancelled"
    assert client.post(f"{V1}/jobs/{job['id']}/cancel").json["state"] == "cancelled"
    assert client.post(f"{V1}/jobs/{job['id']}/retry").json["state"] == "waiting"
    assert problem(client.post(f"{V1}/jobs/{job['id']}/retry")) == (422, "not_failed")


def test_a_finished_video_needs_no_job(client: FlaskClient, db: Database) -> None:
    talk.add(db)
    answer = client.post(f"{V1}/jobs", json={"url": f"https://youtu.be/{talk.ID}"})

    assert answer.status_code == 200
    assert answer.json == {"video_id": talk.ID, "job_id": None, "created": False, "page": f"/v/{talk.ID}", "start": None, "lists": []}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "bad_request"), ({"url": LINK, "text": LINK}, "bad_request"), ({"url": 5}, "bad_request"), ({"url": LINK, "extra": 1}, "bad_request"),
        ({"url": LINK, "length": "huge"}, "bad_request"), ({"url": "https://vimeo.com/1"}, "bad_link"), ({"url": ""}, "bad_link"), ({"text": "no link"}, "bad_link"),
        ({"text": f"{LINK} https://youtu.be/ccccccccccc"}, "bad_link"), ({"url": "https://youtube.com/@someone"}, "playlist"),
        ({"url": LINK, "language": "klingonish"}, "bad_language"), ({"url": "x" * 30_000}, "bad_request"),
    ],
)  # fmt: skip
def test_jobs_that_are_refused(client: FlaskClient, body: dict[str, object], code: str) -> None:
    assert problem(client.post(f"{V1}/jobs", json=body)) == (422, code)
    assert client.get(f"{V1}/videos").json == {"videos": [], "next": None}


@pytest.mark.parametrize(
    ("data", "content_type", "status"),
    [
        (b"{", "application/json", 400), (b"[]", "application/json", 422), (b"null", "application/json", 422), (b"\xff\xfe", "application/json", 400),
        (b"url=x", "application/x-www-form-urlencoded", 415), (b"", "text/plain", 415),
    ],
)  # fmt: skip
def test_bodies_that_are_no_json(client: FlaskClient, data: bytes, content_type: str, status: int) -> None:
    assert problem(client.post(f"{V1}/jobs", data=data, content_type=content_type))[0] == status


def test_a_body_that_is_too_large(client: FlaskClient) -> None:
    assert problem(client.post(f"{V1}/jobs", data=b" " * 2_000_000, content_type="application/json"))[0] == 413


def send(client: FlaskClient, name: str, body: bytes, **fields: str):
    return client.post(f"{V1}/uploads", data={"file": (io.BytesIO(body), name), **fields}, content_type="multipart/form-data")


SRT = b"1\n00:00:01,000 --> 00:00:02,000\nHello there.\n"


def test_uploads(client: FlaskClient, db: Database) -> None:
    answer = send(client, "../../My talk.srt", SRT, length="short")
    assert answer.status_code == 202
    found = client.get(f"{V1}/videos/{answer.json['video_id']}").json
    assert (found["title"], found["kind"], found["source_url"]) == ("My talk", "transcript", "")
    assert send(client, "other name.srt", SRT, length="short").json["video_id"] == answer.json["video_id"], "the same content is the same video"
    wav = send(client, "voice.wav", b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(100))
    with db.session() as s:
        (kept,) = media.list_media(s, wav.json["video_id"])
    assert kept.content_type == "audio/wav"


@pytest.mark.parametrize(("name", "body", "code"), [("x.srt", b"", "bad_media"), ("x.srt", b"words", "bad_transcript"), ("x.mp4", b"words " * 9, "bad_media"), ("x.m3u8", b"#EXTM3U\n", "bad_media")])
def test_uploads_that_are_refused(client: FlaskClient, name: str, body: bytes, code: str) -> None:
    assert problem(send(client, name, body)) == (422, code)
    assert client.get(f"{V1}/videos").json["videos"] == []


def test_uploads_without_a_file_or_too_large(client: FlaskClient) -> None:
    assert problem(client.post(f"{V1}/uploads", data={"length": "short"}, content_type="multipart/form-data")) == (422, "no_file")
    assert problem(client.post(f"{V1}/uploads", data=b"x", content_type="application/octet-stream")) == (422, "no_file")
    assert problem(send(client, "big.srt", SRT * 5000)) == (413, "upload_too_large")
    assert problem(send(client, "big.srt", SRT * 50000)) == (413, "upload_too_large")


def test_the_library(client: FlaskClient, db: Database) -> None:
    for number in range(3):
        talk.add(db, f"video{number:06d}", title=f"Talk {number}")
    first = client.get(f"{V1}/videos?limit=2").json
    assert [card["title"] for card in first["videos"]] == ["Talk 2", "Talk 1"]
    assert first["videos"][0]["gist"] == "Lights need lenses and keepers."
    second = client.get(f"{V1}/videos", query_string={"limit": 2, "before": first["next"]}).json
    assert ([card["title"] for card in second["videos"]], second["next"]) == (["Talk 0"], None)
    for bad in ("limit=0", "limit=x", "before=yesterday", "before=2026-01-01T00:00:00", "what=1"):
        assert problem(client.get(f"{V1}/videos?{bad}")) == (422, "bad_request")


def test_a_video_its_transcript_and_its_summary(client: FlaskClient, db: Database) -> None:
    talk.add(db)
    found = client.get(f"{V1}/videos/{talk.ID}").json
    assert (found["complete"], found["renditions"], found["jobs"]) == (True, [{"language": "en", "length": "medium"}], [])
    transcript = client.get(f"{V1}/videos/{talk.ID}/transcript").json
    assert (transcript["complete"], len(transcript["segments"]), transcript["origin"]) == (True, 4, "captions_manual")
    document = client.get(f"{V1}/videos/{talk.ID}/summary").json
    Draft202012Validator(schema()).validate(document)
    assert document["summary"]["gist"] == "Lights need lenses and keepers."
    assert problem(client.get(f"{V1}/videos/{talk.ID}/summary?lang=es")) == (422, "no_summary")
    assert problem(client.get(f"{V1}/videos/{talk.ID}/summary?lang=es%00")) == (422, "bad_language")


def test_a_transcript_that_grows(client: FlaskClient, db: Database) -> None:
    client.post(f"{V1}/jobs", json={"url": LINK})
    assert problem(client.get(f"{V1}/videos/bbbbbbbbbbb/transcript")) == (404, "not_found")
    with db.session() as s:
        transcripts.append_part(s, "bbbbbbbbbbb", Origin.SPEECH, "en", "base", (Segment(0.0, 2.0, "so far"),), 30.0, fence=None)
    growing = client.get(f"{V1}/videos/bbbbbbbbbbb/transcript").json
    assert (growing["complete"], growing["segments"][0]["text"]) == (False, "so far")
    assert "More appears as it is heard" in client.get("/v/bbbbbbbbbbb").text


def test_deleting(client: FlaskClient, db: Database) -> None:
    talk.add(db)
    assert client.delete(f"{V1}/videos/{talk.ID}").status_code == 204
    assert problem(client.delete(f"{V1}/videos/{talk.ID}")) == (404, "not_found")
    assert problem(client.get(f"{V1}/videos/{talk.ID}")) == (404, "not_found")


TYPES = {"md": "text/markdown", "txt": "text/plain", "srt": "application/x-subrip", "vtt": "text/vtt", "json": "application/json", "html": "text/html"}


@pytest.mark.parametrize(("kind", "media_type"), TYPES.items())
def test_exports(client: FlaskClient, db: Database, kind: str, media_type: str) -> None:
    talk.add(db)
    response = client.get(f"{V1}/videos/{talk.ID}/export?as={kind}")

    assert response.mimetype == media_type
    assert response.headers["Content-Disposition"] == f'attachment; filename="{talk.TITLE} [{talk.ID}].{kind}"'
    assert "Fresnel" in response.text
    assert client.get(f"/v/{talk.ID}/export?as={kind}", follow_redirects=True).data == response.data


def test_exports_in_the_rendition_asked_for(client: FlaskClient, db: Database) -> None:
    talk.add(db)
    talk.add_rendition(db, talk.ID, talk.summary(talk.sentences(), length=Length.SHORT, text="Short and good."))

    assert "Short and good." in client.get(f"{V1}/videos/{talk.ID}/export?as=md&length=short").text
    assert problem(client.get(f"{V1}/videos/{talk.ID}/export?as=exe")) == (422, "bad_request")
    assert problem(client.get(f"{V1}/videos/{talk.ID}/export")) == (422, "bad_request")


def test_other_languages_are_made_or_honestly_refused(client: FlaskClient, db: Database) -> None:
    talk.add(db)
    refused = client.post(f"{V1}/videos/{talk.ID}/translations", json={"to": "ro"})
    assert problem(refused) == (422, "no_model_for_language")
    assert "Romanian" in refused.json["detail"]
    assert client.get(f"{V1}/videos/{talk.ID}").json["jobs"] == [], "nothing is pretended"
    assert client.post(f"/v/{talk.ID}/summaries", data={"language": "ro", "length": "medium"}).status_code == 303
    page = client.get(f"/v/{talk.ID}?lang=ro&length=medium").text
    assert 'data-testid="advice"' in page
    assert "Romanian" in page
    assert "Lights need lenses" in page, "what there is stays readable"

    longer = client.post(f"{V1}/videos/{talk.ID}/translations", json={"to": "English", "length": "long"})
    assert (longer.status_code, longer.json["created"]) == (202, True)


def test_what_is_spoken_becomes_english_by_listening(client: FlaskClient, db: Database) -> None:
    talk.add(db)
    with db.session() as s:
        video = videos.get_video(s, talk.ID)
        transcript = transcripts.get_transcript(s, talk.ID)
        assert video is not None
        assert transcript is not None
        from dataclasses import replace

        transcripts.save_transcript(s, talk.ID, replace(transcript, language="de"), fence=None)
    answer = client.post(f"{V1}/videos/{talk.ID}/translations", json={"to": "en"})
    assert answer.status_code in (200, 202)


def test_downloads(client: FlaskClient, db: Database) -> None:
    talk.add(db)
    answer = client.post(f"{V1}/videos/{talk.ID}/downloads", json={"as": "audio"})
    assert answer.status_code == 202
    assert "Audio is being fetched" in client.get(f"/v/{talk.ID}").text
    assert problem(client.post(f"{V1}/videos/{talk.ID}/downloads", json={"as": "exe"})) == (422, "bad_request")
    assert problem(client.post(f"{V1}/videos/{talk.ID}/downloads", json={"as": "subtitles"})) == (422, "bad_download")
    assert problem(client.post(f"{V1}/videos/bbbbbbbbbbb/downloads", json={"as": "audio"})) == (404, "not_found")


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


def test_recordings_come_in_ranges(client: FlaskClient, sound: str) -> None:
    with client.get(sound) as whole:
        assert (whole.status_code, whole.mimetype, len(whole.data)) == (200, "audio/webm", 1000)
        assert whole.headers["Accept-Ranges"] == "bytes"
        assert whole.headers["Content-Disposition"].startswith("inline;")
        assert "sandbox" in whole.headers["Content-Security-Policy"]
    with client.get(sound, headers={"Range": "bytes=10-19"}) as part:
        assert (part.status_code, part.data, part.headers["Content-Range"]) == (206, bytes(range(10, 20)), "bytes 10-19/1000")
    with client.get(sound, headers={"Range": "bytes=990-"}) as end:
        assert (end.status_code, len(end.data)) == (206, 10)
    with client.get(sound, headers={"Range": "bytes=5000-"}) as beyond:
        assert beyond.status_code == 416
    with client.head(sound) as head:
        assert (head.status_code, head.data, head.content_length) == (200, b"", 1000)
    with client.get(f"{sound}?download=1") as saved:
        assert saved.headers["Content-Disposition"] == "attachment; filename=\"T_glich.webm\"; filename*=UTF-8''T%C3%A4glich.webm"


@pytest.mark.parametrize(
    ("asked", "status", "start", "end"),
    [(None, 200, 0, 1000), ("bytes=10-19", 206, 10, 20), ("bytes=-5", 206, 995, 1000), ("bytes=0-", 200, 0, 1000), ("bytes=0-1,5-6", 200, 0, 1000), ("lines=1-2", 200, 0, 1000)],
)  # fmt: skip
def test_an_object_store_gives_the_same_ranges(app: Flask, settings, tmp_path, asked: str | None, status: int, start: int, end: int) -> None:
    """Through obstore, as from S3: here its store in memory."""
    body = bytes(range(250)) * 4
    (tmp_path / "sound").write_bytes(body)
    blobs = Blobs(settings.model_copy(update={"media_url": "memory:///"}))
    blobs.put(tmp_path / "sound", "audio/x.webm")
    found = Media(talk.ID, "audio", "audio/x.webm", "x.webm", "audio/webm", 1000)
    with app.test_request_context("/", headers={"Range": asked} if asked else {}):
        response = ranged(blobs, found)
    assert (response.status_code, response.get_data()) == (status, body[start:end])
    assert response.headers["Accept-Ranges"] == "bytes"
    if status == 206:
        assert response.headers["Content-Range"] == f"bytes {start}-{end - 1}/1000"
    with app.test_request_context("/", headers={"Range": "bytes=5000-"}), pytest.raises(RequestedRangeNotSatisfiable):
        ranged(blobs, found)
    with app.test_request_context("/", method="HEAD"):
        head = ranged(blobs, found)
    assert (head.get_data(), head.content_length) == (b"", 1000)


def test_the_page_offers_the_recording(client: FlaskClient, sound: str) -> None:
    page = client.get(f"/v/{talk.ID}").text

    assert f'href="{sound}?download=1"' in page
    assert "Audio, webm, 1.0 kB" in page


def test_thumbnails(app: Flask, client: FlaskClient, db: Database, tmp_path) -> None:
    talk.add(db)
    drawn = client.get(f"/thumbs/{talk.ID}")
    assert drawn.mimetype == "image/svg+xml"
    file = tmp_path / "x.jpg"
    file.write_bytes(b"\xff\xd8\xff\xe0picture")
    services(app).blobs.put(file, f"thumbnail/{talk.ID}.jpg")
    with db.session() as s:
        media.save_media(s, Media(talk.ID, "thumbnail", f"thumbnail/{talk.ID}.jpg", "x.jpg", "image/jpeg", 11))
    kept = client.get(f"/thumbs/{talk.ID}")
    assert (kept.mimetype, kept.data) == ("image/jpeg", b"\xff\xd8\xff\xe0picture")
    assert client.get(f"/thumbs/{talk.ID}", headers={"If-None-Match": kept.headers["ETag"]}).status_code == 304


@pytest.fixture(name="searchable")
def _searchable(client: FlaskClient, db: Database, embedder: Embedder) -> FlaskClient:
    talk.add(db)
    talk.index(db, embedder)
    return client


def test_search_finds_moments(searchable: FlaskClient) -> None:
    hits = searchable.get(f"{V1}/search", query_string={"q": "winding clockwork"}).json["hits"]
    assert (hits[0]["video_id"], hits[0]["start"]) == (talk.ID, 20.0)
    page = searchable.get("/search?q=clockwork").text
    assert f'href="/v/{talk.ID}?t=20"' in page
    assert "<mark>clockwork</mark>" in page
    assert searchable.get(f"{V1}/search", query_string={"q": "Objektiv", "video": talk.ID}).json["hits"]


def test_a_search_is_narrowed_explained_and_safe_to_show(searchable: FlaskClient, db: Database, embedder: Embedder) -> None:
    hostile = "A clockwork <script>alert(1)</script> & more."
    talk.add(db, "ccccccccccc", title="<b>Clocks</b>", texts=(hostile, *talk.TEXTS[:2]))
    talk.index(db, embedder, "ccccccccccc", (hostile,))
    with db.session() as s:
        videos.save_video(s, Video("youtube:ccccccccccc", "", "<b>Clocks</b>", 30.0, channel="A & B", language="en", published_at="2020-02-02"))
    found = searchable.get(f"{V1}/search", query_string={"q": "clokwork", "channel": "A & B", "since": "2020-01-01", "length": "short"}).json
    page = searchable.get("/search?q=clockwork+alert").text

    assert {hit["video_id"] for hit in found["hits"]} == {"ccccccccccc"}
    assert found["meant"] == {"clokwork": ["clockwork"]}
    assert "<mark>clockwork</mark> &lt;script&gt;" in found["hits"][0]["snippet"]
    assert "<script>alert" not in page
    assert "<b>Clocks" not in page
    assert 'data-testid="facet-channel"' in page or "A &amp; B" not in page
    assert searchable.get(f"{V1}/search", query_string={"q": "clockwork", "until": "2019-12-31"}).json["hits"] == []
    assert problem(searchable.get(f"{V1}/search", query_string={"q": "x", "since": "yesterday"})) == (422, "bad_request")
    assert searchable.get("/search?q=clockwork&since=yesterday").status_code == 422


def test_phrases_likeness_and_suggestions(searchable: FlaskClient, db: Database, embedder: Embedder) -> None:
    other = ("The clockwork of a tower has no keeper.", "A watch is a small clockwork.")
    talk.add(db, "ccccccccccc", title="Clocks of Greenwich", texts=(*other, *talk.TEXTS[:2]))
    talk.index(db, embedder, "ccccccccccc", other)
    phrase = searchable.get(f"{V1}/search", query_string={"q": '"small clockwork" -tower'}).json["hits"]
    like = searchable.get(f"{V1}/search/similar", query_string={"to": talk.ID, "at": 20}).json["hits"]
    page = searchable.get(f"/search?like={talk.ID}@20").text
    suggested = searchable.get(f"{V1}/search/suggest", query_string={"q": "clocks of g"}).json["suggestions"]

    assert {hit["text"] for hit in phrase} == {other[1]}
    assert {hit["video_id"] for hit in like} == {"ccccccccccc"}
    assert "More like this moment" in page
    assert 'data-testid="search-hit"' in page
    assert suggested == [{"kind": "title", "text": "Clocks of Greenwich", "href": "/v/ccccccccccc"}]
    assert problem(searchable.get(f"{V1}/search/similar", query_string={"to": "bbbbbbbbbbb", "at": 20})) == (404, "not_found")
    assert searchable.get("/search?like=nonsense@x").status_code in (404, 422)


def test_the_search_page_puts_moments_under_their_video(searchable: FlaskClient, db: Database, embedder: Embedder) -> None:
    other = ("The clockwork of a tower has no keeper.", "A watch is a small clockwork.")
    talk.add(db, "ccccccccccc", title="Clocks", texts=(*other, *talk.TEXTS[:2]))
    talk.index(db, embedder, "ccccccccccc", other)
    hits = searchable.get(f"{V1}/search", query_string={"q": "clockwork", "limit": 30}).json["hits"]
    page = searchable.get("/search?q=clockwork").text

    assert page.count('data-testid="search-hit"') == len(hits) >= 3
    assert page.count("<h2 id=\"found-") == 2, "each video is named once"
    groups = page.split('<section class="found"')[1:]
    assert [f"/v/{hits[0]['video_id']}" in group for group in groups] == [True, False], "the video of the best moment comes first"
    assert f"{len(hits)} moments in 2 videos" in page


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [({}, 422, "bad_request"), ({"q": " "}, 422, "empty_question"), ({"q": "x" * 2001}, 422, "long_question"), ({"q": "x" * 100_000}, 422, "long_question"),
     ({"q": "x", "limit": "1000"}, 422, "bad_request"), ({"q": "x", "video": "bad id"}, 422, "bad_request"), ({"q": "x", "video": "bbbbbbbbbbb"}, 404, "not_found")],
)  # fmt: skip
def test_searches_that_are_refused(searchable: FlaskClient, query: dict[str, str], status: int, code: str) -> None:
    assert problem(searchable.get(f"{V1}/search", query_string=query)) == (status, code)
    if status != 404 and "q" in query and "limit" not in query and "video" not in query:
        assert problem(searchable.post(f"{V1}/ask", json={"question": query["q"]})) == (status, code)


@pytest.mark.parametrize("query", ["'; DROP TABLE videos; --", "\x00", "((((", "a:* & !b | <->", "🌊" * 50, "%", "\\"])
def test_odd_searches_are_only_searches(searchable: FlaskClient, query: str) -> None:
    assert searchable.get(f"{V1}/search", query_string={"q": f"lens {query}"}).status_code == 200
    assert searchable.get("/search", query_string={"q": f"lens {query}"}).status_code in (200, 303)


def test_nothing_found_is_not_a_blank_page(client: FlaskClient) -> None:
    assert "Nothing found in your library" in client.get("/search?q=quaternions").text


def test_an_answer_with_its_receipt(searchable: FlaskClient, model) -> None:
    model.text = "The keeper wound the clockwork every four hours."
    answer = searchable.post(f"{V1}/ask", json={"question": "How often was the clockwork wound by the keeper?"}).json

    assert answer["found"]
    assert "four hours" in answer["answer"]
    assert {(cite["video_id"], cite["start"]) for cite in answer["citations"]} == {(talk.ID, 20.0)}


def events(text: str) -> list[tuple[str, dict[str, object]]]:
    found = []
    for block in text.strip().split("\n\n"):
        name, data = block.split("\n")
        found.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return found


def test_a_streamed_answer_ends_with_the_checked_one(searchable: FlaskClient, model) -> None:
    model.text = "The keeper wound the clockwork every four hours."
    question = {"question": "How often was the clockwork wound by the keeper?", "video": talk.ID}
    response = searchable.post(f"{V1}/ask", json=question, headers={"Accept": "text/event-stream"})
    *words, (last, answer) = events(response.text)

    assert response.mimetype == "text/event-stream"
    assert {name for name, _ in words} == {"words"}
    assert last == "answer"
    assert answer["found"]


def test_what_was_not_said_is_not_answered(searchable: FlaskClient, model) -> None:
    model.text = "Ulaanbaatar is the capital of Mongolia."
    answer = searchable.post(f"{V1}/ask", json={"question": "What is the capital of Mongolia?"}).json

    assert (answer["found"], answer["citations"]) == (False, [])
    assert "Ulaanbaatar" not in answer["answer"]


def test_questions_without_scripts(searchable: FlaskClient, model) -> None:
    model.text = "The keeper wound the clockwork every four hours."
    page = searchable.get("/ask?q=How+often+was+the+clockwork+wound+by+the+keeper%3F").text
    assert '<noscript><meta http-equiv="refresh"' in page
    full = searchable.get("/ask?q=How+often+was+the+clockwork+wound+by+the+keeper%3F&full=1").text
    assert f'href="/v/{talk.ID}?t=20"' in full
    assert 'data-testid="answer-citation"' in full


def test_an_answer_in_the_speakers_words_is_said_once(searchable: FlaskClient, model) -> None:
    """What the model said does not stand, so the sentence itself is the answer; it used to be shown again as its own citation."""
    model.text = "The keeper slept for nine days."
    full = searchable.get("/ask?q=How+often+was+the+clockwork+wound+by+the+keeper%3F&full=1").text

    assert full.count("wound the clockwork every four hours") == 1
    assert full.count('data-testid="answer"') == 1
    assert f'href="/v/{talk.ID}?t=20"' in full
    assert "In the speaker’s own words" in full


def test_the_page_streams_its_own_drawing(searchable: FlaskClient, model) -> None:
    model.text = "<b>The keeper</b> wound the clockwork every four hours."
    response = searchable.post("/ask", data={"q": "How often was the <i>clockwork</i> wound by the keeper?", "video": talk.ID, "heading": "1"})
    name, drawn = events(response.text)[-1]

    assert name == "answer"
    assert "&lt;i&gt;" in str(drawn["html"])
    assert "<b>" not in str(drawn["html"])
    assert searchable.post("/ask", data={"q": "x?", "video": "bbbbbbbbbbb"}).status_code == 404


def test_questions_asked_on_the_page_are_there_after_a_reload(searchable: FlaskClient, model) -> None:
    model.text = "The keeper wound the clockwork every four hours."
    for question in ("How often was the clockwork wound by the keeper?", "What is the capital of Mongolia?"):
        searchable.post("/ask", data={"q": question, "video": talk.ID}).get_data()
    page = searchable.get(f"/v/{talk.ID}").text
    assert "Asked before (2)" in page
    assert page.index("capital of Mongolia?</h3>") < page.index("by the keeper?</h3>"), "the newest first"
    assert "Asked before" not in searchable.get("/ask").text, "asked of one video, not of the library"


def test_the_models(client: FlaskClient) -> None:
    assert client.get(f"{V1}/models").json == {"llm": "tiny", "window": 4096, "languages": [], "trouble": ""}


def test_health(client: FlaskClient) -> None:
    assert client.get("/healthz").json == {"status": "up"}
    ready = client.get("/readyz")
    assert ready.json == {"status": "ready", "parts": {"database": "ready", "broker": "ready", "lm": "ready", "embed": "ready"}}


def test_metrics_count_requests_and_jobs(client: FlaskClient) -> None:
    client.post(f"{V1}/jobs", json={"url": LINK})
    text = client.get("/metrics").text

    assert 'nutshell_stages{queue="fetch",state="waiting"} 1.0' in text
    assert 'nutshell_requests_total{endpoint="api.submit_job",method="POST",status="202"}' in text
    assert "nutshell_videos 1.0" in text


def test_jobs_wait_when_nobody_works(client: FlaskClient) -> None:
    """The place in line is counted over all jobs."""
    for number in range(3):
        client.post(f"{V1}/jobs", json={"url": f"https://youtu.be/video{number:06d}"})
    (job,) = client.get(f"{V1}/videos/video000002").json["jobs"]
    assert job["before"] == 2
    assert "2 jobs before this one" in client.get("/v/video000002").text


def test_numbers_that_are_no_jobs(client: FlaskClient) -> None:
    for number in ("0", "999999", "9" * 18, "-1", "1.0", "x"):
        assert problem(client.get(f"{V1}/jobs/{number}")) == (404, "not_found")
        assert client.post(f"{V1}/jobs/{number}/cancel").status_code == 404


def test_unfinished_business_is_counted_as_jobs(db: Database, client: FlaskClient) -> None:
    client.post(f"{V1}/jobs", json={"url": LINK})
    with db.session() as s:
        assert sum(jobs.counts(s).stages.values()) > 3


def with_speakers(db: Database) -> None:
    """The talk, told by two."""
    talk.add(db)
    said = tuple(replace(x, speaker=f"Speaker {1 + x.index % 2}") for x in talk.sentences())
    segments = tuple(Segment(x.start, x.end, x.text, x.speaker) for x in said)
    with db.session() as s:
        transcripts.save_transcript(s, talk.ID, Transcript("en", Origin.CAPTIONS_MANUAL, None, segments), fence=None)
        transcripts.save_sentences(s, talk.ID, said, fence=None)


def test_speakers_get_names(client: FlaskClient, db: Database) -> None:
    with_speakers(db)
    before = client.get(f"{V1}/videos/{talk.ID}").json
    named = client.put(f"{V1}/videos/{talk.ID}/speakers", json={"names": {"Speaker 1": "  Ada <b>Lovelace</b> ", "Speaker 2": ""}})

    assert (named.status_code, named.json) == (200, {"speakers": ["Ada <b>Lovelace</b>", "Speaker 2"]})
    segments = client.get(f"{V1}/videos/{talk.ID}/transcript").json["segments"]
    assert [segment["speaker"] for segment in segments] == ["Ada <b>Lovelace</b>", "Speaker 2"] * 2
    page = client.get(f"/v/{talk.ID}").text
    assert "Ada &lt;b&gt;Lovelace&lt;/b&gt;" in page
    assert "Ada <b>" not in page
    assert client.get(f"{V1}/videos/{talk.ID}").json["complete"] == before["complete"], "what rests on the words stays"
    assert "Ada" in client.get(f"{V1}/videos/{talk.ID}/export?as=srt").text


def test_two_speakers_can_be_one_and_the_form_does_the_same(client: FlaskClient, db: Database) -> None:
    with_speakers(db)
    sent = client.post(f"/v/{talk.ID}/speakers", data={"was": ["Speaker 1", "Speaker 2"], "name": ["Anna", "Anna"]})

    assert (sent.status_code, sent.location) == (303, f"/v/{talk.ID}#transcript")
    assert client.put(f"{V1}/videos/{talk.ID}/speakers", json={"names": {}}).json == {"speakers": ["Anna"]}


def test_names_that_cannot_be(client: FlaskClient, db: Database) -> None:
    with_speakers(db)
    address = f"{V1}/videos/{talk.ID}/speakers"

    assert problem(client.put(address, json={"names": {"Nobody": "Anna"}})) == (422, "bad_name")
    assert problem(client.put(address, json={"names": {"Speaker 1": "x" * 81}})) == (422, "bad_name")
    assert client.put(f"{V1}/videos/bbbbbbbbbbb/speakers", json={"names": {}}).status_code == 404
    assert client.put(address, json={"names": {}}).json == {"speakers": ["Speaker 1", "Speaker 2"]}
