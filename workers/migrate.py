"""`python -m workers.migrate`: bring the database to the newest form, and end. `up` does it by itself; on a cluster it runs once before everything else."""

import sys

import click

from pipeline.config import load
from pipeline.errors import NutshellError
from workers.servers import migrate


def main() -> int:
    try:
        migrate(load())
    except NutshellError as error:
        click.echo(str(error), err=True)
        return error.exit_status
    return 0


if __name__ == "__main__":
    sys.exit(main())
