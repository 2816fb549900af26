"""Where causes become a line on standard error and an exit status: around every command."""

import os
import sys
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import click

P = ParamSpec("P")
R = TypeVar("R")


def edge(command: Callable[P, R]) -> Callable[P, R]:
    """The one place where causes become a line on standard error and an exit status."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        from pipeline import logs
        from pipeline.errors import NutshellError

        logs.configure("warning")  # a command prints its result; `up` says more
        try:
            return command(*args, **kwargs)
        except NutshellError as error:
            click.echo(f"nutshell: {error}", err=True)
            sys.exit(error.exit_status)
        except KeyboardInterrupt:
            click.echo("nutshell: interrupted", err=True)
            sys.exit(130)
        except BrokenPipeError:  # `nutshell … | head`
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(0)

    return run
