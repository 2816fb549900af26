"""How values read on the page."""

from datetime import UTC, datetime, timedelta

import pytest

from pipeline import languages
from pipeline.errors import CODES, InputError
from web import words


@pytest.mark.parametrize(
    ("seconds", "said"), [(0, "0 s"), (45, "45 s"), (60, "1 min"), (754, "13 min"), (3600, "1 h"), (3900, "1 h 5 min"), (7199, "2 h")]
)
def test_spans(seconds: float, said: str) -> None:
    assert words.span(seconds) == said


@pytest.mark.parametrize(
    ("count", "said"),
    [(0, "0 bytes"), (999, "999 bytes"), (1000, "1.0 kB"), (2_140_000, "2.1 MB"), (734_000_000, "734 MB"), (5e12, "5000 GB")],
)
def test_sizes(count: int, said: str) -> None:
    assert words.size(int(count)) == said


def test_ago() -> None:
    now = datetime.now(UTC)

    assert words.ago(now) == "just now"
    assert words.ago(now - timedelta(hours=3)) == "3 hours ago"
    assert words.ago(now + timedelta(hours=3)) == "just now", "a clock that is off must not speak of the future"


def test_languages_by_their_own_names() -> None:
    assert [words.language_name(code) for code in ("de", "es", "ar", "zh")] == ["Deutsch", "Español", "العربية", "中文"]
    assert words.language_name("und") == words.language_name(None) == "Unknown language"
    assert words.language_name("xx-strange") == "xx-strange"


@pytest.mark.parametrize(("code", "name"), words.LANGUAGES.items())
def test_own_names_are_those_of_unicode(code: str, name: str) -> None:
    assert name.casefold() == languages.own_name(code).partition(" (")[0].casefold()


def marks(text: str, query: str) -> list[str]:
    return [part.text for part in words.marked(text, query) if part.marked]


def test_marking_keeps_every_character() -> None:
    text = "The drills were drilling; a drill — <b>drill</b>."

    assert "".join(part.text for part in words.marked(text, "drill")) == text
    assert marks(text, "drill") == ["drills", "drilling", "drill", "drill"]


@pytest.mark.parametrize(
    ("text", "query", "found"),
    [
        ("Two lenses", "lens", ["lenses"]),
        ("a an the", "a the", ["the"]),
        ("The dust and the people", "dust and people", ["dust", "people"]),
        ("nothing", "", []),
        ("Ärger im Büro", "büro", ["Büro"]),
        ("cart carton", "car", []),
    ],
)
def test_marking(text: str, query: str, found: list[str]) -> None:
    assert marks(text, query) == found


@pytest.mark.parametrize("code", [*CODES, None, "new_one"])
def test_every_cause_has_a_next_step(code: str | None) -> None:
    assert words.next_step(code).endswith(".")


def test_only_what_was_done_is_said_to_be_kept() -> None:
    assert "is kept" in words.next_step("network")
    assert words.next_step("network", kept=False) == "Press Try again."


@pytest.mark.parametrize(
    ("code", "chance"),
    [("network", "now"), ("crashed", "now"), (None, "now"), ("tls", "later"), ("live_now", "later"), ("private", "unlikely"), ("no_speech", "useless"), ("playlist", "useless")],
)
def test_whether_trying_again_can_help(code: str | None, chance: str) -> None:
    assert words.retry(code) == chance


@pytest.mark.parametrize("code", sorted(words.OTHER_FILE | words.WITHHELD | words.HINDERED | words.FOR_YOUTUBE | words.NOT_YET.keys()))
def test_causes_that_are_told_apart_exist(code: str) -> None:
    assert code in CODES


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("es", "es"),
        ("pt-BR", "pt"),
        ("ZH_hant", "zh"),
        ("Spanish", "es"),
        ("español", "es"),
        (" Deutsch ", "de"),
        ("iw", "he"),
        ("haw", "haw"),
    ],
)
def test_languages_as_people_give_them(text: str, code: str) -> None:
    assert words.language_code(text) == code


@pytest.mark.parametrize("text", ["", "klingonish", "x", "e$", "\x00", "en\x00", "a" * 1000])
def test_what_is_no_language(text: str) -> None:
    with pytest.raises(InputError, match="is not a language") as caught:
        words.language_code(text)
    assert caught.value.code == "bad_language"
