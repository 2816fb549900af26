"""A Hugging Face hub of our own on loopback: what huggingface_hub asks for a model and its files, with the faults that tests want."""

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

LARGE = (".safetensors", ".bin", ".gguf", ".onnx", ".pth")
"""Stored outside of git: the hub states their SHA-256 and sends whoever asks for them to another host."""
TOKEN = "hf_token_of_the_tests"


@dataclass
class Repository:
    files: dict[str, bytes]
    licence: str = "apache-2.0"
    gated: bool = False
    sizes: dict[str, int] = field(default_factory=dict)
    """What the hub says instead of the truth."""

    @property
    def commit(self) -> str:
        return hashlib.sha1(b"".join(name.encode() + content for name, content in sorted(self.files.items()))).hexdigest()

    def info(self, name: str) -> dict[str, Any]:
        siblings = [self._sibling(file, content) for file, content in self.files.items()]
        gated = "manual" if self.gated else False
        return {"id": name, "sha": self.commit, "gated": gated, "cardData": {"license": self.licence}, "siblings": siblings}

    def _sibling(self, name: str, content: bytes) -> dict[str, Any]:
        size = self.sizes.get(name, len(content))
        if name.endswith(LARGE):
            lfs = {"sha256": hashlib.sha256(content).hexdigest(), "size": size, "pointerSize": 134}
            return {"rfilename": name, "size": size, "blobId": hashlib.sha1(name.encode()).hexdigest(), "lfs": lfs}
        return {"rfilename": name, "size": size, "blobId": hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()}


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    host: str
    range: str | None
    authorization: str | None
    agent: str


@dataclass
class Hub:
    port: int = 0
    repositories: dict[str, Repository] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    stop_at: dict[str, int] = field(default_factory=dict)
    """Bytes of a file after which the line breaks, once."""
    hang_at: dict[str, int] = field(default_factory=dict)
    """Bytes of a file after which nothing more comes."""
    other: dict[str, bytes] = field(default_factory=dict)
    """What is sent instead of a file's content."""
    ranges: bool = True
    hanging: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def asked(self, file: str) -> list[Request]:
        """Requests for the content of `file`, at whatever host."""
        return [request for request in self.requests if request.method == "GET" and request.path.endswith(f"/{file}")]

    def fetched(self) -> set[str]:
        return {request.path.rpartition("/")[2] for request in self.requests if "/resolve/" in request.path}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: Hub

    def do_GET(self) -> None:
        self._answer()

    def do_HEAD(self) -> None:
        self._answer()

    def log_message(self, *_: object) -> None:
        pass

    def _answer(self) -> None:
        path, headers = urlsplit(self.path).path, self.headers
        self.hub.requests.append(
            Request(self.command, path, headers["Host"], headers["Range"], headers["Authorization"], headers["User-Agent"] or "")
        )
        if path.startswith("/api/models/"):
            return self._info(path.removeprefix("/api/models/"))
        if path.startswith("/cdn/"):
            repository, file = path.removeprefix("/cdn/").rsplit("/", 1)
            return self._content(repository, file)
        repository, rest = path.strip("/").split("/resolve/")
        return self._resolve(repository, *rest.split("/", 1))

    def _info(self, name: str) -> None:
        repository = self.hub.repositories.get(name)
        if repository is None:
            return self._refuse(404, "RepoNotFound")
        return self._send(200, json.dumps(repository.info(name)).encode(), {"Content-Type": "application/json"})

    def _resolve(self, name: str, commit: str, file: str) -> None:
        repository = self.hub.repositories[name]
        if repository.gated and self.headers["Authorization"] != f"Bearer {TOKEN}":
            return self._refuse(401 if self.headers["Authorization"] is None else 403, "GatedRepo")
        if commit != repository.commit:
            return self._refuse(404, "RevisionNotFound")
        content = repository.files[file]
        headers = {"X-Repo-Commit": commit, "ETag": f'"{hashlib.sha1(content).hexdigest()}"', "Accept-Ranges": "bytes"}
        if not file.endswith(LARGE):
            return self._content(name, file, headers)
        linked = {"X-Linked-Etag": f'"{hashlib.sha256(content).hexdigest()}"', "X-Linked-Size": str(len(content))}
        return self._send(302, b"", {**headers, **linked, "Location": f"http://localhost:{self.hub.port}/cdn/{name}/{file}"})

    def _content(self, name: str, file: str, headers: dict[str, str] | None = None) -> None:
        content = self.hub.other.get(file, self.hub.repositories[name].files[file])
        start = int(self.headers["Range"].removeprefix("bytes=").rstrip("-")) if self.headers["Range"] and self.hub.ranges else 0
        about = {**(headers or {}), "Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}"} if start else headers or {}
        self._send(206 if start else 200, content[start:], about, self._end_of(file, start))

    def _end_of(self, file: str, start: int) -> int | None:
        """Bytes of this answer that are sent, where not all are."""
        if file in self.hub.hang_at:
            return max(0, self.hub.hang_at[file] - start)
        return self.hub.stop_at.pop(file, None)

    def _send(self, status: int, body: bytes, headers: dict[str, str], end: int | None = None) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        self.wfile.write(body[:end])
        if end is not None:
            self.wfile.flush()
            if self.hub.hang_at:
                self.hub.hanging.set()
                self.hub.released.wait(60)
            self.close_connection = True

    def _refuse(self, status: int, code: str) -> None:
        self._send(status, b"{}", {"X-Error-Code": code, "X-Error-Message": "no"})


@contextmanager
def running_hub() -> Iterator[Hub]:
    hub = Hub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("BoundHandler", (Handler,), {"hub": hub}))
    server.daemon_threads = True
    hub.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        hub.released.set()
        server.shutdown()
        server.server_close()
        thread.join()
