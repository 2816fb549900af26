"""`make demo`: the whole product against the loopback YouTube, in a data folder of its own. `python -m tests.demo`."""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import click

ROOT = Path(__file__).parent.parent
HOME = ROOT / ".nutshell" / "demo"


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="nutshell-demo-") as folder:
        state_file = Path(folder) / "state.json"
        command = [sys.executable, "-m", "tests.standin", "--port", "0", "--state", str(state_file)]
        # in a session of its own, so that Ctrl-C stops Nutshell first and YouTube after it
        standin = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, start_new_session=True)
        try:
            return serve(wait_for_state(state_file, standin))
        finally:
            standin.terminate()
            standin.wait(10)


def wait_for_state(file: Path, process: subprocess.Popen[bytes]) -> dict[str, Any]:
    while not file.exists():
        if process.poll() is not None:
            raise SystemExit("The loopback YouTube does not start; its error is above.")
        time.sleep(0.05)
    return dict(json.loads(file.read_text()))


def examples(links: list[dict[str, str]]) -> str:
    """For the empty start page: YouTube's own videos, which it offers otherwise, are not on this YouTube."""
    return "\n".join(f"{link['url']} {link['title'] or link['what']}" for link in links)


def serve(state: dict[str, Any]) -> int:
    from pipeline.config import load
    from pipeline.errors import NutshellError
    from workers.up import up

    os.environ |= {"NUTSHELL_PROXY": state["proxy"], "NUTSHELL_EXTRA_CA": state["ca_file"], "NUTSHELL_EXAMPLES": examples(state["links"])}
    os.environ.setdefault("NUTSHELL_HOME", str(HOME))

    def say(line: str) -> None:
        click.echo(line)
        if line.startswith("Nutshell is ready"):
            click.echo("Links to paste:")
            for link in state["links"]:
                click.echo(f"  {link['url']}   {link['what']}: {link['title']}")

    try:
        return up(load(), say=say)
    except NutshellError as error:
        click.echo(str(error), err=True)
        return error.exit_status


if __name__ == "__main__":
    sys.exit(main())
