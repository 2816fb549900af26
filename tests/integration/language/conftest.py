"""Models for the tests of this folder: tiny ones, and the built-in one."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from pipeline.config import Settings
from pipeline.language.engine import Limits
from pipeline.language.forms import choose_form
from pipeline.language.local import LocalGenerator
from pipeline.language.models import prepare_builtin
from pipeline.language.placement import Placement
from pipeline.language.weights import read
from tests.integration.language.tiny import Tiny, write_folder

EXACT = Placement(torch.device("cpu"), torch.float64, torch.float64, "tests compare numbers")
"""With 53 bits no two candidates of a tiny random model lie so near that the order of a sum, which changes with the number of threads, decides between them."""

Open = Callable[..., LocalGenerator]


@pytest.fixture(scope="package", autouse=True)
def _nan_in_fresh_memory() -> Iterator[None]:
    """An answer that depends on what nobody wrote is a wrong one in these tests, always."""
    torch.use_deterministic_algorithms(True, warn_only=True)  # without it the next line does nothing
    torch.utils.deterministic.fill_uninitialized_memory = True
    yield
    torch.use_deterministic_algorithms(False)


@pytest.fixture(scope="session", name="tiny_folder")
def _tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_folder(tmp_path_factory.mktemp("tiny") / "tiny-vicuna-7b", Tiny())


@pytest.fixture(name="open_tiny")
def _open_tiny(tiny_folder: Path) -> Iterator[Open]:
    """Opens models that are closed after the test."""
    opened: list[LocalGenerator] = []

    def open_tiny(path: Path = tiny_folder, *, family: str = "", window: int = 0, limits: Limits | None = None) -> LocalGenerator:
        checkpoint = read(path)
        form = choose_form(checkpoint.name, checkpoint.template, checkpoint.specials, family=family)
        opened.append(LocalGenerator(checkpoint, EXACT, form, window=window, limits=limits))
        return opened[-1]

    yield open_tiny
    for generator in opened:
        generator.close()


@pytest.fixture(scope="session", name="builtin_home")
def _builtin_home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A data folder with the built-in LLaMA."""
    settings = Settings(home=tmp_path_factory.mktemp("home"))
    prepare_builtin(settings)
    return settings
