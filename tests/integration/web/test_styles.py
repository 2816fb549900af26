"""The page, the exports and the API tell one summary in every style, and receipts stay moments. Run: pytest tests/integration/web/test_styles.py"""

import re

import jsonschema
import pytest
from flask.testing import FlaskClient

from pipeline.export.document import schema
from pipeline.jobs import Queue
from pipeline.store import jobs, renditions, transcripts
from pipeline.store.database import Database
from pipeline.summary.styles import STYLES
from pipeline.types import Length
from tests.integration.web import talk
from tests.integration.web.test_api import V1, problem

HOSTILE = (
    "<script>alert(1)</script> & *bold* in 1823.",
    "<img src=x onerror=alert(2)> said <b>Fresnel</b> in 1824.",
    "The keeper wound <i>it</i>.",
    "End.",
)


@pytest.mark.parametrize("style", STYLES)
def test_every_style_shows_points_with_moments_of_its_own(client: FlaskClient, db: Database, style: str) -> None:
    talk.add(db)
    page = client.get(f"/v/{talk.ID}?style={style}&audience=plain&length=medium").text
    points = re.findall(r'data-testid="point" data-kind.*?</(?:li|span></span></span>)', page, re.DOTALL)

    assert len(points) == 2
    for point in points:
        assert 'data-testid="point-time"' in point
        moment = f"?length=medium&amp;{'' if style == 'bullets' else f'style={style}&amp;'}audience=plain&amp;t="
        assert f'href="{moment}' in point, "a moment is opened in the style being read"
    assert re.search(rf'aria-current="true" data-testid="style-{style}"', page)
    assert re.search(r'aria-current="true" data-testid="audience-plain"', page)


def test_bullets_for_everyone_are_usual_and_stand_in_no_address(client: FlaskClient, db: Database) -> None:
    talk.add(db)
    page = client.get(f"/v/{talk.ID}").text

    assert page == client.get(f"/v/{talk.ID}?style=bullets&audience=everyone").text
    assert 'aria-current="true" data-testid="style-bullets"' in page
    assert f'href="/v/{talk.ID}/export?as=md"' in page


@pytest.mark.parametrize("style", STYLES)
def test_words_of_strangers_stay_words(client: FlaskClient, db: Database, style: str) -> None:
    talk.add(db, title=HOSTILE[0], texts=HOSTILE)
    page = client.get(f"/v/{talk.ID}?style={style}").text
    saved = client.get(f"{V1}/videos/{talk.ID}/export?as=html&style={style}").text

    assert "&lt;i&gt;it" in page
    for text in (page, saved):
        assert "<script>alert" not in text
        assert "<img src=x" not in text
        assert "<i>it" not in text


def test_study_notes_cover_their_answers(client: FlaskClient, db: Database) -> None:
    talk.add(db)
    notes = talk.summary(talk.sentences(), length=Length.LONG, text="Fresnel cut the lens in 1823.")
    talk.add_rendition(db, talk.ID, notes)
    page = client.get(f"/v/{talk.ID}?style=notes&length=long").text
    (gap, *_) = re.findall(r"<details data-testid=\"gap\">(.*?)</details>", page, re.DOTALL)
    asked, answer = gap.split("</summary>")

    assert "Fresnel cut the lens in" in asked
    assert "1823" not in asked
    assert "<b>1823</b>" in answer
    assert 'data-t="10.00"' in answer


def test_style_and_audience_stay_on_the_way(client: FlaskClient, db: Database) -> None:
    talk.add(db)
    page = client.get(f"/v/{talk.ID}?style=qa").text

    assert f'href="/v/{talk.ID}/export?as=md&amp;style=qa"' in page
    assert 'data-query="style=qa&amp;"' in page, "parts that are fetched again"
    answer = client.post(f"/v/{talk.ID}/summaries", data={"language": "en", "length": "medium", "style": "qa", "audience": "plain"})
    assert answer.headers["Location"] == f"/v/{talk.ID}?lang=en&length=medium&style=qa&audience=plain"
    saved = client.get(f"/v/{talk.ID}/export?as=md&style=qa", follow_redirects=True).text
    assert "What is said about “The lens”?" in saved


@pytest.mark.parametrize("style", STYLES)
def test_a_part_that_is_fetched_again_is_told_in_the_same_style(client: FlaskClient, db: Database, style: str) -> None:
    talk.add(db)
    part = client.get(f"/v/{talk.ID}/parts/summary?style={style}").text

    assert part.strip() in client.get(f"/v/{talk.ID}?style={style}").text


@pytest.mark.parametrize("style", STYLES)
def test_the_api_tells_a_style_beside_the_points(client: FlaskClient, db: Database, style: str) -> None:
    talk.add(db)
    usual = client.get(f"{V1}/videos/{talk.ID}/summary").json
    body = client.get(f"{V1}/videos/{talk.ID}/summary?style={style}&audience=plain").json

    jsonschema.validate(body, schema())
    assert body["style"]["name"] == style
    assert body["style"]["audience"] == "plain"
    assert body["summary"] == usual["summary"]
    assert not usual.get("style")
    assert client.get(f"{V1}/videos/{talk.ID}/export?as=json&style={style}&audience=plain").json["style"] == body["style"]


@pytest.mark.parametrize("style", STYLES)
def test_a_growing_summary_is_told_as_far_as_it_is(client: FlaskClient, db: Database, style: str) -> None:
    """A chapter that has no point yet was said to have none."""
    talk.add(db)
    whole = talk.summary(talk.sentences(), length=Length.LONG)
    with db.session() as s:
        transcript = transcripts.get_transcript(s, talk.ID)
        assert transcript is not None
        key = talk.key(talk.ID, transcript, length=Length.LONG)
        renditions.save_chapters(s, key, talk.CHAPTERS, fence=None)
        renditions.save_point(s, key, whole.points[0], fence=None)
        jobs.submit(s, "tldr", talk.ID, {"length": "long"}, [("summary", Queue.TEXT)])
    page = client.get(f"/v/{talk.ID}?length=long&style={style}&audience=plain").text

    assert 'aria-busy="true"' in page
    assert page.count('data-testid="point" data-kind') == 1
    assert "Nothing in the summary rests" not in page
    assert "not told here" not in page


@pytest.mark.parametrize(("query", "code"), [("style=poem", "bad_style"), ("audience=cats", "bad_audience")])
def test_styles_and_audiences_that_are_none(client: FlaskClient, db: Database, query: str, code: str) -> None:
    talk.add(db)
    page = client.get(f"/v/{talk.ID}?{query}")

    assert page.status_code == 422
    assert f'data-code="{code}"' in page.text
    for address in ("summary?", "export?as=md&"):
        assert problem(client.get(f"{V1}/videos/{talk.ID}/{address}{query}")) == (422, code)
    assert client.post(f"/v/{talk.ID}/summaries", data=dict([query.split("=")])).status_code == 422


def test_the_openapi_names_the_styles(client: FlaskClient) -> None:
    spec = client.get(f"{V1}/openapi.json").text

    assert all(f'"{style}"' in spec for style in STYLES)
