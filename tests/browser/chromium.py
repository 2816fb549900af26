"""Chromium as Debian and others package it, driven by Playwright, shut off from every network but loopback."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qsl, urlsplit

from playwright.sync_api import Browser, BrowserContext, Route, sync_playwright

from tests.standin import Request, StandIn

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MISSING = "Chromium is not installed; on Debian and Ubuntu: apt install chromium"
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--mute-audio", "--autoplay-policy=no-user-gesture-required",
]  # fmt: skip


def find_chromium() -> str | None:
    return next((path for name in NAMES if (path := shutil.which(name))), None)


@contextmanager
def chromium(executable: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        yield browser
        browser.close()


def keep_inside(context: BrowserContext, standin: StandIn, foreign: list[str]) -> None:
    """The stand-in answers for YouTube's player and pictures; any other address that is not loopback is refused and put into `foreign`."""

    def handle(route: Route) -> None:
        address = urlsplit(route.request.url)
        host = address.hostname or ""
        if host == "www.youtube-nocookie.com" or (host == "i.ytimg.com" and "youtube-nocookie" in (route.request.frame.url or "")):
            asked = Request(route.request.method, "https", host, address.path, dict(parse_qsl(address.query)), {})
            answer = standin.app(asked)
            route.fulfill(status=answer.status, headers={"Content-Type": answer.type}, body=answer.data())
            return
        foreign.append(route.request.url)
        route.abort()

    context.route(lambda url: urlsplit(url).hostname not in ("127.0.0.1", None), handle)
