"""Playlists and channels: what yt-dlp reads of them, page by page. Only the page that is asked for is made, so a list may be as long as one likes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from tests.standin.captions import stamp
from tests.standin.videos import CHANNEL, HANDLE, JSON, Video

Tab = Literal["videos", "shorts", "streams", "playlists"]
PLAYLIST_PAGE, CHANNEL_PAGE = 100, 30
"""Entries a page, as on YouTube."""


@dataclass(frozen=True, slots=True)
class Playlist:
    title: str
    ids: Sequence[str] = ()
    fault: str | None = None
    """Why it cannot be read; None: it can."""
    channel: str = CHANNEL


@dataclass(slots=True)
class Channel:
    id: str
    handle: str
    """With its @."""
    title: str
    tabs: dict[Tab, list[str]] = field(default_factory=dict)
    """Ids of videos or playlists, newest first. A tab that is not here does not exist: YouTube shows the start page in its place."""

    @property
    def uploads(self) -> str:
        """The playlist of all videos."""
        return f"UU{self.id[2:]}"


class Lists:
    """Playlists by their id, channels by their id and handle."""

    def __init__(
        self,
        find: Callable[[str], Video | None],
        playlists: Mapping[str, Playlist],
        channels: Sequence[Channel],
        page_size: int = PLAYLIST_PAGE,
    ) -> None:
        self.find = find
        self.playlists = dict(playlists)
        self.channels = {name: channel for channel in channels for name in (channel.id, channel.handle)}
        self.page_size = page_size

    def named(self, list_id: str) -> Playlist | None:
        """A playlist, or that of all videos of a channel, which follows the channel."""
        if list_id.startswith("UU") and (channel := self.channels.get(f"UC{list_id[2:]}")):
            ids = [*channel.tabs.get("videos", ()), *channel.tabs.get("streams", ()), *channel.tabs.get("shorts", ())]
            return Playlist(f"Uploads from {channel.title}", ids, channel=channel.id)
        return self.playlists.get(list_id)

    def playlist(self, list_id: str) -> JSON:
        """The page of a playlist, with its first entries."""
        playlist = self.named(list_id) or Playlist("", fault="The playlist does not exist.")
        if playlist.fault:
            return {"alerts": [{"alertRenderer": {"type": "ERROR", "text": {"simpleText": playlist.fault}}}]}
        rows = {"playlistVideoListRenderer": {"contents": self.entries(list_id, playlist), "playlistId": list_id}}
        section = {"sectionListRenderer": {"contents": [{"itemSectionRenderer": {"contents": [rows]}}]}}
        owner = self.channels.get(playlist.channel)
        count = f"{len(playlist.ids):,} videos"
        header = {
            "playlistId": list_id, "title": {"simpleText": playlist.title}, "privacy": "PUBLIC",
            "ownerText": {"runs": [{"text": owner.title if owner else "Stand-in Channel", "navigationEndpoint": _owner(playlist.channel, owner)}]},
            "stats": [{"simpleText": count}], "byline": [{"playlistBylineRenderer": {"text": {"simpleText": count}}}],
        }  # fmt: skip
        return {
            **_tabs([{"tabRenderer": {"selected": True, "content": section}}]),
            "metadata": {"playlistMetadataRenderer": {"title": playlist.title, "description": "made by the stand-in"}},
            "header": {"playlistHeaderRenderer": header},
        }

    def browse(self, asked: JSON) -> JSON:
        """Further entries of a list, or a playlist by its innertube name."""
        token = asked.get("continuation")
        if not token:
            return self.playlist(asked.get("browseId", "")[2:])
        name, tab, start = token.split(":")
        rows = self.cards(self.channels[name], tab, int(start)) if tab else self.entries(name, self.named(name) or Playlist(""), int(start))
        return {"onResponseReceivedActions": [{"appendContinuationItemsAction": {"continuationItems": rows}}]}

    def entries(self, list_id: str, playlist: Playlist, start: int = 0) -> list[JSON]:
        end = min(start + self.page_size, len(playlist.ids))
        rows = [self.entry(index + 1, playlist.ids[index]) for index in range(start, end)]
        return rows + ([_more(f"{list_id}::{end}")] if end < len(playlist.ids) else [])

    def entry(self, index: int, video_id: str) -> JSON:
        """A row of a playlist. Of what is private or deleted YouTube gives a title in brackets and nothing else."""
        video = self.find(video_id)
        row: JSON = {
            "videoId": video_id, "title": {"runs": [{"text": "[Private video]"}]}, "index": {"simpleText": str(index)}, "isPlayable": False,
            "thumbnail": {"thumbnails": [{"url": f"https://i.ytimg.com/vi/{video_id}/hqdefault.jpg", "width": 168, "height": 94}]},
        }  # fmt: skip
        if video and video.bare and "removed" in str(video.status):
            row["title"] = {"runs": [{"text": "[Deleted video]"}]}
        elif video and not video.bare:
            browse = {"browseEndpoint": {"browseId": video.channel_id, "canonicalBaseUrl": f"/{video.handle}"}}
            row |= {
                "title": {"runs": [{"text": video.title}]}, "isPlayable": True,
                "shortBylineText": {"runs": [{"text": video.channel, "navigationEndpoint": browse}]}, **_lasting(video),
            }  # fmt: skip
        return {"playlistVideoRenderer": row}

    def channel(self, name: str, tab: str | None) -> JSON | None:
        """The page of a channel, opened at a tab; at its start page where there is no such tab. None: there is no such channel."""
        channel = self.channels.get(name)
        if channel is None:
            return None
        tabs = [_tab(channel, "featured", "Home", tab not in channel.tabs)]
        for known in channel.tabs:
            shown = _tab(channel, known, known.title() if known != "streams" else "Live", tab == known)
            if tab == known:
                shown["tabRenderer"]["content"] = self.grid(channel, known)
            tabs.append(shown)
        about = {
            "title": channel.title, "externalId": channel.id, "description": "made by the stand-in",
            "channelUrl": f"https://www.youtube.com/channel/{channel.id}", "vanityChannelUrl": f"http://www.youtube.com/{channel.handle}",
            "rssUrl": f"https://www.youtube.com/feeds/videos.xml?channel_id={channel.id}",
        }  # fmt: skip
        return {**_tabs(tabs), "metadata": {"channelMetadataRenderer": about}}

    def grid(self, channel: Channel, tab: Tab) -> JSON:
        rows = self.cards(channel, tab, 0)
        if tab != "playlists":
            return {"richGridRenderer": {"contents": rows}}
        return {"sectionListRenderer": {"contents": [{"itemSectionRenderer": {"contents": [{"gridRenderer": {"items": rows}}]}}]}}

    def cards(self, channel: Channel, tab: str, start: int) -> list[JSON]:
        ids = channel.tabs[tab]  # type: ignore[index]  # a token of ours
        end = min(start + CHANNEL_PAGE, len(ids))
        rows = [row for index in range(start, end) if (row := self.card(tab, ids[index]))]
        return rows + ([_more(f"{channel.id}:{tab}:{end}")] if end < len(ids) else [])

    def card(self, tab: str, item_id: str) -> JSON | None:
        if tab == "playlists":
            return _playlist_card(item_id, self.playlists[item_id])
        video = self.find(item_id)
        if video is None or video.bare:  # a channel does not show what nobody can see
            return None
        return _short_card(video) if tab == "shorts" else _card(video)


def _lasting(video: Video) -> JSON:
    """How long a video is; of one to come when it begins, of one that is live that it is."""
    badge = _badge(video)
    if badge == "UPCOMING":
        return {"upcomingEventData": {"startTime": str(round(video.begins()))}}
    if badge == "LIVE":
        return {"thumbnailOverlays": [{"thumbnailOverlayTimeStatusRenderer": {"style": "LIVE", "text": {"simpleText": "LIVE"}}}]}
    return {"lengthSeconds": str(round(video.duration))}


def _badge(video: Video) -> str:
    if video.details.get("isUpcoming"):
        return "UPCOMING"
    return "LIVE" if video.details.get("isLive") else stamp(video.duration, ".")[:8]


def _card(video: Video) -> JSON:
    text = _badge(video)
    style = {"badgeStyle": "THUMBNAIL_OVERLAY_BADGE_STYLE_LIVE"} if text == "LIVE" else {}
    overlay = {"thumbnailBottomOverlayViewModel": {"badges": [{"thumbnailBadgeViewModel": {"text": text, **style}}]}}
    ago = "Streamed 2 days ago" if video.details.get("isLiveContent") else "2 days ago"
    when = [{"text": {"content": "1.2K views"}}, {"text": {"content": ago}, "accessibilityLabel": ago}]
    about = {"contentMetadataViewModel": {"metadataRows": [{"metadataParts": when}]}}
    model = {
        "contentId": video.id, "contentType": "LOCKUP_CONTENT_TYPE_VIDEO",
        "metadata": {"lockupMetadataViewModel": {"title": {"content": video.title}, "metadata": about}},
        "contentImage": {"thumbnailViewModel": {"overlays": [overlay]}},
    }  # fmt: skip
    return {"richItemRenderer": {"content": {"lockupViewModel": model}}}


def _short_card(video: Video) -> JSON:
    model = {
        "entityId": f"shorts-shelf-item-{video.id}", "accessibilityText": f"{video.title}, 1.2K views - play Short",
        "onTap": {"innertubeCommand": {"reelWatchEndpoint": {"videoId": video.id}}},
        "overlayMetadata": {"primaryText": {"content": video.title}, "secondaryText": {"content": "1.2K views"}},
    }  # fmt: skip
    return {"richItemRenderer": {"content": {"shortsLockupViewModel": model}}}


def _playlist_card(list_id: str, playlist: Playlist) -> JSON:
    badge = {"thumbnailOverlayBadgeViewModel": {"thumbnailBadges": [{"thumbnailBadgeViewModel": {"text": f"{len(playlist.ids)} videos"}}]}}
    model = {
        "contentId": list_id, "contentType": "LOCKUP_CONTENT_TYPE_PLAYLIST", "metadata": {"lockupMetadataViewModel": {"title": {"content": playlist.title}}},
        "contentImage": {"collectionThumbnailViewModel": {"primaryThumbnail": {"thumbnailViewModel": {"overlays": [badge]}}}},
    }  # fmt: skip
    return {"lockupViewModel": model}


def _more(token: str) -> JSON:
    return {"continuationItemRenderer": {"continuationEndpoint": {"continuationCommand": {"token": token}}}}


def _owner(channel_id: str, channel: Channel | None) -> JSON:
    return {"browseEndpoint": {"browseId": channel_id, "canonicalBaseUrl": f"/{channel.handle if channel else HANDLE}"}}


def _tabs(tabs: list[JSON]) -> JSON:
    return {"contents": {"twoColumnBrowseResultsRenderer": {"tabs": tabs}}}


def _tab(channel: Channel, name: str, title: str, selected: bool) -> JSON:
    address = {"commandMetadata": {"webCommandMetadata": {"url": f"/{channel.handle}/{name}"}}}
    return {"tabRenderer": {"title": title, "selected": selected, "endpoint": address}}
