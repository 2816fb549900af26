"""What the reader thinks of a sentence, in a real browser: with scripts nothing on the page is lost, and without them the forms do the same."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from pipeline.config import Settings
from tests.browser import alone
from tests.browser.conftest import NewContext
from tests.integration.web import talk

PHRASED = "Lights need lenses and keepers."


@pytest.fixture(scope="module", name="made")
def _made(servers: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return alone.settings(servers, tmp_path_factory.mktemp("pages"), feedback=True)


@pytest.fixture(scope="module", name="address")
def _address(browser: Browser, made: Settings) -> Iterator[str]:
    with alone.serving(made) as address:
        yield address


@pytest.fixture(name="here", autouse=True)
def _here(made: Settings) -> None:
    alone.one_talk(made)


def test_thumbs_and_edits_do_not_leave_the_page(page: Page) -> None:
    page.goto(f"/v/{talk.ID}")
    page.evaluate("window.stayed = true")
    point = page.locator("#p0-1")
    point.get_by_role("button", name="Well said", exact=True).click()
    expect(point.get_by_role("button", name="Well said", exact=True)).to_have_attribute("aria-pressed", "true")
    point.get_by_role("button", name="Not well said").click()
    expect(point.get_by_role("button", name="Not well said")).to_have_attribute("aria-pressed", "true")
    expect(point.get_by_role("button", name="Well said", exact=True)).to_have_attribute("aria-pressed", "false")

    point.get_by_text("Edit", exact=True).click()
    point.get_by_label("In your words").fill("Fresnel cut <b>the lens</b> away.")
    point.get_by_role("button", name="Save").click()
    expect(point.get_by_test_id("whose")).to_have_text("edited by you")
    expect(point).to_contain_text("Fresnel cut <b>the lens</b> away.")
    expect(point.get_by_label("In your words")).to_be_hidden()
    expect(page.get_by_test_id("gist")).to_contain_text("edited by you")
    expect(point.get_by_test_id("point-time")).to_have_text("0:10")

    point.get_by_role("button", name="Use as it was").click()
    expect(point).to_contain_text(PHRASED)
    expect(point.get_by_label("In your words")).to_have_value(PHRASED)
    assert page.evaluate("window.stayed")


def test_what_is_refused_is_said(page: Page) -> None:
    page.goto(f"/v/{talk.ID}")
    point = page.locator("#p0-1")
    point.get_by_text("Edit", exact=True).click()
    point.get_by_label("In your words").fill("  ")
    point.get_by_role("button", name="Save").click()

    expect(page.locator(".toast")).to_contain_text("Write the sentence in your own words")
    expect(point.get_by_label("In your words")).to_have_value("  ")


def test_the_forms_work_without_scripts(new_context: NewContext) -> None:
    page = new_context(java_script_enabled=False).new_page()
    page.goto(f"/v/{talk.ID}?lang=en")
    page.locator("#p0-1").get_by_text("Edit", exact=True).click()
    page.locator("#p0-1").get_by_role("button", name="Say it otherwise").click()

    expect(page).to_have_url(re.compile(r"/v/a{11}\?lang=en#p0-1$"))
    expect(page.locator("#p0-1")).to_contain_text("said otherwise, as you asked")
    expect(page.locator("#p0-1 > q")).to_have_text(talk.TEXTS[1])
    page.locator("#p0-1").get_by_role("button", name="Use as it was").click()
    expect(page.locator("#p0-1")).to_contain_text(PHRASED)


@pytest.mark.parametrize("width", [320, 1280])
def test_it_fits_and_fingers_find_it(new_context: NewContext, width: int, tmp_path: Path) -> None:
    page = new_context(viewport={"width": width, "height": 800}, has_touch=width < 800, is_mobile=width < 800).new_page()
    page.goto(f"/v/{talk.ID}")
    page.locator("#p0-1").get_by_text("Edit", exact=True).click()
    sizes = [min(box.bounding_box()[side] for side in ("width", "height")) for box in page.locator("#p0-1 .opinions :is(button, summary)").all()]
    page.screenshot(path=tmp_path / "page.png", full_page=True)

    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert min(sizes) >= (44 if width < 800 else 24)
