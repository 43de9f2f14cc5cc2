"""C6: axioms, one network each."""

from __future__ import annotations

import torch
from torch import Tensor

from ..asker import Asker, beyond_chance, error, off
from ..level import level
from ..networks import Formula
from .formulas import image

TWINS = [0, 4]  # places that the network reads alike


def _curved(p: Tensor) -> Tensor:
    """Every place but the last, curved and mixed; the twins are read alike."""
    return (p[:, 0] + p[:, 4]) ** 2 * p[:, 1] + p[:, 2] ** 3 - 2 * p[:, 3] * p[:, 5] + torch.tanh(p[:, 6] * p[:, 7])


def _other(p: Tensor) -> Tensor:
    return p[:, 2] * p[:, 3] - p[:, 7] ** 2


@level("C6", "dummy", "dummy", most=1e-4)
def dummy(asker: Asker) -> float:
    """A place that is not read gets nothing."""
    found = asker.maps(Formula(_curved, _other), image())[0].flatten()
    return float(found[8].abs() / found.abs().max())


@level("C6", "symmetry", "symmetric", most=1e-3)
def symmetry(asker: Asker) -> float:
    """Two places that are read alike and show the same get the same."""
    seen = image().flatten(2)
    seen[..., TWINS[1]] = seen[..., TWINS[0]]
    draws = asker.draws(Formula(_curved, _other), seen.reshape(1, 3, 3, 3)).flatten(1)
    return beyond_chance(draws[:, TWINS[:1]] - draws[:, TWINS[1:]], float(draws.abs().max()))


@level("C6", "linearity", "linear", most=1e-3)
def linearity(asker: Asker) -> float:
    """The map of 2f + g is twice that of f plus that of g."""
    network = Formula(lambda p: 2 * _curved(p) + _other(p), _curved, _other)
    both, f, g = asker.maps(network, image().expand(3, -1, -1, -1), [0, 1, 2])
    return error(both, 2 * f + g)


@level("C6", "cancellation", "proportional", most=0.01)
def cancellation(asker: Asker) -> float:
    """Two places that cancel each other each get their share, with opposite signs."""
    seen = torch.full((1, 3, 3, 3), 0.5)
    draws = asker.draws(Formula(lambda p: p[:, 0] - p[:, 5], lambda p: p[:, 1]), seen).flatten(1)
    wanted = torch.zeros(9, dtype=torch.float64)
    wanted[0], wanted[5] = 0.5, -0.5
    return off(draws, wanted)


@level("C6", "input shift", "shift-invariant", most=1e-3)
def input_shift(asker: Asker) -> float:
    """The same answers to images that are brighter by a constant, which the network takes away, give the same map."""
    seen, shift = 0.7 * image(), 0.25
    plain = asker.maps(Formula(_curved, _other), seen)[0]
    shifted = asker.maps(Formula(lambda p: _curved(p - shift), lambda p: _other(p - shift)), seen + shift)[0]
    return error(shifted, plain)


@level("C6", "two classes", "class-specific", most=0.99)
def two_classes(asker: Asker) -> float:
    """The maps of two classes that rest on different places are not the same up to size: their correlation."""
    seen = image(5)
    network = Formula(lambda p: p[:, :4].sum(dim=1), lambda p: p[:, 5:].sum(dim=1))
    one, other = asker.maps(network, seen.expand(2, -1, -1, -1), [0, 1])
    if not (one.std() > 0 and other.std() > 0):
        return 1.0
    return float(torch.corrcoef(torch.stack([one.flatten(), other.flatten()]))[0, 1])
