"""The source room against the loopback YouTube, through the settings that operators have: an outgoing proxy and one more authority."""

import functools
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.config import Settings
from pipeline.source import sandbox, youtube
from pipeline.source.links import parse_link
from pipeline.source.youtube import Probe
from tests.standin import StandIn

Ask = Callable[..., Probe]
Known = Callable[[str], Path]


@pytest.fixture(name="settings")
def _settings(standin: StandIn, tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", proxy=standin.proxy, extra_ca=str(standin.ca_file))


@pytest.fixture(name="work")
def _work(tmp_path: Path) -> Path:
    work = tmp_path / "work"
    work.mkdir()
    return work


@pytest.fixture(scope="session", name="probed")
def _probed(standin_server: StandIn, tmp_path_factory: pytest.TempPathFactory) -> Known:
    """The info file of a video, asked for once in a run."""
    folder = tmp_path_factory.mktemp("probed")
    settings = Settings(home=folder, proxy=standin_server.proxy, extra_ca=str(standin_server.ca_file), max_duration=100_000.0)

    @functools.cache
    def probed(video_id: str) -> Path:
        work = folder / video_id
        work.mkdir()
        return youtube.probe(parse_link(video_id), settings, work, sandbox.quiet).info_path

    return probed


@pytest.fixture(name="known")
def _known(standin: StandIn, probed: Known, work: Path) -> Known:
    """A copy of that file in the work folder, with the stand-in's log as if nobody had asked."""

    def known(video_id: str) -> Path:
        path = Path(shutil.copy(probed(video_id), work / "info.json"))
        standin.log.clear()
        return path

    return known


@pytest.fixture(name="ask")
def _ask(settings: Settings, work: Path) -> Ask:
    """Probes a video of the stand-in by its id."""

    def ask(video_id: str, language: str | None = None, **more: object) -> Probe:
        return youtube.probe(parse_link(video_id), settings.model_copy(update=more), work, sandbox.quiet, language=language)

    return ask
