"""Where the broker is, in the spelling that kombu takes."""

from pathlib import Path

import pytest

from pipeline import broker
from pipeline.config import Settings


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("redis://broker:6379/0", "redis://broker:6379/0"),
        ("valkey://:secret@broker:6379/1", "redis://:secret@broker:6379/1"),
        ("valkeys://broker:6380", "rediss://broker:6380"),
    ],
)
def test_address_that_is_set(given: str, expected: str) -> None:
    assert broker.broker_url(Settings(broker_url=given)) == expected


def test_embedded_address_is_a_socket() -> None:
    settings = Settings(home=Path("/tmp/with space"))

    assert broker.broker_url(settings) == "redis+socket:///tmp/with%20space/run/valkey.sock"


def test_nothing_but_json_is_accepted_and_no_result_is_kept() -> None:
    conf = broker.celery_app("redis://nowhere").conf

    assert (conf.accept_content, conf.task_serializer, conf.result_backend, conf.task_ignore_result) == (["json"], "json", None, True)
