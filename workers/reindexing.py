"""`nutshell reindex`."""

from typing import TYPE_CHECKING, Any

import click

from workers.edge import edge

if TYPE_CHECKING:
    from pipeline.language.remote import RemoteEmbedder
    from pipeline.store.database import Database
    from pipeline.store.indexes import State


@click.command()
@click.argument("model", required=False)
@click.option("--back", is_flag=True, help="To the index that was searched before; what has come since is put into it first.")
@click.option("--drop", is_flag=True, help="Throw away the index that is not searched: an unfinished one, or the one from before.")
@click.option("--json", "as_json", is_flag=True, help="What there is, as one JSON object.")
@edge
def reindex(model: str | None, back: bool, drop: bool, as_json: bool) -> None:
    """Search with the embedding model MODEL: `builtin`, or NAME of a folder models/embed-NAME in the data folder (as sentence-transformers publishes them).

    Its index is made beside the one that is searched, which serves until the new one is whole. Interrupted, it goes on with the next call. Without MODEL: goes on with
    what is unfinished, else shows what there is.
    """
    from pipeline.language.generator import Priority
    from pipeline.language.remote import RemoteEmbedder
    from workers.terminal import running

    if sum((bool(model), back, drop)) > 1 or (as_json and (model or back or drop)):
        raise click.UsageError("Give either MODEL, --back, --drop or --json.")
    with running() as (db, settings, _models):
        embedder = RemoteEmbedder.from_settings(settings, Priority.BATCH)
        try:
            if drop:
                _drop(db)
            elif wanted := _wanted(db, embedder, model, back, as_json):
                _run(db, embedder.of(wanted))
            else:
                _show(db, embedder, as_json)
        finally:
            embedder.close()


def _wanted(db: "Database", embedder: "RemoteEmbedder", model: str | None, back: bool, as_json: bool) -> str | None:
    """Full name of the model whose index shall be searched; None: nothing was asked for. Raises: InputError: `no_such_model`; NotFound: `no_index`."""
    from pipeline.language.encoders import named
    from pipeline.store import indexes

    if model:
        return named(model, embedder.models())
    beside = _beside(db)
    if back and (beside is None or beside.served_at is None):
        raise indexes.no_index()
    unfinished = beside is not None and beside.served_at is None and not as_json
    return beside.index.model if beside and (back or unfinished) else None


def _beside(db: "Database") -> "State | None":
    from pipeline.store import indexes

    with db.session() as s:
        return next((state for state in indexes.states(s) if not state.serving), None)


def _run(db: "Database", embedder: "RemoteEmbedder") -> None:
    from pipeline.library.reindex import reindex as run
    from workers.terminal import Bar

    try:
        with Bar() as bar:
            index = run(db, embedder, bar.show)
    except KeyboardInterrupt:
        click.echo("nutshell: interrupted. What is made is kept, and searches find as before: `nutshell reindex` goes on, `nutshell reindex --drop` throws it away.", err=True)
        raise click.exceptions.Exit(130) from None
    click.echo(f"The library is searched with {index.model} now. `nutshell reindex --back` goes back to the index from before, `nutshell reindex --drop` makes room.")


def _drop(db: "Database") -> None:
    from pipeline.store import indexes

    gone = indexes.drop(db)
    click.echo(f"The index made with {gone.model} is gone.")


def _show(db: "Database", embedder: "RemoteEmbedder", as_json: bool) -> None:
    from pipeline.store import indexes
    from workers.terminal import print_json

    with db.session() as s:
        states = indexes.states(s)
    if as_json:
        print_json({"indexes": [_json(state) for state in states], "models": embedder.models()})
        return
    for state in states:
        what = "searched" if state.serving else "from before" if state.served_at else "unfinished"
        click.echo(f"{state.index.model}: {what}, {state.made:,} of {state.chunks:,} moments")
    click.echo(f"Models: {', '.join(embedder.models())}")


def _json(state: "State") -> dict[str, Any]:
    return {
        "model": state.index.model, "dimensions": state.index.dimensions, "serving": state.serving, "made": state.made, "moments": state.chunks,
        "served_at": state.served_at.isoformat() if state.served_at else None,
    }  # fmt: skip
