"""A summary of an hour by the built-in models: seconds by step, what became of the points, and its prompts beside the same ones given to peers.

Run: python -m tests.benchmarks summary. Limits for two cores: the gist within 5 s, the summary stage within 35 s. Figures of different runs cannot be compared.
The peers are transformers' generate, one prompt after the other, and a llama.cpp server answering in parallel (where LLAMA_SERVER names its binary); every one
of the three reads the same tokens and writes as many as our model wrote.
"""

import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import pairwise
from pathlib import Path

from pipeline.config import Settings
from pipeline.language import models
from pipeline.language.forms import render
from pipeline.language.generator import Generator, OnDone, Priority, Prompt
from pipeline.language.local import LocalGenerator
from pipeline.summary.chunks import cut
from pipeline.summary.sentences import split
from pipeline.summary.summarize import make_gist, make_summary
from pipeline.types import Options, Origin, Segment, Transcript, Video
from tests.benchmarks.bench_language import compare, llama_cpp_peer, ours, transformers_peer
from tests.integration.summary import builtin
from tests.standin.synthetic import coast_talk


class Kept:
    """The model, with its prompts kept."""

    def __init__(self, inner: Generator) -> None:
        self.inner = inner
        self.prompts: list[Prompt] = []

    def __getattr__(self, name: str) -> object:
        return getattr(self.inner, name)

    def generate(self, prompts: list[Prompt], *, priority: Priority = Priority.BATCH, on_done: OnDone | None = None) -> list[str]:
        self.prompts += prompts
        return self.inner.generate(prompts, priority=priority, on_done=on_done)


@contextmanager
def timed(what: str, limit: float = 0.0) -> Iterator[None]:
    began = time.perf_counter()
    yield
    print(f"{what:<46}{time.perf_counter() - began:8.2f} s" + (f"   (at most {limit:g})" if limit else ""), flush=True)


def main() -> None:
    talk = coast_talk("hour", 3600)
    transcript = Transcript(talk.language, Origin.CAPTIONS_AUTO, None, tuple(Segment(*cue) for cue in talk.cues))
    video = Video("youtube:aaaaaaaaaaa", "", talk.title, talk.duration, language=talk.language, description=talk.description)
    embedder, generator = builtin.embedder(), Kept(builtin.generator())
    embedder.passages(["warm"])
    generator.inner.generate([Prompt("", "warm", 2)])
    with timed("sentences and chunks of an hour"):
        sentences = split(transcript)
        chunks = cut(sentences)
    print(f"  {len(sentences)} sentences, {len(chunks)} chunks")
    with timed("gist", 5):
        gist = make_gist(video, sentences, generator, Options(), embedder=embedder)  # type: ignore[arg-type]
    with timed("vectors of the chunks"):
        vectors = embedder.passages([chunk.text for chunk in chunks])
    generator.prompts.clear()
    with timed("chapters, points, overview, coverage", 35):
        summary = make_summary(
            video, sentences, chunks, vectors, generator, embedder, Options(), gist, emit=lambda progress: None, on_partial=lambda part: None  # type: ignore[arg-type]
        )  # fmt: skip
    kinds = Counter(point.kind for point in summary.points)
    print(
        f"  {len(summary.chapters)} chapters, {len(summary.points)} points: {kinds['phrased']} phrased, {kinds['quote']} quoted; {len(generator.prompts)} prompts"
    )
    assert all(a.end == b.start for a, b in pairwise(summary.coverage))
    beside_peers(generator)


def beside_peers(kept: Kept) -> None:
    generator = kept.inner
    assert isinstance(generator, LocalGenerator)
    prompts = [generator.tokens_of(render(generator.form, prompt)) for prompt in kept.prompts]
    answers = [max(1, generator.count(answer)) for answer in generator.generate(kept.prompts)]
    print(f"  {sum(map(len, prompts))} tokens in, {sum(answers)} out")
    generator.engine._ends = frozenset()  # every answer has its full length
    with tempfile.TemporaryDirectory(prefix="nutshell-bench-") as home:
        settings = Settings(home=Path(home), profile="builtin")
        models.prepare_builtin(settings)
        with transformers_peer(settings) as one_by_one, llama_cpp_peer(settings) as llama_cpp:
            for name, peer in (("transformers.generate, one after another", one_by_one), ("llama.cpp server, in parallel", llama_cpp)):
                if peer is not None:
                    compare("the prompts of the summary", name, lambda: ours(generator, prompts, answers), partial(peer, prompts, answers))


if __name__ == "__main__":
    main()
