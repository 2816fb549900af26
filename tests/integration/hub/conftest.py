"""A hub with a tiny LLaMA and something that looks like a Whisper, and the real command that pulls from it."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeline.config import Settings
from tests.integration.hub.hub import Hub, Repository, running_hub
from tests.integration.language.tiny import write_folder

ROOT = Path(__file__).parents[3]
LLAMA = "HuggingFaceTB/SmolLM2-360M-Instruct"
WHISPER = "Systran/faster-whisper-small"
UNWANTED = {
    "README.md": b"# A model",
    "pytorch_model.bin": b"pickle",
    "model.gguf": b"GGUF",
    "model.fp16.safetensors": b"the same again",
    "trainer_state.json": b"{}",
    "onnx/model.onnx": b"onnx",
    "original/consolidated.00.pth": b"pickle",
    "runs/config.json": b"{}",
}
SPEECH_FILES = {
    "model.bin": bytes(range(256)) * 600,
    "config.json": b'{"alignment_heads": []}',
    "tokenizer.json": b"{}",
    "vocabulary.txt": b"a\nb\n",
    "README.md": b"# Whisper",
}

Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session", name="llama_files")
def _llama_files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = write_folder(tmp_path_factory.mktemp("published") / "tiny")
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture(name="hub")
def _hub(llama_files: dict[str, bytes]) -> Iterator[Hub]:
    with running_hub() as hub:
        hub.repositories[LLAMA] = Repository({**llama_files, **UNWANTED})
        hub.repositories[WHISPER] = Repository(dict(SPEECH_FILES), licence="mit")
        yield hub


@pytest.fixture(name="settings")
def _settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home")


@pytest.fixture(name="environment")
def _environment(settings: Settings, hub: Hub, tmp_path: Path) -> dict[str, str]:
    """Offline like every process of ours, and with no token of the person who runs the tests."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HF_") and not name.lower().endswith("_proxy")}
    ours = {"HF_ENDPOINT": hub.address, "HF_HOME": str(tmp_path / "hf"), "HF_HUB_OFFLINE": "1", "NUTSHELL_HOME": str(settings.home)}
    return {**kept, **ours}


@pytest.fixture(name="nutshell")
def _nutshell(environment: dict[str, str]) -> Command:
    """The command in a process of its own, since huggingface_hub reads its environment once; without a terminal."""

    def run(*args: str, **more: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            command(*args), cwd=ROOT, env=environment | more, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False
        )

    return run


def command(*args: str) -> list[str]:
    return [sys.executable, "-m", "workers.cli", *args]
