"""Every way in which YouTube, the network and this machine say no, observed: condition -> code, sentence, what the job does. None of it from a mock of yt-dlp."""

from collections.abc import Iterator

import pytest

from pipeline.config import Settings
from pipeline.errors import CODES
from tests.conditions import Condition, Place, observe, place_of
from tests.conditions_table import CONDITIONS
from tests.standin import StandIn
from web import words

ALL = {
    "bad_link", "private", "removed", "unavailable", "geo_blocked", "age_restricted", "members_only", "payment_required", "live_now", "live_processing", "live_upcoming", "bot_check",
    "rate_limited", "playlist_unavailable", "drm", "captions_unavailable", "media_forbidden", "range_lost", "network", "proxy", "tls", "blocked_address", "too_long", "too_large",
    "storage", "extractor_broken", "cancelled",
}  # fmt: skip
"""The conditions that are known of YouTube and the way there."""


@pytest.fixture(name="place")
def _place(servers: Settings, standin: StandIn) -> Iterator[Place]:
    with place_of(standin, servers) as place:
        yield place
    standin.tls_errors.clear()


@pytest.mark.parametrize("condition", CONDITIONS, ids=lambda condition: condition.what)
def test_what_becomes_of_it(place: Place, condition: Condition) -> None:
    seen = observe(place, condition)

    assert (seen.code, seen.then) == (condition.code, condition.then)
    assert seen.action
    if seen.then in ("refused", "fails", "waits"):
        assert seen.sentence.startswith(CODES[seen.code].sentence)


def test_no_condition_is_left_out() -> None:
    assert {condition.code for condition in CONDITIONS} >= ALL


@pytest.mark.parametrize("code", sorted(ALL - {"cancelled"}))
def test_each_has_a_sentence_and_a_next_step(code: str) -> None:
    assert CODES[code].sentence.endswith(".")
    assert words.next_step(code).endswith(".")


def test_a_reason_that_is_new_is_told_in_youtube_s_words(place: Place) -> None:
    condition = next(condition for condition in CONDITIONS if condition.what.startswith("a reason that nobody"))

    assert observe(place, condition).sentence == "YouTube says that this video is unavailable. It says: The stars do not allow it."
