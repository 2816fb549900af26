"""Files of a model, from its publisher into the models folder: they go on where an earlier call stopped, and appear when every one of them was checked.

What is half there lies in a hidden folder beside the place where the model will be, each file named after its content. So a second call goes on with it even
where the publisher has made another commit in between, and never mixes two.
"""

import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import ModelError, NutshellError, cause
from pipeline.hub import marker
from pipeline.hub.lookup import CLIENT, File, Offer, Snapshot, told

if TYPE_CHECKING:
    import httpx2

BLOCK = 1 << 20
SILENCE = 30.0
"""Seconds without a byte after which a connection is given up."""
TRIES = 5
"""In a row and without a byte more."""
PASSING = frozenset({408, 429, 500, 502, 503, 504})
"""Statuses by which a server says that it may be otherwise in a moment."""
SPARE = 200 * 1024**2
"""Bytes of the disk that are left alone: the database needs some."""

Grown = Callable[[int], None]
"""Told how many bytes more there are; fewer when a server begins anew."""


def fetch(offer: Offer, snapshot: Snapshot, grown: Grown) -> Path:
    """The offer's folder, with the files of `snapshot` in it.

    Raises:
        SourceError: `hub_unreachable`, `hub_gated`, `hub_refused`; what came is kept, and the next call goes on.
        ModelError: `model_broken`, a file is not what the hub says it is, and was thrown away; `storage`; `pulling`, another call is at it.
    """
    try:
        with _alone(offer.folder.parent), told(snapshot.repository):
            half = half_folder(offer)
            half.mkdir(exist_ok=True)
            _sweep(half, snapshot)
            digests = {file.name: _bring(snapshot, file, half / _kept(file), grown) for file in snapshot.files}
            _place(offer, snapshot, half, digests)
    except NutshellError:
        raise
    except OSError as error:
        raise cause("storage", f"{offer.folder.parent}: {error.strerror or error}. What came is kept; the next call goes on.") from error
    return offer.folder


def here_already(offer: Offer, snapshot: Snapshot) -> int:
    """Bytes of the snapshot that an earlier call brought."""
    half = half_folder(offer)
    return sum(min(file.size, _size(half / _kept(file))) for file in snapshot.files)


def check_room(folder: Path, missing: int) -> int:
    """Bytes that are free on the disk of `folder`, which need not be there yet.

    Raises:
        ModelError: `storage`, fewer than `missing` and a reserve.
    """
    free = shutil.disk_usage(next(path for path in (folder, *folder.parents) if path.exists())).free
    if free < missing + SPARE:
        raise cause("storage", f"{(missing + SPARE) / 1e9:.1f} GB are needed in {folder} and {free / 1e9:.1f} GB are free.")
    return free


def half_folder(offer: Offer) -> Path:
    return offer.folder.with_name(f".{offer.folder.name}.part")


def _kept(file: File) -> str:
    return f"{(file.sha256 or file.blob)[:16]}.{file.name}"


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _sweep(half: Path, snapshot: Snapshot) -> None:
    """Leave what can go on only: files of other contents, and files longer than they may be, go."""
    known = {_kept(file): file for file in snapshot.files}
    for file in snapshot.files:
        if (half / file.name).exists():  # a call was ended between giving the names and moving the folder
            (half / file.name).replace(half / _kept(file))
    for path in half.iterdir():
        if path.name not in known or path.stat().st_size > known[path.name].size:
            path.unlink()


def _bring(snapshot: Snapshot, file: File, path: Path, grown: Grown) -> str:
    """Have all of the file at `path`, going on with what is there; its SHA-256. A line that breaks is taken up again by itself."""
    import httpx2
    from huggingface_hub.errors import HfHubHTTPError

    path.touch()
    left = TRIES
    while (have := path.stat().st_size) < file.size:
        trouble: Exception | None = None
        try:
            _append(snapshot, file, path, grown)
        except (httpx2.TransportError, HfHubHTTPError) as error:
            if isinstance(error, HfHubHTTPError) and error.response.status_code not in PASSING:
                raise
            trouble = error
        if path.stat().st_size > have:
            left = TRIES
            continue
        if trouble is None:  # it ended as if that were all; asking again would not change its mind
            raise cause("hub_refused", f"It sends only {have} of the {file.size} bytes of {file.name} of {snapshot.repository}.")
        left -= 1
        if not left:
            raise trouble
        time.sleep(TRIES - left)
    return _checked(snapshot, file, path)


def _append(snapshot: Snapshot, file: File, path: Path, grown: Grown) -> None:
    with path.open("r+b") as out:
        have = out.seek(0, os.SEEK_END)
        with _answer(snapshot, file, have) as response:
            at = have if response.status_code == 206 else 0  # 200: a server that knows no ranges begins anew
            grown(at - have)
            out.truncate(at)
            out.seek(at)
            for block in response.iter_raw():
                at += len(block)
                if at > file.size:
                    raise _not_it(snapshot, file, path, "is longer than it says")
                out.write(block)
                grown(len(block))
        out.flush()
        os.fsync(out.fileno())


@contextmanager
def _answer(snapshot: Snapshot, file: File, start: int) -> "Iterator[httpx2.Response]":
    """By our own request and not by hf_hub_download, which throws a half file away when it is interrupted (huggingface_hub 2.4)."""
    from huggingface_hub import get_session, hf_hub_url, hf_raise_for_status
    from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined]  # documented, but exported by name only

    # A packed answer would have neither the size nor the ranges of the file.
    headers = {**build_hf_headers(library_name=CLIENT), "Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
    url = hf_hub_url(snapshot.repository, file.name, revision=snapshot.commit)
    with get_session().stream("GET", url, headers=headers, follow_redirects=True, timeout=SILENCE) as response:
        hf_raise_for_status(response)
        yield response


def _checked(snapshot: Snapshot, file: File, path: Path) -> str:
    """The file's SHA-256, when its content is what the hub says."""
    with path.open("rb") as content:
        sha256 = hashlib.file_digest(content, "sha256").hexdigest()
        if file.sha256:
            same = sha256 == file.sha256
        else:
            content.seek(0)
            git = hashlib.sha1(f"blob {file.size}\0".encode(), usedforsecurity=False)
            while block := content.read(BLOCK):
                git.update(block)
            same = not file.blob or git.hexdigest() == file.blob
    if not same:
        raise _not_it(snapshot, file, path, "has another digest than it says")
    return sha256


def _not_it(snapshot: Snapshot, file: File, path: Path, how: str) -> ModelError:
    path.unlink()
    return ModelError(
        "model_broken", f"{file.name} of {snapshot.repository} came damaged: it {how}. It was thrown away; the next call fetches it again."
    )


def _place(offer: Offer, snapshot: Snapshot, half: Path, digests: dict[str, str]) -> None:
    """Files get their names, the marker says what they are, and the folder its name at once."""
    for file in snapshot.files:
        (half / _kept(file)).replace(half / file.name)
    told_ = {
        "name": offer.name,
        "repository": snapshot.repository,
        "revision": snapshot.commit,
        "licence": snapshot.licence or offer.licence,
    }
    marker.write(half, told_, digests)
    old = offer.folder.with_name(f".{offer.folder.name}.old")
    if offer.folder.exists():  # no longer whole, else nothing would have been fetched
        offer.folder.replace(old)
    half.replace(offer.folder)
    shutil.rmtree(old, ignore_errors=True)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One call at a time; the lock goes with the process that holds it."""
    import fcntl  # not on Windows, where nothing runs this

    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".pull.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise cause("pulling") from error
        yield
