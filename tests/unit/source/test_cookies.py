"""A cookies.txt of whoever: what is kept, what is refused and how, and that no value is ever repeated."""

import http.cookiejar
import io

import pytest
from hypothesis import given, settings, strategies as st

from pipeline.errors import InputError
from pipeline.source import cookies
from tests.standin.account import SESSION, SIGNATURE, cookies_txt

NOW = 1_700_000_000.0
LATER, BEFORE = int(NOW) + 1000, int(NOW) - 1000


def row(name: str, value: str = "v", *, domain: str = ".youtube.com", expires: object = LATER, path: str = "/", secure: str = "TRUE", below: str = "TRUE") -> str:
    return "\t".join((domain, below, path, secure, str(expires), name, value))


LOGIN = (row("LOGIN_INFO"), row("SAPISID"))


def file(*rows: str, head: str = "# Netscape HTTP Cookie File", end: str = "\n") -> bytes:
    return end.join((head, "", *rows, "")).encode()


def test_only_what_signs_in_to_youtube_is_kept() -> None:
    jar = cookies.parse(cookies_txt())

    assert {cookie.name for cookie in jar.cookies} == {"LOGIN_INFO", "SAPISID", "__Secure-3PAPISID", "__Secure-1PSIDTS"}
    assert (jar.dropped, jar.domains) == (2, ("youtube.com",))
    assert cookies.read(jar.text.encode()) == cookies.Jar(jar.cookies, 0)


@pytest.mark.parametrize(
    "data",
    [
        file(*LOGIN), file(*LOGIN, end="\r\n"), file(*LOGIN, end="\r"), b"\xef\xbb\xbf" + file(*LOGIN), file(*("#HttpOnly_" + line for line in LOGIN)), "\n".join(LOGIN).encode(),
        file(*LOGIN, "# a comment", "   "), file(row("LOGIN_INFO", expires=0), row("__Secure-3PAPISID", expires="")), file(row("LOGIN_INFO", expires=f"{LATER}.5"), row("SAPISID")),
        file(row("LOGIN_INFO", secure="true"), row("SAPISID", domain="WWW.YouTube.com", below="FALSE")),
    ],
)  # fmt: skip
def test_forms_that_extensions_write(data: bytes) -> None:
    assert {cookie.name for cookie in cookies.parse(data, NOW).cookies} >= {"LOGIN_INFO"}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "none is youtube.com's"), (b"\x00\x01\x02", "characters that no cookies.txt has"), (b"\xff\xfe\x00", "It is no text"), (b"x" * (cookies.MOST_BYTES + 1), "larger than"),
        (b'[{"domain": ".youtube.com"}]', "It is JSON"), (b"LOGIN_INFO=sesame; SAPISID=sesame", "Line 1 has 1 columns"), (file(*LOGIN, "a\tb sesame"), "Line 5 has 2 columns"),
        (file(LOGIN[0].replace("\t", " ")), "copying may turn into spaces"), (file(*LOGIN, row("sesame") + "\tmore"), "Line 5 has 8 columns"),
        (file(row("SID", domain=".google.com")), "Of its 1 cookies none"), (file(LOGIN[0]), "no cookie that signs in"), (file(LOGIN[1], row("PREF")), "no cookie that signs in"),
        (file(row("LOGIN_INFO", expires=BEFORE), LOGIN[1]), "have expired"), (file(*LOGIN, row("x", "a b")), "value in line 5"), (file(*LOGIN, row("x", "a;b")), "value in line 5"),
        (file(*LOGIN, row("x", "é")), "value in line 5"), (file(*LOGIN, row("x y")), "name, path or value in line 5"), (file(*LOGIN, row("x", "s" * 5000)), "value in line 5"),
        (file(*LOGIN, row("x", expires="soon")), "Line 5 is no cookie"), (file(*LOGIN, row("x", expires="-1")), "Line 5 is no cookie"),
        (file(*LOGIN, row("x", secure="sesame")), "Line 5 is no cookie"), (file(*LOGIN, row("x", path="sesame")), "Line 5 is no cookie"),
        (file(*LOGIN, row("x", domain="you tube")), "Line 5 is no cookie"), (file(*LOGIN, *(row(f"n{i}") for i in range(300))), "more than 200"),
    ],
)  # fmt: skip
def test_what_is_none_is_refused_with_the_reason_and_without_what_stands_there(data: bytes, said: str) -> None:
    with pytest.raises(InputError) as caught:
        cookies.parse(data, NOW)

    assert caught.value.code == "bad_cookies"
    assert said in str(caught.value)
    assert "sesame" not in str(caught.value)


@pytest.mark.parametrize("domain", ["youtube.com.evil.test", "notyoutube.com", "evil.test", ".google.com", "accounts.google.com", "127.0.0.1"])
def test_cookies_of_other_sites_are_dropped(domain: str) -> None:
    jar = cookies.parse(file(*LOGIN, row("SID", domain=domain)), NOW)

    assert (len(jar.cookies), jar.dropped) == (2, 1)


def test_of_two_with_one_name_the_last_counts() -> None:
    jar = cookies.parse(file(*LOGIN, row("SAPISID", "new")), NOW)

    assert [cookie.value for cookie in jar.cookies if cookie.name == "SAPISID"] == ["new"]


def test_the_first_end_is_of_those_that_sign_in() -> None:
    jar = cookies.parse(file(row("LOGIN_INFO", expires=LATER + 5), row("SAPISID", expires=LATER + 3), row("YSC", expires=LATER), row("GPS", expires=0)), NOW)

    assert jar.expires == LATER + 3
    assert jar.signs_in(LATER + 2)
    assert not jar.signs_in(LATER + 4)


def test_nothing_that_is_printed_holds_a_value() -> None:
    assert not any(secret in repr(cookies.parse(cookies_txt())) for secret in (SESSION, SIGNATURE, "rotated"))


def test_the_standard_library_reads_what_is_written() -> None:
    jar = cookies.parse(file(row("LOGIN_INFO", "a:b=c"), row("SAPISID", "d/e", expires=0), row("PREF", "f&g", domain="www.youtube.com", below="FALSE")), NOW)
    read = http.cookiejar.MozillaCookieJar()
    read._really_load(io.StringIO(jar.text), "cookies.txt", ignore_discard=True, ignore_expires=True)  # type: ignore[attr-defined]

    assert {(cookie.name, cookie.value) for cookie in read} == {(cookie.name, cookie.value) for cookie in jar.cookies}


PIECES = st.sampled_from(["LOGIN_INFO", "SAPISID", ".youtube.com", "TRUE", "FALSE", "/", "0", str(LATER), "\t", "\t", "\t", "\n", "\r", "#HttpOnly_", "#", "é", "\x00", "9" * 400, " ", "v"])


@settings(max_examples=2000, deadline=None)
@given(st.one_of(st.binary(max_size=300), st.lists(PIECES, max_size=60).map(lambda parts: "".join(parts).encode()), st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass"))))
def test_no_input_breaks_it_and_what_it_takes_it_takes_again(data: bytes) -> None:
    try:
        jar = cookies.read(data)
    except InputError:
        return
    assert cookies.read(jar.text.encode()).cookies == jar.cookies
