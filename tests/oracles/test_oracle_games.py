"""Games that can be solved by hand: linear, additive, product, max, saturated."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from known_networks import Formula, of_pixels, weighted

import seewhy
from seewhy.testing import oracles

PARTS = {"regions": seewhy.Grid(3), "baseline": seewhy.Colour(0.0)}
SINGLE = {"window": 1, "stride": 1, "baseline": seewhy.Colour(0.0)}
METHODS = {
    "integrated-gradients": {},
    "input-x-gradient": {},
    "occlusion": SINGLE,
    "exact-shapley": PARTS,
    "permutation-shapley": PARTS,
    "kernel-shap": {**PARTS, "samples": 60},  # fewer than the 62 proper coalitions: it must sample
    "lime": {**PARTS, "samples": 60, "ridge_strength": 1e-9},
}
WEIGHTS = torch.tensor([[1.0, -2.0, 0.0], [0.5, 3.0, -1.0]])
IMAGE = torch.tensor([[[0.9, 0.2, 0.7], [0.4, 0.6, 0.3]]])


def map_of(model: Formula, method: str, image: torch.Tensor = IMAGE, **options: object) -> np.ndarray:
    """The raw map for the first answer, on the logit."""
    return explained(model, method, image, **options).values


def explained(model: Formula, method: str, image: torch.Tensor = IMAGE, **options: object) -> seewhy.Explanation:
    return seewhy.explain(model, image, method=method, target=0, scale="logit", **{**METHODS[method], **options})


def game(formula: Callable[..., torch.Tensor], image: torch.Tensor = IMAGE) -> oracles.Value:
    """The formula with absent pixels black, as a set function."""
    pixels = image.flatten()

    def value(present: frozenset[int]) -> float:
        kept = [pixels[i] if i in present else torch.zeros(()) for i in range(len(pixels))]
        return float(formula(*kept))

    return value


@pytest.mark.parametrize("method", METHODS)
def test_every_method_gives_the_exact_weights_of_a_linear_model(method: str) -> None:
    np.testing.assert_allclose(map_of(weighted(WEIGHTS), method), WEIGHTS * IMAGE[0], atol=2e-6)


@pytest.mark.parametrize("method", METHODS)
def test_a_linear_model_is_measured_from_the_baseline_that_was_named(method: str) -> None:
    found = map_of(weighted(WEIGHTS), method, baseline=seewhy.Colour(0.5))
    np.testing.assert_allclose(found, WEIGHTS * (IMAGE[0] - 0.5), atol=2e-6)


def test_gradient_methods_give_the_size_of_the_weights_of_a_linear_model() -> None:
    for method in ("saliency", "smooth-grad"):
        found = seewhy.explain(weighted(WEIGHTS), IMAGE, method=method, target=0)
        np.testing.assert_allclose(found.values, WEIGHTS.abs(), atol=1e-6)


def test_lime_with_its_published_ridge_keeps_the_direction_and_shrinks_the_weights() -> None:
    exact = (WEIGHTS * IMAGE[0]).numpy()
    found = map_of(weighted(WEIGHTS), "lime", samples=400, ridge_strength=1.0, tolerance=0.0)
    assert np.corrcoef(found.ravel(), exact.ravel())[0, 1] > 0.9999
    assert np.linalg.norm(found) < 0.99 * np.linalg.norm(exact)


@pytest.mark.parametrize("method", [name for name in METHODS if name not in ("input-x-gradient", "lime")])
def test_an_additive_cubic_model_is_split_pixel_by_pixel(method: str) -> None:
    model = Formula(lambda images: (WEIGHTS * images**3).flatten(1).sum(dim=1))
    np.testing.assert_allclose(map_of(model, method), WEIGHTS * IMAGE[0] ** 3, atol=2e-6)


def test_input_times_gradient_overstates_a_cubic_model_three_times() -> None:
    model = Formula(lambda images: (WEIGHTS * images**3).flatten(1).sum(dim=1))
    np.testing.assert_allclose(map_of(model, "input-x-gradient"), 3 * WEIGHTS * IMAGE[0] ** 3, atol=2e-6)


@pytest.mark.parametrize("method", ["integrated-gradients", "exact-shapley"])
def test_the_two_factors_of_a_product_share_it_equally(method: str) -> None:
    found = map_of(of_pixels(lambda p0, p1, p2, p3, p4, p5: p0 * p5), method)
    half = 0.5 * 0.9 * 0.3
    np.testing.assert_allclose(found, [[half, 0, 0], [0, 0, half]], atol=1e-6)


def test_occlusion_gives_each_factor_of_a_product_all_of_it() -> None:
    found = map_of(of_pixels(lambda p0, p1, p2, p3, p4, p5: p0 * p5), "occlusion")
    np.testing.assert_allclose(found, [[0.27, 0, 0], [0, 0, 0.27]], atol=1e-6)


def test_exact_shapley_splits_a_max_as_by_hand() -> None:
    # 0.9 arrives first or second with chance one half: (0.9 + (0.9 - 0.3)) / 2 = 0.75; 0.3 gains only when first: 0.15
    found = map_of(of_pixels(lambda p0, p1, p2, p3, p4, p5: torch.maximum(p0, p5)), "exact-shapley")
    np.testing.assert_allclose(found, [[0.75, 0, 0], [0, 0, 0.15]], atol=1e-6)


GAMES = {
    "product of three": lambda p0, p1, p2, p3, p4, p5: p0 * p2 * p4,
    "max of three": lambda p0, p1, p2, p3, p4, p5: torch.maximum(torch.maximum(p0, p3), p5),
    "mixed": lambda p0, p1, p2, p3, p4, p5: p0 * p1 - 2 * p2 * p3 * p4 + torch.sqrt(p5 + p0 + 0.1),
    "threshold": lambda p0, p1, p2, p3, p4, p5: torch.sigmoid(9 * (p0 + p1 + p2 + p3 + p4 + p5 - 1.5)),
}


@pytest.mark.parametrize("name", GAMES)
def test_exact_shapley_is_the_mean_gain_over_all_orders(name: str) -> None:
    by_hand = oracles.shapley(game(GAMES[name]), 6).reshape(2, 3)
    np.testing.assert_allclose(map_of(of_pixels(GAMES[name]), "exact-shapley"), by_hand, atol=1e-6)


@pytest.mark.parametrize(("method", "samples"), [("permutation-shapley", 128), ("kernel-shap", 60)])
@pytest.mark.parametrize("name", GAMES)
def test_sampled_shapley_values_are_within_their_own_band(name: str, method: str, samples: int) -> None:
    by_hand = oracles.shapley(game(GAMES[name]), 6).reshape(2, 3)
    covered = []
    for seed in range(24 if method == "permutation-shapley" else 80):
        options = {"samples": samples, "tolerance": 0.0, "checks": "quick", "seed": seed}
        found = explained(of_pixels(GAMES[name]), method, **options)
        covered.append((np.abs(found.values - by_hand) <= found.band + 1e-6).all())
        assert found.values.sum() == pytest.approx(by_hand.sum(), abs=1e-5)
    assert np.mean(covered) >= 0.8  # 95 % is promised for many units; these games are skewed and the draws few


@pytest.mark.parametrize("method", ["permutation-shapley", "kernel-shap"])
def test_the_error_of_sampled_shapley_values_shrinks_with_samples(method: str) -> None:
    options = {"regions": seewhy.Grid(4), "baseline": seewhy.Colour(0.0), "tolerance": 0.0}
    image = torch.rand(1, 8, 8, generator=torch.Generator().manual_seed(1))
    model = Formula(
        lambda images: torch.sigmoid(0.3 * (images.square().flatten(1).sum(dim=1) - 15)) * images.amax(dim=(1, 2, 3))
    )
    few, many = (seewhy.explain(model, image, method=method, target=0, samples=n, **options) for n in (64, 512))
    assert many.stderr.mean() < 0.5 * few.stderr.mean()


def test_dummies_get_nothing_and_twins_the_same() -> None:
    twins = torch.tensor([[[0.5, 0.2, 0.7], [0.5, 0.6, 0.5]]])
    model = of_pixels(lambda p0, p1, p2, p3, p4, p5: torch.tanh(2 * (p0 + p3 + p5)) + p0 * p3 * p5)
    for method in ("exact-shapley", "integrated-gradients", "occlusion", "permutation-shapley"):
        found = map_of(model, method, twins)
        assert np.abs(found[[0, 0, 1], [1, 2, 1]]).max() < 1e-6
        tolerance = 0.05 if method == "permutation-shapley" else 1e-6
        np.testing.assert_allclose(found[[0, 1, 1], [0, 0, 2]], found[0, 0], atol=tolerance)


def test_saturation_does_not_hide_evidence_from_integrated_gradients() -> None:
    bright = torch.ones(1, 2, 3)
    model = of_pixels(lambda p0, p1, p2, p3, p4, p5: 1 - torch.relu(1 - 5 * (p0 + p5)))
    found = explained(model, "integrated-gradients", bright)
    np.testing.assert_allclose(found.values, [[0.5, 0, 0], [0, 0, 0.5]], atol=0.05)
    assert next(check for check in found.checks if check.name == "completeness").verdict == "good"


@pytest.mark.parametrize("method", ["input-x-gradient", "saliency"])
def test_methods_that_saturation_blinds_say_so(method: str) -> None:
    model = of_pixels(lambda p0, p1, p2, p3, p4, p5: 1 - torch.relu(1 - 5 * (p0 + p5)))
    found = seewhy.explain(model, torch.ones(1, 2, 3), method=method, target=0)
    assert not found.values.any()
    assert next(check for check in found.checks if check.name == "map").verdict == "bad"


def test_integrated_gradients_follow_their_own_path_integral_through_a_switch() -> None:
    # max(p0, 0.3 + p5/5) from black: the second term leads until 0.9 t = 0.3 + 0.06 t, so until t = 0.3571...
    def gradient(pixels: np.ndarray) -> np.ndarray:
        first = pixels[0] > 0.3 + 0.2 * pixels[5]
        return np.array([first, 0, 0, 0, 0, 0.2 * (not first)], dtype=float)

    by_hand = oracles.path_integral(gradient, np.zeros(6), IMAGE.numpy().ravel().astype(float)).reshape(2, 3)
    model = of_pixels(lambda p0, p1, p2, p3, p4, p5: torch.maximum(p0, 0.3 + 0.2 * p5))
    found = map_of(model, "integrated-gradients", steps=256, tolerance=0.0)
    np.testing.assert_allclose(found, by_hand, atol=0.9 / 256)
    assert abs(found - map_of(model, "exact-shapley")).max() > 0.01  # another axiom, another answer: not an error


def test_smooth_grad_of_a_quadratic_form_is_its_gradient_at_the_image_exactly() -> None:
    generator = torch.Generator().manual_seed(5)
    form = torch.randn(6, 6, generator=generator)
    model = Formula(lambda images: (images.flatten(1) @ form * images.flatten(1)).sum(dim=1))
    found = seewhy.explain(model, IMAGE, method="smooth-grad", target=0, samples=8)
    expected = (form + form.T) @ IMAGE.flatten()
    np.testing.assert_allclose(found.values.ravel(), expected.abs(), atol=1e-5)
    assert found.stderr.max() < 1e-5  # antithetic pairs cancel the linear part, so no error is left


def test_smooth_grad_of_a_cubic_model_is_its_expectation_within_the_band() -> None:
    # the gradient of x^3 under noise of deviation s: E 3 (x + s e)^2 = 3 x^2 + 3 s^2, s = noise * (0.9 - 0.2)
    model = Formula(lambda images: (images**3).flatten(1).sum(dim=1))
    found = seewhy.explain(model, IMAGE, method="smooth-grad", target=0, samples=400, noise=0.5, tolerance=0.0)
    expected = 3 * IMAGE[0].numpy() ** 2 + 3 * (0.5 * 0.7) ** 2
    assert (np.abs(found.values - expected) <= found.band).all()
    assert found.band.max() < 0.2
