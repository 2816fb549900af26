"""Captions written in XML -> cues: YouTube's srv1, srv2 and srv3, and TTML. Pure.

No XML parser reads them. Tags are found by a regular expression that takes linear time, so there is nothing that a hostile file could make expand (entities),
nest (elements) or fetch (external ones), and a file that breaks off or breaks the rules gives what can be read of it. A parser refuses such files whole.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from pipeline.source.cue import Cue, completed, number
from pipeline.source.plain import unescape

_ATTRIBUTE = re.compile(r"([\w:.-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_INNER = re.compile(r"</?\w[^<>]*>")
_BREAK = re.compile(r"<br\b[^<>]*>")


def _attributes(text: str) -> dict[str, str]:
    """By their names without prefixes: `ttp:frameRate` is frameRate."""
    return {name.rpartition(":")[2]: double or single for name, double, single in _ATTRIBUTE.findall(text)}


def _uncommented(text: str) -> str:
    """Without comments, and with the text of CDATA sections escaped like any other."""
    kept: list[str] = []
    at = 0
    while (begin := text.find("<!", at)) >= 0:
        section = text.startswith("<![CDATA[", begin)
        if not section and not text.startswith("<!--", begin):
            kept.append(text[at : begin + 2])
            at = begin + 2
            continue
        kept.append(text[at:begin])
        end = text.find("]]>" if section else "-->", begin)
        end = len(text) if end < 0 else end
        if section:
            kept.append(text[begin + 9 : end].replace("&", "&amp;").replace("<", "&lt;"))
        at = end + 3
    return "".join(kept) + text[at:]


def _words(text: str) -> str:
    """What stands between tags. What follows a tag that breaks off is part of that tag."""
    return unescape(_INNER.sub("", _BREAK.sub("\n", text)).partition("<")[0])


# ---------------------------------------------------------------- YouTube

_ELEMENT = re.compile(r"<(?:text|p)\b([^<>]*)>")
_CLOSING = re.compile(r"</(?:text|p)\s*>")
_SHARD = re.compile(r"<s\b([^<>]*)>")


def read_srv(text: str) -> Iterator[Cue]:
    """srv1 (`<text start dur>` in seconds), srv2 (`<text t d>`) and srv3 (`<p t d>` with words `<s t>`), in milliseconds. Their texts are escaped up to twice."""

    def shown() -> Iterator[tuple[Cue, bool]]:
        pieces = _ELEMENT.split(_uncommented(text))
        for attributes, body in zip(pieces[1::2], pieces[2::2], strict=True):
            found = _attributes(attributes)
            unit, start, length = (1.0, found["start"], found.get("dur")) if "start" in found else (1000.0, found.get("t"), found.get("d"))
            begin, duration = number(start), number(length)
            if begin is not None:
                words, times = _shards(_CLOSING.split(body, maxsplit=1)[0], begin, unit)
                end = None if duration is None else (begin + duration) / unit
                yield Cue(begin / unit, end, words, words=times), found.get("a") == "1"

    return completed(shown())


def _shards(body: str, begin: float, unit: float) -> tuple[str, tuple[tuple[int, float], ...]]:
    """The text of an element, and where and when its words begin."""
    first, *rest = _SHARD.split(body)
    text, times = [unescape(_words(first))], []
    at = len(text[0])
    for attributes, words in zip(rest[::2], rest[1::2], strict=True):
        offset = number(_attributes(attributes).get("t"))
        if offset:
            times.append((at, (begin + offset) / unit))
        text.append(unescape(_words(words)))
        at += len(text[-1])
    return "".join(text), tuple(times)


# ---------------------------------------------------------------- TTML

_TTML = re.compile(r"<(/?)(?:[\w.-]+:)?(tt|body|div|p|span|br)\b([^<>]*)>")
_CLOCK = re.compile(r"(?:(\d{1,4}):)?(\d{1,4}):(\d{1,2}(?:[.,]\d{1,9})?)(?::(\d{1,3}(?:\.\d{1,9})?))?", re.ASCII)
_COUNT = re.compile(r"(\d{1,12}(?:\.\d{1,9})?)\s?(h|ms|m|s|f|t)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Rates:
    """Of the units in which times may be counted."""

    frames: float
    ticks: float

    def seconds(self, time: str | None) -> float | None:
        """`00:00:01.5`, `00:00:01:12` (the last are frames), `1.5s`, `1500ms`, `36f`, `15000000t`; None for anything else."""
        if match := _CLOCK.fullmatch((time or "").strip()):
            whole = int(match[1] or 0) * 3600 + int(match[2]) * 60 + float(match[3].replace(",", "."))
            return whole + float(match[4] or 0) / self.frames
        if match := _COUNT.fullmatch((time or "").strip()):
            units = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001, "f": 1 / self.frames, "t": 1 / self.ticks}
            return float(match[1]) * units[match[2] or "s"]
        return None


@dataclass(slots=True)
class _Paragraph:
    """A `<p>` that is being read."""

    base: float
    """Where the times of what surrounds it begin."""
    start: float | None
    end: float | None
    text: list[str] = field(default_factory=list)
    length: int = 0
    spans: list[tuple[int, float, float | None]] = field(default_factory=list)
    """Where in the text a span begins, and its own times, as written."""

    def say(self, words: str) -> None:
        self.text.append(words)
        self.length += len(words)

    def cues(self) -> Iterator[Cue]:
        text = "".join(self.text)
        if self.start is not None:
            end = None if self.end is None else self.base + self.end
            # times of spans count from the paragraph's; many programs write them from the start of the video
            shift = 0.0 if self.spans and 0 < self.start <= self.spans[0][1] else self.start
            words = tuple((at, self.base + shift + begin) for at, begin, _ in self.spans)
            yield Cue(self.base + self.start, end, text, words=words)
            return
        for (at, begin, until), (following, _, _) in pairwise([*self.spans, (self.length, 0.0, None)]):
            yield Cue(self.base + begin, None if until is None else self.base + until, text[at:following])


def read_ttml(text: str) -> Iterator[Cue]:
    """TTML, also as DFXP, IMSC and EBU-TT write it: paragraphs with times, or with spans that have them, inside divisions that may have offsets."""
    rates = _rates(text)
    bases = [0.0]
    paragraph: _Paragraph | None = None
    pieces = _TTML.split(_uncommented(text))[1:]
    for slash, name, raw, after in zip(*(pieces[at::4] for at in range(4)), strict=True):
        closed, found = bool(slash) or raw.endswith("/"), _attributes(raw)
        begin, end, length = (rates.seconds(found.get(key)) for key in ("begin", "end", "dur"))
        end = begin + length if end is None and begin is not None and length is not None else end
        if name == "p":
            if paragraph:
                yield from paragraph.cues()
            paragraph = None if closed else _Paragraph(bases[-1], begin, end)
        elif name in ("body", "div"):
            _move(bases, begin or 0.0, opened=not closed, ended=bool(slash))
        elif paragraph and name == "br":
            paragraph.say("\n")
        elif paragraph and begin is not None and not slash:
            paragraph.spans.append((paragraph.length, begin, end))
        if paragraph:
            paragraph.say(_words(after))
    if paragraph:
        yield from paragraph.cues()


def _move(bases: list[float], begin: float, *, opened: bool, ended: bool) -> None:
    if opened:
        bases.append(bases[-1] + begin)
    elif ended and len(bases) > 1:
        bases.pop()


def _rates(text: str) -> _Rates:
    root = re.search(r"<(?:[\w.-]+:)?tt\b([^<>]*)>", text)
    found = _attributes(root[1]) if root else {}
    frames, ticks = number(found.get("frameRate")) or 0.0, number(found.get("tickRate")) or 0.0
    multiplier = re.fullmatch(r"([1-9]\d{0,5})[ :]([1-9]\d{0,5})", found.get("frameRateMultiplier", ""), re.ASCII)
    factor = int(multiplier[1]) / int(multiplier[2]) if multiplier else 1.0
    ticks = ticks if ticks > 0 else max(frames, 1.0)
    return _Rates((frames if frames > 0 else 30.0) * factor, ticks)
