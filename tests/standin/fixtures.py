"""pytest: `standin` is a running YouTube on loopback, the same for all tests, forgetting between them."""

from collections.abc import Iterator

import pytest

from tests.standin.server import StandIn
from tests.standin.world import default_world


@pytest.fixture(scope="session")
def standin_server() -> Iterator[StandIn]:
    """The server itself, for fixtures that live longer than a test. Prefer `standin`."""
    with StandIn(default_world()) as server:
        yield server


@pytest.fixture
def standin(standin_server: StandIn) -> Iterator[StandIn]:
    """Fails the test afterwards if the stand-in itself failed or if something asked for a host that is not YouTube's."""
    standin_server.reset()
    yield standin_server
    assert not standin_server.errors, standin_server.errors
    assert not standin_server.refused, f"asked for hosts that are not YouTube's: {standin_server.refused}"
