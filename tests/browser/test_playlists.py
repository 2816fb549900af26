"""A playlist as a person uses it: pasted, chosen from, watched, followed, taken away. Real workers, real models, real yt-dlp, real browser."""

import re
import subprocess
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import func, update

from pipeline.config import Settings
from pipeline.store import listings
from pipeline.store.database import Database, database_url
from pipeline.store.listing_tables import SubscriptionRow
from pipeline.types import Entry
from tests.browser.steps import LONG, finished, paste, paste_video
from tests.standin import StandIn

PLAYLIST = "https://www.youtube.com/playlist?list=PLstandin0001"
CHANNEL = "https://www.youtube.com/@standin"

REDRAW = """async () => {
  const { morph } = await import(document.querySelector("script[type=module]").src.replace("main.js", "morph.js"));
  morph(document.querySelector("#part-items"), await (await fetch(`${location.pathname}/parts/items`)).text());
}"""
"""What an event of the list makes of its items."""


def facts(path: Path) -> list[str]:
    """Of each stream its kind and codec, then the seconds of the whole."""
    command = ["ffprobe", "-v", "error", "-show_entries", "stream=codec_type,codec_name:format=duration", "-of", "csv=p=0", str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()


def test_three_of_a_playlist_are_chosen_and_finish_while_one_looks_on(page: Page) -> None:
    paste(page, PLAYLIST)
    page.wait_for_url(re.compile(r"/l/\d+"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Three short talks")
    expect(page.get_by_test_id("item")).to_have_count(3)
    for box in page.locator("input[name=item]").all():
        box.check()
    expect(page.get_by_test_id("choose")).to_have_text("Summarise 3")
    page.get_by_test_id("choose").click()

    expect(page.get_by_test_id("list-progress")).to_have_attribute("data-done", "3", timeout=LONG)
    expect(page.locator("[data-testid=item][data-state=done]")).to_have_count(3)
    page.locator("[data-testid=item] a").first.click()
    page.wait_for_url(re.compile("/v/stVideo0001"))
    finished(page)
    expect(page.get_by_test_id("gist")).to_be_visible()


def test_a_tick_stays_with_its_video_when_new_ones_come_in_front(page: Page, home: Path) -> None:
    """The rows were known by their number: the tick stayed on the second row when another video stood there, and sent what no longer did."""
    paste(page, "https://www.youtube.com/playlist?list=PLstandinLong")
    page.wait_for_url(re.compile(r"/l/\d+"))
    expect(page.get_by_test_id("item")).to_have_count(100)
    expect(page.locator("#part-state[data-live]")).to_have_count(0, timeout=60_000)
    ticked = page.locator("[data-testid=item]:has(input:checked)")
    page.locator("input[name=item]").nth(1).check()
    before = (ticked.get_attribute("data-id"), ticked.inner_text())
    db = Database(database_url(Settings(home=home)))
    with db.session() as s:
        listing_id = int(page.url.rpartition("/")[2])
        new = (Entry("youtube:stNotThere1", "youtube", "", "Brand new"), Entry("youtube:stNotThere2", "youtube", "", "And another"))
        listings.add(s, listing_id, new, listings.first_position(s, listing_id) - len(new))
    db.dispose()
    page.evaluate(REDRAW)

    assert page.get_by_test_id("item").first.locator(".item-title").inner_text() == "Brand new"
    assert (ticked.get_attribute("data-id"), ticked.inner_text()) == before
    assert ticked.locator("input").get_attribute("value") == before[0]
    assert page.evaluate("() => new FormData(document.querySelector('#choose')).getAll('item')") == [before[0]]


def test_what_is_summarised_of_a_playlist_is_taken_away(page: Page, tmp_path: Path) -> None:
    paste(page, PLAYLIST)
    page.wait_for_url(re.compile(r"/l/\d+"))
    page.get_by_text("Take it with you").click()
    with page.expect_download() as got:
        page.get_by_test_id("zip-srt").click()
    got.value.save_as(tmp_path / "list.zip")

    with zipfile.ZipFile(tmp_path / "list.zip") as archive:
        assert archive.testzip() is None
        names = archive.namelist()
    assert [name[:4] for name in names] == ["0001", "0002", "0003"]
    assert all(name.endswith(".srt") for name in names)


def test_a_new_upload_of_a_followed_channel_arrives_by_itself(page: Page, youtube: StandIn, home: Path) -> None:
    paste(page, CHANNEL)
    page.wait_for_url(re.compile(r"/l/\d+"))
    expect(page.get_by_test_id("item").first).to_be_visible(timeout=60_000)
    place = page.url
    expect(page.locator("#part-state[data-live]")).to_have_count(0, timeout=60_000)
    page.goto(place)
    page.get_by_test_id("follow-open").click()
    page.get_by_test_id("follow-submit").click()
    expect(page.get_by_test_id("follow")).to_have_attribute("data-state", "on")
    while "Looked at" not in page.get_by_test_id("follow").inner_text():  # what is there at the first look is not new
        page.wait_for_timeout(500)
        page.goto(place)
    uploaded = youtube.app.upload("newUpload01", talk="bees")  # type: ignore[attr-defined]
    db = Database(database_url(Settings(home=home)))
    with db.session() as s:  # hours have passed
        s.execute(update(SubscriptionRow).values(next_check=func.clock_timestamp()))
    db.dispose()

    page.goto("/new")
    item = page.get_by_text(uploaded.title)
    for _ in range(LONG // 5000):
        if item.count():
            break
        page.wait_for_timeout(5000)
        page.reload()
    expect(item.first).to_be_visible()
    page.goto("/v/newUpload01")
    finished(page)
    expect(page.get_by_test_id("gist")).to_be_visible()
    page.goto(place)
    page.get_by_test_id("unfollow").click()
    expect(page.get_by_test_id("follow")).to_have_attribute("data-state", "off")


@pytest.mark.parametrize(("form", "start", "end", "streams", "seconds"), [("audio-mp3", "0:05", "0:15", ["mp3,audio"], 10.0), ("video", "", "", ["h264,video", "aac,audio"], 22.0)])
def test_recordings_are_saved_and_open_elsewhere(page: Page, tmp_path: Path, form: str, start: str, end: str, streams: list[str], seconds: float) -> None:
    page.goto("/v/stVideo0001")
    if page.get_by_test_id("player").count() == 0:
        paste_video(page, "stVideo0001")
    finished(page)
    page.get_by_test_id("more-downloads").click()
    page.get_by_test_id("download-as").select_option(form)
    page.get_by_test_id("download-from").fill(start)
    page.get_by_test_id("download-to").fill(end)
    page.get_by_test_id("download-part").click()
    made = page.locator(f"a[data-testid^=download-{form}]")
    expect(made.first).to_be_visible(timeout=60_000)
    with page.expect_download() as got:
        made.first.click()
    path = tmp_path / got.value.suggested_filename
    got.value.save_as(path)

    *found, duration = facts(path)
    assert [stream for stream in found if not stream.startswith(("mjpeg", "bin_data"))] == streams
    assert float(duration) == pytest.approx(seconds, abs=3.0)
