"""The stream of groups, with a model that says what it was told to: order, language, progress, errors. The real model is tested in tests/integration."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from pipeline.config import Settings
from pipeline.errors import Cancelled, ModelError
from pipeline.speech import whisper
from pipeline.speech.audio import RATE, Window
from pipeline.speech.clips import Clip, Stretch
from pipeline.speech.engine import Device, Heard
from pipeline.speech.guards import Evidence
from pipeline.speech.whisper import Recogniser, known_language, language_of, plain_code, spoken
from pipeline.speech.words import Word
from pipeline.types import Progress

LENGTH = 600
"""Seconds of the recording that `recogniser` hears: in every 10 the first 8 are speech."""


@dataclass
class Parrot:
    """An engine that hears one sentence in every clip: the number of the clip's first second."""

    probabilities: list[dict[str, float]] = field(default_factory=lambda: [{"en": 0.9, "de": 0.1}])
    failure: Exception | None = None
    languages: frozenset[str] = frozenset({"en", "de", "jw"})
    device: Device = field(default_factory=lambda: Device("cpu", "int8", 2, 1, 4, "a test"))
    heard: list[tuple[int, str, str]] = field(default_factory=list)
    """Clips in a batch, language and task of each call."""
    listened: int = 0

    def picture(self, samples: np.ndarray) -> float:
        return float(samples[0])

    def listen(self, picture: float) -> tuple[float, dict[str, float]]:
        self.listened += 1
        return picture, self.probabilities[min(self.listened, len(self.probabilities)) - 1]

    def hear(self, pictures: Sequence[float], language: str, task: str, seconds: Sequence[float]) -> list[tuple[Heard, ...]]:
        if self.failure:
            raise self.failure
        self.heard.append((len(pictures), language, task))
        return [
            (Heard((Word(f" second {round(picture)}.", 0.0, min(length, 1.0)),), Evidence(0.0, -0.1, "second")),)
            for picture, length in zip(pictures, seconds, strict=True)
        ]


@pytest.fixture(name="parrot")
def _parrot(monkeypatch: pytest.MonkeyPatch) -> Parrot:
    parrot = Parrot()

    def windows(path: Path, *, seconds: float, start: float, longest: float, idle: object) -> Generator[Window]:
        """A sample holds the second that it belongs to."""
        for at in np.arange(start, LENGTH, seconds):
            count = int(min(seconds, LENGTH - at) * RATE)
            yield Window(float(at), (at + np.arange(count) / RATE).astype(np.float32))

    def find_speech(samples: np.ndarray, start: float) -> tuple[Stretch, ...]:
        end = start + len(samples) / RATE
        return tuple(Stretch(max(start, at), min(at + 8.0, end)) for at in range(0, LENGTH, 10) if at + 8 > start and at < end)

    monkeypatch.setattr(whisper.audio, "windows", windows)
    monkeypatch.setattr(whisper, "find_speech", find_speech)
    monkeypatch.setattr(Recogniser, "_engine", parrot)
    monkeypatch.setattr(Recogniser, "_device", parrot.device)
    return parrot


@pytest.fixture(name="recogniser")
def _recogniser(parrot: Parrot, tmp_path: Path) -> Recogniser:
    return Recogniser(Settings(home=tmp_path))


def groups(recogniser: Recogniser, **options: object) -> list[whisper.Heard]:
    return list(recogniser.transcribe(Path("a.wav"), **({"emit": lambda progress: None} | options)))  # type: ignore[arg-type]


def test_all_is_heard_once_in_order(recogniser: Recogniser) -> None:
    found = groups(recogniser)
    starts = [segment.start for group in found for segment in group.segments]

    assert starts == sorted(starts)
    assert [float(segment.text.removeprefix("second ").rstrip(".")) for group in found for segment in group.segments] == starts
    assert [group.until for group in found] == sorted({group.until for group in found})
    assert found[0].until <= 40
    assert found[-1].until == LENGTH


def test_going_on_from_any_group_hears_the_rest(recogniser: Recogniser) -> None:
    found = groups(recogniser)

    for number, group in enumerate(found[:-1]):
        rest = groups(recogniser, start=group.until, language="en")
        assert rest[0].segments[0].start == found[number + 1].segments[0].start
        assert rest[-1].until == LENGTH


def test_the_language_is_told_once_and_kept(recogniser: Recogniser, parrot: Parrot) -> None:
    assert {group.language for group in groups(recogniser)} == {"en"}
    assert {language for _, language, _ in parrot.heard} == {"en"}
    assert parrot.listened <= sum(count for count, _, _ in parrot.heard) + 2  # once each, and at most two before it is decided


def test_a_clip_in_another_language_is_heard_in_that(recogniser: Recogniser, parrot: Parrot) -> None:
    parrot.probabilities = [{"en": 0.95}] * 5 + [{"de": 0.95}, {"de": 0.6, "en": 0.3}, {"en": 0.95}]

    found = groups(recogniser)
    starts = [segment.start for group in found for segment in group.segments]

    assert sum(count for count, language, _ in parrot.heard if language == "de") == 1
    assert {group.language for group in found} == {"en"}
    assert starts == sorted(starts)


@pytest.mark.parametrize(
    ("probabilities", "seconds", "code"), [({"de": 0.95}, 8.0, "de"), ({"de": 0.7, "en": 0.3}, 8.0, "en"), ({"de": 0.95}, 1.0, "en"), ({}, 8.0, "en")]
)
def test_a_clip_is_in_another_language_when_that_is_sure(probabilities: dict[str, float], seconds: float, code: str) -> None:
    assert language_of(probabilities, "en", seconds) == code


def test_a_known_language_is_not_looked_for(recogniser: Recogniser, parrot: Parrot) -> None:
    found = groups(recogniser, language="de-AT", task="translate")

    assert parrot.listened == 0
    assert {(language, task) for _, language, task in parrot.heard} == {("de", "translate")}
    assert {group.language for group in found} == {"de"}


def test_an_unsure_beginning_does_not_decide(recogniser: Recogniser, parrot: Parrot) -> None:
    """A jingle in front: one unsure clip, then clearly German."""
    parrot.probabilities = [{"en": 0.5, "de": 0.4}, {"en": 0.5, "de": 0.4}, {"de": 0.95}]

    found = groups(recogniser)

    assert {group.language for group in found} == {"de"}
    assert found[0].segments[0].start == 0


def test_when_nothing_is_sure_the_likeliest_is_taken_in_the_end(recogniser: Recogniser, parrot: Parrot) -> None:
    parrot.probabilities = [{"en": 0.3, "jw": 0.4}]

    assert {group.language for group in groups(recogniser)} == {"jv"}


def test_progress_grows_to_the_end(recogniser: Recogniser) -> None:
    said: list[Progress] = []

    groups(recogniser, emit=said.append, duration=float(LENGTH))

    fractions = [progress.fraction for progress in said]
    assert fractions == sorted(fractions)
    assert fractions[0] == 0.0
    assert fractions[-1] == 1.0
    assert said[-1].message == "Heard 10:00 of 10:00"


def test_emit_can_end_it(recogniser: Recogniser) -> None:
    def emit(progress: Progress) -> None:
        if progress.fraction > 0.3:
            raise Cancelled

    with pytest.raises(Cancelled):
        groups(recogniser, emit=emit, duration=float(LENGTH))


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        (MemoryError(), "out_of_memory"),
        (RuntimeError("CUDA failed with error out of memory"), "out_of_memory"),
        (RuntimeError("broken"), "speech_failed"),
    ],
)
def test_a_model_that_fails_says_why(recogniser: Recogniser, parrot: Parrot, failure: Exception, code: str) -> None:
    parrot.failure = failure

    with pytest.raises(ModelError) as caught:
        groups(recogniser)

    assert (caught.value.code, caught.value.retryable) == (code, True)


def test_batches_are_shared_between_the_workers(recogniser: Recogniser, parrot: Parrot) -> None:
    groups(recogniser)

    assert max(count for count, _, _ in parrot.heard) <= parrot.device.batch
    assert parrot.heard[0][0] == 1


@pytest.mark.parametrize(
    ("tag", "code"), [("en", "en"), ("de-AT", "de"), ("EN_us", "en"), ("jv", "jw"), ("tlh", None), (None, None), ("", None)]
)
def test_language_tags(tag: str | None, code: str | None) -> None:
    assert known_language(tag, frozenset({"en", "de", "jw"})) == code


def test_codes_that_others_understand() -> None:
    assert [plain_code(code) for code in ("jw", "en")] == ["jv", "en"]


def test_a_silent_clip_says_nothing() -> None:
    heard = Heard((Word(" Thanks.", 0.0, 1.0),), Evidence(0.95, -1.4, "Thanks."))

    assert spoken(Clip((Stretch(0, 5),)), heard) == ()


def test_a_loop_is_said_twice_at_most() -> None:
    words = tuple(Word(f" {word}", n * 0.2, n * 0.2 + 0.2) for n, word in enumerate("and so it goes".split() * 30))

    (segment,) = spoken(Clip((Stretch(100, 130),)), Heard(words, Evidence(0.1, -0.3, " ".join(["and so it goes"] * 30))))

    assert segment.text == "and so it goes and so it goes"
    assert segment.start == 100
