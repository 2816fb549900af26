"""That `make contract` tests what it says, tried with a yt-dlp that has another version number; with the newest of an index it runs on its own, since tests ask no index."""

import subprocess
from pathlib import Path

from tests import contract
from tests.integration.source.wheels import ytdlp_wheel

VERSION = "2090.1.2"
ASKS = "from pathlib import Path; import sys; from pipeline.source import youtube; print(youtube.try_packages((), Path(sys.argv[1]))['yt-dlp'])"


def test_the_environment_of_the_contract_uses_the_yt_dlp_that_was_fetched(tmp_path: Path) -> None:
    packages = tmp_path / "packages"
    subprocess.run(["python3", "-m", "zipfile", "-e", str(ytdlp_wheel(tmp_path / "index", VERSION)), str(packages)], check=True)
    python = contract.environment(packages, tmp_path / "env")
    used = subprocess.check_output([python, "-c", ASKS, str(tmp_path)], cwd=contract.ROOT, text=True)

    assert used.strip() == VERSION
    assert contract.run(python, "-q", f"{contract.TESTS}/test_probe.py::test_a_finished_stream_is_a_video", f"{contract.TESTS}/test_media.py", "-k", "stream or ciphered") == 0
