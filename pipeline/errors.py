"""Causes that a user can act on.

    NutshellError
    ├── InputError        exit 2   what was typed or uploaded cannot be used
    ├── SourceError       exit 3   the video exists but cannot be had (now)
    │   └── NotYet                 it is live, or has not begun
    ├── ModelError        exit 4   a model, server or this machine is in trouble
    ├── Postponed                  not a failure: it has to wait for something outside
    └── Stopped                    not a failure: cancelled, or another worker took over

Every error has a stable `code` (stored on the job row, sent by the API) and one sentence that is safe to show. `retryable` says that the same
work may succeed later by itself, `retry_after` when. The codes of the source room are those of the table in CODES; the edge (web, cli) maps classes
to HTTP and exit status once.
"""

from dataclasses import dataclass
from typing import ClassVar


class NutshellError(Exception):
    """Base of all expected failures. `str(error)` is the sentence for the user, without line breaks."""

    exit_status: ClassVar[int] = 4
    http_status: ClassVar[int] = 500

    def __init__(self, code: str, sentence: str, *, retryable: bool = False, retry_after: float | None = None) -> None:
        super().__init__(" ".join(sentence.split()))
        self.code = code
        self.retryable = retryable
        self.retry_after = retry_after
        """Seconds to wait before the next try; None: the queue's own back-off."""


class InputError(NutshellError):
    exit_status = 2
    http_status = 422


class NotFound(InputError):
    http_status = 404


class SourceError(NutshellError):
    exit_status = 3
    http_status = 502


class NotYet(SourceError):
    """It can be had when it has been shown to its end. Who can wait, waits (live.py)."""

    def __init__(
        self, code: str, sentence: str, *, retryable: bool = False, retry_after: float | None = None, begins: float | None = None, title: str = ""
    ) -> None:
        super().__init__(code, sentence, retryable=retryable, retry_after=retry_after)
        self.title = title
        self.begins = begins
        """When it begins or began, in seconds since 1970; None: nobody says."""


class ModelError(NutshellError):
    exit_status = 4
    http_status = 503


class ContextTooLong(ModelError):
    """A prompt and its answer do not fit the model's window: a programming error, never cut silently."""

    http_status = 500

    def __init__(self, needed: int, window: int) -> None:
        self.needed, self.window = needed, window
        super().__init__("context_too_long", f"A prompt of {needed} tokens does not fit the model's window of {window}. This is a fault of Nutshell; please report it.")


class Postponed(NutshellError):
    """Not a failure: the same work may go on after so many seconds, and nothing is held against it."""

    def __init__(self, code: str, seconds: float, sentence: str = "") -> None:
        super().__init__(code, sentence or CODES[code].sentence, retryable=True, retry_after=seconds)
        self.seconds = seconds


class Stopped(NutshellError):
    """Raised through a running stage to end it."""


class Cancelled(Stopped):
    def __init__(self) -> None:
        super().__init__("cancelled", "Cancelled.")


class GaveWay(Stopped):
    """Somebody waits for what this worker does for nobody in particular; it goes on afterwards where it stopped."""

    def __init__(self) -> None:
        super().__init__("gave_way", "Others go first.", retryable=True)


class LeaseLost(Stopped):
    """Another worker holds the stage now; nothing may be written any more."""

    def __init__(self) -> None:
        super().__init__("lease_lost", "Another worker has taken over.")


@dataclass(frozen=True, slots=True)
class Cause:
    """A row of the table of failures: its sentence, and what happens next."""

    sentence: str
    retryable: bool = False
    retry_after: float | None = None
    kind: type[NutshellError] = SourceError


HOUR = 3600.0
CODES: dict[str, Cause] = {
    "bad_link": Cause("This is not a link to a YouTube video.", kind=InputError),
    "playlist": Cause("This is a link to a playlist or channel, not to one video. The page, `nutshell import` and POST /api/v1/lists take those.", kind=InputError),
    "playlist_unavailable": Cause("This playlist or channel cannot be read: it is private, deleted or empty."),
    "not_followed": Cause("This cannot be followed. Follow a channel or a playlist of videos.", kind=InputError),
    "bad_list": Cause("No links to videos, playlists or channels can be read in this.", kind=InputError),
    "host_not_allowed": Cause("Recordings and feeds are fetched only from hosts that the administrator allows in NUTSHELL_MEDIA_HOSTS.", kind=InputError),
    "host_unreachable": Cause("The server of this recording or feed could not be reached.", retryable=True),
    "host_refused": Cause("The server of this recording or feed does not hand it out."),
    "host_gone": Cause("There is no recording or feed at this address any more."),
    "host_untrusted": Cause("The connection to the server of this recording or feed is not trusted: its certificate does not fit. The administrator can check NUTSHELL_EXTRA_CA."),
    "host_private": Cause("The server of this recording or feed is at an address of a private network; stopped for safety."),
    "bad_feed": Cause("This is not a feed that can be read.", kind=InputError),
    "private": Cause("This video is private."),
    "removed": Cause("This video is no longer on YouTube."),
    "unavailable": Cause("YouTube says that this video is unavailable."),
    "geo_blocked": Cause("This video cannot be watched from the country this server is in."),
    "age_restricted": Cause("YouTube wants a signed-in adult for this video. The administrator can add YouTube cookies."),
    "members_only": Cause("Only members of this channel can watch this video."),
    "payment_required": Cause("This video must be bought or needs YouTube Premium."),
    "live_now": Cause("This stream is still live.", kind=NotYet),
    "live_processing": Cause("The stream has just ended; YouTube is still preparing the recording.", kind=NotYet),
    "live_upcoming": Cause("This video has not started yet.", kind=NotYet),
    "bot_check": Cause("YouTube asks this server to prove that it is no robot. Try later, or the administrator can set cookies or another proxy.", retryable=True, retry_after=HOUR),
    "rate_limited": Cause("YouTube is limiting this server. It is tried again later.", retryable=True, retry_after=900.0),
    "youtube_pause": Cause("YouTube wants to be left alone for a while. This goes on by itself.", retryable=True, retry_after=HOUR),
    "youtube_turn": Cause("YouTube is asked for so many videos an hour and no more. This one's turn comes by itself.", retryable=True, retry_after=60.0),
    "youtube_downloads": Cause("As many downloads from YouTube are running as are allowed at a time. This one's turn comes by itself.", retryable=True, retry_after=15.0),
    "drm": Cause("This video is copy-protected and has no captions."),
    "captions_unavailable": Cause("The captions could not be read.", retryable=False),
    "media_forbidden": Cause("YouTube refused the audio.", retryable=True),
    "range_lost": Cause("The download broke off and is started again.", retryable=True, retry_after=0.0),
    "network": Cause("YouTube could not be reached. Check the internet connection.", retryable=True),
    "proxy": Cause("The outgoing proxy does not work. The administrator can check NUTSHELL_PROXY."),
    "tls": Cause("The connection to YouTube is not trusted: the certificate does not fit. The administrator can check NUTSHELL_EXTRA_CA."),
    "blocked_address": Cause("The video pointed to an address that is not YouTube's; stopped for safety."),
    "too_long": Cause("This video is longer than this server allows."),
    "too_large": Cause("This video is larger than this server allows."),
    "storage": Cause("The server's disk is full or not writable.", kind=ModelError),
    "quota": Cause("There is no room for this among the kept media. Delete something, or the administrator can raise NUTSHELL_MEDIA_QUOTA.", kind=ModelError),
    "extractor_broken": Cause("YouTube changed something that this version cannot read. Update yt-dlp.", retryable=False),
    "unknown": Cause("YouTube gave an answer that is not understood.", retryable=True),
    "internal": Cause("Something went wrong in Nutshell itself.", kind=ModelError),
    "no_speech": Cause("No speech was found in this video."),
    "bad_media": Cause("This file is not audio or video that can be read.", kind=InputError),
    "no_audio": Cause("This video has no sound.", kind=InputError),
    "bad_transcript": Cause("This transcript file cannot be read: no cue with text and time was found.", kind=InputError),
    "database_unavailable": Cause("The database cannot be reached. Try again in a moment; the administrator can check that PostgreSQL is running.", retryable=True, retry_after=2.0, kind=ModelError),
    "hub_unreachable": Cause("The Hugging Face hub could not be reached. Check the internet connection.", retryable=True),
    "hub_gated": Cause("This model is given only to those who accept its licence."),
    "hub_refused": Cause("The Hugging Face hub does not give this model."),
    "pulling": Cause("Another `nutshell models pull` is at work. Wait until it has ended.", kind=ModelError),
    "not_confirmed": Cause("There is no terminal on which to ask whether to fetch this. Say --yes to fetch it without asking.", kind=InputError),
    "unknown_model": Cause("There is no model of that name to pull.", kind=InputError),
    "bad_cookies": Cause("These are not the cookies of a signed-in YouTube account.", kind=InputError),
    "secret_key": Cause("What is stored encrypted cannot be read. Put it in again, or set the key that it was encrypted with (NUTSHELL_SECRET_KEY).", kind=ModelError),
    "crashed": Cause("This was tried three times and ended the worker each time, so it is set aside.", kind=ModelError),
}


def cause(code: str, detail: str = "") -> NutshellError:
    """The error of `code` with its sentence from CODES, followed by `detail` where there is one."""
    row = CODES[code]
    sentence = f"{row.sentence} {detail}".strip()
    return row.kind(code, sentence, retryable=row.retryable, retry_after=row.retry_after)
