"""The language model process with a tiny model: its API, its client, and what happens when either of them dies."""

import json
import os
import signal
import socket as sockets
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from pipeline.config import Settings
from pipeline.errors import ContextTooLong, ModelError
from pipeline.language.generator import Priority, Prompt, open_generator
from pipeline.language.remote import RemoteGenerator
from tests.integration.language.conftest import Open
from tests.integration.language.processes import children, running, wait_until_healthy

PROMPTS = [
    Prompt("Say what the text says.", f"{number} The bees dance to tell the others. " * (1 + number % 3), 10 + number, stop=("zz",))
    for number in range(12)
]


@pytest.fixture(scope="module", name="lm")
def _lm(tiny_folder: Path) -> Iterator[Settings]:
    with tempfile.TemporaryDirectory(prefix="nutshell-") as home:
        settings = Settings(home=Path(home), llm_model=str(tiny_folder))
        own = {"llm_model": str(tiny_folder), "llm_dtype": "float32", "device": "cpu"}  # in bf16 half of the candidates of random weights are ties
        with running("workers.lm", settings, socket=settings.lm_socket, **own) as process:
            settings.__dict__["process"] = process
            yield settings


@pytest.fixture(name="generator")
def _generator(lm: Settings) -> Iterator[RemoteGenerator]:
    generator = open_generator(lm, in_process=False)
    assert isinstance(generator, RemoteGenerator)
    yield generator
    generator.close()


@pytest.fixture(name="client")
def _client(lm: Settings) -> Iterator[httpx2.Client]:
    with httpx2.Client(transport=httpx2.HTTPTransport(uds=str(lm.lm_socket)), base_url="http://nutshell", timeout=60.0) as client:
        yield client


def test_the_client_sees_the_model_as_it_is(generator: RemoteGenerator, open_tiny: Open) -> None:
    local = open_tiny()

    assert (generator.model, generator.window, generator.languages) == ("tiny-vicuna-7b", 2048, frozenset({"en"}))
    for text in ("", "The bees dance.", "née 日本語 😀"):
        assert generator.count(text) == local.count(text)
    assert [generator.room(prompt) for prompt in PROMPTS] == [local.room(prompt) for prompt in PROMPTS]


def test_answers_over_the_wire_are_those_of_the_model(generator: RemoteGenerator, open_tiny: Open) -> None:
    """The process rounds keys and values, so a tie may fall otherwise now and then; most answers must be the same."""
    finished: list[int] = []

    answers = generator.generate(PROMPTS, on_done=lambda index, answer: finished.append(index))

    expected = open_tiny().generate(PROMPTS)
    assert sorted(finished) == list(range(len(PROMPTS)))
    assert sum(one == other for one, other in zip(answers, expected, strict=True)) >= 9
    assert generator.generate(PROMPTS) == answers
    assert generator.generate([]) == []


def test_a_stream_is_the_same_answer_in_pieces(generator: RemoteGenerator) -> None:
    pieces = list(generator.stream(PROMPTS[3]))

    assert len(pieces) > 1
    assert "".join(pieces).strip() == generator.generate([PROMPTS[3]])[0]


def test_likelihoods_over_the_wire_are_those_of_the_model(generator: RemoteGenerator, client: httpx2.Client, open_tiny: Open) -> None:
    answers = [f"number {number}" for number in range(len(PROMPTS))]

    found = generator.likelihoods(PROMPTS, answers)

    assert found == pytest.approx(open_tiny().likelihoods(PROMPTS, answers), rel=0.02)  # keys and values are rounded there
    assert len({round(value, 2) for value in found or ()}) > 6
    assert generator.likelihoods([], []) == []
    for body in ({"prompts": ["a"], "answers": ["b", "c"]}, {"prompts": [], "answers": []}, {"prompts": ["a"], "answers": [""]}, {"prompts": [""], "answers": ["b"]}):
        refused = client.post("/v1/likelihoods", json=body)
        assert (refused.status_code, refused.json()["error"]["code"]) == (422, "bad_request")


def test_a_prompt_that_does_not_fit_is_refused_before_anything_is_done(generator: RemoteGenerator) -> None:
    long = Prompt("", "The bees dance. " * 800, 10)
    with pytest.raises(ContextTooLong) as error:
        generator.generate([PROMPTS[0], long])
    assert error.value.window == 2048
    with pytest.raises(ContextTooLong):
        list(generator.stream(long))
    assert generator.room(long) < 0


def test_one_who_hangs_up_frees_the_engine(generator: RemoteGenerator, client: httpx2.Client) -> None:
    """Eight endless answers fill all batch slots; their caller goes; the next one does not wait for them."""
    started = threading.Event()

    def hang_up() -> None:
        with client.stream(
            "POST", "/v1/completions", json={"prompt": ["The bees dance."] * 8, "max_tokens": 2000, "stream": True, "priority": 10}
        ) as response:
            for _ in response.iter_lines():
                started.set()
                return

    hang_up()
    assert started.is_set()
    begun = time.monotonic()
    assert generator.generate([Prompt("", "quick", 4)], priority=Priority.BATCH)
    assert time.monotonic() - begun < 60


def test_the_api_is_openais(client: httpx2.Client) -> None:
    models = client.get("/v1/models").json()["data"]
    assert models[0]["id"] == "tiny-vicuna-7b"
    assert models[0]["max_model_len"] == 2048

    body = client.post("/v1/completions", json={"prompt": "The bees dance.", "max_tokens": 5, "temperature": 0.7}).json()
    assert body["object"] == "text_completion"
    assert body["choices"][0]["finish_reason"] in ("length", "stop")
    assert body["usage"]["completion_tokens"] <= 5
    assert body["usage"]["prompt_tokens"] == client.post("/tokenize", json={"prompt": "The bees dance."}).json()["count"]

    chat = {"messages": [{"role": "system", "content": "Be short."}, {"role": "user", "content": "Why?"}], "max_tokens": 5}
    assert client.post("/v1/chat/completions", json=chat).json()["choices"][0]["message"]["role"] == "assistant"
    lines = [
        line
        for line in client.post(
            "/v1/chat/completions", json={**chat, "stream": True, "stream_options": {"include_usage": True}}
        ).text.splitlines()
        if line
    ]
    assert lines[-1] == "data: [DONE]"
    events = [json.loads(line[6:]) for line in lines[:-1] if line.startswith("data: ")]
    assert events[-1]["usage"]["completion_tokens"] <= 5
    assert events[-2]["choices"][0]["finish_reason"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"prompt": []},
        {"prompt": "x", "max_tokens": 0},
        {"prompt": 5},
        {"prompt": "x", "n": 2},
        {"prompt": ["x", "y"], "each": [{"max_tokens": 3}]},
        None,
    ],
)
def test_bad_requests_are_refused_in_a_sentence(client: httpx2.Client, body: object) -> None:
    answer = client.post("/v1/completions", json=body) if body != {} else client.post("/v1/chat/completions", json={})

    assert answer.status_code == 422
    assert answer.json()["error"]["code"] == "bad_request"


def test_a_killed_worker_comes_back_and_callers_are_told(lm: Settings, generator: RemoteGenerator) -> None:
    process = lm.__dict__["process"]
    (worker,) = children(process.pid)
    stream = generator.stream(Prompt("", "The bees dance.", 1900))
    next(stream)
    os.kill(worker, signal.SIGKILL)

    with pytest.raises(ModelError) as error:
        list(stream)
    assert (error.value.code, error.value.retryable) == ("model_unavailable", True)
    wait_until_healthy(process, lm.lm_socket, "http://nutshell", lm.home / "workers.lm.log")
    assert children(process.pid) != [worker]
    assert generator.generate([PROMPTS[0]])


def test_nobody_home(tmp_path: Path) -> None:
    generator = open_generator(Settings(home=tmp_path), in_process=False)
    with pytest.raises(ModelError) as error:
        generator.generate([PROMPTS[0]])
    assert (error.value.code, error.value.retryable) == ("model_unavailable", True)


def test_a_model_that_cannot_be_loaded_says_why_to_everyone() -> None:
    with tempfile.TemporaryDirectory(prefix="nutshell-") as home:
        settings = Settings(home=Path(home))
        with running("workers.lm", settings, socket=settings.lm_socket, healthy=False, llm_model="not-there"):
            generator = open_generator(settings, in_process=False)
            with pytest.raises(ModelError, match="NUTSHELL_LLM_MODEL is not-there") as error:
                generator.generate([PROMPTS[0]])
            assert (error.value.code, error.value.retryable) == ("model_missing", False)


def test_an_address_needs_the_token(tiny_folder: Path, tmp_path: Path) -> None:
    with sockets.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    settings = Settings(home=tmp_path, lm_address=address, internal_token="secret")
    common = {"socket": None, "base": f"http://{address}", "llm_model": str(tiny_folder), "lm_address": address}
    with running("workers.lm", settings, internal_token="secret", **common):
        assert open_generator(settings, in_process=False).generate([PROMPTS[0]])
        stranger = open_generator(Settings(home=tmp_path, lm_address=address, internal_token="guess"), in_process=False)
        with pytest.raises(ModelError, match="token"):
            stranger.generate([PROMPTS[0]])
    with pytest.raises(AssertionError, match="NUTSHELL_INTERNAL_TOKEN"), running("workers.lm", settings, **common):
        pass
