"""A child for the tests of the sandbox: does whatever a bad child may do."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from pipeline.errors import InputError, cause
from pipeline.source import inside, media_child


def handle(request: Any, report: inside.Report) -> Any:
    return globals()[f"do_{request['do']}"](request, report)


def do_echo(request: Any, report: inside.Report) -> Any:
    print("not an answer")  # noqa: T201 - as a library might
    os.write(1, b'{"result": "forged"}\n')
    report(0.25, "a quarter")
    report(1.0, "done")
    return {"value": request["value"], "cwd": str(Path.cwd())}


def do_who(request: Any, report: inside.Report) -> Any:
    return {"pid": os.getpid(), "cwd": str(Path.cwd()), "temporary": tempfile.gettempdir()}


def do_environment(request: Any, report: inside.Report) -> Any:
    return dict(os.environ)


def do_refuse(request: Any, report: inside.Report) -> Any:
    raise cause(request["code"], "A detail.")


def do_crash(request: Any, report: inside.Report) -> Any:
    raise RuntimeError("unexpected")


def do_abort(request: Any, report: inside.Report) -> Any:
    os.abort()


def do_sleep(request: Any, report: inside.Report) -> Any:
    """Starts a child of its own, says both numbers, and hangs."""
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    report(0.5, f"{os.getpid()} {child.pid}")
    time.sleep(600)


def do_spin(request: Any, report: inside.Report) -> Any:
    while True:
        pass


def do_eat(request: Any, report: inside.Report) -> Any:
    return len(bytearray(request["bytes"]))


def do_write(request: Any, report: inside.Report) -> Any:
    Path("large").write_bytes(bytes(request["bytes"]))
    return Path("large").stat().st_size


def do_open(request: Any, report: inside.Report) -> Any:
    return len([os.open(os.devnull, os.O_RDONLY) for _ in range(request["files"])])


def do_connect(request: Any, report: inside.Report) -> Any:
    with socket.create_connection(("127.0.0.1", request["port"]), 5):
        return "connected"


def do_probe(request: Any, report: inside.Report) -> Any:
    """Many media files in one process: the outcomes by name."""
    outcomes = {}
    for path in sorted(Path(request["folder"]).iterdir()):
        try:
            outcomes[path.name] = f"duration {media_child.probe(path)['duration']:.1f}"
        except InputError as error:
            outcomes[path.name] = error.code
    return outcomes


if __name__ == "__main__":
    inside.serve(handle, offline=True)
