"""Summaries of talks side by side, made by the command with a real LLaMA of a few thousand weights."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from pipeline.errors import InputError
from pipeline.training.talks import said, talks
from tests.integration.language.tiny import Tiny, write_folder
from workers.cli import main

TALK = """---
title: A talk about bees
speakers: ['Anna']
---

# The dance

Anna: Bees dance to tell the others where the flowers are. The dance points to the sun.

![A bee](bee.png)
**Ben:** In 1973 a [professor](https://example.org) from Vienna was given a prize for this. He had watched 5,000 bees for twenty years.
"""


def test_what_is_spoken_is_taken_from_markdown() -> None:
    found = said(TALK)

    assert "Bees dance" in found
    assert "Ben: In 1973 a professor from Vienna" in found
    assert not any(sign in found for sign in ("title:", "#", "bee.png", "**", "https"))


def test_a_folder_without_transcripts_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no transcripts"):
        talks(tmp_path, 10)


def test_both_ways_are_printed_with_what_nobody_said_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "talks"
    folder.mkdir()
    (folder / "bees.md").write_text(TALK, encoding="utf-8")
    write_folder(tmp_path / "home" / "models" / "tiny-vicuna-7b", Tiny(window=4096))
    for name, value in {"HOME": tmp_path / "home", "LLM_MODEL": "tiny-vicuna-7b", "LLM_DTYPE": "float32", "DEVICE": "cpu"}.items():
        monkeypatch.setenv(f"NUTSHELL_{name}", str(value))

    done = CliRunner().invoke(main, ["evaluate", "talks", "--data", str(folder)])

    assert done.exit_code == 0, done.output
    assert "### Asked plainly (" in done.stdout
    assert "### Nutshell (0 of " in done.stdout
    assert "Bees dance to tell the others where the flowers are." in done.stdout
