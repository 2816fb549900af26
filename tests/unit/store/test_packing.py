"""What is packed comes back; what names a transcript changes with every word of it."""

from dataclasses import replace

from hypothesis import given
from hypothesis.strategies import builds, floats, lists, none, text, tuples

from pipeline.store.packing import clean, hash_of, pack_segments, unpack_segments
from pipeline.types import Origin, Segment, Transcript

TIMES = tuples(floats(0, 1e6), floats(0, 1e6)).map(sorted)
SEGMENTS = lists(builds(lambda times, words, speaker: Segment(times[0], times[1], words, speaker), TIMES, text(), none() | text()), max_size=20).map(
    tuple
)
TALK = Transcript("en", Origin.SPEECH, "base", (Segment(0.0, 1.0, "One."), Segment(1.0, 2.0, "Two.", "Ana")))


@given(SEGMENTS)
def test_segments_come_back(segments: tuple[Segment, ...]) -> None:
    assert unpack_segments(pack_segments(segments)) == segments


def test_ten_minutes_of_speech_pack_to_a_third() -> None:
    words = "so what we want to look at today is how bees know the way back to the hive and why that took us so long to find out"
    segments = [Segment(i * 3.0, i * 3.0 + 2.9, words[i % 50 :] + f" {i * 7919}") for i in range(200)]

    assert len(pack_segments(segments)) * 3 < sum(len(segment.text) + 30 for segment in segments)


def test_a_hash_names_words_times_language_origin_and_model() -> None:
    others = [
        replace(TALK, language="pt"),
        replace(TALK, origin=Origin.FILE),
        replace(TALK, model="small"),
        replace(TALK, segments=TALK.segments[:1]),
        replace(TALK, segments=(Segment(0.0, 1.5, "One."), TALK.segments[1])),
        replace(TALK, segments=(TALK.segments[0], Segment(1.0, 2.0, "Two."))),
    ]

    assert hash_of(TALK) == hash_of(replace(TALK))
    assert len({hash_of(other) for other in (*others, TALK)}) == len(others) + 1


@given(text())
def test_clean_text_can_be_stored(words: str) -> None:
    assert "\x00" not in clean(words)
    clean(words).encode()


def test_clean_keeps_what_is_clean() -> None:
    assert clean("Olá, 世界 \U0001f41d\n") == "Olá, 世界 \U0001f41d\n"
    assert clean("a\ud83d") == "a?"
