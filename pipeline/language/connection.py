"""HTTP to a model server: requests, event streams, and what their failures mean."""

import json
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing, contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import httpx2
import structlog

from pipeline.errors import ContextTooLong, ModelError

log = structlog.get_logger(__name__)

PAUSES = (0.5, 1.0, 2.0, 4.0)
"""Seconds before each new try when nothing has reached the server: a model process is started again within a few seconds."""
BEAT = 0.25
"""Longest pause between two calls of `beat` while nothing is waited for but time."""
BUSY = frozenset({429, 502, 503, 504})


_beat: ContextVar[Callable[[], None]] = ContextVar("beat", default=lambda: None)


@contextmanager
def beating(beat: Callable[[], None]) -> Iterator[None]:
    """Inside, `beat` is called while an answer is waited for, at each of its pieces and at the signs of life between them. What it raises ends the request and, on
    the server, the work: so who has been cancelled does not wait for the end of a long answer."""
    token = _beat.set(beat)
    try:
        yield
    finally:
        _beat.reset(token)


class Connection:
    """One server. Thread-safe. `name` is what sentences call it."""

    def __init__(
        self,
        base: str,
        *,
        name: str,
        socket: Path | None = None,
        token: str = "",
        verify: bool = True,
        own: bool = False,
        silence: float = 600.0,
    ) -> None:
        """`own`: a process of ours, so no proxy stands between; `silence`: seconds without a word after which it is given up."""
        transport = httpx2.HTTPTransport(uds=str(socket)) if socket else None
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        timeout = httpx2.Timeout(silence, connect=5.0)
        self.name, self.own = name, own
        self._base = base.rstrip("/")
        self._client = httpx2.Client(transport=transport, headers=headers, timeout=timeout, trust_env=not own, verify=verify)

    def get(self, path: str) -> dict[str, Any]:
        """The JSON object at `path`, which is relative to the base, or to the server's root when it begins with a slash.

        Raises:
            ModelError: see `failure`.
        """
        return self._object("GET", path, None)

    def post(self, path: str, body: Mapping[str, object]) -> dict[str, Any]:
        """The answer to a question that changes nothing on the server, so it may be asked again."""
        return self._object("POST", path, body)

    def has(self, path: str, body: Mapping[str, object] | None = None) -> dict[str, Any] | None:
        """As `get` or `post`, but None when the server knows no such path or does not like the question."""
        try:
            return self._object("POST" if body is not None else "GET", path, body)
        except ModelError as error:
            if error.code == "model_denied":
                return None
            raise

    def events(self, path: str, body: Mapping[str, object]) -> Generator[dict[str, Any]]:
        """The objects of a server-sent stream. Closing the iterator closes the connection, which ends the work on the server.

        Raises:
            ModelError: see `failure`; `model_unavailable` also when the stream breaks off.
        """
        with closing(self._open("POST", path, body)) as response:
            try:
                for line in response.iter_lines():
                    _beat.get()()
                    if line.startswith("data:") and (data := line[5:].strip()) != "[DONE]":
                        event = json.loads(data)
                        if "error" in event:
                            raise failure(self.name, 500, event)
                        yield event
            except (httpx2.TransportError, json.JSONDecodeError) as error:
                raise unavailable(self.name) from error

    def close(self) -> None:
        self._client.close()

    def _object(self, method: str, path: str, body: Mapping[str, object] | None) -> dict[str, Any]:
        with closing(self._open(method, path, body)) as response:
            try:
                response.read()
                found = response.json()
            except (httpx2.TransportError, json.JSONDecodeError, UnicodeDecodeError) as error:
                raise unavailable(self.name) from error
        if not isinstance(found, dict):
            raise ModelError("model_denied", f"{self.name} answers with something else than expected. Check its address.")
        return found

    def _open(self, method: str, path: str, body: Mapping[str, object] | None) -> httpx2.Response:
        """The response, its body still unread. Tried again while the server is not reached or says that it is busy."""
        for pause in (*PAUSES, None):
            request = self._client.build_request(method, self._url(path), json=body)
            try:
                response = self._send(request)
            except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
                trouble: ModelError = unavailable(self.name)
                trouble.__cause__ = error
            except (httpx2.TransportError, httpx2.InvalidURL) as error:
                raise unavailable(self.name) from error
            else:
                if response.is_success:
                    return response
                trouble = _read_failure(self.name, response)
                if response.status_code not in BUSY or not trouble.retryable:
                    raise trouble
            if pause is None:
                raise trouble
            log.info("model server not ready", server=self.name, code=trouble.code, pause=pause)
            _pause(pause)
        raise AssertionError("unreachable")

    def _send(self, request: httpx2.Request) -> httpx2.Response:
        """Once more where the line was cut before a word of the answer: llama.cpp's server closes a connection that it promised to keep, now and then while the next request is under way."""
        try:
            return self._client.send(request, stream=True)
        except (httpx2.RemoteProtocolError, httpx2.ReadError, httpx2.WriteError):
            log.info("connection was closed, asking again", server=self.name)
            return self._client.send(request, stream=True)

    def _url(self, path: str) -> str:
        root = self._base.removesuffix("/v1")
        return root + path if path.startswith("/") else f"{self._base}/{path}"


def _pause(seconds: float) -> None:
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        _beat.get()()
        time.sleep(min(BEAT, left))


def unavailable(name: str) -> ModelError:
    return ModelError("model_unavailable", f"{name} cannot be reached. It is tried again.", retryable=True, retry_after=5.0)


def failure(name: str, status: int, body: Mapping[str, Any]) -> ModelError:
    """What an answer that is not a success means.

    `context_too_long`, or any code of ours from a process of ours; else `model_unavailable` (retryable) for a busy or broken server, and `model_denied` for
    what an administrator must put right: model name, a request that the server does not take; `model_key` for the key.
    """
    error = body.get("error")
    error = error if isinstance(error, dict) else {"message": str(error or body.get("message") or body.get("detail") or "")}
    if error.get("code") == "context_too_long" and "window" in error:
        return ContextTooLong(int(error["needed"]), int(error["window"]))
    if error.get("type") == "nutshell":
        return ModelError(
            str(error["code"]), str(error["message"]), retryable=bool(error.get("retryable")), retry_after=error.get("retry_after")
        )
    message = str(error.get("message", ""))[:300]
    if status in (401, 403):
        return ModelError("model_key", f"{name} refuses the key. Check NUTSHELL_LLM_KEY.")
    if status in BUSY or status >= 500:
        return ModelError(
            "model_unavailable",
            f"{name} is in trouble (status {status}: {message or 'no reason given'}).",
            retryable=True,
            retry_after=15.0,
        )
    return ModelError("model_denied", f"{name} refuses the request (status {status}: {message or 'no reason given'}).")


def _read_failure(name: str, response: httpx2.Response) -> ModelError:
    with closing(response):
        try:
            response.read()
            body = response.json()
        except (httpx2.TransportError, json.JSONDecodeError, UnicodeDecodeError):
            body = {}
    return failure(name, response.status_code, body if isinstance(body, dict) else {})
