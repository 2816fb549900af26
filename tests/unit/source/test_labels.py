"""Covers are looked at by their header only."""

import pytest
from hypothesis import given, strategies as st

from pipeline.source.labels import clipped, jpeg_size
from tests.standin.pictures import picture


def test_the_size_of_a_real_picture() -> None:
    assert jpeg_size(picture("stVideo0001", "hqdefault")) == (480, 360)


@pytest.mark.parametrize("data", [b"", b"\xff\xd8", b"\xff\xd8\xff", b"RIFF1234WEBPVP8 ", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xc0\x00\x0b\x08\0\0\0\0\0", b"\xff\xd8\xff\xe0\0\0" * 9])
def test_what_is_no_picture(data: bytes) -> None:
    assert jpeg_size(data) is None


@given(st.binary(max_size=200))
def test_hostile_headers_do_not_crash_it(data: bytes) -> None:
    size = jpeg_size(b"\xff\xd8" + data)
    assert size is None or min(size) > 0


def test_chapters_of_a_clip() -> None:
    chapters = [(0.0, 10.0, "a"), (10.0, 20.0, "b"), (20.0, 30.0, "c")]
    assert clipped(chapters, 5.0, 15.0) == [(0.0, 5.0, "a"), (5.0, 10.0, "b")]
    assert clipped(chapters, 11.0, 19.0) == []
