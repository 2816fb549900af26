"""A style arranges what was verified and says nothing of its own. Run: pytest tests/unit/summary/test_styles.py"""

from dataclasses import replace

import pytest

from pipeline.errors import InputError
from pipeline.summary.audience import AUDIENCES, EVERYONE, PLAIN, Ease
from pipeline.summary.styles import (
    BULLETS,
    STYLES,
    USUAL,
    Answered,
    Block,
    Flowing,
    Gaps,
    Heading,
    Note,
    Style,
    Terms,
    arranged,
    opening,
    points_in,
    style_of,
    telling,
)
from pipeline.summary.terms import GAP, gap, key_terms, question
from pipeline.types import Chapter, Citation, Coverage, Length, Point, Status, Summary
from workers.cli import STYLES as ON_THE_COMMAND_LINE

TEXTS = {
    "en": (
        "Fresnel cut away the inside of the lens in 1823.",
        "Rings of glass bend the light of a lamp into a beam.",
        "The Fresnel lens at Cordouan was seen from far away.",
        "The keepers wound the clockwork of the lamp every night.",
        "In 1900 the keepers of Flannan Isles were gone.",
    ),
    "ar": (
        "الطاقة الشمسية رخيصة اليوم في المغرب.",
        "تنتج الطاقة الشمسية الكهرباء للمدن.",
        "المغرب يبيع الكهرباء لأوروبا سنة 2030.",
        "الملح يخزن الحرارة.",
        "الليل طويل في الصحراء.",
    ),
    "ja": (
        "東京の量子コンピュータは速い。",
        "量子コンピュータを作る研究者は東京大学にいる。",
        "研究者は2019年にエネルギーを測った。",
        "冷却には液体ヘリウムを使う。",
        "研究は続く。",
    ),
    "th": ("พลังงานแสงอาทิตย์ราคาถูก", "เมืองใช้ไฟฟ้าปี 2030", "เกลือเก็บความร้อน", "กลางคืนยาวนาน", "ทะเลทรายร้อน"),
    "xx": ("Avo beni cerulo 12 domon.", "Beni cerulo avo.", "Cerulo domon avo feni.", "Feni granda domon.", "Hela avo."),
}
CHAPTERS = (Chapter(0, 30, "The lens"), Chapter(30, 40, "Nothing"), Chapter(40, 60, "The keepers"))


def said(text: str, at: float, chapter: int = 0, kind: str = "quote") -> Point:
    return Point(text, (Citation(at, at + 5, text, int(at)),), kind, 1.0, chapter)  # type: ignore[arg-type]


def summary(language: str = "en", texts: tuple[str, ...] | None = None, chapters: tuple[Chapter, ...] = CHAPTERS) -> Summary:
    texts = TEXTS[language] if texts is None else texts
    points = tuple(said(text, 10.0 * at, min(len(chapters) - 1, 0 if at < 3 else 2) if chapters else 0) for at, text in enumerate(texts))
    return Summary(language, Length.MEDIUM, points[0], points[:2], points, chapters, (Coverage(0, 60, Status.READ),), "m", "1")


def words_in(blocks: tuple[Block, ...]) -> set[str]:
    """Every text that a reader is shown, but for notes."""
    shown = {point.text for point in points_in(blocks)}
    for block in blocks:
        match block:
            case Heading(text) | Answered(text):
                shown.add(text)
            case Terms(terms):
                shown |= {term.text for term in terms}
            case Gaps(gaps):
                shown |= {made.question for made in gaps} | {made.answer for made in gaps}
    return shown


@pytest.mark.parametrize("audience", AUDIENCES.values(), ids=AUDIENCES)
@pytest.mark.parametrize("language", TEXTS)
@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES)
def test_whatever_is_told_is_a_point_of_the_summary_with_its_receipts(style: Style, language: str, audience: object) -> None:
    whole = summary(language)
    blocks = arranged(whole, style, audience)  # type: ignore[arg-type]

    told = list(points_in(blocks))
    assert told
    assert set(told) <= set(whole.points)
    assert all(point.citations for point in told)
    for block in blocks:
        match block:
            case Terms(terms):
                assert all(term.text in term.point.text for term in terms)
            case Gaps(gaps):
                assert all(made.before + made.answer + made.after == made.point.text for made in gaps)
                assert all(made.answer.casefold() not in (made.before + made.after).casefold() for made in gaps)


@pytest.mark.parametrize("style", [style for style in STYLES.values() if style.best is None], ids=lambda style: style.name)
def test_nothing_is_left_out_for_everyone(style: Style) -> None:
    blocks = arranged(summary(), style)

    assert set(points_in(blocks)) == set(summary().points)
    assert not any("not told" in block.text for block in blocks if isinstance(block, Note))


@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES)
@pytest.mark.parametrize("audience", AUDIENCES.values(), ids=AUDIENCES)
def test_what_is_left_out_is_counted(style: Style, audience: object) -> None:
    whole = summary(
        "en",
        (
            *TEXTS["en"],
            "An incomprehensible electromagnetic interferometrically stabilised multidimensional superstructure characterises contemporaneous lighthouses everywhere.",
        ),
    )
    blocks = arranged(whole, style, audience)  # type: ignore[arg-type]

    left = len(whole.points) - len(set(points_in(blocks)))
    notes = [block.text for block in blocks if isinstance(block, Note) and "not told" in block.text]
    assert [int(note.split()[0]) for note in notes] == ([left] if left else [])
    assert (left > 0) == (style.best is not None or audience is PLAIN)


@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES)
def test_chapters_keep_their_place_and_an_empty_one_says_so(style: Style) -> None:
    blocks = arranged(summary(), style)
    headings = [block.chapter for block in blocks if isinstance(block, Heading | Answered) and block.chapter]

    if style.name == "qa":
        assert headings == [CHAPTERS[0], CHAPTERS[2]], "nothing to ask about a chapter without points"
    else:
        assert headings == list(CHAPTERS)
        assert "Nothing in the summary rests on this chapter." in [block.text for block in blocks if isinstance(block, Note)]


@pytest.mark.parametrize("audience", AUDIENCES.values(), ids=AUDIENCES)
@pytest.mark.parametrize("chapters", [(), CHAPTERS[:1], (Chapter(0, 60, ""),)], ids=["none", "one", "untitled"])
@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES)
def test_one_point_is_enough(style: Style, chapters: tuple[Chapter, ...], audience: object) -> None:
    blocks = arranged(summary("en", TEXTS["en"][:1], chapters), style, audience)  # type: ignore[arg-type]

    assert {point.text for point in points_in(blocks)} == {TEXTS["en"][0]}
    assert all(text.strip() for text in words_in(blocks) if not chapters or chapters[0].title)


@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES)
def test_no_points_no_claims(style: Style) -> None:
    nothing = replace(summary(), points=(), overview=())

    assert list(points_in(arranged(nothing, style))) == []
    assert opening(nothing, style) == ()


def test_the_chapters_style_tells_the_best_two_of_each() -> None:
    whole = summary()
    blocks = arranged(whole, STYLES["chapters"])

    assert [point.start for point in points_in(blocks)] == [0.0, 10.0, 30.0, 40.0], "those of the overview first"


def test_paragraphs_flow_and_questions_are_answered() -> None:
    flowing = [block for block in arranged(summary(), STYLES["paragraph"]) if isinstance(block, Flowing)]
    answers = [block for block in arranged(summary(), STYLES["qa"]) if isinstance(block, Answered)]

    assert [len(block.points) for block in flowing] == [3, 2]
    assert [block.question for block in answers] == ["What is said about “The lens”?", "What is said about “The keepers”?"]


def test_study_notes_have_terms_statements_and_questions() -> None:
    parts = [block.text for block in arranged(summary(), STYLES["notes"]) if isinstance(block, Heading) and block.chapter is None]
    (gaps,) = (block for block in arranged(summary(), STYLES["notes"]) if isinstance(block, Gaps))

    assert parts == ["Key terms", "What was said", "Test yourself"]
    assert (gaps.gaps[0].question, gaps.gaps[0].answer) == (f"Fresnel cut away the inside of the lens in {GAP}.", "1823")


@pytest.mark.parametrize(
    ("title", "language", "asked"),
    [
        ("The lens", "en", "What is said about “The lens”?"), ("Why glass?", "en", "Why glass?"), ("The lens.", "en", "What is said about “The lens”?"),
        ("Lentila", "ro", "Lentila?"), ("La lente", "es", "¿La lente?"), ("光", "ja", "光？"), ("الشمس", "ar", "الشمس؟"), ("A {0} {", "en", "What is said about “A {0} {”?"),
    ],
)  # fmt: skip
def test_questions_are_made_by_rule(title: str, language: str, asked: str) -> None:
    assert question(title, language) == asked


def test_terms_are_names_and_what_is_said_again() -> None:
    assert [term.text for term in key_terms(summary().points, "en", 3)] == ["Fresnel", "keepers", "Flannan Isles"]
    assert "コンピュータ" in [term.text for term in key_terms(summary("ja").points, "ja", 3)]
    assert "الطاقة الشمسية" in [term.text for term in key_terms(summary("ar").points, "ar", 3)]
    assert key_terms(summary("th").points, "th", 3) == ()


def test_a_gap_is_never_given_away_by_its_own_sentence() -> None:
    assert gap(said("In 1823 and 1823 again a lens was cut.", 0), ()) is None
    assert gap(said("Yes, 12.", 0), ()) is None, "too short to ask about"
    made = gap(said("The valve saved 90 % of the gas.", 0), ())
    assert made
    assert made.answer == "90 %"


def test_plain_prefers_short_sentences_of_short_words() -> None:
    hard = "Interferometric characterisation of contemporaneous superstructures necessitates multidimensional electromagnetic instrumentation throughout."
    whole = summary("en", (*TEXTS["en"], hard))
    ease = Ease(whole.points, "en")

    assert max(whole.points, key=lambda point: ease.hardness(point.text)).text == hard
    assert hard not in words_in(arranged(whole, BULLETS, PLAIN))
    assert hard in words_in(arranged(whole, BULLETS, EVERYONE))
    assert opening(replace(whole, overview=(whole.points[-1], whole.points[0])), BULLETS, PLAIN) == (whole.points[0],)


def test_a_chapter_of_hard_points_keeps_its_easiest() -> None:
    hard = (
        "Interferometric characterisation of contemporaneous superstructures necessitates instrumentation.",
        "Electromagnetic interferometrical superstructures necessitate characterisation.",
    )
    points = (*(said(text, 5.0 * at) for at, text in enumerate(hard)), *(said(text, 40.0 + at, 2) for at, text in enumerate(TEXTS["en"])))
    told = list(points_in(arranged(replace(summary(), points=points), BULLETS, PLAIN)))

    assert [point.text for point in told if point.chapter == 0] == [hard[1]]


@pytest.mark.parametrize(
    ("style", "audience", "code"), [("poem", None, "bad_style"), ("BULLETS", None, "bad_style"), (None, "cats", "bad_audience")]
)
def test_what_is_none_is_refused_by_name(style: str | None, audience: str | None, code: str) -> None:
    with pytest.raises(InputError) as caught:
        telling(style, audience)

    assert caught.value.code == code
    assert caught.value.exit_status == 2
    assert "bullets" in str(caught.value) or "plain" in str(caught.value)


def test_usual_is_bullets_for_everyone() -> None:
    assert telling(None, None) == telling("", "") == telling("bullets", "everyone") == USUAL
    assert USUAL.query == {}
    assert telling("qa", "plain").query == {"style": "qa", "audience": "plain"}
    assert [style_of(name).name for name in STYLES] == list(STYLES) == list(ON_THE_COMMAND_LINE)
