"""Mosaics of images that show one colour each, for a model that finds the brightest colour."""

import numpy as np
import pytest
import torch
from torch import nn

from seewhy.errors import BadOption, MissingInput
from seewhy.run.grid_pointing import grid_pointing

COLOURS = torch.eye(5)[:, :, None, None].expand(5, 5, 6, 6).contiguous()


class Brightest(nn.Module):
    """Class k is how bright colour k is."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return 200 * images.flatten(2).mean(dim=2)


def own_colour(network, images, targets):
    return torch.stack([image[target] for image, target in zip(images, targets, strict=True)])


def flat(network, images, targets):
    return torch.ones(len(images), *images.shape[2:])


def against(network, images, targets):
    return -own_colour(network, images, targets)


def pointed(methods, images=COLOURS, **options):
    return grid_pointing(Brightest(), images, methods, **{"mosaics": 6, **options})


@pytest.mark.parametrize("size", ["whole", "shrunk"])
@pytest.mark.parametrize(("cells", "images"), [(2, COLOURS), (2, COLOURS[:, :, None].repeat(1, 1, 3, 1, 1))])
def test_who_sees_the_class_points_into_its_cell_and_who_sees_nothing_gets_the_area(size, cells, images) -> None:
    found = pointed({"own": own_colour, "flat": flat}, images, cells=cells, size=size)
    assert found.scores["own"].shape == (6, 4)
    assert (found.scores["own"] == 1.0).all()
    np.testing.assert_allclose(found.scores["flat"], found.chance)
    assert found.interval("own").value == 1.0
    (contest,) = found.ranking().contests
    assert contest.verdict == "better"


def test_mosaics_hold_images_of_different_classes_as_the_model_sees_them() -> None:
    shown = []

    def remember(network, images, targets):
        shown.append((images.clone(), targets))
        return flat(network, images, targets)

    found = pointed(remember, mosaics=20)
    for images, targets in shown:
        assert images.shape == (4, 5, 12, 12)
        assert len(set(targets)) == 4
        cells = [images[0, :, y : y + 6, x : x + 6] for y, x in ((0, 0), (0, 6), (6, 0), (6, 6))]
        assert [int(cell.flatten(1).mean(dim=1).argmax()) for cell in cells] == targets
        assert all(torch.equal(cell, COLOURS[target]) for cell, target in zip(cells, targets, strict=True))
    assert len(set(found.mosaics)) > 10
    again = pointed(flat, mosaics=20)
    assert again.mosaics == found.mosaics
    assert pointed(flat, mosaics=20, seed=1).mosaics != found.mosaics


def test_values_against_a_class_are_no_pointing_and_nothing_for_it_is_no_score() -> None:
    def both(network, images, targets):
        return own_colour(network, images, targets) - 5 * (1 - own_colour(network, images, targets))

    found = pointed({"both": both, "against": against})
    assert (found.scores["both"] == 1.0).all()
    assert np.isnan(found.scores["against"]).all()


def test_only_images_that_the_model_is_sure_of_are_used() -> None:
    grey = 0.5 * torch.ones(4, 5, 6, 6)
    found = pointed(flat, torch.cat([grey, COLOURS]), mosaics=20)
    assert {name for mosaic in found.mosaics for name in mosaic} <= {f"image {i}" for i in range(4, 9)}
    with pytest.raises(MissingInput, match="images of 4 classes, and the model is sure of images of 3"):
        pointed(flat, torch.cat([grey, COLOURS[:3]]))


def test_our_methods_are_asked_like_functions_and_a_failure_leaves_the_others() -> None:
    def breaks(network, images, targets):
        raise RuntimeError("no map today")

    found = pointed({"input-x-gradient": {}, "breaks": breaks})
    assert (found.scores["input-x-gradient"] == 1.0).all()
    assert np.isnan(found.scores["breaks"]).all()
    assert found.problems["breaks"][0] == "RuntimeError: no map today"


def test_a_network_of_one_size_cannot_see_the_large_mosaic_and_can_see_the_shrunk_one() -> None:
    linear = nn.Linear(5 * 36, 5, bias=False)
    linear.weight.data = 200 * torch.eye(5).repeat_interleave(36, dim=1) / 36
    network = nn.Sequential(nn.Flatten(), linear)
    large = grid_pointing(network, COLOURS, "input-x-gradient", mosaics=3)
    assert len(large.problems["input-x-gradient"]) == 3
    small = grid_pointing(network, COLOURS, "input-x-gradient", mosaics=3, size="shrunk")
    assert (small.scores["input-x-gradient"] == 1.0).all()


@pytest.mark.parametrize("options", [{"cells": 1}, {"mosaics": 0}, {"sure": 1.5}, {"size": "half"}])
def test_options_out_of_range_are_refused(options) -> None:
    with pytest.raises(BadOption):
        pointed(flat, **options)
