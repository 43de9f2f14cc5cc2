"""Sensitivity-n on linear networks, where every size has correlation 1, and on its bounds."""

import pytest
import torch
from hand_made import random_case, two_classes
from trials import calls_of, judge, trial

from seewhy.domain.score import Unjudged
from seewhy.errors import BadOption

WEIGHTS = torch.randn(1, 14, 14, generator=torch.Generator().manual_seed(1))
ONES = torch.ones(1, 14, 14)


def values(map, model=None, **options) -> list[float]:
    given = trial(map, model or two_classes(WEIGHTS), ONES)
    return [score.value for score in judge("sensitivity-n", given, **{"samples": 20, **options}).values()]


def test_a_linear_model_is_predicted_at_every_size_and_turned_around_by_the_opposite_map() -> None:
    assert values(WEIGHTS[0]) == pytest.approx([1.0, 1.0], abs=1e-4)
    assert values(-WEIGHTS[0]) == pytest.approx([-1.0, -1.0], abs=1e-4)


def test_maps_that_know_nothing_get_zero_on_average() -> None:
    image, _, model = random_case(14, 1)
    maps = torch.randn(16, 14, 14, generator=torch.Generator().manual_seed(5))
    found = [judge("sensitivity-n", trial(map, model, image), samples=12)["sensitivity-n"] for map in maps]
    means = torch.tensor([score.value for score in found])
    assert abs(float(means.mean())) < 4 * float(means.std()) / 16**0.5
    assert all(0 < score.stderr < 0.2 for score in found)


def test_it_asks_no_more_than_it_declares() -> None:
    assert calls_of("sensitivity-n", trial(WEIGHTS[0], two_classes(WEIGHTS), ONES), samples=10) <= 80
    with pytest.raises(BadOption):
        values(WEIGHTS[0], samples=2)
    with pytest.raises(Unjudged):
        values(WEIGHTS[0], lambda images: torch.zeros(len(images), 2))
