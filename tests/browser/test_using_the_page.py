"""How the page behaves: on a phone, in the dark, with the keyboard alone, in many tabs, for those who use a screen reader."""

import re

import pytest
from playwright.sync_api import Page, expect

from pipeline.summary.styles import STYLES
from tests.browser.conftest import NewContext
from tests.browser.steps import ask, finished, paste_video, position, seconds
from tests.browser.test_the_whole_way import CAPTIONED, open_video

PLACES = (
    "/", f"/v/{CAPTIONED}", f"/v/{CAPTIONED}?t=150", f"/v/{CAPTIONED}?style=paragraph", f"/v/{CAPTIONED}?style=notes&audience=plain", "/search?q=benches",
    "/search?q=benches&watched=no", "/ask", "/help", "/v/nothingHere",
)  # fmt: skip
PHONE = {"viewport": {"width": 360, "height": 740}, "device_scale_factor": 2, "is_mobile": True, "has_touch": True}


@pytest.fixture(autouse=True)
def _something_to_see(page: Page) -> None:
    open_video(page, CAPTIONED)


@pytest.mark.parametrize("path", PLACES)
def test_nothing_hangs_over_the_edge_of_a_phone(new_context: NewContext, path: str) -> None:
    page = new_context(**PHONE).new_page()
    page.goto(path)
    wide = page.evaluate(
        """() => [...document.querySelectorAll("body *")].filter(node => {
          const box = node.getBoundingClientRect(), style = getComputedStyle(node);
          return box.width > 0 && box.right > innerWidth + 1 && style.position !== "fixed" && !node.closest("[class~=sr], .receipt-card, svg, [hidden]")
            && !scrolls(node); function scrolls(n) { for (let p = n.parentElement; p; p = p.parentElement)
              if (/auto|scroll|hidden|clip/.test(getComputedStyle(p).overflowX) && p !== document.body && p !== document.documentElement) return true; return false; }
        }).map(node => node.outerHTML.slice(0, 120))"""
    )
    assert wide == []
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate("() => visualViewport.scale") == 1


@pytest.mark.parametrize("path", ["/", f"/v/{CAPTIONED}", f"/v/{CAPTIONED}?style=notes", "/search?q=benches&watched=no", "/ask", "/help"])
def test_fingers_can_hit_every_control(new_context: NewContext, path: str) -> None:
    """44 CSS pixels each way, but for what is part of a sentence, such as the times."""
    page = new_context(**PHONE).new_page()
    page.goto(path)
    small = page.evaluate(
        """() => [...document.querySelectorAll("button, select, summary, input:not([type=hidden]):not([type=file]):not([type=checkbox]), a.button, a.chip, nav a")]
          .filter(node => { const box = node.getBoundingClientRect(); return box.width > 0 && !node.closest(".sr, .skip") && (box.width < 43.5 || box.height < 43.5); })
          .map(node => node.outerHTML.slice(0, 120))"""
    )
    assert small == []


@pytest.mark.parametrize("path", ["/", f"/v/{CAPTIONED}", "/ask"])
def test_what_a_field_is_for_can_be_read_on_a_phone(new_context: NewContext, path: str) -> None:
    page = new_context(**PHONE).new_page()
    page.goto(path)
    cut = page.evaluate(
        """() => [...document.querySelectorAll("input[placeholder]")].filter(node => node.offsetParent).filter(node => {
          const words = document.createElement("span"), style = getComputedStyle(node);
          words.style.cssText = `position: absolute; white-space: nowrap; font-family: ${style.fontFamily}; font-size: ${style.fontSize}`;
          words.textContent = node.placeholder; document.body.append(words); const wide = words.getBoundingClientRect().width; words.remove();
          return wide > node.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
        }).map(node => node.placeholder)"""
    )
    assert cut == []
    if path == "/":
        expect(page.locator("#paste-hint")).not_to_contain_text("drop", use_inner_text=True)


def test_no_line_of_the_meta_line_begins_or_ends_with_a_dot(new_context: NewContext) -> None:
    """Every part brings its dot; the one before the first part of a line lies outside, where it is cut off."""
    page = new_context(**PHONE).new_page()
    page.goto(f"/v/{CAPTIONED}")
    begins = page.evaluate(
        """() => { const edge = document.querySelector(".meta").getBoundingClientRect().left, parts = [...document.querySelectorAll(".meta p > *")];
          return parts.filter((part, i) => !i || part.offsetTop > parts[i - 1].offsetTop + 4).map(part => part.getBoundingClientRect().left - edge); }"""
    )
    assert len(begins) > 1
    assert all(left < 8 for left in begins), "only 6 pixels are left for the ring of the focus, and the dot lies further out"


LUMINANCE = """() => { const of = colour => { const c = document.createElement("canvas").getContext("2d"); c.fillStyle = colour; c.fillRect(0, 0, 1, 1);
  const [r, g, b] = [...c.getImageData(0, 0, 1, 1).data].map(v => { v /= 255; return v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; });
  return .2126 * r + .7152 * g + .0722 * b; };
  const style = getComputedStyle(document.body); return [of(style.backgroundColor), of(style.color)]; }"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_dark_and_light_follow_the_system_and_the_button(new_context: NewContext, scheme: str) -> None:
    page = new_context(color_scheme=scheme).new_page()
    page.goto(f"/v/{CAPTIONED}")
    paper, ink = page.evaluate(LUMINANCE)
    assert (paper < ink) == (scheme == "dark")
    assert (max(paper, ink) + 0.05) / (min(paper, ink) + 0.05) > 7
    dark = scheme == "dark"
    for _ in range(2):  # the first press may only make fast what the system said
        page.get_by_role("button", name="Light or dark").click()
        page.wait_for_load_state()
        paper, ink = page.evaluate(LUMINANCE)
        dark = paper < ink
        if dark != (scheme == "dark"):
            break
    assert dark != (scheme == "dark")
    page.reload()
    paper, ink = page.evaluate(LUMINANCE)
    assert (paper < ink) == dark


def test_the_keyboard_is_enough(page: Page) -> None:
    page.goto(f"/v/{CAPTIONED}")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.keyboard.press("5")
    half = position(page)
    assert half == pytest.approx(float(page.locator("#video").get_attribute("data-duration") or 0) / 2, abs=1.5)
    page.keyboard.press("l")
    assert position(page) == pytest.approx(half + 10, abs=1)
    page.keyboard.press("j")
    assert position(page) == pytest.approx(half, abs=1)
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).to_be_hidden()
    page.keyboard.press("/")
    expect(page.get_by_test_id("search-field")).to_be_focused()
    page.keyboard.type("benches?")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/(search|ask)"))


def test_a_point_can_be_reached_and_pressed_without_a_mouse(page: Page) -> None:
    page.goto(f"/v/{CAPTIONED}")
    link = page.locator(".point").get_by_test_id("point-time").first
    link.focus()
    card = page.locator(f"#{link.get_attribute('aria-describedby')}")
    expect(card).to_be_visible()
    page.keyboard.press("Enter")
    assert position(page) == int(float(link.get_attribute("data-t") or "nan"))


def test_without_scripts_everything_can_still_be_read(new_context: NewContext) -> None:
    page = new_context(java_script_enabled=False).new_page()
    page.goto(f"/v/{CAPTIONED}")
    expect(page.get_by_test_id("gist")).to_be_visible()
    page.locator(".point").get_by_test_id("point-time").first.click()
    assert "t=" in page.url
    assert position(page) > 0 or "t=0" in page.url


NAMELESS = """() => [...document.querySelectorAll("button, a[href], input:not([type=hidden]), select, textarea, summary, img, [role=button], iframe")].filter(node => {
  if (node.tagName === "IMG") return !node.hasAttribute("alt");
  const labels = node.labels ? [...node.labels].map(label => label.textContent).join("") : "";
  const by = (node.getAttribute("aria-labelledby") || "").split(" ").map(id => document.getElementById(id)?.textContent || "").join("");
  return !(node.getAttribute("aria-label") || labels || by || node.textContent || node.title || "").trim();
}).map(node => node.outerHTML.slice(0, 160))"""


@pytest.mark.parametrize("path", PLACES)
def test_everything_has_a_name_for_those_who_cannot_see_it(page: Page, path: str) -> None:
    page.goto(path)
    assert page.evaluate(NAMELESS) == []
    assert page.locator("html").get_attribute("lang")
    expect(page.locator("h1")).to_have_count(1)
    expect(page.locator("main")).to_have_count(1)
    doubled = page.evaluate(
        "() => { const ids = [...document.querySelectorAll('[id]')].map(n => n.id); return ids.filter((id, i) => ids.indexOf(id) !== i); }"
    )
    assert doubled == []


HIDE = "Object.defineProperty(document, 'hidden', { get: () => !!window.away }); Object.defineProperty(document, 'visibilityState', { get: () => (window.away ? 'hidden' : 'visible') });"
AWAY = "away => { window.away = away; document.dispatchEvent(new Event('visibilitychange')); }"


def test_eight_tabs_of_a_running_video_do_not_starve_each_other(new_context: NewContext) -> None:
    """A browser opens six connections to a server: a stream for each tab would leave none for the seventh. Only the tab that is looked at has one."""
    context = new_context()
    context.add_init_script(HIDE)
    first = context.new_page()
    paste_video(first, "talkMedAuto")
    tabs = [first]
    for _ in range(7):
        tabs[-1].evaluate(AWAY, True)
        tab = context.new_page()
        tab.goto("/v/talkMedAuto", timeout=60_000)  # busy machines are slow, but a starved tab waits for ever
        expect(tab.get_by_test_id("player")).to_be_visible()
        tabs.append(tab)
    tabs[-1].evaluate(AWAY, True)
    first.evaluate(AWAY, False)
    finished(first)
    expect(first.get_by_test_id("gist")).to_be_visible()
    gist = first.get_by_test_id("gist").text_content() or ""
    tabs[5].evaluate(AWAY, False)
    expect(tabs[5].get_by_test_id("gist")).to_have_text(gist, timeout=30_000)


def test_the_summary_is_copied_without_the_transcript(new_context: NewContext) -> None:
    context = new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(f"/v/{CAPTIONED}")
    page.get_by_role("button", name="Copy summary").click()
    expect(page.locator("#toast")).to_have_text("Summary copied")
    copied = page.evaluate("() => navigator.clipboard.readText()")
    assert copied.startswith("# ")
    assert "Two hundred angry letters" in copied
    assert "Good evening, and thank you" not in copied


def test_youtube_opens_at_the_second_one_is_at(page: Page) -> None:
    page.goto(f"/v/{CAPTIONED}")
    page.get_by_test_id("transcript-line").nth(3).click()
    source = page.get_by_role("link", name="Open on YouTube")
    source.evaluate("node => node.addEventListener('click', event => event.preventDefault())")
    source.click()
    expect(source).to_have_attribute("href", re.compile(rf"t={int(position(page))}s$"))


def test_keys_go_from_point_to_point(page: Page) -> None:
    page.goto(f"/v/{CAPTIONED}")
    begins = sorted({float(point.get_attribute("data-t") or "nan") for point in page.get_by_test_id("point").all()})
    for second in begins[:2]:
        page.keyboard.press("n")
        assert position(page) == int(second)
    page.keyboard.press("p")
    assert position(page) == int(begins[0])


def test_the_transcript_is_walked_line_by_line_with_the_arrows(page: Page) -> None:
    page.goto(f"/v/{CAPTIONED}?t=30")
    lines = page.get_by_test_id("transcript-line")
    target = page.locator(".line.is-target a.time")
    page.locator("#part-transcript").focus()
    page.keyboard.press("Tab")
    expect(target).to_be_focused()
    for key in ("ArrowDown", "ArrowDown", "ArrowUp"):
        page.keyboard.press(key)
    after = page.locator(".line.is-target + .line a.time")
    expect(after).to_be_focused()
    begins = float(after.get_attribute("data-t") or "nan")
    page.keyboard.press("Enter")
    assert position(page) == int(begins)
    page.keyboard.press("End")
    expect(lines.last.locator("a.time")).to_be_focused()
    expect(lines.last).to_be_in_viewport()
    assert page.locator("#part-transcript a.time:not([tabindex='-1'])").count() == 1, "one tab stop, however long the talk is"


@pytest.mark.parametrize("style", STYLES)
def test_moments_are_moments_in_every_style(page: Page, style: str) -> None:
    page.get_by_test_id(f"style-{style}").click()
    expect(page.get_by_test_id(f"style-{style}")).to_have_attribute("aria-current", "true")
    time = page.locator("#points").get_by_test_id("point-time").last
    if style == "notes":
        page.get_by_test_id("gap").last.locator("summary").click()
    time.click()

    assert position(page) == int(seconds(time))
    assert f"t={int(seconds(time))}" in page.url
    assert style == "bullets" or f"style={style}" in page.url
    page.get_by_test_id("audience-plain").click()
    expect(page.get_by_test_id("audience-plain")).to_have_attribute("aria-current", "true")
    assert position(page) == int(seconds(time)), "told in another way, one stays where one was"


def test_questions_stay_on_the_page_one_above_the_other(page: Page) -> None:
    page.goto(f"/v/{CAPTIONED}")
    ask(page, "How many buses does Fernholm have?")
    ask(page, "How many lines were on the old map?")
    expect(page.locator("#answers article[data-found]")).to_have_count(2)
    page.locator("[data-question]").first.click()  # what is suggested has been tried
    expect(page.locator("#answers article[data-found]")).to_have_count(3, timeout=90_000)  # the model may tell it, on a busy machine
    expect(page.locator("#answers article[data-found=yes]")).to_have_count(3)


def test_the_transcript_can_be_searched(page: Page) -> None:
    page.goto(f"/v/{CAPTIONED}")
    page.get_by_test_id("transcript-search").fill("frequency is freedom")
    expect(page.locator("#find-count")).to_have_text("1/3")
    page.keyboard.press("Enter")
    expect(page.locator("#find-count")).to_have_text("2/3")
    expect(page.locator("mark.is-current")).to_be_in_viewport()
    page.evaluate("document.dispatchEvent(new Event('redrawn'))")
    expect(page.locator("#find-count")).to_have_text("2/3")
    page.locator(".line > span[dir]").first.evaluate("node => { node.textContent = 'İİ İstanbul and ISTANBUL'; }")
    page.get_by_test_id("transcript-search").fill("istanbul")
    expect(page.locator("#find-count")).to_have_text("1/1")
    expect(page.locator("mark.is-current")).to_have_text("ISTANBUL")
    page.get_by_test_id("transcript-search").fill("İstanbul")
    expect(page.locator("mark.is-current")).to_have_text("İstanbul")
