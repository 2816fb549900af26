"""How often YouTube is asked, and when not at all: one account for all workers that share an outgoing address, kept in the broker.

Guests and the signed-in account (account.py) are counted apart: YouTube limits them apart, and the pause of the one does not stop the other.

Three things that every client of YouTube's has to do, and that a crowd of workers can only do together:
 - a token bucket (GCRA): no more videos an hour than a guest may look at, some of them at once;
 - a circuit breaker: when YouTube limits this address or wants proof that it is no robot, nobody asks any more until a pause is over. Then one asks, for all:
   an answer closes the breaker, a refusal doubles the pause. Who was refused waits longer than the others: YouTube may mean that one video only;
 - a semaphore: no more downloads of media at a time than `downloads_at_once`. A place is held by a lease, so that of a killed worker is free again by itself.
Nothing of this may lose work: who has to wait raises `Postponed`, and the stage waits in its row. A broker that is away or was restarted knows of no pause, so
the next one asks; that is the probe that would have come anyway.
"""

import hashlib
import random
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import structlog

from pipeline import broker
from pipeline.config import Settings
from pipeline.errors import CODES, HOUR, Postponed, SourceError
from pipeline.types import Emit, Progress

REFUSALS = frozenset({"bot_check", "rate_limited"})
"""Codes by which YouTube means this address and not this video."""
UNSURE = frozenset({"network", "proxy", "tls", "blocked_address", "unknown", "internal", "storage"})
"""Codes that say nothing of what YouTube thinks of us."""
LONGEST = 6 * HOUR
"""Of a pause."""
PROBE_SECONDS = 60.0
"""The one who asks for all is given so long before another may."""
LAST_IN_LINE = 1.5
"""Pauses that the one who was refused waits, so that another asks for all."""
PREFIX = "nutshell:youtube:"

_ADMIT = """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local function asked()
  redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', now - 3600)
  redis.call('ZADD', KEYS[3], now, time[1] .. '.' .. time[2])
  redis.call('EXPIRE', KEYS[3], 3600)
end
local open = tonumber(redis.call('HGET', KEYS[1], 'until') or '0')
if open > 0 then
  local probe = math.max(open, tonumber(redis.call('HGET', KEYS[1], 'probe') or '0'))
  if now < probe then return {'pause', tostring(probe - now), redis.call('HGET', KEYS[1], 'code') or ''} end
  redis.call('HSET', KEYS[1], 'probe', tostring(now + tonumber(ARGV[3])))
  asked()
  return {'go', '0'}
end
local interval, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
if interval == 0 then asked() return {'go', '0'} end
local due = math.max(now, tonumber(redis.call('GET', KEYS[2]) or '0'))
local early = due - interval * (burst - 1) - now
if early > 0 then return {'turn', tostring(early)} end
redis.call('SET', KEYS[2], tostring(due + interval), 'EX', math.ceil(due + interval - now) + 1)
asked()
return {'go', '0'}
"""
"""KEYS: breaker, bucket, when it was asked. ARGV: seconds between two videos, how many at once, seconds for a probe. -> what to do, the seconds to wait, and the code that
a pause is for."""

_LOOK = """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local pause = tonumber(redis.call('HGET', KEYS[1], 'until') or '0')
local due = tonumber(redis.call('GET', KEYS[2]) or '0')
return {tostring(pause > 0 and math.max(pause - now, 0) or -1), redis.call('HGET', KEYS[1], 'code') or '', tostring(math.max(due - now, 0)),
        tostring(redis.call('ZCOUNT', KEYS[3], now - 3600, '+inf'))}
"""
"""KEYS as for _ADMIT. -> seconds that the pause still lasts (-1: there is none), its code, seconds until the bucket is full again, videos in the last hour. Changes nothing."""

_REFUSED = """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local open = tonumber(redis.call('HGET', KEYS[1], 'until') or '0')
if now < open then return tostring(open - now) end
local times = redis.call('HINCRBY', KEYS[1], 'times', 1)
local pause = math.min(tonumber(ARGV[1]) * 2 ^ (times - 1), tonumber(ARGV[2]))
redis.call('HSET', KEYS[1], 'until', tostring(now + pause), 'code', ARGV[3])
redis.call('HDEL', KEYS[1], 'probe')
redis.call('EXPIRE', KEYS[1], math.ceil(pause + 2 * tonumber(ARGV[2])))
return tostring(pause)
"""
"""KEYS: breaker. ARGV: seconds of the first pause, of the longest, the code. -> seconds to wait. Who asked before the breaker opened does not make its pause longer."""

_ANSWERED = """
local time = redis.call('TIME')
if time[1] + time[2] / 1000000 >= tonumber(redis.call('HGET', KEYS[1], 'until') or '0') then redis.call('DEL', KEYS[1]) end
return 1
"""
"""KEYS: breaker. During a pause answers are of those who had asked before it, and say nothing."""

_TAKE_PLACE = """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[1]) then return 0 end
redis.call('ZADD', KEYS[1], now + tonumber(ARGV[2]), ARGV[3])
redis.call('EXPIRE', KEYS[1], math.ceil(2 * tonumber(ARGV[2])))
return 1
"""
"""KEYS: places. ARGV: how many, seconds of a lease, who. -> 1: there was one."""

_KEEP_PLACE = """
local time = redis.call('TIME')
redis.call('ZADD', KEYS[1], time[1] + time[2] / 1000000 + tonumber(ARGV[1]), ARGV[2])
redis.call('EXPIRE', KEYS[1], math.ceil(2 * tonumber(ARGV[1])))
return 1
"""
"""KEYS: places. ARGV: seconds of a lease, who. After a restart of the broker it puts the place back, for the download goes on whatever is written here."""

_LEAVE_PLACE = "return redis.call('ZREM', KEYS[1], ARGV[1])"

PLACE_SECONDS = 60.0
"""Lease of a place; longer than a worker is ever silent while its download goes on."""
KEEP_SECONDS = 10.0
"""How often it is renewed."""
PLACE_AGAIN_SECONDS = 15.0
"""Who found no place comes again so much later."""

log = structlog.get_logger(__name__)


class Paused(Postponed):
    """Nobody asks before a pause is over."""

    def __init__(self, seconds: float, because: str) -> None:
        super().__init__("youtube_pause", seconds)
        self.because = because
        """The code of the refusal that opened the breaker."""


@contextmanager
def asking(settings: Settings, *, account: bool = False) -> Iterator[None]:
    """Around whatever asks YouTube for a video. `account`: signed in, not as a guest.

    Raises:
        Postponed: not now; Paused: because YouTube refused.
        SourceError: what came of it; where it means everybody who asks from here, with the time after the pause.
    """
    keys = _keys(settings, account=account)
    _wait_for_turn(settings, keys)
    try:
        yield
    except SourceError as error:
        if error.code in REFUSALS:
            raise _refused(settings, keys, error) from error
        if error.code not in UNSURE:
            _answered(settings, keys)
        raise
    _answered(settings, keys)


@dataclass(frozen=True, slots=True)
class Account:
    """What the broker knows of one of the two who ask: guests, or the signed-in account."""

    asked: int
    """Videos in the last hour."""
    left: int | None
    """How many may be asked for at once now; None: no limit."""
    pause: float | None
    """Seconds until YouTube is asked again; 0.0: the next one asks for all; None: there is no pause."""
    because: str
    """The code of what opened the breaker; empty without a pause."""


def look(settings: Settings, *, account: bool = False) -> Account | None:
    """How things stand; changes nothing. None: the broker is away."""
    said = broker.run_script(settings, _LOOK, _keys(settings, account=account))
    if said is None:
        return None
    pause, due = float(said[0]), float(said[2])
    burst, interval = _bucket(settings)
    left = max(0, int(burst - due / interval + 1e-6)) if interval else None
    return Account(int(said[3]), left, pause if pause >= 0 else None, said[1].decode() if pause >= 0 else "")


@contextmanager
def downloading(settings: Settings, emit: Emit) -> Iterator[Emit]:
    """Around a download of media; what is yielded is to be called instead of `emit`, and keeps the place.

    Raises:
        Postponed: every place is taken.
    """
    if not settings.downloads_at_once:
        yield emit
        return
    places, who = [f"{_prefix(settings)}:downloads"], uuid.uuid4().int % 2**53
    if broker.run_script(settings, _TAKE_PLACE, places, [settings.downloads_at_once, PLACE_SECONDS, who]) == 0:
        raise Postponed("youtube_downloads", PLACE_AGAIN_SECONDS)
    kept = time.monotonic()

    def keep(progress: Progress) -> None:
        nonlocal kept
        emit(progress)
        if time.monotonic() - kept > KEEP_SECONDS:
            broker.run_script(settings, _KEEP_PLACE, places, [PLACE_SECONDS, who])
            kept = time.monotonic()

    try:
        yield keep
    finally:
        broker.run_script(settings, _LEAVE_PLACE, places, [who])


def captions_pause(settings: Settings, *, batch: bool) -> float:
    """Seconds to wait before a file of captions: none where somebody waits and less than half of what may come at once has come; else more or less
    `captions_pause`."""
    if not settings.captions_pause:
        return 0.0
    if not batch:
        guest = look(settings)
        if guest is None or guest.left is None or guest.left >= _bucket(settings)[0] / 2:
            return 0.0
    return settings.captions_pause * random.uniform(0.5, 1.5)


@contextmanager
def glancing(settings: Settings) -> Iterator[None]:
    """Around a request for a small file that is made for many, such as a feed. It takes no turn: turns are counted because a guest may look at so many videos an
    hour, and this looks at none. A pause holds for it too, since that is about the address, and a refusal begins one. But it does not ask for all when the pause
    is over, and its answer ends none: who may read feeds may still be taken for a robot at the next video.

    Raises:
        Paused: not now.
        SourceError: what came of it, as `asking`.
    """
    guest = look(settings)
    if guest is not None and guest.pause:
        raise Paused(guest.pause, guest.because)
    try:
        yield
    except SourceError as error:
        if error.code in REFUSALS:
            raise _refused(settings, _keys(settings), error) from error
        raise


def _bucket(settings: Settings) -> tuple[float, float]:
    """How many videos may come at once, and the seconds between two from then on (0: no limit)."""
    burst = max(1.0, settings.videos_per_hour // 10)
    return burst, HOUR / max(1.0, settings.videos_per_hour - burst) if settings.videos_per_hour else 0.0


def _wait_for_turn(settings: Settings, keys: list[str]) -> None:
    burst, interval = _bucket(settings)
    said = broker.run_script(settings, _ADMIT, keys, [interval, burst, PROBE_SECONDS])
    if said is None or said[0] == b"go":
        return
    if said[0] == b"pause":
        raise Paused(float(said[1]), said[2].decode())
    raise Postponed("youtube_turn", float(said[1]))


def _refused(settings: Settings, keys: list[str], error: SourceError) -> SourceError:
    first = CODES[error.code].retry_after or HOUR
    seconds = broker.run_script(settings, _REFUSED, keys[:1], [first, LONGEST, error.code])
    if seconds is None:
        return error
    log.warning("YouTube is not asked for a while", code=error.code, seconds=round(float(seconds)))
    return SourceError(error.code, str(error), retryable=True, retry_after=LAST_IN_LINE * float(seconds))


def _answered(settings: Settings, keys: list[str]) -> None:
    broker.run_script(settings, _ANSWERED, keys[:1])


def _keys(settings: Settings, *, account: bool = False) -> list[str]:
    """Breaker, bucket and record of those who ask from the outgoing address: guests, or the account."""
    who = f"{_prefix(settings)}:account" if account else _prefix(settings)
    return [f"{who}:breaker", f"{who}:bucket", f"{who}:asked"]


def _prefix(settings: Settings) -> str:
    """Of the keys of one outgoing address: the proxy, or this network's own."""
    address = hashlib.sha256(settings.proxy.encode()).hexdigest()[:16] if settings.proxy else "direct"
    return PREFIX + address
