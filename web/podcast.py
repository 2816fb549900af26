"""RSS 2.0 with Apple's podcast tags, from plain values. Titles and texts are strangers': the tree escapes them, and what XML cannot hold is left out."""

import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.utils import format_datetime

from web.atom import identity, legal

ITUNES = "http://www.itunes.com/dtds/podcast-1.0.dtd"


@dataclass(frozen=True, slots=True)
class Episode:
    key: str
    """What it is called after for ever, whatever the address of this server."""
    title: str
    link: str
    """Absolute, as `sound`."""
    sound: str
    content_type: str
    size: int
    """Bytes."""
    seconds: float
    published: str | None
    """ISO date."""
    words: str


def feed(title: str, page: str, author: str, episodes: Sequence[Episode]) -> bytes:
    """The document, UTF-8."""
    ET.register_namespace("itunes", ITUNES)
    root = ET.Element("rss", version="2.0")
    channel = ET.SubElement(root, "channel")
    _text(channel, "title", title)
    _text(channel, "link", page)
    _text(channel, "description", f"{title}, kept by Nutshell.")
    if author:
        _text(channel, f"{{{ITUNES}}}author", author)
    for episode in episodes:
        _item(channel, episode)
    document: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return document


def _item(channel: ET.Element, episode: Episode) -> None:
    node = ET.SubElement(channel, "item")
    _text(node, "title", episode.title)
    _text(node, "link", episode.link)
    _text(node, "guid", identity(f"episode:{episode.key}")).set("isPermaLink", "false")
    if moment := _moment(episode.published):
        _text(node, "pubDate", format_datetime(moment))
    if episode.words:
        _text(node, "description", episode.words)
    _text(node, f"{{{ITUNES}}}duration", str(round(episode.seconds)))
    ET.SubElement(node, "enclosure", url=episode.sound, length=str(episode.size), type=episode.content_type)


def _moment(text: str | None) -> datetime | None:
    try:
        found = date.fromisoformat((text or "")[:10])
    except ValueError:
        return None
    return datetime(found.year, found.month, found.day, 12, tzinfo=UTC)


def _text(parent: ET.Element, name: str, text: str) -> ET.Element:
    node = ET.SubElement(parent, name)
    node.text = legal(text)
    return node
