"""Silent failures of drawing: colours turned round, strengths made equal, maps moved, photos shown wrong."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from failing_networks import PICTURES, Small
from PIL import Image
from torch import nn

import seewhy
from seewhy.render.colour import ramp


class RedAgainstBlue(nn.Module):
    """Red pixels speak for class 0, blue ones against it."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        score = (images[:, 0] - images[:, 2]).mean(dim=(1, 2))
        return torch.stack([score, -score], dim=1)


def halves() -> torch.Tensor:
    """Red on the left, blue on the right."""
    image = torch.zeros(3, 64, 64)
    image[0, :, :32], image[2, :, 32:] = 1.0, 1.0
    return image


def attribution(target: int) -> seewhy.Explanation:
    return seewhy.explain(RedAgainstBlue(), halves(), method="input-x-gradient", target=target)


def test_red_stays_red_in_the_picture_that_is_drawn() -> None:
    photo = attribution(0).overlay(view="photo", legend=False)
    left, right = np.asarray(photo)[200, 50], np.asarray(photo)[200, 400]
    assert left.tolist() == [255, 0, 0]
    assert right.tolist() == [0, 0, 255]


@pytest.mark.parametrize("target", [0, 1])
def test_what_speaks_for_is_warm_and_what_speaks_against_is_cold_whatever_the_class(target: int) -> None:
    found = attribution(target)
    picture = np.asarray(found.overlay(view="map", legend=False)).astype(int)
    left, right = picture[200, 50], picture[200, 400]
    warm, cold = (left, right) if target == 0 else (right, left)
    assert warm[0] > warm[2]
    assert cold[2] > cold[0]


def test_the_strongest_place_is_drawn_strongest_and_not_turned_round() -> None:
    image = torch.zeros(3, 32, 32)
    image[0, 4:12, 4:12] = 1.0
    found = seewhy.explain(RedAgainstBlue(), image, method="input-x-gradient", target=0)
    assert found.heatmap()[8, 8] == found.values.max()
    picture = np.asarray(found.overlay(view="map", legend=False)).astype(int)
    full = ramp("diverging")[-1].astype(int)
    at = picture.shape[0] // 4
    assert np.abs(picture[at, at] - full).max() <= 8


def test_a_map_without_sign_never_gets_the_colours_of_a_signed_one() -> None:
    found = seewhy.explain(Small(), PICTURES[0], method="saliency")
    assert not found.signed
    used = np.unique(np.asarray(found.overlay(view="map", legend=False)).reshape(-1, 3), axis=0).astype(int)
    known = ramp("sequential").astype(int)
    assert max(np.abs(known - colour).sum(axis=1).min() for colour in used) <= 6


def test_raw_values_are_never_scaled_by_drawing_or_describing() -> None:
    found = seewhy.explain(Small(5.0), PICTURES[0], method="input-x-gradient", target=1)
    before = found.values.copy()
    found.overlay()
    found.summary()
    found.heatmap()
    found.effect()
    np.testing.assert_array_equal(found.values, before)
    assert np.abs(before).max() != pytest.approx(1.0)


def test_a_constant_map_and_a_map_of_zeros_can_be_drawn_in_every_view() -> None:
    class Mean(nn.Module):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            score = images.mean(dim=(1, 2, 3))
            return torch.stack([score, -score], dim=1)

    flat = seewhy.explain(Mean(), torch.full((3, 32, 32), 0.5), method="input-x-gradient", target=0)
    zero = seewhy.explain(Mean(), torch.zeros(3, 32, 32), method="input-x-gradient", target=0)
    for found in (flat, zero):
        for view in ("heat", "contour", "regions", "map"):
            assert found.overlay(view=view).width >= 400


def test_a_normalised_tensor_with_negative_values_is_shown_whole_and_said_to_be_stretched() -> None:
    normalised = (halves() - 0.45) / 0.22
    found = seewhy.explain(RedAgainstBlue(), normalised, method="saliency", target=0)
    pixels = found.picture.pixels.astype(int)
    assert (pixels[:, :32, 0] > pixels[:, :32, 2]).all()
    assert (pixels[:, 32:, 2] > pixels[:, 32:, 0]).all()
    assert pixels.min() == 0
    assert pixels.max() == 255
    assert found.picture.notes


@pytest.mark.parametrize("resize", [(48, 48), (30, 80)])
def test_a_stretched_photo_has_its_map_where_the_evidence_is(resize: tuple[int, int]) -> None:
    photo = np.zeros((60, 90, 3), dtype=np.uint8)
    photo[40:50, 70:80, 0] = 255
    preprocess = seewhy.Preprocess(resize="exact", size=resize)
    found = seewhy.explain(RedAgainstBlue(), photo, preprocess=preprocess, method="input-x-gradient", target=0)
    heat = np.nan_to_num(found.heatmap())
    rows, columns = np.indices(heat.shape)
    centre = (heat * rows).sum() / heat.sum() + 0.5, (heat * columns).sum() / heat.sum() + 0.5
    assert centre == pytest.approx((45, 75), abs=1.0)


def test_a_turned_photo_has_its_map_on_the_upright_one(tmp_path: object) -> None:
    photo = np.zeros((40, 60, 3), dtype=np.uint8)
    photo[5:10, 5:10, 0] = 255
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter
    path = tmp_path / "turned.png"  # type: ignore[operator]
    Image.fromarray(photo).save(path, exif=exif)
    found = seewhy.explain(RedAgainstBlue(), path, preprocess=seewhy.Preprocess(), method="input-x-gradient", target=0)
    heat = np.nan_to_num(found.heatmap())
    assert heat.shape == (60, 40)
    assert found.picture.pixels[np.unravel_index(heat.argmax(), heat.shape)][0] == 255


def test_maps_side_by_side_share_one_scale_unless_it_is_said() -> None:
    from seewhy.render.figure import GROUPED, OWN, SHARED, _notes, _scales

    weak, strong = (seewhy.explain(Small(scale), PICTURES[0], method="saliency", target=1) for scale in (1, 4))
    shared = _scales([weak, strong], "heat", True)
    assert shared[0] == shared[1] == pytest.approx(max(_scales([weak, strong], "heat", False)), rel=0.2)
    assert _notes([weak, strong], shared, True)[0].words == SHARED != GROUPED
    assert _notes([weak, strong], shared, False)[0].words == OWN


def test_half_the_strength_is_half_way_along_the_colours_and_not_squared() -> None:
    image = torch.zeros(3, 32, 32)
    image[0, :, :16], image[0, :, 16:] = 1.0, 0.5
    found = seewhy.explain(RedAgainstBlue(), image, method="input-x-gradient", target=0)
    picture = np.asarray(found.overlay(view="map", legend=False, scale=float(found.values.max()))).astype(int)
    colours = ramp("diverging").astype(int)
    half = colours[len(colours) // 2 + len(colours) // 4]
    assert np.abs(picture[200, 400] - half).max() <= 4
