"""Our forward pass against transformers', number by number."""

import os
from pathlib import Path

import pytest
import torch

from pipeline.errors import ModelError
from pipeline.language.checkpoint import Shape
from pipeline.language.llama import Llama, Slab, Span
from pipeline.language.weights import read
from tests.integration.language.tiny import Tiny, write_folder, write_gguf

LLAMA3 = {
    "rope_type": "llama3",
    "rope_theta": 500000.0,
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 64,
}
SHAPES = {
    "grouped": Tiny(),
    "as the first LLaMA": Tiny(heads=4, kv_heads=4, tied=False),
    "stretched as LLaMA 3.1": Tiny(rope=LLAMA3, tied=False),
    "stretched linearly": Tiny(rope={"rope_type": "linear", "rope_theta": 10000.0, "factor": 2.0}),
}
TOKENS = [1, 77, 300, 5, 12, 410, 33, 8, 9, 10, 250, 251, 252, 40, 41, 42, 43, 44, 300, 301]


def load(path: Path) -> Llama:
    return Llama(read(path), device=torch.device("cpu"), dtype=torch.float32)


def expected(folder: Path, tokens: list[int]) -> torch.Tensor:
    from transformers import LlamaForCausalLM

    with torch.inference_mode():
        return LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()(torch.tensor([tokens])).logits[0]


@pytest.mark.parametrize("name", SHAPES)
def test_every_logit_is_that_of_transformers(name: str, tmp_path: Path) -> None:
    folder = write_folder(tmp_path, SHAPES[name])
    model = load(folder)

    logits = model.forward([Span(model.slab(1, 64), 0, 0, TOKENS, wanted=len(TOKENS))])

    torch.testing.assert_close(logits, expected(folder, TOKENS), atol=2e-4, rtol=1e-4)


def test_reading_in_slices_beside_others_changes_nothing(tiny_folder: Path) -> None:
    """Prompts cut anywhere, in any slot, mixed with others that read or write at other places, give the logits they give alone."""
    model, slab = load(tiny_folder), None
    slab = model.slab(5, 64)
    whole = expected(tiny_folder, TOKENS)
    other = TOKENS[::-1]

    model.forward([Span(slab, 3, 0, TOKENS[:7]), Span(slab, 0, 0, other[:1]), Span(slab, 1, 0, other[:9])])
    model.forward(
        [Span(slab, 1, 9, other[9:10]), Span(slab, 3, 7, TOKENS[7:12]), Span(slab, 0, 1, other[1:2]), Span(slab, 4, 0, TOKENS[:1])]
    )
    mixed = model.forward([Span(slab, 4, 1, TOKENS[1:2]), Span(slab, 3, 12, TOKENS[12:]), Span(slab, 0, 2, other[2:3])])

    torch.testing.assert_close(mixed[0], whole[1], atol=2e-4, rtol=1e-4)
    torch.testing.assert_close(mixed[1], whole[-1], atol=2e-4, rtol=1e-4)
    torch.testing.assert_close(mixed[2], expected(tiny_folder, other)[2], atol=2e-4, rtol=1e-4)


def test_a_copied_beginning_is_as_good_as_a_read_one(tiny_folder: Path) -> None:
    model = load(tiny_folder)
    one, other = model.slab(2, 64), model.slab(1, 64)
    model.forward([Span(one, 1, 0, TOKENS[:12])])

    other.copy(one, 1, 0, 12)

    torch.testing.assert_close(model.forward([Span(other, 0, 12, TOKENS[12:])])[0], expected(tiny_folder, TOKENS)[-1], atol=2e-4, rtol=1e-4)


@pytest.mark.parametrize("cache", [torch.float32, torch.float16])
def test_answers_to_one_prompt_are_attended_together_as_each_alone(cache: torch.dtype, tiny_folder: Path) -> None:
    """Of different lengths, beside one with another prompt, one that is still reading the same, and in the pass in which the prompt's last token is read."""
    model = Llama(read(tiny_folder), device=torch.device("cpu"), dtype=torch.float32, cache_dtype=cache)
    slab, common = model.slab(6, 64), 12
    answers = {0: TOKENS[:common], 2: [*TOKENS[:common], 400, 401, 402], 3: [*TOKENS[:common], 7, 8]}
    for slot, tokens in {**answers, 1: TOKENS[:9], 5: TOKENS[:11]}.items():
        model.forward([Span(slab, slot, 0, tokens[:-1])])
    model.forward([Span(slab, 4, 0, TOKENS[::-1][:5])])
    calls = []
    together, model._together = model._together, lambda *given: calls.append(len(given[2])) or together(*given)  # type: ignore[method-assign]

    logits = model.forward(
        [
            *(Span(slab, slot, len(tokens) - 1, tokens[-1:], family=3, common=common) for slot, tokens in answers.items()),
            Span(slab, 4, 5, TOKENS[::-1][5:6], family=4, common=5),
            Span(slab, 1, 8, TOKENS[8:9], family=3, common=common),
            Span(slab, 5, 10, TOKENS[10:11], family=7, common=11),
        ]
    )

    assert set(calls) == {3}
    near = {torch.float32: {"atol": 2e-4, "rtol": 1e-4}, torch.float16: {"atol": 0.05, "rtol": 0.05}}[cache]
    for row, tokens in zip(logits, [*answers.values(), TOKENS[::-1][:6], TOKENS[:9], TOKENS[:11]], strict=True):
        torch.testing.assert_close(row, expected(tiny_folder, tokens)[-1], **near)


@pytest.mark.parametrize("name", ["grouped", "stretched as LLaMA 3.1"])
def test_a_gguf_file_is_the_same_model(name: str, tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "folder", SHAPES[name])
    model = load(write_gguf(tmp_path / "model.gguf", folder))

    logits = model.forward([Span(model.slab(1, 64), 0, 0, TOKENS, wanted=len(TOKENS))])

    torch.testing.assert_close(logits, expected(folder, TOKENS), atol=2e-4, rtol=1e-4)


def test_a_quantised_gguf_file_is_nearly_the_same_model(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "folder", Tiny())
    model = load(write_gguf(tmp_path / "model.gguf", folder, quantised=True))

    logits = model.forward([Span(model.slab(1, 64), 0, 0, TOKENS, wanted=len(TOKENS))])

    likeness = torch.cosine_similarity(logits, expected(folder, TOKENS), dim=-1)
    assert likeness.mean() > 0.99
    assert likeness.min() < 1.0


def test_a_narrow_cache_changes_little(tiny_folder: Path) -> None:
    model = Llama(read(tiny_folder), device=torch.device("cpu"), dtype=torch.float32, cache_dtype=torch.float16)
    slab = model.slab(1, 64)
    assert slab.keys.dtype == torch.float16

    model.forward([Span(slab, 0, 0, TOKENS[:-1])])
    logits = model.forward([Span(slab, 0, len(TOKENS) - 1, TOKENS[-1:])])

    torch.testing.assert_close(logits[0], expected(tiny_folder, TOKENS)[-1], atol=0.05, rtol=0.05)


def test_foreign_and_dangerous_models_are_refused(tiny_folder: Path, tmp_path: Path) -> None:
    import json
    import shutil

    for change, word in (({"model_type": "qwen2"}, "not a LLaMA"), ({"auto_map": {"AutoModel": "x.Y"}}, "code of its own"), ({"attention_bias": True}, "variant"),
                         ({"quantization_config": {"quant_method": "gptq"}}, "quantised"), ({"rope_parameters": {"rope_type": "yarn", "factor": 4}}, "yarn")):  # fmt: skip
        folder = tmp_path / word.replace(" ", "-")
        shutil.copytree(tiny_folder, folder)
        config = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps({**config, **change}))
        with pytest.raises(ModelError, match=word):
            read(folder)


def test_a_model_cut_short_is_refused(tiny_folder: Path, tmp_path: Path) -> None:
    import shutil

    shutil.copytree(tiny_folder, tmp_path / "cut")
    weights = tmp_path / "cut" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1000])
    with pytest.raises(ModelError, match="cut"):
        load(tmp_path / "cut")
    (tmp_path / "not.gguf").write_bytes(b"GGUF" + b"\0" * 200)
    with pytest.raises(ModelError, match="not"):
        read(tmp_path / "not.gguf")


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="/proc is on Linux only")
def test_a_slab_takes_memory_only_where_it_is_written() -> None:
    """As many slots and heads as the built-in model has, a tenth of each written: huge pages made the whole of it resident."""
    shape = Shape(30, 576, 9, 3, 64, 1536, 49152, 1e-5, 2048, 1e4, (), tied=True)
    before = resident()
    slab = Slab(shape, 26, 2048, dtype=torch.float16, device=torch.device("cpu"))
    whole = 2 * slab.keys.nbytes
    slab.keys[:, :, :, :200] = 1.0
    slab.values[:, :, :, :200] = 1.0

    assert whole > 1.2e9
    assert whole / 11 < resident() - before < whole / 6
    assert not slab.keys[:, :, :, 200:].any()


def resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
