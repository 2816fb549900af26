"""Playlists and the channel: what yt-dlp reads of them, page by page."""

from tests.standin.captions import stamp
from tests.standin.videos import CHANNEL, JSON, Video

Playlist = tuple[str, tuple[str, ...], str | None]
"""Title, ids of the videos, and why it cannot be read (None: it can)."""
BROWSE = {"browseEndpoint": {"browseId": CHANNEL, "canonicalBaseUrl": "/@standin"}}


class Lists:
    def __init__(self, videos: dict[str, Video], playlists: dict[str, Playlist], page_size: int) -> None:
        self.videos = videos
        self.playlists = playlists
        self.page_size = page_size
        self.uploads = [video.id for video in videos.values() if not video.status and not video.http][:30]

    def playlist(self, list_id: str) -> JSON:
        title, _, fault = self.playlists.get(list_id, ("", (), "The playlist does not exist."))
        if fault:
            return {"alerts": [{"alertRenderer": {"type": "ERROR", "text": {"simpleText": fault}}}]}
        rows = {"playlistVideoListRenderer": {"contents": self.entries(list_id), "playlistId": list_id}}
        section = {"sectionListRenderer": {"contents": [{"itemSectionRenderer": {"contents": [rows]}}]}}
        header = {
            "playlistId": list_id,
            "title": {"simpleText": title},
            "privacy": "PUBLIC",
            "ownerText": {"runs": [{"text": "Stand-in Channel"}]},
        }
        return {
            **_tabs([{"tabRenderer": {"selected": True, "content": section}}]),
            "metadata": {"playlistMetadataRenderer": {"title": title, "description": "made by the stand-in"}},
            "header": {"playlistHeaderRenderer": header},
        }

    def browse(self, asked: JSON) -> JSON:
        if token := asked.get("continuation"):
            list_id, start = token.rsplit(":", 1)
            action = {"appendContinuationItemsAction": {"continuationItems": self.entries(list_id, int(start))}}
            return {"onResponseReceivedActions": [action]}
        return self.playlist(asked.get("browseId", "")[2:])

    def entries(self, list_id: str, start: int = 0) -> list[JSON]:
        ids = self.playlists[list_id][1]
        end = min(start + self.page_size, len(ids))
        rows = [self.entry(index + 1, ids[index]) for index in range(start, end)]
        if end < len(ids):
            command = {"continuationCommand": {"token": f"{list_id}:{end}"}}
            rows.append({"continuationItemRenderer": {"continuationEndpoint": command}})
        return rows

    def entry(self, index: int, video_id: str) -> JSON:
        video = self.videos.get(video_id)
        row: JSON = {
            "videoId": video_id, "title": {"runs": [{"text": "[Private video]"}]}, "index": {"simpleText": str(index)}, "isPlayable": False,
            "thumbnail": {"thumbnails": [{"url": f"https://i.ytimg.com/vi/{video_id}/hqdefault.jpg", "width": 168, "height": 94}]},
        }  # fmt: skip
        if video and not video.status:
            byline = {"runs": [{"text": video.channel, "navigationEndpoint": BROWSE}]}
            row |= {
                "title": {"runs": [{"text": video.title}]},
                "isPlayable": True,
                "lengthSeconds": str(round(video.duration)),
                "shortBylineText": byline,
            }
        return {"playlistVideoRenderer": row}

    def channel(self, tab: str | None) -> JSON:
        """The channel's page; its videos are under every tab that exists."""
        videos = {
            "title": "Videos",
            "selected": True,
            "endpoint": _address("videos"),
            "content": {"richGridRenderer": {"contents": self.cards()}},
        }
        tabs = [{"tabRenderer": {"title": "Home", "selected": False, "endpoint": _address("featured")}}, {"tabRenderer": videos}]
        about = {
            "title": "Stand-in Channel",
            "externalId": CHANNEL,
            "description": "x",
            "vanityChannelUrl": "http://www.youtube.com/@standin",
        }
        return {**_tabs(tabs), "metadata": {"channelMetadataRenderer": about}}

    def cards(self) -> list[JSON]:
        return [_card(self.videos[video_id]) for video_id in self.uploads]


def _card(video: Video) -> JSON:
    badge = {"thumbnailBadgeViewModel": {"text": stamp(video.duration, ".")[:8]}}
    overlay = {"thumbnailBottomOverlayViewModel": {"badges": [badge]}}
    model = {
        "contentId": video.id, "contentType": "LOCKUP_CONTENT_TYPE_VIDEO", "metadata": {"lockupMetadataViewModel": {"title": {"content": video.title}}},
        "contentImage": {"thumbnailViewModel": {"overlays": [overlay]}},
    }  # fmt: skip
    return {"richItemRenderer": {"content": {"lockupViewModel": model}}}


def _tabs(tabs: list[JSON]) -> JSON:
    return {"contents": {"twoColumnBrowseResultsRenderer": {"tabs": tabs}}}


def _address(tab: str) -> JSON:
    return {"commandMetadata": {"webCommandMetadata": {"url": f"/@standin/{tab}"}}}
