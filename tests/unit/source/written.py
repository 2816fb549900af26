"""One talk in every caption format, as programs and YouTube write them. For tests that need files of every kind, also where there are no recordings."""

import html
import json
from collections.abc import Callable, Sequence

Spoken = tuple[float, float, str]
"""Start and end in seconds, text."""

TALK: tuple[Spoken, ...] = (
    (0.5, 2.5, "Good evening, and welcome."),
    (2.5, 6.0, "Bees don't speak: they dance \U0001f41d & hum."),
    (6.2, 9.0, "Is 3 < 4? Yes."),
    (12.0, 15.5, "Grüße an die Königin «Ω» אבג 日本語"),
    (15.5, 17.0, "Good night."),
)


def stamp(seconds: float, point: str = ".") -> str:
    whole, rest = divmod(round(seconds * 1000), 1000)
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}{point}{rest:03d}"


def timed_words(cue: Spoken) -> list[tuple[float, str]]:
    """The words of a cue, each with its own time; they share the time of the cue evenly."""
    start, end, text = cue
    words = text.split(" ")
    return [(start + (end - start) * number / len(words), word) for number, word in enumerate(words)]


def vtt(cues: Sequence[Spoken]) -> str:
    body = "".join(f"{stamp(a)} --> {stamp(b)} align:start position:0%\n{html.escape(text, quote=False)}\n\n" for a, b, text in cues)
    return f"WEBVTT\nKind: captions\nLanguage: en\n\nSTYLE\n::cue {{ color: red }}\n\nNOTE nobody reads this\n\n{body}"


def rolling_vtt(cues: Sequence[Spoken]) -> str:
    """As YouTube writes automatic captions: the line before above, the new one word by word, then both for ten milliseconds."""
    body, before = "", " "
    for cue in cues:
        start, end, text = cue
        first, *rest = timed_words(cue)
        line = html.escape(first[1], quote=False) + "".join(f"<{stamp(at)}><c> {html.escape(word, quote=False)}</c>" for at, word in rest)
        body += f"{stamp(start)} --> {stamp(end - 0.01)} align:start position:0%\n{before}\n{line}\n\n"
        before = html.escape(text, quote=False)
        body += f"{stamp(end - 0.01)} --> {stamp(end)} align:start position:0%\n{before}\n \n\n"
    return f"WEBVTT\nKind: captions\nLanguage: en\n\n{body}"


def srt(cues: Sequence[Spoken]) -> str:
    return "".join(f"{n}\n{stamp(a, ',')} --> {stamp(b, ',')}\n<i>{text}</i>\n\n" for n, (a, b, text) in enumerate(cues, 1))


def sbv(cues: Sequence[Spoken]) -> str:
    return "".join(f"{stamp(a)},{stamp(b)}\n{text}\n\n" for a, b, text in cues)


def json3(cues: Sequence[Spoken]) -> str:
    events = [{"tStartMs": round(a * 1000), "dDurationMs": round((b - a) * 1000), "segs": [{"utf8": text}]} for a, b, text in cues]
    return json.dumps({"wireMagic": "pb3", "pens": [{}], "wsWinStyles": [{}], "wpWinPositions": [{}], "events": events})


def rolling_json3(cues: Sequence[Spoken]) -> str:
    """Automatic: a window, then words with offsets, each line followed by an appended line break."""
    events: list[dict[str, object]] = [{"tStartMs": 0, "dDurationMs": 9_000_000, "id": 1, "wpWinPosId": 1}]
    for cue in cues:
        start = round(cue[0] * 1000)
        words = [(round(at * 1000) - start, word) for at, word in timed_words(cue)]
        segs = [
            {"utf8": (" " if n else "") + word, "acAsrConf": 0} | ({"tOffsetMs": offset} if offset else {})
            for n, (offset, word) in enumerate(words)
        ]
        events.append({"tStartMs": start, "dDurationMs": round(cue[1] * 1000) - start + 3000, "wWinId": 1, "segs": segs})
        events.append({"tStartMs": round(cue[1] * 1000) - 10, "dDurationMs": 3010, "wWinId": 1, "aAppend": 1, "segs": [{"utf8": "\n"}]})
    return json.dumps({"wireMagic": "pb3", "events": events}, ensure_ascii=True)


def _twice(text: str) -> str:
    return html.escape(html.escape(text))


def srv1(cues: Sequence[Spoken]) -> str:
    body = "".join(f'<text start="{a}" dur="{b - a:.3f}">{_twice(text)}</text>' for a, b, text in cues)
    return f'<?xml version="1.0" encoding="utf-8" ?><transcript>{body}</transcript>'


def srv2(cues: Sequence[Spoken]) -> str:
    body = "".join(f'<text t="{round(a * 1000)}" d="{round((b - a) * 1000)}" w="1">{_twice(text)}</text>' for a, b, text in cues)
    return f'<?xml version="1.0" encoding="utf-8" ?><timedtext><window t="0" id="1" op="define"/>{body}</timedtext>'


def srv3(cues: Sequence[Spoken]) -> str:
    body = ""
    for cue in cues:
        start = round(cue[0] * 1000)
        words = [(round(at * 1000) - start, word) for at, word in timed_words(cue)]
        shards = "".join(f'<s t="{at}" ac="0">{html.escape((" " if n else "") + word)}</s>' for n, (at, word) in enumerate(words))
        body += f'<p t="{start}" d="{round(cue[1] * 1000) - start + 3000}" w="1">{shards}</p>\n<p t="{round(cue[1] * 1000) - 10}" d="10" w="1" a="1">\n</p>\n'
    return f'<?xml version="1.0" encoding="utf-8" ?><timedtext format="3">\n<head><ws id="0"/></head>\n<body>\n<w t="0" id="1"/>\n{body}</body></timedtext>'


def ttml(cues: Sequence[Spoken]) -> str:
    body = "".join(
        f'<p begin="{stamp(a)}" end="{stamp(b)}" style="s1"><span tts:color="white">{html.escape(text)}</span></p>\n' for a, b, text in cues
    )
    head = '<?xml version="1.0" encoding="utf-8"?>\n<!-- written by a program -->\n<tt xmlns="http://www.w3.org/ns/ttml" xmlns:tts="http://www.w3.org/ns/ttml#styling" xml:lang="en">'
    return f'{head}<head><styling><style xml:id="s1" tts:textAlign="center"/></styling></head><body><div>{body}</div></body></tt>'


def segments_json(cues: Sequence[Spoken]) -> str:
    return json.dumps({"language": "en", "segments": [{"start": a, "end": b, "text": text} for a, b, text in cues]}, ensure_ascii=False)


def stamped_text(cues: Sequence[Spoken]) -> str:
    return "".join(f"{int(a) // 60}:{int(a) % 60:02d}\n{text}\n" for a, _, text in cues)


WRITERS: dict[str, tuple[str, Callable[[Sequence[Spoken]], str]]] = {
    "vtt": ("vtt", vtt), "rolling vtt": ("vtt", rolling_vtt), "srt": ("srt", srt), "sbv": ("sbv", sbv), "json3": ("json3", json3),
    "rolling json3": ("json3", rolling_json3), "srv1": ("srv1", srv1), "srv2": ("srv2", srv2), "srv3": ("srv3", srv3), "ttml": ("ttml", ttml),
    "json": ("json", segments_json), "text": ("txt", stamped_text),
}  # fmt: skip
"""By what it is: the format for captions.parse, and the writer."""
