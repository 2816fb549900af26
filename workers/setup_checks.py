"""What must hold before anything is started. Each failure is one sentence that names the way out."""

import errno
import ipaddress
import shutil
import socket
from pathlib import Path

from pipeline.config import Settings
from pipeline.errors import InputError, ModelError

LEAST_FREE = 2 * 1024**3
"""Bytes that must be free: room for the models (once), a download and the database's own log."""
GIB = 1024**3


def check_host(settings: Settings) -> None:
    """Raises: InputError `bad_setting`, when the page would be open to a network without a password."""
    if not is_loopback(settings.host) and not settings.password.get_secret_value():
        raise InputError(
            "bad_setting", f"NUTSHELL_HOST is {settings.host}, which others can reach, and no password is set. Set NUTSHELL_PASSWORD, or leave NUTSHELL_HOST at 127.0.0.1."
        )


def is_loopback(host: str) -> bool:
    """Only this machine can reach `host`. An empty host is every address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def check_disk(home: Path, least: int = LEAST_FREE) -> None:
    """Raises: ModelError `storage`, when less than `least` bytes are free where `home` is or will be."""
    folder = next(parent for parent in (home, *home.parents) if parent.exists())
    free = shutil.disk_usage(folder).free
    if free < least:
        raise ModelError(
            "storage", f"Only {free / GIB:.1f} GB are free for the data folder {home}; {least / GIB:.1f} GB are needed. Free some space, or set NUTSHELL_HOME to another disk."
        )


def pick_port(settings: Settings) -> int:
    """The port to listen on: the one set, or any free one for 0.

    Raises:
        InputError: `bad_setting`, when the host is not an address of this machine.
        ModelError: `port_taken`.
    """
    port = _bind(settings.host, settings.port)
    if port is None:
        free = _bind(settings.host, 0)
        raise ModelError("port_taken", f"Port {settings.port} is taken by another program. Stop that program, or choose another port: nutshell up --port {free}")
    return port


def _bind(host: str, port: int) -> int | None:
    try:
        family, kind, _, _, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        with socket.socket(family, kind) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(where)
            return int(listener.getsockname()[1])
    except PermissionError as error:
        raise ModelError("port_taken", f"Port {port} needs more rights than this user has. Choose one above 1023: nutshell up --port 8000") from error
    except socket.gaierror as error:
        raise InputError("bad_setting", f"NUTSHELL_HOST is {host!r}, which is not an address of this machine. Use 127.0.0.1, or an address of this machine.") from error
    except OSError as error:
        if error.errno == errno.EADDRNOTAVAIL:
            raise InputError("bad_setting", f"NUTSHELL_HOST is {host!r}, which is not an address of this machine. Use 127.0.0.1, or an address of this machine.") from error
        return None
