"""Translated sentences back in the cues that they came from: what stays in its cue, and what is left in the original because it would not."""

from pipeline.export.subtitles import srt, vtt
from pipeline.library.foreign import cut, translated_transcript
from pipeline.summary.sentences import split
from pipeline.types import Origin, Segment, Transcript


def said(*lines: str) -> Transcript:
    return Transcript("en", Origin.CAPTIONS_MANUAL, None, tuple(Segment(2.0 * n, 2.0 * n + 1.9, line) for n, line in enumerate(lines)))


def read(transcript: Transcript, *texts: str, language: str = "es") -> Transcript:
    return translated_transcript(transcript, split(transcript), texts, language)


def test_a_sentence_is_cut_where_its_cues_were() -> None:
    assert cut("En 1843 Ada escribió notas sobre 50 ruedas.", ["In 1843 Ada wrote", "notes about 50 wheels."]) == ["En 1843 Ada escribió", "notas sobre 50 ruedas."]


def test_every_cue_has_a_word_where_there_are_enough() -> None:
    assert cut("una langosta que no lo es", ["a lobster", "that is", "one", "not"])[2:] != ["", ""]
    assert all(cut("una langosta que no lo es", ["a very long beginning of a sentence", "x", "y", "z"]))


def test_a_cue_that_would_lose_a_number_or_a_name_stays_in_the_original_with_its_sentence_and_is_marked() -> None:
    transcript = said("In 1843 Ada wrote", "notes about 50 wheels.", "Nobody read them.", "But Ada went on.")
    found = read(transcript, "Sobre 50 ruedas escribió notas Ada en 1843.", "Nadie las leyó.", "Pero ella siguió.")

    assert [(segment.text, segment.original) for segment in found.segments] == [
        ("In 1843 Ada wrote", "en"), ("notes about 50 wheels.", "en"), ("Nadie las leyó.", ""), ("But Ada went on.", "en"),
    ]  # fmt: skip
    assert [(one.start, one.end) for one in found.segments] == [(one.start, one.end) for one in transcript.segments]
    assert "<lang en><i>But Ada went on.</i></lang>" in vtt(found.segments, "es")
    assert "\n<i>But Ada went on.</i>\n" in srt(found.segments)
    assert "\nNadie las leyó.\n" in vtt(found.segments, "es")


def test_days_countries_and_words_with_a_capital_only_sometimes_are_no_names() -> None:
    transcript = said("On Tuesday we left the White House for Germany.", "The house is white.")
    found = read(transcript, "El martes dejamos la Casa Blanca hacia Alemania.", "La casa es blanca.")

    assert not any(segment.original for segment in found.segments)


def test_names_are_not_looked_for_in_another_script() -> None:
    found = read(said("Then Ada wrote 50 notes."), "Затем Ада написала 50 заметок.", language="ru")

    assert found.segments[0].text == "Затем Ада написала 50 заметок."


def test_what_did_not_hold_and_what_is_still_to_come_is_marked() -> None:
    transcript = said("One came.", "Two came.", "Three came.", "[Music]")
    found = read(transcript, "Vino uno.", "")

    assert [(segment.text, segment.original) for segment in found.segments] == [("Vino uno.", ""), ("Two came.", "en"), ("Three came.", "en"), ("[Music]", "")]
