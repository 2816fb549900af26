"""The client against servers that are not ours, each as it behaves on the wire: vLLM, llama.cpp's server, Ollama, and broken ones."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask, Response, jsonify, request
from werkzeug.serving import make_server

from pipeline.config import Settings
from pipeline.errors import ContextTooLong, ModelError
from pipeline.language import connection
from pipeline.language.generator import Prompt, open_generator
from pipeline.language.remote import RemoteGenerator, estimate

ASKED = Prompt("Be short.", "Why do bees dance?", 20, stop=("\n",))
NUMBERED = Prompt("Be short.", "(1) They dance. (2) They fly. Why do bees dance?", 60, min_tokens=9, numbered=2)


class Server:
    """An OpenAI-compatible server that answers with the last word of the question, and remembers what it was asked."""

    def __init__(
        self,
        *,
        window: int | None = None,
        counts: str = "",
        properties: dict[str, Any] | None = None,
        reads: int | None = None,
        key: str = "",
        owner: str = "somebody",
    ) -> None:
        self.asked: list[dict[str, Any]] = []
        self.trouble: list[tuple[int, dict[str, Any]]] = []
        self.busy, self.most = 0, 0
        self.slow = 0.0
        self.app = Flask("server")
        self._lock = threading.Lock()
        card = {"id": "Qwen2.5-7B-Instruct", "object": "model", "owned_by": owner} | ({"max_model_len": window} if window else {})

        @self.app.before_request
        def check() -> Any:
            if key and request.headers.get("Authorization") != f"Bearer {key}":
                return jsonify(error={"message": "Invalid key"}), 401
            if self.trouble:
                status, body = self.trouble.pop(0)
                return jsonify(body), status
            return None

        @self.app.get("/v1/models")
        def models() -> Any:
            return jsonify(object="list", data=[card, {**card, "id": "other"}])

        @self.app.post("/v1/chat/completions")
        def chat() -> Any:
            body = request.get_json()
            return self._answer(body, body["messages"][-1]["content"], lambda text: {"delta": {"content": text}})

        @self.app.post("/v1/completions")
        def completions() -> Any:
            body = request.get_json()
            return self._answer(body, body["prompt"], lambda text: {"text": text})

        if counts:
            self.app.post("/tokenize", endpoint="tokenize")(lambda: self._count(counts))
        if properties is not None:
            self.app.get("/props", endpoint="props")(lambda: jsonify(properties))
        self._reads = reads

    def _count(self, key: str) -> Any:
        body = request.get_json()
        if key not in body:
            return jsonify(error={"message": f"{key} is missing"}), 400
        tokens = list(range(len(body[key].split())))
        return jsonify(tokens=tokens) if key == "content" else jsonify(tokens=tokens, count=len(tokens), max_model_len=99)

    def _answer(self, body: dict[str, Any], text: str, shape: Callable[[str], dict[str, Any]]) -> Any:
        with self._lock:
            self.asked.append(body)
            self.busy += 1
            self.most = max(self.most, self.busy)

        def stream() -> Iterator[str]:
            try:
                for piece in (text.split()[-1], "!"):
                    time.sleep(self.slow)
                    yield f"data: {json.dumps({'choices': [{'index': 0, 'finish_reason': None, **shape(piece)}]})}\n\n"
                read = self._reads or len(text) // 4
                yield f"data: {json.dumps({'choices': [], 'usage': {'prompt_tokens': read}})}\n\n"
                yield "data: [DONE]\n\n"
            finally:
                with self._lock:
                    self.busy -= 1

        return Response(stream(), mimetype="text/event-stream")


@contextmanager
def serving(server: Server) -> Iterator[str]:
    with serving_app(server.app) as url:
        yield url


@contextmanager
def serving_app(app: Flask) -> Iterator[str]:
    """Its API's address."""
    running = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=running.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{running.server_port}/v1"
    finally:
        running.shutdown()
        thread.join()


def generator_for(url: str, **settings: Any) -> RemoteGenerator:
    generator = open_generator(Settings(llm_url=url, **settings), in_process=True)
    assert isinstance(generator, RemoteGenerator)
    return generator


@pytest.fixture(autouse=True)
def _no_long_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "PAUSES", (0.01, 0.01))


def test_vllm_counts_and_answers() -> None:
    server = Server(window=100, counts="prompt")
    with serving(server) as url:
        generator = generator_for(url)
        assert (generator.model, generator.window) == ("Qwen2.5-7B-Instruct", 100)
        assert "zh" in generator.languages
        assert generator.count("one two three") == 3
        assert generator.generate([ASKED, Prompt("", "Who sings?", 5)]) == ["dance?!", "sings?!"]
        assert "".join(generator.stream(ASKED)) == "dance?!"
    first = next(asked for asked in server.asked if asked["messages"][-1]["content"] == "Why do bees dance?")  # both were sent at once
    assert first["messages"][0] == {"role": "system", "content": "Be short."}
    assert (first["temperature"], first["stop"]) == (0, ["\n"])
    assert "priority" not in first  # a vLLM without priority scheduling refuses it


def test_a_server_of_others_tells_no_likelihood() -> None:
    with serving(Server(window=900, counts="prompt")) as url:
        assert generator_for(url).likelihoods([ASKED], ["Because."]) is None


def test_whether_a_server_thinks_first_is_for_the_setting_to_say_where_no_card_knows_its_size() -> None:
    with serving(Server(window=900, counts="prompt")) as url:
        assert [generator_for(url, llm_steps=wish).steps for wish in ("auto", "on", "off")] == [False, True, False]


def test_a_prompt_that_does_not_fit_never_leaves_the_house() -> None:
    server = Server(window=100, counts="prompt")
    with serving(server) as url:
        generator = generator_for(url)
        with pytest.raises(ContextTooLong):
            generator.generate([ASKED, Prompt("", "word " * 30, 20)])
        assert generator.room(Prompt("", "word " * 10, 5)) == 100 - 10 - 5 - 64
    assert server.asked == []


def test_llama_cpp_says_its_window_elsewhere_and_counts_otherwise() -> None:
    with serving(Server(counts="content", properties={"default_generation_settings": {"n_ctx": 4096}})) as url:
        generator = generator_for(url)
        assert generator.window == 4096
        assert generator.count("one two three") == 3


def test_a_window_that_nobody_knows_is_asked_for() -> None:
    with serving(Server()) as url:
        with pytest.raises(ModelError, match="NUTSHELL_LLM_WINDOW") as error:
            generator_for(url).generate([ASKED])
        assert error.value.code == "window_unknown"
        generator = generator_for(url, llm_window=2048)
        assert generator.window == 2048
        assert generator.count("The bees dance.") == estimate("The bees dance.")
        assert generator.generate([ASKED]) == ["dance?!"]


def test_a_server_that_cuts_silently_is_found_out() -> None:
    with serving(Server(reads=512)) as url:
        generator = generator_for(url, llm_window=8192)
        with pytest.raises(ModelError, match="num_ctx") as error:
            generator.generate([Prompt("", "The bees dance for the others. " * 200, 20)])
        assert error.value.code == "model_truncates"


def test_a_family_means_that_we_write_the_request_down() -> None:
    server = Server(window=500, counts="prompt")
    with serving(server) as url:
        generator_for(url, llm_family="vicuna").generate([ASKED])
    assert server.asked[0]["prompt"].endswith("USER: Be short.\n\nWhy do bees dance? ASSISTANT:")
    assert server.asked[0]["stop"] == ["\n", "USER:", "ASSISTANT:"]


def test_the_named_model_is_asked_for_and_a_wrong_name_is_told() -> None:
    server = Server(window=500)
    with serving(server) as url:
        assert generator_for(url, llm_name="other").model == "other"
        with pytest.raises(ModelError, match=r"no model third.*other") as error:
            generator_for(url, llm_name="third").model  # noqa: B018
        assert error.value.code == "model_missing"


def test_the_key_is_sent_and_a_wrong_one_is_told() -> None:
    with serving(Server(window=500, key="secret")) as url:
        assert generator_for(url, llm_key="secret").generate([ASKED]) == ["dance?!"]
        with pytest.raises(ModelError, match="NUTSHELL_LLM_KEY") as error:
            generator_for(url, llm_key="guess").generate([ASKED])
        assert not error.value.retryable


def test_a_busy_server_is_asked_again_and_a_broken_one_given_up() -> None:
    server = Server(window=500)
    with serving(server) as url:
        generator = generator_for(url)
        assert generator.window == 500
        server.trouble = [(503, {"error": "loading"}), (429, {})]
        assert generator.generate([ASKED]) == ["dance?!"]
        server.trouble = [(503, {})] * 3
        with pytest.raises(ModelError) as error:
            generator.generate([ASKED])
        assert (error.value.code, error.value.retryable) == ("model_unavailable", True)
        server.trouble = [(400, {"error": {"message": "temperature is not supported"}})]
        with pytest.raises(ModelError, match="temperature is not supported") as error:
            generator.generate([ASKED])
        assert (error.value.code, error.value.retryable) == ("model_denied", False)


def test_a_connection_that_was_promised_to_be_kept_and_is_closed_is_opened_again() -> None:
    """llama.cpp's server did this about once in ten answers, and the summary waited for the next try of its stage."""
    asked: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve(until: int) -> None:
            line = listener.accept()[0]
            with line, line.makefile("rwb") as file:
                while head := [*iter(lambda: file.readline().strip().lower(), b"")]:
                    length = next(int(field.partition(b":")[2]) for field in head if field.startswith(b"content-length"))
                    asked.append(json.loads(file.read(length))["content"])
                    if len(asked) == until:
                        return
                    file.write(b'HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 15\r\n\r\n{"tokens": [1]}')
                    file.flush()

        thread = threading.Thread(target=lambda: [serve(until) for until in (2, 9)])
        thread.start()
        server = connection.Connection(f"http://127.0.0.1:{listener.getsockname()[1]}/v1", name="It")
        answers = [server.post("/tokenize", {"content": word}) for word in ("one", "two")]
        server.close()
        thread.join()

    assert answers == [{"tokens": [1]}] * 2
    assert asked == ["one", "two", "two"]


def test_many_prompts_go_out_together_and_end_together() -> None:
    server = Server(window=500)
    server.slow = 0.05
    with serving(server) as url:
        generator = generator_for(url)
        prompts = [Prompt("", f"Say number{index}", 5) for index in range(30)]
        assert generator.generate(prompts) == [f"number{index}!" for index in range(30)]
        assert 2 <= server.most <= 8
        server.asked.clear()

        def stop(index: int, answer: str) -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            generator.generate(prompts, on_done=stop)
        assert len(server.asked) < 30


def test_a_server_that_refuses_a_schema_is_asked_in_free_text_from_then_on() -> None:
    server = Server(window=4096, counts="prompt")

    @server.app.before_request
    def refuse() -> Any:
        if request.method == "POST" and "response_format" in (request.get_json(silent=True) or {}):
            return jsonify(error={"message": "response_format is not supported"}), 400
        return None

    with serving(server) as url:
        generator = generator_for(url)
        answers = [generator.generate([NUMBERED])[0] for _ in range(2)]

    assert answers == ["dance?!", "dance?!"]
    assert not any("response_format" in body for body in server.asked)


def test_a_schema_goes_without_a_least_length() -> None:
    """vLLM fails, or writes on without sense, where the grammar is at its end and the end is forbidden."""
    server = Server(window=4096, counts="prompt", owner="vllm")
    with serving(server) as url:
        generator = generator_for(url)
        generator.generate([NUMBERED])
        generator.generate([replace(NUMBERED, numbered=0)])

    first, second = server.asked
    assert "response_format" in first
    assert "min_tokens" not in first
    assert "response_format" not in second
    assert second["min_tokens"] == NUMBERED.min_tokens


def test_nobody_there() -> None:
    with serving(Server()) as url:
        pass
    with pytest.raises(ModelError, match="NUTSHELL_LLM_URL") as error:
        generator_for(url).generate([ASKED])
    assert error.value.retryable


@pytest.mark.parametrize(
    "text", ["The bees dance. " * 50, "12345 " * 50, "日本語の文章です。" * 50, "Привет, мир! " * 50, "😀" * 50, "née über straße " * 50]
)
def test_an_estimate_is_never_too_low(text: str) -> None:
    from tests.integration.language.tiny import tokenizer  # cuts finer than any real one

    assert estimate(text) >= len(text.split())
    if text.isascii() and "1" not in text:
        assert estimate(text) >= len(text) / 4
    assert estimate("") == 0
    assert estimate(text) <= len(tokenizer().encode(text).ids) * 2
