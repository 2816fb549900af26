"""Feeds of podcasts: one odd thing costs itself, and not the feed."""

import pytest

from pipeline.source import feeds
from pipeline.source.hosts import Hosts

URL = "https://feeds.pods.test/show"
HOSTS = Hosts.of("*.pods.test")


def feed(*items: str, encoding: str = "utf-8", title: str = "A show") -> bytes:
    text = f'<?xml version="1.0" encoding="{encoding}"?><rss version="2.0" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"><channel><title>{title}</title>'
    return (text + "".join(items) + "</channel></rss>").encode(encoding)


def item(link: str, more: str = "") -> str:
    return f'<item><title>One</title><guid>{link}</guid><enclosure url="{link}" type="audio/mpeg"/>{more}</item>'


@pytest.mark.parametrize("encoding", ["utf-8", "gbk", "big5", "shift_jis", "euc-kr", "koi8-r"])
def test_any_encoding(encoding: str) -> None:
    title, rows = feeds.read(feed(item("https://cdn.pods.test/a.mp3"), encoding=encoding), URL, HOSTS)

    assert (title, [row[2] for row in rows]) == ("A show", ["https://cdn.pods.test/a.mp3"])


def test_an_address_that_is_none_costs_its_episode_only() -> None:
    _, rows = feeds.read(feed(item("http://[bad/a.mp3"), item("/b.mp3")), URL, HOSTS)

    assert [(row[2], row[6]) for row in rows] == [("http://[bad/a.mp3", "bad_link"), ("https://feeds.pods.test/b.mp3", "")]


@pytest.mark.parametrize(("text", "seconds"), [("3723", 3723.0), ("62:03", 3723.0), ("1:02:03", 3723.0), ("3600.5", 3600.5), ("soon", None), ("-4", None)])
def test_how_long_an_episode_is(text: str, seconds: float | None) -> None:
    _, rows = feeds.read(feed(item("/b.mp3", f"<itunes:duration>{text}</itunes:duration>")), URL, HOSTS)

    assert rows[0][4] == seconds
