"""Links: every form that people paste, none that leads elsewhere."""

import string
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from pipeline.errors import InputError
from pipeline.source.links import Source, find_links, parse_link, parse_source, read_link

ID = "dQw4w9WgXcQ"
CANONICAL = f"https://www.youtube.com/watch?v={ID}"

UNDERSCORED = "https://www.youtube.com/playlist?list=PLabcdefghijklmnopqrstuvwxyz01234_"

GOOD = [
    ID,
    f"https://www.youtube.com/watch?v={ID}",
    f"http://youtube.com/watch?v={ID}",
    f"youtube.com/watch?v={ID}",
    f"//www.youtube.com/watch?v={ID}",
    f"HTTPS://WWW.YouTube.COM/watch?v={ID}",
    f"  <https://www.youtube.com/watch?v={ID}>\n",
    f"https://www.youtube.com:443/watch?v={ID}",
    f"https://m.youtube.com/watch?v={ID}&feature=youtu.be",
    f"https://music.youtube.com/watch?v={ID}&list=RDAMVM{ID}",
    f"https://gaming.youtube.com/watch?v={ID}",
    f"https://www.youtubekids.com/watch?v={ID}",
    f"https://www.youtube.com/watch?list=PL123456&v={ID}&index=3",
    f"https://www.youtube.com/watch?app=desktop&amp;v={ID}&amp;t=4",
    f"https://www.youtube.com/watch?v={ID}%20",
    f"https://www.youtube.com/watch/{ID}",
    f"https://www.youtube.com/?v={ID}",
    f"https://youtu.be/{ID}?si=AbCdEf",
    f"https://youtu.be/{ID}&feature=share",
    f"youtu.be/{ID}/",
    f"https://youtu.be/shorts/{ID}",
    f"https://www.youtube.com/shorts/{ID}?feature=share",
    f"https://www.youtube.com/live/{ID}?si=x",
    f"https://www.youtube.com/embed/{ID}?autoplay=1&rel=0",
    f"https://www.youtube-nocookie.com/embed/{ID}",
    f"https://youtube.googleapis.com/v/{ID}",
    f"https://www.youtube.com/v/{ID}?version=3",
    f"https://www.youtube.com/e/{ID}",
    f"https://www.youtube.com/attribution_link?a=x&u=%2Fwatch%3Fv%3D{ID}%26feature%3Dshare",
    f"https://www.youtube.com/redirect?event=x&q=https%3A%2F%2Fyoutu.be%2F{ID}",
    f"https://consent.youtube.com/m?continue=https%3A%2F%2Fwww.youtube.com%2Fwatch%3Fv%3D{ID}&gl=DE",
    f"https://www.google.com/url?sa=t&url=https%3A%2F%2Fwww.youtube.com%2Fwatch%3Fv%3D{ID}",
    f"https://www.youtube.com/oembed?url=https://www.youtube.com/watch?v={ID}",
    f"https://www.youtube.com/watch?v={ID}&title=日本語",
]

BAD = [
    "", " ", "hello", "two words", "https://", "http://[", "https://[::1", "-", "@", "#", "?v=", "watch?v=" + ID, "\x00",
    "https://www.youtube.com", "https://www.youtube.com/", "https://www.youtube.com/watch", "https://www.youtube.com/watch?v=", "https://youtu.be/",
    "https://www.youtube.com/watch?v=short", f"https://www.youtube.com/watch?v={ID}x", f"https://youtu.be/{ID[:-1]}", f"{ID}x", "https://www.youtube.com/shorts/",
    "https://www.youtube.com/watch?v=ｄQw4w9WgXcQ", "https://www.youtube.com/feed/trending", "https://www.youtube.com/results?search_query=cats",
    "https://vimeo.com/1", f"https://evil.test/watch?v={ID}", f"https://www.youtube.com.evil.test/watch?v={ID}", f"https://evilyoutube.com/watch?v={ID}",
    f"https://www.youtube.com@127.0.0.1/watch?v={ID}", f"https://user:pass@www.youtube.com/watch?v={ID}", f"https://www.youtube.com:8080/watch?v={ID}",
    f"https://www.youtube.com\\@evil.test/watch?v={ID}", f"https://evil.test\\.youtube.com/watch?v={ID}", f"https://www.youtube.com\t.evil.test/watch?v={ID}",
    f"https://www.youtube.com\n/watch?v={ID}", f"https://www.youtube.com#@evil.test/watch?v={ID}", f"https://ｗｗｗ.youtube.com/watch?v={ID}",
    f"https://www.youtube.com。/watch?v={ID}", f"https://www.youtube.com./watch?v={ID}", f"https://www.ｙoutube.com/watch?v={ID}", f"https://wwW.youtuBe.Kom/watch?v={ID}",
    "http://127.0.0.1/", "http://[::ffff:127.0.0.1]/", "http://2130706433/", "http://0x7f.1/", "https://169.254.169.254/latest", "file:///etc/passwd",
    f"file://www.youtube.com/watch?v={ID}", f"ftp://www.youtube.com/watch?v={ID}", f"javascript://www.youtube.com/watch?v={ID}", "ytsearch5:cats", "ytsearch:" + ID,
    "--exec", "-J", f"https://invidious.site/watch?v={ID}", f"{CANONICAL} --exec rm", "https://www.youtube.com/redirect?q=http://10.0.0.1",
    "https://www.youtube.com/redirect?q=https%3A%2F%2Fwww.youtube.com%2Fredirect%3Fq%3Dhttps%253A%252F%252Fyoutu.be%252F" + ID,
    f"https://www.youtube.com/attribution_link?u=//evil.test/watch?v={ID}", f"https://www.google.com/watch?v={ID}", f"https://www.youtube.com/watch#__youtubedl_smuggle={ID}",
    f"https://www.youtube.com/watch?v={ID}" + "&x=1" * 5000,
]  # fmt: skip

PLAYLISTS = [
    "https://www.youtube.com/playlist?list=PLrAXtmErZgOeiKm4sgNOknGvNjby9efdf",
    "https://music.youtube.com/playlist?list=OLAK5uy_abc",
    "https://www.youtube.com/watch?list=PLrAXtmErZgOe",
    "https://www.youtube.com/embed/videoseries?list=PLrAXtmErZgOe",
    "https://www.youtube.com/@standin",
    "https://www.youtube.com/@stand.in-x/videos",
    "https://www.youtube.com/@日本",
    "https://www.youtube.com/channel/UCstandinstandinstandin1/videos",
    "https://www.youtube.com/c/Stand",
    "https://www.youtube.com/user/standin",
]

STARTS = {
    "t=90": 90.0, "t=90s": 90.0, "t=1m30s": 90.0, "t=1h2m3s": 3723.0, "t=1:02:03": 3723.0, "start=15": 15.0, "time_continue=7": 7.0, "feature=share&t=5": 5.0,
    "t=": None, "t=abc": None, "t=-5": None, "t=0": None, "t=99999999999": None, "t=" + "9" * 400: None, "t=" + "9" * 400 + ":00:00": None,
}  # fmt: skip


@pytest.mark.parametrize("text", GOOD)
def test_every_form_of_a_link_gives_the_same_video(text: str) -> None:
    source = parse_link(text)
    assert (source.kind, source.source_id, source.url, source.path) == ("youtube", f"youtube:{ID}", CANONICAL, None)


@pytest.mark.parametrize("text", BAD)
def test_anything_else_is_a_bad_link(text: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_link(text)
    assert caught.value.code == "bad_link"


@pytest.mark.parametrize("text", PLAYLISTS)
def test_playlists_and_channels_have_their_own_error(text: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_link(text)
    assert caught.value.code == "playlist"
    assert read_link(text).kind == "playlist"
    assert read_link(text).url.isascii()


@pytest.mark.parametrize(("query", "start"), STARTS.items())
def test_the_time_of_a_link_is_kept_and_junk_dropped(query: str, start: float | None) -> None:
    assert parse_link(f"https://youtu.be/{ID}?{query}") == Source("youtube", f"youtube:{ID}", CANONICAL, None, start)


def test_the_time_may_stand_in_the_fragment() -> None:
    assert parse_link(f"{CANONICAL}#t=1m1s").start == 61.0


def test_a_cut_off_id_is_named_as_such() -> None:
    with pytest.raises(InputError, match="this one has 5: copy the whole link"):
        parse_link("https://www.youtube.com/watch?v=short")


def test_links_are_found_in_a_text_once_each_and_in_order() -> None:
    other = "aaaaaaaaaaa"
    text = f"""See https://youtu.be/{other}?t=9, and (https://www.youtube.com/watch?v={ID}). Again: [talk](https://m.youtube.com/watch?v={ID})
        https://www.youtube.com/playlist?list=PL123 https://evil.test/youtube.com/watch?v={ID} programming"""
    assert [(source.source_id, source.start) for source in find_links(text)] == [(f"youtube:{other}", 9.0), (f"youtube:{ID}", None)]


def test_a_bare_id_is_found_only_when_it_is_the_whole_text() -> None:
    assert [source.url for source in find_links(f" {ID}\n")] == [CANONICAL]
    assert find_links("I like programming today") == ()


PARTS = st.sampled_from(
    ["https://", "http:", "//", "www.", "youtube.com", "youtu.be", "/watch", "?v=", "&", "t=", "list=", ID, "/embed/", "@", ":", "#", "%", "[", "]", "\\", "\u2100", "u=", "/redirect?q=",
     "google.com/url?q=", "\n", "amp;", "1h", "9" * 30, "."]
)  # fmt: skip
NASTY = st.one_of(st.text(), st.lists(st.one_of(PARTS, st.text(max_size=3)), max_size=14).map("".join))


@given(NASTY)
def test_no_text_raises_anything_but_its_own_error(text: str) -> None:
    try:
        source = parse_link(text)
    except InputError as error:
        assert error.code in ("bad_link", "playlist")  # noqa: PT017 - either outcome is right
    else:
        assert source.url.startswith("https://www.youtube.com/watch?v=")
        assert set(source.url[32:]) <= set(string.ascii_letters + string.digits + "-_")
        assert len(source.url) == 43
        assert parse_link(source.url) == Source("youtube", source.source_id, source.url)


@given(NASTY)
def test_looking_for_links_never_fails(text: str) -> None:
    assert all(source.kind == "youtube" for source in find_links(text))


@given(st.from_regex(r"[A-Za-z0-9_-]{11}", fullmatch=True), st.sampled_from(GOOD[1:]), st.integers(1, 86400))
def test_every_id_survives_every_form(video_id: str, form: str, seconds: int) -> None:
    assert parse_link(form.replace(ID, video_id)).source_id == f"youtube:{video_id}"
    assert parse_link(f"https://youtu.be/{video_id}?t={seconds}").start == seconds


def test_a_file_is_known_by_its_content(tmp_path: Path) -> None:
    one, two = tmp_path / "talk.srt", tmp_path / "copy of talk.txt"
    for path in (one, two):
        path.write_text("1\n00:00:01,000 --> 00:00:02,000\nHello\n")
    first, second = parse_source(str(one)), parse_source(str(two))
    assert (first.kind, first.url, first.path) == ("transcript", "", one)
    assert first.source_id == second.source_id
    assert first.source_id.startswith("file:")
    assert len(first.source_id) == 69


@pytest.mark.parametrize("text", ["/nowhere/talk.mp4", "./talk.srt", "talk.mp4", "x" * 5000, "a\x00b", "~nobody/x"])
def test_a_missing_file_is_a_bad_link(text: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_source(text)
    assert caught.value.code == "bad_link"


def test_a_text_under_the_name_of_a_recording_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "talk.mp4"
    path.write_text("only words")
    with pytest.raises(InputError, match="It holds text") as caught:
        parse_source(str(path))
    assert caught.value.code == "bad_media"


def test_the_command_line_takes_links_too() -> None:
    assert parse_source(f"https://youtu.be/{ID}?t=3") == Source("youtube", f"youtube:{ID}", CANONICAL, None, 3.0)


@pytest.mark.parametrize("text", [UNDERSCORED, f"See {UNDERSCORED}.", f"_{UNDERSCORED}_", f"**({UNDERSCORED})**"])
def test_the_id_of_a_playlist_keeps_its_last_character(text: str) -> None:
    assert [source.url for source in find_links(text, lists=True)] == [UNDERSCORED]
