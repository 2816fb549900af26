"""The engines that translate beside the LLaMA: CTranslate2's own code on a small model, and Apertium where it is installed."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import webvtt

from pipeline.config import Settings
from pipeline.errors import ModelError
from pipeline.export.subtitles import vtt
from pipeline.language.apertium import Apertium
from pipeline.language.neural import Neural, find, label
from pipeline.language.translated import KEPT
from pipeline.language.translator import Translator
from pipeline.library.foreign import translated_transcript
from pipeline.source.captions import parse
from pipeline.summary.sentences import split
from pipeline.translating import BATCH
from pipeline.types import Origin, Segment, Transcript
from tests.integration.language import tiny_translation
from tests.standin import Talk, load_talk

ABROAD = {"August", "September", "March", "Monday", "Christmas"}
"""What Spanish has other words for."""
RULES = pytest.mark.skipif(shutil.which("apertium") is None, reason="needs Apertium: apt install apertium apertium-eng-spa")


@pytest.fixture(scope="module", name="settings")
def _settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    home = tmp_path_factory.mktemp("translation")
    tiny_translation.make(home / "models" / "translate-en-es", tiny_translation.pairs())
    return Settings(home=home)


def test_a_model_writes_what_it_was_taught(settings: Settings) -> None:
    pairs = tiny_translation.pairs()
    engine = Neural(settings)
    answers = engine.translate([one for one, _ in pairs], "en", "es", kept=KEPT)
    both = engine.translate([f"{pairs[0][0]} {pairs[1][0]}"], "en", "es", kept=KEPT)

    assert engine.pairs == {("en", "es")}
    assert sum(answer == other for answer, (_, other) in zip(answers, pairs, strict=True)) >= 195
    assert both == [f"{pairs[0][1]} {pairs[1][1]}"], "a text is given sentence by sentence"


def test_another_answer_is_given_when_asked_again(settings: Settings) -> None:
    source, target = tiny_translation.pairs()[0]

    assert Neural(settings).translate([source], "en", "es", kept=KEPT, again=True) != [target]


def test_what_argos_packages_hold_is_read_too(settings: Settings, tmp_path: Path) -> None:
    """One SentencePiece model for both sides, the rest in a folder of its own."""
    plain = settings.models_dir / "translate-en-es"
    folder = tmp_path / "models" / "translate-en-es"
    shutil.copytree(plain, folder / "model", ignore=shutil.ignore_patterns("*.spm"))
    shutil.copy(plain / "source.spm", folder / "sentencepiece.model")
    (folder / "metadata.json").write_text('{"from_code": "en", "to_code": "es", "target_prefix": "__es__"}')
    found = find(folder)

    assert found is not None
    assert (found.model, found.source, found.target, found.ended, found.prefix) == (
        folder / "model", folder / "sentencepiece.model", folder / "sentencepiece.model", False, "__es__",
    )  # fmt: skip
    assert Neural(Settings(home=tmp_path)).translate(["Ada counts 3 bees today."], "en", "es", kept=KEPT)


@pytest.mark.parametrize(
    ("target", "known", "mark"),
    [
        ("ar", ["<unk>", ">>arz<<", ">>ara<<", ">>ara_Latn<<"], ">>ara<<"),
        ("zh", [">>cmn<<", ">>cmn_Hant<<", ">>cmn_Hans<<", ">>yue_Hans<<"], ">>cmn_Hans<<"),
        ("pt", [">>pob<<", ">>por<<"], ">>por<<"),
        ("es", ["<unk>", "▁>>", "la"], ""),
    ],
)
def test_a_model_of_several_languages_is_told_which(tmp_path: Path, target: str, known: list[str], mark: str) -> None:
    for name in ("model.bin", "source.spm", "target.spm"):
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "shared_vocabulary.json").write_text(json.dumps(known))

    assert label(find(tmp_path), target) == mark


def test_a_broken_model_is_said_to_be(tmp_path: Path) -> None:
    folder = tmp_path / "models" / "translate-en-fr"
    folder.mkdir(parents=True)
    for name in ("model.bin", "source.spm", "target.spm", "shared_vocabulary.json"):
        (folder / name).write_bytes(b"nothing")
    engine = Neural(Settings(home=tmp_path))

    assert engine.pairs == {("en", "fr")}
    with pytest.raises(ModelError, match="Pull it again") as error:
        engine.translate(["Hello."], "en", "fr", kept=KEPT)
    assert error.value.code == "model_broken"


@RULES
def test_apertium_leaves_alone_what_is_the_same_everywhere() -> None:
    texts = ["See https://example.com/a?b=1&c=<d> for more.", "Call `print(x)` and a.b@example.org now.", "</p><p>$(rm -rf /); `ls` \0 &lt;", "", "Hello"]
    answers = Apertium().translate(texts, "en", "es", kept=KEPT)

    assert len(answers) == len(texts)
    assert "https://example.com/a?b=1&c=<d>" in answers[0]
    assert "`print(x)`" in answers[1]
    assert "a.b@example.org" in answers[1]
    assert "&lt;" in answers[2]
    assert answers[3:] == ["", "Hola"]


@RULES
def test_a_translated_transcript_keeps_all_times_numbers_and_names() -> None:
    lines = (
        "In 1843 Ada Lovelace wrote", "notes about an engine of 50 wheels.", "[Music]", "Charles Babbage never built it.", "At 10:30 the doors open,",
        "and 120 people come to see Ada Lovelace", "at the museum.", "It costs $3.50.",
    )  # fmt: skip
    said = Transcript("en", Origin.CAPTIONS_MANUAL, None, tuple(Segment(2.0 * n, 2.0 * n + 1.9, line, "Ann" if n > 3 else None) for n, line in enumerate(lines)))
    job = Translator(None, (Apertium(),)).begin("en", "es")
    sentences = split(said)
    found = job.texts([sentence.text for sentence in sentences], flowing=True)
    read = translated_transcript(said, sentences, ["" if line.original else line.text for line in found], "es")

    assert job.rough
    assert not any(line.original for line in found)
    assert [(x.start, x.end, x.speaker) for x in read.segments] == [(x.start, x.end, x.speaker) for x in said.segments]
    assert read.segments[2].text == "[Music]"
    for cue, kept in ((0, "1843"), (0, "Ada Lovelace"), (1, "50"), (3, "Charles Babbage"), (4, "10:30"), (5, "120"), (5, "Ada Lovelace"), (7, "3.50")):
        assert kept in read.segments[cue].text


def shards(talk: Talk) -> Iterator[Segment]:
    """Its sentences as captions show them: a few words at a time."""
    for start, end, text in talk.cues:
        words = text.split()
        step = (end - start) / len(words)
        for first in range(0, len(words), 7):
            yield Segment(start + first * step, start + min(len(words), first + 7) * step, " ".join(words[first : first + 7]))


def subtitles(said: Transcript) -> tuple[list[webvtt.Caption], Transcript]:
    """As WebVTT and as another program reads it, translated into Spanish by Apertium as the product does."""
    job = Translator(None, (Apertium(),)).begin(said.language, "es")
    sentences = split(said)
    texts: list[str] = []
    for first in range(0, len(sentences), BATCH):
        texts += ["" if line.original else line.text for line in job.texts([one.text for one in sentences[first : first + BATCH]], flowing=True)]
    read = translated_transcript(said, sentences, texts, "es")
    return list(webvtt.from_string(vtt(read.segments, "es"))), read


def keeps_everything(said: Transcript, names: set[str]) -> None:
    """Times in every cue; in every cue that is not marked as left in the original its numbers and those of `names` that it has."""
    cues, read = subtitles(said)

    assert [(cue.start, cue.end) for cue in cues] == [(cue.start, cue.end) for cue in webvtt.from_string(vtt(said.segments, said.language))]
    for cue, original, shown in zip(cues, said.segments, read.segments, strict=True):
        if shown.original:
            assert f"<lang {said.language}>" in cue.raw_text
            assert cue.text == original.text
            continue
        for kept in {*re.findall(r"\d[\d.,:]*\d|\d", original.text), *names & set(re.findall(r"\w+", original.text))}:
            assert kept in cue.text, (original.text, cue.text)
    assert sum(bool(shown.original) for shown in read.segments) <= len(cues) / 20, "what is left in the original is the exception"


@RULES
@pytest.mark.parametrize("name", ["short", "medium"])
def test_every_cue_of_a_talk_keeps_its_times_numbers_and_names(name: str) -> None:
    talk = load_talk(name)
    inside = set(re.findall(r"(?<=[a-z,] )[A-Z][a-z]{2,}", talk.text)) - set(re.findall(r"[a-z]+", talk.text)) - ABROAD
    keeps_everything(Transcript("en", Origin.CAPTIONS_MANUAL, None, tuple(shards(talk))), inside)


@RULES
@pytest.mark.parametrize("form", ["asr.json3", "manual.json3"])
def test_every_cue_of_real_captions_keeps_its_times_numbers_and_names(data: Path, form: str) -> None:
    """YouTube's shapes, automatic ones in lines of some words."""
    body = (data / "youtube" / "standin_captions" / f"en_panel_4spk.{form}").read_bytes()
    keeps_everything(parse(body, "json3", language="en", origin=Origin.CAPTIONS_AUTO), set())
