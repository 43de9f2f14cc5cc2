"""Silent failures of baselines, regions, scales, samples and drawing: each is right here, or said."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from failing_networks import MOSAIC, PICTURES, Small
from torch import nn

import seewhy
from seewhy.domain.check import Check
from seewhy.errors import BudgetTooSmall, MissingCapability
from seewhy.registry import find_method

NORMAL = seewhy.Preprocess.of(size=32, crop_pct=None)


def check(explanation: seewhy.Explanation, name: str) -> Check:
    return next(check for check in explanation.checks if check.name == name)


class Sum(nn.Module):
    """The sum of its normalised input, and how it was normalised is remembered."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[torch.Tensor] = []

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        self.seen.append(images.detach().clone())
        score = images.mean(dim=(1, 2, 3))
        return torch.stack([score, -score], dim=1)


# -- baselines


def test_a_black_baseline_is_black_and_not_the_mean_colour() -> None:
    network = Sum()
    white = torch.full((3, 32, 32), 1.0)
    found = seewhy.explain(network, white, preprocess=NORMAL, method="integrated-gradients", target=0)
    mean, std = torch.tensor(NORMAL.mean), torch.tensor(NORMAL.std)
    np.testing.assert_allclose(found.values.sum(), float((1 / std).mean()), rtol=1e-5)
    np.testing.assert_allclose(check(found, "empty-input").value, float((-mean / std).mean()), rtol=1e-5)


def test_pixels_are_normalised_exactly_once() -> None:
    network = Sum()
    image = torch.full((3, 32, 32), 0.5)
    seewhy.explain(network, image, preprocess=NORMAL, method="saliency", target=0)
    expected = (0.5 - torch.tensor(NORMAL.mean)) / torch.tensor(NORMAL.std)
    torch.testing.assert_close(network.seen[-1][0, :, 0, 0], expected)


def test_pixels_that_were_normalised_already_are_refused_where_a_photo_is_expected() -> None:
    with pytest.raises(seewhy.errors.BadPixels):
        seewhy.explain(Sum(), (PICTURES[0] - 0.45) / 0.22, preprocess=NORMAL, method="saliency")


def test_a_saturated_probability_is_flagged_for_gradients() -> None:
    found = seewhy.explain(Small(scale=400), PICTURES[0], method="saliency", scale="probability")
    assert check(found, "saturation").verdict == "warning"
    assert found.values.max() < 1e-3


def test_a_baseline_that_looks_like_the_target_is_flagged() -> None:
    dark = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 2, bias=False))
    with torch.no_grad():
        dark[2].weight.copy_(torch.tensor([[-1.0, -1, -1], [1, 1, 1]]))
    options = {"window": 16, "stride": 16, "target": 0}
    flagged = seewhy.explain(dark, PICTURES[0], method="occlusion", baseline=seewhy.Colour(0.0), **options)
    fine = seewhy.explain(dark, PICTURES[0], method="occlusion", baseline=seewhy.Colour(1.0), **options)
    assert check(flagged, "empty-input").verdict == "warning"
    assert check(fine, "empty-input").verdict == "good"


def test_the_mean_baseline_hides_flat_regions_with_the_mean_of_the_whole_image() -> None:
    # half black, half white: with each region's own mean, hiding would change no pixel
    image = torch.zeros(3, 32, 32)
    image[:, :, 16:] = 1.0
    found = seewhy.explain(
        Sum(), image, method="exact-shapley", regions=seewhy.Grid(2), baseline=seewhy.Mean(), target=0
    )
    np.testing.assert_allclose(found.values, [[-0.125, 0.125], [-0.125, 0.125]], atol=1e-6)


def test_a_flat_image_has_nothing_to_hide_behind_a_blur_and_says_so() -> None:
    flat = torch.full((3, 32, 32), 0.7)
    options = {"method": "exact-shapley", "regions": seewhy.Grid(2), "target": 0}
    blurred = seewhy.explain(Sum(), flat, baseline=seewhy.Blur(), **options)
    assert np.abs(blurred.values).max() < 1e-6
    assert check(blurred, "empty-input").verdict == "warning" or check(blurred, "map").verdict == "bad"
    assert np.abs(seewhy.explain(Sum(), flat, baseline=seewhy.Colour(0.0), **options).values).min() > 0.1


def test_the_completeness_residual_is_reported_and_large_when_steps_are_too_few() -> None:
    steep = nn.Sequential(nn.Flatten(), nn.Linear(3 * 32 * 32, 1), nn.Sigmoid(), nn.Linear(1, 2))
    with torch.no_grad():
        steep[1].weight.fill_(0.1)
        steep[1].bias.fill_(-20.0)
        steep[3].weight.copy_(torch.tensor([[9.0], [-9.0]]))
    one, many = (
        seewhy.explain(steep, PICTURES[0], method="integrated-gradients", steps=n, tolerance=0.0, target=0)
        for n in (1, 256)
    )
    assert check(one, "completeness").verdict == "bad"
    assert check(one, "completeness").value > 0.2
    assert check(many, "completeness").verdict == "good"


# -- what the numbers mean


def test_absolute_gradients_are_declared_unsigned_and_signed_methods_keep_their_sign() -> None:
    found = seewhy.explain(Small(), PICTURES[0], method=["saliency", "smooth-grad", "input-x-gradient"], samples=4)
    assert [one.signed for one in found] == [False, False, True]
    assert found["saliency"].values.min() >= 0
    assert found["input-x-gradient"].values.min() < 0
    assert not seewhy.explain(Small(), PICTURES[0], method="grad-cam").signed
    assert seewhy.explain(Small(), PICTURES[0], method="grad-cam", sign="both").signed


@pytest.mark.parametrize("method", ["saliency", "integrated-gradients", "occlusion", "permutation-shapley"])
def test_a_doubled_last_layer_gives_a_doubled_map(method: str) -> None:
    options = {
        "integrated-gradients": {"steps": 8},
        "occlusion": {"window": 8, "stride": 8},
        "permutation-shapley": {"regions": seewhy.Grid(3), "samples": 8},
    }.get(method, {})
    single, double = (
        seewhy.explain(Small(scale), PICTURES[0], method=method, target=1, scale="logit", **options).values
        for scale in (1, 2)
    )
    np.testing.assert_allclose(double, 2 * single, rtol=1e-3, atol=1e-5 * np.abs(single).max())


def test_a_model_that_answers_probabilities_is_not_put_through_a_softmax_again() -> None:
    logits, soft = Small(), nn.Sequential(Small(), nn.Softmax(dim=1))
    options = {"method": "occlusion", "window": 8, "stride": 8, "target": 1, "scale": "probability"}
    np.testing.assert_allclose(
        seewhy.explain(soft, PICTURES[0], **options).values,
        seewhy.explain(logits, PICTURES[0], **options).values,
        atol=1e-6,
    )
    assert seewhy.explain(soft, PICTURES[0], method="saliency").target.scale == "probability"


def test_a_constant_map_is_flagged() -> None:
    found = seewhy.explain(Sum(), torch.full((3, 32, 32), 0.5), method="input-x-gradient", target=0)
    assert check(found, "map").verdict == "bad"
    assert "same everywhere" in check(found, "map").message


def test_a_gradient_that_an_operator_stops_is_refused_or_flagged() -> None:
    class Rounds(nn.Module):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            score = (images * 4).round().mean(dim=(1, 2, 3))
            return torch.stack([score, -score], dim=1)

    found = seewhy.explain(Rounds(), PICTURES[0], method="saliency", target=0)
    assert check(found, "map").verdict == "bad"
    assert check(found, "operators").verdict == "bad"

    class Detaches(nn.Module):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return images.detach().mean(dim=(2, 3))

    with pytest.raises(MissingCapability, match="gradients"):
        seewhy.explain(Detaches(), PICTURES[0], method="saliency")


# -- regions and samples


def test_superpixels_numbered_from_one_leave_no_part_out_and_add_no_empty_one() -> None:
    labels = np.ones((32, 32), dtype=int)
    labels[:, 11:], labels[:, 22:] = 2, 5  # from 1, and with a gap
    image = torch.full((3, 32, 32), 0.5)
    found = seewhy.explain(
        Sum(), image, method="exact-shapley", regions=seewhy.Given(labels), baseline=seewhy.Colour(0.0), target=0
    )
    np.testing.assert_allclose(found.parts.values, np.array([11, 11, 10]) / 32 * 0.5, atol=1e-6)


def test_every_superpixel_of_slic_is_hidden_at_some_time() -> None:
    found = seewhy.explain(
        Sum(), MOSAIC, method="permutation-shapley", regions=seewhy.Superpixels(8), samples=4, target=0,
        baseline=seewhy.Colour(0.0),
    )  # fmt: skip
    levels = MOSAIC.mean(dim=0).numpy()
    areas = np.array([levels[found.parts.labels == i].sum() for i in range(len(found.parts.values))])
    assert len(areas) > 4
    assert (areas > 0).all()
    np.testing.assert_allclose(found.parts.values, areas / 1024, rtol=1e-3)


def test_kernel_shap_with_few_samples_says_that_it_has_not_converged_and_how_far_off_it_is() -> None:
    options = {"method": "kernel-shap", "regions": seewhy.Grid(4), "baseline": seewhy.Colour(0.5), "target": 1}
    model = nn.Sequential(Small(scale=40), nn.Softmax(dim=1))
    few = seewhy.explain(model, PICTURES[0], samples=64, tolerance=0.02, **options)
    assert check(few, "convergence").verdict == "warning"
    assert "all samples were drawn" in check(few, "convergence").message
    assert (few.stderr > 0).all()
    assert (few.band > few.stderr).all()
    assert check(few, "efficiency").value < 1e-3  # the sum is right all the same
    assert "right by construction" in check(few, "efficiency").message
    many = seewhy.explain(model, PICTURES[0], samples=2048, tolerance=0.0, **options)
    assert few.values.sum() == pytest.approx(many.values.sum(), abs=1e-4)
    assert np.abs(few.values - many.values).max() > 3 * many.stderr.max()


def test_lime_of_another_seed_differs_within_its_error_bars_and_the_same_seed_repeats() -> None:
    options = {"method": "lime", "regions": seewhy.Grid(4), "samples": 200, "tolerance": 0.0, "target": 1}
    first, again, other = (seewhy.explain(Small(), PICTURES[0], seed=seed, **options) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first.values, again.values)
    assert not np.array_equal(first.values, other.values)
    assert (np.abs(first.values - other.values) <= first.band + other.band).all()


def test_lime_keeps_every_coefficient_where_a_lasso_would_return_zeros() -> None:
    found = seewhy.explain(Small(0.05), PICTURES[0], method="lime", regions=seewhy.Grid(4), samples=200, target=1)
    assert (found.values != 0).all()


@pytest.mark.parametrize(
    ("method", "options"),
    [("occlusion", {"window": 8, "stride": 8}), ("integrated-gradients", {}), ("exact-shapley", {})],
)
def test_a_budget_that_cannot_pay_is_refused_before_anything_runs(method: str, options: dict[str, int]) -> None:
    with pytest.raises(BudgetTooSmall, match="the budget is 5"):
        seewhy.explain(Small(), PICTURES[0], method=method, budget=5, **options)


def test_a_sampling_method_stops_at_its_budget_and_says_so() -> None:
    found = seewhy.explain(
        Small(),
        PICTURES[0],
        method="permutation-shapley",
        regions=seewhy.Grid(4),
        budget=200,
        samples=400,
        tolerance=0.0,
    )
    assert found.sampling.stop == "budget"
    assert found.cost.calls <= 200
    assert check(found, "convergence").verdict == "warning"


def test_windows_that_do_not_divide_the_image_leave_no_thin_edge() -> None:
    found = seewhy.explain(
        Sum(),
        torch.full((3, 32, 32), 0.5),
        method="occlusion",
        window=10,
        stride=7,
        baseline=seewhy.Colour(0.0),
        target=0,
    )
    np.testing.assert_allclose(found.values, 0.5 * 100 / 1024, rtol=1e-4)  # the same everywhere, corners included


def test_class_blind_and_control_methods_are_declared_as_such() -> None:
    for name in ("eigen-cam", "attention-rollout", "raw-attention"):
        assert any("same map for every class" in trap for trap in find_method(name).traps)
        assert "class-specific" not in find_method(name).axioms


# -- back on the photo


def test_a_centre_crop_does_not_shift_the_map_and_what_was_not_seen_is_not_a_number() -> None:
    photo = np.zeros((64, 96, 3), dtype=np.uint8)
    photo[40:48, 56:64] = 255
    crop = seewhy.Preprocess(crop=(32, 32))
    found = seewhy.explain(Sum(), photo, preprocess=crop, method="input-x-gradient", target=0)
    heat = found.heatmap()
    assert heat.shape == (64, 96)
    assert np.isnan(heat[:16]).all()
    assert np.isnan(heat[:, :32]).all()
    assert np.isfinite(heat[16:48, 32:64]).all()
    rows, columns = np.nonzero(np.nan_to_num(heat) > 0)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (40, 47, 56, 63)
