"""SaCo on groups that can be counted by hand."""

import itertools

import pytest
import torch
from hand_made import random_case, two_classes
from trials import calls_of, judge, trial

from seewhy.domain.score import Unjudged
from seewhy.errors import BadOption

WEIGHTS = torch.tensor([[[4.0, 3.0], [2.0, 1.0]]]) / 4
IMAGE = torch.tensor([[[1.0, 1.0], [0.0, 0.0]]])  # its mean is one half


def saco(map, model=None, image=IMAGE, **options) -> float:
    given = trial(map, model or two_classes(WEIGHTS), image)
    return judge("saco", given, **options)["SaCo"].value


def test_the_order_of_the_effects_is_worth_one_and_its_reverse_minus_one() -> None:
    effects = WEIGHTS[0] * (IMAGE[0] - 0.5)  # 0.5, 0.375, -0.25, -0.125
    assert saco(effects, groups=4) == 1.0
    assert saco(-effects, groups=4) == -1.0


def test_pairs_in_the_wrong_order_count_by_their_difference() -> None:
    # effects: a > b > d > c; the map says a > b > c > d: only (c, d) is wrong, by 1 of 1 + 2 + 3 + 1 + 2 + 1
    map = torch.tensor([[4.0, 3.0], [2.0, 1.0]])
    assert saco(map, groups=4) == pytest.approx((10 - 2 * 1) / 10)


def test_it_depends_on_the_values_and_not_only_on_their_order() -> None:
    map = torch.tensor([[4.0, 3.0], [2.0, 1.0]])
    assert saco(map**3, groups=4) == pytest.approx(1 - 2 * 7 / (37 + 56 + 63 + 19 + 26 + 7))


def test_it_is_the_published_loop() -> None:
    image, map, model = random_case(10)
    order, mean = map.flatten().argsort(descending=True), image.mean(dim=(1, 2))
    whole = model(image[None]).softmax(dim=1)[0, 0]
    sums, effects = [], []
    for group in order.chunk(5):
        without = image.clone()
        without.flatten(1)[:, group] = mean[:, None]
        sums.append(float(map.flatten()[group].double().sum()))
        effects.append(float(whole - model(without[None]).softmax(dim=1)[0, 0]))
    found = total = 0.0
    for i, j in itertools.combinations(range(5), 2):
        weight = sums[i] - sums[j] if effects[i] >= effects[j] else sums[j] - sums[i]
        found, total = found + weight, total + abs(weight)
    assert saco(map, model, image, groups=5) == pytest.approx(found / total, abs=1e-6)


def test_a_model_that_looks_at_nothing_gives_no_score_where_the_published_loop_gives_one() -> None:
    with pytest.raises(Unjudged, match="no group of pixels has an effect"):
        saco(WEIGHTS[0], lambda images: torch.zeros(len(images), 2), groups=4)


def test_it_asks_once_per_group() -> None:
    image, map, model = random_case()
    assert calls_of("saco", trial(map, model, image)) == 10
    with pytest.raises(BadOption):
        saco(WEIGHTS[0], groups=1)
