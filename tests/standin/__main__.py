"""python -m tests.standin [--port N] [--state FILE]: the stand-in for `make demo`, until SIGTERM or Ctrl-C.

`--state` names a file that is written, whole, when the server listens: {"proxy", "ca_file", "links": [{"url", "title", "what"}]}.
"""

import argparse
import contextlib
import json
import os
import signal
import sys
import threading
from pathlib import Path

from tests.standin.conditions import DEMO
from tests.standin.server import StandIn
from tests.standin.world import default_world

YT = "https://www.youtube.com/watch?v="


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.standin", description="A YouTube on loopback.")
    parser.add_argument("--port", type=int, default=0, help="port of the proxy; 0: any free one")
    parser.add_argument("--state", type=Path, help="file to write the proxy's address, its certificate and the links to")
    parser.add_argument("--log", action="store_true", help="write every request to standard error")
    asked = parser.parse_args()
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    with StandIn(default_world(), port=asked.port) as server:
        state = describe(server)
        if asked.state:
            write(asked.state, state)
        sys.stdout.write(json.dumps(state, indent=1, ensure_ascii=False) + "\n")
        sys.stdout.flush()
        seen = 0
        while not stopped.wait(0.5):
            if asked.log:
                seen = tell(server, seen)
    if asked.state:
        with contextlib.suppress(FileNotFoundError):
            asked.state.unlink()


def describe(server: StandIn) -> dict[str, object]:
    videos = default_world().videos
    links = [{"url": YT + video_id, "title": videos[video_id].title, "what": what} for video_id, what in DEMO.items()]
    return {"proxy": server.proxy, "ca_file": str(server.ca_file), "links": links}


def write(path: Path, state: dict[str, object]) -> None:
    """Whole or not at all: who waits for the file may read it as soon as it is there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}")
    part.write_text(json.dumps(state, indent=1, ensure_ascii=False), encoding="utf-8")
    part.replace(path)


def tell(server: StandIn, seen: int) -> int:
    requests = server.log[seen:]
    sys.stderr.writelines(f"{request.status} {request.line} {request.headers.get('range', '')}\n" for request in requests)
    return seen + len(requests)


if __name__ == "__main__":
    main()
