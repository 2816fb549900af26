"""The Whisper model on its device: encodes clips, writes their words, tells the language. The only file that knows CTranslate2's calls.

Uses faster-whisper's model, features and tokenizer, but not its loops: those hold the whole recording, or batch without word times. On a CPU two
workers with half the cores each take batches side by side, which keeps the cores busier than one worker with all of them (measured: 1.9 times with two
cores), and clips are encoded one by one, which costs no time and a third of the memory.
"""

import ctypes
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog

from pipeline import machine
from pipeline.config import Settings
from pipeline.errors import ModelError
from pipeline.speech.clips import HEARD_AT_ONCE
from pipeline.speech.guards import Evidence
from pipeline.speech.words import Word

if TYPE_CHECKING:
    import numpy as np
    from faster_whisper.tokenizer import Tokenizer

FRAMES = 3000
"""Of 10 ms each: what Whisper hears at once."""
CAREFUL_BEAM = 5
MOST_TOKENS = 448
LEFT_OUT = 3.0
"""Seconds of speech after the last word that were not heard. Clips end with their speech, so there are 0.4 to 0.7 as a rule."""
CUBLAS = "libcublas.so.12"
"""What CTranslate2 loads when it first computes on a GPU; torch may have brought another version."""
OPENING = "\"'“¿¡([{-«„"
CLOSING = "\"'.。,，!！?？:：;；”)]}、…»"
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Device:
    """Where the model runs and how its numbers are kept."""

    name: str
    """cpu or cuda."""
    compute_type: str
    workers: int
    """Batches at the same time."""
    threads: int
    """Cores per worker."""
    batch: int
    """Clips per batch. Each takes 37 MB for what the decoder attends to (base)."""
    reason: str


@dataclass(frozen=True, slots=True)
class Picture:
    """What the model hears of one clip."""

    mel: "np.ndarray"
    """(mels, FRAMES)"""
    encoded: Any = None
    """The encoder's output, in CTranslate2's form, where it is there already."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What the model made of one clip, or of a part of it."""

    words: tuple[Word, ...]
    """Times in seconds from the start of the clip."""
    evidence: Evidence


def choose_device(settings: Settings) -> Device:
    """int8 on a CPU, float16 on a GPU, and why.

    Raises:
        ModelError: `no_gpu` when NUTSHELL_DEVICE asks for one that cannot be used.
    """
    problem = "NUTSHELL_DEVICE is cpu" if settings.device == "cpu" else _gpu_problem()
    if settings.device == "cuda" and problem:
        raise ModelError("no_gpu", f"NUTSHELL_DEVICE is cuda, but {problem}. Mend that, or set it to cpu or auto.")
    return _on_cpu(settings, problem) if problem else _on_gpu(settings)


def _gpu_problem() -> str:
    """Why no GPU can be used; empty when one can."""
    import ctranslate2

    if not ctranslate2.get_cuda_device_count():
        return "there is no CUDA device"
    if sys.platform != "linux":
        return ""
    packaged = [Path(folder) / "nvidia" / "cublas" / "lib" / CUBLAS for folder in sys.path]
    for name in (CUBLAS, *(str(path) for path in packaged if path.is_file())):
        try:
            ctypes.CDLL(name, mode=ctypes.RTLD_GLOBAL)  # stays loaded, so CTranslate2 finds it when it needs it
        except OSError:
            continue
        return ""
    return f"{CUBLAS} is not installed (pip install nvidia-cublas-cu12)"


def _on_gpu(settings: Settings) -> Device:
    import ctranslate2

    kind = "float16" if "float16" in ctranslate2.get_supported_compute_types("cuda") else "float32"
    return Device("cuda", kind, 1, settings.threads or 4, 16, f"cuda, {kind}: there is a GPU")


def _on_cpu(settings: Settings, problem: str) -> Device:
    import ctranslate2

    cores = settings.threads or machine.cores()
    workers = min(2, cores)
    kind = "int8" if "int8" in ctranslate2.get_supported_compute_types("cpu") else "float32"
    return Device("cpu", kind, workers, cores // workers, 4, f"cpu, {kind}, {workers} x {cores // workers} threads: {problem}")


class Engine:
    """A loaded model. Lives as long as its worker; several threads may call it."""

    def __init__(self, folder: Path, device: Device) -> None:
        os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # read by onnxruntime, which faster_whisper imports, when it is first imported
        import ctranslate2
        from faster_whisper import WhisperModel

        self.device = device
        try:
            self._whisper = WhisperModel(
                str(folder), device=device.name, compute_type=device.compute_type, cpu_threads=device.threads, num_workers=device.workers,
                local_files_only=True,
            )  # fmt: skip
        except (RuntimeError, ValueError, OSError) as error:
            raise ModelError("model_broken", f"The speech model in {folder} cannot be loaded: {error}") from error
        self._model: ctranslate2.models.Whisper = self._whisper.model
        self._tokenizers: dict[tuple[str, str], Tokenizer] = {}
        self.languages: frozenset[str] = frozenset(self._whisper.supported_languages)
        """Codes as Whisper has them; an English-only model has `en`."""

    def picture(self, samples: "np.ndarray") -> Picture:
        """The log-mel picture of one clip."""
        from faster_whisper.audio import pad_or_trim

        return Picture(pad_or_trim(self._whisper.feature_extractor(samples)[..., :-1], FRAMES))

    def listen(self, picture: Picture) -> tuple[Picture, dict[str, float]]:
        """What to hand to `hear` for this clip (so that it is encoded once), and the probability of each language."""
        encoded = self._encode([picture])
        languages = {"en": 1.0}
        if self._model.is_multilingual:
            languages = {token[2:-2]: probability for token, probability in self._model.detect_language(encoded)[0]}
        return (replace(picture, encoded=encoded) if self.device.name == "cpu" else picture), languages

    def hear(self, pictures: Sequence[Picture], language: str, task: str, seconds: Sequence[float]) -> list[tuple[Heard, ...]]:
        """The words of each clip, in the parts in which it was heard: one, unless the model left the end of it out.

        Doubtful clips are heard a second time with a wider beam, and the likelier hearing is kept.
        """
        encoded = self._encode(pictures)
        tokenizer = self._tokenizer(language, task)
        results = self._write(encoded, tokenizer, len(pictures), beam=1)
        for number, (_, evidence) in enumerate(results):
            if evidence.doubtful:
                again = self._write(self._encode(pictures[number : number + 1]), tokenizer, 1, beam=CAREFUL_BEAM)[0]
                results[number] = max(results[number], again, key=lambda result: (not result[1].doubtful, result[1].log_probability))
        aligned = self._align(encoded, tokenizer, [tokens for tokens, _ in results], seconds)
        heard = [Heard(words, evidence) for words, (_, evidence) in zip(aligned, results, strict=True)]
        return [
            (one, *self._left_out(picture, one, length, language, task))
            for picture, one, length in zip(pictures, heard, seconds, strict=True)
        ]

    def _left_out(self, picture: Picture, heard: Heard, seconds: float, language: str, task: str) -> tuple[Heard, ...]:
        """The end of a clip, heard by itself: the model may stop in the middle and be sure of itself (after 6 of 29 s, once in 13 minutes that were read)."""
        until = heard.words[-1].end if heard.words else 0.0
        if heard.evidence.silent or until < 1.0 or seconds - until < LEFT_OUT:
            return ()
        parts = self.hear([_after(picture, until)], language, task, [seconds - until])[0]
        return tuple(replace(part, words=tuple(_later(word, until) for word in part.words)) for part in parts)

    def _encode(self, pictures: Sequence[Picture]) -> Any:
        """The encoder's output for clips, in CTranslate2's form."""
        import numpy as np

        if self.device.name != "cpu":
            return self._whisper.encode(np.stack([picture.mel for picture in pictures]))
        encoded = [self._whisper.encode(picture.mel) if picture.encoded is None else picture.encoded for picture in pictures]
        return encoded[0] if len(encoded) == 1 else self._join(encoded)

    def _write(self, encoded: Any, tokenizer: "Tokenizer", count: int, *, beam: int) -> list[tuple[list[int], Evidence]]:
        from faster_whisper.transcribe import get_suppressed_tokens

        prompt = [
            *tokenizer.sot_sequence,
            tokenizer.no_timestamps,
        ]  # with its own time tokens it drops what it cannot finish: 17 % WER instead of 10
        found = self._model.generate(
            encoded, [prompt] * count, beam_size=beam, max_length=MOST_TOKENS, suppress_tokens=list(get_suppressed_tokens(tokenizer, [-1]) or ()),
            return_scores=True, return_no_speech_prob=True,
        )  # fmt: skip
        results = []
        for one in found:
            tokens = [token for token in one.sequences_ids[0] if token < tokenizer.eot]
            evidence = Evidence(one.no_speech_prob, one.scores[0] * len(tokens) / (len(tokens) + 1), tokenizer.decode(tokens).strip())
            results.append((tokens, evidence))
        return results

    def _align(self, encoded: Any, tokenizer: "Tokenizer", tokens: Sequence[list[int]], seconds: Sequence[float]) -> list[tuple[Word, ...]]:
        from faster_whisper.transcribe import merge_punctuations

        frames = [min(FRAMES, max(2, round(100 * length))) for length in seconds]
        clips = []
        for words in self._whisper.find_alignment(tokenizer, list(tokens), encoded, frames):
            merge_punctuations(words, OPENING, CLOSING)
            clips.append(tuple(Word(w["word"], float(w["start"]), float(w["end"]), float(w["probability"])) for w in words if w["word"]))
        return clips

    def _tokenizer(self, language: str, task: str) -> "Tokenizer":
        from faster_whisper.tokenizer import Tokenizer

        key = (language, task)
        if key not in self._tokenizers:
            self._tokenizers[key] = Tokenizer(self._whisper.hf_tokenizer, self._model.is_multilingual, task=task, language=language)
        return self._tokenizers[key]

    def _join(self, encoded: Sequence[Any]) -> Any:
        import ctranslate2
        import numpy as np

        return ctranslate2.StorageView.from_array(np.concatenate([np.asarray(one) for one in encoded]))


def _after(picture: Picture, seconds: float) -> Picture:
    """What follows, moved to the start; nothing comes after it."""
    import numpy as np

    rest = picture.mel[:, round(seconds * FRAMES / HEARD_AT_ONCE) :]
    return Picture(np.pad(rest, ((0, 0), (0, FRAMES - rest.shape[1]))))


def _later(word: Word, seconds: float) -> Word:
    return replace(word, start=word.start + seconds, end=word.end + seconds)
