"""Clock labels and offsets."""

import pytest

from pipeline.timecode import clock, parse_interval, parse_offset, subtitle_stamp


@pytest.mark.parametrize(("seconds", "label"), [(0, "0:00"), (73.9, "1:13"), (3599.99, "59:59"), (4354, "1:12:34"), (36000, "10:00:00")])
def test_clock(seconds: float, label: str) -> None:
    assert clock(seconds) == label


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90),
        ("90s", 90),
        ("1m30s", 90),
        ("1h2m3s", 3723),
        ("1:02:03", 3723),
        ("1:30", 90),
        ("2m", 120),
        ("62:03", 3723),
        ("1:62:03", None),
        ("3600.5", 3600.5),
        ("0:01.250", 1.25),
        ("", None),
        ("x", None),
        ("-5", None),
    ],
)
def test_parse_offset(text: str, seconds: float | None) -> None:
    assert parse_offset(text) == seconds


def test_stamps_round_to_milliseconds_and_carry() -> None:
    assert subtitle_stamp(59.9996) == "00:01:00.000"
    assert subtitle_stamp(3661.5, comma=True) == "01:01:01,500"


@pytest.mark.parametrize(("text", "seconds"), [("15m", 900), ("90 min", 5400), ("6h", 21600), ("1.5D", 129600), ("2w", 1209600), (" 1h ", 3600)])
def test_intervals(text: str, seconds: float) -> None:
    assert parse_interval(text) == seconds


@pytest.mark.parametrize("text", ["", "6", "h", "-1h", "1h30m", "1e3h", "6 hours", "٣h", "9999999h"])
def test_what_is_no_interval(text: str) -> None:
    assert parse_interval(text) is None
