"""C1 to C5 and C12: scores that are short formulas of nine places."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..asker import Asker, beyond_chance, off
from ..claims import RULES
from ..expected import expected
from ..level import level
from ..networks import Formula, Weighted, bright, saturated

FIRST, SECOND = 0, 5  # the two places that matter


def image(seed: int = 0) -> Tensor:
    """Nine places, none of them black."""
    return bright(1, 3, 3, 3, seed=seed)


def weights() -> Tensor:
    """Of both signs, other ones for each colour; one place has none."""
    found = torch.randn(3, 3, 3, generator=torch.Generator().manual_seed(3))
    found[:, 2, 1] = 0
    return found


def product() -> nn.Module:
    """Two places that count only together."""
    return Formula(lambda p: p[:, FIRST] * p[:, SECOND], lambda p: p[:, 1])


def strongest() -> nn.Module:
    """The brighter of two places."""
    return Formula(lambda p: torch.maximum(p[:, FIRST], p[:, SECOND]), lambda p: p[:, 1])


def either() -> nn.Module:
    """Exclusive or, as a polynomial."""
    return Formula(lambda p: p[:, FIRST] + p[:, SECOND] - 2 * p[:, FIRST] * p[:, SECOND], lambda p: p[:, 1])


@level("C1", "linear", "proportional", most=0.01)
def linear(asker: Asker) -> float:
    """On a sum of weighted values each place gets weight times value."""
    return off(asker.draws(Weighted(weights()), image())[:, 0], (weights() * image()[0]).double().sum(dim=0))


@level("C2", "additive", "additive", most=0.01)
def additive(asker: Asker) -> float:
    """On a sum of weighted cubes each place gets its own cubes."""
    draws = asker.draws(Weighted(weights(), power=3), image())[:, 0]
    return off(draws, (weights() * image()[0] ** 3).double().sum(dim=0))


@level("C3", "interaction", *RULES, most=0.01)
def interaction(asker: Asker) -> tuple[float, str]:
    """On the product of two places the rule's own answer: half each, or all of it twice for leave-one-out."""
    return asker.strays(product(), image()[0])


@level("C4", "saturation", "sensitive", least=0.05)
def saturation(asker: Asker) -> float:
    """Where either of two places suffices, each gets at least a twentieth of the change of the score."""
    mean = asker.draws(saturated(FIRST, SECOND, 9), image())[:, 0].mean(dim=0).flatten()
    return float(mean[[FIRST, SECOND]].min())  # the score changes by one


@level("C4", "complete", "complete", most=0.03)
def complete(asker: Asker) -> float:
    """On five formulas the map sums to the score less that of black."""
    networks = (Weighted(weights()), Weighted(weights(), power=3), product(), saturated(FIRST, SECOND, 9), strongest())
    return max(_gap(asker, network) for network in networks)


@level("C5", "max", *RULES, most=0.03)
def maximum(asker: Asker) -> tuple[float, str]:
    """On the larger of two places the rule's own answer: a path gives all to the larger, Shapley a part to both."""
    return asker.strays(strongest(), image()[0])


@level("C12", "exclusive or", *RULES, most=0.01)
def exclusive_or(asker: Asker) -> tuple[float, str]:
    """Where each of two places undoes the other, the rule's own answer about the network."""
    return asker.strays(either(), image()[0])


@level("C12", "suppressor", "proportional", most=0.01)
def suppressor(asker: Asker) -> float:
    """A place that only cancels a disturbance of another gets its negative share: the map explains the network."""
    seen = image()
    draws = asker.draws(Formula(lambda p: p[:, FIRST] - p[:, SECOND], lambda p: p[:, 1]), seen)
    wanted = torch.zeros(9, dtype=torch.float64)
    places = seen[0].double().mean(dim=0).flatten()
    wanted[FIRST], wanted[SECOND] = places[FIRST], -places[SECOND]
    return off(draws.flatten(1), wanted)


def _gap(asker: Asker, network: nn.Module) -> float:
    """What is missing or too much, as a share of the change of the score or of the largest single share."""
    seen = image()
    with torch.no_grad():
        change = float(network(seen)[0, 0] - network(torch.zeros_like(seen))[0, 0])
    largest = float(expected("path-integral", network, seen[0]).abs().max())
    sums = asker.draws(network, seen).flatten(1).sum(dim=1, keepdim=True)
    return beyond_chance(sums - change, max(abs(change), largest))
