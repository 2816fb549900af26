"""Lists of videos as other programs write them, read by the real child process."""

import csv
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from pipeline.errors import InputError
from pipeline.source import importing, importing_child, sandbox, takeout
from pipeline.source.importing import Section
from pipeline.source.takeout import Channel
from pipeline.types import Entry

ID = "dQw4w9WgXcQ"
CHANNEL = "UC" + "a" * 22
Read = tuple[dict[str, list[Entry]], tuple[Channel, ...]]


def watched(number: int, *, title: str = "Watched Talk {0}", **more: Any) -> dict[str, Any]:
    video = f"v{number:010}"
    return {
        "header": "YouTube", "title": title.format(number), "titleUrl": f"https://www.youtube.com/watch?v\u003d{video}", "products": ["YouTube"],
        "subtitles": [{"name": "Somebody", "url": f"https://www.youtube.com/channel/{CHANNEL}"}], "time": f"2026-0{1 + number % 9}-15T10:11:12.345Z", **more,
    }  # fmt: skip


def rows(*lines: list[str]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(lines)
    return text.getvalue()


def read(path: Path, *, loose: bool = False) -> Read:
    found: dict[str, list[Entry]] = {}

    def page(section: Section, entries: tuple[Entry, ...]) -> None:
        found.setdefault(f"{section.kind} {section.title}", []).extend(entries)

    channels = importing.read(path, path.name, sandbox.quiet, page, loose=loose)
    return found, channels


def ids(entries: list[Entry]) -> list[str]:
    return [entry.source_id.removeprefix("youtube:") for entry in entries]


def code(path: Path, **options: bool) -> str:
    with pytest.raises(InputError) as caught:
        read(path, **options)
    return caught.value.code


SUBSCRIPTIONS = rows(["Channel Id", "Channel Url", "Channel Title"], [CHANNEL, f"http://www.youtube.com/channel/{CHANNEL}", "Some, body"])
PLAYLIST = rows(["Video ID", "Playlist Video Creation Timestamp"], [f" {ID}", "2023-02-03T04:05:06+00:00"], ["aaaaaaaaaaa", "2024-01-01T00:00:00+00:00"])
PAGE = (
    '<!DOCTYPE html><html><body><div class="outer-cell mdl-cell mdl-cell--12-col">Angesehen: '
    f'<a href="https://www.youtube.com/watch?v={ID}">A &amp; B</a><br><a href="https://www.youtube.com/channel/{CHANNEL}">C</a><br>01.11.2026, 10:11:12 MEZ</div>'
    '<a href="https://music.youtube.com/watch?v=aaaaaaaaaaa">Song</a></body></html>'
)  # fmt: skip


def test_a_watch_history_gives_each_video_once_with_the_day_it_was_watched_last(tmp_path: Path) -> None:
    path = tmp_path / "Wiedergabeverlauf.json"
    song, advert = watched(7, header="YouTube Music"), watched(8, details=[{"name": "From Google Ads"}])
    items = [watched(2), song, advert, watched(1), {**watched(2), "time": "2001-01-01T00:00:00Z"}, {"header": "YouTube", "title": "Visited a channel"}, watched(3)]
    path.write_text(json.dumps(items))
    found, channels = read(path)

    assert list(found) == ["history Watch history"]
    assert [(entry.source_id, entry.title, entry.published) for entry in found["history Watch history"]] == [
        ("youtube:v0000000002", "Talk 2", "2026-03-15"), ("youtube:v0000000001", "Talk 1", "2026-02-15"), ("youtube:v0000000003", "Talk 3", "2026-04-15"),
    ]  # fmt: skip
    assert channels == ()


def test_what_a_language_puts_around_each_title_goes(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text(json.dumps([watched(number, title="Über {0} angesehen") if number % 2 else watched(number, title="Talk {0} angesehen") for number in range(20)]))

    assert [entry.title for entry in read(path)[0]["history Watch history"]][:2] == ["Talk 0", "Über 1"]


def test_the_other_files_of_takeout(tmp_path: Path) -> None:
    for name, text in {"s.csv": SUBSCRIPTIONS, "Später ansehen.csv": PLAYLIST, "h.html": PAGE}.items():
        (tmp_path / name).write_text(text)
    old = [{"snippet": {"title": "Somebody", "resourceId": {"kind": "youtube#channel", "channelId": CHANNEL}}}]
    (tmp_path / "s.json").write_text(json.dumps(old))

    assert [(channel.source.url, channel.title) for channel in read(tmp_path / "s.csv")[1]] == [(f"https://www.youtube.com/channel/{CHANNEL}/videos", "Some, body")]
    assert [channel.title for channel in read(tmp_path / "s.json")[1]] == ["Somebody"]
    playlist = read(tmp_path / "Später ansehen.csv")[0]["playlist Später ansehen"]
    assert [(entry.source_id, entry.published) for entry in playlist] == [(f"youtube:{ID}", "2023-02-03"), ("youtube:aaaaaaaaaaa", "2024-01-01")]
    assert [(entry.source_id, entry.title) for entry in read(tmp_path / "h.html")[0]["history Watch history"]] == [(f"youtube:{ID}", "A & B")]


def test_links_in_any_text_also_across_the_borders_of_what_is_read_at_once(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    many = ",".join(f"https://youtu.be/v{number:010}" for number in range(9000))
    path.write_text('{"url":"https:\\/\\/www.youtube.com\\/@standin","x":"https:\\/\\/youtu.be\\/' + ID + '"}\n' + many)
    found, channels = read(path, loose=True)

    assert path.stat().st_size > 3 * takeout.CHUNK
    assert ids(found["links list"]) == [ID, *(f"v{number:010}" for number in range(9000))]
    assert [channel.source.url for channel in channels] == ["https://www.youtube.com/@standin/videos"]


@pytest.mark.parametrize(
    ("name", "text", "is_list"),
    [
        ("a.txt", f"# mine\nhttps://youtu.be/{ID}\n\nwww.youtube.com/watch?v=aaaaaaaaaaa  a talk\n", True), ("a.txt", f"He said: see https://youtu.be/{ID}\nand went on.\n", False),
        ("a.txt", "Words\n", False), ("a.txt", "", False), ("a.csv", PLAYLIST, True), ("a.csv", SUBSCRIPTIONS, True), ("a.csv", "a,b\n1,2\n", False), ("a.html", PAGE, True),
        ("a.html", "<html>https://youtu.be/x</html>", False), ("a.json", json.dumps([watched(1)]), True), ("a.json", '{"events": []}', False), ("a.json", "[1, 2]", False),
        ("a.srt", f"https://youtu.be/{ID}", False), ("a.zip", "PK\x03\x04", True), ("a.zip", "no", False),
    ],
)  # fmt: skip
def test_what_is_taken_for_a_list_without_being_called_one(tmp_path: Path, name: str, text: str, is_list: bool) -> None:
    (tmp_path / name).write_text(text)

    assert importing.is_list(tmp_path / name) is is_list


def archive(path: Path, members: dict[str, str], **options: Any) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, **options) as file:
        for name, text in members.items():
            file.writestr(name, text)
    return path


def test_an_archive_gives_a_list_for_each_file_whatever_it_is_called_and_nothing_is_unpacked(tmp_path: Path) -> None:
    path = archive(
        tmp_path / "takeout.zip",
        {
            "Takeout/YouTube und YouTube Music/Verlauf/Wiedergabeverlauf.json": json.dumps([watched(1)]), "Takeout/../../../etc/cron.d/x.csv": PLAYLIST,
            "/abs/olute\x1b[31m.csv": SUBSCRIPTIONS, "Takeout/archive_browser.html": "<html>https://youtu.be/bbbbbbbbbbb</html>", "notes.txt": f"https://youtu.be/{ID}", "x/y.mp4": "PK",
        },
    )  # fmt: skip
    before = set(tmp_path.rglob("*"))
    found, channels = read(path)

    assert {title: ids(entries) for title, entries in found.items()} == {"history Watch history": ["v0000000001"], "playlist x": [ID, "aaaaaaaaaaa"]}
    assert [channel.title for channel in channels] == ["Some, body"]
    assert set(tmp_path.rglob("*")) == before
    assert not Path("/etc/cron.d/x.csv").exists()


def test_the_same_list_has_the_same_key_in_and_out_of_an_archive(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text(PLAYLIST, newline="")
    keys: list[str] = []
    for path in (tmp_path / "p.csv", archive(tmp_path / "one.zip", {"p.csv": PLAYLIST}), archive(tmp_path / "two.zip", {"a.csv": "1,2", "q/p.csv": PLAYLIST})):
        importing.read(path, path.name, sandbox.quiet, lambda section, _: keys.append(section.key))

    assert len(keys) == 3
    assert len(set(keys)) == 1


def test_an_archive_that_unpacks_to_more_than_anybody_watches_is_refused(tmp_path: Path) -> None:
    """Two members of 150 MB each in less than 1 MB."""
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as file:
        for name in ("a.csv", "b.csv"):
            with file.open(name, "w", force_zip64=True) as member:
                member.write(PLAYLIST.encode())
                for _ in range(150):
                    member.write((b"x" * 1023 + b"\n") * 1024)

    assert path.stat().st_size < 3 * 1024**2
    with pytest.raises(InputError, match="more than 256 MB") as caught:
        read(path)
    assert caught.value.code == "bad_list"


def test_damaged_locked_and_empty_archives_are_refused(tmp_path: Path) -> None:
    whole = archive(tmp_path / "whole.zip", {"h.json": json.dumps([watched(number) for number in range(5000)])}).read_bytes()
    for name, data in {"cut.zip": whole[: len(whole) // 2], "changed.zip": whole[:2000] + bytes(3000) + whole[5000:], "empty.zip": b"PK\x05\x06" + bytes(18)}.items():
        (tmp_path / name).write_bytes(data)
        assert code(tmp_path / name) == "bad_list"


@pytest.mark.parametrize(
    "text", ["[" * 200_000, '[{"titleUrl": "' + "x" * 3_000_000, json.dumps([watched(1)])[:-1], '[{"titleUrl": NaN}, {]', "[", "a,b\n1,2", '"' + "x" * 300_000]
)
def test_damaged_lists_are_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.json"
    path.write_text('[{"titleUrl": ""},' + text[1:] if text.startswith("[") else text)

    assert code(path) == "bad_list"


@pytest.fixture(name="nasty", scope="module")
def _nasty() -> list[bytes]:
    return [json.dumps([watched(1)]).encode(), SUBSCRIPTIONS.encode(), PLAYLIST.encode(), PAGE.encode()]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.data())
def test_no_bytes_raise_anything_but_their_own_error(nasty: list[bytes], data: st.DataObject) -> None:
    text = bytearray(data.draw(st.sampled_from(nasty)))
    for at in data.draw(st.lists(st.integers(0, len(text) - 1), max_size=8)):
        text[at : at + data.draw(st.integers(0, 5))] = data.draw(st.binary(max_size=6))
    content = bytes(text)
    form = data.draw(st.sampled_from([takeout.form_of(content), *takeout._READERS]))
    takeout.is_links(content)
    if form is not None:
        try:
            for item in takeout.read(form, io.BytesIO(content)):
                assert isinstance(item, Entry | Channel)
        except InputError as error:
            assert error.code == "bad_list"  # noqa: PT017 - either outcome is right


def test_a_hundred_thousand_videos_are_told_page_by_page(tmp_path: Path) -> None:
    path = tmp_path / "h.json"
    with path.open("w") as file:
        file.write("[" + ",".join(f'{{"titleUrl":"https://youtu.be/v{number:010}"}}' for number in range(importing_child.MOST_ITEMS + 50)) + "]")
    pages: list[int] = []
    importing.read(path, path.name, sandbox.quiet, lambda _, entries: pages.append(len(entries)))

    assert sum(pages) == importing_child.MOST_ITEMS
    assert max(pages) == importing_child.PAGE


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_list_of_bare_ids(tmp_path: Path, end: str, encoding: str) -> None:
    path = tmp_path / "ids.txt"
    path.write_bytes((f"# mine\n{ID}\naaaaaaaaaaa\nbbbbbbbbbbb{end}").encode(encoding))
    found, _ = read(path)

    assert [ids(entries) for entries in found.values()] == [[ID, "aaaaaaaaaaa", "bbbbbbbbbbb"]]


def test_the_last_word_of_a_list_is_no_video(tmp_path: Path) -> None:
    path = tmp_path / "links.txt"
    path.write_text(f"https://youtu.be/{ID} about performance")
    found, _ = read(path)

    assert [ids(entries) for entries in found.values()] == [[ID]]
