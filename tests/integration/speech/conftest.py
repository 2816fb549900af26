"""The built-in Whisper, prepared and loaded once for all tests of this folder."""

from pathlib import Path

import pytest

from pipeline.config import Settings
from pipeline.speech.models import prepare_builtin
from pipeline.speech.whisper import Recogniser


@pytest.fixture(scope="session", name="settings")
def _settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = Settings(home=tmp_path_factory.mktemp("home"), device="cpu", profile="builtin")
    prepare_builtin(settings)
    return settings


@pytest.fixture(scope="session", name="recogniser")
def _recogniser(settings: Settings) -> Recogniser:
    return Recogniser(settings)


@pytest.fixture(name="talks")
def _talks() -> Path:
    return Path(__file__).parents[2] / "standin" / "media"
