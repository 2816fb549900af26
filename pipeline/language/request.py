"""What goes through the engine and what comes out of it: a prompt on its way, and the events of its answer."""

from collections.abc import Callable
from dataclasses import dataclass, field

from tokenizers.decoders import DecodeStream

from pipeline.language.generator import Priority
from pipeline.language.llama import Slab
from pipeline.language.sampling import Sampling


@dataclass(frozen=True, slots=True)
class Piece:
    """Some more text of an answer."""

    key: int
    text: str


@dataclass(frozen=True, slots=True)
class Done:
    """An answer is complete, or its request has failed."""

    key: int
    text: str
    reason: str
    """`stop` or `length` as in OpenAI's API; `cancelled`; `failed`."""
    prompt_tokens: int = 0
    answer_tokens: int = 0
    likelihood: float = 0.0
    """Of what was expected, in nats."""


Event = Piece | Done
Sink = Callable[[Event], None]
"""Called from the engine's thread: it must only put the event somewhere."""


@dataclass(frozen=True, slots=True)
class Source:
    """A request that came before another, and how many first tokens both have in common."""

    request: "Request"
    length: int


@dataclass(slots=True, eq=False, repr=False)
class Request:
    """One prompt on its way through the engine. Everything but `cancelled` belongs to the engine's thread."""

    key: int
    """The caller's number for it, repeated in its events."""
    tokens: list[int]
    max_tokens: int
    stops: tuple[str, ...]
    priority: int
    sink: Sink
    sampling: Sampling
    expected: tuple[int, ...] = ()
    """Tokens of an answer whose likelihood is wanted; all but the last end `tokens`. Nothing is written then."""
    likelihood: float = 0.0
    """Nats, of those that were come to."""
    cancelled: bool = False
    slab: Slab | None = None
    slot: int = 0
    source: "Source | None" = None
    """Who reads the same first tokens, until they are taken over."""
    family: int = 0
    """The same of all that answer the same prompt at the same time."""
    read: int = 0
    """Tokens of prompt and answer that are in the cache."""
    answer: list[int] = field(default_factory=list)
    text: str = ""
    sent: int = 0
    """Characters of `text` that the caller has; the rest may turn out to be part of a stop string."""
    decoder: DecodeStream | None = None

    @property
    def interactive(self) -> bool:
        return self.priority < Priority.BATCH

    @property
    def needed(self) -> int:
        return len(self.tokens) + self.max_tokens

    @property
    def reading(self) -> bool:
        return self.read < len(self.tokens)

    @property
    def shareable(self) -> int:
        """First tokens of the prompt that need not be read where they were read before. After the others logits are wanted."""
        return len(self.tokens) - max(1, len(self.expected))

    def wanted(self, count: int) -> int:
        """How many of the next `count` tokens are followed by what is asked for."""
        return max(0, self.read + count - max(self.read, self.shareable))

    def cancel(self) -> None:
        """Whoever asked has gone; the engine forgets the request before its next pass."""
        self.cancelled = True
