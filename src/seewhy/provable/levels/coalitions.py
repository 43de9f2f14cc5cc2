"""C7 and C19: games whose every coalition is known; what sampling owes to chance, and whether its bars say so."""

from __future__ import annotations

import torch
from torch import Tensor

from ..asker import Asker, off
from ..expected import banzhaf, shapley
from ..level import level
from ..networks import Table
from ..setting import Setting
from ..subject import explanations

SPACES = ((2, 2), (2, 3), (3, 3), (3, 4))
WHITE = torch.ones(1, 3, 3, 3)
FEW, MANY = 128, 512  # of 512 coalitions


def _worths(space: tuple[int, int]) -> Tensor:
    """A score for each coalition: what each set of places is worth together, half as much for every place more."""
    places = space[0] * space[1]
    table = torch.randn(2**places, generator=torch.Generator().manual_seed(places), dtype=torch.float64)
    table *= 0.5 ** torch.tensor([number.bit_count() for number in range(2**places)])
    cube = table.reshape([2] * places)
    for place in range(places):
        cube.select(place, 1).add_(cube.select(place, 0))
    return table


def _right(asker: Asker, space: tuple[int, int]) -> Tensor:
    value = banzhaf if asker.rule == "banzhaf" else shapley
    return value(_worths(space)).reshape(space)


@level("C7", "random games", "shapley", "banzhaf", "path-integral", most=0.01)
def random_games(asker: Asker) -> float:
    """On random games of 4, 6, 9 and 12 places the Shapley (or Banzhaf) value of each place, up to chance."""
    errors = []
    for space in SPACES:
        draws = asker.draws(Table(_worths(space).float()), torch.ones(1, 3, *space), samples=512)
        errors.append(off(draws[:, 0], _right(asker, space)))
    return max(errors)


@level("C7", "few samples", "unbiased", most=0.01)
def few_samples(asker: Asker) -> tuple[float, str]:
    """The mean of maps from few samples is right, up to chance."""
    draws, right = asker.draws(Table(_worths((3, 3)).float()), WHITE, samples=FEW)[:, 0], _right(asker, (3, 3))
    if len(draws) == 1:
        raise NotImplementedError("it leaves nothing to chance")
    return off(draws, right), f"one map is off by {_rms(draws - right) / _rms(right):.2f}"


@level("C7", "more samples", "unbiased", least=2.0)
def more_samples(asker: Asker) -> tuple[float, str]:
    """Four times the samples at least halve the mean squared error: a quarter where draws are independent."""
    if not asker.subject.samples:
        raise NotImplementedError("it does not take a number of samples")
    network, right = Table(_worths((3, 3)).float()), _right(asker, (3, 3))
    few, many = (_rms(asker.draws(network, WHITE, samples=count)[:, 0] - right) ** 2 for count in (FEW, MANY))
    return few / max(many, 1e-12), f"error at {FEW} over that at {MANY}"


@level("C19", "error bars", "error-bars", least=0.8)
def error_bars(asker: Asker) -> tuple[float, str]:
    """At least 80 % of the stated 95 % intervals cover the map of very many samples (16 seeds, nine places)."""
    entry = asker.subject.entry
    if entry is None or not entry.samples:
        raise NotImplementedError("it states no intervals")

    def found(seed: int, samples: int) -> tuple[Tensor, Tensor]:
        setting = Setting(samples=samples, seed=seed)
        (one,) = explanations(entry, asker.subject.options, Table(_worths((3, 3)).float()), WHITE, [0], setting)
        assert one.stderr is not None, f"{entry.name} samples without error bars"
        return torch.from_numpy(one.values).double(), torch.from_numpy(one.stderr).double()

    truth, _ = found(asker.seed + 1000, 8192)
    inside = [((values - truth).abs() <= 1.96 * stderr + 1e-6) for values, stderr in (found(s, 400) for s in range(16))]
    return float(torch.stack(inside).double().mean()), "share covered"


def _rms(values: Tensor) -> float:
    return float((values**2).mean().sqrt())
