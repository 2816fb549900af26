"""Two voices in one recording are told apart by the real model."""

import wave
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from pipeline.config import Settings
from pipeline.speech import speakers, voice_model
from pipeline.speech.audio import RATE, windows
from pipeline.speech.der import evaluate, rate, read_rttm
from pipeline.speech.speakers import NOT_TOLD, mel, told_apart, who_speaks
from pipeline.speech.voice_model import VoiceModel, prepare
from pipeline.speech.voices import Turn
from tests.conftest import DATA
from tests.standin.talks import load_talk

PIECE = 6.0
"""Seconds of each turn."""


@pytest.fixture(scope="module", name="two")
def _two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two talks of different voices, turn by turn, with an RTTM file of who speaks."""
    folder = tmp_path_factory.mktemp("two")
    talks = [_samples(load_talk(name).files[251]) for name in ("short", "spanish")]
    pieces = [talks[turn % 2][round((1 + PIECE * (turn // 2)) * RATE) :][: round(PIECE * RATE)] for turn in range(6)]
    with wave.open(str(folder / "two.wav"), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes((np.concatenate(pieces) * 32767).astype("<i2").tobytes())
    lines = [f"SPEAKER two 1 {PIECE * turn:.1f} {PIECE} <NA> <NA> {'ab'[turn % 2]} <NA> <NA>\n" for turn in range(6)]
    (folder / "two.rttm").write_text("".join(lines))
    return folder / "two.wav"


def _samples(path: Path) -> np.ndarray:
    return np.concatenate([window.samples for window in windows(path)])


@pytest.fixture(scope="module", name="heard")
def _heard(settings: Settings) -> Settings:
    prepare(settings)
    return settings.model_copy(update={"speakers": True})


@pytest.fixture(scope="module", name="turns")
def _turns(heard: Settings, two: Path) -> tuple[Turn, ...]:
    return who_speaks(heard, two)


def test_two_voices_are_two(two: Path, turns: tuple[Turn, ...]) -> None:
    found = rate(read_rttm(two.with_suffix(".rttm")), turns)

    assert {turn.voice for turn in turns} == {0, 1}
    assert found.confused < 8
    assert all(before.end <= after.start + 1e-6 for before, after in pairwise(turns))


def test_one_voice_is_one(heard: Settings) -> None:
    assert {turn.voice for turn in who_speaks(heard, load_talk("short").files[251])} == {0}


def test_the_command_prints_a_row_for_each(heard: Settings, two: Path) -> None:
    said: list[str] = []
    evaluate(heard, two.parent, said.append)

    assert len(said) == 2
    assert said[1].split()[:3] == ["two", "2", "2"]


def test_a_panel_of_four(heard: Settings) -> None:
    folder = DATA / "long" / "en_panel_4spk"
    if not folder.is_dir():
        pytest.skip(f"{folder} is not here")
    found = rate(read_rttm(folder / "en_panel_4spk.rttm"), who_speaks(heard, folder / "en_panel_4spk.opus"))

    assert found.error <= 15


def test_it_is_the_model_that_torch_runs(heard: Settings) -> None:
    import torch

    state = torch.load(voice_model._packaged(), map_location="cpu", weights_only=True)["model_state"]
    lstm, linear = torch.nn.LSTM(40, 256, 3, batch_first=True), torch.nn.Linear(256, 256)
    for name, module in (("lstm.", lstm), ("linear.", linear)):
        module.load_state_dict({key.removeprefix(name): value for key, value in state.items() if key.startswith(name)})
    pictures = np.abs(np.random.default_rng(1).normal(size=(3, 160, 40))).astype(np.float32)
    with torch.no_grad():
        hidden = lstm(torch.from_numpy(pictures))[1][0][-1]
        theirs = torch.nn.functional.normalize(torch.relu(linear(hidden))).numpy()

    assert np.abs(VoiceModel(heard).vectors(pictures) - theirs).max() < 1e-5


def test_pictures_are_those_of_the_usual_library(heard: Settings) -> None:
    from transformers.audio_utils import mel_filter_bank, spectrogram, window_function

    samples = _samples(load_talk("short").files[251])[RATE : 2 * RATE]
    bank = mel_filter_bank(201, 40, 0, 8000, RATE, norm="slaney", mel_scale="slaney")
    theirs = spectrogram(samples, window_function(400, "hann"), 400, 160, 400, power=2.0, mel_filters=bank, pad_mode="constant").T
    ours = mel(samples)

    assert ours.shape == theirs[:160].shape
    assert np.allclose(ours, theirs[:160], atol=1e-6, rtol=1e-3)


def test_what_goes_wrong_costs_a_note_and_no_words(heard: Settings, two: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert told_apart(heard.model_copy(update={"speakers": False}), tmp_path / "nothing.wav") == ((), "")
    assert told_apart(heard, tmp_path / "nothing.wav") == ((), NOT_TOLD)
    assert told_apart(heard.model_copy(update={"home": tmp_path}), two) == ((), NOT_TOLD)
    monkeypatch.setattr(speakers, "turns_of", lambda *_: (_ for _ in ()).throw(ValueError("no")))
    assert told_apart(heard, two) == ((), NOT_TOLD)


def test_a_cancel_is_no_failure(heard: Settings, two: Path) -> None:
    def cancelled() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        told_apart(heard, two, cancelled)


def test_silence_has_no_voices(heard: Settings, tmp_path: Path) -> None:
    with wave.open(str(tmp_path / "silence.wav"), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(bytes(2 * RATE * 5))

    assert told_apart(heard, tmp_path / "silence.wav") == ((), "")
