"""What could not be prepared is told, and is no end by itself."""

import pytest

from pipeline.config import Settings
from pipeline.errors import ModelError
from workers import prepare


def test_why_a_model_could_not_be_made_is_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def full(*_: object) -> None:
        raise ModelError("storage", "The disk is full.")

    monkeypatch.setattr(prepare, "prepare_models", full)
    prepare.prepare_what_can_be(Settings())

    assert capsys.readouterr().err == "The disk is full.\n"
