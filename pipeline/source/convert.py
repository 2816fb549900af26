"""A recording in another form: merged, encoded, cut, labelled. The work is done in the media child (media_child.py), which has limits and no network."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from pipeline.config import Settings
from pipeline.downloads import Form
from pipeline.source import media, sandbox
from pipeline.source.inside import Limits
from pipeline.source.labels import Labels
from pipeline.types import Emit

LEAST_SECONDS = 600.0
"""For any recording; a long one has as long as it lasts, and a slow core encodes ten times faster than that."""


def make(paths: Sequence[Path], form: Form, labels: Labels, settings: Settings, workdir: Path, emit: Emit) -> Path:
    """Of one file, or of one with pictures and one with sound, a file in `workdir` in the form asked for.

    Raises:
        NutshellError: `bad_media`, `no_audio`.
    """
    seconds = max(LEAST_SECONDS, settings.max_duration)
    limits = Limits(seconds, seconds, settings.max_upload * 2 + 64 * 1024**2, memory_bytes=media.MEMORY)
    doing = "Merging" if len(paths) > 1 else "Cutting" if form.clip else "Encoding" if form.format else "Labelling"
    job = sandbox.Job(
        "pipeline.source.media_child", workdir.absolute(), limits, sandbox.Deaths("bad_media", "bad_media"), "download", doing
    )
    request = {
        "task": "make", "what": form.what, "format": form.format, "clip": [form.clip.start, form.clip.end] if form.clip else None,
        "paths": [str(path.absolute()) for path in paths], "stem": str(workdir.absolute() / form.name), "labels": asdict(labels),
    }  # fmt: skip
    for left in workdir.glob(f"{form.name}.*"):  # of an attempt that was killed
        left.unlink()
    return Path(sandbox.run(job, request, emit))
