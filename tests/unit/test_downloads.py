"""Forms and clips: names that come back as they were, and everything that is refused with a line that says why."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, strategies as st

from pipeline.downloads import BEST, QUALITIES, Clip, Form, allowed, clip_between, lines, offered, parse, parse_clip, wanted
from pipeline.errors import InputError

CLIPS = st.none() | st.tuples(st.integers(0, 10**8), st.integers(100, 10**8)).map(lambda t: Clip(t[0] / 1000, (t[0] + t[1]) / 1000))
FORMS = st.one_of(
    st.builds(Form, st.just("audio"), st.sampled_from(("", "mp3", "m4a", "opus")), clip=CLIPS),
    st.builds(Form, st.just("video"), st.just(""), st.sampled_from((*QUALITIES, BEST)), CLIPS),
)


def taken(read: Callable[..., Any], *texts: str) -> Any:
    """What was read, or the code of the refusal; anything else that is raised is a failure."""
    try:
        return read(*texts)
    except InputError as error:
        return error.code


@given(FORMS)
def test_a_name_leads_back_to_its_form_and_is_fit_for_a_key(form: Form) -> None:
    assert parse(form.name) == form
    assert all(char.isascii() and (char.isalnum() or char == "-") for char in form.name)
    assert parse(form.base.name) == form.base


@given(st.text(max_size=60) | st.from_regex(r"(audio|video)[-a-z0-9p]{0,30}", fullmatch=True))
def test_whatever_is_taken_for_a_name_is_one(text: str) -> None:
    form = taken(parse, text)
    assert form == "bad_download" if isinstance(form, str) else form.name == text


@given(st.text(max_size=40), st.text(max_size=40))
def test_whatever_is_taken_for_a_clip_has_a_length(start: str, end: str) -> None:
    clip = taken(clip_between, start, end)
    assert clip == "bad_clip" if isinstance(clip, str) else 0 <= clip.start < clip.end < 1e6


@pytest.mark.parametrize(
    ("text", "clip"),
    [("1:00-2:30", Clip(60, 150)), ("90-1:02:03.5", Clip(90, 3723.5)), ("0–1m30s", Clip(0, 90)), (" 5 - 10 ", Clip(5, 10))],
)
def test_clips(text: str, clip: Clip) -> None:
    assert parse_clip(text) == clip


@pytest.mark.parametrize(
    "text",
    [
        "", "-", "1:00", "2:00-1:00", "1:00-1:00", "-5", "1-", "-1-2", "1-2-3", "nan-inf", "1e3-2e3", "0x1-0x2", "1:00;rm -rf-2:00", "٣-٩" * 30,
        "9" * 5000 + "-" + "9" * 5001, "0-" + "9" * 19, "1:99-2:00", "$(id)-2",
    ],
)  # fmt: skip
def test_what_is_no_clip_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_clip(text)
    assert caught.value.code == "bad_clip"
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("args", "name"),
    [
        (("audio",), "audio"), (("audio", "mp3"), "audio-mp3"), (("video",), "video"), (("video", "", "480"), "video-480p"), (("video", "", "480p"), "video-480p"),
        (("video", "", "best"), "video-best"), (("video", "", "720"), "video"), (("audio", "opus", "", Clip(60, 90.5)), "audio-opus-60000-90500"),
    ],
)  # fmt: skip
def test_what_is_asked_for(args: tuple[str, ...], name: str) -> None:
    assert wanted(*args).name == name  # type: ignore[arg-type]


@pytest.mark.parametrize("args", [("exe",), ("audio", "wav"), ("audio", "", "480"), ("video", "mp3"), ("video", "", "4320"), ("video", "", "-1"), ("",)])
def test_what_cannot_be_had(args: tuple[str, ...]) -> None:
    with pytest.raises(InputError) as caught:
        wanted(*args)
    assert caught.value.code == "bad_download"


def test_a_server_s_limit_holds() -> None:
    assert [form.name for form in offered(480) if form.what == "video"] == ["video-360p", "video-480p", "video-best"]
    assert [lines(form, 480) for form in (Form("video"), Form("video", quality=BEST), Form("video", quality=360))] == [480, 480, 360]
    with pytest.raises(InputError, match="at most 480 lines"):
        allowed(Form("video", quality=1080), 480, 60.0)


def test_a_clip_lies_in_the_recording() -> None:
    assert allowed(Form("audio", clip=Clip(5, 10)), 720, 10.0).clip == Clip(5, 10)
    assert allowed(Form("audio", clip=Clip(5, 10.9)), 720, 10.2).clip == Clip(5, 10.2)
    assert allowed(Form("audio", clip=Clip(5, 10)), 720, 0.0).clip == Clip(5, 10)
    for clip in (Clip(10, 20), Clip(5, 12), Clip(100, 200)):
        with pytest.raises(InputError, match="ends at 0:10") as caught:
            allowed(Form("audio", clip=clip), 720, 10.0)
        assert caught.value.code == "bad_clip"
