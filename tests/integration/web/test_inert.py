"""Strings of strangers stay strings: in every place where a page or an export shows one."""

import re
from html.parser import HTMLParser

import pytest
from flask.testing import FlaskClient

from pipeline.store.database import Database
from tests.integration.web import talk

HOSTILE = (
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "'-alert(1)-'", "javascript:alert(1)", "</title><svg onload=alert(1)>", "{{ 7*7 }}",
    "{% raw %}", "<!--", "]]>", "&lt;script&gt;", "\u202e gnp.exe", "\x1b[31m red", "<iframe srcdoc='<script>alert(1)</script>'>", "%0d%0aSet-Cookie:a=b", "` onfocus=alert(1) autofocus `",
)  # fmt: skip


class Seen(HTMLParser):
    """The tags and attributes of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.handlers: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.handlers += [name for name, _ in attrs if name.startswith("on") or name in ("srcdoc", "style")]
        self.links += [value or "" for name, value in attrs if name in ("href", "src", "action", "data")]


def seen(page: str) -> Seen:
    parser = Seen()
    parser.feed(page)
    return parser


@pytest.fixture(name="plain")
def _plain(client: FlaskClient, db: Database) -> dict[str, list[str]]:
    """The tags of each page when every string is harmless."""
    talk.add(db)
    return {path: seen(client.get(path).text).tags for path in (f"/v/{talk.ID}", "/")}


@pytest.mark.parametrize("hostile", HOSTILE)
def test_titles_channels_and_words_are_inert(client: FlaskClient, db: Database, plain: dict[str, list[str]], hostile: str) -> None:
    from tests.integration.store.fresh import clear

    clear(db)
    talk.add(db, title=hostile, texts=(hostile,) * 4, channel=hostile)
    for path, tags in plain.items():
        found = seen(client.get(path).text)
        assert found.tags == tags, path
        assert found.handlers == []
        assert not any(link.lower().strip().startswith(("javascript:", "data:")) for link in found.links)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_what_is_typed_is_inert(client: FlaskClient, hostile: str) -> None:
    pages = [
        client.get("/", query_string={"text": hostile}), client.get("/ask", query_string={"q": hostile}), client.post("/", data={"q": f"https://x/{hostile}"}),
        client.get("/v/aaaaaaaaaaa", query_string={"lang": hostile}), client.get(f"/{hostile}"),
    ]  # fmt: skip
    for page in pages:
        if page.status_code == 303:  # words with spaces are searched for; that page shows them as /ask does
            continue
        found = seen(page.text)
        assert found.tags.count("script") == 1
        assert found.handlers == []
        assert "iframe" not in found.tags
        shown = re.sub(r"/s/[0-9a-f]{12}/", "", page.text)  # the version of the static files may hold any figures
        assert "49" not in shown.partition("<main")[2].partition("</main>")[0] or "7*7" in shown


@pytest.mark.parametrize("kind", ["md", "txt", "html", "srt", "vtt", "json"])
def test_exports_are_downloads_that_may_do_nothing(client: FlaskClient, db: Database, kind: str) -> None:
    talk.add(db, title='<script>alert(1)</script>"; x=\r\ny', texts=("<script>alert(1)</script>",) * 4)
    response = client.get(f"/api/v1/videos/{talk.ID}/export?as={kind}")

    assert response.headers["Content-Disposition"].startswith("attachment;")
    assert response.headers["Content-Security-Policy"].startswith("sandbox;")
    assert "script" not in seen(response.text).tags or kind != "html"
