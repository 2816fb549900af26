"""Neural translation by CTranslate2, which the product carries for Whisper: models of one pair of languages, in either of the two forms in which they are published.

    OPUS-MT, converted for CTranslate2        model.bin, vocabularies, source.spm, target.spm
    Argos Translate (.argosmodel, unpacked)   model/model.bin, vocabularies, sentencepiece.model, metadata.json

A folder `translate-en-es` among the models is a model from English into Spanish. Both forms are numbers, and tables of words: nothing in them is run.
"""

import json
import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import sentencex
import structlog

from pipeline.config import Settings
from pipeline.errors import ModelError
from pipeline.hub import marker
from pipeline.languages import short_code

log = structlog.get_logger(__name__)

FOLDER = re.compile(r"translate-([a-z]{2,3})-([a-z]{2,3})")
BEAM = 4
LONGEST = 180
"""Pieces of a text that are given to it at once, about 120 words: these models were taught single sentences, and what is longer comes back shortened."""
BATCH_PIECES = 2048
"""Pieces of a batch that are computed together: 16 sentences at a time are 4 times as fast as one, more are no faster on 2 cores."""
UNSPACED = ("ja", "th", "zh")
"""Languages that put no space between sentences."""
_LABEL = re.compile(r">>(([a-z]{2,3})(?:_([A-Z][a-z]{3}))?)<<")
_SCRIPTS = {"zh": "Hans", "sr": "Cyrl"}
"""The script that is meant where a language has several: the one that Unicode's tables take for the usual one."""
OPEN_AT_ONCE = 2
"""Models that are held: as many as a way by English has. One takes 80 MB."""


@dataclass(frozen=True, slots=True)
class Found:
    """A model's files."""

    model: Path
    """Folder of model.bin."""
    source: Path
    target: Path
    """SentencePiece models."""
    ended: bool
    """Whether we end its input with `</s>`, as Marian's models want it and OpenNMT's do not. A model may say that CTranslate2 does that for it."""
    prefix: str
    """What models of several target languages want before a sentence (`__es__` Argos', `>>spa<<` OPUS-MT's); else empty."""


class Neural:
    """See `engines.Engine`. Models are opened when first needed."""

    way: Literal["neural"] = "neural"
    rough = False

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._open: dict[tuple[str, str], tuple[Any, Any, Any, Found]] = {}
        self._lock = threading.Lock()

    @property
    def pairs(self) -> frozenset[tuple[str, str]]:
        folder = self._settings.models_dir
        names = [match for path in folder.iterdir() if (match := FOLDER.fullmatch(path.name))] if folder.is_dir() else []
        return frozenset((match[1], match[2]) for match in names if is_model(folder / match[0]))

    def label(self, source: str, target: str) -> str:
        told = marker.read(folder_of(self._settings, source, target)) or {}
        return f"{told.get('repository') or told.get('name') or f'translate-{source}-{target}'}@{str(told.get('revision', '1'))[:8]}"

    def translate(self, texts: Sequence[str], source: str, target: str, *, kept: re.Pattern[str], again: bool = False) -> list[str]:  # noqa: ARG002
        """See `engines.Engine`. These models mend no placeholders, so what must stay is compared afterwards; asked again, it gives the next best that it had."""
        with self._lock:
            translator, into, out, found = self._model(source, target)
            whole = [_pieces(text, source, into) for text in texts]
            flat = [[*([found.prefix] if found.prefix else []), *pieces, *(["</s>"] if found.ended else [])] for parts in whole for pieces in parts]
            results = translator.translate_batch(
                flat, beam_size=BEAM, num_hypotheses=BEAM if again else 1, max_batch_size=BATCH_PIECES, batch_type="tokens", repetition_penalty=1.1,
                max_input_length=0, max_decoding_length=2 * LONGEST + 64,
            )  # fmt: skip
        said = iter([_best(result.hypotheses, pieces, out, again=again) for result, pieces in zip(results, flat, strict=True)])
        between = "" if target in UNSPACED else " "
        return [between.join(filter(None, (next(said) for _ in parts))) for parts in whole]

    def _model(self, source: str, target: str) -> tuple[Any, Any, Any, Found]:
        pair = (source, target)
        if pair not in self._open:
            while len(self._open) >= OPEN_AT_ONCE:
                del self._open[next(iter(self._open))]
            self._open[pair] = _load(folder_of(self._settings, source, target), target, self._settings)
        return self._open[pair]


def folder_of(settings: Settings, source: str, target: str) -> Path:
    return settings.models_dir / f"translate-{source}-{target}"


def is_model(folder: Path) -> bool:
    return find(folder) is not None and not marker.damaged(folder)


def find(folder: Path) -> Found | None:
    """The files of a model in either form; None when there is no whole one."""
    nested = (folder / "metadata.json").is_file()
    model = folder / "model" if nested else folder
    both = folder / "sentencepiece.model"
    source, target = (both, both) if nested else (folder / "source.spm", folder / "target.spm")
    whole = all(path.is_file() for path in (model / "model.bin", source, target)) and any(model.glob("*vocabulary*"))
    if not whole:
        return None
    return Found(model, source, target, not nested and not _told(model / "config.json", "add_source_eos"), str(_told(folder / "metadata.json", "target_prefix") or "")[:20])


def _told(path: Path, name: str) -> object:
    """A value of a JSON file; None where there is none."""
    try:
        return json.loads(path.read_text("utf-8")).get(name)
    except (OSError, ValueError, AttributeError):
        return None


def label(found: Found, target: str) -> str:
    """The mark of a target language that a model of OPUS-MT wants before each sentence: it is among the words that the model knows, as `>>ara<<` beside those of dialects, or
    there is none. Without it such a model writes in whichever of its languages it likes.
    """
    known = next(iter(sorted(found.model.glob("*shared_vocabulary*")) or sorted(found.model.glob("*source_vocabulary*"))), None)
    if known is None:
        return ""
    marks = [match for match in _LABEL.finditer(known.read_text("utf-8")) if short_code(match[2]) == target]
    wanted = _SCRIPTS.get(target)
    best = min(marks, key=lambda match: (match[3] != wanted, match[3] is not None, match[1]), default=None)
    return best[0] if best is not None else ""


def _load(folder: Path, target: str, settings: Settings) -> tuple[Any, Any, Any, Found]:
    """Raises: ModelError: `model_missing`, `model_broken`."""
    import ctranslate2
    import sentencepiece

    found = find(folder)
    if found is None:
        raise ModelError("model_missing", f"{folder} holds no translation model. `nutshell models pull translate:CODE` fetches one.")
    try:
        model = ctranslate2.Translator(str(found.model), device="cpu", compute_type="int8", intra_threads=settings.threads)
        into, out = (sentencepiece.SentencePieceProcessor(model_file=str(path)) for path in (found.source, found.target))
    except (RuntimeError, ValueError, OSError) as error:
        raise ModelError("model_broken", f"The translation model in {folder} cannot be read ({error}). Pull it again.") from error
    if not found.prefix:
        found = replace(found, prefix=label(found, target))
    log.info("translation model loaded", folder=str(folder), prefix=found.prefix)
    return model, into, out, found


def _pieces(text: str, language: str, tokens: Any) -> list[list[str]]:
    """A text in parts that the model can take: its sentences, and a long one cut between words."""
    parts: list[list[str]] = []
    for sentence in sentencex.segment(language, " ".join(text.split())):
        words = sentence.split()
        while words:
            count = len(words)
            pieces = tokens.encode(" ".join(words), out_type=str)
            while len(pieces) > LONGEST and count > 1:
                count = max(1, count * LONGEST // (len(pieces) + 1))
                pieces = tokens.encode(" ".join(words[:count]), out_type=str)
            parts.append(pieces[: 4 * LONGEST])  # one word of so many pieces is no word
            words = words[count:]
    return parts


def _best(hypotheses: list[list[str]], asked: list[str], out: Any, *, again: bool) -> str:
    """The likeliest; asked again, the likeliest other that has the numbers of what was asked."""
    texts = [str(out.decode([piece for piece in pieces if piece != "</s>" and not _LABEL.fullmatch(piece)])).strip() for pieces in hypotheses]
    if not again or len(texts) == 1:
        return texts[0] if texts else ""
    digits = sorted(re.findall(r"\d", "".join(asked)))
    return next((text for text in texts[1:] if sorted(re.findall(r"\d", text)) == digits), texts[1])
