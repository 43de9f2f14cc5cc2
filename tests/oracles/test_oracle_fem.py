"""The k-sigma rule on features that are written down, and place by place in plain Python."""

import math

import numpy as np
import torch
from torch import nn

import seewhy


class Shown(nn.Module):
    """A layer whose features are the image's channels themselves."""

    def __init__(self, channels):
        super().__init__()
        self.features = nn.Conv2d(channels, channels, 1, bias=False)
        nn.init.dirac_(self.features.weight)
        self.head = nn.Linear(channels, 2)

    def forward(self, images):
        return self.head(self.features(images).mean(dim=(2, 3)))


def fem(features, **options):
    network = Shown(len(features)).eval()
    asked = {"method": "fem", "layer": "features", "target": 0, "preprocess": seewhy.Preprocess.plain()}
    return seewhy.explain(network, features, **asked, **options).values


def by_hand(features, deviations):
    """Fuad et al. 2020: every channel's mean wherever it is above its mean by so many deviations."""
    out = np.zeros(features.shape[1:])
    for channel in features.double().numpy():
        mean = sum(channel[p] for p in np.ndindex(channel.shape)) / channel.size
        spread = math.sqrt(sum((channel[p] - mean) ** 2 for p in np.ndindex(channel.shape)) / channel.size)
        for place in np.ndindex(channel.shape):
            if channel[place] > mean + deviations * spread:
                out[place] += max(mean, 0.0)
    return out


def test_one_bright_place_in_nine_gets_the_mean_of_its_channel_and_a_flat_channel_gives_nothing():
    features = torch.zeros(2, 3, 3)
    features[0, 1, 2] = 0.9  # mean 0.1, deviation 0.283: above 0.1 + 2 * 0.283
    features[1] = 0.5
    expected = np.zeros((3, 3))
    expected[1, 2] = 0.1
    np.testing.assert_allclose(fem(features), expected, atol=1e-7)


def test_a_bright_half_does_not_stand_out():
    features = torch.zeros(1, 4, 4)
    features[0, :2] = 1.0  # one deviation above the mean
    assert not fem(features).any()
    assert (fem(features, deviations=0.5)[:2] == 0.5).all()


def test_fem_is_its_formula_place_by_place():
    features = torch.rand(5, 6, 7, generator=torch.Generator().manual_seed(1)) ** 6
    for deviations in (0.0, 1.0, 2.0):
        np.testing.assert_allclose(fem(features, deviations=deviations), by_hand(features, deviations), rtol=1e-5)


def test_brightness_scales_the_map_and_another_class_does_not_change_it():
    features = torch.rand(3, 8, 8, generator=torch.Generator().manual_seed(2)) ** 6
    np.testing.assert_allclose(fem(features / 2), fem(features) / 2, rtol=1e-5)
    network, asked = Shown(3).eval(), {"method": "fem", "layer": "features"}
    one, other = seewhy.explain(network, features, target=[0, 1], **asked)
    np.testing.assert_array_equal(one.values, other.values)
