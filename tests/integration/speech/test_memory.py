"""Memory does not grow with the length of a recording: decoding, finding speech and packing it, all real; only the hearing is left out, for time."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pipeline.config import Settings
from pipeline.speech.audio import windows
from tests.integration.speech.media import write_audio
from tests.standin.talks import load_talk

RATE = 16_000
PROGRAM = """
import json, sys
from pathlib import Path
from pipeline.config import Settings
from pipeline.speech.engine import Engine, Heard
from pipeline.speech.guards import Evidence
from pipeline.speech.whisper import Recogniser

Engine.hear = lambda self, pictures, language, task, seconds: [(Heard((), Evidence(0.0, 0.0, "")),) for _ in pictures]
Engine.listen = lambda self, picture: (picture, {})
recogniser = Recogniser(Settings(home=Path(sys.argv[1]), device="cpu", profile="builtin"))
until = [part.until for part in recogniser.transcribe(Path(sys.argv[2]), language="en", emit=lambda progress: None)][-1]
status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
print(json.dumps([until, int(status["VmHWM"].split()[0]) / 1024]))
"""


def peak(settings: Settings, path: Path) -> tuple[float, float]:
    """Seconds heard and the most memory used, in MB. Not by getrusage: ru_maxrss begins with what the process that forked had."""
    done = subprocess.run([sys.executable, "-c", PROGRAM, str(settings.home), str(path)], capture_output=True, text=True, timeout=250)
    assert done.returncode == 0, done.stderr
    until, megabytes = json.loads(done.stdout.splitlines()[-1])
    return until, megabytes


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is on Linux only")
def test_eight_times_the_length_takes_the_same_memory(settings: Settings, tmp_path: Path) -> None:
    talk = np.concatenate([window.samples for window in windows(load_talk("short").files[251])])
    short, long = (write_audio(tmp_path / f"{times}.flac", np.tile(talk, times), codec="flac") for times in (10, 80))

    (until_short, small), (until_long, large) = peak(settings, short), peak(settings, long)

    assert until_long == pytest.approx(8 * until_short, rel=0.01)
    assert large - small < 170  # 66 minutes of samples would be 250 MB; memory levels off within the first half hour
    assert large < 700
