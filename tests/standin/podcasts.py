"""Hosts of podcasts: feeds as people write them, recordings behind counters, and what means harm. An app for a StandIn of its own (`HOSTS`)."""

import json
from dataclasses import dataclass, field
from html import escape

from tests.standin.captions import stamp, subrip
from tests.standin.server import Request, Response
from tests.standin.talks import load_talk

HOSTS = ("pods.test", "*.pods.test", "counter.test", "*.counter.test")
FEEDS, CDN, COUNTER = "https://feeds.pods.test", "https://cdn.pods.test", "https://eu.counter.test"
HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" xmlns:podcast="https://podcastindex.org/namespace/1.0" xmlns:content="http://purl.org/rss/1.0/modules/content/">
<channel><title>{title}</title><link>https://pods.test/</link><language>en</language><itunes:author>Somebody</itunes:author>
"""


@dataclass(frozen=True)
class Episode:
    title: str
    link: str
    guid: str = ""
    date: str = "Wed, 04 Mar 2026 05:06:07 GMT"
    duration: str = "0:42"
    type: str = "audio/mpeg"
    more: str = ""
    """Further elements."""

    def xml(self) -> str:
        return (
            f"<item><title>{escape(self.title)}</title><guid isPermaLink='false'>{escape(self.guid or self.title)}</guid><pubDate>{self.date}</pubDate>"
            f"<description><![CDATA[<script>alert(1)</script>]]></description><itunes:duration>{self.duration}</itunes:duration>{self.more}"
            f'<enclosure url="{escape(self.link)}" length="12345" type="{self.type}"/></item>\n'
        )


def transcript(kind: str, address: str) -> str:
    return f'<podcast:transcript url="{address}" type="{kind}" language="en"/>'


def episodes() -> list[Episode]:
    """Newest first: with all that a feed can name, behind two counters, at a host of its own, without encryption, and one without a recording."""
    named = "".join(
        (
            transcript("text/html", f"{CDN}/bees.html"), transcript("application/json", f"{CDN}/bees.json"), transcript("application/srt", f"{CDN}/bees.srt"),
            transcript("text/vtt", f"{CDN}/bees.vtt"), f'<podcast:chapters url="{CDN}/bees-chapters.json" type="application/json+chapters"/>',
        )
    )  # fmt: skip
    return [
        Episode("Bees & <b>hives</b> \u202e", f"{CDN}/bees.m4a", "1", type="audio/x-m4a", duration=str(round(load_talk("bees").duration)), more=named),
        Episode("Counted twice", f"{COUNTER}/to/{COUNTER}/to/{CDN}/short.m4a?a=1&b=2", "2", "Tue, 03 Mar 2026 00:00:00 +0100", "00:00:10"),
        Episode("Elsewhere", "https://elsewhere.test/x.mp3", "3", "not a date", "soon"),
        Episode("In the clear", "http://cdn.pods.test/tea.webm", "4", type="audio/webm"),
        Episode("A picture", f"{CDN}/cover.jpg", "5", type="image/jpeg"),
    ]


def written(title: str, found: list[Episode]) -> str:
    return HEAD.format(title=escape(title)) + "".join(episode.xml() for episode in found) + "</channel></rss>"


@dataclass
class Podcasts:
    """The app. `episodes` may be changed by a test; `reset` brings back what was."""

    episodes: list[Episode] = field(default_factory=episodes)

    def reset(self) -> None:
        self.episodes = episodes()

    def __call__(self, request: Request) -> Response:
        path = request.path
        if path.startswith("/to/"):
            query = "?" + "&".join(f"{name}={value}" for name, value in request.query.items()) if request.query else ""
            return Response("", 302, headers={"Location": path.removeprefix("/to/") + query})
        if path == "/loop.mp3":
            return Response("", 301, headers={"Location": "/loop.mp3"})
        if request.host.startswith("feeds"):
            return self.feed(path)
        return asset(path.removeprefix("/"))

    def feed(self, path: str) -> Response:
        found = {
            "/show": lambda: written("Talks about animals", self.episodes),
            "/many.xml": lambda: written("Many", [Episode(f"Number {number}", f"{CDN}/{number}.mp3", str(number)) for number in range(3000)]),
            "/huge.xml": lambda: written("Huge", []) + "<!-- " + "x" * 30_000_000 + " -->",
            "/broken.xml": lambda: written("Broken", self.episodes)[:-200],
            "/empty.xml": lambda: written("Nothing", []),
            "/page": lambda: "<!DOCTYPE html><html><title>A page</title><p>No feed</p></html>",
            "/bomb.xml": lambda: bomb(),
            "/secret.xml": lambda: '<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + written("&x;", self.episodes).split("?>", 1)[1].replace("&amp;x;", "&x;"),
        }.get(path)
        return Response(found(), type="application/rss+xml") if found else Response("", 404)


def bomb() -> str:
    """A thousand million characters in ten lines."""
    lines = ['<!ENTITY a "lollollollollollollollollol">', *(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9))]
    return f'<?xml version="1.0"?><!DOCTYPE rss [{"".join(lines)}]><rss version="2.0"><channel><title>&j;</title></channel></rss>'


def asset(name: str) -> Response:
    talk = load_talk("bees")
    if name == "bees.vtt":
        return Response("WEBVTT\n\n" + "".join(f"{stamp(start, '.')} --> {stamp(end, '.')}\n{text}\n\n" for start, end, text in talk.cues), type="text/vtt")
    if name == "bees.srt":
        return Response(subrip(talk.cues), type="application/srt")
    if name == "bees.json":
        segments = [{"startTime": start, "endTime": end, "body": text, "speaker": "Ann"} for start, end, text in talk.cues]
        return Response(json.dumps({"version": "1.0.0", "segments": segments}), type="application/json")
    if name == "bees-chapters.json":
        return Response({"version": "1.2.0", "chapters": [{"startTime": 0, "title": "Morning"}, {"startTime": 5.5, "title": "Ev\u202eening", "img": "http://127.0.0.1/x"}]})
    files = {file.name: file for one in ("bees", "short", "tea") for file in load_talk(one).files.values()}
    if name not in files:
        return Response("", 404)
    kind = "audio/mp4" if name.endswith(".m4a") else "audio/webm"
    return Response(files[name].read_bytes(), type=kind, ranges=True, headers={"ETag": f'"{name}"'})
