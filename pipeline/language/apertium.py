"""Apertium, where the operator has installed it: a program of its own that translates by rules. At once and on any machine, but rough, and said to be.

Its licence is the GPL, so it is called and never linked: a list of arguments, the text on standard input, a time limit. Nothing of a text reaches a shell or
an argument.
"""

import html
import re
import shutil
import subprocess
from collections.abc import Sequence
from functools import lru_cache
from typing import Literal

import structlog

from pipeline.errors import ModelError
from pipeline.languages import short_code

log = structlog.get_logger(__name__)

PROGRAM = "apertium"
PATIENCE = 60.0
"""Seconds for a batch. Three hundred sentences take one."""
BATCH = 40_000
"""Characters that are given to it at a time."""
LISTING = 10.0
PAIR = re.compile(r"([a-z]{2,3})-([a-z]{2,3})")
"""Variants (spa-eng_US, oci@aran-cat) are left out: whoever reads English reads the plain one."""
_TEXT = re.compile(r"<p>(.*?)</p>", re.DOTALL)
_KEPT = re.compile(r"</?apertium-notrans>")
_NAME = re.compile(r"(?<=\S )[^\W\d_a-z]\w+(?: [^\W\d_a-z]\w+)*|\d[\d.,:]*\d|\d")


class Apertium:
    """See `engines.Engine`. Holds nothing; each call starts the program."""

    way: Literal["apertium"] = "apertium"
    rough = True

    @property
    def pairs(self) -> frozenset[tuple[str, str]]:
        return frozenset(_modes(shutil.which(PROGRAM)))

    def label(self, source: str, target: str) -> str:
        return f"apertium {_modes(shutil.which(PROGRAM))[source, target]}"

    def translate(self, texts: Sequence[str], source: str, target: str, *, kept: re.Pattern[str], again: bool = False) -> list[str]:
        """See `engines.Engine`. Told once more, it is forbidden to touch numbers and names."""
        mode = _modes(shutil.which(PROGRAM))[source, target]
        wrapped = [_wrapped(text, kept, _NAME if again else None) for text in texts]
        answers: list[str] = []
        for part in _batches(wrapped):
            found = [_unwrapped(one) for one in _TEXT.findall(_run(mode, "\n".join(part)))]
            # It closes what it opens, so a batch comes back whole; where a text broke that, each is asked for by itself.
            answers += found if len(found) == len(part) else [_alone(mode, one) for one in part]
        return answers


def _alone(mode: str, wrapped: str) -> str:
    found = _TEXT.findall(_run(mode, wrapped))
    return _unwrapped(found[0]) if len(found) == 1 else ""


def _wrapped(text: str, kept: re.Pattern[str], also: re.Pattern[str] | None) -> str:
    """A paragraph of its HTML, with marks around what must stay."""
    out, at = "", 0
    for match in kept.finditer(text):
        out += _marked(text[at : match.start()], also) + _notrans(match.group())
        at = match.end()
    return f"<p>{out}{_marked(text[at:], also)}</p>"


def _marked(text: str, pattern: re.Pattern[str] | None) -> str:
    if pattern is None:
        return _safe(text)
    out, at = "", 0
    for match in pattern.finditer(text):
        out += _safe(text[at : match.start()]) + _notrans(match.group())
        at = match.end()
    return out + _safe(text[at:])


def _notrans(text: str) -> str:
    return f"<apertium-notrans>{_safe(text)}</apertium-notrans>"


def _safe(text: str) -> str:
    """On one line; a zero byte ends its streams."""
    return html.escape(re.sub(r"\s+", " ", text.replace("\0", "")), quote=False)


def _unwrapped(text: str) -> str:
    return " ".join(html.unescape(_KEPT.sub("", text)).split())


def _batches(texts: Sequence[str]) -> list[list[str]]:
    out: list[list[str]] = []
    room = 0
    for text in texts:
        if not out or len(text) > room:
            out.append([])
            room = BATCH
        out[-1].append(text)
        room -= len(text)
    return out


def _run(mode: str, text: str) -> str:
    """Raises: ModelError: `model_unavailable`: it hangs, or is not there any more."""
    try:
        done = subprocess.run(
            [PROGRAM, "-u", "-f", "html-noent", mode], input=text.encode("utf-8", "replace"), capture_output=True, timeout=PATIENCE, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ModelError("model_unavailable", f"Apertium does not answer ({type(error).__name__}).", retryable=True, retry_after=60.0) from error
    if done.returncode:
        log.warning("apertium failed", mode=mode, status=done.returncode, said=done.stderr.decode("utf-8", "replace")[-300:])
    return done.stdout.decode("utf-8", "replace")


@lru_cache(maxsize=4)
def _modes(program: str | None) -> dict[tuple[str, str], str]:
    """Its names for the pairs of languages that are installed. A pair installed later is seen after a restart."""
    if program is None:
        return {}
    try:
        told = subprocess.run([program, "-l"], capture_output=True, timeout=LISTING, check=False).stdout.decode("utf-8", "replace")
    except (OSError, subprocess.TimeoutExpired) as error:
        log.warning("apertium does not list its languages", error=str(error))
        return {}
    return {(short_code(match[1]), short_code(match[2])): match[0] for line in told.splitlines() if (match := PAIR.fullmatch(line.strip()))}
