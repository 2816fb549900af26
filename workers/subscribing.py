"""`nutshell subscribe`, `subscriptions` and `unsubscribe`."""

from typing import Any

import click

from workers.edge import edge

LENGTHS = ("short", "medium", "long")


@click.command()
@click.argument("link")
@click.option("--lang", help="Language of the summaries, for example es; each video's own if not given.")
@click.option("--length", type=click.Choice(LENGTHS), default="medium", show_default=True)
@click.option("--every", default="6h", show_default=True, help="How often to look for what is new: 15m, 6h, 1d, 1w.")
@click.option("--words", default="", help="Only what has this in its title.")
@click.option("--without", default="", help="Not what has this in its title.")
@click.option("--min", "least", type=click.FloatRange(0), help="Only what lasts at least so many minutes.")
@click.option("--max", "most", type=click.FloatRange(0), help="Only what lasts at most so many minutes.")
@click.option("--backlog", type=int, default=0, metavar="N", help="Summarise the newest N that are there already, too.")
@edge
def subscribe(
    link: str, lang: str | None, length: str, every: str, words: str, without: str, least: float | None, most: float | None, backlog: int
) -> None:
    """Follow the channel, playlist or podcast feed of LINK: what is new in it is summarised by itself. Following it again changes how."""
    from pipeline import broker, run
    from pipeline.languages import code_of
    from pipeline.source.hosts import Hosts
    from pipeline.source.links import read_link
    from pipeline.store.listings import Filter
    from pipeline.store.subscriptions import Wanted
    from pipeline.types import Length, Options
    from workers.terminal import running

    filters = Filter(words=words, without=without, min_duration=least and least * 60.0, max_duration=most and most * 60.0)
    options = Options(language=code_of(lang) if lang else None, length=Length(length))
    wanted = Wanted(options, filters, seconds(every), backlog)
    with running() as (db, settings, _models):
        source = read_link(link, Hosts.of(settings.media_hosts))
        found = run.subscribe(db, source, wanted)
        broker.announce_all(settings, found.hints)
    click.echo(f"Following {source.url} as number {found.listing_id}. `nutshell subscriptions` shows what comes of it.")


@click.command()
@click.option("--json", "as_json", is_flag=True)
@edge
def subscriptions(as_json: bool) -> None:
    """What is followed, when it is looked at next, and what the last look found."""
    from pipeline.store import subscriptions as stored
    from workers.terminal import print_json, running

    with running() as (db, _settings, _models), db.session() as s:
        found = stored.followed(s)
    if as_json:
        print_json({"subscriptions": [row_json(listing, subscription) for listing, subscription in found]})
        return
    if not found:
        click.echo("Nothing is followed. `nutshell subscribe LINK` follows a channel or playlist.", err=True)
    for listing, subscription in found:
        print_row(listing, subscription)


@click.command()
@click.argument("which", metavar="ID|LINK")
@edge
def unsubscribe(which: str) -> None:
    """Follow a channel or playlist no longer, by its link or its number in `nutshell subscriptions`. What was summarised stays."""
    from pipeline.source.hosts import Hosts
    from pipeline.source.links import read_link
    from pipeline.store import listings, subscriptions as stored
    from workers.terminal import running

    number = int(which) if which.isascii() and which.isdigit() and len(which) < 11 else None
    with running() as (db, settings, _models), db.session() as s:
        source_id = "" if number is not None else read_link(which, Hosts.of(settings.media_hosts)).source_id
        found = number if number is not None else listings.find(s, source_id)
        if found is None:
            raise stored.no_subscription()
        stored.unfollow(s, found)
    click.echo("No longer followed.")


def seconds(text: str) -> float:
    """Raises: InputError: `bad_every`."""
    from pipeline import timecode
    from pipeline.errors import InputError

    found = timecode.parse_interval(text)
    if found is None:
        raise InputError("bad_every", f"{text[:20]!r} is no interval such as 30m, 6h, 1d or 1w.")
    return found


def row_json(listing: Any, subscription: Any) -> dict[str, Any]:
    filters = subscription.filters
    return {
        "id": listing.id, "url": listing.url, "title": listing.title, "channel": listing.channel, "language": subscription.options.language,
        "length": subscription.options.length.value, "every": subscription.every, "paused": subscription.paused,
        "filters": {"words": filters.words, "without": filters.without, "min_duration": filters.min_duration, "max_duration": filters.max_duration},
        "next_check": None if subscription.paused else subscription.next_check.isoformat(),
        "last_checked": subscription.last_checked and subscription.last_checked.isoformat(), "result": subscription.result, "found": subscription.found,
        "error": subscription.error, "failures": subscription.failures,
    }  # fmt: skip


def print_row(listing: Any, subscription: Any) -> None:
    from workers.shown import shown

    click.secho(f"{listing.id}  {shown(listing.title) or listing.url}", bold=True)
    click.echo(f"    {listing.url}")
    if subscription.error:
        last = f"{subscription.failures} looks failed: {subscription.error}"
    elif subscription.last_checked:
        last = f"{subscription.found} new at {subscription.last_checked:%Y-%m-%d %H:%M} UTC"
    else:
        last = "not looked at yet"
    following = "paused" if subscription.paused else f"next look {subscription.next_check:%Y-%m-%d %H:%M} UTC"
    click.echo(f"    {last}; {following}")
