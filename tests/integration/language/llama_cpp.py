"""llama.cpp's own server with the built-in model, in a process of its own: `python -m tests.integration.language.llama_cpp WHERE WINDOW SLOTS REMEMBERS` until its standard input ends."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.language.models import BUILTIN, packaged_gguf

ROOT = Path(__file__).parents[3]
PATIENCE = 120.0


@contextmanager
def llama_cpp(folder: Path, *, window: int, slots: int = 1, remembers: bool = False) -> Iterator[str]:
    """The address of its API. `window`: tokens of each of `slots` answers at a time; `remembers`: prompts, as it does out of the box, so that the same one may have
    another answer. Its log lies in `folder`."""
    where, log = folder / "address", folder / "llama.cpp.log"
    command = [sys.executable, "-m", "tests.integration.language.llama_cpp", str(where), str(window), str(slots), str(int(remembers))]
    with log.open("ab") as out, subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=out, stderr=out) as process:
        end = time.monotonic() + PATIENCE
        while not where.exists():
            assert process.poll() is None, log.read_text(errors="replace")
            assert time.monotonic() < end, log.read_text(errors="replace")
            time.sleep(0.1)
        try:
            yield f"{where.read_text()}/v1"
        finally:
            process.kill()


def serve(where: Path, window: int, slots: int, remembers: bool) -> None:
    """Writes its address to `where` as soon as it answers."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = str(packaged_gguf())
    params.model_alias = {BUILTIN}
    params.port = 0  # one that is free
    params.n_ctx, params.n_parallel = window * slots, slots
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1  # its threads wait for each other in a loop, which beside other tests takes many times as long
    params.endpoint_slots = True
    params.cache_prompt = remembers
    params.warmup = params.fit_params = False
    server = xllamacpp.Server(params)
    made = where.with_suffix(".part")
    made.write_text(server.listening_address)
    made.rename(where)
    sys.stdin.read()


if __name__ == "__main__":
    serve(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4] == "1")
