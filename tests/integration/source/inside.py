"""What must not be reached, and who would notice: a listener on every loopback address, and a record of every connection that this process makes."""

import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

SECRET = b"the secret of the machine inside"


class Trap:
    """Listens on IPv4 and, where there is any, IPv6; answers everybody with the secret."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("0.0.0.0", 0))
        self.port = self.socket.getsockname()[1]
        self.visits = 0
        self.sockets = [self.socket]
        with suppress(OSError):  # no IPv6 here, or the port is taken there
            self.sockets.append(socket.create_server(("::", self.port), family=socket.AF_INET6))
        for listener in self.sockets:
            threading.Thread(target=self._serve, args=(listener,), daemon=True).start()

    def _serve(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            self.visits += 1
            with connection, suppress(OSError):
                connection.settimeout(2)
                connection.recv(4096)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + SECRET)

    def close(self) -> None:
        for listener in self.sockets:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()


class Connections:
    """Where this process connects to while `watched`. What is not on this machine is refused: a test sends nothing out."""

    def __init__(self) -> None:
        self.watching = False
        self.made: list[Any] = []
        self.refused: list[Any] = []
        sys.addaudithook(self._hook)  # stays for ever, hence `watching`

    def _hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event != "socket.connect" or not self.watching:
            return
        address = arguments[1]
        if isinstance(address, tuple) and address[0] not in ("127.0.0.1", "::1"):
            self.refused.append(address)
            raise ConnectionRefusedError(f"a test does not connect to {address}")
        self.made.append(address)

    @contextmanager
    def watched(self) -> Iterator[None]:
        self.made.clear()
        self.refused.clear()
        self.watching = True
        try:
            yield
        finally:
            self.watching = False
