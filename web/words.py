"""How values read on a page: times, sizes, languages, stages. What stands in tables is marked with N_ and translated where it is shown."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum

from babel.dates import format_date, format_timedelta

from pipeline import languages
from pipeline.errors import InputError
from pipeline.library.moments import language_of
from pipeline.summary.words import stop_words
from web import interface
from web.interface import N_, figure, gettext, say

STAGES = {
    "fetch": N_("Looking at the video"),
    "speech": N_("Listening to the speech"),
    "gist": N_("Finding the gist"),
    "index": N_("Making it searchable"),
    "summary": N_("Writing the summary"),
    "translate": N_("Translating"),
    "download": N_("Downloading"),
    "list": N_("Reading the list"),
    "check": N_("Looking for new videos"),
}
ITEM_STATES = {
    "new": N_("Not summarised"), "here": N_("In your library"), "waiting": N_("Waiting"), "running": N_("Being made"), "done": N_("Done"), "failed": N_("Failed"), "cancelled": N_("Cancelled"),
    "unavailable": N_("Cannot be watched"), "gone": N_("Deleted"), "list": N_("A list"),
}  # fmt: skip
"""States of an item of a list (store/listings.py)."""
ITEM_PROBLEMS = {
    "host_not_allowed": N_("Its host is not allowed"), "bad_link": N_("Has no usable address"), "bad_media": N_("Cannot be read"),
    "private": N_("Private"), "removed": N_("Removed"), "payment_required": N_("Must be paid for"), "members_only": N_("For members"), "live_upcoming": N_("Not shown yet"),
}  # fmt: skip
TOLD = (
    N_("Bullets"), N_("Point by point"), N_("Paragraphs"), N_("In paragraphs"), N_("Chapters"), N_("Chapter by chapter"), N_("Q&A"), N_("Questions and answers"),
    N_("Study notes"), N_("For everyone"), N_("Plain language"), N_("Key terms"), N_("What was said"), N_("Test yourself"),
)  # fmt: skip
"""Names and headings of pipeline/summary/styles.py and audience.py."""
UNNAMED = (N_("A list"), N_("A list that is gone"))
"""What a conversation is called whose list has no title (store/conversations.py)."""
LENGTHS = (N_("Short"), N_("Medium"), N_("Long"))
ORIGINS = {
    "captions_manual": N_("from the video’s own captions"),
    "captions_auto": N_("from YouTube’s automatic captions"),
    "speech": N_("from speech recognition on this server"),
    "speech_translated": N_("from speech, translated into English while listening"),
    "file": N_("from the transcript file"),
}
LANGUAGES = {
    "en": "English", "es": "Español", "fr": "Français", "de": "Deutsch", "it": "Italiano", "pt": "Português", "nl": "Nederlands", "pl": "Polski",
    "ro": "Română", "cs": "Čeština", "sk": "Slovenčina", "hu": "Magyar", "sv": "Svenska", "da": "Dansk", "nb": "Norsk bokmål", "fi": "Suomi",
    "et": "Eesti", "lv": "Latviešu", "lt": "Lietuvių", "el": "Ελληνικά", "bg": "Български", "uk": "Українська", "ru": "Русский", "sr": "Српски",
    "hr": "Hrvatski", "sl": "Slovenščina", "tr": "Türkçe", "ar": "العربية", "he": "עברית", "fa": "فارسی", "ur": "اردو", "hi": "हिन्दी", "bn": "বাংলা",
    "ta": "தமிழ்", "te": "తెలుగు", "mr": "मराठी", "ne": "नेपाली", "id": "Indonesia", "ms": "Melayu", "vi": "Tiếng Việt", "th": "ไทย", "fil": "Filipino",
    "sw": "Kiswahili", "zh": "中文", "ja": "日本語", "ko": "한국어", "ka": "ქართული", "hy": "Հայերեն", "az": "Azərbaycan", "kk": "Қазақ тілі", "ca": "Català",
    "gl": "Galego", "eu": "Euskara", "cy": "Cymraeg", "ga": "Gaeilge", "is": "Íslenska", "af": "Afrikaans", "sq": "Shqip", "mk": "Македонски",
}  # fmt: skip
"""Offered in menus, by their own names: those that Whisper hears well enough and readers ask for. Written down, because asking Babel for these names loads
a locale each, 60 MB together; a test compares."""
OTHER_FILE = frozenset({"bad_media", "no_audio", "bad_transcript", "no_speech"})
"""Failures that lie in what was handed in: it will be no different the next time."""
WITHHELD = frozenset({"private", "removed", "unavailable", "geo_blocked", "members_only", "payment_required", "drm", "playlist_unavailable", "host_gone", "host_refused"})
HINDERED = frozenset({"age_restricted", "proxy", "tls", "storage", "quota", "too_long", "too_large", "extractor_broken", "blocked_address", "host_not_allowed", "host_untrusted", "host_private"})
"""Failures that end when a setting, the disk or a package has been changed."""
FOR_YOUTUBE = frozenset({"youtube_pause", "youtube_turn", "youtube_downloads", "bot_check", "rate_limited"})
"""Reasons to wait that lie with YouTube and end by themselves."""
NOT_YET = {
    "live_upcoming": N_("Waiting for it to begin"),
    "live_now": N_("Waiting for the stream to end"),
    "live_processing": N_("Waiting for YouTube to prepare the recording"),
}
"""Reasons to wait that lie with the video, and how the page says so. As failures: the waiting had an end."""
_WORD = re.compile(r"[^\W_]+")


def iso_day(text: str) -> str | None:
    """The ISO date that was typed; None for nothing. Raises: InputError: `bad_filter`."""
    if not text:
        return None
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise InputError("bad_filter", f"{text[:20]!r} is no date such as 2026-03-05.") from error


def span(seconds: float) -> str:
    """A length as one says it: "45 s", "12 min", "1 h 5 min"."""
    if round(seconds) < 60:
        return say("%(seconds)s s", seconds=round(seconds))
    minutes = round(seconds / 60)
    hours, minutes = divmod(minutes, 60)
    if not hours:
        return say("%(minutes)s min", minutes=minutes)
    return say("%(hours)s h %(minutes)s min", hours=hours, minutes=minutes) if minutes else say("%(hours)s h", hours=hours)


def size(count: int) -> str:
    """Bytes as people read them: "2.1 MB"."""
    value = float(count)
    for unit in (N_("bytes"), "kB", "MB", "GB"):
        if value < 1000 or unit == "GB":
            return f"{figure(value, '0' if unit == 'bytes' or value >= 100 else '0.0')} {gettext(unit)}"
        value /= 1000
    raise AssertionError


def stamp(moment: datetime) -> str:
    """A moment for an address: in UTC with a Z, because a plus sign in an address means a space."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def ago(moment: datetime) -> str:
    """How long ago: "3 hours ago"; the exact time stands in the <time> element."""
    seconds = max(0, int((datetime.now(UTC) - moment).total_seconds()))
    return gettext("just now") if seconds < 45 else format_timedelta(-seconds, add_direction=True, locale=interface.locale())


def until(moment: datetime) -> str:
    """How soon: "in 3 hours"."""
    seconds = int((moment - datetime.now(UTC)).total_seconds())
    return gettext("now") if seconds < 45 else format_timedelta(seconds, add_direction=True, locale=interface.locale())


def day(text: str) -> str:
    """An ISO date (or a longer time stamp) as "5 March 2026"; anything else as it is."""
    try:
        found = date.fromisoformat(text[:10])
    except ValueError:
        return text
    own = interface.current()
    return format_date(found, "d MMMM y" if own == interface.ENGLISH else "long", locale=interface.locale())


def language_name(code: str | None) -> str:
    """In its own words: "es" -> "Español"; an unknown code as it is."""
    if not code or code == "und":
        return gettext("Unknown language")
    return LANGUAGES.get(code) or languages.own_name(code)


def language_code(text: str) -> str:
    """`es`, `pt-BR`, `Spanish` or `español` -> `es`, `pt`, `es`, `es`. Own names only of LANGUAGES, see there.

    Raises:
        InputError: `bad_language`.
    """
    wanted = text.strip().lower().replace("_", "-")
    primary = wanted.split("-")[0]
    primary = languages.ALIASES.get(primary, primary)
    if len(primary) in (2, 3) and languages.name_of(primary) != primary:
        return primary
    for code, own in LANGUAGES.items():
        if wanted in (languages.name_of(code).lower(), own.lower()):
            return code
    raise InputError("bad_language", f"{text[:40]!r} is not a language known here. Give a code such as es, or a name such as Spanish.")


def listed(title: str) -> str:
    """The title of a list, or what stands for one."""
    return gettext(title) if title in UNNAMED else title


def said_name(code: str | None) -> str:
    """In the language of the interface, for sentences: "es" -> "Spanish"."""
    if not code or code == "und":
        return gettext("an unknown language")
    own = interface.current()
    return languages.name_of(code) if own == interface.ENGLISH else str(interface.locale().languages.get(code) or languages.name_of(code))


@dataclass(frozen=True, slots=True)
class Mark:
    """A stretch of text, marked when it matches what was searched for."""

    text: str
    marked: bool


def marked(text: str, query: str) -> tuple[Mark, ...]:
    """`text` cut where its words are like those of `query` (so "drill" marks "drilling"). The parts join to `text`."""
    wanted = {word for word in _WORD.findall(query.casefold()) if len(word) > 2 or not word.isascii()}
    wanted = wanted - stop_words(language_of(query)) or wanted
    parts: list[Mark] = []
    last = 0
    for match in _WORD.finditer(text):
        if not any(_alike(match[0].casefold(), word) for word in wanted):
            continue
        if match.start() > last:
            parts.append(Mark(text[last : match.start()], False))
        parts.append(Mark(match[0], True))
        last = match.end()
    if last < len(text) or not parts:
        parts.append(Mark(text[last:], False))
    return tuple(parts)


def _alike(one: str, other: str) -> bool:
    """The same but for an ending. Crude on purpose: it decides only about a highlight."""
    short, long = sorted((one, other), key=len)
    return long.startswith(short) and (len(short) == len(long) or (len(short) > 3 and len(long) - len(short) <= 3))


def next_step(code: str | None, *, kept: bool = True) -> str:
    """What the reader can do about a failed job; the cause itself is in the error's sentence. `kept`: some of the work was done before."""
    match retry(code):
        case Retry.USELESS if code in OTHER_FILE:
            return gettext("Try another file, or paste a link.")
        case Retry.USELESS | Retry.UNLIKELY:
            return gettext("Paste the link of another video.")
        case Retry.LATER if code in NOT_YET:
            return gettext("Press Try again when it has been shown to its end, or paste the link of another video.")
        case Retry.LATER:
            return gettext("Press Try again when the cause is gone.")
        case _:
            return gettext("Press Try again to go on from where it stopped; what is already there is kept.") if kept else gettext("Press Try again.")


class Retry(StrEnum):
    """Whether trying a failed job again can help."""

    NOW = "now"
    LATER = "later"
    """When somebody has changed something."""
    UNLIKELY = "unlikely"
    """Only if its owner thinks better of it, so another video helps more."""
    USELESS = "useless"


def retry(code: str | None) -> Retry:
    if code in OTHER_FILE or code in ("playlist", "bad_link"):
        return Retry.USELESS
    if code in WITHHELD:
        return Retry.UNLIKELY
    return Retry.LATER if code in HINDERED or code in NOT_YET else Retry.NOW
