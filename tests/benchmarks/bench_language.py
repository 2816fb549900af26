"""Speed and memory of the language room: `python -m tests.benchmarks language`.

What counts are ratios within this run, on the same machine, model, prompts and number of tokens; times by themselves say little on a shared machine. Peers:
transformers' `generate`, one prompt after the other (as its documentation shows), and a llama.cpp server answering them in parallel, when
LLAMA_SERVER names its binary (`llama-server`); ours and theirs take turns, A B B A.
"""

import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import psutil

from pipeline.config import Settings
from pipeline.language import models
from pipeline.language.embedder import ChildEmbedder
from pipeline.language.generator import Priority, Prompt, open_generator
from pipeline.language.local import LocalGenerator
from pipeline.language.sampling import Sampling
from tests.integration.language.processes import children, running

WORDS = "the bees of the valley dance to tell the others where the flowers are and how far one has to fly before the wind turns in the evening".split()
PLAIN = Sampling(repetition_penalty=1.0, no_repeat=0)
"""What transformers' generate does, so that both do the same work."""


@dataclass(frozen=True, slots=True)
class Load:
    """So many prompts of so many tokens, each answered with exactly so many."""

    name: str
    prompts: int
    tokens: int
    answer: int

    @property
    def answers(self) -> list[int]:
        return [self.answer] * self.prompts

    def texts(self, generator: LocalGenerator) -> list[list[int]]:
        """Prompts of words in different order: they share no beginning but the first few tokens, so nothing is saved by remembering."""
        made = []
        for number in range(self.prompts):
            text = " ".join(WORDS[(number * 7 + index * (number + 3)) % len(WORDS)] for index in range(self.tokens + 50))
            made.append(generator.tokens_of(f"{number} {text}")[: self.tokens])
        return made


LONG = Load("8 prompts of 1,230 tokens, 100 out", 8, 1230, 100)
SHORT = Load("24 prompts of 300 tokens, 40 out", 24, 300, 40)


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="nutshell-bench-") as home:
        settings = Settings(home=Path(home), profile="builtin")
        begun = time.perf_counter()
        models.prepare_builtin(settings)
        say(f"prepared the built-in model once in {time.perf_counter() - begun:.1f} s")
        bench_process(settings)
        bench_embeddings()
        bench_loads(settings)


def bench_process(settings: Settings) -> None:
    """The process as `up` starts it: how long until it answers, how much memory it takes, how long somebody waits while it works."""
    begun = time.perf_counter()
    with running("workers.lm", settings, socket=settings.lm_socket) as process:
        say(f"process ready after {time.perf_counter() - begun:.1f} s")
        (worker,) = (psutil.Process(pid) for pid in children(process.pid))
        generator = open_generator(settings, in_process=False)
        generator.count("warm")
        text = " ".join(WORDS * 50)
        batch = [Prompt("", f"{number} {text}", 100) for number in range(16)]
        with ThreadPoolExecutor(1) as pool:
            working = pool.submit(generator.generate, batch)
            waits = []
            while not working.done():
                begun = time.perf_counter()
                next(iter(generator.stream(Prompt("", f"{len(waits)}: what do bees do?", 8), priority=Priority.INTERACTIVE)))
                waits.append(time.perf_counter() - begun)
                time.sleep(0.5)
            working.result()
        say(
            f"first words of {len(waits)} short questions during a batch: median {statistics.median(waits):.2f} s, worst {max(waits):.2f} s"
        )
        say(f"memory of the model process: {worker.memory_info().rss / 1e6:.0f} MB now, {peak_memory(worker.pid) / 1e6:.0f} MB at its peak")


def peak_memory(pid: int) -> float:
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


def bench_embeddings() -> None:
    """80 chunks of about 180 tokens: a talk of an hour."""
    texts = [" ".join(WORDS[(index * (number + 1)) % len(WORDS)] for index in range(150)) for number in range(80)]
    for threads in (1, 0):
        embedder = ChildEmbedder(threads)
        embedder.warm()
        begun = time.perf_counter()
        embedder.passages(texts)
        say(f"80 passages with {threads or 'all'} threads: {time.perf_counter() - begun:.1f} s")
        embedder.close()


def bench_loads(settings: Settings) -> None:
    generator = open_generator(settings, in_process=True)
    assert isinstance(generator, LocalGenerator)
    say(f"model runs as {generator.reason}")
    generator.engine._ends = frozenset()  # every answer has its full length
    with transformers_peer(settings) as one_by_one, llama_cpp_peer(settings) as llama_cpp:
        for load in (SHORT, LONG):
            prompts = load.texts(generator)
            compare(
                load.name,
                "transformers.generate, one after another",
                lambda p=prompts, n=load.answers: ours(generator, p, n),
                lambda p=prompts, n=load.answers: one_by_one(p, n),
            )
            if llama_cpp:
                compare(
                    load.name,
                    "llama.cpp server, in parallel",
                    lambda p=prompts, n=load.answers: ours(generator, p, n),
                    lambda p=prompts, n=load.answers: llama_cpp(p, n),
                )
    generator.close()


def ours(generator: LocalGenerator, prompts: Sequence[list[int]], answers: Sequence[int]) -> None:
    """Each prompt answered with exactly so many tokens."""
    import queue

    from pipeline.language.request import Done, Event, Request

    generator.engine._cached.clear()  # what the last round left in the slots
    events: queue.SimpleQueue[Event] = queue.SimpleQueue()
    for key, (tokens, answer) in enumerate(zip(prompts, answers, strict=True)):
        generator.engine.submit(Request(key, list(tokens), answer, (), int(Priority.BATCH), events.put, PLAIN))
    done = 0
    while done < len(prompts):
        event = events.get()
        if isinstance(event, Done):
            assert event.answer_tokens == answers[event.key]
            done += 1


Peer = Callable[[Sequence[list[int]], Sequence[int]], None]


@contextmanager
def transformers_peer(settings: Settings) -> Iterator[Peer]:
    """In the numbers that its documentation recommends for a CPU are the same as ours: whichever this CPU multiplies faster."""
    import torch
    from transformers import LlamaForCausalLM

    from pipeline.language.placement import cpu_dtype

    dtype, _ = cpu_dtype()
    model = LlamaForCausalLM.from_pretrained(models.folder_of(settings, models.BUILTIN), dtype=dtype).eval()

    def one_by_one(prompts: Sequence[list[int]], answers: Sequence[int]) -> None:
        torch.set_num_threads(len(os.sched_getaffinity(0)))
        for tokens, answer in zip(prompts, answers, strict=True):
            ids = torch.tensor([tokens])
            made = model.generate(
                ids, attention_mask=torch.ones_like(ids), max_new_tokens=answer, min_new_tokens=answer, do_sample=False, pad_token_id=0
            )
            assert made.shape[1] == len(tokens) + answer

    yield one_by_one


@contextmanager
def llama_cpp_peer(settings: Settings) -> Iterator[Peer | None]:
    binary = os.environ.get("LLAMA_SERVER")
    if not binary:
        say("llama.cpp: not compared. Set LLAMA_SERVER to the path of a llama-server binary.")
        yield None
        return
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    threads = str(len(os.sched_getaffinity(0)))
    command = [
        binary,
        "-m",
        str(models.packaged_gguf()),
        "--port",
        str(port),
        "-np",
        "8",
        "-c",
        str(8 * 1536),
        "-t",
        threads,
        "-tb",
        threads,
    ]
    with (
        subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process,
        httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=900) as client,
    ):
        while True:
            try:
                if client.get("/health").is_success:
                    break
            except httpx2.TransportError:
                time.sleep(0.2)

        def parallel(prompts: Sequence[list[int]], answers: Sequence[int]) -> None:
            def ask(tokens: list[int], answer: int) -> None:
                body = {"prompt": tokens, "n_predict": answer, "temperature": 0, "ignore_eos": True, "cache_prompt": False}
                assert client.post("/completion", json=body).json()["tokens_predicted"] == answer

            with ThreadPoolExecutor(8) as pool:
                list(pool.map(ask, prompts, answers))

        yield parallel
        process.terminate()


def compare(what: str, peer: str, we: Callable[[], None], they: Callable[[], None], pairs: int = 2) -> None:
    """A B B A: what the machine does meanwhile falls on both alike."""
    ratios, mine, theirs = [], [], []
    for number in range(pairs):
        first, second = (we, they) if number % 2 == 0 else (they, we)
        times = {}
        for run in (first, second):
            begun = time.perf_counter()
            run()
            times[run] = time.perf_counter() - begun
        mine.append(times[we])
        theirs.append(times[they])
        ratios.append(times[they] / times[we])
    say(
        f"{what}: ours {statistics.median(mine):.1f} s, {peer} {statistics.median(theirs):.1f} s: {statistics.median(ratios):.2f}x ({min(ratios):.2f} to {max(ratios):.2f})"
    )


if __name__ == "__main__":
    main()
