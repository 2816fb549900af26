"""A skipped test fails where everything is installed: else continuous integration would be green for what it never ran."""

import pytest

from tests.conftest import _refuse_skip


def report(outcome: str, reason: str = "") -> pytest.TestReport:
    where = ("tests/a.py", 1, f"Skipped: {reason}") if reason else None
    return pytest.TestReport("tests/a.py::a", ("tests/a.py", 1, "a"), {}, outcome, where, "call")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("ci", "reason", "expected"),
    [("true", "needs Chromium", "failed"), ("true", "GPU: there is none", "skipped"), ("", "needs Chromium", "skipped")],
)
def test_a_skip_fails_in_ci_unless_it_needs_a_gpu(monkeypatch: pytest.MonkeyPatch, ci: str, reason: str, expected: str) -> None:
    monkeypatch.setenv("CI", ci)
    found = report("skipped", reason)

    _refuse_skip(found)

    assert found.outcome == expected
    assert reason in str(found.longrepr)


def test_what_ran_stays_as_it_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    found = report("passed")

    _refuse_skip(found)

    assert found.outcome == "passed"
