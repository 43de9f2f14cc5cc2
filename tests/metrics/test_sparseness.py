"""What a map looks like, in numbers by hand."""

import numpy as np
import pytest
import torch
from trials import judge, trial

from seewhy.domain.score import Unjudged


def values(map) -> list[float]:
    return [score.value for score in judge("sparseness", trial(map)).values()]


def slow_gini(map: torch.Tensor) -> float:
    """Half the mean absolute difference of two places, by the mean."""
    sizes = map.abs().flatten().double().numpy()
    return float(np.abs(sizes[:, None] - sizes).mean() / (2 * sizes.mean()))


def test_one_pixel_is_as_sparse_as_it_gets_and_two_values_are_counted_by_hand() -> None:
    point = torch.zeros(4, 4)
    point[1, 2] = -3.0
    assert values(point) == pytest.approx([15 / 16, 0.0, 1 / 16])
    assert values([[1.0, 3.0]]) == pytest.approx([0.25, 1.0, 0.5])
    assert values([[1.0, -1.0, 1.0, 1.0]]) == pytest.approx([0.0, 0.75, 0.5])


def test_the_index_is_half_the_mean_difference() -> None:
    noise = torch.randn(9, 7, generator=torch.Generator().manual_seed(0))
    assert values(noise)[0] == pytest.approx(slow_gini(noise))
    assert values(1e6 * noise) == pytest.approx(values(noise))
    assert values(-noise)[1] == pytest.approx(1 - values(noise)[1])


def test_the_area_is_the_fewest_places_that_hold_half() -> None:
    assert values([[5.0, -4.0, 3.0, 2.0, 1.0, 1.0, 0.0, 0.0]])[2] == 2 / 8  # 5 + 4 of 16
    assert values(torch.arange(1.0, 101.0).reshape(10, 10))[2] == 30 / 100  # 100 + ... + 71 = 2565 of 5050; 29: 2494


def test_the_map_that_was_given_stays_as_it_is() -> None:
    map = torch.randn(5, 5)
    before = map.clone()
    judge("sparseness", trial(map))
    assert torch.equal(map, before)


@pytest.mark.parametrize("map", [torch.zeros(3, 3), torch.ones(3, 3), torch.tensor([[float("nan"), 1.0]])])
def test_nothing_to_describe_is_no_number(map: torch.Tensor) -> None:
    with pytest.raises(Unjudged):
        values(map)
