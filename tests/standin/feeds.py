"""The Atom feeds of channels and playlists, /feeds/videos.xml: the newest fifteen, in YouTube's own shape with its oddities."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from html import escape

from tests.standin.lists import Channel, Lists, Playlist
from tests.standin.server import Request, Response
from tests.standin.videos import Video

NEWEST = 15
SITE = "https://www.youtube.com"
FEED = """<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns:yt="http://www.youtube.com/xml/schemas/2015" xmlns:media="http://search.yahoo.com/mrss/" xmlns="http://www.w3.org/2005/Atom">
 <link rel="self" href="http://www.youtube.com/feeds/videos.xml?{query}"/>
{about}
 <title>{title}</title>
 <link rel="alternate" href="{page}"/>
 <author>
  <name>{channel}</name>
  <uri>https://www.youtube.com/channel/{channel_id}</uri>
 </author>
 <published>2019-05-06T07:08:09+00:00</published>
{entries}</feed>
"""
ENTRY = """ <entry>
  <id>yt:video:{id}</id>
  <yt:videoId>{id}</yt:videoId>
  <yt:channelId>{channel_id}</yt:channelId>
  <title>{title}</title>
  <link rel="alternate" href="{link}"/>
  <author>
   <name>{channel}</name>
   <uri>https://www.youtube.com/channel/{channel_id}</uri>
  </author>
  <published>{published}</published>
  <updated>{published}</updated>
  <media:group>
   <media:title>{title}</media:title>
   <media:content url="https://www.youtube.com/v/{id}?version=3" type="application/x-shockwave-flash" width="640" height="390"/>
   <media:thumbnail url="https://i1.ytimg.com/vi/{id}/hqdefault.jpg" width="480" height="360"/>
   <media:description>{description}</media:description>
   <media:community>
    <media:starRating count="12" average="5.00" min="1" max="5"/>
    <media:statistics views="1234"/>
   </media:community>
  </media:group>
 </entry>
"""


@dataclass(frozen=True, slots=True)
class _Feed:
    """What stands in the head of a feed, and whose entries."""

    query: str
    about: str
    page: str
    owner: Channel
    playlist: Playlist


def feed(lists: Lists, request: Request) -> Response:
    """404 for what does not exist, as YouTube answers. A stream to come stands in it too: the feed does not tell it from a video."""
    found = _of_channel(lists, request.query.get("channel_id", "")) or _of_playlist(lists, request.query.get("playlist_id", ""))
    if found is None:
        return Response("<html>Error 404 (Not Found)!!1</html>", 404)
    shown = [video for video_id in found.playlist.ids[: 20 * NEWEST] if (video := lists.find(video_id)) and not video.bare]
    if found.query.startswith("channel"):  # that of a playlist keeps the playlist's order
        shown.sort(key=_moment, reverse=True)
    shorts = set(found.owner.tabs.get("shorts", ()))
    body = FEED.format(
        query=found.query, about=found.about, page=found.page, title=escape(found.playlist.title), channel=escape(found.owner.title),
        channel_id=found.owner.id, entries="".join(_entry(video, shorts) for video in shown[:NEWEST]),
    )  # fmt: skip
    return Response(body, type="text/xml; charset=UTF-8", headers={"Cache-Control": "private, max-age=900"})


def _of_channel(lists: Lists, channel_id: str) -> _Feed | None:
    channel = lists.channels.get(channel_id) if channel_id.startswith("UC") else None
    if channel is None:
        return None
    about = f" <id>yt:channel:{channel.id[2:]}</id>\n <yt:channelId>{channel.id[2:]}</yt:channelId>"  # without UC, as there
    playlist = lists.named(channel.uploads)
    assert playlist
    page = f"{SITE}/channel/{channel.id}"
    return _Feed(f"channel_id={channel.id}", about, page, channel, replace(playlist, title=channel.title))


def _of_playlist(lists: Lists, list_id: str) -> _Feed | None:
    playlist = lists.named(list_id)
    owner = lists.channels.get(playlist.channel) if playlist and not playlist.fault else None
    if playlist is None or owner is None:
        return None
    about = f" <id>yt:playlist:{list_id}</id>\n <yt:playlistId>{list_id}</yt:playlistId>\n <yt:channelId>{owner.id[2:]}</yt:channelId>"
    return _Feed(f"playlist_id={list_id}", about, f"{SITE}/playlist?list={list_id}", owner, playlist)


def _entry(video: Video, shorts: set[str]) -> str:
    link = f"{SITE}/shorts/{video.id}" if video.id in shorts else f"{SITE}/watch?v={video.id}"
    return ENTRY.format(
        id=video.id, channel_id=video.channel_id, channel=escape(video.channel), title=escape(video.title), link=link,
        published=_moment(video).isoformat(), description=escape(video.description),
    )  # fmt: skip


def _moment(video: Video) -> datetime:
    return datetime.fromisoformat(video.published).astimezone(UTC)
