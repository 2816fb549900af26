"""Each row of the table of LLaMAs: loaded from both kinds of files, asked in its form, kept within its window."""

from pathlib import Path

import pytest

from pipeline.language.engine import Limits
from pipeline.language.forms import FORMS, choose_form, render
from pipeline.language.generator import Prompt
from pipeline.language.weights import read
from tests.integration.language.conftest import Open
from tests.integration.language.tiny import Tiny, write_folder, write_gguf

ROWS = {
    "llama-7b": ("llama", ""),
    "alpaca-13b": ("alpaca", ""),
    "gpt4-x-alpaca-13b": ("alpaca", ""),
    "vicuna-7b-v1.3": ("vicuna", ""),
    "stable-vicuna-13b": ("vicuna-v0", ""),
    "koala-13b": ("koala", ""),
    "WizardLM-7B": ("wizardlm", ""),
    "some-llama-3-tune": (
        "llama3",
        "{% for m in messages %}<|start_header_id|>{{ m.role }}<|end_header_id|>\n\n{{ m.content }}<|eot_id|>{% endfor %}",
    ),
    "smollm2-tune": ("chatml", "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"),
}
ASKED = Prompt("Say what the text says.", "The bees dance to tell the others where the flowers are.", 30)


@pytest.mark.parametrize("name", ROWS)
@pytest.mark.parametrize("kind", ["folder", "gguf"])
def test_a_family_is_recognised_asked_in_its_form_and_answers(name: str, kind: str, tmp_path: Path, open_tiny: Open) -> None:
    family, template = ROWS[name]
    path = write_folder(tmp_path / name, Tiny(tied=False, kv_heads=4, template=template))
    if kind == "gguf":
        path = write_gguf(tmp_path / f"{name}.gguf", path, template=template)
    generator = open_tiny(path, limits=Limits(slots=2, reserve=1, length=2048))
    seen: list[list[int]] = []
    forward = generator.engine._model.forward
    generator.engine._model.forward = lambda spans: (seen.extend([span.start, *span.tokens] for span in spans), forward(spans))[1]

    whole = generator.generate([ASKED])[0]

    assert generator.form == FORMS[family]
    assert generator.model == name
    assert generator.window == 2048
    bos = [1] if family != "chatml" else []
    expected = [*bos, *generator._tokenizer.encode(render(FORMS[family], ASKED), add_special_tokens=False).ids]
    assert [token for start, *tokens in seen if start < len(expected) for token in tokens][: len(expected)] == expected
    for stop in FORMS[family].stops:
        assert stop not in whole
    long = ASKED.user
    while (room := generator.room(Prompt(ASKED.system, f"{long} {ASKED.user}", 1))) >= 0:
        long, left = f"{long} {ASKED.user}", room
    generator.generate([Prompt(ASKED.system, long, 1 + left)])
    assert max(start + len(tokens) for start, *tokens in seen) > 1900
    assert max(start + len(tokens) for start, *tokens in seen) <= 2048


def test_both_kinds_of_files_are_the_same_model(tmp_path: Path, open_tiny: Open) -> None:
    folder = write_folder(tmp_path / "vicuna", Tiny(tied=False))
    file = write_gguf(tmp_path / "vicuna.gguf", folder)

    one, other = read(folder), read(file)

    assert one.shape.parameters == other.shape.parameters
    assert one.ends == other.ends == {2}
    assert one.specials["bos_token"] == other.specials["bos_token"] == "<s>"
    assert choose_form(one.name, one.template, one.specials) == choose_form(other.name, other.template, other.specials)
    assert open_tiny(folder).generate([ASKED]) == open_tiny(file).generate([ASKED])
    text = "née 日本語 😀 2019"
    assert one.load_tokenizer().encode(text).ids == other.load_tokenizer().encode(text).ids
