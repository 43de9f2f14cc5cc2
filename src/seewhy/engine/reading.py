"""One pass over the clean images that serves every method which only looks: outputs, gradients, layers, attention."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from ..domain.cost import Cost
from ..domain.shapes import Outputs, Scores
from ..errors import BadModelOutput
from ..models.watch import side_by_side
from .records import AttentionRecord, LayerRecord, Reading, Wants

if TYPE_CHECKING:
    from ..models.attention_values import Moved
    from ..models.tokens import TokenGrid
    from .probe import Probe


def read_chunk(
    probe: Probe, rows: slice, wants: Wants, choose: Callable[[Outputs, int], None] | None
) -> tuple[Reading, Reading | None]:
    """One forward of a chunk, its targets chosen from the answer, one backward to all that is wanted at once."""
    images = probe.images[rows].to(probe.model.device)
    if wants.graph and wants.pixels:
        images = images.detach().clone().requires_grad_()
    precision = probe.precisely() if wants.graph and wants.pixels else probe.autocast()
    with torch.set_grad_enabled(wants.graph), precision:
        seen = _forward(probe, images, wants)
    probe.control.pay(Cost(forward=len(images)), seen.by)
    if choose is not None:
        choose(seen.outputs.detach(), rows.start)
    reading = _assemble(
        probe, seen, wants, _slopes(probe.score, probe, seen, rows, wants, keep=probe.rivals is not None)
    )
    if probe.rivals is None or not wants.graph:
        return reading, None
    with probe.control.checking():
        slopes = _slopes(probe.against(probe.rivals).score, probe, seen, rows, wants, keep=False)
    return reading, _assemble(probe, seen, wants, slopes)


@dataclass(frozen=True)
class _Seen:
    """Raw tensors of one forward, still in their graph."""

    outputs: Outputs
    pixels: list[Tensor]
    layers: list[list[Tensor]]  # every run of each
    blocks: list[Tensor]
    pool: Tensor | None
    moved: list[Moved]
    lengths: Tensor | None
    by: str = "plain"

    @property
    def points(self) -> list[Tensor]:
        return [*self.pixels, *chain(*self.layers), *self.blocks, *([] if self.pool is None else [self.pool])]


def _forward(probe: Probe, images: Tensor, wants: Wants) -> _Seen:
    pixels = [images] if wants.pixels else []
    if not wants.layers and not wants.attention:
        return _Seen(probe.model(images).float(), pixels, [], [], None, [], None)
    if probe.cut is not None and wants.single_layer:
        outputs, raw = probe.cut(images)
        return _Seen(outputs.float(), [], [[raw]], [], None, [], None, "openvino")
    last = _last_block(probe) if wants.attention else ()
    names = tuple(dict.fromkeys(wants.layers + last))
    with probe.model.watching(names, attention=wants.attention, values=wants.values) as watch:
        outputs = probe.model(images).float()
    blocks, pool = probe.model.layout.blocks(watch.attention) if wants.attention else ([], None)
    moved = [call.moved for call in watch.attention if call.moved is not None]
    moved = moved if len(moved) == len(watch.attention) else []
    lengths = watch.layers[last[0]].detach().float().norm(dim=-1) if last else None
    return _Seen(outputs, pixels, [watch.runs[name] for name in wants.layers], blocks, pool, moved, lengths)


def _last_block(probe: Probe) -> tuple[str, ...]:
    tokens = probe.model.layout.tokens
    return () if tokens is None else tokens.after[-1:]


def _slopes(
    score: Callable[..., Scores], probe: Probe, seen: _Seen, rows: slice, wants: Wants, *, keep: bool
) -> list[Tensor | None]:
    """Gradients of the scores at every point that is wanted; zero where the score does not depend on it."""
    if not wants.graph:
        return [None] * len(seen.points)
    total = score(seen.outputs, torch.arange(rows.start, rows.start + len(seen.outputs))).sum()
    found: tuple[Tensor | None, ...] = (None,) * len(seen.points)
    if total.requires_grad:
        found = torch.autograd.grad(total, seen.points, allow_unused=True, retain_graph=keep)
    probe.control.pay(Cost(backward=len(seen.outputs)))
    return [
        finite((torch.zeros_like(p) if g is None else g).float(), probe.model.name)
        for g, p in zip(found, seen.points, strict=True)
    ]


def _assemble(probe: Probe, seen: _Seen, wants: Wants, slopes: list[Tensor | None]) -> Reading:
    layout, slope = probe.model.layout if wants.layers or wants.attention else None, iter(slopes)
    pixels = next(slope) if wants.pixels else None
    layers = {}
    for name, runs in zip(wants.layers, seen.layers, strict=True):
        assert layout is not None
        at = [found for found in islice(slope, len(runs)) if found is not None]
        activations = layout.read(name, side_by_side(runs).detach()).float()
        gradients = layout.read(name, side_by_side(at)) if at else None
        layers[name] = LayerRecord(layout.choice(name), activations, gradients)
    attention = None
    if wants.attention:
        assert layout is not None
        assert layout.tokens is not None
        attention = _assemble_attention(seen, [g for g in slope if g is not None], layout.tokens)
    return Reading(wants, seen.outputs.detach(), pixels, layers, attention, seen.by)


def _assemble_attention(seen: _Seen, slopes: list[Tensor], tokens: TokenGrid) -> AttentionRecord:
    depth = len(seen.blocks)
    return AttentionRecord(
        tokens.grouped([block.detach().float() for block in seen.blocks]),
        tokens.grouped(slopes[:depth]) if slopes else None,
        None if seen.pool is None else seen.pool.detach().float(),
        slopes[depth] if len(slopes) > depth else None,
        tokens,
        tuple(replace(m, values=m.values.float(), projection=m.projection.float()) for m in seen.moved) or None,
        seen.lengths,
    )


def finite(values: Tensor, model: str) -> Tensor:
    """Gradients as they are, or an error when they are not numbers."""
    if not bool(torch.isfinite(values).all()):
        raise BadModelOutput(
            f"The gradients of {model} hold NaN or infinity.",
            fix="run in float32, or check the model for divisions by zero and logarithms of zero.",
        )
    return values
