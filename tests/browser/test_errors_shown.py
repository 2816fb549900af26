"""Whatever is pasted, the page says in one sentence what is wrong, and the library stays as it was."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.steps import YT, paste, paste_video

PASTED = {
    "https://example.org/watch?v=abcdefghijk": "This is not a link to a YouTube video.",
    "https://www.youtube.com/watch?v=tooshort": "This is not a link to a YouTube video.",
    "http://127.0.0.1:5432/": "This is not a link to a YouTube video.",
}
REFUSED = {
    "stPrivate01": "This video is private.", "stRemoved01": "This video is no longer on YouTube.", "stAgeGate01": "signed-in adult",
    "stMembers01": "members of this channel", "stUpcoming1": "more than a year ahead",
}  # fmt: skip


def cards(page: Page) -> list[str]:
    page.goto("/")
    return [card.get_attribute("href") or "" for card in page.get_by_test_id("card").all()]


@pytest.mark.parametrize("text", PASTED)
def test_what_is_no_link_to_a_video(page: Page, text: str) -> None:
    before = cards(page)
    paste(page, text)
    expect(page.get_by_test_id("error")).to_contain_text(PASTED[text])
    expect(page.get_by_test_id("paste-field")).to_have_value(text)
    assert cards(page) == before


@pytest.mark.parametrize("video_id", REFUSED)
def test_a_video_that_cannot_be_had(page: Page, video_id: str) -> None:
    paste_video(page, video_id)
    expect(page.get_by_test_id("error")).to_contain_text(REFUSED[video_id], timeout=60_000)


@pytest.mark.parametrize(
    ("video_id", "headline", "why"),
    [("stLiveNow01", "Waiting for the stream to end", "still live"), ("stWaits0001", "Waiting for it to begin", "It starts on 2")],
)
def test_what_has_not_been_shown_yet_is_waited_for(page: Page, video_id: str, headline: str, why: str) -> None:
    paste_video(page, video_id)
    job = page.locator(".job").first
    expect(job).to_contain_text(headline, timeout=60_000)
    expect(job).to_contain_text(why)
    expect(page.get_by_test_id("error")).to_have_count(0)
    page.get_by_test_id("cancel").click()
    expect(job).to_contain_text("Cancelled", timeout=60_000)


def test_a_video_that_was_never_had_offers_only_what_can_help(page: Page) -> None:
    """It was looked at while it failed: the title said for ever that it was being looked up, above a box for questions."""
    paste_video(page, "stPrivate01")
    expect(page.get_by_role("heading", level=1)).to_have_text("This video could not be fetched", timeout=60_000)
    for test_id in ("ask-field", "language", "transcript-search", "download-audio", "player"):
        expect(page.get_by_test_id(test_id).filter(visible=True)).to_have_count(0)
    expect(page.get_by_role("link", name="Another video")).to_be_visible()
    page.reload()
    expect(page.get_by_test_id("player")).to_contain_text("nothing to play")
    expect(page).not_to_have_title(re.compile("✓"))


def test_silence_is_said_to_be_silence(page: Page) -> None:
    paste_video(page, "stSilence01")
    expect(page.get_by_test_id("error")).to_contain_text("No speech was found", timeout=90_000)


@pytest.mark.parametrize(
    ("name", "body", "sentence"),
    [
        ("talk.mp3", b"not a sound" * 50, "not audio or video"),
        ("empty.mp4", b"", "empty"),
        ("broken.srt", b"no cue here", "cannot be read"),
    ],
)
def test_a_file_that_is_none(page: Page, name: str, body: bytes, sentence: str) -> None:
    before = cards(page)
    page.get_by_test_id("file-field").set_input_files({"name": name, "mimeType": "application/octet-stream", "buffer": body})
    expect(page.get_by_test_id("error")).to_contain_text(sentence, timeout=60_000)
    assert cards(page) == before


def test_addresses_that_lead_nowhere(page: Page) -> None:
    for path in ("/v/nothingHere", "/v/x", "/nowhere"):
        answer = page.goto(path)
        assert answer is not None
        assert answer.status == 404
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        expect(page.get_by_role("link", name="Back to the library")).to_be_visible()


def test_the_page_of_a_search_without_hits_says_what_helps(page: Page) -> None:
    page.goto("/search?q=zygomorphic+quaternions")
    expect(page.locator("main")).to_be_visible()
    assert page.goto(f"/search?q={'a' * 5000}") is not None
    expect(page.locator("h1")).to_be_visible()


def test_a_job_can_be_cancelled(page: Page) -> None:
    paste_video(page, "talkHours03")
    page.get_by_test_id("cancel").click()
    expect(page.locator(".job").first).to_contain_text("Cancelled", timeout=60_000)


def test_a_link_can_be_pasted_anywhere(page: Page) -> None:
    """Not only into the field: the page takes it from the clipboard. A video of no playlist: whoever ticks it there after this would find it in the library by then."""
    page.goto("/help")
    page.evaluate(
        """text => { const data = new DataTransfer(); data.setData("text/plain", text);
        document.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true })); }""",
        f"{YT}stShort0001",
    )
    page.wait_for_url("**/v/stShort0001")
