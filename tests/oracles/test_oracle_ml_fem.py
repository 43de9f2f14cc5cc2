"""ML-FEM on a network whose levels are the image itself and its coarser copies, in plain Python."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from test_oracle_fem import by_hand
from torch import Tensor, nn

import seewhy
from seewhy.domain.cost import Cost


class Pyramid(nn.Module):
    """Each level shows the one before at half the size: every other place of it."""

    def __init__(self, levels: int, channels: int = 3) -> None:
        super().__init__()
        self.levels = nn.ModuleList(
            nn.Sequential(nn.Conv2d(channels, channels, 1, stride=1 + (i > 0), bias=False), nn.ReLU())
            for i in range(levels)
        )
        for level in self.levels:
            nn.init.dirac_(level[0].weight)
        self.head = nn.Linear(channels, 2)

    def forward(self, images: Tensor) -> Tensor:
        for level in self.levels:
            images = level(images)
        return self.head(images.mean(dim=(2, 3)))


def larger(values: np.ndarray, side: int) -> np.ndarray:
    """Bilinear interpolation between the centres of the cells, place by place."""
    out, step = np.zeros((side, side)), len(values) / side
    for y, x in np.ndindex(side, side):
        places = [min(max((p + 0.5) * step - 0.5, 0), len(values) - 1) for p in (y, x)]
        for cell in np.ndindex(values.shape):
            shares = [max(0.0, 1 - abs(p - c)) for p, c in zip(places, cell, strict=True)]
            out[y, x] += shares[0] * shares[1] * values[cell]
    return out


def unit(values: np.ndarray) -> np.ndarray:
    span = values.max() - values.min()
    return (values - values.min()) / span if span else np.zeros_like(values)


def ml_fem(network: nn.Module, image: Tensor, **options: object) -> seewhy.Explanation:
    asked = {"target": 0, "preprocess": seewhy.Preprocess.plain(), **options}
    return seewhy.explain(network, image, method="ml-fem", **asked)


IMAGE = torch.rand(3, 16, 16, generator=torch.Generator().manual_seed(1)) ** 6


@pytest.mark.parametrize(("fusion", "fused"), [("mean", np.mean), ("max", np.max)])
@pytest.mark.parametrize("levels", [1, 2, 3])
def test_ml_fem_is_the_fusion_of_what_each_level_shows(levels: int, fusion: str, fused: object) -> None:
    maps = [by_hand(IMAGE[:, :: 2**i, :: 2**i], 1.5) for i in range(3)][-levels:]
    expected = fused([unit(larger(one, len(maps[0]))) for one in maps], axis=0)
    found = ml_fem(Pyramid(3).eval(), IMAGE, levels=levels, fusion=fusion, deviations=1.5)
    np.testing.assert_allclose(found.values, expected, atol=1e-5)


def test_the_levels_that_were_read_are_named() -> None:
    found = ml_fem(Pyramid(3).eval(), IMAGE, levels=2)
    told = "Levels: levels.1 (3 x 8 x 8), levels.2 (3 x 4 x 4)."
    assert told in [check.message for check in found.checks]


def test_a_level_where_nothing_stands_out_adds_nothing() -> None:
    image = torch.zeros(3, 8, 8)
    image[:, 1, 1] = 1.0  # odd places do not reach the coarser level
    found = ml_fem(Pyramid(2).eval(), image)
    expected = np.zeros((8, 8))
    expected[1, 1] = 0.5
    np.testing.assert_allclose(found.values, expected, atol=1e-6)


def test_a_network_of_one_resolution_gets_the_map_of_fem_scaled() -> None:
    network = Pyramid(1).eval()
    fem = seewhy.explain(network, IMAGE, method="fem", target=0, preprocess=seewhy.Preprocess.plain()).values
    np.testing.assert_allclose(ml_fem(network, IMAGE).values, unit(fem), atol=1e-5)


def test_one_pass_serves_it() -> None:
    assert ml_fem(Pyramid(3).eval(), IMAGE).cost == Cost(1)
