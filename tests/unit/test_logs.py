"""A line of the log is one line, with the cause and without secrets."""

from collections.abc import Iterator

import pytest
import structlog

from pipeline import logs


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    yield
    structlog.reset_defaults()


def test_a_line_has_time_level_event_and_values(capfd: pytest.CaptureFixture[str]) -> None:
    logs.configure("info")
    log = structlog.get_logger()
    with structlog.contextvars.bound_contextvars(job=7):
        log.info("stage done", seconds=1.5)
        log.debug("not said")

    (line,) = capfd.readouterr().err.splitlines()
    assert line.startswith("time=2")
    assert 'level=info event="stage done"' in line
    assert "job=7" in line
    assert "seconds=1.5" in line


def test_a_traceback_shows_no_values_of_variables(capfd: pytest.CaptureFixture[str]) -> None:
    logs.configure("info")
    secret = "hunter" + "2"
    try:
        raise ValueError(len(secret))
    except ValueError:
        structlog.get_logger().exception("broke")

    written = capfd.readouterr().err
    assert "ValueError: 7" in written
    assert secret not in written
