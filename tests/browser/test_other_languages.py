"""An English talk as people read it whose pages are in another language: Spanish, which Apertium reaches, and Arabic, from right to left, which nothing here does."""

import re
import shutil

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewContext
from tests.browser.steps import LONG, ask, finished, position, seconds
from tests.browser.test_the_whole_way import CAPTIONED, open_video
from tests.standin import load_talk

RULES = pytest.mark.skipif(shutil.which("apertium") is None, reason="needs Apertium: apt install apertium apertium-eng-spa")
PHONE = {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True}
FREE, FREELY = "autobuses gratis durante un mes", "free for a month"


@pytest.fixture(name="spanish")
def _spanish(new_context: NewContext) -> Page:
    return new_context(locale="es-ES").new_page()


@pytest.fixture(name="arabic")
def _arabic(new_context: NewContext) -> Page:
    return new_context(locale="ar-EG").new_page()


def in_spanish(page: Page) -> Page:
    """The talk's page with its translation; whichever test comes first asks for it, as the page offers."""
    open_video(page, CAPTIONED)
    page.get_by_test_id("offer").click()
    page.wait_for_url(re.compile("lang=es"))
    finished(page)
    expect(page.get_by_test_id("translated")).to_be_visible(timeout=LONG)
    return page


def fits(page: Page) -> bool:
    return bool(page.evaluate("() => document.documentElement.scrollWidth <= innerWidth"))


@RULES
def test_a_talk_is_pasted_read_and_followed_in_spanish(spanish: Page, new_context: NewContext) -> None:
    talk = load_talk("medium")
    page = in_spanish(spanish)
    expect(page.locator("html")).to_have_attribute("lang", "es")
    expect(page.get_by_test_id("gist")).to_have_attribute("lang", "es")
    expect(page.get_by_test_id("rough").first).to_be_visible()
    expect(page.locator(".said").first).to_contain_text("buses")
    expect(page.locator(".said").first).to_be_visible()
    chapters = page.locator("#points h4 span").all_inner_texts()
    assert len(chapters) == len(talk.chapters)
    assert chapters != [title for _, title in talk.chapters]
    assert {"64", "38,000"} <= set(re.findall(r"\d[\d,]*", page.locator("#part-transcript").text_content() or ""))

    lines, translated = page.get_by_test_id("transcript-line"), page.get_by_test_id("line-translated")
    expect(translated).to_have_count(lines.count(), timeout=LONG)  # it grows after the summary is there
    assert lines.count() > 50
    line = lines.filter(has_text="64 benches").first
    expect(line.get_by_test_id("line-translated")).to_contain_text("64")
    line.get_by_test_id("line-translated").click()
    assert position(page) == int(seconds(line)), "the translation leads to its second too"
    page.get_by_test_id("tongues").select_option("foreign")
    expect(line.locator("span[dir]:not(.foreign)")).to_be_hidden()
    page.get_by_test_id("tongues").select_option("both")

    phone = new_context(locale="es-ES", **PHONE).new_page()
    phone.goto(page.url)
    assert fits(phone)


def test_a_spanish_question_finds_an_english_moment(spanish: Page) -> None:
    start, end = next((start, end) for start, end, text in load_talk("medium").cues if FREELY in text)
    open_video(spanish, CAPTIONED)
    spanish.goto("/")
    spanish.get_by_test_id("search-field").fill(FREE)
    spanish.get_by_test_id("search-field").press("Enter")
    hit = spanish.locator(f"[data-testid=search-hit][href^='/v/{CAPTIONED}?t=']").first
    hit.click()
    spanish.wait_for_url(f"**/v/{CAPTIONED}?t=*")

    assert start - 40 <= position(spanish) <= end + 5


@RULES
def test_a_chat_in_spanish_goes_on_and_says_what_was_not_found(spanish: Page, new_context: NewContext) -> None:
    open_video(spanish, CAPTIONED)
    spanish.goto(f"/ask?video={CAPTIONED}")
    first = ask(spanish, "What did the benches cost?")
    assert "38,000" in first.get_by_test_id("answer").inner_text()
    expect(first.get_by_test_id("answer-translated")).to_be_visible()
    expect(first.locator("[lang=es]").first).to_contain_text("38,000")
    expect(first.locator("q").first).to_contain_text("benches")
    second = ask(spanish, "And where were they put?")
    expect(second.get_by_test_id("understood")).to_contain_text("benches")
    third = ask(spanish, "What about the drivers?")
    expect(third.get_by_test_id("understood")).to_contain_text("drivers")
    nothing = ask(spanish, "¿Cuál es la capital de Mongolia?")
    expect(nothing.get_by_test_id("answer")).to_have_text("No se encontró en este vídeo.")
    expect(nothing.get_by_test_id("nearest").first).to_be_visible()

    phone = new_context(locale="es-ES", **PHONE).new_page()
    phone.goto(spanish.url)
    expect(phone.get_by_test_id("answer-translated").first).to_be_visible()
    assert fits(phone)


def test_where_nothing_reaches_a_language_the_page_says_so(arabic: Page, new_context: NewContext) -> None:
    open_video(arabic, CAPTIONED)
    expect(arabic.locator("html")).to_have_attribute("dir", "rtl")
    expect(arabic.get_by_test_id("gist")).to_have_attribute("lang", "en")
    expect(arabic.get_by_test_id("offer")).to_have_count(0)
    expect(arabic.get_by_test_id("unreached")).to_be_visible()
    arabic.get_by_test_id("language").select_option("ar")
    arabic.get_by_test_id("translate").click()
    arabic.wait_for_url(re.compile("lang=ar"))
    expect(arabic.get_by_test_id("advice")).to_contain_text("translate:ar")
    expect(arabic.get_by_test_id("gist")).to_have_attribute("lang", "en")

    arabic.goto(f"/ask?video={CAPTIONED}")
    answer = ask(arabic, "What did the benches cost?")
    expect(answer).to_contain_text("38,000")
    expect(answer.get_by_test_id("answer-untranslated")).to_contain_text("translate:ar")
    phone = new_context(locale="ar-EG", **PHONE).new_page()
    for path in (f"/v/{CAPTIONED}?lang=ar", arabic.url):
        phone.goto(path)
        assert fits(phone), path
