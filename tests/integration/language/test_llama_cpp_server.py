"""The client against a real llama.cpp server that serves the built-in model: what it says of itself, what it counts, how it answers, and what it refuses."""

import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from flask import Flask, Response, request

from pipeline.config import Settings
from pipeline.errors import ContextTooLong, ModelError
from pipeline.language import models, structured
from pipeline.language.checkpoint import Checkpoint
from pipeline.language.forms import FORMS, render
from pipeline.language.generator import Priority, Prompt, open_generator
from pipeline.language.remote import RemoteGenerator
from pipeline.language.structured import Wanted
from pipeline.language.weights import read
from pipeline.summary.brief import statements
from pipeline.summary.prompts import brief as brief_prompt, fenced
from pipeline.summary.sentences import joined, plain
from pipeline.summary.verify import check
from tests.integration.language.llama_cpp import llama_cpp
from tests.integration.language.test_foreign_servers import serving_app
from tests.integration.summary import builtin
from tests.integration.summary.conftest import ready
from tests.integration.summary.test_builtin import every, summarise
from tests.standin.talks import load_talk

WINDOW = 1536
ASKED = Prompt("You answer in one short sentence.", "Why do bees dance?", 24)
ENDLESS = Prompt("", "Write down the numbers from 1 to 500, one after another, with a comma between them: 1, 2, 3,", 1000)
LINES = Prompt("", "Write a list of five fruits.", 24)


@pytest.fixture(scope="module", name="url")
def _url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    pytest.importorskip("xllamacpp")
    with llama_cpp(tmp_path_factory.mktemp("llama_cpp"), window=WINDOW, slots=4) as url:
        yield url


def client_for(url: str, **settings: object) -> RemoteGenerator:
    generator = open_generator(Settings(llm_url=url, **settings), in_process=True)
    assert isinstance(generator, RemoteGenerator)
    return generator


@pytest.fixture(scope="module", name="client")
def _client(url: str) -> Iterator[RemoteGenerator]:
    client = client_for(url)
    yield client
    client.close()


@pytest.fixture(scope="module", name="checkpoint")
def _checkpoint(builtin_home: Settings) -> Checkpoint:
    return read(models.folder_of(builtin_home, models.BUILTIN))


def busy(url: str) -> int:
    """Answers that the server is at."""
    slots = httpx2.get(f"{url.removesuffix('/v1')}/slots", trust_env=False).json()
    return sum(slot["is_processing"] for slot in slots)


def idle(url: str) -> bool:
    end = time.monotonic() + 60
    while busy(url) and time.monotonic() < end:
        time.sleep(0.05)
    return not busy(url)


def test_it_says_its_name_and_its_window(client: RemoteGenerator) -> None:
    assert (client.model, client.window) == (models.BUILTIN, WINDOW)
    assert "en" in client.languages


@pytest.mark.parametrize(
    "text", ["The bees dance.", "  two  spaces\n\nand a line", "12345 + 67,890", "née über straße", "日本語の文章です。", "😀 👩‍👧", render(FORMS["chatml"], ASKED), "word " * 300]
)
def test_it_counts_as_our_own_tokenizer_does(client: RemoteGenerator, checkpoint: Checkpoint, text: str) -> None:
    ours = checkpoint.load_tokenizer().encode(text, add_special_tokens=False).ids

    assert client.count(text) == len(ours)


def test_answers_whole_and_in_pieces_are_the_same(client: RemoteGenerator) -> None:
    (whole,) = client.generate([ASKED])
    pieces = list(client.stream(ASKED))

    assert len(whole.split()) > 2
    assert len(pieces) > 2
    assert "".join(pieces).strip() == whole


def test_a_prompt_that_does_not_fit_is_never_sent(url: str, client: RemoteGenerator) -> None:
    room = client.room(Prompt("", "word", 20))
    with pytest.raises(ContextTooLong) as error:
        client.generate([ASKED, Prompt("", "word " * (room + 2), 20)], on_done=lambda index, answer: pytest.fail("it was asked"))

    assert error.value.window == WINDOW
    assert 0 < room < WINDOW
    assert busy(url) == 0


def test_a_prompt_that_just_fits_is_read_whole(tmp_path: Path) -> None:
    """Also a second time, when the server remembers most of it and reads only the rest: that does not count as cut."""
    with llama_cpp(tmp_path, window=512, remembers=True) as url:
        client = client_for(url)
        fits = Prompt("", "word " * (client.room(Prompt("", "", 4)) - 4), 4)
        assert 0 <= client.room(fits) < 8
        read_of_it = [event["usage"]["prompt_tokens"] for _ in range(2) for event in client._events([fits], Priority.BATCH) if event.get("usage")]

    assert len(read_of_it) == 2
    assert 512 - 80 < read_of_it[0] == read_of_it[1] <= 512 - 4


def test_a_window_that_was_set_too_large_is_refused_and_not_cut(url: str) -> None:
    with pytest.raises(ModelError, match=f"exceeds the available context size .{WINDOW} tokens") as error:
        client_for(url, llm_window=8 * WINDOW).generate([Prompt("", "word " * 2 * WINDOW, 20)])

    assert (error.value.code, error.value.retryable) == ("model_denied", False)


def test_a_server_that_cuts_what_it_is_given_is_found_out(url: str) -> None:
    """As Ollama does before the same llama.cpp: only the end of a message that is too long is passed on, and what was read is counted truly."""
    app = Flask("cuts")

    @app.get("/v1/models")
    def listed() -> dict[str, object]:
        found: dict[str, object] = httpx2.get(f"{url}/models", trust_env=False).json()
        return found

    @app.post("/v1/chat/completions")
    def chat() -> Response:
        body = request.get_json()
        body["messages"] = [{"role": "user", "content": body["messages"][-1]["content"][-500:]}]
        answer = httpx2.post(f"{url}/chat/completions", json=body, timeout=60, trust_env=False)
        return Response(answer.content, mimetype="text/event-stream")

    with serving_app(app) as cutting:
        client = client_for(cutting, llm_window=WINDOW)
        assert client.generate([ASKED])[0]
        with pytest.raises(ModelError, match="it cuts silently") as error:
            client.generate([Prompt("", "The bees dance for the others. " * 100, 8)])
    assert error.value.code == "model_truncates"


def test_a_family_means_that_we_write_the_request_down(url: str, client: RemoteGenerator) -> None:
    written = client_for(url, llm_family="chatml")
    begun = Prompt("", "Why do bees dance?", 24, prefix="Bees dance because")

    assert written.generate([ASKED]) == client.generate([ASKED])  # their template is the same
    assert written.room(ASKED) > client.room(ASKED)  # and nothing needs to be kept free for a template that nobody knows
    assert not written.generate([begun])[0].startswith("Bees dance")


@pytest.mark.parametrize("family", ["", "chatml"])
def test_an_answer_ends_before_its_stop_string(url: str, family: str) -> None:
    client = client_for(url, llm_family=family)
    (whole,) = client.generate([LINES])
    stop = whole.split()[3]
    (stopped,) = client.generate([Prompt("", LINES.user, LINES.max_tokens, stop=(stop,))])

    assert stopped == whole[: whole.index(stop)].strip()


def test_who_stops_listening_ends_the_work(url: str, client: RemoteGenerator) -> None:
    pieces = client.stream(ENDLESS)
    assert next(pieces)
    assert busy(url) == 1
    pieces.close()  # type: ignore[attr-defined]

    assert idle(url)


def test_who_gives_up_ends_all_that_is_under_way(url: str, client: RemoteGenerator) -> None:
    def give_up(index: int, answer: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        client.generate([ENDLESS, Prompt("", "Say yes.", 1), ENDLESS, ENDLESS, ENDLESS, ENDLESS], on_done=give_up)

    assert idle(url)


def test_a_summary_that_was_made_through_it_stands(client: RemoteGenerator) -> None:
    talk = ready("short", builtin.embedder())
    asked: list[Prompt] = []
    generate = client.generate
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(client, "generate", lambda prompts, **given: asked.extend(prompts) or generate(prompts, **given))
        summary = summarise(talk, client, builtin.embedder())

    assert asked
    assert summary.points
    for point in every(summary):
        assert all(plain(citation.quote) in plain(joined(talk.transcript)) for citation in point.citations)
        if point.kind == "phrased":
            assert check(point.text, [citation.quote for citation in point.citations], summary.language).ok


@pytest.mark.parametrize("family", ["", "chatml"])
def test_a_schema_is_kept_to(url: str, family: str) -> None:
    client = client_for(url, llm_family=family)
    said = [text for name in ("medium", "short") for _, _, text in load_talk(name).cues]
    for at in range(10):
        shown = said[2 * at : 2 * at + 3 + at % 4]
        wanted = Wanted(shown=len(shown), most=1 + at % 2, longest=60, least=1)
        lines = "\n".join(f"({number}) {fenced(text)}" for number, text in enumerate(shown, start=1))
        prompt = Prompt("You answer in JSON.", f"Said:\n{lines}\n\nWhat is said? Give statements with the numbers of their sentences.", 500)
        events = client._events([prompt], Priority.BATCH, structured.schema(wanted))
        answer = "".join(str(choice.get("text") or choice.get("delta", {}).get("content") or "") for event in events for choice in event["choices"])

        text = structured.read(answer, wanted)
        found = statements(text, len(shown))
        assert text
        assert all(one.rests_on for one in found)


def test_statements_are_asked_for_by_schema_and_come_back_as_text(client: RemoteGenerator) -> None:
    """As the product asks: what does not parse is empty, and what does names sentences that exist."""
    said = [text for _, _, text in load_talk("medium").cues]
    prompts = [brief_prompt("What is said?", said[3 * at : 3 * at + 6], "en") for at in range(4)]
    answers = client.generate(prompts)

    assert any(answers)
    assert not any(answer.startswith("{") for answer in answers)
    for answer in filter(None, answers):
        assert all(one.rests_on for one in statements(answer, 6))
