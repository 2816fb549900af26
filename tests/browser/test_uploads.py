"""Files from a browser: several at once, over a connection that breaks, and after a reload."""

import re
import wave
from pathlib import Path

import pytest
from playwright.sync_api import Page, Request, Route, expect

PIECE = 8 * 1024 * 1024
TUS = "**/api/v1/uploads/tus**"
SRT = "1\n00:00:01,000 --> 00:00:04,000\nThe bees leave the hive in the morning, file number {0}.\n"


@pytest.fixture(name="large")
def _large(tmp_path: Path) -> Path:
    """Twenty megabytes of a recording: three pieces."""
    path = tmp_path / "a long talk.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(48000)
        file.writeframes(bytes(20 * 1024 * 1024))
    return path


class Calls:
    """What the page asked of the upload address."""

    def __init__(self, page: Page) -> None:
        self.seen: list[tuple[str, str]] = []
        page.on("request", self._note)

    def _note(self, request: Request) -> None:
        if "/uploads/tus" in request.url:
            self.seen.append((request.method, request.headers.get("upload-offset", "")))


def test_several_files_at_once(page: Page, tmp_path: Path) -> None:
    names = []
    for number in range(3):
        (tmp_path / f"Bees number {number}.srt").write_text(SRT.format(number))
        names.append(tmp_path / f"Bees number {number}.srt")
    page.goto("/")
    page.set_input_files("[data-testid=file-field]", names)
    for number in range(3):
        expect(page.locator("#part-library")).to_contain_text(f"Bees number {number}")


def test_what_is_refused_is_said_and_the_others_are_sent(page: Page, tmp_path: Path) -> None:
    good, bad = tmp_path / "Good one.srt", tmp_path / "bad.mp3"
    good.write_text(SRT.format(7))
    bad.write_bytes(b"\x7fELF" + bytes(500))
    page.goto("/")
    page.set_input_files("[data-testid=file-field]", [bad, good])

    expect(page.get_by_test_id("error")).to_contain_text("bad.mp3: This file is not audio or video that can be read.")
    page.goto("/")
    expect(page.locator("#part-library")).to_contain_text("Good one")


def test_a_broken_connection_goes_on_where_it_stopped(page: Page, large: Path) -> None:
    calls, broken = Calls(page), []

    def cut(route: Route) -> None:
        if route.request.method == "PATCH" and route.request.headers["upload-offset"] != "0" and len(broken) < 2:
            broken.append(route.request.url)
            route.abort("connectionreset")
        else:
            route.continue_()

    page.route(TUS, cut)
    page.goto("/")
    page.set_input_files("[data-testid=file-field]", large)
    expect(page).to_have_url(re.compile(r"/v/[0-9a-f]{16}"), timeout=90_000)

    assert len(broken) == 2
    assert [offset for method, offset in calls.seen if method == "PATCH"] == ["0", *[str(PIECE)] * 3, str(2 * PIECE)]
    assert [method for method, _ in calls.seen].count("POST") == 1


def test_after_a_reload_the_same_file_goes_on_where_it_stopped(page: Page, large: Path) -> None:
    page.route(TUS, lambda route: route.abort("connectionreset") if route.request.headers.get("upload-offset", "0") != "0" else route.continue_())
    page.goto("/")
    page.set_input_files("[data-testid=file-field]", large)
    expect(page.locator("#upload-words")).to_contain_text("The connection broke off at 39 %", timeout=60_000)
    page.unroute(TUS)
    calls = Calls(page)
    page.reload()
    expect(page.locator("#upload-words")).to_contain_text("Not sent whole: a long talk.wav.")
    page.set_input_files("[data-testid=file-field]", large)
    expect(page).to_have_url(re.compile(r"/v/[0-9a-f]{16}"), timeout=90_000)

    assert [call for call in calls.seen if call[0] != "HEAD"] == [("PATCH", str(PIECE)), ("PATCH", str(2 * PIECE))]
    page.goto("/")
    expect(page.locator("#upload")).to_be_hidden()


def test_what_is_stopped_is_forgotten_here_and_there(page: Page, large: Path) -> None:
    page.route(TUS, lambda route: route.abort("connectionreset") if route.request.headers.get("upload-offset", "0") != "0" else route.continue_())
    page.goto("/")
    page.set_input_files("[data-testid=file-field]", large)
    expect(page.locator("#upload-words")).to_contain_text("The connection broke off", timeout=60_000)
    with page.expect_request(lambda request: request.method == "DELETE"):
        page.get_by_role("button", name="Stop").click()
    page.reload()

    expect(page.locator("#upload")).to_be_hidden()


def test_files_that_are_dropped(page: Page) -> None:
    page.goto("/")
    page.evaluate(
        """text => { const data = new DataTransfer();
          for (const name of ["Dropped one.srt", "Dropped two.srt"]) data.items.add(new File([text + name], name));
          document.body.dispatchEvent(new DragEvent("drop", {dataTransfer: data, bubbles: true, cancelable: true})); }""",
        SRT.format(0),
    )
    for name in ("Dropped one", "Dropped two"):
        expect(page.locator("#part-library")).to_contain_text(name)
