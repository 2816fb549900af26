"""A chat about a talk: three turns of which two lean on the first, a question that nobody answers, and what can be done with it afterwards."""

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import NewContext
from tests.browser.steps import ask, position, seconds
from tests.browser.test_the_whole_way import CAPTIONED, open_video, saved


def test_a_chat_of_three_turns_with_follow_ups_and_a_not_found(page: Page, new_context: NewContext, tmp_path) -> None:
    open_video(page, CAPTIONED)
    page.goto(f"/ask?video={CAPTIONED}")
    first = ask(page, "What did the benches cost?")
    expect(first).to_have_attribute("data-found", "yes")
    assert "38,000" in first.inner_text()
    page.wait_for_url(re.compile(r"/ask\?c=\d+$"))

    second = ask(page, "And where were they put?")
    expect(second.get_by_test_id("understood")).to_have_text(re.compile("Where were the benches put"))
    third = ask(page, "What about the drivers?")
    expect(third.get_by_test_id("understood")).to_contain_text("the drivers")
    nothing = ask(page, "What is the capital of Mongolia?")
    expect(nothing).to_have_attribute("data-found", "no")
    expect(nothing.get_by_test_id("answer")).to_have_text("This was not found in this video.")
    expect(nothing.get_by_test_id("nearest").first).to_be_visible()

    page.reload()
    expect(page.locator("#answers article[data-found]")).to_have_count(4)
    expect(page.get_by_test_id("chat-title")).to_have_text("What did the benches cost?")
    phone = new_context(viewport={"width": 360, "height": 740}, is_mobile=True, has_touch=True).new_page()
    phone.goto(page.url)
    assert phone.evaluate("() => document.documentElement.scrollWidth <= innerWidth")

    page.get_by_test_id("chat-rename-open").click()
    page.get_by_test_id("chat-title-field").fill("Benches of Fernholm")
    page.get_by_test_id("chat-title-field").press("Enter")
    expect(page.get_by_test_id("chat-title")).to_have_text("Benches of Fernholm")
    export = saved(page, "chat-export", tmp_path)
    assert "# Benches of Fernholm" in export.read_text()

    cite = page.locator("#answers article").first.get_by_test_id("answer-citation").first
    start = seconds(cite)
    cite.click()
    page.wait_for_url(f"**/v/{CAPTIONED}?t=*")
    assert position(page) == int(start)

    page.goto("/ask")
    page.get_by_test_id("chat-link").filter(has_text="Benches of Fernholm").click()
    page.wait_for_url(re.compile(r"/ask\?c=\d+$"))  # loaded to its end: a click before it may be lost on a busy machine
    page.get_by_test_id("chat-delete-open").click()
    expect(page.locator(".chat-menu[open]")).to_be_visible()
    page.get_by_test_id("chat-delete").click()
    page.wait_for_url("**/ask")
    expect(page.get_by_test_id("chat-link").filter(has_text="Benches of Fernholm")).to_have_count(0)
