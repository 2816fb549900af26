"""The command `nutshell`. Names and JSON are stable; messages go to standard error, results to standard output.

Exit status: 0 done, 2 bad input, 3 source unavailable, 4 model or server trouble. Everything heavy is imported inside its command: `nutshell --help` stays quick.
"""

import os
import sys
from datetime import datetime
from typing import TYPE_CHECKING

import click

from workers.cli_training import back, evaluate, promote, train
from workers.cli_youtube import cookies, doctor, update_yt_dlp
from workers.edge import edge
from workers.reindexing import reindex
from workers.searching import search
from workers.subscribing import subscribe, subscriptions, unsubscribe

if TYPE_CHECKING:
    from pipeline.summary.styles import Telling

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # onnxruntime phones home unless this is set before its first import
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

LENGTHS = ("short", "medium", "long")
STYLES = ("bullets", "paragraph", "chapters", "qa", "notes")
SUBTITLES = ("srt", "vtt", "txt", "json")
EXPORTS = ("md", "txt", "srt", "vtt", "json", "html", "pdf")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="nutshell")
def main() -> None:
    """TLDRs of videos, linked to the moments that say so. Private: everything runs on this machine."""


@main.command()
@click.option("--port", type=int, help="Port of the page; 8000 unless NUTSHELL_PORT says otherwise.")
@edge
def up(port: int | None) -> None:
    """Start everything on this machine."""
    from pipeline import logs
    from pipeline.config import load
    from workers.up import up as start

    settings = load() if port is None else load(port=port)
    logs.configure(settings.log_level)
    sys.exit(start(settings))


@main.command()
@click.argument("source")
@click.option("--lang", help="Language of the summary, for example es; the video's own if not given.")
@click.option("--length", type=click.Choice(LENGTHS), default="medium", show_default=True)
@click.option("--style", help=f"How the points are told: {', '.join(STYLES)}; bullets if not given.")
@click.option("--plain", is_flag=True, help="Leave hard points out where there are easier ones.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
@click.option("--no-captions", is_flag=True, help="Listen to the sound even where there are captions.")
@click.option("--speakers", is_flag=True, help="Tell apart who speaks in what is listened to.")
@edge
def tldr(
    source: str, lang: str | None, length: str, style: str | None, plain: bool, as_json: bool, no_captions: bool, speakers: bool
) -> None:
    """The TLDR of SOURCE: a link, an audio or video file, or a .vtt, .srt, .ttml, .json3 or .txt transcript. Needs no server."""
    from pipeline.config import load
    from pipeline.run import process
    from pipeline.source.hosts import Hosts
    from pipeline.source.links import parse_source
    from pipeline.types import Length, Options
    from workers.prepare import prepare_what_can_be
    from workers.terminal import Bar, print_json, print_summary

    how = telling(style, plain)
    settings = load(speakers=True) if speakers else load()
    options = Options(language=language_code(lang), length=Length(length), captions=not no_captions)
    parsed = parse_source(source, Hosts.of(settings.media_hosts))
    prepare_what_can_be(settings)
    with Bar() as bar:
        result = process(parsed, options, settings, emit=bar.show)
    if as_json:
        print_json(result.document(how))
    else:
        print_summary(result.video, result.summary, how)


@main.command()
@click.argument("question")
@click.option("--video", "videos", multiple=True, help="Only in the video of this id; several times for several.")
@click.option("--list", "listing", type=click.IntRange(min=1), help="Only in what the playlist, channel or subscription of this number holds (its page is /l/NUMBER).")
@click.option("--conversation", type=click.IntRange(min=1), help="Go on in this conversation, where that asks.")
@click.option("--keep", is_flag=True, help="Begin a conversation; its number is printed.")
@click.option("--lang", help="Language of the answer, for example es, where something here translates into it; the original stands beside it.")
@click.option("--json", "as_json", is_flag=True)
@edge
def ask(question: str, videos: tuple[str, ...], listing: int | None, conversation: int | None, keep: bool, lang: str | None, as_json: bool) -> None:
    """An answer from the library, with the moments that say so."""
    from workers.asking import put
    from workers.terminal import answer_json, print_answer, print_json

    if conversation is not None and (videos or listing is not None):
        raise click.UsageError("A conversation asks where it began; leave --video and --list out.")
    found, number = put(question, videos, listing, conversation, keep=keep, language=language_code(lang))
    if as_json:
        print_json(answer_json(found) | ({} if number is None else {"conversation": number}))
        return
    print_answer(found)
    if keep and number is not None:
        click.echo(f'Go on with: nutshell ask --conversation {number} "…"', err=True)


@main.command()
@click.argument("source")
@click.option("--as", "what", type=click.Choice(("audio", "video", "subtitles")), required=True)
@click.option(
    "--format", "kind", default="", help="Of audio: mp3, m4a or opus; as it is served if not given. Of subtitles: srt, vtt, txt or json."
)
@click.option("--quality", default="", help="Of video: at most 360, 480, 720 (if not given) or 1080 lines, or best.")
@click.option("--clip", "part", help="Only from one time to another, for example 1:00-2:30.")
@click.option("--to", "folder", type=click.Path(file_okay=False), default=".", help="Folder to write into; here if not given.")
@edge
def download(source: str, what: str, kind: str, quality: str, part: str | None, folder: str) -> None:
    """Save SOURCE's audio, its video, or its subtitles; with --format or --clip also of a file."""
    from pathlib import Path

    from pipeline import downloads, run
    from pipeline.config import load
    from pipeline.source.hosts import Hosts
    from pipeline.source.links import parse_source
    from workers.terminal import Bar

    settings = load()
    parsed = parse_source(source, Hosts.of(settings.media_hosts))
    if what == "subtitles":
        subtitles_only(kind, quality, part)
        with Bar() as bar:
            path = run.save_subtitles(parsed, kind or "srt", settings, Path(folder), bar.show)
    else:
        form = downloads.wanted(what, kind, quality, downloads.parse_clip(part) if part is not None else None)
        with Bar() as bar:
            path = run.save_download(parsed, form, settings, Path(folder), bar.show)
    click.echo(path)


def subtitles_only(kind: str, quality: str, part: str | None) -> None:
    """Raises: InputError: `bad_download`, options that subtitles do not have."""
    from pipeline.errors import InputError

    if quality or part is not None:
        raise InputError("bad_download", "Subtitles have no quality and no clips.")
    if kind not in ("", *SUBTITLES):
        raise InputError("bad_download", f"Subtitles do not come as {kind[:20]!r}. Choose one of {', '.join(SUBTITLES)}.")


@main.command()
@click.argument("video")
@click.option("--as", "form", type=click.Choice(EXPORTS), required=True)
@click.option("--lang", help="Language of summary and transcript, as far as they are translated; the video's own if not given.")
@click.option("--style", help=f"How the points are told: {', '.join(STYLES)}; bullets if not given.")
@click.option("--plain", is_flag=True, help="Leave hard points out where there are easier ones.")
@edge
def export(video: str, form: str, lang: str | None, style: str | None, plain: bool) -> None:
    """The transcript and summary of the library's VIDEO (its id) on standard output."""
    from pipeline.export.render import render
    from pipeline.store import notes
    from workers.terminal import running, stored_summary

    how = telling(style, plain)
    with running() as (db, _settings, _models):
        stored, transcript, summary = stored_summary(db, video, language_code(lang))
        with db.session() as s:
            kept = notes.kept(s, video)
    sys.stdout.buffer.write(render(form, stored, transcript, summary, how, kept).body)


@main.command()
@click.argument("video")
@click.option("--to", "target", required=True, help="Language, for example es.")
@edge
def translate(video: str, target: str) -> None:
    """Translate the library's VIDEO (its id), and print the summary; `nutshell export VIDEO --as vtt --lang …` has the subtitles."""
    from workers.terminal import print_summary, running, stored_summary, stored_video, wait_for

    code = language_code(target)
    with running() as (db, settings, _models):
        from pipeline.run import submit_translation

        stored_video(db, video)
        wait_for(db, settings, submit_translation(db, video, str(code), transcript=settings.translate_transcript))
        stored, _transcript, summary = stored_summary(db, video, code)
    if summary is not None:
        print_summary(stored, summary)


@main.command("import")
@click.argument("what", metavar="FOLDER_OR_LIST")
@click.option("--lang", help="Language of the summaries, for example es; each video's own if not given.")
@click.option("--length", type=click.Choice(LENGTHS), default="medium", show_default=True)
@click.option("--newest", type=click.IntRange(1), help="So many of each list at most: its first, or the files changed last.")
@click.option("--after", type=click.DateTime(["%Y-%m-%d"]), help="Only what was published, watched or changed on that day (YYYY-MM-DD) or later.")
@click.option("--all", "everything", is_flag=True, help="Also the whole of a watch history, which is only listed otherwise.")
@click.option("--subscribe", is_flag=True, help="Follow the channels of Takeout's subscriptions.")
@click.option("--dry-run", is_flag=True, help="Print what would come, and change nothing.")
@click.option("--wait", is_flag=True, help="Wait until everything has ended, and print each item's end.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
@edge
def import_(what: str, lang: str | None, length: str, newest: int | None, after: datetime | None, everything: bool, subscribe: bool, dry_run: bool, wait: bool,
            as_json: bool) -> None:  # fmt: skip
    """Queue a folder of recordings and transcripts, a text or table with links, a playlist or channel, or an export of Google Takeout (zip or unpacked)."""
    from pipeline.types import Length, Options
    from workers.import_report import run
    from workers.importing import Wish

    options = Options(language=language_code(lang), length=Length(length))
    wish = Wish(options, newest, after.date().isoformat() if after else None, everything, subscribe)
    sys.exit(run(what, wish, dry_run=dry_run, wait=wait, as_json=as_json))


@main.group()
def models() -> None:
    """The models of this machine."""


@models.command("list")
@edge
def models_list() -> None:
    """Which models are there, which could be, and which are used, with the reason."""
    from pipeline.config import load
    from workers.models import print_models

    print_models(load())


@models.command("prepare")
@edge
def models_prepare() -> None:
    """Unpack the built-in models into the data folder (make run does it)."""
    from pipeline.config import load
    from workers.prepare import prepare_models

    prepare_models(load())


@models.command("pull")
@click.argument("wanted", metavar="PROFILE_OR_NAME")
@click.option("--yes", is_flag=True, help="Do not ask.")
@edge
def models_pull(wanted: str, yes: bool) -> None:
    """Fetch models from their publishers on the Hugging Face hub: those of a profile (builtin, cpu, gpu), or one that `nutshell models list` names.

    Sizes and licences are shown first. What was interrupted goes on with the next call.
    """
    from pipeline.config import load
    from workers.pull import pull

    for path in pull(load(), wanted, yes=yes):
        click.echo(path)


main.add_command(cookies)
main.add_command(update_yt_dlp)
main.add_command(doctor)
main.add_command(evaluate)
main.add_command(train)
models.add_command(promote)
models.add_command(back)
for _command in (search, reindex, subscribe, subscriptions, unsubscribe):
    main.add_command(_command)


def later(what: str, advice: str = "") -> None:
    from pipeline.errors import InputError

    raise InputError("not_yet", f"`nutshell {what}` is not there yet. {advice}")


def _later_command(name: str) -> None:
    @main.command(name, context_settings={"ignore_unknown_options": True}, help="Not there yet.")
    @click.argument("rest", nargs=-1, type=click.UNPROCESSED)
    @edge
    def command(rest: tuple[str, ...]) -> None:  # noqa: ARG001 - taken so that any arguments get the same answer
        later(name)


for _name in ("users", "tokens", "backup", "restore"):
    _later_command(_name)


def telling(style: str | None, plain: bool) -> "Telling":
    """Raises: InputError: `bad_style`."""
    from pipeline.summary.audience import PLAIN
    from pipeline.summary.styles import telling as told

    return told(style, PLAIN.name if plain else None)


def language_code(text: str | None) -> str | None:
    """The code of a language given as a code or by its English or own name.

    Raises:
        InputError: `bad_language`.
    """
    if text is None:
        return None
    from pipeline.languages import code_of

    return code_of(text)


if __name__ == "__main__":
    main()
