"""What may be shown as a statement, and what may not."""

import pytest

from pipeline.summary.numbers import unsupported
from pipeline.summary.support import supported
from pipeline.summary.verify import check, tidy, title_stands

SAID = (
    "So in 1911, you know, Anna Berg moved the whole factory to Lisbon because the rent there was 40 percent lower.",
    "The new machines did not break, although the workers were afraid of them.",
    "If you water the plants every day the roots will rot, and I think most people don't know that.",
)


@pytest.mark.parametrize(
    ("text", "used"),
    [
        ("In 1911 Anna Berg moved the factory to Lisbon because the rent was 40% lower.", (0,)),
        ("Anna Berg moved the factory to Lisbon.", (0,)),
        ("The new machines did not break.", (1,)),
        ("If you water the plants every day, the roots will rot.", (2,)),
        ("Anna Berg moved the factory, and the new machines did not break although the workers were afraid.", (0, 1)),
    ],
)
def test_what_was_said_stands_and_finds_its_sentences(text: str, used: tuple[int, ...]) -> None:
    verdict = check(text, SAID, "en")

    assert verdict.reason == ""
    assert verdict.used == used
    assert verdict.support > 0.85


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("In 1912 Anna Berg moved the factory to Lisbon.", "a number that was not said"),
        ("The rent in Lisbon was 40 euros lower.", "a number that was not said"),
        ("Anna Berg moved the factory to Porto.", "a name that was not said"),
        ("The new machines did break.", "a negation was added or lost"),
        ("The new machines broke.", "words that were not said"),
        ("Anna Berg did not move the factory to Lisbon.", "a negation was added or lost"),
        ("Every day the roots will rot if the plants are watered by workers.", "words put together in another way"),
        ("You water the plants every day and the roots will rot.", "a limit was added or lost"),
        ("All the workers were afraid of the new machines.", "stronger than what was said"),
        ("The transcript says that Anna Berg moved the factory.", "speaks about its task"),
        ("Anna Berg moved the factory to Lisbon and she was happy with sunshine and music.", "words that were not said"),
        ("Anna Berg moved the factory to Lisbon because the rent", "not a finished sentence"),
        ("Did Anna Berg move the factory to Lisbon?", "not a finished sentence"),
        ("She moved.", "too short"),
        ("I moved the factory to Lisbon because the rent was lower.", "speaks as a person"),
        ("Anna Berg moved the factory, Anna Berg moved the factory to Lisbon.", "repeats itself"),
        ('Anna Berg called it "the best rent" in Lisbon.', "a quotation that was not said"),
    ],
)
def test_what_was_not_said_is_refused(text: str, reason: str) -> None:
    verdict = check(text, SAID, "en")

    assert not verdict.ok
    assert verdict.reason == reason


def test_a_repeated_point_is_refused() -> None:
    text = "Anna Berg moved the factory to Lisbon."

    assert check(text, SAID, "en", others=["In 1911 Anna Berg moved the factory to Lisbon."]).reason == "says the same as another point"


def test_who_did_what_to_whom() -> None:
    said = ["Napoleon attacked Russia, and then Wellington defeated Napoleon at Waterloo."]

    assert check("Wellington defeated Napoleon at Waterloo.", said, "en").ok
    assert not check("Napoleon defeated Wellington at Waterloo.", said, "en").ok


def test_bounds_of_numbers_are_kept() -> None:
    said = ["Fifteen times ten is about 150 joules, and the hall holds more than two hundred people."]

    assert check("Fifteen times ten is about 150 joules.", said, "en").ok
    assert not check("Fifteen times ten is 150 joules.", said, "en").ok
    assert not check("The hall holds two hundred people.", said, "en").ok


def test_other_languages() -> None:
    said = ["Las ciudades de América Latina no crecieron tan rápido en el siglo veinte, dijo Barragán."]

    assert check("Las ciudades de América Latina no crecieron rápido.", said, "es").ok
    assert not check("Las ciudades de América Latina crecieron rápido.", said, "es").ok
    assert not check("The cities of Latin America did not grow fast.", said, "es").ok


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ("- The sun is a star.\nIt is hot.", "The sun is a star."),
        ('"The sun is a star."', "The sun is a star."),
        ("The sun is a star. It is made of", "The sun is a star."),
        ("The sun is", ""),
        ("  1. The sun is a star.  ", "The sun is a star."),
        ("", ""),
    ],
)
def test_tidy(answer: str, text: str) -> None:
    assert tidy(answer) == text


def test_titles_are_words_of_the_chapter() -> None:
    assert title_stands("The move to Lisbon", SAID, "en")
    assert title_stands("Watering plants", SAID, "en")
    assert not title_stands("The history of Portugal", SAID, "en")
    assert not title_stands("Title: The move", SAID, "en")
    assert not title_stands("", SAID, "en")
    assert not title_stands("The", SAID, "en")


def test_what_is_so_is_not_told_as_over() -> None:
    said = ["With Schnorr signatures the aggregate signature is a quarter of the size of four others."]

    assert check("The aggregate signature was a quarter of the size of four others.", said, "en").reason == "told as over, and said as it is"
    assert check("The aggregate signature is a quarter of the size of four others.", said, "en").ok


@pytest.mark.parametrize(
    ("text", "said", "language"),
    [
        ("This approach will work for large models.", "We don't think that this approach will work for large models.", "en"),
        ("The vaccine causes autism in young children.", "There is no evidence whatsoever that the vaccine causes autism in young children.", "en"),
        ("The vaccine causes autism in young children.", "Nobody in the field believes that the vaccine causes autism in young children.", "en"),
        ("The treatment is safe for pregnant women.", "Nobody has ever shown that the treatment is safe for pregnant women.", "en"),
        ("The drug reduced deaths among older patients.", "The drug did not in any of the trials reduce deaths among older patients.", "en"),
        ("We recommend this method to beginners.", "We do not, under any circumstances, recommend this method to beginners.", "en"),
        ("The company will raise prices next year.", "The company denied that it will raise prices next year.", "en"),
        ("Новый препарат помогает пациентам с диабетом.", "Новый препарат не помогает пациентам с диабетом.", "ru"),
        ("Il farmaco ha funzionato nei pazienti anziani.", "Nessun farmaco ha funzionato nei pazienti anziani.", "it"),
        ("Der Impfstoff hat den Kindern geholfen.", "Niemand glaubt, dass der Impfstoff den Kindern geholfen hat.", "de"),
        ("这种药物对老年患者有明显的治疗效果。", "这种药物对老年患者没有明显的治疗效果。", "zh"),
        ("この薬は高齢の患者に効果があります。", "この薬は高齢の患者に効果がありません。", "ja"),
    ],
)
def test_what_a_sentence_denies_it_does_not_carry(text: str, said: str, language: str) -> None:
    assert not check(text, [said], language).ok
    assert check(said, [said], language).reason in ("", "speaks as a person")


@pytest.mark.parametrize("said", ["No, as I told you, the lamp burned for nine hours.", "It was not only bright, for the lamp burned for nine hours."])
def test_an_answer_and_an_addition_deny_nothing(said: str) -> None:
    assert check("The lamp burned for nine hours.", [said], "en").reason in ("", "says too little")


@pytest.mark.parametrize("digits", ["0412 345 678", "0800 123 456", "0 255 0", "0,500,000", "0.500,25", "2019 300", "1'000.5"])
def test_no_way_of_writing_a_number_breaks_it(digits: str) -> None:
    said = f"If you need help, call Lifeline on {digits} at any time of the day."

    assert check("You can call Lifeline at any time of the day.", [said], "en").reason in ("", "words put together in another way", "says too little", "words that were not said")
    assert check(said, [said], "en").ok


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("The bridge cost the town council 5 million dollars.", "The bridge cost the town council 5 million euros."),
        ("The journey to the island took 5 years.", "The journey to the island took 5 months."),
        ("He moved to Łódź and met Čapek there.", "He moved to the town and met him there."),
    ],
)
def test_another_unit_or_name_is_not_said(text: str, said: str) -> None:
    assert not check(text, [said], "en").ok
    assert not supported(text, [said], "en").ok


@pytest.mark.parametrize(
    "text",
    [
        "She sold her iPhone and bought a MacBook with macOS.", "The vaccine is made of mRNA and kept at pH 7.", "There can be several OP_RETURNs in one transaction.",
        "The race was 5 km long, or 5 kilometres.",
    ],
)  # fmt: skip
def test_a_sentence_carries_itself(text: str) -> None:
    assert check(text, [text], "en").ok


def test_a_unit_is_one_however_it_is_spelled() -> None:
    assert unsupported("The race was 5 kilometers long and 3 metres wide.", "It was 5 km long and 3 meters wide.") == []


def test_sentences_of_india_end_too() -> None:
    assert tidy("सरकार ने नई योजना की घोषणा की।") == "सरकार ने नई योजना की घोषणा की।"
    assert check("सरकार ने नई योजना की घोषणा की।", ["सरकार ने नई योजना की घोषणा की।"], "hi").ok


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("A letter comes first, and only after a whole year without any work.", "A letter comes first, and only after a whole year without any work the plot goes to the next family."),
        ("The council has decided in May that it sells.", "The council has decided in May that it sells an old mill by the river."),
        ("The council has decided to repair.", "The council has decided to repair both bridges before winter."),
        ("Guessing eighty bits is a billion times easier.", "Guessing eighty bits is a billion times easier than guessing the whole phrase."),
        ("Der Rat hat im Mai beschlossen.", "Der Rat hat im Mai beschlossen zwei Brücken zu erneuern."),
    ],
)
def test_a_sentence_is_not_cut_within_a_clause(text: str, said: str) -> None:
    assert check(text, [said], "de" if text.startswith("Der") else "en").reason == "breaks off"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("The council has decided to repair both bridges.", "The council has decided to repair both bridges before the next winter."),
        ("The council has decided to repair both bridges.", "The council has decided to repair both bridges, the old one first."),
        ("The council will repair both bridges.", "The council has decided that it will repair both bridges next winter."),
        ("The council has decided to repair both bridges.", "The council has decided to repair both bridges."),
        ("市议会决定修复两座桥梁。", "市议会决定修复两座桥梁并且拓宽道路。"),
    ],
)
def test_what_a_sentence_adds_may_be_left_out(text: str, said: str) -> None:
    assert check(text, [said], "zh" if text.startswith("市") else "en").reason != "breaks off"


def test_a_group_acts_only_where_one_was_named() -> None:
    said = "What you did is you just reduced the security of your mnemonic phrase from 256 bits to 80 bits."

    assert check("The team reduced the security of the mnemonic phrase from 256 bits to 80 bits.", [said], "en").reason == "a group that was not said"
    assert check(said.replace("you did is you", "our team did is you"), [said.replace("you did", "our team did")], "en").reason != "a group that was not said"


def test_a_noun_is_not_left_out_before_what_it_is_of() -> None:
    said = "So you are using then the conversion of gravitational potential energy to kinetic energy."

    assert check("You are using gravitational potential energy to kinetic energy.", [said], "en").reason == "leaves out what something is said of"
    assert check("You are using the conversion of gravitational potential energy to kinetic energy.", [said], "en").ok
    assert check("They repair both old bridges in May.", ["They really do repair both old bridges of the town in May."], "en").reason != "leaves out what something is said of"
