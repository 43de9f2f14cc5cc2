"""Calls for the same map: RISE's published estimator against `debiased-rise`, on the bundled network and the cat.

The two have one map but for a factor and an offset: published = level + (1 - keep) x debiased. Both are compared with
the covariance over many masks of a seed that nobody else uses; its own noise is in all figures and makes the factors
look smaller than they are, the more the better the estimator. The error is relative to the reference, and so is the
rank correlation. The stop rule is off.

    .venv/bin/python benchmarks/rise_estimators.py [seeds] [reference masks]
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

import torch
from torch import Tensor

import seewhy
from seewhy.domain.cost import Cost
from seewhy.domain.evidence import Evidence
from seewhy.domain.target import Target
from seewhy.engine.probe import OFTEN, Probe
from seewhy.inputs.read import read_sample
from seewhy.registry import find_method

CALLS = (128, 256, 512)
KEEP, REFERENCE_SEED = 0.5, 1000
ESTIMATORS = ("published", "covariance", "regression")


def probe_of(photo: str) -> Probe:
    """The bundled network asked for the probability of its top class."""
    model = seewhy.adapt("efficientnet-lite0")
    image = read_sample(f"photo:{photo}", model.preprocess).pixels[None]
    probe = Probe(model, image, [Target(0, "")], expected=Cost(OFTEN))
    probe.targets = [Target(int(probe.clean[0].argmax()), "the predicted class", "probability")]
    return probe


def estimate(probe: Probe, estimator: str, calls: int, seed: int) -> Tensor:
    """The debiased map; the published one is brought to its scale."""
    options = {"samples": calls, "tolerance": 0.0, "seed": seed, "keep": KEEP}
    if estimator == "published":
        found: Evidence = find_method("rise").function(probe, **options)
        assert found.zero is not None
        return (found.values[0] - found.zero[0]) / (1 - KEEP)
    return find_method("debiased-rise").function(probe, estimator=estimator, **options).values[0]


def ranks(values: Tensor) -> Tensor:
    return values.flatten().argsort().argsort().float()


def rows(photo: str, seeds: int, masks: int) -> Iterator[str]:
    """One line of the table per number of calls."""
    probe = probe_of(photo)
    with probe.model.borrowed():
        truth = estimate(probe, "covariance", masks, REFERENCE_SEED)
        for calls in CALLS:
            cells = []
            for estimator in ESTIMATORS:
                found = [estimate(probe, estimator, calls, seed) for seed in range(seeds)]
                error = torch.stack([(one - truth).norm() / truth.norm() for one in found]).square().mean().sqrt()
                alike = [torch.corrcoef(torch.stack([ranks(one), ranks(truth)]))[0, 1] for one in found]
                cells.append(f"{error:.2f} ({torch.stack(alike).mean():.2f})")
            yield f"| {photo} | {calls} | {' | '.join(cells)} |"


if __name__ == "__main__":
    torch.set_num_threads(1)
    seeds, masks = (int(given) for given in (sys.argv[1:] + ["2", "3000"][len(sys.argv) - 1 :])[:2])
    print(f"| photo | calls | {' | '.join(ESTIMATORS)} |")
    print("|---|---|---|---|---|")
    for line in rows("cat", seeds, masks):
        print(line, flush=True)
