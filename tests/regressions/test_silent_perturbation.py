"""What asking again with parts absent does silently in other libraries: each is right here, or said.

The items are those of the peers' trackers and sources: LIME, Captum, SHAP, RISE.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from failing_networks import MOSAIC, PICTURES, Small
from torch import Tensor, nn

import seewhy
from seewhy.domain.check import Check
from seewhy.registry import Entry, find_method, load_all

PERTURBING = [entry for entry in load_all().values() if entry.family == "perturbation" and "samples" in entry.options]
THIRDS = [slice(0, 11), slice(11, 22), slice(22, 32)]


def check(explanation: seewhy.Explanation, name: str) -> Check:
    return next(check for check in explanation.checks if check.name == name)


def mean_level(images: Tensor) -> Tensor:
    """The mean over all pixels, and its negative."""
    level = images.mean(dim=(1, 2, 3))
    return torch.stack([level, -level], dim=1)


# -- LIME


def turns_round_where_much_is_hidden(images: Tensor) -> Tensor:
    """The first of nine cells speaks for the class as long as seven are there, and against it otherwise."""
    cells = torch.stack([images[:, 0, rows, columns].amax(dim=(1, 2)) for rows in THIRDS for columns in THIRDS], dim=1)
    score = torch.where(cells.sum(dim=1) > 6.5, cells[:, 0], -cells[:, 0])
    return torch.stack([score, -score], dim=1)


def test_the_published_kernel_of_lime_is_hardly_local_as_its_traps_say_and_a_narrow_one_is() -> None:
    # cosine distance with a width of 0.25 weighs random neighbours by a half: what is far away decides
    options = {"regions": seewhy.Grid(3), "baseline": seewhy.Colour(0.0), "ridge_strength": 0.0, "samples": 1000}
    published, narrow = (
        seewhy.explain(
            turns_round_where_much_is_hidden,
            torch.ones(3, 32, 32),
            method="lime",
            target=0,
            scale="logit",
            width=width,
            tolerance=0.0,
            **options,
        ).values[0, 0]
        for width in (0.25, 0.05)
    )
    assert published < -0.3
    assert narrow > 0.3
    assert any("hardly local" in trap for trap in find_method("lime").traps)


def test_superpixels_depend_neither_on_the_seed_nor_on_how_the_network_normalises() -> None:
    # lime segments what it is given: colours that were normalised already give other regions, and so does its seed
    photo = (MOSAIC.permute(1, 2, 0).numpy() * 255).astype(np.uint8)
    options = {"method": "lime", "regions": seewhy.Superpixels(8), "samples": 40, "tolerance": 0.0, "target": 1}
    one, other = (
        seewhy.explain(Small(), photo, preprocess=seewhy.Preprocess.of(size=32, **said), seed=seed, **options)
        for seed, said in ((0, {"mean": (0.0,) * 3, "std": (1.0,) * 3}), (5, {"mean": (0.4, 0.5, 0.6)}))
    )
    assert len(one.parts.values) > 4
    np.testing.assert_array_equal(one.parts.labels, other.parts.labels)
    assert not np.array_equal(one.values, other.values)


def test_a_picture_that_falls_into_one_superpixel_has_a_map_that_is_called_the_same_everywhere() -> None:
    options = {"method": "lime", "regions": seewhy.Superpixels(8), "samples": 40, "target": 1}
    found = seewhy.explain(Small(), PICTURES[0], **options)  # noise
    assert len(found.parts.values) == 1
    assert check(found, "map").verdict == "bad"


def test_lime_explains_the_probability_unless_a_person_wishes_otherwise() -> None:
    options = {"method": "lime", "regions": seewhy.Grid(3), "samples": 40, "tolerance": 0.0, "target": 1}
    found = seewhy.explain(Small(), PICTURES[0], **options)
    assert found.target.scale == "probability"
    assert 0 < found.target.score < 1
    assert seewhy.explain(Small(), PICTURES[0], scale="logit", **options).target.scale == "logit"


# -- occlusion


@pytest.mark.parametrize(("window", "stride"), [(8, 8), (8, 4), (8, 2), (9, 4)])
def test_windows_that_overlap_are_averaged_so_that_the_stride_changes_no_scale(window: int, stride: int) -> None:
    # where others add the windows up, halving the stride makes the map four times as strong
    options = {"method": "occlusion", "window": window, "stride": stride, "baseline": seewhy.Colour(0.0), "target": 0}
    found = seewhy.explain(mean_level, torch.full((3, 32, 32), 0.5), **options)
    np.testing.assert_allclose(found.values, 0.5 * window**2 / 1024, rtol=1e-4)


def test_the_colour_that_hides_is_written_down_and_what_the_model_says_of_it_too() -> None:
    options = {"method": "occlusion", "window": 16, "stride": 16, "target": 0}
    grey = torch.full((3, 32, 32), 0.5)
    black, white = (
        seewhy.explain(mean_level, grey, baseline=name, **options) for name in ("black", "white")
    )  # the same photo, and the opposite answer
    np.testing.assert_allclose(black.values, -white.values, atol=1e-6)
    assert black.values.min() > 0
    assert [check(one, "empty-input").value for one in (black, white)] == pytest.approx([0, 1], abs=1e-6)
    assert black.origin.options["baseline"] != white.origin.options["baseline"]
    assert any("fill colour" in trap for trap in find_method("occlusion").traps)


# -- RISE


def test_rise_says_that_a_few_views_are_not_enough_and_how_far_off_they_are() -> None:
    options = {"method": "rise", "target": 1, "tolerance": 0.02}
    few = seewhy.explain(Small(40), PICTURES[0], samples=64, **options)
    assert check(few, "convergence").verdict == "warning"
    assert (few.band > few.stderr).all()
    assert any("thousands" in trap for trap in find_method("rise").traps)
    many = seewhy.explain(Small(40), PICTURES[0], samples=4096, **{**options, "tolerance": 0.0})
    assert (np.abs(few.values - many.values) <= few.band + many.band).all()
    assert few.band.mean() > 3 * many.band.mean()


def test_the_cells_of_rise_bound_how_small_a_thing_can_be_seen_and_are_written_down() -> None:
    spot = torch.zeros(3, 32, 32)
    spot[:, 14:18, 14:18] = 1.0
    options = {"method": "rise", "samples": 2000, "tolerance": 0.0, "target": 0, "baseline": seewhy.Colour(0.0)}
    coarse, fine = (seewhy.explain(mean_level, spot, cells=cells, **options) for cells in (2, 8))
    areas = [float((one.effect() > one.effect().max() / 2).mean()) for one in (coarse, fine)]
    assert areas[0] > 2 * areas[1]
    assert (coarse.origin.options["cells"], fine.origin.options["cells"]) == (2, 8)
    assert any("how small a thing" in trap for trap in find_method("rise").traps)


# -- all that ask with parts absent


@pytest.mark.parametrize("entry", PERTURBING, ids=lambda entry: entry.name)
def test_no_call_carries_more_images_than_was_asked(entry: Entry) -> None:
    # xplique#137: the batch size did not bound the perturbed samples; captum#245: out of memory at the defaults
    sizes: list[int] = []

    def listening(images: Tensor) -> Tensor:
        sizes.append(len(images))
        return mean_level(images)

    model = seewhy.adapt(listening)
    model.limit = 4
    options = {"regions": seewhy.Grid(3), "cells": 3, "samples": 60, "tolerance": 0.0}
    asked = {name: value for name, value in options.items() if name in entry.options}
    seewhy.explain(model, PICTURES[0], method=entry.name, target=0, **asked)
    assert max(sizes) <= 4
    assert len(sizes) > 10


@pytest.mark.parametrize("entry", PERTURBING, ids=lambda entry: entry.name)
def test_whatever_samples_tells_its_seed_and_how_it_stopped(entry: Entry) -> None:
    # lime#67, #392; captum#742: another explanation each run, and no seed to set
    options = {"regions": seewhy.Grid(3), "cells": 3, "samples": 60, "tolerance": 0.0}
    asked = {name: value for name, value in options.items() if name in entry.options}
    found = seewhy.explain(nn.Sequential(Small(), nn.Softmax(1)), PICTURES[0], method=entry.name, seed=7, **asked)
    assert found.origin.seed == 7
    if entry.samples:
        assert found.origin.options["seed"] == 7
        assert found.sampling.stop in ("samples", "exact", "converged")
        assert np.isfinite(found.band).all()


# -- gradients under noise, maps without a class


@pytest.mark.parametrize("contrast", [1.0, 0.25])
def test_the_noise_of_smooth_grad_is_a_share_of_the_image_s_range(contrast: float) -> None:
    # elsewhere it is absolute, or relative to another range, and no result says which
    seen: list[Tensor] = []

    class Listening(nn.Module):
        def forward(self, images: Tensor) -> Tensor:
            seen.append(images.detach().clone())
            return mean_level(images**2)

    image = contrast * PICTURES[0]
    seewhy.explain(Listening(), image, method="smooth-grad", samples=64, noise=0.2, tolerance=0.0, target=0)
    noisy = torch.cat([batch for batch in seen if len(batch) > 2])
    spread = float((image.max() - image.min()) * 0.2)
    assert float((noisy - image).std()) == pytest.approx(spread, rel=0.02)
    assert any("share of the image's range" in trap for trap in find_method("smooth-grad").traps)


@pytest.mark.parametrize("method", ["guided-backprop", "deconvnet"])
def test_maps_that_restore_edges_are_not_sold_as_faithful(method: str) -> None:
    assert any("Not faithful" in trap for trap in find_method(method).traps)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_the_arbitrary_sign_of_eigen_cam_follows_the_features(sign: float) -> None:
    # a singular vector has none: elsewhere the same pattern comes out bright or dark by chance
    class Features(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = nn.Conv2d(3, 4, 1)
            with torch.no_grad():
                self.body.weight.fill_(sign / 3)
                self.body.bias.fill_(0.0)

        def forward(self, images: Tensor) -> Tensor:
            return self.body(images).mean(dim=(2, 3))

    features = sign * PICTURES[0].mean(dim=0)
    found = seewhy.explain(Features(), PICTURES[0], method="eigen-cam", layer="body")
    np.testing.assert_allclose(found.values, 2 * features, rtol=1e-4)  # four equal channels, as one of twice the size
