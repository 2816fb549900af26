"""How often YouTube is asked, and when not at all: one account for all workers that share an outgoing address, kept in the broker.

Two things that every client of YouTube's has to do, and that a crowd of workers can only do together:
 - a token bucket (GCRA): no more videos an hour than a guest may look at, some of them at once;
 - a circuit breaker: when YouTube limits this address or wants proof that it is no robot, nobody asks any more until a pause is over. Then one asks, for all:
   an answer closes the breaker, a refusal doubles the pause. Who was refused waits longer than the others: YouTube may mean that one video only.
Nothing of this may lose work: who has to wait raises `Postponed`, and the stage waits in its row. A broker that is away or was restarted knows of no pause, so
the next one asks; that is the probe that would have come anyway.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from pipeline import broker
from pipeline.config import Settings
from pipeline.errors import CODES, HOUR, Postponed, SourceError

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
local open = tonumber(redis.call('HGET', KEYS[1], 'until') or '0')
if open > 0 then
  local probe = math.max(open, tonumber(redis.call('HGET', KEYS[1], 'probe') or '0'))
  if now < probe then return {'pause', tostring(probe - now)} end
  redis.call('HSET', KEYS[1], 'probe', tostring(now + tonumber(ARGV[3])))
  return {'go', '0'}
end
local interval, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
if interval == 0 then return {'go', '0'} end
local due = math.max(now, tonumber(redis.call('GET', KEYS[2]) or '0'))
local early = due - interval * (burst - 1) - now
if early > 0 then return {'turn', tostring(early)} end
redis.call('SET', KEYS[2], tostring(due + interval), 'EX', math.ceil(due + interval - now) + 1)
return {'go', '0'}
"""
"""KEYS: breaker, bucket. ARGV: seconds between two videos, how many at once, seconds for a probe. -> what to do, and the seconds to wait."""

_REFUSED = """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local open = tonumber(redis.call('HGET', KEYS[1], 'until') or '0')
if now < open then return tostring(open - now) end
local times = redis.call('HINCRBY', KEYS[1], 'times', 1)
local pause = math.min(tonumber(ARGV[1]) * 2 ^ (times - 1), tonumber(ARGV[2]))
redis.call('HSET', KEYS[1], 'until', tostring(now + pause))
redis.call('HDEL', KEYS[1], 'probe')
redis.call('EXPIRE', KEYS[1], math.ceil(pause + 2 * tonumber(ARGV[2])))
return tostring(pause)
"""
"""KEYS: breaker. ARGV: seconds of the first pause, of the longest. -> seconds to wait. Who asked before the breaker opened does not make its pause longer."""

_ANSWERED = """
local time = redis.call('TIME')
if time[1] + time[2] / 1000000 >= tonumber(redis.call('HGET', KEYS[1], 'until') or '0') then redis.call('DEL', KEYS[1]) end
return 1
"""
"""KEYS: breaker. During a pause answers are of those who had asked before it, and say nothing."""

log = structlog.get_logger(__name__)


@contextmanager
def asking(settings: Settings) -> Iterator[None]:
    """Around whatever asks YouTube for a video.

    Raises:
        Postponed: not now.
        SourceError: what came of it; where it means everybody who asks from here, with the time after the pause.
    """
    _wait_for_turn(settings)
    try:
        yield
    except SourceError as error:
        if error.code in REFUSALS:
            raise _refused(settings, error) from error
        if error.code not in UNSURE:
            _answered(settings)
        raise
    _answered(settings)


def _wait_for_turn(settings: Settings) -> None:
    burst = max(1.0, settings.videos_per_hour // 10)
    interval = HOUR / max(1.0, settings.videos_per_hour - burst) if settings.videos_per_hour else 0.0
    said = broker.run_script(settings, _ADMIT, _keys(settings), [interval, burst, PROBE_SECONDS])
    if said is not None and said[0] != b"go":
        raise Postponed("youtube_pause" if said[0] == b"pause" else "youtube_turn", float(said[1]))


def _refused(settings: Settings, error: SourceError) -> SourceError:
    first = CODES[error.code].retry_after or HOUR
    seconds = broker.run_script(settings, _REFUSED, _keys(settings)[:1], [first, LONGEST])
    if seconds is None:
        return error
    log.warning("YouTube is not asked for a while", code=error.code, seconds=round(float(seconds)))
    return SourceError(error.code, str(error), retryable=True, retry_after=LAST_IN_LINE * float(seconds))


def _answered(settings: Settings) -> None:
    broker.run_script(settings, _ANSWERED, _keys(settings)[:1])


def _keys(settings: Settings) -> list[str]:
    """Breaker and bucket of the outgoing address: the proxy, or this network's own."""
    address = hashlib.sha256(settings.proxy.encode()).hexdigest()[:16] if settings.proxy else "direct"
    return [f"{PREFIX}{address}:breaker", f"{PREFIX}{address}:bucket"]
