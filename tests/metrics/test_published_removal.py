"""Published removal metrics, against slow re-derivations of their protocols and a peer."""

import numpy as np
import pytest
import torch
from hand_made import BLACK, random_case, two_classes
from torch import nn
from trials import calls_of, judge, trial

from seewhy.domain.baseline import Colour, Noise
from seewhy.domain.score import Unjudged
from seewhy.errors import BadOption

IMAGE, MAP, MODEL = random_case()
MEAN = Colour((0.485, 0.456, 0.406))


def given(map=MAP, model=MODEL, image=IMAGE, **facts):
    return trial(map, model, image, **{"fill": MEAN, **facts})


def probability(image: torch.Tensor, model=MODEL) -> float:
    return float(model(image[None]).softmax(dim=1)[0, 0])


def order(map: torch.Tensor = MAP) -> torch.Tensor:
    return map.flatten().argsort(descending=True)


# -- RISE


def slow_curve(start: torch.Tensor, finish: torch.Tensor, steps: int) -> float:
    """The most relevant pixels of one image move to the other, some at a time."""
    now, scores = start.clone(), [probability(start)]
    for some in order().chunk(steps):
        now.flatten(1)[:, some] = finish.flatten(1)[:, some]
        scores.append(probability(now))
    return float(np.trapezoid(scores) / steps)


@pytest.mark.parametrize("steps", [1, 8, 64])
def test_deletion_to_the_mean_colour_is_the_published_loop(steps: int) -> None:
    found = judge("rise-deletion", given(), steps=steps)["RISE deletion"].value
    assert found == pytest.approx(slow_curve(IMAGE, MEAN.fill(IMAGE)[0], steps), abs=1e-6)


@pytest.mark.parametrize("steps", [1, 8, 64])
def test_insertion_into_the_published_blur_is_the_published_loop(steps: int) -> None:
    from scipy.ndimage import gaussian_filter

    dirac = np.zeros((11, 11))
    dirac[5, 5] = 1
    kernel = torch.from_numpy(gaussian_filter(dirac, 5)).float()[None, None].repeat(3, 1, 1, 1)
    mean = MEAN.fill(IMAGE)[0]
    normalised = (IMAGE - mean)[None]  # a common scale of each colour passes through the blur
    blurred = nn.functional.conv2d(normalised, kernel, padding=5, groups=3)[0] + mean
    found = judge("rise-insertion", given(), steps=steps)["RISE insertion"].value
    assert found == pytest.approx(slow_curve(blurred, IMAGE, steps), abs=1e-6)


def test_the_area_does_not_grow_with_the_number_of_steps() -> None:
    areas = [judge("rise-deletion", given(), steps=steps)["RISE deletion"].value for steps in (4, 16, 64)]
    assert max(areas) - min(areas) < 0.05


@pytest.mark.parametrize("name", ["rise-deletion", "rise-insertion"])
def test_a_curve_asks_once_per_step(name: str) -> None:
    assert calls_of(name, given(), steps=8) == 8


@pytest.mark.parametrize("name", ["rise-deletion", "rise-insertion"])
def test_a_clip_frame_by_frame_is_judged(name: str) -> None:
    clip = IMAGE[:, None].repeat(1, 2, 1, 1)
    (score,) = judge(name, trial(MAP.repeat(2, 1, 1), MODEL_OF_CLIPS, clip, fill=MEAN)).values()
    assert 0 < score.value < 1


def MODEL_OF_CLIPS(images: torch.Tensor) -> torch.Tensor:
    return MODEL(images.mean(dim=2))


# -- average drop


def slow_drop(percent: int, fill: torch.Tensor) -> tuple[float, float, float]:
    light = (MAP - MAP.min()) / (MAP.max() - MAP.min())
    light = torch.where(light < np.quantile(light.numpy(), 1 - percent / 100), 0.0, light)
    before, after = probability(IMAGE), probability(light * (IMAGE - fill) + fill)
    return max(0, before - after) / before, float(after > before), max(0, after - before) / (1 - before)


@pytest.mark.parametrize(("fill", "colour"), [("black", BLACK), ("colour", MEAN)])
@pytest.mark.parametrize("percent", [100, 50, 15])
def test_drop_increase_and_gain_are_the_published_formulas_on_both_maskings(fill, colour, percent) -> None:
    found = judge("average-drop", given(), fill=fill)
    names = (f"average drop {percent}", f"increase {percent}", f"average gain {percent}")
    assert [found[name].value for name in names] == pytest.approx(slow_drop(percent, colour.fill(IMAGE)[0]), abs=1e-5)


def test_multiplying_the_normalised_image_is_fading_to_the_mean_colour() -> None:
    deviation = torch.tensor([0.229, 0.224, 0.225]).reshape(3, 1, 1)
    mean = MEAN.fill(IMAGE)[0]
    light = ((MAP - MAP.min()) / (MAP.max() - MAP.min()))[None]
    normalised = light * ((IMAGE - mean) / deviation)
    before, after = probability(IMAGE), probability(normalised * deviation + mean)
    found = judge("average-drop", given(), fill="colour")["average drop 100"].value
    assert found == pytest.approx(max(0, before - after) / before, abs=1e-5)


def test_the_drop_is_relative_where_the_peer_called_drop_in_confidence_is_absolute() -> None:
    from pytorch_grad_cam.metrics.cam_mult_image import DropInConfidence

    network = nn.Module()
    network.forward = MODEL
    light = (MAP - MAP.min()) / (MAP.max() - MAP.min())
    theirs = DropInConfidence()(
        IMAGE[None], light[None].numpy(), [lambda output: output.softmax(dim=0)[0]], network.forward
    )
    ours = judge("average-drop", given())["average drop 100"].value
    assert ours > 0
    assert float(theirs[0]) == pytest.approx(ours * probability(IMAGE), abs=1e-6)


def test_a_point_loses_all_that_the_model_saw_elsewhere() -> None:
    point = torch.zeros(2, 2)
    point[0, 0] = 1.0
    weights = torch.tensor([[[1.0, 2.0], [0.0, 0.0]]])
    image = torch.ones(1, 2, 2)
    found = judge("average-drop", trial(point, two_classes(weights), image))
    whole, left = (1 / (1 + np.exp(-score)) for score in (3.0, 1.0))
    assert found["average drop 100"].value == pytest.approx((whole - left) / whole, abs=1e-6)
    assert found["increase 100"].value == found["average gain 15"].value == 0.0


def test_nothing_can_be_gained_over_certainty_and_nothing_lost_without_probability() -> None:
    sure = judge("average-drop", trial(MAP, two_classes(100 * torch.ones(3, 8, 8)), IMAGE))
    assert not sure["average gain 50"].known
    assert sure["average drop 100"].known
    with pytest.raises(Unjudged, match="no probability"):
        judge("average-drop", trial(MAP, two_classes(-1000 * torch.ones(3, 8, 8)), IMAGE))


def test_average_drop_asks_once_per_level_and_equal_masks_once() -> None:
    assert calls_of("average-drop", given()) == 3
    two_values = MAP.gt(MAP.median()).float()
    assert calls_of("average-drop", given(two_values)) == 1


def test_a_map_is_thresholded_by_its_own_quantile_wherever_its_values_lie() -> None:
    small, large = judge("average-drop", given(MAP)), judge("average-drop", given(100 + MAP))
    for name in small:
        assert small[name].value == pytest.approx(large[name].value, abs=1e-4)


# -- region perturbation


def test_region_perturbation_is_the_mean_loss_over_the_first_regions() -> None:
    weights = torch.zeros(1, 4, 4)
    weights[0, :2, :2], weights[0, 2:, 2:] = 2.0, 1.0
    map = weights[0].clone()
    noise = Noise(1, seed=3).fill(torch.ones(1, 4, 4))[0, 0]
    chances = []
    for gone in ((), ((0, 0),), ((0, 0), (2, 2))):
        pixels = torch.ones(4, 4)
        for row, column in gone:
            pixels[row : row + 2, column : column + 2] = noise[row : row + 2, column : column + 2]
        chances.append(float(torch.sigmoid((weights[0] * pixels).sum())))
    given_to = trial(map, two_classes(weights), torch.ones(1, 4, 4), seed=3)
    found = judge("region-perturbation", given_to, window=2, steps=2)["AOPC"].value
    assert found == pytest.approx((2 * chances[0] - chances[1] - chances[2]) / 3, abs=1e-6)


def test_region_perturbation_takes_all_regions_where_there_are_fewer_than_steps() -> None:
    assert calls_of("region-perturbation", given(), window=4, steps=100) == 4
    assert calls_of("region-perturbation", given(), window=4, steps=2, draws=3) == 6
    with pytest.raises(BadOption):
        judge("region-perturbation", given(), steps=0)


def test_the_right_order_loses_more_than_the_reverse() -> None:
    weights = torch.rand(1, 8, 8, generator=torch.Generator().manual_seed(2)) / 8
    image, model = torch.ones(1, 8, 8), two_classes(weights)
    right, wrong = (
        judge("region-perturbation", trial(map, model, image), window=2, steps=8)["AOPC"].value
        for map in (weights[0], -weights[0])
    )
    assert right > wrong > 0
