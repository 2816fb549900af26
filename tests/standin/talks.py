"""The talks that the stand-in shows: our own texts, spoken once by author.py, with the exact time of every sentence and what is true of them."""

import json
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

HERE = Path(__file__).resolve().parent
MEDIA, SCRIPTS = HERE / "media", HERE / "scripts"
Cue = tuple[float, float, str]
FORMATS = {140: ".m4a", 251: ".webm", 136: ".video.mp4", 247: ".video.webm"}


@dataclass(frozen=True, slots=True)
class Fact:
    """A question whose answer is known. Each element of `answer` lists spellings of which a right answer has at least one."""

    question: str
    answer: tuple[tuple[str, ...], ...]
    start: float
    """When the sentence that answers it begins."""
    end: float
    sentence: str

    def answered_by(self, text: str) -> bool:
        return all(any(word.casefold() in text.casefold() for word in words) for words in self.answer)


@dataclass(frozen=True)
class Talk:
    name: str
    title: str
    language: str
    description: str
    duration: float
    chapters: tuple[tuple[float, str], ...]
    cues: tuple[Cue, ...]
    facts: tuple[Fact, ...] = ()
    unanswerable: tuple[str, ...] = ()
    """Questions that sound fitting, and that the talk does not answer."""
    advertisement: tuple[float, float] | None = None
    """Where the sponsor is read."""
    files: dict[int, Path] = field(default_factory=dict)
    """Media by itag."""

    @property
    def text(self) -> str:
        return " ".join(text for _, _, text in self.cues)


@cache
def load_talk(name: str) -> Talk:
    """The talk `media/NAME.json` with the facts of `scripts/NAME.facts.json`.

    Raises:
        ValueError: a fact names a sentence that the talk does not have.
    """
    data = json.loads((MEDIA / f"{name}.json").read_text(encoding="utf-8"))
    cues: tuple[Cue, ...] = tuple((start, end, text) for start, end, text in data["cues"])
    known_file = SCRIPTS / f"{name}.facts.json"
    known = json.loads(known_file.read_text(encoding="utf-8")) if known_file.exists() else {}
    return Talk(
        name, data["title"], data["language"], data["description"], data["duration"], tuple((at, title) for at, title in data["chapters"]), cues,
        facts=tuple(_fact(row, cues) for row in known.get("facts", ())),
        unanswerable=tuple(known.get("unanswerable", ())),
        advertisement=_span(known["advertisement"], cues) if "advertisement" in known else None,
        files={itag: MEDIA / (name + ending) for itag, ending in FORMATS.items() if (MEDIA / (name + ending)).exists()},
    )  # fmt: skip


def _fact(row: dict[str, object], cues: tuple[Cue, ...]) -> Fact:
    start, end, sentence = _find(str(row["sentence"]), cues)
    answer = row["answer"]
    assert isinstance(answer, list)
    spellings = tuple(tuple(words) if isinstance(words, list) else (words,) for words in answer)
    return Fact(str(row["question"]), spellings, start, end, sentence)


def _span(first_and_last: list[str], cues: tuple[Cue, ...]) -> tuple[float, float]:
    return _find(first_and_last[0], cues)[0], _find(first_and_last[1], cues)[1]


def _find(part: str, cues: tuple[Cue, ...]) -> Cue:
    found = [cue for cue in cues if part in cue[2]]
    if len(found) != 1:
        raise ValueError(f"{part!r} stands in {len(found)} sentences")
    return found[0]
