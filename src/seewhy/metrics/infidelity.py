"""Infidelity: how well sums of values predict what the score loses under random perturbations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import torch
from torch import Tensor

from ..domain.cost import Cost
from ..domain.ranges import positive, whole
from ..domain.score import Effort, Line, Scores, Unjudged
from ..domain.shapes import Masks
from ..engine.agreement import jackknifed
from ..engine.trial import Trial
from ..metric_registry import metric

LARGEST = 10  # side of a square in pixels, as published


@metric(
    "infidelity",
    family="agreement",
    card="extended",
    at_most=True,
    paper="Yeh et al. 2019, arXiv:1901.09392",
    effort=lambda options: Effort(Cost(options["samples"])),
    lines=(
        Line("infidelity, R2", "higher", "1 - infidelity / variance of the losses: 1 is a perfect prediction."),
        Line("infidelity", "lower", "Mean squared error of the rescaled prediction, in squared units of the score."),
        Line("infidelity, scale", "neither", "What the map was multiplied by; below 0 it speaks for the opposite."),
    ),
    traps=(
        "The best scale may be negative: a map with all signs turned around scores the same. Look at the scale.",
        "Squares read the map as what pixels contribute, noise as a slope per unit of brightness: two metrics.",
        "Without rescaling, as is Captum's default, the number changes when the map is multiplied by 100.",
        "Each perturbation starts from the whole image; code that adds them up measures something else.",
    ),
)
def infidelity(
    trial: Trial,
    *,
    perturbation: Literal["squares", "noise"] = "squares",
    samples: int = 512,
    noise: float = 0.2,
) -> Scores:
    """Random squares of 1 to 10 pixels turned into the fill, or grey Gaussian noise subtracted; on the logit."""
    whole("samples", samples, least=3)
    positive("noise", noise)
    asked = trial.on("logit")
    pairs = _squares(asked, samples) if perturbation == "squares" else _noises(asked, samples, noise)
    sums, losses = (torch.cat(part).double() for part in zip(*pairs, strict=True))
    if int((sums != 0).sum()) < 2:
        raise Unjudged("the map is zero nearly wherever the image was changed")
    if int(((losses - losses.median()).abs() > 1e-6 * losses.abs().max()).sum()) < 2:
        raise Unjudged("nearly all changes of the image cost the score the same")
    return {
        "infidelity, R2": jackknifed(_explained, sums, losses, 1),
        "infidelity": jackknifed(_error, sums, losses, 1),
        "infidelity, scale": jackknifed(_scale, sums, losses, 1),
    }


def _scale(sums: Tensor, losses: Tensor) -> Tensor:
    """The best multiple of each row."""
    return (sums * losses).sum(dim=-1) / sums.square().sum(dim=-1)


def _error(sums: Tensor, losses: Tensor) -> Tensor:
    return (_scale(sums, losses)[..., None] * sums - losses).square().mean(dim=-1)


def _explained(sums: Tensor, losses: Tensor) -> Tensor:
    return 1 - _error(sums, losses) / losses.var(dim=-1, correction=0)


def _squares(trial: Trial, samples: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Sums of the map on squares, and what these cost the score."""
    game, values = trial.whole(trial.fill), trial.varied.flatten().double()
    drawn = _drawn(tuple(trial.map.shape), samples, trial.seed)

    def masks() -> Iterator[tuple[list[bytes], Masks]]:
        for some in drawn.split(game.probe.chunks.forward):
            names = [row.numpy().tobytes() for row in some]
            yield names, ~_covered(some, tuple(trial.map.shape))

    for keeps, scores in game.soft(masks()):
        yield (~keeps).flatten(1).double() @ values, game.whole() - scores


def _drawn(space: tuple[int, ...], samples: int, seed: int) -> Tensor:
    """Side and first place of squares, each of all possible ones as likely as any other."""
    generator = torch.Generator().manual_seed(seed)
    sides = torch.arange(1, min(LARGEST, *space) + 1)
    room = torch.stack([size - sides + 1 for size in space], dim=1)
    side = torch.multinomial(room.double().prod(dim=1), samples, replacement=True, generator=generator)
    first = (torch.rand(samples, len(space), generator=generator, dtype=torch.float64) * room[side]).long()
    return torch.cat([sides[side, None], first], dim=1)


def _covered(squares: Tensor, space: tuple[int, ...]) -> Tensor:
    covered = torch.ones(len(squares), *space, dtype=torch.bool)
    for axis, size in enumerate(space):
        start, place = squares[:, 1 + axis, None], torch.arange(size)
        within = (place >= start) & (place < start + squares[:, :1])
        covered &= within.reshape(-1, *[size if other == axis else 1 for other in range(len(space))])
    return covered


def _noises(trial: Trial, samples: int, noise: float) -> Iterator[tuple[Tensor, Tensor]]:
    """Sums of the map times noise that is the same in all colours, and what this noise costs the score."""
    chance, size = trial.chance, trial.probe.chunks.forward
    values, clean = trial.varied.flatten().double(), trial.probe.score(trial.probe.clean)
    for start in range(0, samples, size):
        grey = noise * chance.normal(min(size, samples - start), *trial.map.shape)
        of = torch.zeros(len(grey), dtype=torch.long)
        yield grey.flatten(1).double() @ values, clean - trial.probe.scores(trial.image - grey[:, None], of)
