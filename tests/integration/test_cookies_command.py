"""`nutshell cookies` as an administrator types it, on a running library."""

from collections.abc import Callable, Iterator
from pathlib import Path

import click.testing
import pytest

from pipeline import account
from pipeline.config import Settings
from pipeline.store.database import Database, database_url
from tests.standin import StandIn
from tests.standin.account import SESSION, SIGNATURE, cookies_txt
from workers.cli import main

Command = Callable[..., click.testing.Result]


@pytest.fixture(name="nutshell")
def _nutshell(servers: Settings, standin: StandIn) -> Iterator[Command]:
    def run(*args: str, given: bytes | None = None, home: Path = servers.home) -> click.testing.Result:
        env = {"NUTSHELL_HOME": str(home), "NUTSHELL_PROXY": standin.proxy, "NUTSHELL_EXTRA_CA": str(standin.ca_file)}
        return click.testing.CliRunner().invoke(main, ["cookies", *args], env=env, input=given)

    yield run
    db = Database(database_url(servers))
    account.remove(db)
    db.dispose()


def test_set_show_check_and_delete(nutshell: Command, standin: StandIn, tmp_path: Path) -> None:
    file = tmp_path / "cookies.txt"
    file.write_bytes(cookies_txt())
    assert nutshell("show").stdout == "no cookies\n"
    kept = nutshell("set", str(file))
    assert kept.exit_code == 0
    assert "4 (2 of other sites were left out)" in kept.stdout
    assert nutshell("set", "-", given=cookies_txt()).exit_code == 0
    shown = nutshell("show").stdout
    assert "last used  never" in shown
    checked = nutshell("check")
    assert (checked.exit_code, "YouTube accepted them" in checked.stdout) == (0, True)
    standin.app.accounts.sessions.clear()
    again = nutshell("check")
    assert (again.exit_code, "no longer accepts them" in again.stdout) == (3, True)

    assert not any(value in text for value in (SESSION, SIGNATURE, "rotated") for text in (kept.output, shown, checked.output, again.output))
    assert nutshell("delete").stdout == "deleted\n"
    assert nutshell("delete").stdout == "there were none\n"
    assert nutshell("check").exit_code == 2


@pytest.mark.parametrize(
    ("given", "said"), [(b"{}", "It is JSON"), (b"\x00", "no cookies.txt has"), (b"a" * 10**6, "larger than"), (cookies_txt(expires=1000), "have expired"), (b"LOGIN_INFO=sesame", "columns")]
)
def test_what_is_no_cookie_file_is_one_line(nutshell: Command, given: bytes, said: str) -> None:
    result = nutshell("set", "-", given=given)

    assert result.exit_code == 2
    assert len(result.stderr.strip().splitlines()) == 1
    assert said in result.stderr
    assert "sesame" not in result.output
    assert nutshell("show").stdout == "no cookies\n"


def test_without_a_running_library_it_says_how_to_start_it(nutshell: Command, tmp_path: Path) -> None:
    result = nutshell("show", home=tmp_path)

    assert result.exit_code == 4
    assert "nutshell up" in result.stderr
