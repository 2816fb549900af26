"""Speech to segments with times, as a stream: sound comes in windows, is packed into clips, heard in batches, and given out group by group.

A group is a stretch of the recording, short at the beginning so that the first words come early, longer later so that the clips are full. Memory holds
two groups, however long the recording: while one is being heard the next is decoded and searched for speech.
Nothing is conditioned on the text before, so a mistake does not spread, and any group can be done again by itself.
"""

from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

import structlog

from pipeline.config import Settings
from pipeline.errors import ModelError
from pipeline.speech import audio, engine, guards, words
from pipeline.speech.clips import RATE, Clip, find_speech, pack, take, whole_clips
from pipeline.speech.engine import Engine, Picture, choose_device
from pipeline.speech.models import choose
from pipeline.timecode import clock
from pipeline.types import Emit, Progress, Segment

if TYPE_CHECKING:
    import numpy as np

Task = Literal["transcribe", "translate"]
STAGE = "speech"
GROUPS = (40.0, 80.0, 160.0, 240.0)
"""Seconds of the recording in the first group, the second, …; the last value for all that follow."""
WINDOW = 20.0
SURE = 0.7
"""Mean probability from which on the language of the first group is believed."""
UNDECIDED = 300.0
"""Seconds after which the likeliest language is taken, however unsure."""
TICK = 0.5
"""Seconds between two calls of `emit` while the model works, so that a lease is kept and a cancel is seen."""
STUCK = 900.0
"""Seconds after which a batch (tens of seconds on the slowest machines) is held to hang; then the process must be replaced."""
LISTENED = 4
"""Clips from which the language is told."""
LISTENED_SECONDS = 15.0
"""Of speech, before which no probability is believed: a jingle sounds like any language."""
SWITCHED = 0.8
"""Probability of another language than the recording's from which on a clip is heard in it. One that is surely in another gets 0.88 on one kind of CPU and more than 0.9 on another (8-bit sums differ
in their last bits). The built-in model gave a wrong one 0.62 at most (Dutch, for a lecture in accented English): 25 clips of
FLEURS in five languages, seven sentences in seven, ten readers, a panel of four and that lecture; their word errors are what they were."""
SWITCHED_SECONDS = 3.0
"""Of speech, below which a clip stays in the recording's language: a name or an exclamation is no language."""
UNKNOWN = "und"
Made = TypeVar("Made")
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Heard:
    """A finished group: everything that was said from the end of the group before (or `start`) up to `until`."""

    segments: tuple[Segment, ...]
    until: float
    """Seconds; the `start` of a later call that goes on from here."""
    language: str
    """Of the recording, also when translating; `und` as long as nobody has spoken."""


@dataclass(slots=True)
class _Group:
    clips: tuple[Clip, ...]
    pictures: list[Picture]
    until: float
    hearings: list["Future[list[tuple[engine.Heard, ...]]]"] = field(default_factory=list)


class Recogniser:
    """Whisper, loaded at the first use. One per process; `transcribe` one recording at a time."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @cached_property
    def _device(self) -> engine.Device:
        return choose_device(self._settings)

    @cached_property
    def _engine(self) -> Engine:
        choice = choose(self._settings, cuda=self._device.name == "cuda")
        log.info("speech model", model=choice.name, why=choice.reason, device=self._device.reason)
        return Engine(choice.folder, self._device)

    @property
    def device_reason(self) -> str:
        """Where the model runs, in which precision, and why."""
        return self._device.reason

    @property
    def model_name(self) -> str:
        """For example `whisper-base`."""
        return f"whisper-{choose(self._settings, cuda=self._device.name == 'cuda').name}"

    def transcribe(
        self, path: Path, *, language: str | None = None, task: Task = "transcribe", start: float = 0.0, emit: Emit, duration: float = 0.0
    ) -> Iterator[Heard]:
        """What is said in `path` from `start` seconds on, group by group. Closing the iterator ends the work; a batch in a thread may still run out.

        `language` (any tag; None: detected over the first speech, then kept) is that of the recording; a clip that is surely in another one is heard in that. With task
        `translate` the text is English.
        `duration` is for progress only. A recording in which nobody speaks gives groups without segments.

        Raises:
            InputError, SourceError: as audio.windows.
            ModelError: `model_missing`, `model_broken`, `out_of_memory`, `stuck`.
        """
        run = _Run(self._engine, self._settings, task, emit, duration, known_language(language, self._engine.languages))
        emit(Progress(STAGE, run.fraction(start), "Listening"))
        pool = ThreadPoolExecutor(self._device.workers, thread_name_prefix="whisper")
        try:
            yield from run.heard(path, start, pool)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)  # a batch that is running ends by itself; whoever cancels need not wait for it


def known_language(tag: str | None, languages: frozenset[str]) -> str | None:
    """Whisper's code for a language tag (`pt-BR` -> `pt`, `iw` -> `he`), or None when it has none."""
    if tag is None:
        return None
    code = tag.replace("_", "-").split("-")[0].lower()
    code = {"iw": "he", "in": "id", "ji": "yi", "jv": "jw", "nb": "no", "fil": "tl", "cmn": "zh"}.get(code, code)
    return code if code in languages else None


def plain_code(code: str) -> str:
    """ISO 639 for Whisper's code: only Javanese differs."""
    return "jv" if code == "jw" else code


def language_of(probabilities: dict[str, float], main: str, seconds: float) -> str:
    """In which language a clip of so many seconds is heard: `main`, that of the recording, unless it is surely another."""
    likeliest = max(probabilities, key=lambda code: probabilities[code], default=main)
    return likeliest if seconds >= SWITCHED_SECONDS and probabilities.get(likeliest, 0.0) >= SWITCHED else main


class _Run:
    """One call of `transcribe`."""

    def __init__(self, model: Engine, settings: Settings, task: Task, emit: Emit, duration: float, language: str | None) -> None:
        self._engine = model
        self._longest = settings.max_duration
        self._task = task
        self._emit = emit
        self._duration = duration
        self._language = language
        self._done = 0.0

    def fraction(self, until: float) -> float:
        return min(1.0, until / self._duration) if self._duration > 0 else 0.0

    def heard(self, path: Path, start: float, pool: ThreadPoolExecutor) -> Iterator[Heard]:
        """Each group is handed to the pool before the one before is waited for, so the workers never pause."""
        self._done = start
        waiting: list[_Group] = []
        undecided: list[_Group] = []
        with closing(self._groups(path, start)) as groups:
            for group in groups:
                undecided.append(group)
                if self._decided(undecided, start, pool):
                    waiting += self._submitted(undecided, pool)
                    undecided = []
                while len(waiting) > 1:
                    yield self._finish(waiting.pop(0))
        self._decide(undecided, pool)
        for ready in [*waiting, *self._submitted(undecided, pool)]:
            yield self._finish(ready)

    def _groups(self, path: Path, start: float) -> Generator[_Group]:
        """The recording in groups, cut where nobody speaks."""
        import numpy as np

        number, at, pieces = 0, start, [np.zeros(0, np.float32)]
        with closing(audio.windows(path, seconds=WINDOW, start=start, longest=self._longest, idle=self._say)) as sound:
            for window in sound:
                self._say()
                pieces.append(window.samples)
                if window.end - at < GROUPS[min(number, len(GROUPS) - 1)]:
                    continue
                samples = np.concatenate(pieces)
                group = self._group(samples, at, last=False)
                yield group
                pieces = [samples[round((group.until - at) * RATE) :]]
                at, number = group.until, number + 1
        samples = np.concatenate(pieces)
        if len(samples):
            yield self._group(samples, at, last=True)

    def _group(self, samples: "np.ndarray", start: float, *, last: bool) -> _Group:
        end = start + len(samples) / RATE
        stretches = find_speech(samples, start)
        clips, until = (pack(stretches), end) if last else whole_clips(stretches, end)
        return _Group(clips, [self._engine.picture(take(samples, start, clip)) for clip in clips], until)

    def _decided(self, groups: Sequence[_Group], start: float, pool: ThreadPoolExecutor) -> bool:
        """Whether the language is known, having listened to what there is of `groups`."""
        if self._language is None and any(group.clips for group in groups):
            self._decide(groups, pool, enough=groups[-1].until - start >= UNDECIDED)
        return self._language is not None or not any(group.clips for group in groups)

    def _decide(self, groups: Sequence[_Group], pool: ThreadPoolExecutor, *, enough: bool = True) -> None:
        """Listen to up to LISTENED clips, spread over the groups; what the encoder made of them is kept for the hearing."""
        clips = [(group, number) for group in groups for number in range(len(group.clips))]
        if self._language is not None or not clips:
            return
        chosen = clips[:: -(-len(clips) // LISTENED)]
        looks = [pool.submit(self._engine.listen, group.pictures[number]) for group, number in chosen]
        total: dict[str, float] = {}
        for (group, number), look in zip(chosen, looks, strict=True):
            group.pictures[number], probabilities = self._wait(look)
            for code, probability in probabilities.items():
                total[code] = total.get(code, 0.0) + probability / len(chosen)
        code = max(total, key=lambda name: total[name])
        heard = sum(clip.length for group in groups for clip in group.clips)
        if enough or (total[code] >= SURE and heard >= LISTENED_SECONDS):
            self._language = code
            log.info("language heard", language=code, probability=round(total[code], 2), clips=len(chosen))

    def _submitted(self, groups: Sequence[_Group], pool: ThreadPoolExecutor) -> Sequence[_Group]:
        """The groups, on their way through the pool in batches that share the work between its workers."""
        device = self._engine.device
        for group in groups:
            size = max(1, min(device.batch, -(-len(group.clips) // device.workers)))
            for first in range(0, len(group.clips), size):
                part = slice(first, first + size)
                lengths = [clip.length for clip in group.clips[part]]
                group.hearings.append(pool.submit(self._hear, group.pictures[part], lengths))
            group.pictures = []
        return groups

    def _hear(self, pictures: Sequence[Picture], lengths: Sequence[float]) -> list[tuple[engine.Heard, ...]]:
        """Each clip in its own language: who speaks may change to another (code switching). On a CPU the encoder's work serves both, so that telling it costs one step of the decoder; on a
        GPU a clip is encoded twice."""
        main = self._language or "en"
        if self._task == "translate" or len(self._engine.languages) == 1:
            return self._engine.hear(pictures, main, self._task, lengths)
        looked = [self._engine.listen(picture) for picture in pictures]
        spoken_in = [language_of(probabilities, main, length) for (_, probabilities), length in zip(looked, lengths, strict=True)]
        heard: list[tuple[engine.Heard, ...]] = [()] * len(pictures)
        for language in dict.fromkeys(spoken_in):
            members = [number for number, code in enumerate(spoken_in) if code == language]
            found = self._engine.hear([looked[number][0] for number in members], language, self._task, [lengths[number] for number in members])
            for number, one in zip(members, found, strict=True):
                heard[number] = one
        return heard

    def _finish(self, group: _Group) -> Heard:
        segments: list[Segment] = []
        heard = [one for hearing in group.hearings for one in self._wait(hearing)]
        for clip, parts in zip(group.clips, heard, strict=True):
            for part in parts:
                segments += spoken(clip, part)
        self._done = group.until
        self._say()
        return Heard(tuple(segments), group.until, plain_code(self._language) if self._language else UNKNOWN)

    def _wait(self, hearing: "Future[Made]") -> Made:
        waited = 0.0
        while not wait([hearing], timeout=TICK).done:
            waited += TICK
            if waited > STUCK:
                raise ModelError("stuck", "The speech model has not answered for a quarter of an hour.", retryable=True)
            self._say()
        try:
            return hearing.result()
        except (RuntimeError, MemoryError) as error:
            if "memory" in str(error).lower() or isinstance(error, MemoryError):
                advice = "The speech model ran out of memory. Close other programs, or set NUTSHELL_SPEECH_MODEL to a smaller one."
                raise ModelError("out_of_memory", advice, retryable=True) from error
            raise ModelError("speech_failed", f"The speech model failed: {error}", retryable=True) from error

    def _say(self) -> None:
        whole = f" of {clock(self._duration)}" if self._duration > 0 else ""
        self._emit(Progress(STAGE, self.fraction(self._done), f"Heard {clock(self._done)}{whole}"))


def spoken(clip: Clip, heard: engine.Heard) -> tuple[Segment, ...]:
    """The segments of one clip, or of a part of it: sentences that were said, without what the model made up."""
    if heard.evidence.silent:
        return ()
    said = heard.words
    if guards.compression(heard.evidence.text) > guards.REPETITIVE:
        said = guards.collapse(said)
    placed = [words.Word(word.text, *clip.place(word.start, word.end), word.probability) for word in said]
    runs = [words.trimmed(run) for run in words.sentences(placed)]
    return tuple(
        words.segment(run) for run in runs if not guards.made_up(run, heard.evidence) and "".join(word.text for word in run).strip()
    )
