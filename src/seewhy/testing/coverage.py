"""Do error bars keep their promise? Many runs of a sampling method against one of fifty times the samples or more."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from ..domain.evidence import Evidence
from ..domain.target import Target
from ..engine.answers import Answers
from ..engine.probe import Probe
from ..models.adapt import adapt
from ..registry import Entry
from ..stats.quantiles import z_quantile
from .asking import step_of
from .tiny_models import pictures, tiny_cnn

IMAGE, CLIP = (12, 12), (8, 6, 6)
TIMES, REFERENCE_SEED = 50, 10**6  # the error of the reference is in every run alike


@dataclass(frozen=True)
class Coverage:
    """How often the 95 % intervals of one method held the truth."""

    each: Float[Tensor, " runs"]  # share of the values within 1.96 standard errors, run by run
    together: Float[Tensor, " runs"]  # whether the band held all values that varied at once
    unseen: Float[Tensor, " runs"]  # whether a value never varied and was wrong: what no error bar of draws can know
    stated: float  # mean standard error over the error that the runs had: 1 where it is right

    @property
    def error(self) -> float:
        """Standard error of the share of values that were held: values of one run hang together."""
        return float(self.each.std()) / math.sqrt(len(self.each))

    @property
    def band_error(self) -> float:
        """The binomial standard error of the share of bands that held."""
        share = float(self.together.mean())
        return math.sqrt(share * (1 - share) / len(self.together))


def coverage(
    entry: Entry, *, samples: int, runs: int, times: int = TIMES, options: Mapping[str, Any] | None = None
) -> Coverage:
    """Runs with one seed after the other on a tiny network, all samples drawn, against many times the samples."""
    shape = IMAGE if len(IMAGE) in entry.spaces else CLIP
    model, image, answers = adapt(tiny_cnn(len(shape))), pictures(1, 3, *shape, seed=1), Answers()

    def ask(seed: int, samples: int) -> Evidence:
        chosen = {**step_of(entry, len(shape)).options, **(options or {}), "samples": samples, "seed": seed}
        found: Evidence = entry.function(Probe(model, image, [Target(1, "class 1")], answers=answers), **chosen)
        return found

    with model.borrowed():
        truth = _numbers(ask(REFERENCE_SEED, samples * times))[0]
        found = [_numbers(ask(seed, samples)) for seed in range(runs)]
    values, stderr, band = (torch.stack(parts) for parts in zip(*found, strict=True))
    off, alive = (values - truth).abs(), values.std(dim=0) > 1e-6 * values.abs().max()
    slack = 1e-6 * truth.abs().max()  # of float32
    each = (off <= z_quantile() * stderr + slack)[:, alive].double().mean(dim=1)
    still, missed = stderr == 0, off > band + slack
    together, unseen = (~(missed & ~still).any(dim=1)).double(), (missed & still).any(dim=1).double()
    stated = float(stderr[:, alive].mean() / off[:, alive].square().mean(dim=0).sqrt().mean())
    return Coverage(each, together, unseen, stated)


def _numbers(found: Evidence) -> tuple[Tensor, Tensor, Tensor]:
    """Values, errors and bands: of the parts where there are some, otherwise of the places of the map."""
    assert found.stderr is not None
    assert found.band is not None
    if found.parts is None:
        return found.values[0].flatten(), found.stderr[0].flatten(), found.band[0].flatten()
    (parts,) = found.parts
    assert parts.stderr is not None
    assert parts.band is not None
    return parts.values, parts.stderr, parts.band
