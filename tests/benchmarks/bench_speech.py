"""Speech against its peers on the same file, model and cores, in one run: speed, processor time, memory, words.

Run: python -m tests.benchmarks speech, or python -m tests.benchmarks.bench_speech ROUNDS SECONDS for other than one round over the whole recording.
The peers are faster-whisper as its README calls it (one window after the other, beam 5, with voice detection) and its batched pipeline (batches of 8,
greedy). Every run is a process of its own, so that its peak of memory is its own; times count decoding and voice detection, not loading the model.
Figures of different runs cannot be compared; the ratios within one can.
"""

import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from pipeline.config import Settings, load
from pipeline.speech.models import prepare_builtin, whisper_folder
from tests.conftest import DATA

READERS = DATA / "long/en_librispeech_10readers/en_librispeech_10readers"
WAYS = ("ours", "plain", "batched")
RATE = 16_000


def main(rounds: int = 1, seconds: float = 0.0) -> None:
    if not DATA.is_dir():
        print(f"needs the recordings in {DATA}")
        return
    with tempfile.TemporaryDirectory(prefix="nutshell-") as home:
        settings = Settings(home=Path(home), device="cpu", profile="builtin")
        prepare_builtin(settings)
        sound = excerpt(Path(home), seconds)
        runs: dict[str, list[dict[str, float]]] = {way: [] for way in WAYS}
        for number in range(rounds):
            for way in WAYS if number % 2 == 0 else reversed(WAYS):
                runs[way].append(measured(way, settings, sound))
        table(runs)
        growth(settings, Path(home))


def excerpt(home: Path, seconds: float) -> Path:
    """The recording, or its first `seconds`."""
    return Path(f"{READERS}.opus") if seconds <= 0 else looped(home / "excerpt.flac", seconds)


def looped(path: Path, seconds: float) -> Path:
    """The recording over and over until `seconds` are full."""
    import av
    import numpy as np

    from pipeline.speech.audio import windows

    samples = np.concatenate([(window.samples * 32767).astype(np.int16) for window in windows(Path(f"{READERS}.opus"))])
    with av.open(str(path), "w") as container:
        stream = container.add_stream("flac", rate=RATE, layout="mono")
        left = int(seconds * RATE)
        while left > 0:
            piece = samples[:left]
            left -= len(piece)
            for first in range(0, len(piece), 4096):
                frame = av.AudioFrame.from_ndarray(piece[None, first : first + 4096], format="s16", layout="mono")
                frame.sample_rate = RATE
                container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def measured(way: str, settings: Settings, sound: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "tests.benchmarks.bench_speech", "--run", way, str(settings.home), str(sound)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def table(runs: dict[str, list[dict[str, float]]]) -> None:
    print(f"{'':<10}{'x real time':>12}{'CPU s':>8}{'first words s':>15}{'peak MB':>9}{'WER %':>7}{'times faster than ours':>25}")
    for way, found in runs.items():
        ratio = statistics.median(ours["wall"] / one["wall"] for ours, one in zip(runs["ours"], found, strict=True))
        middle = {name: statistics.median(one[name] for one in found) for name in found[0]}
        print(
            f"{way:<10}{middle['seconds'] / middle['wall']:>12.1f}{middle['cpu']:>8.0f}{middle['first']:>15.1f}{middle['peak']:>9.0f}"
            f"{100 * middle['wer']:>7.1f}{ratio:>25.2f}"
        )


def growth(settings: Settings, home: Path) -> None:
    for minutes in (10, 60):
        found = measured("ours", settings, looped(home / "long.flac", 60.0 * minutes))
        print(f"peak memory over {minutes} minutes: {found['peak']:.0f} MB (at most 900)")


# ---------------------------------------------------------------- one run, in a process of its own


def run(way: str, home: str, sound: str) -> None:
    settings = load({}, home=home, device="cpu", profile="builtin")
    result = ours(settings, Path(sound)) if way == "ours" else peer(settings, sound, batched=way == "batched")
    usage = resource.getrusage(resource.RUSAGE_SELF)
    result["peak"] = usage.ru_maxrss / (1024 if sys.platform == "linux" else 1024**2)
    print(json.dumps(result))


def ours(settings: Settings, sound: Path) -> dict[str, float]:
    from pipeline.speech.whisper import Recogniser

    recogniser = Recogniser(settings)
    recogniser._engine  # noqa: B018 - loads the model, which is not timed for the peers either
    texts, first, until = [], 0.0, 0.0
    began, cpu = time.monotonic(), processor()
    for part in recogniser.transcribe(sound, emit=lambda progress: None):
        first = first or time.monotonic() - began
        texts += [segment.text for segment in part.segments]
        until = part.until
    return {"wall": time.monotonic() - began, "cpu": processor() - cpu, "first": first, "seconds": until, "wer": errors(texts, until)}


def peer(settings: Settings, sound: str, *, batched: bool) -> dict[str, float]:
    import os

    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    from faster_whisper import BatchedInferencePipeline, WhisperModel

    model = WhisperModel(str(whisper_folder(settings)), device="cpu", compute_type="int8", cpu_threads=os.cpu_count() or 1)
    texts, first = [], 0.0
    began, cpu = time.monotonic(), processor()
    segments, info = (
        BatchedInferencePipeline(model).transcribe(sound, batch_size=8, beam_size=1)
        if batched
        else model.transcribe(sound, beam_size=5, vad_filter=True)
    )
    for segment in segments:
        first = first or time.monotonic() - began
        texts.append(segment.text)
    return {
        "wall": time.monotonic() - began,
        "cpu": processor() - cpu,
        "first": first,
        "seconds": info.duration,
        "wer": errors(texts, info.duration),
    }


def processor() -> float:
    """Seconds of processor time of this process and its ended children."""
    return sum(
        usage.ru_utime + usage.ru_stime
        for usage in (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    )


def errors(texts: list[str], seconds: float) -> float:
    """Word error rate against what is read in the first `seconds`; meaningless for more than one round of the recording."""
    import jiwer

    from pipeline.speech.evaluate import normalised

    said = [one["text"] for one in json.loads(Path(f"{READERS}.json").read_text())["segments"] if one["end"] <= seconds]
    return float(jiwer.wer(" ".join(normalised(" ".join(said))), " ".join(normalised(" ".join(texts)))))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--run"]:
        run(*sys.argv[2:5])
    else:
        main(*(kind(value) for kind, value in zip((int, float), sys.argv[1:], strict=False)))
