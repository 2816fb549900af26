"""The source room against the loopback YouTube, through the settings that operators have: an outgoing proxy and one more authority."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.config import Settings
from pipeline.source import sandbox, youtube
from pipeline.source.links import parse_link
from pipeline.source.youtube import Probe
from tests.standin import StandIn

Ask = Callable[..., Probe]


@pytest.fixture(name="settings")
def _settings(standin: StandIn, tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", proxy=standin.proxy, extra_ca=str(standin.ca_file))


@pytest.fixture(name="work")
def _work(tmp_path: Path) -> Path:
    work = tmp_path / "work"
    work.mkdir()
    return work


@pytest.fixture(name="ask")
def _ask(settings: Settings, work: Path) -> Ask:
    """Probes a video of the stand-in by its id."""

    def ask(video_id: str, **more: object) -> Probe:
        return youtube.probe(parse_link(video_id), settings.model_copy(update=more), work, sandbox.quiet)

    return ask
