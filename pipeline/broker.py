"""The one file that knows the broker: hints to workers by Celery, events to readers by pub/sub.

Everything that goes through here may be lost or doubled. A stage that nobody was told of is announced again by the reaper; an event says only that rows have
changed. So nothing here raises because the broker is away: it is logged, and the rows do the rest.
"""

import json
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import redis
import structlog
from redis.backoff import NoBackoff
from redis.retry import Retry

from pipeline.config import Settings
from pipeline.jobs import Queue

if TYPE_CHECKING:  # who only sends need not load Celery before that, nor the database ever
    from celery import Celery

    from pipeline.store.stages import Hint

log = structlog.get_logger(__name__)

STAGE_TASK = "nutshell.stage"
"""Its argument is the id of a stage."""
DUE_TASK = "nutshell.due"
"""Subscriptions may be due; no argument."""
CHANNEL = "nutshell:video:"
"""Followed by the id of the video."""
RESYNC: dict[str, object] = {"event": "resync"}
"""What `listen` says after events may have been missed."""
ANSWER_SECONDS = 2.0
"""Nobody waits longer than this for a broker."""
AGAIN_SECONDS = 1.0
"""Pause after a broker that did not answer."""


def broker_url(settings: Settings) -> str:
    """As kombu spells it, which knows no `valkey://`: the one set, or the embedded server's socket."""
    url = settings.broker_url or settings.embedded_broker_url
    scheme, separator, rest = url.partition("://")
    return {"valkey": "redis", "valkeys": "rediss"}.get(scheme, scheme) + separator + rest


def celery_app(url: str) -> "Celery":
    """A new app with what sending and receiving have in common. Celery is imported here, because most programs never send."""
    from celery import Celery

    app = Celery("nutshell", broker=url, set_as_current=False)
    app.conf.update(
        # Pickle from a broker that a stranger can reach would run the stranger's code.
        task_serializer="json",
        accept_content=["json"],
        # Results live in the database. A result backend would be a second truth; it leaks connections and blocks (celery #9806, #10366).
        result_backend=None,
        task_ignore_result=True,
        # A producer waits this long at most: the row is stored already, and a person waits for the page.
        broker_connection_timeout=ANSWER_SECONDS,
        task_publish_retry=True,
        task_publish_retry_policy={"max_retries": 1, "interval_start": 0.1, "interval_step": 0.1, "interval_max": 0.2},
    )
    return app


@lru_cache(maxsize=8)
def _producer(url: str) -> "Celery":
    """The app that sends: with a deadline on every answer, which a worker, whose blocking read is meant to wait, has not."""
    app = celery_app(url)
    app.conf.broker_transport_options = {"socket_timeout": ANSWER_SECONDS, "socket_connect_timeout": ANSWER_SECONDS}
    return app


def announce(settings: Settings, queue: Queue, stage_id: int) -> bool:
    """Tells the workers of `queue` that there is work; after the row is committed. False: the broker is away, the reaper will say it again."""
    from kombu.exceptions import OperationalError

    try:
        _producer(broker_url(settings)).send_task(STAGE_TASK, args=[stage_id], queue=queue.value, ignore_result=True)
    except (OperationalError, OSError, redis.RedisError) as error:
        log.warning("stage not announced", stage=stage_id, queue=queue.value, reason=type(error).__name__)
        return False
    return True


def announce_all(settings: Settings, hints: "Iterable[Hint]") -> None:
    """As `announce`; stops at the first that cannot be said, because the next could not either."""
    for hint in hints:
        if not announce(settings, hint.queue, hint.stage_id):
            return


def hints_waiting(settings: Settings, queue: Queue) -> int | None:
    """Hints of `queue` that no worker has taken; None: the broker is away."""
    try:
        return int(_client(broker_url(settings)).llen(queue.value))
    except redis.RedisError:
        return None


def ping(settings: Settings) -> bool:
    """The broker answers."""
    try:
        return bool(_client(broker_url(settings)).ping())
    except redis.RedisError:
        return False


def run_script(settings: Settings, text: str, keys: Sequence[str], arguments: Sequence[float | str] = ()) -> Any:
    """What a Lua script answers, which the broker runs in one piece. None: the broker is away."""
    try:
        return _client(broker_url(settings)).register_script(text)(keys=keys, args=arguments)
    except redis.RedisError as error:
        log.warning("script not run", keys=keys, reason=type(error).__name__)
        return None


def publish(settings: Settings, video_id: str, event: Mapping[str, object]) -> None:
    """Tells whoever looks at the video that something changed. Lost when the broker is away, and then not tried again for a second."""
    _publisher(broker_url(settings)).publish(CHANNEL + video_id, json.dumps(event))


class _Publisher:
    def __init__(self, url: str) -> None:
        self._client = _client(url)
        self._silent_until = 0.0

    def publish(self, channel: str, text: str) -> None:
        if time.monotonic() < self._silent_until:
            return
        try:
            self._client.publish(channel, text)
        except redis.RedisError as error:
            log.warning("event not published", channel=channel, reason=type(error).__name__)
            self._silent_until = time.monotonic() + AGAIN_SECONDS


@lru_cache(maxsize=8)
def _publisher(url: str) -> _Publisher:
    return _Publisher(url)


@lru_cache(maxsize=8)
def _client(url: str) -> redis.Redis:
    # One retry at once: the first call after the broker was restarted meets a dead connection of the pool.
    retry = Retry(NoBackoff(), 1)
    return _connect(url, socket_timeout=ANSWER_SECONDS, retry=retry)


def _connect(url: str, **options: Any) -> redis.Redis:
    scheme, _, rest = url.partition("://")
    if scheme == "redis+socket":
        return redis.Redis(unix_socket_path=unquote(rest.partition("?")[0]), **options)
    return redis.Redis.from_url(url, socket_connect_timeout=ANSWER_SECONDS, socket_keepalive=True, **options)


def listen(settings: Settings, stop: threading.Event | None = None) -> Iterator[tuple[str, dict[str, Any]]]:
    """Events of all videos, (video id, event), for as long as the process lives or until `stop` is set.

    After the connection was lost it says ("", RESYNC) once it listens again: rows may have changed unseen.
    """
    missed = False
    while stop is None or not stop.is_set():
        try:
            # No retry of its own: it would subscribe again without a word, and nobody would know that events were missed.
            client = _connect(broker_url(settings), socket_timeout=10.0, health_check_interval=5, retry=Retry(NoBackoff(), 0))
            with client.pubsub(ignore_subscribe_messages=True) as channel:  # type: ignore[no-untyped-call]
                channel.psubscribe(CHANNEL + "*")
                if missed:
                    yield "", dict(RESYNC)
                missed = False
                while stop is None or not stop.is_set():
                    message = channel.get_message(timeout=1.0)
                    if message is not None and (event := _parsed(message["data"])) is not None:
                        yield message["channel"].decode().removeprefix(CHANNEL), event
        except (redis.RedisError, OSError) as error:
            if not missed:  # it is said once, not every second until the broker is back
                log.warning("not listening to events", reason=type(error).__name__, again_in=AGAIN_SECONDS)
            missed = True
            time.sleep(AGAIN_SECONDS)


def _parsed(data: bytes) -> dict[str, Any] | None:
    try:
        event = json.loads(data)
    except ValueError:
        log.warning("event that is no JSON", length=len(data))
        return None
    return event if isinstance(event, dict) else None
