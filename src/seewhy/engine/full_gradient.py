"""A score taken apart without a rest: what the image adds, and what every bias adds at the place where it enters."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from ..domain.capability import Capability
from ..domain.cost import Cost
from ..domain.evidence import Evidence
from ..models.implicit_biases import Balanced, Bias, Biases, ConstantAttention
from ..models.tokens import TokenGrid
from .bending import named
from .maps import enlarged
from .probe import Probe
from .reading import finite


@dataclass(frozen=True)
class FullGradient:
    """One image's score as a sum of parts, each a number per channel and place."""

    pixels: Float[Tensor, "c *space"]  # image times gradient
    placed: tuple[Tensor, ...]  # (k, *grid): bias times gradient, where the bias has a place
    elsewhere: float  # the same of all biases that have none: after pooling, or of extra tokens
    unruled: frozenset[str]

    @property
    def map(self) -> Float[Tensor, " *space"]:
        """The sum at every pixel; what has no place is shared out evenly, so that nothing is lost."""
        space = self.pixels.shape[1:]
        values = self.pixels.sum(dim=0)
        for part in self.placed:
            values = values + spread(part.sum(dim=0), space)
        return values + self.zero

    @property
    def zero(self) -> float:
        """The share of a pixel in what has no place."""
        return self.elsewhere / self.pixels[0].numel()

    @property
    def published(self) -> Float[Tensor, " *space"]:
        """Every part without its sign, rescaled to [0,1] and enlarged, then all added up: the paper's psi."""
        space = self.pixels.shape[1:]
        return sum(
            (enlarged(unit(part.abs()), space).sum(dim=0) for part in self.placed), unit(self.pixels.abs()).sum(0)
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """How what has no place is counted, and what has no rule."""
        if not self.elsewhere:
            return named(self.unruled, "bias")
        whole = float(self.map.double().sum())
        told = (
            "Biases without a place in the image (after pooling, or of extra tokens, for example) add"
            f" {self.elsewhere:.4g} to the sum of {whole:.4g}; this is shared out evenly over the map."
        )
        return (told, *named(self.unruled, "bias"))


def full_gradients(probe: Probe, *, balanced: bool = False) -> list[FullGradient]:
    """The decomposition of each image's score, one image after the other; `balanced`: on the way back of LibraGrad."""

    def call(rows: slice) -> list[FullGradient]:
        return [_taken_apart(probe, i, balanced) for i in range(rows.start, rows.stop)]

    probe.control.check()
    return [found for part in probe.chunks.run(len(probe.images), call, backward=True) for found in part]


def complete(probe: Probe, found: Sequence[FullGradient]) -> Evidence:
    """The maps of all images, which sum to the scores."""
    values = torch.stack([one.map for one in found])
    return Evidence(
        values,
        total=values.double().flatten(1).sum(dim=1).float(),
        explained=probe.score(probe.clean),
        zero=values.new_tensor([one.zero for one in found]),
        notes=tuple(dict.fromkeys(note for one in found for note in one.notes)),
    )


def _taken_apart(probe: Probe, i: int, balanced: bool) -> FullGradient:
    biases = Balanced() if balanced else Biases()
    modes = [biases, ConstantAttention()] if balanced else [biases]
    image = probe.images[i : i + 1].detach().clone().requires_grad_()
    with torch.enable_grad(), probe.precisely(), probe.model.bending(modes):
        score = probe.score(probe.model(image).float(), torch.tensor([i])).sum()
    points = [image, *(term.answer for term in biases.found)]
    found = torch.autograd.grad(score, points, allow_unused=True)
    probe.control.pay(Cost(1, 1))
    slopes = [
        finite(torch.zeros_like(p) if g is None else g, probe.model.name) for g, p in zip(found, points, strict=True)
    ]
    placing = _Placing(tuple(image.shape[2:]), _tokens(probe))
    for term, slope in zip(biases.found, slopes[1:], strict=True):
        placing.enter(term, slope.float() * term.bias.float())
    pixels = (image.detach() * slopes[0]).float()[0]
    return FullGradient(pixels, tuple(placing.placed), placing.elsewhere, frozenset(biases.unruled))


def _tokens(probe: Probe) -> TokenGrid | None:
    return probe.model.layout.tokens if Capability.LAYERS in probe.model.capabilities else None


class _Placing:
    """Sorts parts into those that lie on a grid of the image and the rest."""

    def __init__(self, space: tuple[int, ...], tokens: TokenGrid | None) -> None:
        self.space, self.tokens = space, tokens
        self.placed: list[Tensor] = []
        self.elsewhere = 0.0

    def enter(self, term: Bias, part: Tensor) -> None:
        """Part is the bias times the gradient, in the shape of the answer."""
        maps = self._on_grid(part) if self._is_sequence(part) else self._as_maps(part, term.name)
        if maps is not None:
            self.placed.append(maps)
        self.elsewhere += float(part.double().sum()) - (0.0 if maps is None else float(maps.double().sum()))

    def _is_sequence(self, part: Tensor) -> bool:
        if self.tokens is None:
            return False
        return self.tokens.count in part.shape[:-1] and part.numel() == self.tokens.count * part.shape[-1]

    def _on_grid(self, part: Tensor) -> Tensor:
        assert self.tokens is not None
        return self.tokens.on_grid(part.reshape(self.tokens.count, -1).T)

    def _as_maps(self, part: Tensor, name: str) -> Tensor | None:
        """As (k, *grid), the channels first or last, whichever leaves a grid in the image's proportions."""
        if len(part) != 1 or part.ndim != len(self.space) + 2:
            return None
        ways = [part[0], part[0].movedim(-1, 0)]
        if name in ("linear", "layer_norm"):
            ways.reverse()
        fitting = [maps for maps in ways if self._fits(tuple(maps.shape[1:]))]
        return min(fitting, key=lambda maps: self._stretch(tuple(maps.shape[1:])), default=None)

    def _fits(self, grid: tuple[int, ...]) -> bool:
        smaller = all(cells <= side for cells, side in zip(grid, self.space, strict=True))
        return smaller and math.prod(grid) > 1 and self._stretch(grid) < math.log(2)

    def _stretch(self, grid: tuple[int, ...]) -> float:
        (high, wide), (rows, columns) = self.space[-2:], grid[-2:]
        return abs(math.log(high * columns / (wide * rows)))


def spread(values: Float[Tensor, " *grid"], space: tuple[int, ...]) -> Float[Tensor, " *space"]:
    """A map on a coarse grid, laid smoothly over the pixels; its sum stays the same."""
    cells = torch.zeros_like(values)[None].requires_grad_()
    with torch.enable_grad():
        (weights,) = torch.autograd.grad(enlarged(cells, space).sum(), cells)
    return enlarged(values[None] / weights, space)[0]


def unit(part: Tensor) -> Tensor:
    """Rescaled to [0,1] over all channels; all zero where it is the same everywhere."""
    lowest, highest = part.amin(), part.amax()
    return (part - lowest) / (highest - lowest) if highest > lowest else torch.zeros_like(part)
