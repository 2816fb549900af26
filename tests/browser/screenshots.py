"""The pictures in the README: `python -m tests.browser.screenshots [FOLDER]` starts the product against the stand-in, fills a library and photographs it.

Each is below 300 kB; one that is not is reduced to a palette by ffmpeg.
"""

import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

from tests.browser.chromium import MISSING, chromium, find_chromium, keep_inside
from tests.browser.product import ROOT, product
from tests.browser.steps import ask, finished, paste_video
from tests.standin import StandIn, default_world

FOLDER = ROOT / "docs" / "screenshots"
MOST = 300_000
VIDEOS = ("stVideo0001", "talkSpanish", "talkShort01", "talkHour001", "talkLong001", "talkMedium1")
DESKTOP: dict[str, Any] = {"viewport": {"width": 1280, "height": 860}, "device_scale_factor": 1.5}
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "is_mobile": True, "has_touch": True}


def library(page: Page) -> None:
    page.goto("/")


def video(page: Page) -> None:
    page.goto("/v/talkMedium1?t=152")
    page.locator(".point").first.wait_for()


def points(page: Page) -> None:
    video(page)
    page.locator("#points").scroll_into_view_if_needed()
    page.evaluate("() => document.querySelector('#points').scrollIntoView({ block: 'start' })")


def question(page: Page) -> None:
    page.goto("/v/talkMedium1")
    ask(page, "What did the benches cost?")
    page.locator("#ask").scroll_into_view_if_needed()


def search(page: Page) -> None:
    page.goto("/search?q=how+many+years+of+dust")


@dataclass(frozen=True)
class Shot:
    name: str
    show: Callable[[Page], None]
    device: dict[str, Any]
    scheme: str = "light"


SHOTS = (
    Shot("desktop", video, DESKTOP),
    Shot("desktop-dark", video, DESKTOP, "dark"),
    Shot("library", library, DESKTOP),
    Shot("library-dark", library, DESKTOP, "dark"),
    Shot("points", points, DESKTOP),
    Shot("ask", question, DESKTOP),
    Shot("search", search, DESKTOP),
    Shot("phone", video, PHONE),
    Shot("phone-dark", points, PHONE, "dark"),
    Shot("phone-library", library, PHONE),
)


def photograph(browser: Browser, address: str, youtube: StandIn, shot: Shot, folder: Path) -> Path:
    context = browser.new_context(base_url=address, color_scheme=shot.scheme, reduced_motion="reduce", **shot.device)  # type: ignore[arg-type]
    context.set_default_timeout(60_000)
    keep_inside(context, youtube, [])
    page = context.new_page()
    shot.show(page)
    page.wait_for_load_state("networkidle")
    path = folder / f"{shot.name}.png"
    page.screenshot(path=path)
    context.close()
    shrink(path)
    return path


def shrink(path: Path) -> None:
    """To 256 colours when it is too large: gradients then show bands."""
    if path.stat().st_size < MOST or not shutil.which("ffmpeg"):
        return
    small = path.with_suffix(".small.png")
    palette = "split[a][b];[a]palettegen=stats_mode=full[p];[b][p]paletteuse=dither=none"
    subprocess.run(["ffmpeg", "-y", "-v", "error", "-i", str(path), "-vf", palette, "-compression_level", "9", str(small)], check=True)
    if small.stat().st_size < path.stat().st_size:
        small.replace(path)
    else:
        small.unlink()


def fill(browser: Browser, address: str) -> None:
    context = browser.new_context(base_url=address)
    page = context.new_page()
    for video_id in VIDEOS:
        paste_video(page, video_id)
        finished(page)
    context.close()


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    executable = find_chromium() or sys.exit(MISSING)
    with StandIn(default_world()) as youtube, product(youtube) as address, chromium(str(executable)) as browser:
        fill(browser, address)
        for shot in SHOTS:
            path = photograph(browser, address, youtube, shot, folder)
            size = path.stat().st_size
            sys.stdout.write(f"{path}  {size // 1000} kB{'  TOO LARGE' if size > MOST else ''}\n")


if __name__ == "__main__":
    main()
