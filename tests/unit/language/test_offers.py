"""What can be pulled agrees with what the profiles want, and with where its users look for it."""

from pathlib import Path

import pytest

from pipeline.config import Settings
from pipeline.language import offers, profiles
from pipeline.language.cards import card_of


def test_every_model_that_a_profile_wants_can_be_pulled(tmp_path: Path) -> None:
    known = {offer.name: offer for offer in offers.offers(Settings(home=tmp_path))}

    assert {name for names in profiles.WANTED.values() for name in names} <= set(known)
    for name, offer in known.items():
        card = card_of(name)
        assert card is not None
        assert (card.repository, bool(offer.licence)) == (offer.repository, True)


@pytest.mark.parametrize(
    ("profile", "memory", "name"),
    [
        ("builtin", 10**12, "smollm2-135m-instruct"),
        ("cpu", 8 * 10**9, "smollm2-1.7b-instruct"),
        ("cpu", 10**9, "smollm2-135m-instruct"),
        ("gpu", 24 * 10**9, "llama-3.1-8b-instruct"),
        ("gpu", 8 * 10**9, "llama-3.2-3b-instruct"),
        ("gpu", 4 * 10**9, "smollm2-1.7b-instruct"),
        ("gpu", 0, "smollm2-135m-instruct"),
    ],
)
def test_the_best_that_fits_is_taken(profile: str, memory: int, name: str) -> None:
    chosen, reason = offers.best_of(profile, memory)

    assert chosen == name
    assert reason.count("needs more memory") == profiles.WANTED[profile].index(name)
