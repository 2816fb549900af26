"""An import survives killed workers, a restarted Valkey and a YouTube that refuses, with the product as a person has it. `python -m tests.benchmarks import`
does the same with five hundred items and prints how long a link waits that is pasted in the middle."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.jobs.big_import import importing

pytestmark = pytest.mark.timeout(1800)
ITEMS = 10


@pytest.fixture(name="home")
def _home() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="nutshell-") as folder:
        yield Path(folder)


def test_each_item_is_done_exactly_once_whatever_happens(home: Path, prepared_home: Path) -> None:
    said: list[str] = []
    with importing(ITEMS, home, said.append, prepared_home / "models", pastes=1) as made:
        found = made.run()

    assert found.counts["done"] == ITEMS, said
    assert found.failed == 0
    assert found.done_twice == 0
    assert found.jobs_of_an_item == {1: ITEMS}
    assert found.waited_for_youtube > 0
