"""The pages as they come from the server, which is all that a browser without JavaScript has."""

import io
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from pipeline.jobs import Queue
from pipeline.store import jobs, renditions
from pipeline.store.database import Database
from pipeline.types import Chapter, Length
from tests.integration.web import talk
from tests.integration.web.conftest import services

LINK = "https://www.youtube.com/watch?v=bbbbbbbbbbb"


def paste(client: FlaskClient, text: str, **more: object) -> str:
    """Where the browser is sent."""
    response = client.post("/", data={"q": text, **more})
    assert response.status_code == 303, response.text
    return response.headers["Location"]


def test_the_first_visit(client: FlaskClient) -> None:
    page = client.get("/").text

    assert page.count("<h1") == 1
    assert "How it works" in page
    assert page.count("https://www.youtube.com/watch?v=") == 3


def test_the_first_visit_offers_what_the_settings_name(app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where YouTube's own videos cannot be had, as in the demo, they are not offered."""
    given = f"{LINK} How a light turns\n\nhttps://youtu.be/ccccccccccc\n"
    monkeypatch.setattr(services(app), "settings", services(app).settings.model_copy(update={"examples": given}))
    for path in ("/", "/parts/library"):
        page = client.get(path).text
        offered = re.findall(r'name="q" value="([^"]*)"><button class="chip" type="submit"><svg.*?</svg>(.*?)</button>', page)

        assert offered == [(LINK, "How a light turns"), ("https://youtu.be/ccccccccccc", "https://youtu.be/ccccccccccc")]


@pytest.mark.parametrize(
    ("link", "place"),
    [
        (LINK, "/v/bbbbbbbbbbb"), (f"{LINK}&t=1m30s&si=junk", "/v/bbbbbbbbbbb?t=90"), ("https://youtu.be/bbbbbbbbbbb#t=90", "/v/bbbbbbbbbbb?t=90"),
        (f"Watch this: {LINK} !", "/v/bbbbbbbbbbb"), ("bbbbbbbbbbb", "/v/bbbbbbbbbbb"),
    ],
)  # fmt: skip
def test_a_link_opens_its_page_at_once(client: FlaskClient, link: str, place: str) -> None:
    assert paste(client, link) == place
    page = client.get(place).text
    assert 'data-testid="progress"' in page
    assert "Looking at the video" in page
    assert "data-live" in page


def test_a_question_with_a_filter_is_searched_since_answers_know_none(client: FlaskClient) -> None:
    assert client.get("/search?q=Who+wound+it%3F").status_code == 303
    assert client.get("/search?q=Who+wound+it%3F&channel=Harbour+Lectures").status_code == 200


@pytest.mark.parametrize(("text", "place"), [("how lamps turn", "/search?q=how+lamps+turn"), ("Who wound it?", "/ask?q=Who+wound+it%3F"), ("谁？", "/ask?q=%E8%B0%81%EF%BC%9F")])
def test_words_are_searched_for_and_questions_are_asked(client: FlaskClient, text: str, place: str) -> None:
    assert paste(client, text) == place


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("https://vimeo.com/123", "not a link to a YouTube video"), ("", "Paste a link"),
        ("https://youtu.be/short", "11 characters"), ("www.example.org", "not a link"), ("x" * 3000, "Ask in at most 2,000"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_said_and_kept(client: FlaskClient, text: str, sentence: str) -> None:
    response = client.post("/", data={"q": text})

    assert response.status_code == 422
    assert sentence in response.text
    assert 'data-testid="error"' in response.text
    assert f'value="{text}"' in response.text
    assert client.get("/api/v1/videos").json["videos"] == []


def test_the_same_video_twice_is_one_job(client: FlaskClient) -> None:
    assert paste(client, LINK) == paste(client, "https://youtu.be/bbbbbbbbbbb")
    assert len(client.get("/api/v1/videos/bbbbbbbbbbb").json["jobs"]) == 1


def test_a_second_paste_says_so_once(client: FlaskClient) -> None:
    paste(client, LINK)
    assert "You pasted this before" not in client.get("/v/bbbbbbbbbbb").text
    place = paste(client, LINK)
    assert "You pasted this before" in client.get(place).text
    assert "You pasted this before" not in client.get(place).text


def test_several_links_are_asked_about_first(client: FlaskClient) -> None:
    page = client.post("/", data={"q": f"{LINK} and https://youtu.be/ccccccccccc"})

    assert page.status_code == 200
    assert page.text.count('name="link"') == 2
    assert client.get("/api/v1/videos").json["videos"] == []
    assert client.post("/many", data={"link": [LINK, "https://youtu.be/ccccccccccc"]}).status_code == 303
    assert len(client.get("/api/v1/videos").json["videos"]) == 2


@pytest.mark.parametrize("query", [{"url": LINK}, {"text": f"Look: {LINK}"}, {"title": f"A talk {LINK}", "text": "", "url": ""}])
def test_a_shared_link_waits_in_the_box(client: FlaskClient, query: dict[str, str]) -> None:
    assert f'value="{LINK}"' in client.get("/", query_string=query).text
    assert client.get("/api/v1/videos").json["videos"] == []


def upload(client: FlaskClient, name: str, body: bytes) -> object:
    return client.post("/", data={"q": "", "file": (io.BytesIO(body), name)}, content_type="multipart/form-data")


def test_a_file_is_taken_without_scripts(client: FlaskClient, settings) -> None:
    response = upload(client, "My notes.srt", b"1\n00:00:01,000 --> 00:00:02,000\nHello there.\n")

    assert response.status_code == 303
    assert re.fullmatch(r"/v/[0-9a-f]{16}", response.headers["Location"])
    page = client.get(response.headers["Location"]).text
    assert "My notes" in page
    assert "A transcript without a recording" in page
    assert list(settings.uploads_dir.iterdir()) == [], "the store has its own copy"


@pytest.mark.parametrize(
    ("name", "body", "status", "sentence"),
    [
        ("empty.mp3", b"", 422, "It is empty"), ("fake.mp3", b"just words " * 20, 422, "not audio or video"), ("x.srt", b"no cues", 422, "cannot be read"),
        ("x.bin", bytes(range(256)) * 8, 422, "not audio or video"), ("big.srt", b"x" * 300_000, 413, "larger than this server takes"),
        ("huge.srt", b"x" * 1_400_000, 413, "larger than this server takes"),
    ],
)  # fmt: skip
def test_files_that_cannot_be_used(client: FlaskClient, settings, name: str, body: bytes, status: int, sentence: str) -> None:
    response = upload(client, name, body)

    assert response.status_code == status
    assert sentence in response.text
    assert list(settings.uploads_dir.glob("*")) == []
    assert client.get("/api/v1/videos").json["videos"] == []


def test_the_page_of_a_finished_video(client: FlaskClient, db: Database) -> None:
    talk.add(db)
    page = client.get(f"/v/{talk.ID}").text

    assert page.count("<h1") == 1
    assert page.count('data-testid="gist"') == 1
    assert page.count('data-testid="point"') == 2
    assert page.count('data-testid="transcript-line"') == 4
    assert 'data-kind="quote"' in page
    assert "Of 40 s: 20 s carry the summary" in page
    assert "The lens" in page
    assert "the video’s own captions" in page
    assert "A note." in page
    assert "youtube-nocookie" not in page, "nothing of YouTube before the click"
    assert all(f'data-testid="export-{kind}"' in page for kind in ("md", "txt", "html", "srt", "vtt", "json"))


def test_every_time_is_a_link_that_works_without_scripts(client: FlaskClient, db: Database) -> None:
    talk.add(db)
    page = client.get(f"/v/{talk.ID}").text
    links = re.findall(r'<a class="time[^>]*href="\?t=(\d+)#(\w+)"', page)
    assert len(links) > 8
    for second, anchor in links:
        target = client.get(f"/v/{talk.ID}?t={second}").text
        assert f'id="{anchor}"' in target
        assert re.search(rf'class="line is-target" id="{anchor}"', target)
        assert f'data-position="{second}"' in target


@pytest.mark.parametrize(("asked", "position"), [("1m30s", "90"), ("abc", "0"), ("-5", "0"), ("9" * 30, "0"), ("0:10", "10")])
def test_times_in_addresses(client: FlaskClient, db: Database, asked: str, position: str) -> None:
    talk.add(db)

    assert f'data-position="{position}"' in client.get(f"/v/{talk.ID}", query_string={"t": asked}).text


@pytest.mark.parametrize("part", ["head", "coverage", "status", "summary", "questions", "tools", "transcript"])
def test_parts_are_what_the_page_shows(client: FlaskClient, db: Database, part: str) -> None:
    talk.add(db)
    fragment = client.get(f"/v/{talk.ID}/parts/{part}").text

    assert f'data-part="{part}"' in fragment
    assert "<html" not in fragment
    page = client.get(f"/v/{talk.ID}").text
    assert "".join(fragment.split()) in "".join(page.split())


def run_until(db: Database, stage: str) -> jobs.Claim:
    """Plays the workers: everything before `stage` is done, `stage` is held."""
    while True:
        with db.session() as s:
            claim = next((found for queue in Queue if (found := jobs.claim_next(s, queue, "test"))), None)
            assert claim is not None
            if claim.name == stage:
                return claim
            jobs.finish(s, claim)


def test_the_summary_grows_on_the_page(client: FlaskClient, db: Database) -> None:
    paste(client, LINK)
    run_until(db, "summary")
    page = client.get("/v/bbbbbbbbbbb").text
    assert "Writing the summary" in page
    assert 'data-testid="gist"' not in page
    assert 'data-testid="cancel"' in page


def test_cancel_and_start_again(client: FlaskClient, db: Database) -> None:
    paste(client, LINK)
    job = client.get("/api/v1/videos/bbbbbbbbbbb").json["jobs"][0]["id"]

    assert client.post(f"/jobs/{job}/cancel").headers["Location"] == "/v/bbbbbbbbbbb"
    page = client.get("/v/bbbbbbbbbbb").text
    assert "Start again" in page
    assert "data-live" not in page
    client.post(f"/jobs/{job}/retry")
    assert "data-live" in client.get("/v/bbbbbbbbbbb").text


def test_a_failure_shows_cause_next_step_and_what_is_there(client: FlaskClient, db: Database) -> None:
    from pipeline.errors import cause

    paste(client, LINK)
    claim = run_until(db, "fetch")
    with db.session() as s:
        jobs.fail(s, claim, cause("private"))
    page = client.get("/v/bbbbbbbbbbb").text
    assert "This video is private." in page
    assert "Paste the link of another video." in page
    assert 'data-code="private"' in page
    assert "Try again" in page
    assert "Another video" in page


def failed(client: FlaskClient, db: Database, code: str) -> str:
    """The page of a video whose fetch ended in `code`."""
    from pipeline.errors import cause

    paste(client, LINK)
    claim = run_until(db, "fetch")
    with db.session() as s:
        jobs.fail(s, claim, cause(code))
    return client.get("/v/bbbbbbbbbbb").text


def test_a_video_that_was_never_had_says_so_and_offers_nothing_to_ask(client: FlaskClient, db: Database) -> None:
    page = failed(client, db, "removed")

    assert re.search(r"<h1[^>]*>This video could not be fetched</h1>", page)
    assert ">youtube.com/watch?v=bbbbbbbbbbb</a>" in page
    for section in ("ask", "transcript", "part-summary"):
        assert re.search(rf'<section[^>]*id="{section}"[^>]* hidden>', page), section
    assert 'data-testid="language"' not in page
    assert "Fetch the audio" not in page
    assert 'data-testid="delete"' in page
    library = client.get("/").text
    assert "youtu.be/bbbbbbbbbbb" in library
    assert "Could not be finished" in library


@pytest.mark.parametrize(("code", "button"), [("tls", True), ("removed", True), ("no_speech", False)])
def test_trying_again_is_offered_where_it_can_help(client: FlaskClient, db: Database, code: str, button: bool) -> None:
    assert ('data-testid="retry"' in failed(client, db, code)) == button


def test_the_way_to_ask_is_there_while_the_video_is_read(client: FlaskClient) -> None:
    paste(client, LINK)
    page = client.get("/v/bbbbbbbbbbb").text

    assert "Looking up the video" in page
    assert not re.search(r'<section[^>]*id="ask"[^>]* hidden', page)
    assert "Still being read" in page


def test_no_dot_is_written_between_parts_that_are_missing(client: FlaskClient, db: Database) -> None:
    """The dots come from the style sheet, before each part, so a missing one leaves none behind."""
    talk.add(db, channel="")

    assert "·" not in client.get(f"/v/{talk.ID}/parts/head").text


def test_many_chapters_get_a_list_to_jump_from(client: FlaskClient, db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    talk.add(db)
    assert 'id="toc"' not in client.get(f"/v/{talk.ID}").text
    monkeypatch.setattr(talk, "CHAPTERS", tuple(Chapter(5.0 * n, 5.0 * n + 5, f"Part {n}") for n in range(8)))
    talk.add(db, "ccccccccccc")
    page = client.get("/v/ccccccccccc").text

    places = re.findall(r'<li><a href="#(c\d)">', page)
    assert len(places) == 8
    assert all(f'id="{place}"' in page for place in places)


def test_what_was_downloaded_since_hides_no_summary_that_failed(client: FlaskClient, db: Database) -> None:
    assert 'data-code="private"' in failed(client, db, "private")
    with db.session() as s:
        jobs.submit(s, "download", "bbbbbbbbbbb", {"as": "audio"}, [("download", Queue.BULK)])
    with db.session() as s:
        claim = jobs.claim_next(s, Queue.BULK, "test")
        assert claim is not None
        jobs.finish(s, claim)

    assert 'data-code="private"' in client.get("/v/bbbbbbbbbbb").text


def test_languages_and_lengths(client: FlaskClient, db: Database) -> None:
    talk.add(db)
    talk.add_rendition(db, talk.ID, talk.summary(talk.sentences(), length=Length.SHORT, text="Short and good."))

    assert "Short and good." not in client.get(f"/v/{talk.ID}").text
    page = client.get(f"/v/{talk.ID}?length=short").text
    assert "Short and good." in page
    assert "Made already" in page
    assert "length=short&amp;t=10" in page, "a moment is opened in the length being read"
    answer = client.post(f"/v/{talk.ID}/summaries", data={"language": "en", "length": "long"})
    assert answer.headers["Location"] == f"/v/{talk.ID}?lang=en&length=long"
    assert "data-live" in client.get(answer.headers["Location"]).text


@pytest.mark.parametrize(("query", "code"), [("lang=klingonish", "bad_language"), ("length=huge", "bad_length")])
def test_languages_and_lengths_that_are_none(client: FlaskClient, db: Database, query: str, code: str) -> None:
    talk.add(db)
    response = client.get(f"/v/{talk.ID}?{query}")

    assert response.status_code == 422
    assert f'data-code="{code}"' in response.text


def test_deleting_takes_rows_and_files(client: FlaskClient, db: Database, files) -> None:
    def kept() -> set[object]:
        return {path for path in files.rglob("*") if path.is_file()}

    before = kept()
    place = upload(client, "notes.vtt", b"WEBVTT\n\n00:01.000 --> 00:02.000\nHello.\n").headers["Location"]
    assert len(kept()) == len(before) + 1

    assert client.post(f"{place}/delete").status_code == 303
    assert client.get(place).status_code == 404
    assert kept() == before
    assert client.post(f"{place}/delete").status_code == 404


def test_the_library_pages(client: FlaskClient, db: Database) -> None:
    for number in range(26):
        talk.add(db, f"video{number:06d}", title=f"Talk {number}")
    first = client.get("/").text
    older = re.search(r'href="(/\?before=[^"]+)"', first)

    assert first.count('data-testid="card"') == 24
    assert older is not None
    second = client.get(older[1].replace("&amp;", "&")).text
    assert second.count('data-testid="card"') == 2
    assert client.get("/?before=yesterday").status_code == 400
    assert client.get("/?before=2026-01-01T00:00:00").status_code == 400


def test_the_library_shows_what_runs(client: FlaskClient) -> None:
    paste(client, LINK)
    part = client.get("/parts/library").text

    assert "data-live" in part
    assert "Looking at the video" in part


def test_the_gist_is_the_preview_of_a_shared_page(client: FlaskClient, db: Database) -> None:
    talk.add(db)
    page = client.get(f"/v/{talk.ID}").text

    assert '<meta property="og:description" content="Lights need lenses and keepers.">' in page
    assert f"<title>{talk.TITLE} · Nutshell</title>" in page


def test_a_growing_summary_is_shown_as_far_as_it_is(client: FlaskClient, db: Database) -> None:
    from pipeline.store import transcripts

    talk.add(db)
    with db.session() as s:
        transcript = transcripts.get_transcript(s, talk.ID)
        assert transcript is not None
        key = talk.key(talk.ID, transcript, length=Length.LONG)
        renditions.save_gist(s, key, talk.summary(talk.sentences(), text="Only the gist so far.").gist, fence=None)
    page = client.get(f"/v/{talk.ID}?length=long").text
    assert "Only the gist so far." in page
    assert 'data-testid="point"' not in page


def test_the_theme_is_kept_and_goes_nowhere_else(client: FlaskClient) -> None:
    answer = client.post("/theme", data={"theme": "dark"}, headers={"Referer": "http://localhost/help"})
    assert answer.headers["Location"] == "/help"
    assert 'data-theme="dark"' in client.get("/").text
    assert client.post("/theme", data={"theme": "light"}, headers={"Referer": "https://evil.example/x"}).headers["Location"] == "/"
    assert client.post("/theme", data={"theme": "light"}, headers={"Referer": "http://localhost//evil.example"}).headers["Location"] == "/"
    assert client.post("/theme", data={"theme": "pink"}).status_code == 400


def test_the_manifest_takes_shared_links(client: FlaskClient) -> None:
    manifest = client.get("/manifest.webmanifest").json

    assert manifest["share_target"] == {"action": "/", "method": "GET", "params": {"title": "title", "text": "text", "url": "url"}}
    for icon in manifest["icons"]:
        with client.get(icon["src"]) as response:
            assert response.status_code == 200
            assert "immutable" in response.headers["Cache-Control"]
