"""Atom 1.0 (RFC 4287) from plain values. Titles and texts are strangers': the tree escapes them, and what XML cannot hold is left out."""

import re
import uuid
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

NAMESPACE = "http://www.w3.org/2005/Atom"
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold, not even escaped."""


@dataclass(frozen=True, slots=True)
class AtomEntry:
    key: str
    """What it is called after for ever, whatever the address of this server."""
    title: str
    link: str
    """Absolute."""
    published: datetime
    updated: datetime
    html: str
    author: str | None = None


def feed(key: str, title: str, own: str, page: str, entries: Sequence[AtomEntry], *, empty: datetime) -> bytes:
    """The document, UTF-8. `own`: its own absolute address; `page`: that of the page it belongs to; `empty`: when it was changed, if there is no entry."""
    root = ET.Element("feed", xmlns=NAMESPACE)
    _text(root, "id", identity(key))
    _text(root, "title", title)
    _text(root, "updated", _stamp(max((entry.updated for entry in entries), default=empty)))
    ET.SubElement(root, "link", rel="self", type="application/atom+xml", href=own)
    ET.SubElement(root, "link", rel="alternate", type="text/html", href=page)
    _author(root, "Nutshell")
    for entry in entries:
        _entry(root, entry)
    document: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return document


def _entry(root: ET.Element, entry: AtomEntry) -> None:
    node = ET.SubElement(root, "entry")
    _text(node, "id", identity(entry.key))
    _text(node, "title", entry.title)
    ET.SubElement(node, "link", rel="alternate", type="text/html", href=entry.link)
    _text(node, "published", _stamp(entry.published))
    _text(node, "updated", _stamp(entry.updated))
    if entry.author:
        _author(node, entry.author)
    _text(node, "content", entry.html).set("type", "html")


def _text(parent: ET.Element, name: str, text: str) -> ET.Element:
    node = ET.SubElement(parent, name)
    node.text = legal(text)
    return node


def legal(text: str) -> str:
    """Without what no XML document can hold."""
    return _FORBIDDEN.sub("", text)


def _author(parent: ET.Element, name: str) -> None:
    _text(ET.SubElement(parent, "author"), "name", name)


def identity(key: str) -> str:
    """A name that is the same on every server and after every restart."""
    return uuid.uuid5(uuid.NAMESPACE_URL, f"nutshell:{key}").urn


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
