"""A small OpenAI-compatible server, as NUTSHELL_LLM_URL may name any: it says what the test tells it to, in words that come one by one."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask, Response, jsonify, request
from werkzeug.serving import make_server


class Model:
    """What the server says. `text`: the answer to everything; `asked`: the requests so far."""

    def __init__(self) -> None:
        self.text = "Nobody knows."
        self.asked: list[dict[str, object]] = []
        self.url = ""

    def app(self) -> Flask:
        app = Flask("llm")

        @app.get("/v1/models")
        def models() -> Response:
            return jsonify(data=[{"id": "tiny", "max_model_len": 4096}])

        @app.post("/v1/chat/completions")
        def chat() -> Response:
            self.asked.append(request.get_json())
            return Response(self._events(), mimetype="text/event-stream")

        return app

    def _events(self) -> Iterator[str]:
        for word in self.text.split(" "):
            yield f"data: {json.dumps({'choices': [{'index': 0, 'delta': {'content': word + ' '}, 'finish_reason': None}]})}\n\n"
        yield "data: [DONE]\n\n"


@contextmanager
def running_model() -> Iterator[Model]:
    model = Model()
    server = make_server("127.0.0.1", 0, model.app(), threaded=True)
    model.url = f"http://127.0.0.1:{server.server_port}/v1"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield model
    server.shutdown()
    thread.join()
