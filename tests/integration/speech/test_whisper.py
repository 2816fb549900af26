"""The built-in Whisper on talks whose every sentence is known: words, times, language, resuming, stopping, silence."""

import json
import re
import threading
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import jiwer
import numpy as np
import psutil
import pytest

from pipeline.errors import Cancelled, InputError
from pipeline.languages import detect
from pipeline.speech import audio
from pipeline.speech.engine import FRAMES, Engine, Picture
from pipeline.speech.evaluate import normalised, start_errors
from pipeline.speech.whisper import Heard, Recogniser
from pipeline.types import Progress, Segment
from tests.integration.speech.media import tone, write_audio
from tests.standin.talks import load_talk

RATE = 16_000


def quiet(progress: Progress) -> None:
    assert progress.stage == "speech"
    assert 0 <= progress.fraction <= 1


def everything(recogniser: Recogniser, path: Path, **options: object) -> tuple[list[Segment], list[Heard]]:
    groups = list(recogniser.transcribe(path, emit=quiet, **options))  # type: ignore[arg-type]
    return [segment for group in groups for segment in group.segments], groups


def text_of(segments: list[Segment]) -> str:
    return " ".join(segment.text for segment in segments)


def words_of(segments: list[Segment]) -> list[str]:
    return re.findall(r"\w+", text_of(segments).lower())


def error_rate(reference: str, segments: list[Segment]) -> float:
    return float(jiwer.wer(" ".join(normalised(reference)), " ".join(normalised(text_of(segments)))))


@pytest.fixture(scope="module", name="english")
def _english(recogniser: Recogniser) -> tuple[list[Segment], list[Heard]]:
    talk = load_talk("short")
    return everything(recogniser, talk.files[251], duration=talk.duration)


def test_words(english: tuple[list[Segment], list[Heard]]) -> None:
    segments, groups = english

    assert error_rate(load_talk("short").text, segments) < 0.12
    assert {group.language for group in groups} == {"en"}


def test_what_the_model_left_out_at_the_end_of_a_clip_is_heard(recogniser: Recogniser, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whisper may stop in the middle of a clip and be sure of itself. Here it is deaf after the first 9 s of the first clip."""
    encode, calls = Engine._encode, 0
    listen, clips = Engine.listen, 0
    talk = load_talk("short")

    def deaf(self: Engine, pictures: Sequence[Picture]) -> object:
        nonlocal calls
        calls += any(one.encoded is None for one in pictures)
        return encode(self, [Picture(np.where(np.arange(FRAMES) < 900, one.mel, one.mel.min())) for one in pictures] if calls == 1 and not clips else pictures)

    def counted(self: Engine, picture: Picture) -> object:
        nonlocal clips
        found = listen(self, picture)
        clips += 1
        return found

    monkeypatch.setattr(Engine, "_encode", deaf)
    monkeypatch.setattr(Engine, "listen", counted)
    segments, _ = everything(recogniser, talk.files[251], duration=talk.duration, language="en")

    assert calls == clips + 1
    assert error_rate(talk.text, segments) < 0.15
    assert [segment.start for segment in segments] == sorted(segment.start for segment in segments)


def test_segments_are_sentences_in_order_at_their_times(english: tuple[list[Segment], list[Heard]]) -> None:
    segments, _ = english
    cues = [Segment(*cue) for cue in load_talk("short").cues]
    errors = np.abs(start_errors(cues, segments))

    assert [segment.start for segment in segments] == sorted(segment.start for segment in segments)
    assert max(segment.end - segment.start for segment in segments) <= 30
    assert len(segments) >= len(cues) * 0.7
    assert len(errors) >= len(cues) * 0.7
    assert np.median(errors) < 0.4
    assert errors.max() < 2.0


def test_groups_cover_the_recording_and_the_first_is_short(english: tuple[list[Segment], list[Heard]]) -> None:
    _, groups = english
    untils = [group.until for group in groups]

    assert untils == sorted(untils)
    assert untils[0] <= 40
    assert untils[-1] == pytest.approx(load_talk("short").duration, abs=0.5)
    for before, group in zip([0.0, *untils], groups, strict=False):
        assert all(before - 0.11 <= segment.start and segment.end <= group.until + 0.11 for segment in group.segments)


def test_going_on_after_the_last_stored_group(recogniser: Recogniser, english: tuple[list[Segment], list[Heard]]) -> None:
    segments, groups = english
    first = groups[0]

    rest, _ = everything(recogniser, load_talk("short").files[251], language=first.language, start=first.until)

    # The company in which a clip is heard may move a comma, not a word.
    assert words_of([*first.segments, *rest]) == words_of(segments)
    assert min(segment.start for segment in rest) >= first.until - 0.11


def test_going_on_from_the_very_end(recogniser: Recogniser, english: tuple[list[Segment], list[Heard]]) -> None:
    assert everything(recogniser, load_talk("short").files[251], start=english[1][-1].until) == ([], [])


def test_another_language_is_told_and_written(recogniser: Recogniser) -> None:
    talk = load_talk("spanish")

    segments, groups = everything(recogniser, talk.files[251])

    assert {group.language for group in groups} == {"es"}
    assert error_rate(talk.text, segments) < 0.4  # the voice is espeak's


def test_speech_is_translated_into_english(recogniser: Recogniser) -> None:
    segments, groups = everything(recogniser, load_talk("spanish").files[251], task="translate")
    words = set(normalised(text_of(segments)))

    assert {group.language for group in groups} == {"es"}
    assert len(words & {"the", "and", "of", "in", "we", "building", "neighbors", "tomatoes", "water", "years"}) >= 7
    assert not words & {"el", "los", "y", "vecinos", "agua"}


@pytest.mark.parametrize("name", ["silence", "music"])
def test_where_nobody_speaks_there_are_no_words(recogniser: Recogniser, name: str) -> None:
    talk = load_talk(name)

    segments, groups = everything(recogniser, talk.files[251])

    assert segments == []
    assert groups[-1].until == pytest.approx(talk.duration, abs=1.0)
    assert groups[-1].language in {"und", "en"}


@pytest.mark.parametrize("kind", ["zeros", "tone", "white noise", "faint noise", "clicks", "chord"])
def test_generated_sounds_give_no_words(recogniser: Recogniser, tmp_path: Path, kind: str) -> None:
    noise = np.random.default_rng(7).standard_normal(45 * RATE).astype(np.float32)
    sounds = {
        "zeros": np.zeros(45 * RATE, np.float32),
        "tone": tone(45.0),
        "white noise": 0.2 * noise,
        "faint noise": 0.002 * noise,
        "clicks": np.where(np.arange(45 * RATE) % RATE < 20, 0.8, 0).astype(np.float32),
        "chord": tone(45.0, frequency=220) + tone(45.0, frequency=277) + tone(45.0, frequency=330),
    }
    path = write_audio(tmp_path / "a.wav", np.clip(sounds[kind], -1, 1), codec="pcm_s16le")

    assert everything(recogniser, path)[0] == []


def test_a_cancel_ends_it_and_leaves_no_thread_or_child(recogniser: Recogniser) -> None:
    calls = 0

    def emit(progress: Progress) -> None:
        nonlocal calls
        calls += 1
        if calls > 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        list(recogniser.transcribe(load_talk("spanish").files[251], emit=emit))

    for thread in threading.enumerate():
        if thread.name.startswith("whisper"):
            thread.join(30)
            assert not thread.is_alive()
    assert not [one for one in psutil.Process().children() if "pipeline.speech.decode_child" in one.cmdline()]


def test_bad_files_are_refused_before_the_model_works(recogniser: Recogniser, tmp_path: Path) -> None:
    path = tmp_path / "a.mp3"
    path.write_text("no sound")

    with pytest.raises(InputError) as caught:
        everything(recogniser, path)

    assert caught.value.code == "bad_media"


def test_the_choice_of_device_has_a_reason(recogniser: Recogniser) -> None:
    assert recogniser.model_name == "whisper-base"
    assert "int8" in recogniser.device_reason
    assert "NUTSHELL_DEVICE is cpu" in recogniser.device_reason


def test_non_speech_recordings_give_no_words(recogniser: Recogniser, data: Path) -> None:
    for path in [data / "nonspeech" / "empty.wav", data / "nonspeech" / "test.opus", *sorted((data / "nonspeech").glob("*).ogg"))]:
        assert everything(recogniser, path)[0] == [], path.name


@pytest.mark.parametrize(
    ("name", "words"),
    [("en_jfk/jfk.flac", ["fellow", "americans", "country"]), ("en_harvard_8k/OSR_us_000_0034_8k.wav", ["ring", "barn", "bell"])],
)
def test_real_recordings(recogniser: Recogniser, data: Path, name: str, words: list[str]) -> None:
    known = json.loads((data / "asr" / "refs_extra.json").read_text())[f"asr/{name}"]["text"]

    segments, _ = everything(recogniser, data / "asr" / name)

    assert set(words) <= set(normalised(text_of(segments)))
    assert error_rate(known, segments) < 0.1


def test_who_changes_the_language_is_heard_in_both(recogniser: Recogniser, tmp_path: Path) -> None:
    parts = []
    for name in ("short", "spanish"):
        with closing(audio.windows(load_talk(name).files[251], seconds=20.0, longest=3600.0)) as windows:
            parts.append(next(windows).samples)
    path = write_audio(tmp_path / "both.wav", np.concatenate([parts[0], np.zeros(2 * RATE, np.float32), parts[1]]), codec="pcm_s16le")

    segments, groups = everything(recogniser, path)

    assert {group.language for group in groups} == {"en"}
    assert detect(text_of([one for one in segments if one.end <= 21])) == "en"
    assert detect(text_of([one for one in segments if one.start >= 22])) == "es"
