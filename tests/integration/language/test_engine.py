"""Continuous batching with a real, tiny model: nothing that anyone asks may change what another is answered."""

import queue
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch

from pipeline.errors import ContextTooLong, ModelError
from pipeline.language.engine import Limits
from pipeline.language.forms import render
from pipeline.language.generator import Priority, Prompt
from pipeline.language.local import LocalGenerator
from pipeline.language.request import Done, Event, Piece, Request
from pipeline.language.sampling import Sampling
from tests.integration.language.conftest import Open

PLAIN = Sampling(repetition_penalty=1.0, no_repeat=0)
SHARED = "The bees dance to tell the others where the flowers are. One kilometre is one second of dancing. "
TEXTS = [
    "Say what the text says.",
    SHARED,
    SHARED + "5.5 million",
    SHARED * 6,
    "née 日本語 😀",
    "USER",
    SHARED * 2 + "percent",
    "(yes) [no]",
    SHARED * 3,
    "12:45!",
]


def prompts(tokens: int = 24) -> list[Prompt]:
    return [Prompt("Below is an instruction that describes a task.", text, tokens + 3 * index) for index, text in enumerate(TEXTS)]


def ask(
    generator: LocalGenerator, tokens: list[int], most: int, *, sampling: Sampling = PLAIN, stops: tuple[str, ...] = (), priority: int = 10
) -> list[Event]:
    events: queue.SimpleQueue[Event] = queue.SimpleQueue()
    generator.engine.submit(Request(0, tokens, most, stops, priority, events.put, sampling))
    got = [events.get(timeout=60)]
    while not isinstance(got[-1], Done):
        got.append(events.get(timeout=60))
    return got


def watched(generator: LocalGenerator) -> list[list[int]]:
    """Of each pass from now on, how many tokens each span has."""
    passes: list[list[int]] = []
    forward = generator.engine._model.forward

    def watching(spans):
        passes.append([len(span.tokens) for span in spans])
        return forward(spans)

    generator.engine._model.forward = watching
    return passes


def read_by(passes: list[list[int]]) -> int:
    """Tokens of prompts: an answer is written token by token."""
    return sum(size for sizes in passes for size in sizes if size > 1)


def test_many_together_are_answered_as_each_alone(open_tiny: Open) -> None:
    generator = open_tiny(limits=Limits(slots=3, reserve=1, length=512))
    alone = [generator.generate([prompt])[0] for prompt in prompts()]

    together = open_tiny(limits=Limits(slots=3, reserve=1, length=512)).generate(prompts())

    assert together == alone
    assert len(set(alone)) > 5  # the model does answer different things


def test_the_answer_is_that_of_transformers_generate(open_tiny: Open, tiny_folder: Path) -> None:
    from transformers import LlamaForCausalLM

    generator = open_tiny()
    model = LlamaForCausalLM.from_pretrained(tiny_folder, dtype=torch.float32).eval()
    for text in TEXTS:
        tokens = generator.tokens_of(text)
        theirs = model.generate(torch.tensor([tokens]), max_new_tokens=40, do_sample=False, pad_token_id=0)[0, len(tokens) :].tolist()
        theirs = theirs[: theirs.index(2)] if 2 in theirs else theirs
        (*_, done) = ask(generator, tokens, 40)
        assert isinstance(done, Done)
        assert done.text == generator._tokenizer.decode(theirs).split("�")[0] or "�" in generator._tokenizer.decode(theirs)
        assert done.answer_tokens == len(theirs)


EXPECTED = ["The bees dance.", "5.5 million", "yes", "née 日本語 😀", SHARED]


@pytest.mark.parametrize("slice_", [64, 8192])
def test_a_likelihood_is_that_of_transformers(open_tiny: Open, tiny_folder: Path, monkeypatch: pytest.MonkeyPatch, slice_: int) -> None:
    """However the prompt is cut into passes, and whoever is answered beside."""
    from transformers import LlamaForCausalLM

    monkeypatch.setattr("pipeline.language.engine.SMALLEST_SLICE", 64)
    monkeypatch.setattr("pipeline.language.engine.LARGEST_SLICE", slice_)
    generator = open_tiny(limits=Limits(slots=6, reserve=1, length=512))
    answers = generator.generate(prompts())
    model = LlamaForCausalLM.from_pretrained(tiny_folder, dtype=torch.float32).eval()
    asked = [Prompt("", SHARED * (1 + number), 0) for number in range(len(EXPECTED))]

    with ThreadPoolExecutor(1) as pool:
        beside = pool.submit(generator.generate, prompts())
        found = generator.likelihoods(asked, EXPECTED)
        again = generator.likelihoods(asked[::-1], EXPECTED[::-1])
        assert beside.result(timeout=120) == answers

    for prompt, answer, value in zip(asked, EXPECTED, found, strict=True):
        before = generator.tokens_of(render(generator.form, prompt))
        after = generator._tokenizer.encode(answer, add_special_tokens=False).ids
        with torch.inference_mode():
            rows = model(torch.tensor([[*before, *after]])).logits[0, len(before) - 1 : -1].log_softmax(-1)
        assert value == pytest.approx(float(rows[range(len(after)), after].sum()), abs=0.01)
    assert again[::-1] == pytest.approx(found, abs=1e-6)
    assert generator.likelihoods([], []) == []


def test_what_has_no_likelihood_is_refused(open_tiny: Open) -> None:
    generator = open_tiny()

    with pytest.raises(ValueError, match="empty answer"):
        generator.likelihoods([Prompt("", "The bees dance.", 0)], [""])
    with pytest.raises(ContextTooLong):
        generator.likelihoods([Prompt("", "The bees dance. " * 800, 0)], ["yes"])


def test_prompts_that_begin_alike_read_their_beginning_once(open_tiny: Open) -> None:
    """What is shared is copied; the answers are those of a model that read everything."""
    generator = open_tiny()
    passes = watched(generator)
    alike = [Prompt("", SHARED * 8 + str(number), 6) for number in range(6)]

    answers = generator.generate(alike)

    everything = sum(len(generator.tokens_of(SHARED * 8)) for _ in alike)
    assert read_by(passes) < everything / 3
    assert answers == [open_tiny().generate([prompt])[0] for prompt in alike]


def test_several_draws_of_several_prompts_read_each_prompt_once(open_tiny: Open) -> None:
    """Though all of them begin alike, and every slot holds that beginning from before."""
    generator = open_tiny()
    generator.generate([Prompt("", f"{SHARED} {number}", 6) for number in range(generator.engine._limits.slots)])
    texts = [SHARED + "Bees carry pollen from flower to flower. " * 20, SHARED + "Lamps were lit with whale oil before. " * 15]
    draws = [Prompt("", text, 6, variant=number) for text in texts for number in range(5)]
    passes = watched(generator)

    answers = generator.generate(draws)

    assert read_by(passes) <= sum(len(generator.tokens_of(render(generator.form, draw))) for draw in (draws[0], draws[5]))
    assert len(set(answers)) > 2
    assert answers == [open_tiny().generate([draw])[0] for draw in draws]


def test_who_ends_at_once_leaves_what_it_read(open_tiny: Open) -> None:
    """The first of several draws of one token is over in the pass that reads the prompt; the others take it from the slot that it left."""
    generator = open_tiny()
    draws = [Prompt("", SHARED * 8, 1, variant=number) for number in range(6)]
    passes = watched(generator)

    generator.generate(draws)

    assert sum(map(sum, passes)) == len(generator.tokens_of(render(generator.form, draws[0]))) + 5  # the last token of each, whose logits are wanted


def test_who_waits_for_one_that_leaves_reads_alone(open_tiny: Open) -> None:
    """The one that reads what others wait for is cancelled in the middle of it."""
    generator = open_tiny()
    events: queue.SimpleQueue[Event] = queue.SimpleQueue()
    tokens = generator.tokens_of(SHARED * 40)
    first, *others = (Request(key, tokens, 6, (), int(Priority.BATCH), events.put, PLAIN) for key in range(4))
    forward = generator.engine._model.forward

    def leaving(spans):
        if first.read:
            first.cancel()
        return forward(spans)

    generator.engine._model.forward = leaving
    generator.engine._speed = 1.0  # the smallest slices
    for request in (first, *others):
        generator.engine.submit(request)
    ended = {}
    while len(ended) < 4:
        if isinstance(event := events.get(timeout=60), Done):
            ended[event.key] = event

    assert ended[0].reason == "cancelled"
    assert {ended[key].text for key in (1, 2, 3)} == {ask(open_tiny(), tokens, 6)[-1].text}


def test_the_book_tells_at_any_time_what_the_slots_hold(open_tiny: Open) -> None:
    """A request that is cancelled between two steps leaves its slot to the next, which believes the book."""
    generator = open_tiny()
    engine = generator.engine
    forward, wrong = engine._model.forward, []

    def checking(spans):
        held = [(request.slot, [*request.tokens, *request.answer][: request.read]) for request in engine._active if request.slab is engine._main]
        wrong.extend(slot for slot, tokens in held if engine._cached.get(slot, [])[: len(tokens)] != tokens)
        return forward(spans)

    engine._model.forward = checking
    for subject in ("bees", "lamps"):
        generator.generate([Prompt("", f"{subject} {SHARED * 8}{number}", 6) for number in range(6)])

    assert wrong == []


def test_a_second_call_takes_over_what_a_slot_still_holds(open_tiny: Open) -> None:
    generator = open_tiny()
    first = generator.generate([Prompt("", SHARED * 8, 6)])
    passes = watched(generator)

    assert generator.generate([Prompt("", SHARED * 8, 6)]) == first
    assert passes[0] == [1]  # only the last token of the prompt, whose logits are wanted


def test_an_interactive_prompt_overtakes_a_long_batch(open_tiny: Open) -> None:
    generator = open_tiny(limits=Limits(slots=2, reserve=1, length=512))
    order: list[str] = []
    started = threading.Event()

    def note(index: int, answer: str) -> None:
        order.append("batch")
        started.set()

    batch = threading.Thread(
        target=lambda: generator.generate([Prompt("", f"{number} {SHARED}", 60) for number in range(12)], on_done=note)
    )
    batch.start()
    assert started.wait(30)
    generator.generate([Prompt("", "quick", 8)], priority=Priority.INTERACTIVE)
    order.append("interactive")
    batch.join()

    assert order.index("interactive") <= 6  # while at least half of the batch was still to come
    assert order.count("batch") == 12


def test_batch_work_is_not_starved_by_a_stream_of_questions(open_tiny: Open) -> None:
    generator = open_tiny(limits=Limits(slots=2, reserve=2, length=512))
    done = threading.Event()
    batch = threading.Thread(target=lambda: (generator.generate([Prompt("", SHARED * 4, 30)]), done.set()))
    batch.start()
    asked = 0
    while not done.is_set() and asked < 300:
        generator.generate([Prompt("", f"{asked} {SHARED}", 2)], priority=Priority.INTERACTIVE)
        asked += 1
    batch.join()

    assert asked < 300


def test_one_who_leaves_frees_the_place(open_tiny: Open) -> None:
    generator = open_tiny(limits=Limits(slots=1, reserve=0, length=2048))
    stream = generator.stream(Prompt("", SHARED, 1900))
    next(stream)
    stream.close()

    assert generator.generate([Prompt("", "quick", 3)])
    assert not generator.engine._active


def test_a_caller_that_is_interrupted_takes_its_prompts_along(open_tiny: Open) -> None:
    generator = open_tiny(limits=Limits(slots=1, reserve=0, length=2048))

    def stop(index: int, answer: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        generator.generate([Prompt("", str(number), 2 if number == 0 else 1900) for number in range(20)], on_done=stop)
    assert generator.generate([Prompt("", "quick", 3)])
    assert not generator.engine._waiting


def test_pieces_join_to_the_answer_and_never_cut_a_character(open_tiny: Open) -> None:
    generator = open_tiny()
    for text in TEXTS:
        *pieces, done = ask(generator, generator.tokens_of(text), 60)
        assert isinstance(done, Done)
        assert "".join(piece.text for piece in pieces if isinstance(piece, Piece)) == done.text
        done.text.encode()


def test_a_stop_string_ends_the_answer_before_it(open_tiny: Open) -> None:
    """Also when it is spread over several tokens; nothing of it is ever streamed."""
    generator = open_tiny()
    for text in TEXTS:
        tokens = generator.tokens_of(text)
        whole = ask(generator, tokens, 60)[-1].text
        if len(whole) < 12:
            continue
        stop = whole[6:10]
        cut = whole[: whole.index(stop)]
        *pieces, done = ask(generator, tokens, 60, stops=("never", stop))
        assert isinstance(done, Done)
        assert (done.text, done.reason) == (cut, "stop")
        assert "".join(piece.text for piece in pieces) == cut


def test_the_window_is_never_exceeded(open_tiny: Open) -> None:
    generator = open_tiny(window=256, limits=Limits(slots=2, reserve=0, length=128))
    furthest: list[int] = []
    forward = generator.engine._model.forward
    generator.engine._model.forward = lambda spans: (furthest.append(max(span.start + len(span.tokens) for span in spans)), forward(spans))[
        1
    ]
    prompt = Prompt("", SHARED, 1)
    room = generator.room(prompt)
    exact = Prompt("", SHARED, 1 + room)

    assert generator.room(exact) == 0
    ask(generator, generator.tokens_of(SHARED), 256 - len(generator.tokens_of(SHARED)))
    generator.generate([exact])
    assert max(furthest) <= 256
    with pytest.raises(ContextTooLong) as error:
        generator.generate([prompt, Prompt("", SHARED, 2 + room)])
    assert (error.value.needed, error.value.window) == (257, 256)


def test_long_and_short_requests_share_the_machine(open_tiny: Open) -> None:
    """A request longer than a slot gets a slab of its own, which ends with it."""
    generator = open_tiny(limits=Limits(slots=2, reserve=1, length=128))
    mixed = [Prompt("", SHARED * repeated, 8) for repeated in (1, 20, 1, 30, 10, 1)]

    assert generator.generate(mixed) == [open_tiny().generate([prompt])[0] for prompt in mixed]
    assert not generator.engine._active


def test_answers_do_not_loop(open_tiny: Open) -> None:
    generator = open_tiny()
    looped = 0
    for text in TEXTS[:4]:
        for rules in (PLAIN, Sampling(repetition_penalty=1.0, no_repeat=3)):
            events: queue.SimpleQueue[Event] = queue.SimpleQueue()
            request = Request(0, generator.tokens_of(text), 120, (), 10, events.put, rules)
            generator.engine.submit(request)
            while not isinstance(events.get(timeout=60), Done):
                pass
            runs = [tuple(request.answer[at : at + 3]) for at in range(len(request.answer) - 2)]
            if rules is PLAIN:
                looped += len(runs) != len(set(runs))
            else:
                assert len(runs) == len(set(runs))
    assert looped  # without the rule this model does loop


def test_callers_hear_of_an_engine_that_fails(open_tiny: Open, tiny_folder: Path) -> None:
    told = threading.Event()
    generator = open_tiny()
    generator.engine._on_failure = told.set

    def broken(spans):
        time.sleep(0.2)
        raise RuntimeError("out of memory")

    generator.engine._model.forward = broken
    with pytest.raises(ModelError) as error:
        generator.generate([Prompt("", "one", 4), Prompt("", "two", 4)])
    assert error.value.code == "model_unavailable"
    assert error.value.retryable
    assert told.wait(5)
    assert not generator.engine.alive
    with pytest.raises(ModelError):
        list(generator.stream(Prompt("", "three", 4)))
