"""`nutshell search`."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import click

from workers.edge import edge


@click.command("search")
@click.argument("query", required=False, default="")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
@click.option("--limit", type=click.IntRange(1, 100), default=10, show_default=True)
@click.option("--video", help="Only in the video of this id.")
@click.option("--channel", help="Only in this channel's videos.")
@click.option("--lang", help="Only where this language is spoken: a code or a name.")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="Only videos published on this day or later.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="Only videos published on this day or before.")
@click.option("--length", type=click.Choice(("short", "medium", "long")), help="Only videos under 10 minutes, up to 40, or longer.")
@click.option("--speaker", help="Only where this speaker speaks.")
@click.option("--tag", help="Only in videos with this tag.")
@click.option("--folder", help="Only in videos of the folder of this name.")
@click.option("--watched/--unwatched", default=None, help="Only in videos that you have watched, or not yet.")
@click.option("--like", metavar="ID@SECOND", help="Moments like this one, instead of a QUERY.")
@edge
def search(query: str, as_json: bool, limit: int, like: str | None, **given: Any) -> None:
    """Moments in the library that QUERY is about. "Phrases" must stand in them, -words must not (after --, so that no word is taken for an option)."""
    from pipeline.library import search as searching
    from pipeline.library.indexed import indexed
    from workers.terminal import found_json, print_found, print_json, running, stored_video

    if bool(query) == bool(like):
        raise click.UsageError("Give either a QUERY or --like ID@SECOND.")
    folder = given.pop("folder")
    scope = _scope(**given)
    with running() as (db, _settings, models):
        scope = scope if folder is None else replace(scope, folder=_folder(db, folder))
        if scope.videos:
            stored_video(db, scope.videos[0])
        here = indexed(db, models.embedder)
        if like:
            video_id, at = _moment(like)
            stored_video(db, video_id)
            found = searching.Found(searching.similar(here.db, video_id, at, limit=limit, scope=scope))
        else:
            found = searching.find(here.db, here.embedder, query, limit=limit, scope=scope)
    if as_json:
        print_json(found_json(found))
    else:
        print_found(found)


def _scope(
    video: str | None, channel: str | None, lang: str | None, since: datetime | None, until: datetime | None, length: str | None, speaker: str | None,
    tag: str | None, watched: bool | None,
) -> Any:
    """Raises: InputError: `bad_language`."""
    from pipeline.languages import code_of
    from pipeline.library.search import LENGTHS
    from pipeline.types import Scope

    shortest, longest = LENGTHS[length] if length else (None, None)
    return Scope(
        languages=(code_of(lang),) if lang else (), videos=(video,) if video else (), channel=channel, since=since.date().isoformat() if since else None,
        until=until.date().isoformat() if until else None, shortest=shortest, longest=longest, speaker=speaker, tag=tag, watched=watched,
    )  # fmt: skip


def _folder(db: Any, name: str) -> int:
    """Raises: NotFound: `no_folder`."""
    from pipeline.errors import NotFound
    from pipeline.store import collections

    with db.session() as s:
        found = collections.find_folder(s, name)
    if found is None:
        raise NotFound("no_folder", f"There is no folder {name[:80]!r} in the library.")
    return found


def _moment(like: str) -> tuple[str, float]:
    video_id, _, second = like.rpartition("@")
    try:
        return video_id, float(second)
    except ValueError as error:
        raise click.UsageError("--like takes a video's id and a second, for example aaaaaaaaaaa@75.") from error
