"""onnxruntime, which finds the speech, phones home unless it is told not to before its first import. Nobody may have to remember that."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import os, sys, time
import numpy as np
{first}
import onnxruntime
time.sleep(3)
assert os.environ["ORT_DISABLE_TELEMETRY"] == "1"
"""


@pytest.mark.parametrize(
    "first",
    [
        "from pipeline.speech.clips import find_speech; find_speech(np.zeros(16000, np.float32), 0.0)",
        """
from pathlib import Path
from pipeline.config import Settings
from pipeline.speech.engine import Engine, choose_device
Engine(Path(sys.argv[1]), choose_device(Settings(device="cpu")))
""",
    ],
)
def test_no_trace_of_telemetry(tmp_path: Path, first: str, request: pytest.FixtureRequest) -> None:
    """Its device id and event database would lie in the home or cache folder."""
    from pipeline.speech.models import whisper_folder

    folder = whisper_folder(request.getfixturevalue("settings"))
    environment = {name: value for name, value in os.environ.items() if name not in {"ORT_DISABLE_TELEMETRY", "XDG_CACHE_HOME"}}

    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(first=first), str(folder)],
        env=environment | {"HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert done.returncode == 0, done.stderr
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
