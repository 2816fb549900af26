"""`make contract`: the newest yt-dlp that the index has, through the source room's integration tests against the loopback YouTube. It sees what a release changed before
an administrator updates to it; what YouTube itself changed it cannot see.

The tests run in an environment of their own, in a temporary folder: the packages of this one, and before them that yt-dlp with the solver it pins, installed as
`nutshell update-yt-dlp` does it.
"""

import os
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

from workers import update_ytdlp

ROOT = Path(__file__).parents[1]
TESTS = "tests/integration/source"


def environment(packages: Path, folder: Path) -> Path:
    """Makes an environment in `folder` whose first packages are those; its Python."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    python = folder / "bin" / "python"
    own = Path(subprocess.check_output([python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], text=True).strip())
    (own / "contract.pth").write_text(f"{packages}\nimport site; site.addsitedir({sysconfig.get_path('purelib')!r})\n")
    deno = Path(sys.executable).parent / "deno"
    (folder / "bin" / "deno").symlink_to(deno)  # children look for it beside their Python
    return python


def run(python: Path, *arguments: str) -> int:
    """The exit status of pytest."""
    command = [str(python), "-m", "pytest", "-n", "0", *arguments]
    return subprocess.run(command, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, check=False).returncode


def main(arguments: list[str]) -> int:
    with tempfile.TemporaryDirectory(prefix="nutshell-") as folder:
        packages = Path(folder) / "packages"
        found = update_ytdlp.fetch(packages, None, lambda line: sys.stderr.write(line + "\n"))
        sys.stderr.write(f"The source room with yt-dlp {found.version} and yt-dlp-ejs {found.solver}:\n")
        return run(environment(packages, Path(folder) / "env"), *(arguments or [TESTS]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
