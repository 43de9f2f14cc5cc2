"""Layer maps on a two-layer network that is computed by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from known_networks import TwoLayers
from torch import nn

import seewhy
from seewhy.testing import oracles

# The first layer picks the upper left (map 0) and the lower right (map 1) pixel of each 2 x 2 block, so for IMAGE
#     A0 = 1 2   A1 = 2 0
#          3 4        1 1
# and the second layer is linear over all places, so its weights are the gradients of the first answer:
#     G0 = 2 -1  G1 = -1 -1
#          0  1        1 -3
FIRST = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
SECOND = torch.tensor([[2.0, 0.0], [1.0, 1.0]])
SLOPES = torch.tensor([[[2.0, -1.0], [0.0, 1.0]], [[-1.0, -1.0], [1.0, -3.0]]])
IMAGE = torch.full((1, 4, 4), 7.0)
IMAGE[0, ::2, ::2], IMAGE[0, 1::2, 1::2] = FIRST, SECOND

BY_HAND = {
    # mean of G0 = 1/2, of G1 = -1: A0/2 - A1 = (-1.5, 1, 0.5, 1)
    ("grad-cam", "both"): [[-1.5, 1.0], [0.5, 1.0]],
    ("grad-cam", "positive"): [[0.0, 1.0], [0.5, 1.0]],
    # sum A0 = 10, sum A1 = 4; a = g^2 / (2 g^2 + sum(A) g^3) where g > 0:
    # map 0: g = 2: 4/(8 + 80) = 1/22, g = 1: 1/(2 + 10) = 1/12, weight 2/22 + 1/12 = 23/132
    # map 1: g = 1: 1/(2 + 4) = 1/6, weight 1/6
    ("grad-cam++", "positive"): [[23 / 132 + 2 / 6, 46 / 132], [69 / 132 + 1 / 6, 92 / 132 + 1 / 6]],
    # g+ A: map 0 gives 2*1 and 1*4, map 1 gives 1*1 at the lower left
    ("layer-cam", "positive"): [[2.0, 0.0], [1.0, 4.0]],
}


@pytest.mark.parametrize(("method", "sign"), BY_HAND)
def test_cams_are_the_numbers_worked_out_by_hand(method: str, sign: str) -> None:
    found = seewhy.explain(TwoLayers(SLOPES), IMAGE, method=method, layer="first", sign=sign, target=0)
    np.testing.assert_allclose(found.values, BY_HAND[method, sign], rtol=1e-5)


def test_the_other_answer_gets_the_map_of_its_own_gradient() -> None:
    found = seewhy.explain(TwoLayers(SLOPES), IMAGE, method="grad-cam", layer="first", sign="both", target=1)
    np.testing.assert_allclose(found.values, [[1.5, -1.0], [-0.5, -1.0]], rtol=1e-5)


class Convolutions(nn.Module):
    """Two random convolutions and a linear head over every place."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(2)
        self.first, self.second = nn.Conv2d(3, 6, 4, stride=4), nn.Conv2d(6, 5, 3, padding=1)
        self.head = nn.Linear(5 * 8 * 8, 4)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.head(torch.tanh(self.second(torch.tanh(self.first(images)))).flatten(1))


PICTURE = torch.rand(3, 32, 32, generator=torch.Generator().manual_seed(4))


def activations_and_gradients(network: Convolutions, target: int) -> tuple[np.ndarray, np.ndarray]:
    activations = network.second(torch.tanh(network.first(PICTURE[None]))).detach().requires_grad_()
    score = network.head(torch.tanh(activations).flatten(1))[0, target]
    (gradients,) = torch.autograd.grad(score, activations)
    return activations.detach().double().numpy()[0], gradients.double().numpy()[0]


@pytest.mark.parametrize("target", [0, 3])
@pytest.mark.parametrize("method", ["grad-cam", "grad-cam++", "layer-cam"])
def test_cams_are_what_loops_over_every_channel_and_place_give(method: str, target: int) -> None:
    network = Convolutions()
    found = seewhy.explain(network, PICTURE, method=method, layer="second", sign="both", target=target)
    slow = getattr(oracles, method.replace("-", "_").replace("++", "_plus_plus"))
    expected = slow(*activations_and_gradients(network, target))
    np.testing.assert_allclose(found.values, expected, atol=1e-5 * np.abs(expected).max())


def test_eigen_cam_is_the_first_component_of_the_singular_value_decomposition() -> None:
    network = Convolutions()
    for layer, activations in (("second", activations_and_gradients(network, 0)[0]), ("first", None)):
        if activations is None:
            activations = network.first(PICTURE[None]).detach().double().numpy()[0]
        found = seewhy.explain(network, PICTURE, method="eigen-cam", layer=layer).values
        expected = oracles.eigen_cam(activations)
        np.testing.assert_allclose(found, expected, atol=1e-4 * np.abs(expected).max())


def test_eigen_cam_of_mostly_negative_features_is_negative_there() -> None:
    network = Convolutions()
    with torch.no_grad():
        network.first.weight.abs_().neg_()
        network.first.bias.zero_()
    assert (seewhy.explain(network, PICTURE, method="eigen-cam", layer="first").values < 0).all()
