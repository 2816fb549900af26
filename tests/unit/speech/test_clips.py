"""Speech is packed into what Whisper hears at once, and words get their times back."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from pipeline.speech.clips import HEARD_AT_ONCE, RATE, Clip, Stretch, cut, pack, take, whole_clips


@st.composite
def stretches(draw: st.DrawFn) -> tuple[Stretch, ...]:
    at, found = 0.0, []
    for silence, length in draw(st.lists(st.tuples(st.floats(0.1, 60), st.floats(0.2, HEARD_AT_ONCE)), max_size=40)):
        at += silence
        found.append(Stretch(at, at + length))
        at += length
    return tuple(found)


@given(stretches())
def test_packing_keeps_everything_in_order_and_within_the_limit(found: tuple[Stretch, ...]) -> None:
    clips = pack(found)

    assert tuple(part for clip in clips for part in clip.stretches) == found
    assert all(clip.stretches and clip.length <= HEARD_AT_ONCE + 1e-6 for clip in clips)


def test_a_clip_is_closed_at_the_longest_pause_when_it_is_nearly_full() -> None:
    found = (Stretch(0, 20), Stretch(20.5, 26.5), Stretch(28.5, 30), Stretch(30.2, 31.7), Stretch(32, 40))

    assert [len(clip.stretches) for clip in pack(found)] == [2, 3]


def test_short_speech_is_one_clip() -> None:
    assert pack((Stretch(1, 2), Stretch(50, 53))) == (Clip((Stretch(1, 2), Stretch(50, 53))),)
    assert pack(()) == ()


@pytest.mark.parametrize(
    ("within", "placed"),
    [
        ((0.5, 1.0), (10.5, 11.0)),
        ((3.9, 4.6), (30.0, 30.6)),
        ((4.5, 5.0), (30.5, 31.0)),
        ((6.9, 9.0), (32.0, 32.0)),
        ((3.0, 4.4), (13.0, 14.0)),
    ],
)
def test_a_word_is_placed_in_the_stretch_of_its_middle(within: tuple[float, float], placed: tuple[float, float]) -> None:
    clip = Clip((Stretch(10, 14), Stretch(30, 32)))

    assert clip.place(*within) == pytest.approx(placed)


def test_speech_that_touches_the_end_waits_for_the_rest() -> None:
    found = (Stretch(0, 5), Stretch(6, 20), Stretch(30, 40))

    assert cut(found, 40.0) == (found[:2], 30)
    assert cut(found, 45.0) == (found, 45.0)
    assert cut((), 40.0) == ((), 40.0)


def test_speech_without_a_pause_is_not_put_off_for_ever() -> None:
    assert cut((Stretch(10, 40),), 40.0) == ((Stretch(10, 40),), 40)


def test_speech_after_music_waits_for_its_rest_as_any_other_does() -> None:
    assert cut((Stretch(34.6, 40.0),), 40.0) == ((), 34.6)


def test_a_clip_that_is_not_full_waits_for_what_follows() -> None:
    full, rest = Stretch(0, 28), Stretch(29, 35)

    assert whole_clips((full, rest), 60.0) == ((Clip((full,)),), 29)
    assert whole_clips((full, rest, Stretch(50, 60)), 60.0) == ((Clip((full,)),), 29)
    assert whole_clips((rest,), 60.0) == ((Clip((rest,)),), 60.0)
    assert whole_clips((full, Stretch(29, 56)), 60.0) == ((Clip((full,)), Clip((Stretch(29, 56),))), 60.0)
    assert whole_clips((), 60.0) == ((), 60.0)


def test_taking_a_clip_leaves_the_silences_out() -> None:
    samples = np.arange(20 * RATE, dtype=np.float32)

    taken = take(samples, 100.0, Clip((Stretch(101, 102), Stretch(110, 110.5))))

    assert len(taken) == 1.5 * RATE
    assert taken[0] == RATE
    assert taken[RATE] == 10 * RATE
