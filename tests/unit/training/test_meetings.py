"""QMSum's files are read as transcripts whose sentences know their turns."""

import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import InputError
from pipeline.training.meetings import load, readable

MEETING: dict[str, Any] = {
    "meeting_transcripts": [
        {"speaker": "Ana", "content": "{vocalsound} I 'm glad that you came , all of you ."},
        {"speaker": "Ben", "content": "{disfmarker}"},
        {"speaker": "Ben", "content": "The remote costs 25 Euros . We do n't sell it for less ."},
    ],
    "specific_query_list": [{"query": "What does it cost?", "answer": "It costs 25 Euros.", "relevant_text_span": [["2", "2"]]}],
    "general_query_list": [{"query": "Summarize the meeting", "answer": "They talked about a remote."}],
    "topic_list": [{"topic": "Greeting", "relevant_text_span": [["0", "1"]]}, {"topic": "Price", "relevant_text_span": [["2", "2"]]}],
}


def write(folder: Path, found: object = MEETING) -> Path:
    (folder / "one.json").write_text(json.dumps(found))
    return folder


def test_sentences_know_their_turns_and_speakers(tmp_path: Path) -> None:
    (meeting,) = load(write(tmp_path))

    assert [(turn, sentence.speaker, sentence.text) for turn, sentence in zip(meeting.turns, meeting.sentences, strict=True)] == [
        (0, "Ana", "I'm glad that you came, all of you."),
        (2, "Ben", "The remote costs 25 Euros."),
        (2, "Ben", "We don't sell it for less."),
    ]
    assert [sentence.text for sentence in meeting.inside(meeting.questions[0].spans)] == [
        "The remote costs 25 Euros.",
        "We don't sell it for less.",
    ]
    assert meeting.inside(()) == meeting.sentences
    assert [topic.title for topic in meeting.topics] == ["Greeting", "Price"]


@pytest.mark.parametrize(
    "found", [[], {}, {"meeting_transcripts": 1}, MEETING | {"topic_list": [{"topic": "x", "relevant_text_span": [["a", "b"]]}]}]
)
def test_what_is_no_meeting_is_named(tmp_path: Path, found: object) -> None:
    with pytest.raises(InputError, match=r"one\.json") as caught:
        load(write(tmp_path, found))
    assert caught.value.code == "bad_data"


def test_a_folder_without_meetings(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        load(tmp_path)
    assert caught.value.code == "no_data"


def test_marks_go_and_words_stay() -> None:
    assert readable("Well , < laugh > it 's @reject@ 3 . 5 , is n't it ?") == "Well, it's 3. 5, isn't it?"
