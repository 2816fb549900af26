"""What `nutshell import` says: what came, where it is, and with --wait how each item ended."""

from typing import Any

import click

from pipeline.config import Settings, load
from pipeline.errors import InputError
from pipeline.source.hosts import Hosts
from pipeline.store.database import Database
from pipeline.store.listings import Item
from workers import importing
from workers.importing import Importer, Outcome, Wish
from workers.shown import shown
from workers.terminal import Bar, print_json, running


def run(what: str, wish: Wish, *, dry_run: bool, wait: bool, as_json: bool) -> int:
    """The exit status: 3 when something that was waited for failed.

    Raises:
        NutshellError: see Importer.run; `not_running`.
    """
    if dry_run:
        importing.preview(what, wish, Hosts.of(load().media_hosts), lambda line: click.echo("\t".join(shown(part) for part in line.split("\t"))))
        return 0
    with running() as (db, settings, _models):
        with Bar() as bar:
            outcome = Importer(db, settings, wish, bar.show).run(what)
        if not as_json:
            _print(settings, outcome, wish)
        ended, items = _ends(db, outcome, as_json=as_json) if wait else ({}, [])
        if as_json:
            print_json(document(settings, outcome) | ({"items": items, "ended": ended} if wait else {}))
    if not outcome.lists and not outcome.channels:
        raise InputError("nothing_to_import", "Nothing of it can be imported.")
    return 3 if wait and set(ended) - {"done", "here"} else 0


def _ends(db: Database, outcome: Outcome, *, as_json: bool) -> tuple[dict[str, int], list[dict[str, Any]]]:
    items = []

    def ended(item: Item) -> None:
        items.append({"video_id": item.video_id, "title": item.title, "state": item.state, "error_code": item.error_code or item.problem or None, "error": item.error})
        if not as_json:
            click.echo(f"{item.state}: {shown(item.title)} [{item.video_id}]{f': {item.error}' if item.error else ''}")

    return importing.wait(db, outcome.lists, ended), items


def document(settings: Settings, outcome: Outcome) -> dict[str, Any]:
    """The object that --json prints."""
    return {
        "lists": [
            {"id": one.listing_id, "page": importing.page_of(settings, one), "title": one.title, "items": one.found, "added": one.added, "chosen": one.chosen}
            for one in outcome.lists
        ],
        "channels": [{"url": channel.source.url, "title": channel.title} for channel in outcome.channels],
        "refused": [{"name": one.name, "reason": one.reason} for one in outcome.refused],
    }


def _print(settings: Settings, outcome: Outcome, wish: Wish) -> None:
    for one in outcome.lists:
        click.echo(f"{shown(one.title)}: {one.found} found, {one.added} new, {one.chosen} will be summarised: {importing.page_of(settings, one)}")
    if any(one.found and not one.chosen and one.added and one.kind == "history" for one in outcome.lists) and not wish.narrowed:
        click.echo("Choose on the page what to summarise, or say --newest, --after or --all.", err=True)
    if outcome.channels:
        click.echo(f"{len(outcome.channels)} channels" + ("" if wish.subscribe else "; say --subscribe to follow them"))
    for refusal in outcome.refused:
        click.echo(f"{shown(refusal.name)}: {refusal.reason}", err=True)
