"""Smooth Grad-CAM++ against a slow re-derivation with known noise, and the error bars of functions of means."""

import numpy as np
import pytest
import torch
from test_oracle_cams import IMAGE, Pooled
from torch import nn

import seewhy
from seewhy.engine.leave_out import Jackknife
from seewhy.testing.tiny_models import seeded


class Curved(nn.Module):
    """A hidden layer behind the features, so that noise changes the gradient there."""

    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, 5, 4, stride=4), nn.ReLU())
        self.head = nn.Sequential(nn.Conv2d(5, 6, 3), nn.Softplus(beta=5), nn.Flatten(), nn.Linear(216, 3))

    def forward(self, images):
        return self.head(self.features(images))


def smooth(network, **options):
    asked = {"method": "smooth-grad-cam++", "layer": "features", "target": 1, "sign": "both", "tolerance": 0.0}
    return seewhy.explain(network, IMAGE, **{**asked, **options})


def by_hand(network, samples, noise, seed):
    """Omeiza et al. 2019: powers of the gradient at each noisy copy, then their means in Grad-CAM++'s weights."""
    generator, spread = torch.Generator().manual_seed(seed), noise * float(IMAGE.max() - IMAGE.min())
    powers = []
    for _ in range(samples // 2):
        draw = torch.randn(IMAGE.shape, generator=generator) * spread
        for variant in (IMAGE + draw, IMAGE - draw):
            held = network.features(variant[None]).detach().requires_grad_()
            (slope,) = torch.autograd.grad(network.head(held)[0, 1], held)
            powers.append([(slope[0].double() ** p).numpy() for p in (1, 2, 3)])
    first, second, third = np.mean(powers, axis=0)
    features = network.features(IMAGE[None])[0].detach().double().numpy()
    out = np.zeros(features.shape[1:])
    for k, feature in enumerate(features):
        weight = 0.0
        for place in np.ndindex(feature.shape):
            below = 2 * second[k][place] + feature.sum() * third[k][place]
            if second[k][place] > 0 and first[k][place] > 0:
                weight += second[k][place] / below * first[k][place]
        out += weight * feature
    return out


def test_smooth_grad_cam_is_its_formula_over_known_noise():
    network = seeded(Curved).eval()
    found = smooth(network, samples=12, noise=0.2, seed=5)
    np.testing.assert_allclose(found.values, by_hand(network, 12, 0.2, 5), rtol=1e-3, atol=1e-7)
    assert found.sampling.drawn == 6


def test_without_noise_it_is_grad_cam_plus_plus_and_is_sure_of_it():
    network = seeded(Curved).eval()
    found = smooth(network, samples=8, noise=0.0)
    plain = seewhy.explain(network, IMAGE, method="grad-cam++", layer="features", target=1, sign="both")
    np.testing.assert_allclose(found.values, plain.values, rtol=1e-4, atol=1e-8)
    assert found.band.max() < 1e-6 * np.abs(found.values).max()


def test_behind_a_linear_head_noise_changes_nothing():
    found = smooth(Pooled().eval(), samples=8, noise=0.5)
    plain = seewhy.explain(Pooled().eval(), IMAGE, method="grad-cam++", layer="features", target=1, sign="both")
    np.testing.assert_allclose(found.values, plain.values, rtol=1e-4, atol=1e-8)


@pytest.mark.slow
def test_the_band_covers_the_map_of_endless_noise_about_as_often_as_it_says():
    network = seeded(Curved).eval()
    truth = smooth(network, samples=8000, noise=0.2, seed=99).values
    runs = [smooth(network, samples=80, noise=0.2, seed=seed) for seed in range(60)]
    assert np.mean([(np.abs(run.values - truth) <= run.band).all() for run in runs]) >= 0.85


def test_the_jackknife_of_a_mean_is_its_standard_error_and_of_a_square_the_delta_rule():
    draws = torch.randn(40, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) + 5
    plain, square = Jackknife(lambda means: means, 0), Jackknife(lambda means: means**2, 0)
    for draw in draws:
        plain.add(draw)
        square.add(draw)
    groups = draws.reshape(2, 20, 3).mean(dim=0)  # units take turns in 20 groups
    expected = groups.std(dim=0) / 20**0.5
    torch.testing.assert_close(plain.estimate().values, draws.mean(dim=0))
    torch.testing.assert_close(plain.estimate().stderr, expected)
    delta = 2 * draws.mean(dim=0) * expected
    torch.testing.assert_close(square.estimate().stderr, delta, rtol=1e-2, atol=0.0)
