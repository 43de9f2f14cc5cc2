"""Numbers that make no sense are refused in words, never met as a crash deep inside."""

import numpy as np
import pytest
import torch
from torch import nn

import seewhy
from seewhy.errors import BadOption, BadTarget

IMAGE = torch.rand(3, 16, 16, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3))


@pytest.mark.parametrize(
    ("method", "options"),
    [
        ("integrated-gradients", {"steps": 0}),
        ("integrated-gradients", {"steps": -1}),
        ("occlusion", {"baseline": "noise:0"}),
        ("occlusion", {"baseline": "inpaint:-1"}),
        ("occlusion", {"baseline": "linear:-1"}),
        ("occlusion", {"baseline": "linear:0.01,-1"}),
        ("occlusion", {"baseline": "blur:x"}),
        ("lime", {"regions": "grid:0"}),
        ("lime", {"regions": "grid:1.5"}),
        ("lime", {"regions": "superpixels:0"}),
        ("lime", {"regions": "patches:-3"}),
        ("lime", {"regions": "windows:8.5,4"}),
        ("lime", {"regions": seewhy.Given(np.full((16, 16), 0.5))}),
        ("lime", {"width": 0.0, "regions": "grid:2"}),
        ("lime", {"ridge_strength": -1.0, "regions": "grid:2"}),
        ("centre-prior", {"width": 0.0}),
        ("smooth-grad", {"noise": -0.1}),
        ("quadtree-occlusion", {"cells": 0}),
        ("quadtree-occlusion", {"window": 0}),
        ("saliency", {"seed": -1}),
        ("lime", {"seed": -1, "regions": "grid:2"}),
    ],
)
def test_an_option_out_of_range_is_refused(network, method, options):
    with pytest.raises(BadOption):
        seewhy.explain(network, IMAGE, method=method, **options)


def test_a_target_function_that_raises_is_told_by_name(network):
    def crooked(outputs):
        return outputs.nothing

    with pytest.raises(BadTarget, match="crooked raised AttributeError"):
        seewhy.explain(network, IMAGE, method="saliency", target=crooked)
