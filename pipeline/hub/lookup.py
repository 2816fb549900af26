"""What a publisher offers on the Hugging Face hub: which files, of which commit, how large, under which licence.

The library huggingface_hub is imported where it is used: it reads from the environment, once, whether it may go online. Only `nutshell models pull` lets it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import ModelError, NutshellError, cause

if TYPE_CHECKING:
    from huggingface_hub import ModelInfo

ANSWER = 20.0
"""Seconds that the hub may take for an answer."""
CLIENT = "nutshell"
"""What we are called in requests, beside the versions of Python and of the library; nothing else is told about this machine."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A model that can be fetched from its publisher."""

    name: str
    """As `nutshell models list` names it."""
    repository: str
    licence: str
    gigabytes: float
    """About; exactly it is known when it was looked up."""
    files: tuple[str, ...]
    """Patterns for the names of the files that our loader reads. Files in folders are never taken: there the same lies in other formats."""
    needed: tuple[str, ...]
    """Patterns of which each must name a file, else there is no model."""
    folder: Path
    """Where it lies once it is there."""
    there: bool
    others: tuple[str, ...] = ()
    """Repositories of the same model that are asked, in this order, where the first is gone or not whole."""


@dataclass(frozen=True, slots=True)
class File:
    name: str
    size: int
    """In bytes."""
    sha256: str
    """Stated by the hub for what is stored outside of git, which large files are; else empty."""
    blob: str
    """Git's digest of the content, or, for what is stored outside of git, of the pointer to it; empty where the hub does not state it."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The files to fetch, at one commit."""

    repository: str
    commit: str
    licence: str
    """As the repository states it; empty when it does not."""
    files: tuple[File, ...]

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files)


def look_up(offer: Offer) -> Snapshot:
    """The newest commit of the offer's repository, or of the first of its others that is whole.

    Raises:
        SourceError: `hub_unreachable`, `hub_gated`, `hub_refused`.
        ModelError: `model_broken`, it has not the files that a model needs.
    """
    repositories = (offer.repository, *offer.others)
    first: NutshellError | None = None
    for repository in repositories:
        try:
            return _look_up(offer, repository)
        except NutshellError as error:
            if error.code == "hub_unreachable":
                raise
            first = first or error
    assert first is not None
    if not offer.others:
        raise first
    raise cause("hub_refused", f"None of {', '.join(repositories)} holds a whole model ({first}).") from first


def _look_up(offer: Offer, repository: str) -> Snapshot:
    with told(repository):
        from huggingface_hub import HfApi, get_hf_file_metadata, hf_hub_url

        info = HfApi(library_name=CLIENT).model_info(repository, files_metadata=True, timeout=ANSWER)
        found = _snapshot(offer, repository, info)
        if info.gated:  # everybody may read the list; a file says whether we are let in, and before anybody is asked whether to fetch it
            url = hf_hub_url(found.repository, found.files[0].name, revision=found.commit)
            get_hf_file_metadata(url, timeout=ANSWER, library_name=CLIENT)
    return found


@contextmanager
def told(repository: str) -> Iterator[None]:
    """Whatever goes wrong between here and the hub, as a cause."""
    import httpx2
    from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

    try:
        yield
    except HfHubHTTPError as error:
        raise _refusal(repository, error.response.status_code) from error
    except httpx2.RequestError as error:
        raise cause("hub_unreachable", f"{error.request.url.host or error.request.url}: {error or type(error).__name__}.") from error
    except OfflineModeIsEnabled as error:
        raise cause("hub_unreachable", f"{error}") from error
    except ValueError as error:  # no JSON: the page of a hotel's network, for example
        raise cause("hub_refused", f"Its answer about {repository} is not understood ({type(error).__name__}).") from error


def _refusal(repository: str, status: int) -> NutshellError:
    if status in (401, 403):
        return cause(
            "hub_gated", f"Accept the licence at https://huggingface.co/{repository} and set HF_TOKEN to a valid token of the same account."
        )
    if status == 404:
        return cause("hub_refused", f"{repository} is not there any more.")
    return cause("hub_refused", f"Its answer for {repository} was status {status}. Try again later.")


def _snapshot(offer: Offer, repository: str, info: "ModelInfo") -> Snapshot:
    files = []
    for sibling in info.siblings or ():
        name = sibling.rfilename
        if "/" in name or "\\" in name or not any(fnmatchcase(name, pattern) for pattern in offer.files):
            continue
        if sibling.size is None:
            raise cause("hub_refused", f"It does not say how large {name} of {repository} is.")
        files.append(File(name, sibling.size, sibling.lfs.sha256 if sibling.lfs else "", sibling.blob_id or ""))
    for pattern in offer.needed:
        if not any(fnmatchcase(file.name, pattern) for file in files):
            raise ModelError("model_broken", f"{repository} has no {pattern}, so there is nothing that Nutshell could load.")
    if info.sha is None:
        raise cause("hub_refused", f"It does not say which commit of {repository} is the newest.")
    licence = info.card_data.get("license") if info.card_data else None
    return Snapshot(repository, info.sha, str(licence or ""), tuple(files))
