"""Whose vectors are searched: a word that the models, the store and the edges share."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Index:
    """Vectors of everything that is searched, made by one model."""

    model: str
    """As `Embedder.model` names it: other weights, another name."""
    dimensions: int
    slot: str = "vector"
    """Where the store keeps them."""


BUILTIN_INDEX = Index("multilingual-e5-small", 384)
"""What every library begins with."""
