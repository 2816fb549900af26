"""`nutshell models pull` through the real command and the real client library, against a hub on loopback. Run: pytest tests/integration/hub"""

import fcntl
import json
import os
import pty
import resource
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.config import Settings
from pipeline.hub.marker import MARKER
from pipeline.language import models as language
from pipeline.language.weights import read
from pipeline.speech import models as speech
from tests.integration.hub.conftest import LLAMA, ROOT, SPEECH_FILES, UNWANTED, WHISPER, Command, command
from tests.integration.hub.hub import TOKEN, Hub, Repository

NAME = "smollm2-360m-instruct"
PULL = ("models", "pull", NAME, "--yes")
WEIGHTS = "model.safetensors"


def one_line(done: "subprocess.CompletedProcess[str]") -> str:
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    assert done.stdout == ""
    return lines[0]


def last_line(done: "subprocess.CompletedProcess[str]") -> str:
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    return done.stderr.strip().splitlines()[-1]


def state(nutshell: Command, name: str) -> str:
    listed = nutshell("models", "list").stdout.splitlines()
    return next(line for line in listed if f" {name} " in line)[:10].strip()


def test_a_pulled_llama_loads_and_is_listed(nutshell: Command, hub: Hub, settings: Settings, llama_files: dict[str, bytes]) -> None:
    assert state(nutshell, NAME) == "to pull"
    hub.requests.clear()

    done = nutshell(*PULL)
    folder = language.folder_of(settings, NAME)
    model = read(folder)
    marker = json.loads((folder / MARKER).read_text())

    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [str(folder)]
    for told in (NAME, LLAMA, hub.repositories[LLAMA].commit, "Apache-2.0", str(folder), f"in {len(llama_files)} files", "Free on the disk"):
        assert told in done.stderr
    assert {path.name: path.read_bytes() for path in folder.iterdir() if path.name != MARKER} == llama_files
    assert (marker["repository"], marker["revision"]) == (LLAMA, hub.repositories[LLAMA].commit)
    assert model.tensor("model.norm.weight") is not None
    assert model.load_tokenizer().encode("The bees dance").ids
    assert state(nutshell, NAME) == "installed"
    assert list(settings.models_dir.glob(".*.part")) == []


def test_only_what_is_needed_is_asked_for_and_nothing_is_told(nutshell: Command, hub: Hub, llama_files: dict[str, bytes]) -> None:
    """No pickles, no second formats; no word about what else is installed here or who calls; a token never reaches another host."""
    done = nutshell(*PULL, HF_TOKEN=TOKEN, AI_AGENT="somebody")

    assert done.returncode == 0, done.stderr
    assert hub.fetched() == set(llama_files)
    assert not hub.fetched() & {name.rpartition("/")[2] for name in set(UNWANTED) - {"runs/config.json"}}
    assert {request.path.split("/")[1] for request in hub.requests} == {"api", "cdn", LLAMA.split("/")[0]}
    assert {request.authorization for request in hub.requests if request.path.startswith("/cdn/")} == {None}
    assert all(request.agent.startswith("nutshell/") for request in hub.requests)
    assert not any(word in request.agent for request in hub.requests for word in ("torch", "agent", "somebody"))


def test_what_is_there_is_not_asked_for_again(nutshell: Command, hub: Hub) -> None:
    nutshell(*PULL)
    hub.requests.clear()

    done = nutshell("models", "pull", NAME.upper())  # no --yes: there is nothing to agree to

    assert done.returncode == 0
    assert "is there already" in one_line_of(done.stderr)
    assert hub.requests == []


def one_line_of(text: str) -> str:
    assert text.count("\n") == 1, text
    return text


def test_a_model_that_is_no_longer_whole_is_fetched_again(nutshell: Command, settings: Settings, llama_files: dict[str, bytes]) -> None:
    nutshell(*PULL)
    folder = language.folder_of(settings, NAME)
    (folder / WEIGHTS).write_bytes(b"cut short")

    assert not language.is_model(folder)
    assert nutshell(*PULL).returncode == 0
    assert (folder / WEIGHTS).read_bytes() == llama_files[WEIGHTS]
    assert [path.name for path in settings.models_dir.iterdir() if path.is_dir()] == [NAME]


def test_a_line_that_breaks_is_taken_up_again(nutshell: Command, hub: Hub, llama_files: dict[str, bytes]) -> None:
    hub.stop_at[WEIGHTS] = 100_000

    done = nutshell(*PULL)
    first, second = [request for request in hub.asked(WEIGHTS) if request.path.startswith("/cdn/")]

    assert done.returncode == 0, done.stderr
    assert first.range is None
    assert second.range == "bytes=100000-"
    assert len(llama_files[WEIGHTS]) > 100_000


def interrupt(environment: dict[str, str], hub: Hub, number: signal.Signals) -> tuple[int, str]:
    """End a pull while the hub is silent in the middle of the weights; status, and what it said."""
    hub.hang_at[WEIGHTS] = 100_000
    with subprocess.Popen(command(*PULL), cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True) as running:
        assert hub.hanging.wait(60)
        part = Path(environment["NUTSHELL_HOME"]) / "models" / f".{NAME}.part"
        while not any(path.name.endswith(WEIGHTS) and path.stat().st_size >= 90_000 for path in part.iterdir()):
            assert running.poll() is None
        running.send_signal(number)
        _, said = running.communicate(timeout=60)
    hub.hang_at.clear()
    hub.released.set()
    return running.returncode, said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_second_call_goes_on(
    number: signal.Signals, environment: dict[str, str], nutshell: Command, hub: Hub, settings: Settings, llama_files: dict[str, bytes]
) -> None:
    status, said = interrupt(environment, hub, number)
    folder = language.folder_of(settings, NAME)

    assert not folder.exists()
    assert status == (130 if number == signal.SIGINT else -signal.SIGKILL)
    assert number == signal.SIGKILL or "the same command goes on" in said

    hub.requests.clear()
    done = nutshell(*PULL)
    start = int(hub.asked(WEIGHTS)[-1].range.removeprefix("bytes=").rstrip("-"))

    assert done.returncode == 0, done.stderr
    assert "of it here already" in done.stderr
    assert 90_000 <= start <= 100_000
    assert (folder / WEIGHTS).read_bytes() == llama_files[WEIGHTS]


def test_a_commit_in_between_costs_only_what_it_changed(
    environment: dict[str, str], nutshell: Command, hub: Hub, settings: Settings, llama_files: dict[str, bytes]
) -> None:
    """And the folder is of the new commit wholly."""
    interrupt(environment, hub, signal.SIGINT)
    changed = json.dumps({**json.loads(llama_files["config.json"]), "note": "new"}).encode()
    hub.repositories[LLAMA].files["config.json"] = changed
    done = nutshell(*PULL)
    folder = language.folder_of(settings, NAME)

    assert done.returncode == 0, done.stderr
    assert hub.asked(WEIGHTS)[-1].range is not None
    assert (folder / "config.json").read_bytes() == changed
    assert (folder / WEIGHTS).read_bytes() == llama_files[WEIGHTS]
    assert json.loads((folder / MARKER).read_text())["revision"] == hub.repositories[LLAMA].commit


def test_a_server_without_ranges_begins_anew(environment: dict[str, str], nutshell: Command, hub: Hub, settings: Settings) -> None:
    interrupt(environment, hub, signal.SIGINT)
    hub.ranges = False
    done = nutshell(*PULL)

    assert done.returncode == 0, done.stderr
    assert language.is_model(language.folder_of(settings, NAME))


def test_a_server_that_sends_less_than_it_says_is_given_up(nutshell: Command, hub: Hub, settings: Settings, llama_files: dict[str, bytes]) -> None:
    hub.other["config.json"] = llama_files["config.json"][:-10]

    done = nutshell(*PULL)

    assert done.returncode == 3
    assert "config.json" in last_line(done)
    assert [request.range for request in hub.asked("config.json")] == [None, f"bytes={len(hub.other['config.json'])}-"]
    assert not language.folder_of(settings, NAME).exists()


@pytest.mark.parametrize(("file", "how"), [(WEIGHTS, "other"), ("config.json", "other"), (WEIGHTS, "longer")])
def test_a_damaged_file_is_refused(
    file: str, how: str, nutshell: Command, hub: Hub, settings: Settings, llama_files: dict[str, bytes]
) -> None:
    whole = llama_files[file]
    hub.other[file] = bytes([whole[0] ^ 1]) + whole[1:] if how == "other" else whole + b"more"

    done = nutshell(*PULL)
    folder = language.folder_of(settings, NAME)
    kept = {path.name.partition(".")[2] for path in settings.models_dir.glob(".*.part/*")}

    assert done.returncode == 4
    assert file in last_line(done)
    assert "damaged" in last_line(done)
    assert not folder.exists()
    assert file not in kept


def test_a_gated_model_says_what_to_do_before_anybody_is_asked(nutshell: Command, hub: Hub, settings: Settings) -> None:
    name, repository = "llama-3.2-1b-instruct", "meta-llama/Llama-3.2-1B-Instruct"
    hub.repositories[repository] = Repository(hub.repositories[LLAMA].files, licence="llama3.2", gated=True)

    for token in ({}, {"HF_TOKEN": "hf_of_somebody_else"}):
        done = nutshell("models", "pull", name, "--yes", **token)

        assert done.returncode == 3
        assert f"https://huggingface.co/{repository}" in last_line(done)
        assert "HF_TOKEN" in last_line(done)
        assert "licence" in last_line(done)

    done = nutshell("models", "pull", name, "--yes", HF_TOKEN=TOKEN)

    assert done.returncode == 0, done.stderr
    assert "Llama 3 Community License (the repository says: llama3.2)" in done.stderr
    assert language.is_model(language.folder_of(settings, name))


def test_no_network_names_the_host(nutshell: Command) -> None:
    done = nutshell(*PULL, HF_ENDPOINT="http://127.0.0.1:1")

    assert done.returncode == 3
    assert "127.0.0.1" in last_line(done)
    assert "internet connection" in last_line(done)


def test_a_repository_that_is_gone_or_has_no_weights(nutshell: Command, hub: Hub) -> None:
    del hub.repositories[LLAMA].files[WEIGHTS]
    empty = nutshell(*PULL)
    del hub.repositories[LLAMA]
    gone = nutshell(*PULL)

    assert (empty.returncode, gone.returncode) == (4, 3)
    assert "model*.safetensors" in last_line(empty)
    assert LLAMA in last_line(gone)


@pytest.mark.parametrize("name", ["server", "", "../../etc"])
def test_an_unknown_name_is_told_which_there_are(name: str, nutshell: Command, hub: Hub) -> None:
    done = nutshell("models", "pull", name, "--yes")

    assert done.returncode == 2
    for known in ("builtin", "cpu", "gpu", NAME, "llama-3.1-8b-instruct", "whisper-small", "whisper-large-v3-turbo"):
        assert known in one_line(done)
    assert hub.requests == []


def test_without_a_terminal_nothing_is_fetched_unasked(nutshell: Command, hub: Hub) -> None:
    done = nutshell("models", "pull", NAME)

    assert done.returncode == 2
    assert "--yes" in one_line(done)
    assert hub.requests == []


@pytest.mark.parametrize(("typed", "there"), [("y\n", True), ("\n", False), ("\x04", False)])
def test_on_a_terminal_a_person_is_asked(typed: str, there: bool, environment: dict[str, str], hub: Hub, settings: Settings) -> None:
    ours, theirs = pty.openpty()
    try:
        os.write(ours, typed.encode())
        done = subprocess.run(
            command("models", "pull", NAME), cwd=ROOT, env=environment, stdin=theirs, capture_output=True, text=True, timeout=120, check=False
        )
    finally:
        os.close(ours)
        os.close(theirs)

    assert done.returncode == 0, done.stderr
    assert "Fetch?" in done.stderr
    assert ("Nothing was fetched" in done.stderr) != there
    assert language.is_model(language.folder_of(settings, NAME)) == there
    assert bool(hub.fetched()) == there


def test_a_full_disk_is_told_before_anything_is_fetched(nutshell: Command, hub: Hub) -> None:
    hub.repositories[LLAMA].sizes[WEIGHTS] = 10**16

    done = nutshell(*PULL)

    assert done.returncode == 4
    assert "10000000.2 GB are needed" in last_line(done)
    assert "are free" in last_line(done)
    assert hub.fetched() == set()


def small_files_only() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))


def test_a_disk_that_fills_up_meanwhile_is_told(environment: dict[str, str], nutshell: Command, hub: Hub, settings: Settings) -> None:
    done = subprocess.run(
        command(*PULL), cwd=ROOT, env=environment, preexec_fn=small_files_only, capture_output=True, text=True, timeout=120, check=False
    )

    assert done.returncode == 4
    assert "disk is full or not writable" in last_line(done)
    assert str(settings.models_dir) in last_line(done)
    assert not language.folder_of(settings, NAME).exists()
    assert nutshell(*PULL).returncode == 0
    assert hub.asked(WEIGHTS)[-1].range == "bytes=100000-"


def test_two_at_once_do_not_disturb_each_other(nutshell: Command, settings: Settings) -> None:
    settings.models_dir.mkdir(parents=True)
    with (settings.models_dir / ".pull.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = nutshell(*PULL)

    assert done.returncode == 4
    assert "Another `nutshell models pull`" in last_line(done)


@pytest.mark.parametrize("name", ["small", "whisper-small"])
def test_a_speech_model_goes_by_both_its_names(name: str, nutshell: Command, hub: Hub, settings: Settings) -> None:
    done = nutshell("models", "pull", name, "--yes")
    folder = speech.folder_of(settings, "small")

    assert done.returncode == 0, done.stderr
    assert {path.name for path in folder.iterdir()} == {*SPEECH_FILES, MARKER} - {"README.md"}
    assert speech.choose(Settings(home=settings.home, profile="cpu")).folder == folder
    assert state(nutshell, "whisper-small") == "installed"
    assert WHISPER in done.stderr


def test_a_profile_is_its_best_models_and_says_why(
    nutshell: Callable[..., "subprocess.CompletedProcess[str]"], hub: Hub, settings: Settings, llama_files: dict[str, bytes]
) -> None:
    """The originals serve as well as the built-in models that come with the packages."""
    hub.repositories["HuggingFaceTB/SmolLM2-135M-Instruct"] = Repository(llama_files)
    hub.repositories["Systran/faster-whisper-base"] = Repository(dict(SPEECH_FILES), licence="mit")

    done = nutshell("models", "pull", "builtin", "--yes")
    listed = nutshell("models", "list").stdout
    hub.requests.clear()
    again = nutshell("models", "pull", "builtin")

    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [str(settings.models_dir / name) for name in ("smollm2-135m-instruct", "whisper-base")]
    assert "profile builtin" in done.stderr
    assert "language   smollm2-135m-instruct" in listed
    assert "speech     whisper-base" in listed
    assert again.returncode == 0
    assert again.stderr.count("is there already") == 2
    assert hub.requests == []


def test_translate_is_the_models_both_ways_between_english_and_a_language(nutshell: Command, hub: Hub, settings: Settings) -> None:
    """Of several publishers the first whose model is whole: one on the real hub has lost its weights for some pairs."""
    files = {name: name.encode() for name in ("model.bin", "config.json", "shared_vocabulary.json", "source.spm", "target.spm")}
    rest = {"README.md": b"# A model", "vocab.json": b"{}"}
    hub.repositories["ooeoeo/opus-mt-es-en-ct2-float16"] = Repository({**files, **rest})
    hub.repositories["gaudi/opus-mt-en-es-ctranslate2"] = Repository({name: content for name, content in files.items() if name != "model.bin"})
    hub.repositories["michaelfeil/ct2fast-opus-mt-en-es"] = Repository({**files, **rest})

    done = nutshell("models", "pull", "translate:es", "--yes")
    listed = nutshell("models", "list").stdout
    nowhere = nutshell("models", "pull", "translate:en-fr", "--yes")
    unknown = nutshell("models", "pull", "translate:xx", "--yes")

    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [str(settings.models_dir / f"translate-{pair}") for pair in ("en-es", "es-en")]
    assert {path.name for path in (settings.models_dir / "translate-en-es").iterdir()} == {*files, MARKER}
    assert "michaelfeil/ct2fast-opus-mt-en-es" in listed
    assert "installed  translate-es-en" in listed
    assert "translate-en-fr" not in listed, "what could be pulled is one line"
    assert (nowhere.returncode, "None of ooeoeo/opus-mt-en-fr-ct2-float16, gaudi/" in last_line(nowhere)) == (3, True), nowhere.stderr
    assert (unknown.returncode, "translate:CODE for af, ar," in last_line(unknown)) == (2, True)
