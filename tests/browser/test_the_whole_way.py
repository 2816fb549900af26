"""The product as a person uses it, from pasting a link to files that open in other programs. Real workers, real models, real yt-dlp, real browser."""

import json
import re
import subprocess
from pathlib import Path

import pytest
import webvtt
from playwright.sync_api import Page, expect

from tests.browser.steps import ask, covers, finished, paste, paste_video, position, seconds
from tests.standin import Fact, Talk, load_talk

CAPTIONED, LISTENED = "talkMedium1", "talkShort01"
OWN_FILE = re.compile(r"/v/[0-9a-f]{16}$")


def known(talk: Talk, part: str) -> Fact:
    return next(fact for fact in talk.facts if part in fact.question)


def open_video(page: Page, video_id: str) -> Page:
    """The page of a video that is finished; whichever test comes first pastes its link."""
    page.goto(f"/v/{video_id}")
    if page.get_by_test_id("player").count() == 0:
        paste_video(page, video_id)
    finished(page)
    return page


@pytest.fixture(name="captioned")
def _captioned(page: Page) -> Page:
    return open_video(page, CAPTIONED)


@pytest.fixture(name="listened")
def _listened(page: Page) -> Page:
    return open_video(page, LISTENED)


def test_a_captioned_link_becomes_a_tldr_while_one_looks_on(page: Page) -> None:
    talk = load_talk("medium")
    page.request.delete(f"/api/v1/videos/{CAPTIONED}")  # tests of other modules paste it too, and may have come first
    paste_video(page, CAPTIONED)
    expect(page.get_by_test_id("progress").locator(".job-live")).to_be_visible()
    expect(page.get_by_test_id("gist")).to_be_visible(timeout=60_000)
    expect(page.get_by_test_id("point").first).to_be_visible(timeout=120_000)
    finished(page)
    expect(page.get_by_role("heading", level=1)).to_have_text(talk.title)
    headings = page.locator("#points h4 span").all_inner_texts()
    assert headings == [title for _, title in talk.chapters]
    assert page.get_by_test_id("point").count() >= len(talk.chapters)


def test_every_receipt_was_really_said_at_that_time(captioned: Page) -> None:
    said = load_talk("medium")
    receipts = captioned.locator(".receipt").all()
    assert len(receipts) > 4
    for receipt in receipts:
        link = receipt.get_by_test_id("point-time")
        start, end = seconds(link), float(link.get_attribute("data-end") or "nan")
        quote = " ".join(receipt.locator("q").inner_text().split()) or receipt.locator("q").text_content()
        around = " ".join(text for at, until, text in said.cues if at < end + 0.5 and until > start - 0.5)
        assert quote is not None
        assert quote in around


def test_a_point_takes_the_player_to_its_second(captioned: Page) -> None:
    times = captioned.locator(".point").get_by_test_id("point-time")
    times.nth(1).click()
    second = seconds(times.nth(1))
    assert position(captioned) == int(second)
    expect(captioned.locator(".line.is-target").first).to_be_visible()
    captioned.locator(".player-start").click()
    embed = captioned.frame_locator("#player iframe")
    expect(embed.locator("#at")).not_to_have_text("0.0")
    assert second - 1 <= float(embed.locator("#at").inner_text()) < second + 8
    times.last.click()
    there = seconds(times.last)
    expect(captioned.locator("#player")).to_have_attribute("data-position", str(int(there)))
    assert there - 1 <= float(embed.locator("#at").inner_text()) < there + 8


def test_a_shared_moment_opens_at_its_second(captioned: Page) -> None:
    fact = known(load_talk("medium"), "benches")
    captioned.goto(f"/v/{CAPTIONED}?t={int(fact.start) + 1}")
    assert position(captioned) == int(fact.start) + 1
    expect(captioned.locator(".line.is-target").first).to_contain_text("64 benches")
    expect(captioned.locator(".line.is-target").first).to_be_in_viewport()


def test_a_link_without_captions_is_listened_to(page: Page) -> None:
    talk = load_talk("short")
    paste_video(page, LISTENED)
    expect(page.locator(".job-steps")).to_contain_text("isten")
    finished(page)
    expect(page.get_by_test_id("gist")).to_be_visible()
    expect(page.locator(".meta")).to_contain_text("speech", ignore_case=True)
    fact = known(talk, "When should I go")
    line = page.get_by_test_id("transcript-line").filter(has_text="two hours after sunset").first
    expect(line).to_be_visible()
    start, end = seconds(line), float(line.get_attribute("data-end") or "nan")
    assert covers(start, end, fact, slack=1.5)


def test_the_second_paste_of_a_video_shows_what_is_there(captioned: Page) -> None:
    gist = captioned.get_by_test_id("gist").text_content() or ""
    paste(captioned, f"https://youtu.be/{CAPTIONED}?si=junk&t=30")
    captioned.wait_for_url(f"**/v/{CAPTIONED}*")
    expect(captioned.get_by_test_id("gist")).to_have_text(gist)
    assert captioned.get_by_test_id("progress").get_attribute("data-live") is None


def test_search_finds_the_moment(captioned: Page) -> None:
    fact = known(load_talk("medium"), "benches")
    captioned.goto("/")
    captioned.get_by_test_id("search-field").fill("benches on the way to the stop")
    captioned.get_by_test_id("search-field").press("Enter")
    hit = captioned.get_by_test_id("search-hit").first
    expect(hit).to_have_attribute("href", f"/v/{CAPTIONED}?t={(hit.get_attribute('href') or '').partition('t=')[2]}")
    hit.click()
    captioned.wait_for_url(f"**/v/{CAPTIONED}?t=*")
    assert fact.start - 40 <= position(captioned) <= fact.end + 5


def test_a_question_is_answered_from_the_right_moment(captioned: Page) -> None:
    fact = known(load_talk("medium"), "clipboard")
    answer = ask(captioned, fact.question)
    expect(answer).to_have_attribute("data-found", "yes")
    assert fact.answered_by(answer.inner_text())
    cites = answer.get_by_test_id("answer-citation")
    places = [(seconds(cite), float(cite.get_attribute("data-end") or "nan")) for cite in cites.all()]
    right = [index for index, (start, end) in enumerate(places) if covers(start, end, fact)]
    assert right, f"none of {places} is where it was said: {fact.start}"
    cites.nth(right[0]).click()
    assert position(captioned) == int(places[right[0]][0])


def test_a_question_to_the_whole_library_opens_the_video_at_the_second(captioned: Page) -> None:
    fact = known(load_talk("medium"), "benches")
    paste(captioned, fact.question)
    captioned.wait_for_url("**/ask?*")
    answer = captioned.locator("#answers article[data-found=yes]")
    expect(answer).to_be_visible(timeout=60_000)
    cite = answer.locator(f"[data-testid=answer-citation][data-video={CAPTIONED}]").first
    start = seconds(cite)
    cite.click()
    captioned.wait_for_url(f"**/v/{CAPTIONED}?t=*")
    assert position(captioned) == int(start)


@pytest.mark.parametrize("question", ["What is the capital of Mongolia?", "Who painted the ceiling of the Sistine Chapel?"])
def test_what_nobody_said_is_not_answered(captioned: Page, question: str) -> None:
    answer = ask(captioned, question)
    expect(answer).to_have_attribute("data-found", "no")
    expect(answer.get_by_test_id("answer-citation")).to_have_count(0)
    assert "Ulaan" not in answer.inner_text()


def saved(page: Page, test_id: str, folder: Path) -> Path:
    with page.expect_download(timeout=60_000) as download:
        page.get_by_test_id(test_id).click()
    target = folder / download.value.suggested_filename
    download.value.save_as(target)
    return target


def test_exports_open_in_other_programs(captioned: Page, tmp_path: Path) -> None:
    talk = load_talk("medium")
    for kind in ("srt", "vtt"):
        path = saved(captioned, f"export-{kind}", tmp_path)
        cues = webvtt.from_srt(str(path)) if kind == "srt" else webvtt.read(str(path))
        assert "".join(" ".join(cue.text for cue in cues).split()) == "".join(talk.text.split())
    told = json.loads(saved(captioned, "export-json", tmp_path).read_text())
    assert told["video"]["title"] == talk.title
    assert told["summary"]["points"]
    markdown = saved(captioned, "export-md", tmp_path).read_text()
    assert markdown.startswith("# ")
    assert all(title in markdown for _, title in talk.chapters)
    assert talk.title in saved(captioned, "export-txt", tmp_path).read_text()
    assert "<html" in saved(captioned, "export-html", tmp_path).read_text()


@pytest.mark.parametrize(("kind", "codecs"), [("audio", {"audio"}), ("video", {"audio", "video"})])
def test_downloads_play_in_other_programs(listened: Page, tmp_path: Path, kind: str, codecs: set[str]) -> None:
    button = listened.get_by_test_id(f"download-{kind}")
    if button.evaluate("node => node.tagName") == "BUTTON":
        button.click()
    expect(listened.locator(f"a[data-testid=download-{kind}]")).to_be_visible(timeout=60_000)
    path = saved(listened, f"download-{kind}", tmp_path)
    command = ["ffprobe", "-v", "error", "-show_entries", "format=duration:stream=codec_type", "-of", "json", str(path)]
    found = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    assert {stream["codec_type"] for stream in found["streams"]} == codecs
    assert float(found["format"]["duration"]) == pytest.approx(load_talk("short").duration, abs=1)


def test_a_file_of_ones_own_plays_in_our_own_player(page: Page) -> None:
    page.goto("/")
    page.get_by_test_id("file-field").set_input_files(load_talk("tea").files[251])
    page.wait_for_url(OWN_FILE)
    finished(page)
    expect(page.locator("#player audio, #player video")).to_have_count(1)
    line = page.get_by_test_id("transcript-line").last
    line.click()
    assert position(page) == int(seconds(line))
    page.wait_for_function("() => document.querySelector('#player audio, #player video').currentTime > 0")


def test_a_subtitle_file_is_read(page: Page) -> None:
    from tests.standin.captions import subrip

    body = subrip(load_talk("spanish").cues).encode()
    page.goto("/")
    page.get_by_test_id("file-field").set_input_files({"name": "huerto.srt", "mimeType": "application/x-subrip", "buffer": body})
    page.wait_for_url(OWN_FILE)
    finished(page)
    expect(page.get_by_test_id("gist")).to_be_visible()
    expect(page.get_by_test_id("transcript-line").first).to_contain_text("Lucía Ferrer")
    answer = ask(page, "¿Quién propuso plantar un huerto?")
    expect(answer).to_contain_text("Andrés")


def test_deleting_takes_it_out_of_the_library(page: Page) -> None:
    page.goto("/")
    page.get_by_test_id("file-field").set_input_files({"name": "note.vtt", "mimeType": "text/vtt", "buffer": NOTE})
    page.wait_for_url(OWN_FILE)
    finished(page)
    address = page.url
    page.locator(".danger summary").click()
    page.get_by_test_id("delete").click()
    page.wait_for_url("**/")
    assert page.request.get(address).status == 404


NOTE = b"WEBVTT\n\n00:00.000 --> 00:04.000\nThe spare key lies under the blue pot.\n\n00:04.000 --> 00:09.000\nWater the plants on Tuesday, but not the cactus.\n"
