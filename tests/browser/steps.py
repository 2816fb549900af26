"""What people do on the page, in the words of the tests."""

import re

from playwright.sync_api import Locator, Page, expect

from tests.standin import Fact

YT = "https://www.youtube.com/watch?v="
LONG = 200_000
"""Milliseconds for a whole summary on two busy cores."""


def paste(page: Page, text: str) -> None:
    """Into the one field of the home page, and off."""
    page.goto("/")
    page.get_by_test_id("paste-field").fill(text)
    page.get_by_test_id("submit").click()


def paste_video(page: Page, video_id: str) -> None:
    paste(page, YT + video_id)
    page.wait_for_url(re.compile(f"/v/{video_id}"))


def finished(page: Page) -> None:
    """Waits until the page says that the work is done, and fails at once when it says that it failed."""
    expect(page.locator("#part-status")).to_be_attached()
    expect(page.locator("#part-status[data-live]")).to_have_count(0, timeout=LONG)
    expect(page.get_by_test_id("error")).to_have_count(0)


def position(page: Page) -> float:
    return float(page.get_by_test_id("player").get_attribute("data-position") or "nan")


def seconds(link: Locator) -> float:
    return float(link.get_attribute("data-t") or "nan")


def covers(start: float, end: float, fact: Fact, slack: float = 1.0) -> bool:
    """The stretch from `start` to `end` holds some of the sentence of `fact`."""
    return start <= fact.end + slack and end >= fact.start - slack


def ask(page: Page, question: str) -> Locator:
    """Asks on the page of a video or of questions; gives the checked answer."""
    page.get_by_test_id("ask-field").fill(question)
    page.get_by_test_id("ask-field").press("Enter")
    answer = page.locator("#answers article[data-found]").filter(has_text=question).first
    expect(answer).to_be_visible(timeout=60_000)
    return answer
