"""How the stand-in answers: watch page, innertube, captions, media, pictures. Lists are in lists.py, feeds in feeds.py, what a video holds in conditions.py."""

import copy
import html
import json
import re
import urllib.parse
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from tests.standin.account import Accounts
from tests.standin.captions import caption_file
from tests.standin.conditions import PHASES, PLAYLISTS, all_videos, channels, item
from tests.standin.embed import embed_page
from tests.standin.feeds import feed
from tests.standin.lists import Channel, Lists, Playlist, Tab
from tests.standin.pictures import picture
from tests.standin.player import PLAYER, PLAYER_JS, SIGNED, SOLVED, YT, player_response
from tests.standin.server import Request, Response
from tests.standin.talks import load_talk
from tests.standin.videos import CHANNEL, JSON, Video, automatic, talk_video

HLS = (
    '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=290288,CODECS="mp4a.40.2,avc1.42c00b",RESOLUTION=256x144\n'
    "https://manifest.googlevideo.com/api/manifest/hls_playlist/itag/91/playlist/index.m3u8\n"
)


class World:
    """The app of a StandIn: one YouTube with these videos, playlists and channels. What tests change lasts until `reset`."""

    def __init__(self, videos: list[Video], playlists: dict[str, Playlist] | None = None, channels: Sequence[Channel] = ()) -> None:
        self._given = videos, playlists or {}, channels
        self.reset()

    def reset(self) -> None:
        videos, playlists, channels = self._given
        self.videos = {video.id: video for video in videos}
        self.accounts = Accounts()
        self.phases = dict(PHASES)
        self.looks: Counter[str] = Counter()
        """How often the page of a video was asked for."""
        self.lists = Lists(self.find, playlists, copy.deepcopy(channels))

    def find(self, video_id: str) -> Video | None:
        """The video as it is now."""
        if video_id in self.phases:
            return self._phase(video_id)
        return self.videos.get(video_id) or item(video_id)

    def _phase(self, video_id: str) -> Video:
        looks = self.looks[video_id]
        for lasting, video in self.phases[video_id]:
            if looks <= lasting:
                return video
            looks -= lasting
        return video

    def become(self, video_id: str, *phases: tuple[int, Video]) -> None:
        """From now on the video is what the first says for so many looks at its page, then what the second says, …; the last one for ever.
        PHASES has some that all tests may use."""
        self.phases[video_id] = tuple((looks, replace(video, id=video_id)) for looks, video in phases)
        self.looks[video_id] = 0

    def upload(self, video: Video | str, *, talk: str = "tea", tab: Tab = "videos", channel: str = CHANNEL) -> Video:
        """A new video in a channel (its id or handle), at the head of its list and its feed: one of yours, or by its id one of `talk`. Its date is now,
        unless it brings one. It lasts until `reset`."""
        owner = self.lists.channels[channel]
        if isinstance(video, str):
            shown = load_talk(talk)
            video = talk_video(video, shown, automatic(shown), title=f"New: {shown.title}")
        if video.published == Video.published:
            video = replace(video, published=datetime.now(UTC).isoformat(timespec="seconds"))
        video = replace(video, channel=owner.title, channel_id=owner.id, handle=owner.handle)
        self.videos[video.id] = video
        owner.tabs.setdefault(tab, []).insert(0, video.id)
        return video

    def __call__(self, request: Request) -> Response:
        return self.accounts.stamped(request, self.answer(request))

    def answer(self, request: Request) -> Response:
        if request.host.endswith("googlevideo.com"):
            return self.media(request)
        if request.host == "www.google.com":  # where YouTube sends a client of which it has had enough
            return Response("<html>Our systems have detected unusual traffic from your computer network.</html>", 429)
        if request.host.endswith("ytimg.com"):
            return self.thumbnail(request)
        if request.host == "youtu.be":
            query = urllib.parse.urlencode({"v": request.path[1:], **request.query})
            return Response(status=303, headers={"Location": f"{YT}/watch?{query}"})
        path = request.path.rstrip("/") or "/"
        if path.startswith("/youtubei/v1/"):
            return self.innertube(request, path.removeprefix("/youtubei/v1/"))
        return self.site(request, path)

    def site(self, request: Request, path: str) -> Response:
        if path == "/watch" and request.query.get("v"):
            return self.watch(request, request.query["v"])
        if path == "/api/timedtext":
            return self.timedtext(request)
        if path == "/playlist":
            return page(self.lists.playlist(request.query.get("list", "")))
        if path.startswith("/embed/"):
            video_id = path.removeprefix("/embed/")
            return embed_page(video_id, self.find(video_id), ytcfg("WEB_EMBEDDED_PLAYER"))
        if path in ("/tv", "/"):  # where yt-dlp fetches the settings of other clients
            client = "TVHTML5" if path == "/tv" else "MWEB" if request.host == "m.youtube.com" else "WEB"
            return Response(f"<script>ytcfg.set({json.dumps(ytcfg(client))});</script>")
        if path == "/iframe_api":
            address = (YT + "/s/player/5d1a0c0d/www-widgetapi.vflset/www-widgetapi.js").replace("/", "\\/")
            return Response(f"var s='{address}';", type="text/javascript")
        if path.startswith("/s/player/"):
            return Response(PLAYER_JS, type="text/javascript")
        if path == "/feeds/videos.xml":
            return feed(self.lists, request)
        if found := re.fullmatch(r"/(?:channel/)?(@[\w.-]+|UC[\w-]{22})(?:/(\w+))?", path):
            shown = self.lists.channel(found[1], found[2])
            return page(shown) if shown else Response("<html>404 Not Found</html>", 404)
        return Response("not found", 404)

    def innertube(self, request: Request, call: str) -> Response:
        asked = request.json
        video = self.accounts.shown(request, self.find(asked.get("videoId") or ""))
        if call == "player":
            if video and video.http:
                return Response({"error": {"code": video.http, "message": "Resource has been exhausted (e.g. check quota)."}}, video.http)
            return Response(player_response(video, asked["context"]["client"]["clientName"]))
        if call == "next":
            return Response(watch_next(video) if video else {"contents": {}})
        if call == "browse":
            return Response(self.lists.browse(asked))
        return Response({"error": {"message": "not in the stand-in"}}, 404)

    def watch(self, request: Request, video_id: str) -> Response:
        self.looks[video_id] += 1
        video = self.accounts.shown(request, self.find(video_id))
        if video and video.http == 429:
            return Response(status=302, headers={"Location": f"https://www.google.com/sorry/index?continue={YT}/watch?v={video.id}"})
        if video and video.http:
            return Response("<html>error</html>", video.http)
        meta = {} if not video or video.bare else {"og:title": video.title, "og:image": f"https://i.ytimg.com/vi/{video.id}/hqdefault.jpg"}
        head = "".join(f'<meta property="{name}" content="{html.escape(value)}">' for name, value in meta.items())
        return page(watch_next(video) if video else {"contents": {}}, player_response(video, "WEB"), head)

    def timedtext(self, request: Request) -> Response:
        video = self.find(request.query.get("v", ""))
        automatic = request.query.get("kind") == "asr"
        asked = (request.query.get("lang"), request.query.get("name", ""), automatic)
        tracks = [track for track in (video.tracks if video else ()) if (track.lang, track.variant, track.asr) == asked]
        if not tracks or (tracks[0].need_pot and not request.query.get("pot")):
            return Response("")  # YouTube: 200 and an empty body
        if request.query.get("tlang") not in (None, tracks[0].lang):
            return Response("<html>Too many requests</html>", 429)  # what machine-translated tracks get nowadays
        return caption_file(tracks[0], request.query.get("fmt", "srv1"))

    def media(self, request: Request) -> Response:
        if "hls_variant" in request.path:
            return Response(HLS, type="application/vnd.apple.mpegurl")
        video = self.find(request.query.get("id", ""))
        if not video:
            return Response("", 404)
        if video.media_http:
            return Response("", video.media_http)
        if video.formats in ("ciphered", "throttled") and request.query.get("n") != SOLVED:
            return Response("", 403)
        if video.formats == "ciphered" and request.query.get("sig") != SIGNED:
            return Response("", 403)
        tags = dict(tag.split("=") for tag in request.query.get("xtags", "").split(":") if tag)
        file = video.dubs.get(tags.get("lang", ""), video.media).get(int(request.query["itag"]))
        if not file:
            return Response("", 404)
        when = {"Last-Modified": "Wed, 04 Mar 2026 05:06:07 GMT"}
        return Response(file.read_bytes(), type=request.query["mime"], ranges=True, headers=when)

    def thumbnail(self, request: Request) -> Response:
        found = re.fullmatch(r"/vi(?:_webp)?/([\w-]{11})/(\w+)\.(?:jpg|webp)", request.path)
        video = self.find(found[1]) if found else None
        if not found or not video or video.bare:
            return Response("", 404)
        return Response(picture(found[1], found[2]), type="image/jpeg")


def ytcfg(client: str = "WEB") -> JSON:
    context = {"client": {"clientName": client, "clientVersion": "2.20261001.00.00", "hl": "en", "visitorData": "Cgtstandin"}}
    return {
        "INNERTUBE_API_KEY": "standin", "INNERTUBE_CLIENT_NAME": client, "INNERTUBE_CLIENT_VERSION": "2.20261001.00.00",
        "INNERTUBE_CONTEXT_CLIENT_NAME": 1, "VISITOR_DATA": "Cgtstandin", "PLAYER_JS_URL": PLAYER, "STS": 20345, "INNERTUBE_CONTEXT": context,
    }  # fmt: skip


def page(data: JSON, player: JSON | None = None, head: str = "") -> Response:
    response = f"<script>var ytInitialPlayerResponse = {json.dumps(player)};</script>" if player else ""
    settings = f"<script>ytcfg.set({json.dumps(ytcfg())});</script>"
    initial = f"<script>var ytInitialData = {json.dumps(data)};</script>"
    return Response(f"<!DOCTYPE html><html><head>{head}</head><body>{settings}{response}{initial}</body></html>")


def watch_next(video: Video) -> JSON:
    """What stands around the player: the channel's name and the chapters."""
    browse = {"browseEndpoint": {"browseId": video.channel_id, "canonicalBaseUrl": f"/{video.handle}"}}
    owner = {
        "title": {"runs": [{"text": video.channel}]},
        "subscriberCountText": {"simpleText": "1.2K subscribers"},
        "navigationEndpoint": browse,
    }
    contents = [
        {"videoPrimaryInfoRenderer": {"title": {"runs": [{"text": video.title}]}, "dateText": {"simpleText": "Mar 4, 2026"}}},
        {"videoSecondaryInfoRenderer": {"owner": {"videoOwnerRenderer": owner}}},
    ]
    data: JSON = {"contents": {"twoColumnWatchNextResults": {"results": {"results": {"contents": contents}}}}}
    if video.chapters:
        chapters = [
            {"chapterRenderer": {"title": {"simpleText": title}, "timeRangeStartMillis": round(at * 1000)}} for at, title in video.chapters
        ]
        bar = {"playerBar": {"chapteredPlayerBarRenderer": {"chapters": chapters}}}
        data["playerOverlays"] = {"playerOverlayRenderer": {"decoratedPlayerBarRenderer": {"decoratedPlayerBarRenderer": bar}}}
    return data


def default_world() -> World:
    return World(all_videos(), PLAYLISTS, channels())
