"""The pages in another language, in a real browser: from what the browser asks for, and from the menu at the foot."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from pipeline.config import Settings
from tests.browser import alone
from tests.browser.conftest import NewContext
from tests.integration.web import talk

PAGES = ("/", f"/v/{talk.ID}?t=20", f"/v/{talk.ID}?style=notes", "/search?q=clockwork", "/ask", "/help", "/status", "/new", "/nowhere")


@pytest.fixture(scope="module", name="made")
def _made(servers: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return alone.settings(servers, tmp_path_factory.mktemp("pages"), feedback=True)


@pytest.fixture(scope="module", name="address")
def _address(browser: Browser, made: Settings) -> Iterator[str]:
    alone.one_talk(made)
    with alone.serving(made, searchable=True) as address:
        yield address


def test_arabic_runs_from_right_to_left_and_fits_a_phone(new_context: NewContext) -> None:
    page = new_context(locale="ar-EG", viewport={"width": 320, "height": 700}, is_mobile=True, has_touch=True).new_page()
    for path in PAGES:
        page.goto(path)
        root = page.locator("html")
        expect(root).to_have_attribute("dir", "rtl")
        expect(root).to_have_attribute("lang", "ar")
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), path

    page.goto(f"/v/{talk.ID}")
    expect(page.get_by_role("heading", name="ملاحظاتي")).to_be_visible()
    time, words = (page.locator("#s1").locator(part).bounding_box() for part in (".time", "span[dir]"))
    assert time["x"] > words["x"], "times stand before the words, which is on the right"
    point = page.locator("#p0-1")
    assert point.evaluate("node => getComputedStyle(node).direction") == "ltr", "English stays from left to right"


def test_the_menu_changes_the_language_and_scripts_speak_it(page: Page) -> None:
    page.goto("/help")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.get_by_test_id("ui-language").select_option("es")
    page.get_by_test_id("ui-language-set").click()
    expect(page.locator("html")).to_have_attribute("lang", "es")
    expect(page).to_have_url(re.compile("/help$"))

    page.goto("/")
    expect(page.get_by_test_id("submit")).to_have_text("Resumir")
    page.get_by_test_id("paste-field").fill("faros")
    expect(page.get_by_test_id("submit")).to_have_text("Buscar")
    page.get_by_test_id("paste-field").fill("¿faros?")
    expect(page.get_by_test_id("submit")).to_have_text("Preguntar")
