"""A browser and a running product for the tests of the page. Where there is no Chromium these tests are skipped, with the hint how to get it."""

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect

from tests.browser.chromium import MISSING, chromium, find_chromium, keep_inside
from tests.browser.product import product
from tests.standin import StandIn, default_world

SECOND = 1000
expect.set_options(timeout=20 * SECOND)


@pytest.fixture(scope="session", name="browser")
def _browser() -> Iterator[Browser]:
    executable = find_chromium()
    if not executable:
        pytest.skip(MISSING)
    with chromium(executable) as browser:
        yield browser


@pytest.fixture(scope="session", name="youtube")
def _youtube() -> Iterator[StandIn]:
    """A stand-in of its own, which nothing resets: the workers may ask at any time."""
    with StandIn(default_world()) as server:
        yield server
    assert not server.errors, server.errors
    assert not server.refused, f"asked for hosts that are not YouTube's: {server.refused}"


@pytest.fixture(scope="session", name="home")
def _home(prepared_home: Path) -> Iterator[Path]:
    """The data folder of the product, with the models in it. A short path: sockets lie in it."""
    with tempfile.TemporaryDirectory(prefix="nutshell-") as folder:
        (Path(folder) / "models").symlink_to(prepared_home / "models")
        yield Path(folder)


@pytest.fixture(scope="session", name="address")
def _address(browser: Browser, youtube: StandIn, home: Path) -> Iterator[str]:
    """Where the product answers. After `browser`, so that nothing is started where there is none."""
    with product(youtube, home) as address:
        yield address


@dataclass
class Watch:
    """What must not happen on any page: requests to elsewhere, errors of scripts, things that the content policy stops."""

    foreign: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def listen(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", self._console)

    def _console(self, message: ConsoleMessage) -> None:
        # a 404 or 422 that a test asks for is also written to the console, as "Failed to load resource"
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            self.errors.append(message.text)

    def check(self) -> None:
        assert not self.foreign, f"the page asked for {self.foreign}"
        assert not self.errors, self.errors


NewContext = Callable[..., BrowserContext]


@pytest.fixture(name="new_context")
def _new_context(browser: Browser, address: str, youtube: StandIn) -> Iterator[NewContext]:
    """Makes browser contexts with Playwright's options; watched, and closed after the test."""
    contexts: list[BrowserContext] = []
    watch = Watch()

    def make(**options: object) -> BrowserContext:
        # without a graphics card what moves is drawn by the processor: pages of running videos took a sixth of a core each
        given = {"base_url": address, "viewport": {"width": 1280, "height": 800}, "accept_downloads": True, "reduced_motion": "reduce", **options}
        context = browser.new_context(**given)  # type: ignore[arg-type]
        context.set_default_timeout(20 * SECOND)
        keep_inside(context, youtube, watch.foreign)
        context.on("page", watch.listen)
        contexts.append(context)
        return context

    yield make
    for context in contexts:
        context.close()
    watch.check()


@pytest.fixture(name="page")
def _page(new_context: NewContext) -> Page:
    return new_context().new_page()
