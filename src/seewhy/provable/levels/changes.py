"""C16: changes of image, batch and precision that must not change the map, or change it in a known way."""

from __future__ import annotations

import torch

from ...testing.tiny_models import seeded
from ..asker import Asker, beyond_chance, error
from ..level import level
from ..networks import Circular, Rounded
from .formulas import image

FEW = 128  # samples


def _images() -> torch.Tensor:
    return torch.cat([image(seed) for seed in (0, 1)])


@level("C16", "mirrored and shifted", "equivariant", most=1e-3)
def mirrored_and_shifted(asker: Asker) -> float:
    """Where the network sees no left or right and no borders, the mirrored or shifted image has the map so changed."""
    network, seen = seeded(Circular), image()
    plain = asker.draws(network, seen)
    mirrored = asker.draws(network, seen.flip(3)) - plain.flip(3)
    shifted = asker.draws(network, seen.roll((1, 2), (2, 3))) - plain.roll((1, 2), (2, 3))
    return max(beyond_chance(changed, float(plain.abs().max())) for changed in (mirrored, shifted))


@level("C16", "scaled score", "linear", most=1e-3)
def scaled_score(asker: Asker) -> float:
    """A score three times as large has a map three times as large."""
    network, seen = seeded(Circular), image()
    larger = seeded(Circular)
    with torch.no_grad():
        larger.conv.weight.mul_(3)
        assert larger.conv.bias is not None
        larger.conv.bias.mul_(3)
    return error(asker.maps(larger, seen), 3 * asker.maps(network, seen))


@level("C16", "batch and single", "per-image", most=1e-4)
def batch_and_single(asker: Asker) -> float:
    """Two images together give the maps that each gives alone."""
    network, seen = seeded(Circular), _images()
    together = asker.maps(network, seen, samples=FEW)
    return max(error(asker.maps(network, seen[i : i + 1], samples=FEW), together[i : i + 1]) for i in range(2))


@level("C16", "order of the batch", "per-image", most=1e-4)
def order_of_the_batch(asker: Asker) -> float:
    """Images in another order give their maps in that order."""
    network, seen = seeded(Circular), _images()
    return error(asker.maps(network, seen.flip(0), samples=FEW), asker.maps(network, seen, samples=FEW).flip(0))


@level("C16", "twins", "per-image", most=1e-4)
def twins(asker: Asker) -> float:
    """The same image twice gives the same map twice."""
    one, again = asker.maps(seeded(Circular), _images()[[0, 0]], samples=FEW)
    return error(again, one)


@level("C16", "bfloat16", most=0.1)
def bfloat16(asker: Asker) -> float:
    """A network that computes in bfloat16 has nearly the same map."""
    network, seen = seeded(Circular), image()
    return error(asker.maps(Rounded(network), seen), asker.maps(network, seen))
