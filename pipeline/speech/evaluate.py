"""How well speech is heard: word error rate by language (of characters where words have no spaces between them), how far times are off, and words heard where nobody speaks.

Measures on recordings beside the project (../shared/data), through the same Recogniser that the product uses. Texts are compared in lower case, without
punctuation; numbers stay as they are written, so "15" for "fifteen" counts as an error.
"""

import json
import re
import statistics
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby
from pathlib import Path

from pipeline.config import Settings
from pipeline.errors import InputError, ModelError
from pipeline.speech.whisper import Recogniser
from pipeline.types import Progress, Segment

READERS = "long/en_librispeech_10readers/en_librispeech_10readers"
FLEURS = "asr/fleurs_de_en_es_fr_pt"
EIGHT = "asr/picovoice_8lang"
CHINESE = "asr/fleurs_ja_zh"
WITHOUT_SPACES = frozenset({"zh", "ja", "th", "lo", "km", "my"})
"""Errors are counted by characters there, since nothing says where a word ends."""
NOT_SPEECH = "nonspeech"
SOUNDS = frozenset({".wav", ".ogg", ".opus", ".mp3", ".flac", ".m4a", ".webm"})
SPOKEN = frozenset({"leak-test.wav"})
"""Lies among the non-speech files as material for voice detectors, but somebody speaks in it."""


@dataclass(frozen=True, slots=True)
class Recording:
    group: str
    """The row of the table it counts in."""
    language: str
    path: Path
    text: str
    segments: tuple[Segment, ...] = ()
    """Exact times, where they are known."""


def evaluate(settings: Settings, data_dir: Path, report: Callable[[str], None]) -> int:
    """Print the table. The exit status is 0, or 4 when words were heard where nobody speaks.

    Raises:
        InputError: `no_data` when the folder holds none of the recordings.
        ModelError: `not_installed` when jiwer is not.
    """
    if not (data_dir / FLEURS).is_dir():
        raise InputError("no_data", f"{data_dir} holds no recordings to measure on: {FLEURS} is missing there.")
    recogniser = Recogniser(settings)
    report(f"{recogniser.model_name} on {recogniser.device_reason}")
    report(f"{'recordings':<22}{'language':>9}{'units':>8}{'':>5}{'errors %':>8}{'substituted':>13}{'left out':>10}{'added':>7}")
    for group, members in groupby(recordings(data_dir), key=lambda recording: recording.group):
        pairs = [(recording, heard(recogniser, recording.path, recording.language)) for recording in members]
        report(_row(group, pairs))
        for recording, segments in pairs:
            if recording.segments:
                report(_times(start_errors(recording.segments, segments)))
    return _not_speech(recogniser, data_dir, report)


def recordings(data_dir: Path) -> Iterator[Recording]:
    """Everything with a known text, group after group."""
    known = json.loads((data_dir / f"{READERS}.json").read_text())
    segments = tuple(Segment(one["start"], one["end"], one["text"]) for one in known["segments"])
    yield Recording("LibriSpeech readers", "en", data_dir / f"{READERS}.opus", " ".join(one.text for one in segments), segments)
    for path in sorted((data_dir / FLEURS).glob("*.ogg")):
        language = path.stem.split("-")[1]
        yield Recording(f"FLEURS {language}", language, path, path.with_suffix(".txt").read_text())
    if (data_dir / EIGHT).is_dir():
        for test in json.loads((data_dir / EIGHT / "test_data.json").read_text())["tests"]["language_tests"]:
            yield Recording(f"one sentence {test['language']}", test["language"], data_dir / EIGHT / test["audio_file"], test["transcript"])
    for path in sorted((data_dir / CHINESE).glob("*_zh_*.wav")):
        mixed = "_mix_" in path.name
        yield Recording("FLEURS zh and en" if mixed else "FLEURS zh", "zh", path, path.with_suffix(".txt").read_text())


def heard(recogniser: Recogniser, path: Path, language: str | None) -> list[Segment]:
    """Everything that was heard; the language is given, because that is what a word error rate measures."""
    return [segment for part in recogniser.transcribe(path, language=language, emit=_quiet) for segment in part.segments]


def normalised(text: str) -> list[str]:
    """Words in lower case without punctuation; apostrophes inside words stay."""
    text = unicodedata.normalize("NFKC", text).lower().replace("’", "'")
    return re.findall(r"\w+(?:'\w+)*", text)


def units(text: str, language: str) -> list[str]:
    """What errors are counted in: words, or characters in a language that writes without spaces (WER and CER)."""
    found = normalised(text)
    return list("".join(found)) if language in WITHOUT_SPACES else found


def start_errors(reference: Sequence[Segment], found: Sequence[Segment]) -> list[float]:
    """Seconds by which the starts of reference segments are missed, for those whose first words were recognised (late is positive)."""
    spoken = [(word, one.start if number == 0 else None) for one in reference for number, word in enumerate(normalised(one.text))]
    timed = [(word, time) for one in found for word, time in _spread(one)]
    blocks = SequenceMatcher(None, [word for word, _ in spoken], [word for word, _ in timed], autojunk=False).get_matching_blocks()
    errors = []
    for block in blocks:
        for offset in range(block.size):
            start = spoken[block.a + offset][1]
            if start is not None:
                errors.append(timed[block.b + offset][1] - start)
    return errors


def _spread(segment: Segment) -> Iterator[tuple[str, float]]:
    """The words of a segment with the times that a reader would guess: evenly by characters."""
    words = normalised(segment.text)
    letters = sum(len(word) for word in words) or 1
    before = 0
    for word in words:
        yield word, segment.start + (segment.end - segment.start) * before / letters
        before += len(word)


def _row(group: str, pairs: Sequence[tuple[Recording, list[Segment]]]) -> str:
    try:
        import jiwer
    except ImportError as error:
        raise ModelError("not_installed", "Measuring word errors needs the package jiwer: pip install jiwer.") from error
    language = pairs[0][0].language
    texts = [" ".join(units(recording.text, language)) for recording, _ in pairs]
    found = [" ".join(units(" ".join(segment.text for segment in segments), language)) for _, segments in pairs]
    result = jiwer.process_words(texts, found)
    count = sum(len(text.split()) for text in texts)
    counted = "CER" if language in WITHOUT_SPACES else "WER"
    return f"{group:<22}{language:>9}{count:>8}  {counted}{100 * result.wer:>8.1f}{result.substitutions:>13}{result.deletions:>10}{result.insertions:>7}"


def _times(errors: Sequence[float]) -> str:
    sizes = sorted(abs(error) for error in errors)
    late = sizes[int(0.95 * (len(sizes) - 1))]
    return f"starts of {len(sizes)} sentences: off by {statistics.median(sizes):.2f} s (median), {late:.2f} s (95 of 100), at most {sizes[-1]:.2f} s"


def _not_speech(recogniser: Recogniser, data_dir: Path, report: Callable[[str], None]) -> int:
    total = 0
    for path in sorted((data_dir / NOT_SPEECH).rglob("*")):
        if path.suffix in SOUNDS and path.name not in SPOKEN:
            words = normalised(" ".join(segment.text for segment in heard(recogniser, path, None)))
            total += len(words)
            report(f"nobody speaks: {path.name[:60]:<62}{len(words)} words {' '.join(words[:12])}".rstrip())
    report(f"words heard where nobody speaks: {total}")
    return 4 if total else 0


def _quiet(progress: Progress) -> None:
    """Nobody watches."""
