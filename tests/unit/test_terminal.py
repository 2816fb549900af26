"""What `nutshell tldr` prints, style by style."""

import pytest

from pipeline.summary.styles import STYLES, telling
from pipeline.types import Video
from tests.unit.summary.test_styles import TEXTS, summary
from workers.terminal import print_summary

VIDEO = Video("youtube:abcdefghijk", "https://www.youtube.com/watch?v=abcdefghijk", "Lights", 60.0, language="en")


def printed(capsys: pytest.CaptureFixture[str], style: str | None = None, audience: str | None = None) -> str:
    print_summary(VIDEO, summary(), telling(style, audience))
    return " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("style", STYLES)
def test_every_style_prints_points_with_their_times(capsys: pytest.CaptureFixture[str], style: str) -> None:
    out = printed(capsys, style)

    told = [text for text in TEXTS["en"] if text in out]
    assert len(told) == (4 if style == "chapters" else 5)
    assert all(time in out for time in ("0:00", "0:10", "0:40"))


def test_what_each_style_adds(capsys: pytest.CaptureFixture[str]) -> None:
    assert "What is said about “The lens”?" in printed(capsys, "qa")
    assert "1. Fresnel cut away the inside of the lens in ____." in printed(capsys, "notes")
    assert "Answers: 1. 1823 (0:00)" in printed(capsys, "notes")
    assert "1 more point is not told here" in printed(capsys, "chapters")


def test_a_terminal_is_not_told_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    hostile = summary("en", ("The \x1b[31mred\x1b[0m light in 1823 was \x07 seen from far.",))
    for style in STYLES:
        print_summary(VIDEO, hostile, telling(style, None))

    assert "\x1b[31m" not in (out := capsys.readouterr().out)
    assert "\x07" not in out
