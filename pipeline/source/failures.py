"""What yt-dlp's failures mean: exception, its message and a log of our own -> one of the codes of errors.py. For the child process; imports yt_dlp.

A 429, 503 or time-out of the player API is only a warning to yt-dlp: the exception then says "Failed to extract any player response" or "No video formats
found!" and nothing else. So the log of every request is asked first for sentences that say nothing.
"""

import re
from dataclasses import dataclass, field

from requests.exceptions import InvalidSchema, InvalidURL
from yt_dlp.networking.exceptions import CertificateVerifyError, HTTPError, ProxyError, TransportError
from yt_dlp.utils import DownloadCancelled, GeoRestrictedError, UnsupportedError, YoutubeDLError

from pipeline.source.egress import Egress


@dataclass(slots=True)
class NetworkLog:
    """What every request of one child met, in order: host, path, and status or exception. Nothing of the query, which holds signatures."""

    seen: list[tuple[str, str, int | Exception]] = field(default_factory=list)

    def lines(self) -> list[str]:
        return [f"{host}{path} {outcome if isinstance(outcome, int) else str(outcome)[:100]}" for host, path, outcome in self.seen[-10:]]

    @property
    def errors(self) -> list[Exception]:
        return [outcome for _, _, outcome in self.seen if isinstance(outcome, Exception)]


_RULES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (code, re.compile(pattern))
    for code, pattern in (
        ("rate_limited", r"rate-limited by YouTube|content isn.t available, try again later|HTTP Error 429|Too Many Requests"),
        ("bot_check", r"confirm you.re not a bot|[Cc]aptcha|unusual traffic|IP is likely being blocked|Confirm you are human"),
        ("age_restricted", r"confirm your age|age-restricted|inappropriate for some users"),
        ("members_only", r"members-only|available to this channel's members|Join this channel"),
        ("payment_required", r"requires payment|Premium members|YouTube Premium|purchase|rental"),
        ("private", r"[Pp]rivate video|video is private"),
        ("geo_blocked", r"in your country|not available in your (?:country|region|location)|from your location"),
        ("live_upcoming", r"live event will begin|Premieres? in|Premiere will begin|Waiting for |offline"),
        ("removed", r"removed by|account associated with this video has been terminated|no longer available|has been removed|isn.t available anymore"),
        ("removed", r"copyright|violat|recording is not available"),
        ("drm", r"DRM protected"),
        ("too_large", r"File too large"),
        ("storage", r"unable to write data|unable to open for writing|Unable to create directory|No space left|Disk quota|Read-only file system"),
        ("playlist_unavailable", r"playlist (?:type is unviewable|does not exist)|does not have a \w+ tab|channel does not exist|channel/playlist does not exist"),
        ("bad_link", r"looks truncated|Incomplete YouTube ID|Unsupported URL|No suitable extractor|is not a valid URL"),
        ("range_lost", r"HTTP Error 416"),
        ("media_forbidden", r"HTTP Error 403"),
        ("captions_unavailable", r"Did not get any data blocks"),
        ("network", r"timed out|Failed to resolve|Connection (?:refused|reset|aborted)|Remote end closed"),
        ("network", r"bytes read, .* more expected|HTTP Error 5\d\d|IncompleteRead"),
        ("unavailable", r"[Vv]ideo unavailable|This video is unavailable|content isn.t available|This video is not available"),
    )
)  # fmt: skip
"""First match wins: a more telling sentence stands above one that it contains."""
_GENERIC = re.compile(
    r"Failed to extract any player response|No video formats found|Unable to (?:extract|download)|unable to download video data|"
    r"Unable to recognize|Requested format is not available"
)


_TECHNICAL = re.compile(r"yt-dlp|[Cc]lient|format|JavaScript|runtime|[Tt]oken|nsig|challenge|player|Extractor|https?://|--\w|^\S{11}: ")
"""What yt-dlp warns of on its own account."""
_LISTS = re.compile(r"/(?:@|channel/|c/|user/|playlist\b)")


def own_words(said: str) -> str:
    """What YouTube itself gave as its reason, among yt-dlp's warnings; empty where it gave none, or none but "Video unavailable"."""
    for line in said.splitlines():
        words = line.removeprefix("[youtube] ")
        if words != line and not _TECHNICAL.search(words):
            return re.sub(r"^Video unavailable[. ]*", "", words)
    return ""


def classify(error: BaseException | None, network: NetworkLog, egress: Egress, said: str = "") -> str:
    """The code of what happened. `error` is None when yt-dlp only warned; `said` is then what it warned."""
    chain = _chain(error)
    if any(isinstance(link, DownloadCancelled) for link in chain):
        return "cancelled"
    if any(isinstance(link, UnsupportedError) for link in chain):
        return "bad_link"
    if code := _of_the_way_out(chain, network, egress):
        return code
    if any(isinstance(link, GeoRestrictedError) for link in chain):
        return "geo_blocked"
    message = "\n".join(str(getattr(link, "orig_msg", None) or link) for link in chain) or said
    of_media = chain and re.search(r"HTTP Error 4(?:03|16)", message)
    if _GENERIC.search(message) and not of_media and (code := _hidden(network)):
        return code
    for code, pattern in _RULES:
        if pattern.search(message):
            return code
    return _without_a_rule(error, chain, message)


def _without_a_rule(error: BaseException | None, chain: list[BaseException], message: str) -> str:
    if any(isinstance(link, TransportError) for link in chain):
        return "network"
    if error is None and own_words(message):
        return "unavailable"
    if _GENERIC.search(message):
        return "extractor_broken"
    return "unknown" if error is None or isinstance(error, YoutubeDLError) else "internal"


def _chain(error: BaseException | None) -> list[BaseException]:
    """The error and what it came from. yt-dlp keeps causes in three places."""
    chain: list[BaseException] = []
    waiting = [error]
    while waiting:
        link = waiting.pop()
        if not isinstance(link, BaseException) or link in chain:
            continue
        chain.append(link)
        info = getattr(link, "exc_info", None)
        waiting += [info[1] if info else None, getattr(link, "cause", None), link.__cause__]
    return chain


def _of_the_way_out(chain: list[BaseException], network: NetworkLog, egress: Egress) -> str | None:
    """Blocked addresses, dead networks and proxies look alike to yt-dlp (a refused CONNECT); the egress knows which it was."""
    met = [link for error in (*chain, *network.errors) for link in _chain(error)]
    if egress.blocked or any(isinstance(error, InvalidSchema | InvalidURL) for error in met):  # a redirect to file:, ftp:, data: …
        return "blocked_address"
    if any(isinstance(error, CertificateVerifyError) for error in met):
        return "tls"
    if any(isinstance(error, ProxyError) for error in met) and not egress.successes:
        return egress.failures[-1].kind if egress.failures else "proxy"
    return None


def _hidden(network: NetworkLog) -> str | None:
    statuses = [error.status for error in network.errors if isinstance(error, HTTPError)]
    if 429 in statuses:
        return "rate_limited"
    if 403 in statuses:
        return "bot_check"
    if any(status >= 500 for status in statuses) or any(isinstance(error, TransportError) for error in network.errors):
        return "network"
    if any(isinstance(outcome, HTTPError) and outcome.status in (404, 410) and _LISTS.match(path) for _, path, outcome in network.seen):
        return "playlist_unavailable"
    return None
