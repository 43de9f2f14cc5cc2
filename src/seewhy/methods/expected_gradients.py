"""Expected gradients (GradientSHAP): integrated gradients on average over many baselines."""

from __future__ import annotations

import torch
from torch import Tensor

from ..domain.baseline import Baseline, Noise
from ..domain.capability import Capability
from ..domain.cost import Cost
from ..domain.evidence import Evidence, Sampling
from ..domain.tolerance import Tolerance
from ..engine.closed import ClosedMean
from ..engine.estimate import Estimate
from ..engine.path import between
from ..engine.probe import Probe
from ..engine.sampling import sample
from ..registry import method


@method(
    "expected-gradients",
    family="gradient",
    needs=Capability.SCORES | Capability.GRADIENTS,
    paper="Erion et al. 2021, arXiv:1906.10670",
    cost=lambda ask: Cost(1 + ask.fills + ask["samples"] // 4 * 4, ask["samples"] // 4 * 4),
    shows="What each pixel adds on the way from a typical other image to this one.",
    traps=(
        "The answer depends on the images that count as typical; give some of yours with Sample(...).",
        "The sum is right by construction: only the error bars tell how sure the map is.",
    ),
    axioms=("complete", "dummy", "additive", "symmetric", "sensitive", "timely", "motion"),
    samples=True,
)
def expected_gradients(
    probe: Probe, *, samples: int = 200, baseline: Baseline = Noise(), tolerance: Tolerance = 0.1, seed: int = 0
) -> Evidence:
    """(image - baseline) times the gradient at a random place between them (eq. 3), closed by the known total."""
    fills = [baseline.fill(image) for image in probe.images]
    found, empty = [], []
    for i, rivals in enumerate(fills):
        probe.control.start()
        empty.append(probe.scores(rivals, torch.full((len(rivals),), i)).mean())
        found.append(_one(probe, i, rivals, float(empty[i]), samples, tolerance, seed))
    shape = (len(fills), *probe.images.shape[2:])
    values, stderr, band = (
        torch.stack(parts).reshape(shape).float() for parts in zip(*(one.parts for one, _ in found), strict=True)
    )
    explained, level = probe.score(probe.clean) - torch.stack(empty), torch.stack(empty)
    sampling = tuple(sampling for _, sampling in found)
    total = values.flatten(1).sum(dim=1)
    return Evidence(values, stderr, band, total=total, explained=explained, empty=level, sampling=sampling)


def _one(
    probe: Probe, i: int, rivals: Tensor, empty: float, samples: int, tolerance: Tolerance, seed: int
) -> tuple[Estimate, Sampling]:
    image, generator = probe.images[i], torch.Generator().manual_seed(seed)
    mean = ClosedMean(float(probe.score(probe.clean)[i]) - empty)

    def draw(units: int) -> None:
        # four evenly spaced places from one random start, each with a baseline of its own
        places = (torch.arange(4) + torch.rand(units, 1, generator=generator)) / 4
        starts = rivals[torch.randint(len(rivals), (units * 4,), generator=generator)]
        gradients = probe.gradients(between(starts, image, places.flatten()), torch.full((4 * units,), i))
        for four in ((image - starts) * gradients).sum(dim=1).reshape(units, 4, *image.shape[1:]):
            mean.add(four.mean(dim=0))

    return sample(
        probe.control, draw, mean.estimate, units=samples // 4, calls=8, unit="fours", tolerance=tolerance, least=4
    )
