"""Which captions and formats are taken."""

import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.source.tracks import Track, audio_format, caption_tracks, size, spoken_language, video_formats
from pipeline.types import Origin

MANUAL, AUTO = Origin.CAPTIONS_MANUAL, Origin.CAPTIONS_AUTO


def track(key: str, *formats: str, translated: bool = False, heard: bool = False) -> dict[str, list[dict[str, str]]]:
    language = key.removesuffix("-orig") if heard else key
    extra = ("&kind=asr" if heard else "") + ("&tlang=" + key if translated else "")
    return {
        key: [
            {"ext": form, "url": f"https://www.youtube.com/api/timedtext?lang={language}&fmt={form}{extra}"}
            for form in formats or ("json3", "srv1", "vtt")
        ]
    }


ASR = {**track("en-orig", heard=True), **track("en", heard=True), **track("de", translated=True), **track("fr", translated=True)}


def chosen(
    subtitles: dict[str, Any], automatic: dict[str, Any], language: str | None = None, reader: str | None = None, title: str = ""
) -> list[str]:
    """The keys of the tracks, automatic ones with a star."""
    info = {"subtitles": subtitles, "automatic_captions": automatic, "language": language, "title": title, "formats": [{}]}
    return [found.key + ("*" if found.origin is Origin.CAPTIONS_AUTO else "") for found in caption_tracks(info, reader)]


@pytest.mark.parametrize(
    ("subtitles", "automatic", "language", "expected"),
    [
        ({}, {}, None, []),
        (track("en"), ASR, None, ["en", "en-orig*"]),
        ({**track("de"), **track("en-GB")}, ASR, None, ["en-GB", "en-orig*"]),
        (track("en-uYU-mmqFLq8"), ASR, None, ["en-uYU-mmqFLq8", "en-orig*"]),
        ({**track("en-uYU-mmqFLq8"), **track("en-GB"), **track("en")}, {}, "en", ["en", "en-GB"]),
        ({**track("en-uYU-mmqFLq8"), **track("en-GB")}, {}, "en", ["en-GB", "en-uYU-mmqFLq8"]),
        ({**track("zh-Hans"), **track("zh-Hant")}, {}, "zh-Hant", ["zh-Hant", "zh-Hans"]),
        ({**track("pt"), **track("pt-BR")}, {}, "pt-BR", ["pt-BR", "pt"]),
        ({**track("es-419"), **track("es-kq7rTbS")}, {}, "es", ["es-419", "es-kq7rTbS"]),
        (track("de"), ASR, None, ["en-orig*"]),
        (track("de"), {}, None, ["de"]),
        (track("de"), {}, "en-US", []),
        ({**track("de"), **track("en")}, {}, None, ["de", "en"]),
        ({}, track("en", heard=True), None, ["en*"]),
        ({}, {**track("en-orig", heard=True), **track("es-orig", heard=True)}, "es-US", ["es-orig*"]),
        ({}, {**track("de", translated=True)}, None, []),
        (track("de"), track("de"), "de", ["de"]),
        ({"live_chat": [{"ext": "json", "url": "https://x"}]}, {}, None, []),
        (track("en", "ass"), {}, None, []),
        (track("en", "ttml"), {}, None, ["en"]),
        ({"en": [{"ext": "json3"}]}, {}, None, []),
        ({"en": [{"ext": "json3", "url": "ftp://www.youtube.com/x"}]}, {}, None, []),
        ({"en": [{"ext": "vtt", "url": "https://manifest.googlevideo.com/index.m3u8", "protocol": "m3u8_native"}]}, {}, None, []),
        (track("iw"), {}, "he", ["iw"]),
    ],
)
def test_captions(subtitles: dict[str, Any], automatic: dict[str, Any], language: str | None, expected: list[str]) -> None:
    assert chosen(subtitles, automatic, language) == expected


@pytest.mark.parametrize(
    ("reader", "expected"),
    [
        (None, ["en-orig*"]),
        ("en", ["en-orig*"]),
        ("de", ["en-orig*", "de"]),
        ("pt", ["en-orig*", "pt-BR"]),
        ("nb", ["en-orig*", "no"]),
        ("fr", ["en-orig*"]),
    ],
)
def test_manual_captions_in_the_reader_s_language_come_last_and_translated_ones_never(reader: str | None, expected: list[str]) -> None:
    subtitles = {**track("de"), **track("pt-BR"), **track("no")}
    assert chosen(subtitles, ASR, None, reader) == expected


def test_of_captions_in_a_language_that_nobody_speaks_only_the_reader_s_are_taken() -> None:
    assert chosen({**track("de"), **track("es")}, {}, "en", "es") == ["es"]
    assert chosen({**track("de"), **track("es")}, {}, "en") == []


def test_the_title_tells_which_of_several_captions_are_those_of_the_speaker() -> None:
    subtitles = {**track("de"), **track("es")}
    assert chosen(subtitles, {}, title="Cómo se comunican las abejas entre ellas") == ["es"]
    assert chosen(subtitles, {}, title="Cómo se comunican las abejas entre ellas", reader="de") == ["es", "de"]


def test_json3_is_preferred_and_the_language_is_the_short_one() -> None:
    assert caption_tracks({"subtitles": track("pt-BR", "vtt", "srv1", "json3")})[0] == Track(
        "https://www.youtube.com/api/timedtext?lang=pt-BR&fmt=json3", "json3", "pt", MANUAL, "pt-BR"
    )


def test_a_real_video_of_yt_dlp_s(data: Path) -> None:
    """Among 251 keys there is one that was heard, one that was written, and copies of both under other keys."""
    info = json.loads((data / "youtube" / "ytdlp_info_json_pinchflat" / "media_metadata.json").read_text())
    assert spoken_language(info) == "en"
    assert [(track.key, track.origin, track.format) for track in caption_tracks(info)] == [("en-orig", AUTO, "json3")]
    assert [track.key for track in caption_tracks(info, "de")] == ["en-orig", "de"]
    assert not any("tlang=" in track.url for code in ("de", "fr", "zh", None) for track in caption_tracks(info, code))


def test_the_nine_tracks_of_a_recorded_answer(data: Path) -> None:
    answer = json.loads((data / "youtube" / "transcript_api_assets" / "youtube.innertube.json.static").read_text())
    info: dict[str, Any] = {"subtitles": {}, "automatic_captions": {}}
    for one in answer["captions"]["playerCaptionsTracklistRenderer"]["captionTracks"]:
        key = one["vssId"].lstrip("a.") + ("-orig" if one.get("kind") == "asr" else "")  # as yt-dlp names them
        info["automatic_captions" if one.get("kind") == "asr" else "subtitles"][key] = [
            {"ext": "json3", "url": one["baseUrl"] + "&fmt=json3"}
        ]
    assert len(info["subtitles"]) + len(info["automatic_captions"]) == 9
    assert [track.key for track in caption_tracks(info)] == ["en", "en-orig"]
    assert [track.key for track in caption_tracks(info, "ja")] == ["en", "en-orig", "ja"]
    del info["subtitles"]["en"]
    assert [track.key for track in caption_tracks(info, "pt")] == ["en-orig"]


@pytest.mark.parametrize(
    ("info", "language"),
    [
        ({}, None),
        ({"language": "en-US"}, "en"),
        ({"language": "und"}, None),
        ({"automatic_captions": ASR, "language": "de"}, "en"),
        ({"automatic_captions": track("ja", heard=True)}, "ja"),
        ({"automatic_captions": {**track("en-orig", heard=True), **track("es-orig", heard=True)}, "language": "es"}, "es"),
        ({"subtitles": {**track("es"), **track("en")}, "title": "Wie Bienen miteinander sprechen"}, None),
        ({"subtitles": track("es")}, "es"),
        ({"subtitles": {**track("es"), **track("en")}}, None),
    ],
)
def test_the_language_that_is_spoken(info: dict[str, Any], language: str | None) -> None:
    assert spoken_language(info) == language


def form(
    number: str,
    *,
    v: str = "none",
    a: str = "none",
    height: int | None = None,
    protocol: str = "https",
    preference: int | None = None,
    **more: Any,
) -> dict[str, Any]:
    return {
        "format_id": number,
        "vcodec": v,
        "acodec": a,
        "height": height,
        "protocol": protocol,
        "language_preference": preference,
        **more,
    }


SOUND = [form("249", a="opus"), form("140", a="mp4a.40.2"), form("251", a="opus")]
PICTURES = [
    form("160", v="avc1.4d400c", height=144), form("247", v="vp9", height=720), form("136", v="avc1.4d401f", height=720), form("398", v="av01.0.05M.08", height=720),
    form("137", v="avc1.640028", height=1080),
]  # fmt: skip


@pytest.mark.parametrize(
    ("formats", "expected"),
    [
        ([], None),
        ([*SOUND, *PICTURES], "251"),
        ([form("251", a="opus", preference=10), form("251-dub", a="opus", preference=-1)], "251"),
        ([form("251-dub", a="opus", preference=5), form("140", a="mp4a", preference=10)], "140"),
        ([form("233", a="mp4a", protocol="m3u8_native"), form("140", a="mp4a")], "140"),
        ([form("233", a="mp4a", protocol="m3u8_native")], None),
        ([form("140", a="mp4a", has_drm=True)], None),
        ([form("18", v="avc1", a="mp4a", height=360), form("22", v="avc1", a="mp4a", height=720)], "18"),
        (PICTURES, None),
    ],
)
def test_audio(formats: list[dict[str, Any]], expected: str | None) -> None:
    best = audio_format(formats)
    assert (best and best["format_id"]) == expected


@pytest.mark.parametrize(
    ("formats", "expected"),
    [
        ([], []),
        ([*SOUND, *PICTURES], ["136", "140"]),
        ([SOUND[0], SOUND[2], *PICTURES], ["136", "251"]),
        ([*SOUND, PICTURES[1], PICTURES[3]], ["398", "251"]),
        ([*SOUND, PICTURES[0], PICTURES[1]], ["247", "251"]),
        ([form("18", v="avc1", a="mp4a", height=360)], ["18"]),
        ([*PICTURES, form("18", v="avc1", a="mp4a", height=360)], ["18"]),
        (SOUND, []),
        ([PICTURES[4], *SOUND], ["137", "140"]),
    ],
)
def test_video(formats: list[dict[str, Any]], expected: list[str]) -> None:
    assert [found["format_id"] for found in video_formats(formats, 720)] == expected


def test_size_is_what_is_promised() -> None:
    assert (size({"filesize": 5}), size({"filesize_approx": 7.5}), size({})) == (5, 7, 0)
