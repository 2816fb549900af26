"""The commands that keep the way to YouTube open: `nutshell cookies …`, `nutshell update-yt-dlp`, `nutshell doctor`. For administrators."""

import sys
from typing import TYPE_CHECKING, BinaryIO

import click

from workers.edge import edge

if TYPE_CHECKING:
    from pipeline.account import Kept


@click.group()
def cookies() -> None:
    """The cookies of a YouTube account, for videos that YouTube refuses to guests.

    An account can be banned for what a program does with it: use one made for this, and NUTSHELL_COOKIES=needed.
    """


@cookies.command("set")
@click.argument("file", type=click.File("rb"), metavar="FILE|-")
@edge
def cookies_set(file: BinaryIO) -> None:
    """Keep the cookies of FILE, a cookies.txt exported from a browser, encrypted. Those of other sites are left out."""
    from pipeline import account
    from pipeline.source.cookies import MOST_BYTES
    from workers.terminal import running

    with running() as (db, settings, _models):
        _print(account.put(db, settings, file.read(MOST_BYTES + 1)))


@cookies.command("show")
@edge
def cookies_show() -> None:
    """What is kept, never a value."""
    from pipeline import account
    from workers.terminal import running

    with running() as (db, _settings, _models):
        found = account.kept(db)
    if found is None:
        click.echo("no cookies")
    else:
        _print(found)


@cookies.command("check")
@edge
def cookies_check() -> None:
    """Ask YouTube whether it takes them for a signed-in account. Exit status 3 when it does not."""
    from pipeline import account
    from pipeline.workplace import work_folder
    from workers.terminal import running

    with running() as (db, settings, _models), work_folder(settings) as folder:
        found = account.check(db, settings, folder)
    _print(found)
    sys.exit(0 if found.result == account.ACCEPTED else 3)


@cookies.command("delete")
@edge
def cookies_delete() -> None:
    """Forget them. Jobs that are using them now do not bring them back."""
    from pipeline import account
    from workers.terminal import running

    with running() as (db, _settings, _models):
        click.echo("deleted" if account.remove(db) else "there were none")


def _print(kept: "Kept") -> None:
    from pipeline.account import sentences

    for name, value in sentences(kept):
        click.echo(f"{name:<10} {value}")


@click.command("update-yt-dlp")
@click.argument("version", required=False)
@click.option("--undo", is_flag=True, help="Take the newest update away again.")
@edge
def update_yt_dlp(version: str | None, undo: bool) -> None:
    """Install the newest yt-dlp (or VERSION) into the data folder, try it, and use it from the next video on.

    YouTube changes more often than Nutshell is released. The environment of Nutshell is not touched; on a cluster, run this where videos are fetched.
    """
    from pipeline.config import load
    from workers import update_ytdlp

    settings = load()
    if undo:
        update_ytdlp.undo(settings, click.echo)
    else:
        update_ytdlp.update(settings, version, click.echo)


@click.command()
@click.option("--json", "as_json", is_flag=True)
@edge
def doctor(as_json: bool) -> None:
    """Check this machine: what is there, what is missing, and what to do about it. Exit status 4 when something is bad."""
    from pipeline import logs
    from pipeline.config import load
    from workers.doctor import examine

    logs.configure("error")  # what does not answer is a finding, and need not be logged as well
    sys.exit(examine(load(), click.echo, as_json=as_json))
