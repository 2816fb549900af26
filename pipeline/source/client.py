"""yt-dlp as this project uses it: options whose defaults are wrong for a server, a log of the network, one way out. For the child process; imports yt_dlp."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from yt_dlp import YoutubeDL
from yt_dlp.networking.common import Request, Response
from yt_dlp.networking.exceptions import CertificateVerifyError, RequestError
from yt_dlp.utils import YoutubeDLError

from pipeline.errors import NutshellError, cause
from pipeline.source import cookies, plain
from pipeline.source.egress import Egress
from pipeline.source.failures import NetworkLog, classify, own_words
from pipeline.source.inside import note

EXTRACTORS = ["youtube", "youtube:truncated_id", "youtube:truncated_url"]
"""Full names; without the list yt-dlp would fetch any address with its generic extractor."""


@dataclass(slots=True)
class Words:
    """yt-dlp's `logger`: warnings are kept, since some failures are nothing but a warning."""

    warnings: list[str] = field(default_factory=list)

    def debug(self, message: str) -> None:
        """Not kept."""

    def warning(self, message: str) -> None:
        self.warnings.append(message)

    def error(self, message: str) -> None:
        self.warnings.append(message)


class LoggingYDL(YoutubeDL):  # type: ignore[misc]
    """A YoutubeDL that writes down what every request met. Only public methods are overridden."""

    def __init__(self, params: dict[str, Any], network: NetworkLog) -> None:
        self.network = network
        super().__init__(params)

    def urlopen(self, req: str | Request) -> Response:
        host, path = _place(req if isinstance(req, str) else req.url)
        try:
            response = super().urlopen(req)
        except (YoutubeDLError, OSError) as error:
            self.network.seen.append((host, path, error))
            raise
        self.network.seen.append((host, path, response.status))
        response.read = _recorded(response.read, self.network, host, path)
        return response


def _place(url: str) -> tuple[str, str]:
    host, _, path = url.split("://", 1)[-1].partition("/")
    return host, "/" + path.split("?")[0]


def _recorded(read: Callable[..., bytes], network: NetworkLog, host: str, path: str) -> Callable[..., bytes]:
    """A reply that breaks off half-way fails in read(), not in urlopen()."""

    def recorded(amount: int | None = None) -> bytes:
        try:
            return read(amount)
        except (RequestError, OSError) as error:
            network.seen.append((host, path, error))
            raise

    return recorded


@dataclass(frozen=True, slots=True)
class Session:
    """One use of yt-dlp. Lives inside `connect`."""

    ydl: LoggingYDL
    network: NetworkLog
    egress: Egress
    words: Words

    def code(self, error: BaseException | None = None) -> str:
        return classify(error, self.network, self.egress, "\n".join(self.words.warnings))

    def refusal(self) -> NutshellError:
        """Why there is nothing to be had, where yt-dlp raised nothing; of a reason that has no code of its own in YouTube's words."""
        code = self.code()
        words = plain.line(own_words("\n".join(self.words.warnings)), 200) if code == "unavailable" else ""
        return cause(code, f"It says: {words}" if words else "")


@contextmanager
def connect(folder: Path, proxy: str, **options: Any) -> Iterator[Session]:
    """yt-dlp behind the egress proxy. Everything that it raises inside comes out as an error of ours.

    Raises:
        NutshellError: any code of the source room.
    """
    network, words = NetworkLog(), Words()
    try:
        egress = Egress(upstream=proxy)
    except ValueError as error:
        raise cause("proxy", str(error)) from error
    with egress, LoggingYDL({**_options(folder, egress, network, words), **options}, network) as ydl:
        session = Session(ydl, network, egress, words)
        try:
            yield session
        except (YoutubeDLError, OSError) as error:
            code = session.code(error)
            note("source.failed", code=code, error=str(error)[:300], network=network.lines(), way_out=[failure.reason for failure in egress.failures],
                 blocked=egress.blocked)  # fmt: skip
            raise cause(code) from error


def _options(folder: Path, egress: Egress, network: NetworkLog, words: Words) -> dict[str, Any]:
    def pause(n: int) -> float:
        """Seconds before retry `n`, counted from 0: 1, 2, 4, … and none where waiting cannot help."""
        hopeless = egress.hopeless or egress.blocked or any(isinstance(error, CertificateVerifyError) for error in network.errors)
        return 0.0 if hopeless else float(min(2**n, 10))

    signed_in = {"cookiefile": str(jar)} if (jar := folder / cookies.FILE).is_file() else {}
    return {
        **signed_in,
        "proxy": egress.url,
        "compat_opts": {"no-certifi"},  # so that SSL_CERT_FILE counts
        "allowed_extractors": EXTRACTORS,
        "logger": words,
        "color": "never",
        "noprogress": True,
        "noplaylist": True,
        "cachedir": False,
        "updatetime": False,
        "paths": {"home": str(folder)},
        "outtmpl": "%(id)s.%(format_id)s.%(ext)s",  # nothing of the title: no name of a stranger's becomes a path
        "fixup": "never",  # keeps the bytes as served and needs no ffmpeg
        "retries": 3,  # of a download; 0 in the API
        "fragment_retries": 3,
        "extractor_retries": 2,
        "retry_sleep_functions": {"http": pause, "extractor": pause},  # else there is no pause at all
        "socket_timeout": 20,
    }
