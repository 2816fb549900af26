"""The innertube player reply: what a video is, which formats and captions it has, or why it cannot be played."""

import urllib.parse

from tests.standin.videos import JSON, Track, Video

YT = "https://www.youtube.com"
GVS = "rr1---sn-standin.googlevideo.com"
PLAYER = "/s/player/5d1a0c0d/player_ias.vflset/en_US/base.js"
SIGNATURE, SIGNED = "XerutangisdooG", "oodsignatureX"
CHALLENGE, SOLVED = "abc123", "321cbaZ"
"""What PLAYER_JS makes of them: the signature reversed without its last character, the n parameter reversed and a Z."""

# The shape that yt-dlp's solver looks for: a function that calls .set("alr","yes") on a url object with one more method. Written for this stand-in.
PLAYER_JS = """var _yt_player={};(function(g){var stand_in=1;
var cfg={signatureTimestamp:20345};
var Url=function(u){this.p={}};
Url.prototype.get=function(k){return this.p[k]===undefined?null:this.p[k]};
Url.prototype.set=function(k,v){this.p[k]=v};
Url.prototype.clone=function(){return this};
Url.prototype.mix=function(){var n=this.get("n");n&&this.set("n",n.split("").reverse().join("")+"Z")};
var unsign=function(s){return s.split("").reverse().slice(1).join("")};
var build=function(u,sp,s){var o=new Url(u);o.set("alr","yes");
s&&o.set(sp,encodeURIComponent(unsign(decodeURIComponent(s))));return o};
})(_yt_player);
"""
KINDS: dict[int, JSON] = {
    140: {"mimeType": 'audio/mp4; codecs="mp4a.40.2"', "audioSampleRate": "22050", "audioChannels": 1, "audioQuality": "AUDIO_QUALITY_MEDIUM", "quality": "tiny"},
    251: {"mimeType": 'audio/webm; codecs="opus"', "audioSampleRate": "48000", "audioChannels": 1, "audioQuality": "AUDIO_QUALITY_MEDIUM", "quality": "tiny"},
    136: {"mimeType": 'video/mp4; codecs="avc1.64001f"', "width": 1280, "height": 720, "fps": 2, "quality": "hd720", "qualityLabel": "720p"},
    247: {"mimeType": 'video/webm; codecs="vp9"', "width": 1280, "height": 720, "fps": 2, "quality": "hd720", "qualityLabel": "720p"},
}  # fmt: skip
GUESSED = {140: "m4a", 251: "webm"}
ORIGINAL = "en"
"""Language of what was said, where there are dubs."""


def no(status: str, reason: str | None = None, subreason: str | None = None, **more: object) -> JSON:
    """A playabilityStatus that says why not."""
    texts = {name: {"simpleText": text} for name, text in (("reason", reason), ("subreason", subreason)) if text}
    said = {"reason": reason} if reason else {}
    return {"status": status, **more, **said, "errorScreen": {"playerErrorMessageRenderer": texts}}


def player_response(video: Video | None, client: str) -> JSON:
    if not video:
        return {"responseContext": {}, "playabilityStatus": no("ERROR", "Video unavailable", "This video isn't available anymore")}
    status = video.status or {"status": "OK", "playableInEmbed": True}
    reply: JSON = {"responseContext": {"visitorData": "Cgtstandin"}, "playabilityStatus": status}
    if not video.bare:
        reply["videoDetails"] = details(video)
        if client == "WEB":  # only the web client has a microformat
            reply["microformat"] = {"playerMicroformatRenderer": microformat(video)}
    if not video.status:
        reply["streamingData"] = streaming(video, client)
        if video.tracks:
            reply["captions"] = {"playerCaptionsTracklistRenderer": captions(video, client)}
    return reply


def details(video: Video) -> JSON:
    picture = {"url": video.forged or f"https://i.ytimg.com/vi/{video.id}/hqdefault.jpg", "width": 480, "height": 360}
    return {
        "videoId": video.id, "title": video.title, "lengthSeconds": str(round(video.duration)), "channelId": video.channel_id, "author": video.channel,
        "shortDescription": video.description, "isPrivate": False, "viewCount": "1234", "isLiveContent": False, "keywords": ["stand-in"],
        "thumbnail": {"thumbnails": [picture]}, **video.details,
    }  # fmt: skip


def microformat(video: Video) -> JSON:
    return {
        "title": {"simpleText": video.title}, "description": {"simpleText": video.description}, "uploadDate": video.published,
        "publishDate": video.published, "lengthSeconds": str(round(video.duration)), "category": "Education",
        "ownerProfileUrl": f"http://www.youtube.com/{video.handle}", "externalChannelId": video.channel_id, "isFamilySafe": True, "isUnlisted": False,
        "availableCountries": ["DE", "US"], **video.live_details(), **video.micro,
    }  # fmt: skip


def captions(video: Video, client: str) -> JSON:
    reply: JSON = {"captionTracks": [caption_track(video, track) for track in video.tracks]}
    if client == "WEB":
        languages = (("de", "German"), ("en", "English"), ("es", "Spanish"), ("fr", "French"))
        reply["translationLanguages"] = [{"languageCode": code, "languageName": {"simpleText": name}} for code, name in languages]
    return reply


def caption_track(video: Video, track: Track) -> JSON:
    query = {"v": video.id, "expire": "1999999999", "sparams": "ip,ipbits,expire,v", "signature": "AB.CD", "key": "yt8", "lang": track.lang}
    query |= {"name": track.variant} if track.variant else {}
    query |= ({"kind": "asr", "caps": "asr"} if track.asr else {}) | ({"exp": "xpe"} if track.need_pot else {})
    return {
        "baseUrl": video.forged or f"{YT}/api/timedtext?" + urllib.parse.urlencode(query), "name": {"simpleText": track.name},
        "vssId": ("a." if track.asr else ".") + ".".join(filter(None, (track.lang, track.variant))), "languageCode": track.lang, "isTranslatable": True,
        **({"kind": "asr"} if track.asr else {}),
    }  # fmt: skip


def streaming(video: Video, client: str) -> JSON:
    if video.formats == "live":
        return {"expiresInSeconds": "21540", "hlsManifestUrl": "https://manifest.googlevideo.com/api/manifest/hls_variant/index.m3u8"}
    reply: JSON = {"expiresInSeconds": "21540", "adaptiveFormats": [] if video.formats == "none" else formats(video, client)}
    if video.formats == "drm":
        reply["licenseInfos"] = [{"drmFamily": "WIDEVINE"}]
    if client == "WEB":
        reply["serverAbrStreamingUrl"] = f"https://{GVS}/videoplayback?sabr=1"
    return reply


def formats(video: Video, client: str) -> list[JSON]:
    """One entry for each file; for a video without files the two sounds, which then answer 404. Dubs come first: who takes the first has a dub."""
    entries = [_format(video, client, itag, language) for language in video.dubs for itag in video.dubs[language]]
    return entries + [_format(video, client, itag, ORIGINAL if video.dubs and itag in GUESSED else "") for itag in video.media or GUESSED]


def _format(video: Video, client: str, itag: int, language: str) -> JSON:
    """`language`: of one of several sounds; empty where there is only one."""
    file = video.dubs[language].get(itag) if language in video.dubs else video.media.get(itag)
    size = video.content_length or (file.stat().st_size if file else round(video.duration * 6000))
    rate = round(size * 8 / max(video.duration, 1))
    entry: JSON = {
        "itag": itag, **KINDS[itag], "bitrate": rate, "averageBitrate": rate, "contentLength": str(size),
        "approxDurationMs": str(round(video.duration * 1000)),
    }  # fmt: skip
    mime = KINDS[itag]["mimeType"].split(";")[0]
    query = {"expire": "1999999999", "id": video.id, "itag": itag, "source": "youtube", "mime": mime, "c": client}
    if language:
        entry["audioTrack"] = _audio_track(language)
        query["xtags"] = f"acont={'original' if language == ORIGINAL else 'dubbed-auto'}:lang={language}"
    url = video.forged or f"https://{GVS}/videoplayback?" + urllib.parse.urlencode(query)
    match video.formats:
        case "drm":
            entry |= {"url": url, "drmFamilies": ["WIDEVINE"]}
        case "ciphered":
            entry["signatureCipher"] = urllib.parse.urlencode({"s": SIGNATURE, "sp": "sig", "url": f"{url}&n={CHALLENGE}"})
        case "throttled":
            entry |= {"url": f"{url}&n={CHALLENGE}"} if client != "WEB" else {}
        case "direct" if client != "WEB":  # today the web client gets no url at all
            entry["url"] = url
    return entry


def _audio_track(language: str) -> JSON:
    """The default is the reader's language, not the original: YouTube plays the dub to who does not ask."""
    name = {"en": "English", "de": "German", "es": "Spanish"}[language] + (" original" if language == ORIGINAL else "")
    return {"displayName": name, "id": f"{language}.{4 if language == ORIGINAL else 3}", "audioIsDefault": language == "de"}
