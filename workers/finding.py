"""What `nutshell doctor` says of one thing."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from pipeline.config import Settings

State = Literal["ok", "warn", "BAD"]
OK: State = "ok"
WARN: State = "warn"
BAD: State = "BAD"


@dataclass(frozen=True, slots=True)
class Finding:
    name: str
    """Which check it is of; stable, for programs."""
    state: State
    what: str
    advice: str = ""
    """What to do about it; empty where nothing need be done."""


Check = Callable[[Settings], Iterator[Finding]]
