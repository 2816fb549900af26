"""How many threads a pass gets, by measurement.

Two threads halve the time of a pass on two idle cores. But a pass is some hundred small steps, and after each its threads wait for the last of them: when
other programs keep the cores busy, that one is often not running, and two threads become ten times slower than one that waits for nobody. So what is
faster now is found out while working.
"""

from dataclasses import dataclass, field

PROBE_EVERY = 24
"""Every so many passes of a kind another number of threads is tried, in case the machine has become busy or quiet."""
NEAR = 2
"""Doublings of the work within which one kind of pass tells something of another. What is faster for one token is not for a hundred."""
NEWS = 0.3
"""Weight of a new measurement."""


@dataclass(slots=True)
class _Kind:
    """Passes of about the same work."""

    speeds: dict[int, float] = field(default_factory=dict)
    """Threads -> tokens a second."""
    passes: int = 0


class Pace:
    """Used by one thread."""

    def __init__(self, most: int) -> None:
        self._choices = sorted({most, max(1, most // 2), 1}, reverse=True)
        self._kinds: dict[int, _Kind] = {}

    def threads(self, tokens: int) -> int:
        """How many threads the next pass over so many tokens shall have."""
        kind = self._kinds.setdefault(tokens.bit_length(), _Kind())
        kind.passes += 1
        measured = self._measured(tokens.bit_length())
        if measured is None:
            return next(choice for choice in self._choices if choice not in kind.speeds)
        ranked = sorted(self._choices, key=measured.__getitem__, reverse=True)
        if kind.passes % PROBE_EVERY == 0 and len(ranked) > 1:
            others = ranked[1:]
            return others[kind.passes // PROBE_EVERY % len(others)]
        return ranked[0]

    def note(self, tokens: int, threads: int, seconds: float) -> None:
        """What the pass took."""
        speeds = self._kinds.setdefault(tokens.bit_length(), _Kind()).speeds
        speed = tokens / max(seconds, 1e-9)
        speeds[threads] = speed if threads not in speeds else (1 - NEWS) * speeds[threads] + NEWS * speed

    def _measured(self, size: int) -> dict[int, float] | None:
        """Speeds with every number of threads: of this kind, or of one near it until it has them itself, which spares slow passes only to find out."""
        near = sorted((kind for kind in self._kinds if abs(kind - size) <= NEAR), key=lambda kind: abs(kind - size))
        return next((self._kinds[kind].speeds for kind in near if len(self._kinds[kind].speeds) == len(self._choices)), None)
