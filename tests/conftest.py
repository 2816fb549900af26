"""What every test may use. `servers` is the real thing: PostgreSQL and Valkey in a folder of their own, started once per run."""

import os
import signal
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from pipeline.config import PREFIX, Settings
from workers.embedded import EmbeddedServers
from workers.prepare import prepare_models
from workers.servers import migrate

pytest_plugins = ["tests.standin.fixtures"]

ROOT = Path(__file__).parent.parent
DATA = ROOT.parent / "shared" / "data"
"""Real recordings and transcripts that are no part of the repository; tests that need them skip where they are absent."""

for _name in [name for name in os.environ if name.startswith(PREFIX)]:
    del os.environ[_name]  # no setting of the person who runs the tests may reach them
signal.signal(signal.SIGINT, signal.default_int_handler)  # `make test &` leaves it ignored, which every program started here would inherit
os.environ |= {"ORT_DISABLE_TELEMETRY": "1", "HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "TOKENIZERS_PARALLELISM": "false"}


@pytest.fixture(scope="session", name="data")
def _data() -> Path:
    if not DATA.is_dir():
        pytest.skip(f"needs the recordings in {DATA}")
    return DATA


@pytest.fixture(scope="session", name="prepared_home")
def _prepared_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the built-in models in it, made once for the whole run; for commands that need no servers."""
    base = tmp_path_factory.getbasetemp()
    home = (base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base) / "prepared"  # one for all processes; preparing takes turns
    prepare_models(Settings(home=home), lambda _: None)
    return home


@pytest.fixture(scope="session", name="bare_servers")
def _bare_servers() -> Iterator[EmbeddedServers]:
    """Running PostgreSQL and Valkey, the database empty. `.settings` leads to them; not pytest's own temporary folder, whose path is long."""
    with tempfile.TemporaryDirectory(prefix="nutshell-") as home, EmbeddedServers(Settings(home=Path(home))) as servers:
        yield servers


@pytest.fixture(scope="session", name="servers")
def _servers(bare_servers: EmbeddedServers) -> Settings:
    """Settings of a temporary data folder with running servers and a migrated database, shared by the whole run: a test makes its own rows."""
    migrate(bare_servers.settings)
    return bare_servers.settings


HEAVY = (
    ("tests/integration/jobs/test_kill.py", "tests/integration/jobs/test_cancel_stages.py", "tests/integration/language/", "tests/integration/summary/"),
    ("tests/browser/", "tests/integration/test_up.py", "tests/integration/test_tldr.py"),
    ("tests/integration/jobs/test_big_import.py",),
)  # fmt: skip
"""What takes longest, most of it with models on all cores. Each group runs in one process, one after another, beside all the others."""


def _group(nodeid: str) -> int:
    return next((number for number, places in enumerate(HEAVY) if nodeid.startswith(places)), len(HEAVY))


class Groups(LoadScopeScheduling):
    """Heavy tests of one group go to one process, so that what they start serves all of them; every other file stays in one piece in another."""

    def _split_scope(self, nodeid: str) -> str:
        group = _group(nodeid)
        return f"heavy {group}" if group < len(HEAVY) else nodeid.split("::")[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Groups:
    return Groups(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The heavy ones begin at once, since they take longest."""
    items.sort(key=lambda item: _group(item.nodeid))


def _refuse_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Where everything is installed (CI), nothing may be skipped but what needs a GPU."""
    if report.outcome != "skipped" or not os.environ.get("CI") or hasattr(report, "wasxfail"):
        return
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    if not reason.removeprefix("Skipped: ").startswith("GPU:"):
        report.outcome = "failed"
        report.longrepr = f"Skipped where nothing may be skipped: {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    _refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    _refuse_skip(report)
    return report
