"""Gradient methods on formulas whose maps can be written down by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from known_networks import Formula, of_pixels, weighted

import seewhy

WEIGHTS = torch.tensor([[1.0, -2.0, 0.0], [0.5, 3.0, -1.0]])
IMAGE = torch.tensor([[[0.9, 0.2, 0.7], [0.4, 0.6, 0.3]]])
BLACK = seewhy.Colour(0.0)


def asked(model: Formula, method: str, **options: object) -> seewhy.Explanation:
    return seewhy.explain(model, IMAGE, method=method, target=0, scale="logit", **options)


@pytest.mark.parametrize("method", ["integrated-gradients", "guided-ig", "expected-gradients"])
def test_on_a_weighted_sum_every_path_gives_weight_times_distance(method: str) -> None:
    found = asked(weighted(WEIGHTS), method, baseline=seewhy.Colour(0.1))
    np.testing.assert_allclose(found.values, (WEIGHTS * (IMAGE[0] - 0.1)).numpy(), atol=1e-5)


def test_idgi_shares_the_rise_by_squared_weights() -> None:
    found = asked(weighted(WEIGHTS), "idgi", baseline=BLACK)
    squares = WEIGHTS.square()
    expected = (WEIGHTS * IMAGE[0]).sum() * squares / squares.sum()
    np.testing.assert_allclose(found.values, expected.numpy(), atol=1e-5)


def test_integrated_gradients_of_a_product_shares_it_evenly_and_of_powers_by_exponent() -> None:
    product = asked(of_pixels(lambda a, b, *_: a * b), "integrated-gradients", baseline=BLACK).values
    np.testing.assert_allclose(product.ravel()[:2], [0.09, 0.09], atol=1e-6)  # 0.9 * 0.2 / 2
    powers = asked(of_pixels(lambda a, b, *_: a * b**2), "integrated-gradients", baseline=BLACK).values.ravel()[:2]
    np.testing.assert_allclose(powers, [0.9 * 0.04 / 3, 2 * 0.9 * 0.04 / 3], atol=1e-6)


def test_a_kink_gets_more_steps_than_a_plane_and_is_explained_within_the_tolerance() -> None:
    plane = asked(weighted(WEIGHTS), "integrated-gradients", baseline=BLACK)
    kinked = of_pixels(lambda a, b, *_: torch.relu(a + b - 0.33) + torch.relu(0.21 - a))
    rough = asked(kinked, "integrated-gradients", baseline=BLACK, tolerance=0.001, steps=201)
    assert plane.cost.calls < rough.cost.calls
    assert rough.cost.backward <= 201
    change = (1.1 - 0.33) - 0.21
    assert abs(rough.values.sum() - change) <= 0.001 * change + 1e-6


def test_steps_that_do_not_suffice_are_said() -> None:
    step = of_pixels(lambda a, *_: torch.sigmoid(400 * (a - 0.437)))
    found = asked(step, "integrated-gradients", baseline=BLACK, steps=9, tolerance=0.01)
    assert any("9 steps explain" in check.message for check in found.checks)


def test_guided_ig_of_a_product_is_complete_however_far_it_strays() -> None:
    found = asked(of_pixels(lambda a, b, *_: a * b), "guided-ig", baseline=BLACK, steps=400, leeway=1.0)
    assert abs(found.values.sum() - 0.18) < 1e-3
    assert not found.values.ravel()[2:].any()


def test_blur_ig_of_a_weighted_sum_is_weight_times_what_the_blur_took_away() -> None:
    weights = torch.rand(1, 12, 16, generator=torch.Generator().manual_seed(0))
    image = torch.rand(1, 12, 16, generator=torch.Generator().manual_seed(1))
    found = seewhy.explain(
        weighted(weights), image, method="blur-ig", target=0, scale="logit", width=0.25, steps=401, tolerance=1e-6
    )
    mirrored = np.pad(image[0].numpy(), ((12, 12), (16, 16)), mode="symmetric")
    blurred = _gaussian(mirrored, 3.0)[12:24, 16:32]  # a quarter of the shorter side
    expected = weights[0].numpy() * (image[0].numpy() - blurred)
    np.testing.assert_allclose(found.values, expected, atol=0.005 * np.abs(expected).max())


def _gaussian(image: np.ndarray, sigma: float) -> np.ndarray:
    """Blurred place by place, with the borders of the padded image cut off by the caller."""
    offsets = np.arange(-11, 12)
    kernel = np.exp(-0.5 * (offsets / sigma) ** 2)
    kernel /= kernel.sum()
    for axis in (0, 1):
        image = np.apply_along_axis(lambda line: np.convolve(line, kernel, mode="same"), axis, image)
    return image


def test_variance_and_mean_square_of_the_gradient_of_a_square_are_those_of_its_noise() -> None:
    # f = sum a x^2 / 2: the gradient at x + z is a (x + z), so its variance is a^2 s^2, its square a^2 (x^2 + s^2)
    slopes, spread = WEIGHTS.abs() + 0.5, 0.2 * (0.9 - 0.2)
    model = Formula(lambda images: (slopes * images.square() / 2).flatten(1).sum(dim=1))
    truths = {
        "var-grad": slopes.square() * spread**2,
        "square-grad": slopes.square() * (IMAGE[0].square() + spread**2),
    }
    for method, truth in truths.items():
        runs = [asked(model, method, samples=200, noise=0.2, tolerance=0.0, seed=seed) for seed in range(30)]
        held = [bool((np.abs(found.values - truth.numpy()) <= found.band).all()) for found in runs]
        assert sum(held) >= 26, f"the band of {method} held {sum(held)} times of 30"
        mean = np.mean([found.values for found in runs], axis=0)
        np.testing.assert_allclose(mean, truth.numpy(), rtol=0.1)


def test_expected_gradients_average_over_the_baselines_that_were_given() -> None:
    others = torch.rand(5, 1, 2, 3, generator=torch.Generator().manual_seed(2))
    found = asked(of_pixels(lambda a, b, *_: a * b), "expected-gradients", baseline=seewhy.Sample(others), samples=4000)
    a, b = 0.9, 0.2
    start, end = others.reshape(5, 6)[:, 0].numpy(), others.reshape(5, 6)[:, 1].numpy()
    truth = [((a - start) * (b + end) / 2).mean(), ((b - end) * (a + start) / 2).mean()]
    assert (np.abs(found.values.ravel()[:2] - truth) <= found.band.ravel()[:2] + 1e-6).all()
    assert abs(found.values.sum() - (a * b - (start * end).mean())) < 1e-4


def test_xrai_ranks_the_segment_that_drives_the_score_first() -> None:
    pytest.importorskip("skimage")
    image = torch.full((3, 48, 48), 0.5)
    image[:, 8:24, 20:40] = torch.tensor([0.9, 0.2, 0.1]).reshape(3, 1, 1)
    weights = torch.zeros(3, 48, 48)
    weights[0, 8:24, 20:40] = 1.0
    found = seewhy.explain(weighted(weights), image, method="xrai", target=0, scale="logit").values
    inside = np.zeros((48, 48), dtype=bool)
    inside[8:24, 20:40] = True
    best = found >= np.sort(found.ravel())[-inside.sum()]
    assert (best & inside).sum() / inside.sum() > 0.8
    assert found[inside].mean() > 3 * max(found[~inside].mean(), 0)
