"""The arithmetic of a LLaMA: one forward pass over a ragged batch of tokens, on a key-value cache that is allocated once.

A pass takes the next tokens of any number of sequences, many for those that are still reading their prompt, one for those that are writing, all in one row
of tokens: the large matrices are multiplied once for all of them, only attention looks at each sequence by itself. So there is no padding, and a new prompt
joins a running batch by being part of the next pass.

Written against torch alone because transformers costs 100 MB and four seconds at every start and moves its caches about; a test compares every number with
transformers' LlamaForCausalLM.
"""

import math
import mmap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby

import torch
import torch.nn.functional as functional
from torch import Tensor

from pipeline.errors import ModelError
from pipeline.language.checkpoint import Checkpoint, Shape


class Slab:
    """Keys and values of `slots` sequences of at most `length` tokens. Memory is only occupied where something was written.

    Zeros at first: attention of several slots together multiplies what lies beyond the end of the shorter ones with a weight of zero, and zero times the NaN
    that fresh memory may hold is NaN.
    """

    def __init__(self, shape: Shape, slots: int, length: int, *, dtype: torch.dtype, device: torch.device) -> None:
        size = (shape.layers, slots, shape.kv_heads, length, shape.head_dim)
        self.length = length
        self.keys, self.values = (_zeros(size, dtype, device) for _ in range(2))

    def copy(self, source: "Slab", source_slot: int, slot: int, length: int) -> None:
        """Take over the first `length` tokens of another sequence, whose text is the same up to there."""
        self.keys[:, slot, :, :length] = source.keys[:, source_slot, :, :length]
        self.values[:, slot, :, :length] = source.values[:, source_slot, :, :length]


@dataclass(frozen=True, slots=True)
class Span:
    """The next tokens of one sequence."""

    slab: Slab
    slot: int
    start: int
    """Tokens of the sequence that the slab holds already."""
    tokens: Sequence[int]
    wanted: int = 1
    """How many of the last tokens need logits."""
    family: int = 0
    """Another than 0: sequences in one slab with the same number have their first `common` tokens in common, and are attended together once these are read."""
    common: int = 0


Multiply = Callable[[Tensor], Tensor]
"""A weight matrix, as the function that multiplies rows with it."""


@dataclass(frozen=True, slots=True)
class _Layer:
    attention_norm: Tensor
    qkv: Multiply
    out: Multiply
    mlp_norm: Tensor
    gate_up: Multiply
    down: Multiply


@dataclass(frozen=True, slots=True)
class _Read:
    """Attention of one sequence whose prompt is being read: rows `first..last` of the pass."""

    slab: Slab
    slot: int
    first: int
    last: int
    start: int
    mask: Tensor | None
    """None: plain causal, which is computed in half the time."""


@dataclass(frozen=True, slots=True)
class _Write:
    """Attention of sequences in neighbouring slots of one slab, each with one new token."""

    slab: Slab
    first: int
    """The first of the slots."""
    rows: Tensor
    slots: Tensor
    lengths: tuple[int, ...]
    """Tokens of each, the new one included."""
    positions: Tensor
    mask: Tensor | None
    """Hides what is beyond the end of each; None where each is attended by itself."""


@dataclass(frozen=True, slots=True)
class _Family:
    """Attention of several answers to one prompt, each with one new token: the keys of the prompt are read once for all of them."""

    slab: Slab
    rows: Tensor
    slots: Tensor
    positions: Tensor
    common: int
    """Tokens of the prompt, which every slot holds."""
    longest: int
    """Tokens of the longest, the new one included."""
    mask: Tensor
    """Hides what is beyond the end of each, from the prompt's end on."""


class Llama:
    """A loaded model. Not thread-safe: one thread calls `forward`."""

    def __init__(self, checkpoint: Checkpoint, *, device: torch.device, dtype: torch.dtype, cache_dtype: torch.dtype | None = None) -> None:
        """`cache_dtype`: of keys and values; narrower than `dtype` it saves memory and is widened where it is used.

        Raises:
            ModelError: `model_broken`, a tensor is missing.
        """
        self.shape = checkpoint.shape
        self.device, self.dtype = device, dtype
        self.cache_dtype = cache_dtype or dtype
        self._checkpoint: Checkpoint | None = checkpoint
        self._frequencies = torch.tensor(self.shape.frequencies, dtype=torch.float32, device=device)
        self._embedding = self._take("model.embed_tokens.weight")
        self._layers = [self._load_layer(f"model.layers.{number}.") for number in range(self.shape.layers)]
        self._norm = self._take("model.norm.weight")
        # A tied head is not packed: the embedding needs it as it is, and a second copy would cost a fifth of the model.
        self._head = partial(functional.linear, weight=self._embedding) if self.shape.tied else self._pack(self._take("lm_head.weight"))
        self._checkpoint = None
        self._wide: Tensor | None = None

    def slab(self, slots: int, length: int) -> Slab:
        return Slab(self.shape, slots, length, dtype=self.cache_dtype, device=self.device)

    @torch.inference_mode()  # type: ignore[untyped-decorator]
    def forward(self, spans: Sequence[Span]) -> Tensor:
        """Read the spans' tokens into their slabs; the logits (float32) of the wanted ones, span by span."""
        tokens = torch.tensor([token for span in spans for token in span.tokens], device=self.device)
        positions = torch.tensor([span.start + offset for span in spans for offset in range(len(span.tokens))], device=self.device)
        angles = positions[:, None].float() * self._frequencies
        cos, sin = angles.cos()[:, None].to(self.dtype), angles.sin()[:, None].to(self.dtype)
        reads, families, writes = self._plan(spans)
        hidden = functional.embedding(tokens, self._embedding)
        for number, layer in enumerate(self._layers):
            qkv = layer.qkv(self._normalise(hidden, layer.attention_norm))
            hidden = hidden + layer.out(self._attend(number, qkv, cos, sin, reads, families, writes))
            gate, up = layer.gate_up(self._normalise(hidden, layer.mlp_norm)).chunk(2, dim=-1)
            hidden = hidden + layer.down(functional.silu(gate) * up)
        return self._head(self._normalise(hidden[self._wanted(spans)], self._norm)).float()

    def _attend(
        self, number: int, qkv: Tensor, cos: Tensor, sin: Tensor, reads: Sequence[_Read], families: Sequence[_Family], writes: Sequence[_Write]
    ) -> Tensor:
        """Attention of one layer, (tokens, heads * head_dim)."""
        shape = self.shape
        rotated, value = qkv.view(len(qkv), -1, shape.head_dim).split([shape.heads + shape.kv_heads, shape.kv_heads], dim=1)
        left, right = rotated.chunk(2, dim=-1)
        rotated = torch.cat((left * cos - right * sin, right * cos + left * sin), dim=-1)
        query, key = rotated.split([shape.heads, shape.kv_heads], dim=1)
        out = torch.empty_like(query)
        for read in reads:
            out[read.first : read.last] = self._read(number, read, query, key, value)
        for family in families:
            out[family.rows] = self._together(number, family, query[family.rows], key[family.rows], value[family.rows])
        for write in writes:
            out[write.rows] = self._write(number, write, query[write.rows], key[write.rows], value[write.rows])
        return out.flatten(1)

    def _read(self, number: int, read: _Read, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        rows = slice(read.first, read.last)
        end = read.start + read.last - read.first
        keys, values = read.slab.keys[number, read.slot], read.slab.values[number, read.slot]  # (kv_heads, length, head_dim)
        keys[:, read.start : end] = key[rows].transpose(0, 1)
        values[:, read.start : end] = value[rows].transpose(0, 1)
        attended = functional.scaled_dot_product_attention(
            query[rows].transpose(0, 1)[None],
            keys[None, :, :end].to(self.dtype),
            values[None, :, :end].to(self.dtype),
            attn_mask=read.mask,
            is_causal=read.mask is None,
            enable_gqa=True,
        )
        return attended[0].transpose(0, 1)

    def _write(self, number: int, write: _Write, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        keys, values = write.slab.keys[number], write.slab.values[number]  # (slots, kv_heads, length, head_dim)
        keys[write.slots, :, write.positions] = key.to(keys.dtype)
        values[write.slots, :, write.positions] = value.to(values.dtype)
        grouped = query.view(len(query), self.shape.kv_heads, -1, self.shape.head_dim)
        if write.mask is None:
            parts = [
                self._widened(keys[write.first + at], values[write.first + at], length, grouped[at])
                for at, length in enumerate(write.lengths)
            ]
            return torch.stack(parts).view_as(query)
        slots, longest = slice(write.first, write.first + len(write.lengths)), max(write.lengths)
        attended = functional.scaled_dot_product_attention(
            grouped, keys[slots, :, :longest], values[slots, :, :longest], attn_mask=write.mask
        )
        return attended.view_as(query)

    def _together(self, number: int, family: _Family, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """Hydragen (Juravsky et al. 2024): what the answers have in common is attended by all their queries as one matrix, the rest by each. Twelve answers to a
        prompt of 600 tokens otherwise read its keys twelve times in each pass.
        """
        keys, values = family.slab.keys[number], family.slab.values[number]  # (slots, kv_heads, length, head_dim)
        keys[family.slots, :, family.positions] = key.to(keys.dtype)
        values[family.slots, :, family.positions] = value.to(values.dtype)
        count, kv_heads, size = len(query), self.shape.kv_heads, self.shape.head_dim
        own = query.view(count, kv_heads, -1, size) * size**-0.5  # (answers, kv_heads, heads of each, head_dim)
        of_all = own.transpose(0, 1).reshape(kv_heads, -1, size)
        wide = self._scratch(family.common)
        prompt_keys = wide[0, :, : family.common].copy_(keys[family.slots[0], :, : family.common])
        prompt_values = wide[1, :, : family.common].copy_(values[family.slots[0], :, : family.common])
        answer_keys, answer_values = (held[family.slots, :, family.common : family.longest].to(self.dtype) for held in (keys, values))
        to_answers = own @ answer_keys.transpose(2, 3) + family.mask
        scores = torch.cat((of_all @ prompt_keys.transpose(1, 2), to_answers.transpose(0, 1).flatten(1, 2)), dim=-1)
        to_prompt, of_answers = scores.softmax(-1, dtype=torch.promote_types(self.dtype, torch.float32)).to(self.dtype).tensor_split([family.common], dim=-1)
        attended = (to_prompt @ prompt_values).unflatten(1, (count, -1)) + of_answers.unflatten(1, (count, -1)) @ answer_values.transpose(0, 1)
        return attended.transpose(0, 1).reshape_as(query)

    def _widened(self, keys: Tensor, values: Tensor, length: int, query: Tensor) -> Tensor:
        """Attention of one sequence on a narrow cache. One buffer is used again and again: it stays in the CPU's cache, and fresh ones cost page faults that
        took longer than the arithmetic.
        """
        wide = self._scratch(length)
        key = wide[0, :, :length].copy_(keys[:, :length])
        value = wide[1, :, :length].copy_(values[:, :length])
        weights = torch.softmax(torch.bmm(query, key.transpose(1, 2)).mul_(self.shape.head_dim**-0.5), dim=-1)
        return torch.bmm(weights, value)

    def _scratch(self, length: int) -> Tensor:
        if self._wide is None or self._wide.shape[2] < length:
            size = (2, self.shape.kv_heads, max(length, 2048), self.shape.head_dim)
            self._wide = torch.empty(size, dtype=self.dtype, device=self.device)
        return self._wide

    def _plan(self, spans: Sequence[Span]) -> tuple[list[_Read], list[_Family], list[_Write]]:
        """Spans of one token are attended together where they answer one prompt or where their slots are neighbours, the others each by itself."""
        reads: list[_Read] = []
        singles: list[tuple[int, Span]] = []
        row = 0
        for span in spans:
            if len(span.tokens) == 1:
                singles.append((row, span))
            else:
                reads.append(_Read(span.slab, span.slot, row, row + len(span.tokens), span.start, self._causal(span)))
            row += len(span.tokens)
        families = self._families(singles)
        together = {row for family in families for row, _ in family}
        alone = sorted((id(span.slab), span.slot, row, span) for row, span in singles if row not in together)
        runs = groupby(enumerate(alone), key=lambda item: (item[1][0], item[1][1] - item[0]))
        return reads, [self._family(family) for family in families], [self._run([single for _, single in run]) for _, run in runs]

    def _families(self, singles: Sequence[tuple[int, Span]]) -> list[list[tuple[int, Span]]]:
        """Those that answer one prompt. On a GPU, where it was not measured, none: it takes more and smaller steps."""
        found: dict[tuple[int, int], list[tuple[int, Span]]] = {}
        for row, span in singles:
            if span.family and span.start + 1 >= span.common and self.device.type == "cpu":
                found.setdefault((id(span.slab), span.family), []).append((row, span))
        return [family for family in found.values() if len(family) > 1]

    def _family(self, family: Sequence[tuple[int, Span]]) -> _Family:
        spans = [span for _, span in family]
        common = spans[0].common
        beyond = self._beyond([span.start + 1 - common for span in spans])
        return _Family(
            slab=spans[0].slab,
            rows=torch.tensor([row for row, _ in family], device=self.device),
            slots=torch.tensor([span.slot for span in spans], device=self.device),
            positions=torch.tensor([span.start for span in spans], device=self.device),
            common=common,
            longest=max(span.start for span in spans) + 1,
            mask=beyond[:, None, None],
        )

    def _run(self, singles: Sequence[tuple[int, int, int, Span]]) -> _Write:
        spans = [span for *_, span in singles]
        lengths = tuple(span.start + 1 for span in spans)
        return _Write(
            slab=spans[0].slab,
            first=spans[0].slot,
            rows=torch.tensor([row for _, _, row, _ in singles], device=self.device),
            slots=torch.tensor([span.slot for span in spans], device=self.device),
            lengths=lengths,
            positions=torch.tensor([span.start for span in spans], device=self.device),
            mask=self._ends(lengths) if self.cache_dtype == self.dtype else None,
        )

    def _ends(self, lengths: Sequence[int]) -> Tensor:
        return self._beyond(lengths)[:, None, None].expand(-1, self.shape.kv_heads, self.shape.heads // self.shape.kv_heads, -1)

    def _beyond(self, lengths: Sequence[int]) -> Tensor:
        """Minus infinity behind the end of each, else 0: (sequences, longest)."""
        beyond = torch.arange(max(lengths), device=self.device)[None] >= torch.tensor(lengths, device=self.device)[:, None]
        return torch.zeros(beyond.shape, dtype=self.dtype, device=self.device).masked_fill_(beyond, float("-inf"))

    def _causal(self, span: Span) -> Tensor | None:
        if span.start == 0:
            return None
        count = len(span.tokens)
        mask = torch.full((count, span.start + count), float("-inf"), dtype=self.dtype, device=self.device)
        return mask.triu_(span.start + 1)

    def _wanted(self, spans: Sequence[Span]) -> Tensor:
        rows: list[int] = []
        end = 0
        for span in spans:
            end += len(span.tokens)
            rows.extend(range(end - span.wanted, end))
        return torch.tensor(rows, dtype=torch.long, device=self.device)

    def _normalise(self, hidden: Tensor, weight: Tensor) -> Tensor:
        return functional.rms_norm(hidden, (self.shape.hidden,), weight, self.shape.epsilon)

    def _load_layer(self, prefix: str) -> _Layer:
        parts = [self._take(f"{prefix}self_attn.{part}_proj.weight") for part in "qkv"]
        gate, up = (self._take(f"{prefix}mlp.{part}_proj.weight") for part in ("gate", "up"))
        return _Layer(
            attention_norm=self._take(f"{prefix}input_layernorm.weight"),
            qkv=self._pack(torch.cat(parts)),
            out=self._pack(self._take(f"{prefix}self_attn.o_proj.weight")),
            mlp_norm=self._take(f"{prefix}post_attention_layernorm.weight"),
            gate_up=self._pack(torch.cat((gate, up))),
            down=self._pack(self._take(f"{prefix}mlp.down_proj.weight")),
        )

    def _pack(self, weight: Tensor) -> Multiply:
        """In float32 a transposed matrix is multiplied up to 1.2 times as fast with few rows, and as fast with many (MKL on AVX2)."""
        if self.dtype != torch.float32:
            return partial(functional.linear, weight=weight)
        return partial(torch.mm, mat2=weight.t().contiguous())

    def _take(self, name: str) -> Tensor:
        assert self._checkpoint is not None
        tensor = self._checkpoint.tensor(name)
        if tensor is None:
            raise ModelError("model_broken", f"The model {self._checkpoint.name} has no tensor {name}.")
        return tensor.to(device=self.device, dtype=self.dtype, copy=True)


def _zeros(size: Sequence[int], dtype: torch.dtype, device: torch.device) -> Tensor:
    """On a CPU as fresh pages of the system, which take no memory before they are written; torch.zeros writes them all. And as small ones: with huge pages each
    of the many short rows takes 2 MB; the process had 2.2 GB after a summary, and has 1.1.
    """
    if device.type != "cpu":
        return torch.zeros(size, dtype=dtype, device=device)
    pages = mmap.mmap(-1, math.prod(size) * dtype.itemsize, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    if hasattr(mmap, "MADV_NOHUGEPAGE"):  # Linux
        pages.madvise(mmap.MADV_NOHUGEPAGE)
    return torch.frombuffer(pages, dtype=dtype).view(size)
