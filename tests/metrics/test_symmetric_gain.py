"""Symmetric gain on curves that can be added up by hand, and on maps whose gain is known."""

import itertools

import numpy as np
import pytest
import torch
from hand_made import BLACK, random_case
from trials import calls_of, judge, trial

from seewhy.domain.baseline import Blur
from seewhy.domain.score import Unjudged
from seewhy.domain.target import Target
from seewhy.engine.trial import ranks_of

WORTH = torch.tensor([[0.5, 0.3], [0.15, 0.05]])  # what each pixel of a white image adds to the probability
WHITE = torch.ones(1, 2, 2)
FIRST = Target(0, "first", kind="probabilities")


def shares(images: torch.Tensor) -> torch.Tensor:
    """Two probabilities; that of the first class is the worth of the pixels that are there."""
    first = (WORTH * images[:, 0]).flatten(1).sum(dim=1)
    return torch.stack([first, 1 - first], dim=1)


def gain(map: torch.Tensor, **facts: object) -> float:
    return judge("symmetric-gain", trial(map, shares, WHITE, target=FIRST, **facts), steps=4, fills=1)["gain"].value


def test_the_right_order_and_all_that_is_read_off_its_curves() -> None:
    found = judge("symmetric-gain", trial(WORTH, shares, WHITE, target=FIRST), steps=4, fills=1)
    # most relevant first: 1, .5, .2, .05, 0; least relevant first: 1, .95, .8, .5, 0
    assert found["deletion"].value == pytest.approx((0.5 + 0.5 + 0.2 + 0.05) / 4)
    assert found["insertion"].value == pytest.approx((0.5 + 0.95 + 0.8 + 0.5) / 4)
    assert found["gain"].value == found["gain, colour"].value == pytest.approx(1.5 / 4)
    assert found["sufficient"].value == 0.75  # three of four keep 0.95, two only 0.8
    assert found["necessary"].value == 0.5  # without the first the score is half, not less
    assert not found["gain, blur"].known


def test_the_inverted_map_gains_the_opposite() -> None:
    assert gain(-WORTH) == pytest.approx(-1.5 / 4)


def test_over_all_orders_nothing_is_gained() -> None:
    orders = [torch.tensor(order, dtype=torch.float32).reshape(2, 2) for order in itertools.permutations(range(4))]
    assert np.mean([gain(order) for order in orders]) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("map", [[[1.0, 0.0], [0.0, 0.0]], [[1.0, 1.0], [0.0, 0.0]], [[0.0, 0.0], [0.0, 1.0]]])
def test_equal_values_come_in_every_order_alike_and_the_opposite_map_turns_all_of_it_round(
    map: list[list[float]],
) -> None:
    values = torch.tensor(map)
    ranks = torch.stack([ranks_of(values, seed) for seed in range(1000)]).float()
    ones, zeros = ranks[:, values == 1], ranks[:, values == 0]
    assert ones.max() < zeros.min()  # a point or a block comes first
    for tied in (ones, zeros):  # the mean place of each is the middle of all that it can have, within four errors
        middle = float(tied.mean())
        assert tied.mean(dim=0).tolist() == pytest.approx([middle] * tied.shape[1], abs=4 * 0.82 / 1000**0.5)
    for seed in range(10):
        assert torch.equal(ranks_of(-values, seed), 3 - ranks_of(values, seed))


@pytest.mark.parametrize("value", [0.0, 1.0, float("nan"), float("inf")])
def test_a_map_that_says_nothing_is_no_score(value: float) -> None:
    with pytest.raises(Unjudged):
        gain(torch.full((2, 2), value))


def test_the_headline_is_the_smallest_of_three_fills_and_each_is_the_slow_loop() -> None:
    image, map, model = random_case()
    found = judge("symmetric-gain", trial(map, model, image), steps=8)
    assert found["gain"].value == min(found[f"gain, {fill}"].value for fill in ("colour", "blur", "linear"))
    order = map.flatten().argsort(descending=True)
    for name, fill in (("colour", BLACK.fill(image)[0]), ("blur", Blur().fill(image)[0])):
        areas = []
        for places in (order, order.flip(0)):
            now, scores = image.clone(), [float(model(image[None]).softmax(dim=1)[0, 0])]
            for some in places.chunk(8):
                now.flatten(1)[:, some] = fill.flatten(1)[:, some]
                scores.append(float(model(now[None]).softmax(dim=1)[0, 0]))
            areas.append(np.trapezoid(scores) / 8)
        assert found[f"gain, {name}"].value == pytest.approx(areas[1] - areas[0], abs=1e-5)


def test_both_curves_and_the_empty_image_are_all_that_it_asks() -> None:
    image, map, model = random_case()
    assert calls_of("symmetric-gain", trial(map, model, image), steps=8, fills=1) == 2 * 7 + 1


def test_curves_of_another_metric_on_the_same_order_cost_nothing_more() -> None:
    image, map, model = random_case()
    given = trial(map, model, image)
    assert calls_of("symmetric-gain", given, steps=8, fills=1) == 15
    assert calls_of("rise-deletion", given, steps=8) == 0
