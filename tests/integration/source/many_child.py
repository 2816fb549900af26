"""The real child's probe, for many videos in one process: what each comes to. Saves the tests the start of an interpreter a video."""

from pathlib import Path
from typing import Any

from pipeline.errors import NutshellError
from pipeline.source import child, client, inside


def handle(request: Any, report: inside.Report) -> Any:
    client.trust(Path.cwd(), request["extra_ca"])
    outcomes = {}
    for url in request["urls"]:
        try:
            child.probe({"language": None, **request, "url": url}, report)
            outcomes[url] = ("", "", False)
        except NutshellError as error:
            outcomes[url] = (error.code, str(error), error.retryable)
    return outcomes


if __name__ == "__main__":
    inside.serve(handle)
