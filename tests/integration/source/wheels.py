"""Wheels of the installed yt-dlp under another version, for an index on disk: what pip would find on the day when there is a newer one."""

import importlib.metadata
import zipfile
from pathlib import Path

PIP_OFFLINE = {"PIP_NO_INDEX": "1", "PIP_INDEX_URL": "", "PIP_EXTRA_INDEX_URL": "", "PIP_CONFIG_FILE": "/dev/null"}


def ytdlp_wheel(index: Path, version: str, changed: dict[str, str] | None = None, needs: str = "") -> Path:
    """The installed yt-dlp as `version`. `changed`: other contents of files, by their path; `needs`: one more Requires-Dist."""
    main = importlib.metadata.distribution("yt-dlp")
    contents = {str(file): Path(str(file.locate())).read_bytes() for file in main.files or () if str(file).startswith("yt_dlp/") and file.suffix == ".py"}
    contents["yt_dlp/version.py"] = contents["yt_dlp/version.py"].replace(main.version.encode(), version.encode())
    contents |= {path: text.encode() for path, text in (changed or {}).items()}
    metadata = (main.read_text("METADATA") or "").replace(f"\nVersion: {main.version}\n", f"\nVersion: {version}\n{needs}")
    return _written(index / f"yt_dlp-{version}-py3-none-any.whl", f"yt_dlp-{version}.dist-info", contents, metadata)


def solver_wheel(index: Path) -> Path:
    """The installed yt-dlp-ejs."""
    solver = importlib.metadata.distribution("yt-dlp-ejs")
    contents = {str(file): Path(str(file.locate())).read_bytes() for file in solver.files or () if str(file).startswith("yt_dlp_ejs/") and "__pycache__" not in str(file)}
    return _written(index / f"yt_dlp_ejs-{solver.version}-py3-none-any.whl", f"yt_dlp_ejs-{solver.version}.dist-info", contents, solver.read_text("METADATA") or "")


def _written(path: Path, info: str, contents: dict[str, bytes], metadata: str) -> Path:
    contents |= {f"{info}/METADATA": metadata.encode(), f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"}
    contents[f"{info}/RECORD"] = "".join(f"{name},,\n" for name in (*contents, f"{info}/RECORD")).encode()
    path.parent.mkdir(exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, data in contents.items():
            archive.writestr(name, data)
    return path
