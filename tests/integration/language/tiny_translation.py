"""A small Marian, taught two hundred pairs of sentences in a few seconds and converted for CTranslate2: the form in which OPUS-MT models are published.

What it writes for those sentences is right and known, so the product's real engine can be told from one that does nothing.
"""

import json
import random
import shutil
from pathlib import Path

NAMES = "Ada Grace Alan Linus Radia Barbara".split()
VERBS = {"counts": "cuenta", "sees": "ve", "paints": "pinta", "sells": "vende", "finds": "encuentra", "draws": "dibuja"}
THINGS = {"bees": "abejas", "trains": "trenes", "apples": "manzanas", "houses": "casas", "stars": "estrellas", "ships": "barcos"}
WHEN = {"today": "hoy", "at night": "de noche", "in the morning": "por la mañana"}
PAIRS = 200
STEPS = 260


def pairs() -> list[tuple[str, str]]:
    """English and Spanish."""
    chance = random.Random(7)
    made: dict[str, str] = {}
    while len(made) < PAIRS:
        name, number = chance.choice(NAMES), chance.randint(2, 29)
        verb, thing, when = (chance.choice([*table.items()]) for table in (VERBS, THINGS, WHEN))
        made[f"{name} {verb[0]} {number} {thing[0]} {when[0]}."] = f"{name} {verb[1]} {number} {thing[1]} {when[1]}."
    return [*made.items()]


def make(folder: Path, examples: list[tuple[str, str]], *, nested: bool = False) -> None:
    """A model from the first texts to the second in `folder`. `nested`: as a package of Argos Translate, unpacked."""
    import ctranslate2
    import sentencepiece
    import torch
    from transformers import MarianTokenizer

    work = folder.with_name(f"{folder.name}-work")
    work.mkdir(parents=True)
    for side, texts in (("source", [one for one, _ in examples]), ("target", [other for _, other in examples])):
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(texts), model_prefix=str(work / side), model_type="word", vocab_size=400, hard_vocab_limit=False, use_all_vocab=True,
            minloglevel=2, pad_id=-1, unk_id=0, bos_id=-1, eos_id=1,
        )  # fmt: skip
        (work / f"{side}.model").rename(work / f"{side}.spm")
    vocabulary: dict[str, int] = {}
    for piece in ("</s>", "<unk>", *(piece for side in ("source", "target") for piece in _pieces(work / f"{side}.spm")), "<pad>"):
        vocabulary.setdefault(piece, len(vocabulary))
    (work / "vocab.json").write_text(json.dumps(vocabulary))
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        _taught(work, vocabulary, examples).save_pretrained(work)
    finally:
        torch.set_num_threads(threads)
    MarianTokenizer(
        str(work / "source.spm"), str(work / "target.spm"), str(work / "vocab.json"), source_lang="en", target_lang="es"
    ).save_pretrained(work)
    converted = folder / "model" if nested else folder
    ctranslate2.converters.TransformersConverter(str(work)).convert(str(converted), quantization="int8", force=True)
    for side in ("source", "target"):
        shutil.copy(work / f"{side}.spm", folder)
    shutil.rmtree(work)


def _pieces(path: Path) -> list[str]:
    import sentencepiece

    model = sentencepiece.SentencePieceProcessor(model_file=str(path))
    return [model.id_to_piece(number) for number in range(model.get_piece_size())]


def _taught(work: Path, vocabulary: dict[str, int], examples: list[tuple[str, str]]) -> "object":
    import sentencepiece
    import torch
    from transformers import MarianConfig, MarianMTModel

    torch.manual_seed(5)
    pad = vocabulary["<pad>"]
    model = MarianMTModel(MarianConfig(
        vocab_size=len(vocabulary), decoder_vocab_size=len(vocabulary), d_model=64, encoder_layers=1, decoder_layers=1, encoder_attention_heads=4,
        decoder_attention_heads=4, encoder_ffn_dim=128, decoder_ffn_dim=128, max_position_embeddings=128, pad_token_id=pad, eos_token_id=0,
        decoder_start_token_id=pad, forced_eos_token_id=0, scale_embedding=True, dropout=0.0, attention_dropout=0.0, activation_dropout=0.0,
    )).train()  # fmt: skip
    sides = [sentencepiece.SentencePieceProcessor(model_file=str(work / f"{side}.spm")) for side in ("source", "target")]
    rows = [[[vocabulary[piece] for piece in side.encode(text, out_type=str)] + [0] for side, text in zip(sides, pair, strict=True)] for pair in examples]
    long = [max(len(row[side]) for row in rows) for side in (0, 1)]
    into = torch.tensor([one + [pad] * (long[0] - len(one)) for one, _ in rows])
    out = torch.tensor([other + [pad] * (long[1] - len(other)) for _, other in rows])
    shown = torch.cat([torch.full((len(rows), 1), pad), out[:, :-1]], 1)
    optimizer = torch.optim.AdamW(model.parameters(), lr=4e-3)
    for step in range(STEPS):
        some = torch.arange(step % 4, len(rows), 4)
        found = model(input_ids=into[some], attention_mask=(into[some] != pad).long(), decoder_input_ids=shown[some]).logits
        loss = torch.nn.functional.cross_entropy(found.flatten(0, 1), out[some].flatten(), ignore_index=pad)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        with torch.no_grad():
            model.get_input_embeddings().weight[pad] = 0.0  # Marian begins with no word at all, and so does the converted model
        if loss.item() < 0.01:
            break
    return model.eval()
