"""Which captions and formats are taken."""

from typing import Any

import pytest

from pipeline.source.tracks import Track, audio_format, caption_tracks, size, spoken_language, video_formats
from pipeline.types import Origin


def track(key: str, *formats: str, translated: bool = False) -> dict[str, list[dict[str, str]]]:
    extra = "&tlang=" + key if translated else ""
    return {
        key: [
            {"ext": form, "url": f"https://www.youtube.com/api/timedtext?lang={key}&fmt={form}{extra}"}
            for form in formats or ("json3", "srv1", "vtt")
        ]
    }


ASR = {**track("en-orig"), **track("en"), **track("de", translated=True), **track("fr", translated=True)}


def chosen(subtitles: dict[str, Any], automatic: dict[str, Any], language: str | None = None) -> list[tuple[str, Origin]]:
    info = {"subtitles": subtitles, "automatic_captions": automatic, "language": language}
    return [(found.url.partition("lang=")[2].partition("&")[0], found.origin) for found in caption_tracks(info)]


MANUAL, AUTO = Origin.CAPTIONS_MANUAL, Origin.CAPTIONS_AUTO


@pytest.mark.parametrize(
    ("subtitles", "automatic", "language", "expected"),
    [
        ({}, {}, None, []),
        (track("en"), ASR, None, [("en", MANUAL), ("en-orig", AUTO)]),
        ({**track("de"), **track("en-GB")}, ASR, None, [("en-GB", MANUAL), ("en-orig", AUTO)]),
        (track("en-uYU-mmqFLq8"), ASR, None, [("en-uYU-mmqFLq8", MANUAL), ("en-orig", AUTO)]),
        ({**track("en-GB"), **track("en")}, {}, "en", [("en", MANUAL)]),
        (track("de"), ASR, None, [("en-orig", AUTO)]),
        (track("de"), {}, None, [("de", MANUAL)]),
        (track("de"), {}, "en-US", []),
        ({**track("de"), **track("en")}, {}, None, [("de", MANUAL)]),
        ({}, track("en"), None, [("en", AUTO)]),
        ({}, {**track("de", translated=True)}, None, []),
        ({"live_chat": [{"ext": "json", "url": "https://x"}]}, {}, None, []),
        (track("en", "ttml"), {}, None, []),
        ({"en": [{"ext": "json3"}]}, {}, None, []),
        (track("iw"), {}, "he", [("iw", MANUAL)]),
    ],
)
def test_captions(subtitles: dict[str, Any], automatic: dict[str, Any], language: str | None, expected: list[tuple[str, Origin]]) -> None:
    assert chosen(subtitles, automatic, language) == expected


def test_json3_is_preferred_and_the_language_is_the_short_one() -> None:
    assert caption_tracks({"subtitles": track("pt-BR", "vtt", "srv1", "json3")})[0] == Track(
        "https://www.youtube.com/api/timedtext?lang=pt-BR&fmt=json3", "json3", "pt", MANUAL
    )


@pytest.mark.parametrize(
    ("info", "language"),
    [
        ({}, None),
        ({"language": "en-US"}, "en"),
        ({"language": "und"}, None),
        ({"automatic_captions": ASR, "language": "de"}, "en"),
        ({"automatic_captions": track("ja")}, "ja"),
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
        ([PICTURES[4], *SOUND], []),
    ],
)
def test_video(formats: list[dict[str, Any]], expected: list[str]) -> None:
    assert [found["format_id"] for found in video_formats(formats)] == expected


def test_size_is_what_is_promised() -> None:
    assert (size({"filesize": 5}), size({"filesize_approx": 7.5}), size({})) == (5, 7, 0)
