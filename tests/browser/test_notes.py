"""What the reader keeps, in a real browser: made without leaving the page, seen again after a reload, in the export and in a search."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from pipeline.config import Settings
from pipeline.store import media, videos
from pipeline.store.blobs import Blobs
from pipeline.store.database import Database
from pipeline.store.media import Media
from pipeline.types import Video
from tests.browser import alone
from tests.browser.conftest import NewContext
from tests.integration.web import talk


@pytest.fixture(scope="module", name="made")
def _made(servers: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return alone.settings(servers, tmp_path_factory.mktemp("pages"))


@pytest.fixture(scope="module", name="address")
def _address(browser: Browser, made: Settings) -> Iterator[str]:
    with alone.serving(made, searchable=True) as address:
        yield address


@pytest.fixture(name="here", autouse=True)
def _here(made: Settings) -> None:
    alone.one_talk(made)


SELECT = """() => {
  const lines = [...document.querySelectorAll(".line > span")];
  const range = document.createRange();
  range.setStart(lines[1].lastChild, 3);
  range.setEnd(lines[2].lastChild, 5);
  getSelection().removeAllRanges();
  getSelection().addRange(range);
}"""


def test_what_is_kept_is_seen_again_exported_and_found(page: Page) -> None:
    page.goto(f"/v/{talk.ID}")
    page.evaluate("window.stayed = true")
    page.evaluate(SELECT)
    bar = page.get_by_test_id("mark-bar")
    bar.get_by_test_id("mark-text").fill("The <b>clockwork</b> matters.")
    bar.get_by_role("button", name="Highlight").click()
    expect(page.locator(".line.is-marked")).to_have_count(2)
    expect(bar).to_be_hidden()

    point = page.locator("#p0-1")
    point.get_by_test_id("beside").click()
    point.get_by_test_id("beside-text").fill("Ask about lenses.")
    point.get_by_test_id("beside-save").click()
    expect(point.get_by_test_id("note-beside")).to_contain_text("Ask about lenses.")
    page.get_by_test_id("shelf-open").click()
    page.get_by_test_id("tag-field").fill("lighthouses")
    page.get_by_test_id("tag-add").click()
    expect(page.get_by_test_id("tag")).to_have_text("lighthouses")
    page.get_by_test_id("folder-field").fill("For the winter")
    page.get_by_test_id("folder-save").click()
    expect(page.get_by_test_id("folder")).to_have_text("For the winter")
    assert page.evaluate("window.stayed")

    page.reload()
    expect(page.locator(".line.is-marked")).to_have_count(2)
    expect(page.get_by_test_id("note")).to_have_count(2)
    expect(page.get_by_test_id("note").first).to_contain_text("The <b>clockwork</b> matters.")
    with page.expect_download() as download:
        page.get_by_test_id("export-md").click()
    exported = Path(download.value.path()).read_text()
    assert "## My notes\n\nTags: lighthouses\n\nFolders: For the winter" in exported
    assert f"[0:10](https://www.youtube.com/watch?v={talk.ID}&t=10s) “Fresnel" in exported

    page.goto("/?tag=lighthouses")
    expect(page.get_by_test_id("card")).to_have_count(1)
    page.goto("/search?q=lighthouses")
    expect(page.get_by_test_id("note-hit")).to_have_attribute("data-kind", "tag")
    page.goto("/search?q=clockwork")
    page.get_by_test_id("note-hit").click()
    page.wait_for_url(f"**/v/{talk.ID}?t=10")
    page.get_by_test_id("note-edit").first.click()
    page.get_by_test_id("note-delete").first.click()
    expect(page.get_by_test_id("note")).to_have_count(1)
    expect(page.locator(".line.is-marked")).to_have_count(0)


def test_a_second_folder_leaves_the_first(page: Page) -> None:
    page.goto(f"/v/{talk.ID}")
    page.get_by_test_id("shelf-open").click()
    for number, name in enumerate(("Winter", "Autumn", "Spring"), 1):
        page.get_by_test_id("folder-field").fill(name)
        page.get_by_test_id("folder-save").click()
        expect(page.get_by_test_id("folder")).to_have_count(number)
    page.reload()
    expect(page.get_by_test_id("folder")).to_have_count(3)


def test_a_highlight_that_is_removed_leaves_the_style_that_is_read(page: Page) -> None:
    page.goto(f"/v/{talk.ID}?style=notes")
    bar = page.get_by_test_id("mark-bar")
    page.evaluate(SELECT)
    bar.get_by_test_id("mark").click()
    expect(page.locator(".line.is-marked")).to_have_count(2)
    page.evaluate(SELECT)
    bar.get_by_test_id("unmark").click()

    expect(page.locator(".line.is-marked")).to_have_count(0)
    expect(page.locator(".told-notes")).to_be_visible()


PLAY = """([from, speed]) => new Promise((done) => {
  const sound = document.querySelector("audio");
  sound.addEventListener("ended", done, { once: true });
  sound.currentTime = from;
  sound.playbackRate = speed;
  sound.play();
})"""


def test_what_was_played_is_watched_and_what_was_jumped_over_is_not(page: Page, made: Settings, new_context: NewContext) -> None:
    recording, address = "0123456789abcdef", "/v/0123456789abcdef"
    sound = Path(__file__).parents[1] / "standin" / "media" / "short.webm"
    Blobs(made).put(sound, "upload/recording")
    db = Database(made.database_url)
    with db.session() as s:
        videos.ensure_video(s, f"file:{recording:0<64}", "", "media", "A recording")
        videos.save_video(s, Video(f"file:{recording:0<64}", "", "A recording", 56.0, language="en"))
        media.save_media(s, Media(recording, "upload", "upload/recording", "short.webm", "audio/webm", sound.stat().st_size))
    db.dispose()
    page.goto(address)
    mark = page.get_by_test_id("watched")

    page.evaluate(PLAY, [50, 8])
    expect(mark).to_have_attribute("aria-pressed", "false")
    page.reload()
    page.evaluate(PLAY, [0, 8])
    expect(mark).to_have_attribute("aria-pressed", "true")
    mark.click()
    expect(mark).to_have_attribute("aria-pressed", "false")

    bare = new_context(java_script_enabled=False).new_page()
    bare.goto(address)
    bare.get_by_test_id("watched").click()
    expect(bare.get_by_test_id("watched")).to_have_attribute("aria-pressed", "true")
    bare.goto("/?watched=yes")
    expect(bare.get_by_test_id("card-watched")).to_have_count(1)


def test_keys_and_forms_without_scripts(page: Page, new_context: NewContext) -> None:
    page.goto(f"/v/{talk.ID}?t=20")
    page.keyboard.press("h")
    expect(page.locator("#s2.is-marked")).to_be_visible()
    page.keyboard.press("h")
    expect(page.locator("#s2.is-marked")).to_have_count(0)
    page.keyboard.press("h")
    expect(page.locator("#s2.is-marked")).to_be_visible()
    page.keyboard.press("m")
    expect(page.get_by_test_id("note-text")).to_be_focused()
    expect(page.get_by_test_id("note-start")).to_have_value("0:20")

    bare = new_context(java_script_enabled=False).new_page()
    bare.goto(f"/v/{talk.ID}")
    bare.get_by_test_id("note-text").fill("Of all of it.")
    bare.get_by_test_id("note-add").click()
    expect(bare.get_by_test_id("note")).to_have_count(2)
    bare.get_by_test_id("note-end").fill("0:09")
    bare.get_by_test_id("note-start").fill("0:00")
    bare.get_by_test_id("note-add").click()
    expect(bare.locator(".line.is-marked")).to_have_count(2)


@pytest.mark.parametrize("width", [320, 1280])
def test_it_fits_and_fingers_find_it(new_context: NewContext, width: int, tmp_path: Path) -> None:
    page = new_context(viewport={"width": width, "height": 800}, has_touch=width < 800, is_mobile=width < 800).new_page()
    page.goto(f"/v/{talk.ID}")
    page.get_by_test_id("shelf-open").click()
    page.get_by_test_id("tag-field").fill("a-tag-as-long-as-a-tag-may-be-12345678901")
    page.get_by_test_id("tag-add").click()
    expect(page.locator(".toast")).to_contain_text("1 to 40 characters")
    page.get_by_test_id("tag-field").fill("a-tag-as-long-as-a-tag-may-be-1234567890")
    page.get_by_test_id("tag-add").click()
    expect(page.get_by_test_id("tag")).to_be_visible()
    page.locator("#p0-1").get_by_test_id("beside").click()
    page.locator("#p0-1").get_by_test_id("beside-text").fill("word" * 60)
    page.locator("#p0-1").get_by_test_id("beside-save").click()
    expect(page.get_by_test_id("note-beside")).to_be_visible()
    sizes = [min(one.bounding_box()[side] for side in ("width", "height")) for one in page.locator(".shelf :is(button, summary, a), .beside > summary, .note-form button").all() if one.is_visible()]
    page.screenshot(path=tmp_path / "page.png", full_page=True)

    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert min(sizes) >= (44 if width < 800 else 24), sizes
