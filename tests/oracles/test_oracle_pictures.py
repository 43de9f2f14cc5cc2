"""Networks that provably look at one place: the map must lie there, follow it, and vanish with it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from known_networks import Formula, SeesOneQuadrant, TemplateDetector, with_crosses

import seewhy

NETWORK = SeesOneQuadrant()
PICTURE = torch.rand(3, 32, 32, generator=torch.Generator().manual_seed(0))
GREY = {"baseline": seewhy.Colour(0.5)}
QUARTERS = {"regions": seewhy.Grid(4), **GREY}
INSIDE = {
    "saliency": {},
    "input-x-gradient": {},
    "integrated-gradients": {},
    "smooth-grad": {},
    "occlusion": {"window": 4, "stride": 4, **GREY},
    "exact-shapley": {"regions": seewhy.Grid(2), **GREY},
    "permutation-shapley": QUARTERS,
    "kernel-shap": {**QUARTERS, "samples": 4096},
    "lime": {**QUARTERS, "samples": 2000, "tolerance": 0.0, "ridge_strength": 1e-6},
    "layer-cam": {"layer": "features.3"},
}


def share_inside(values: np.ndarray) -> float:
    """How much of the absolute mass lies in the upper left quarter."""
    height, width = (side // 2 for side in values.shape)
    return float(np.abs(values[:height, :width]).sum() / np.abs(values).sum())


@pytest.mark.parametrize("method", INSIDE)
def test_a_network_that_sees_one_quadrant_is_explained_inside_it(method: str) -> None:
    found = seewhy.explain(NETWORK, PICTURE, method=method, target=1, scale="logit", **INSIDE[method])
    assert share_inside(found.values) >= 0.99


def test_windows_that_straddle_the_border_blur_occlusion_by_one_window_at_most() -> None:
    found = seewhy.explain(NETWORK, PICTURE, method="occlusion", window=8, stride=4, target=1, **GREY).values
    assert share_inside(found) > 0.75
    assert np.abs(found[:24, :24]).sum() == pytest.approx(np.abs(found).sum(), rel=1e-5)


def test_rise_is_brighter_inside_the_quadrant_by_more_than_its_error() -> None:
    model = Formula(lambda images: 10 * images[:, :, :16, :16].mean(dim=(1, 2, 3)))
    options = {"samples": 600, "tolerance": 0.0, "scale": "logit", "baseline": seewhy.Colour(0.0)}
    found = seewhy.explain(model, torch.ones(3, 32, 32), method="rise", target=0, **options)
    assert found.values[:16, :16].mean() - found.values[16:, 16:].mean() > 2 * found.stderr.max()


def test_grad_cam_shows_places_that_the_network_never_reads_and_its_trap_says_so() -> None:
    found = seewhy.explain(NETWORK, PICTURE, method="grad-cam", layer="features.3", sign="both", target=1)
    assert share_inside(found.values) < 0.6
    from seewhy.registry import find_method

    assert any("does not depend on it there" in trap for trap in find_method("grad-cam").traps)


DETECTOR = {
    "occlusion": {"window": 5, "stride": 1, "baseline": seewhy.Colour(0.0)},
    "integrated-gradients": {"steps": 64},
    "layer-cam": {"layer": "match"},
    "grad-cam": {"layer": "match"},
    "exact-shapley": {"regions": seewhy.Grid(3), "baseline": seewhy.Colour(0.0)},
}


def peak(values: np.ndarray, side: int = 32) -> tuple[float, float]:
    """The centre of the strongest cells, in pixels of the image."""
    rows, columns = np.nonzero(values >= values.max() - 1e-6 * abs(values.max()))
    return tuple(
        (float(at.mean()) + 0.5) * side / size - 0.5 for at, size in zip((rows, columns), values.shape, strict=True)
    )


@pytest.mark.parametrize("centre", [(5, 5), (5, 16), (27, 4)])
@pytest.mark.parametrize("method", DETECTOR)
def test_the_peak_is_on_the_planted_template_and_moves_with_it(method: str, centre: tuple[int, int]) -> None:
    found = seewhy.explain(TemplateDetector(), with_crosses(centre), method=method, target=0, **DETECTOR[method])
    reach = 5.5 if method == "exact-shapley" else 2.5  # half a cell of the grid, half the template
    assert np.abs(np.subtract(peak(found.values), centre)).max() <= reach
    assert found.values.max() > 0


@pytest.mark.parametrize("method", DETECTOR)
def test_the_map_vanishes_with_the_template_and_says_that_it_is_empty(method: str) -> None:
    found = seewhy.explain(TemplateDetector(), torch.zeros(1, 32, 32), method=method, target=0, **DETECTOR[method])
    assert not found.values.any()
    check = next(check for check in found.checks if check.name == "map")
    assert check.verdict == "bad"


def around(values: np.ndarray, y: int, x: int) -> float:
    return float(values[y - 2 : y + 3, x - 2 : x + 3].max())


@pytest.mark.parametrize("method", ["occlusion", "integrated-gradients", "layer-cam"])
def test_two_templates_that_add_up_are_both_shown_alike(method: str) -> None:
    image = with_crosses((8, 8), (22, 20))
    found = seewhy.explain(TemplateDetector("sum"), image, method=method, target=0, **DETECTOR[method]).values
    assert around(found, 8, 8) == pytest.approx(around(found, 22, 20), rel=1e-4)
    assert around(found, 8, 8) == pytest.approx(found.max(), rel=1e-4)


def test_two_templates_of_which_one_suffices_hide_each_other_from_occlusion_but_not_from_shapley() -> None:
    image = with_crosses((5, 5), (16, 16))
    hidden = seewhy.explain(TemplateDetector(), image, method="occlusion", target=0, **DETECTOR["occlusion"])
    assert np.abs(hidden.values).max() < 1e-5
    shared = seewhy.explain(TemplateDetector(), image, method="exact-shapley", target=0, **DETECTOR["exact-shapley"])
    np.testing.assert_allclose(shared.values[[0, 1], [0, 1]], 0.5 * shared.target.score, rtol=2e-3)  # the leak
