"""Metrics that compare a map with a mask, against values by hand and slow re-derivations."""

import itertools
import math

import numpy as np
import pytest
import torch
from hand_made import placed
from trials import judge, trial

from seewhy.domain.score import Unjudged
from seewhy.errors import BadOption
from seewhy.metric_registry import all_metrics

PLACE = [name for name, metric in all_metrics().items() if "truth" in metric.asks and "clip" not in metric.asks]
MASK = placed(8, 2, 2, 4)  # a quarter of the image
NOISE = torch.randn(8, 8, generator=torch.Generator().manual_seed(0))


def values(name: str, map, truth, **options) -> list[float]:
    return [score.value for score in judge(name, trial(map, truth=truth), **options).values()]


# -- what cannot be judged


@pytest.mark.parametrize("name", PLACE)
def test_an_empty_mask_is_no_score(name: str) -> None:
    with pytest.raises(Unjudged, match="the mask is empty"):
        judge(name, trial(NOISE, truth=torch.zeros(8, 8, dtype=torch.bool)))


@pytest.mark.parametrize("name", PLACE)
def test_a_mask_of_everything_is_no_score(name: str) -> None:
    with pytest.raises(Unjudged, match="the mask covers everything"):
        judge(name, trial(NOISE, truth=torch.ones(8, 8, dtype=torch.bool)))


@pytest.mark.parametrize("name", PLACE)
def test_without_a_mask_there_is_no_score(name: str) -> None:
    with pytest.raises(Unjudged, match="no mask"):
        judge(name, trial(NOISE))


@pytest.mark.parametrize("name", PLACE)
@pytest.mark.parametrize(("map", "why"), [(torch.full((8, 8), 3.0), "the same everywhere"), (NOISE / 0, "NaN")])
def test_a_constant_or_broken_map_is_no_score(name: str, map: torch.Tensor, why: str) -> None:
    with pytest.raises(Unjudged, match=why):
        judge(name, trial(map, truth=MASK))


@pytest.mark.parametrize("name", PLACE)
def test_a_mask_does_not_depend_on_its_neighbours_or_on_the_size_of_the_values(name: str) -> None:
    np.testing.assert_allclose(values(name, NOISE, MASK), values(name, 1e4 * NOISE, MASK), rtol=1e-5)


@pytest.mark.parametrize("name", PLACE)
def test_clips_are_judged_like_images(name: str) -> None:
    clip, mask = NOISE.expand(3, 8, 8), MASK.expand(3, 8, 8)
    np.testing.assert_allclose(values(name, clip, mask), values(name, NOISE, MASK), rtol=1e-6)


# -- the oracle, its inverse and a point


def test_the_mask_itself_gets_the_best_score_everywhere() -> None:
    assert values("pointing", MASK, MASK) == [1.0, 1.0]
    assert values("energy-pointing", MASK, MASK) == [4.0, 1.0]
    assert values("relevance-rank", MASK, MASK) == [1.0]
    assert values("relevance-mass", MASK, MASK) == [1.0]
    assert values("overlap", MASK, MASK) == [1.0, 1.0]


def test_the_inverted_mask_gets_the_worst() -> None:
    assert values("pointing", ~MASK, MASK) == [0.0, 1.0]
    assert values("energy-pointing", ~MASK, MASK) == [0.0, 0.0]
    assert values("relevance-rank", ~MASK, MASK) == [0.0]
    assert values("relevance-mass", ~MASK, MASK) == [0.0]
    assert values("overlap", ~MASK, MASK) == [0.0, 0.25]  # the best threshold takes everything


def test_one_point_in_the_mask_is_chance_for_the_places_it_says_nothing_about() -> None:
    point = torch.zeros(8, 8)
    point[2, 2] = 5.0
    assert values("pointing", point, MASK) == [1.0, 1.0]
    assert values("energy-pointing", point, MASK) == [4.0, 1.0]
    held = (1 + 15 * 15 / 63) / 16  # of 63 equal places 15 are taken, each of which lies inside in 15 of 63 cases
    np.testing.assert_allclose(values("relevance-rank", point, MASK), [held])
    np.testing.assert_allclose(values("overlap", point, MASK), [held / (2 - held), 0.25])


def test_noise_finds_what_its_area_gives_on_average() -> None:
    maps = torch.rand(100, 8, 8, generator=torch.Generator().manual_seed(1))
    for name, wanted in {"energy-pointing": 1.0, "relevance-rank": 0.25, "relevance-mass": 0.25}.items():
        found = np.array([values(name, one, MASK)[0] for one in maps])
        assert abs(found.mean() - wanted) < 4 * found.std() / math.sqrt(len(found))


# -- pointing


def test_a_saturated_map_hits_by_the_share_of_its_maxima_and_not_for_free() -> None:
    saturated = torch.ones(8, 8)
    saturated[0] = 0.0
    assert values("pointing", saturated, MASK)[0] == pytest.approx(16 / 56)


@pytest.mark.parametrize(("side", "radius"), [(224, 15.0), (112, 7.5)])
def test_the_tolerance_is_fifteen_pixels_at_224_and_scales_with_the_image(side: int, radius: float) -> None:
    mask = placed(side, side // 2, side // 2, side // 8)
    for up, left in itertools.product(range(0, 19, 3), repeat=2):
        point = torch.zeros(side, side)
        point[side // 2 - up, side // 2 - left] = 1.0
        assert values("pointing", point, mask)[0] == float(math.hypot(up, left) <= radius)


def test_without_tolerance_only_the_mask_itself_counts() -> None:
    beside = torch.zeros(32, 32)
    beside[15, 20] = 1.0
    mask = placed(32, 16, 16, 8)
    assert values("pointing", beside, mask)[0] == 1.0
    assert values("pointing", beside, mask, reach=0)[0] == 0.0
    with pytest.raises(BadOption):
        values("pointing", beside, mask, reach=-1)


def test_the_centre_of_an_even_image_is_four_pixels() -> None:
    assert values("pointing", NOISE, placed(8, 4, 4, 3))[1] == 0.25
    assert values("pointing", torch.randn(7, 7), placed(7, 3, 3, 1))[1] == 1.0


def test_a_frame_of_a_clip_is_not_near_the_next_one() -> None:
    clip, mask = torch.zeros(2, 32, 32), torch.zeros(2, 32, 32, dtype=torch.bool)
    clip[0, 16, 16], mask[1] = 1.0, placed(32, 12, 12, 8)
    assert values("pointing", clip, mask) == [0.0, 0.5]


# -- mass


def test_negative_values_are_no_mass_for_the_target_and_shares_stay_between_0_and_1() -> None:
    map = torch.tensor([[3.0, -1.0], [-4.0, 2.0]])
    mask = torch.tensor([[True, True], [False, False]])
    assert values("energy-pointing", map, mask) == pytest.approx([(3 / 5) / 0.5, 3 / 5])
    assert values("relevance-mass", map, mask) == pytest.approx([4 / 10])
    for seed in range(20):
        noise = torch.randn(8, 8, generator=torch.Generator().manual_seed(seed))
        assert 0 <= values("energy-pointing", noise, MASK)[1] <= 1
        assert 0 <= values("relevance-mass", noise, MASK)[0] <= 1


def test_a_map_that_only_speaks_against_has_no_energy_to_point_with() -> None:
    with pytest.raises(Unjudged, match="nothing in the map speaks for the target"):
        values("energy-pointing", -NOISE.abs(), MASK)


# -- rank and overlap


def test_rank_and_overlap_agree_with_counting_by_hand() -> None:
    for seed in range(10):
        noise = torch.randn(6, 6, generator=torch.Generator().manual_seed(seed))
        mask = torch.rand(6, 6, generator=torch.Generator().manual_seed(seed + 100)) < 0.3
        order = noise.flatten().argsort(descending=True)
        hits = [int(mask.flatten()[order[:k]].sum()) for k in range(1, 37)]
        size = int(mask.sum())
        assert values("relevance-rank", noise, mask) == pytest.approx([hits[size - 1] / size])
        unions = [hits[k - 1] / (k + size - hits[k - 1]) for k in range(1, 37)]
        assert values("overlap", noise, mask) == pytest.approx([unions[size - 1], max(unions)])


def test_equal_values_share_the_places_that_are_left_whatever_their_order() -> None:
    map = torch.tensor([[2.0, 1.0, 1.0, 1.0]])
    for mask in itertools.permutations([False, True, True, False]):
        inside = torch.tensor([mask])
        expected = (float(mask[0]) + sum(mask[1:]) / 3) / 2
        assert values("relevance-rank", map, inside) == pytest.approx([expected])


def test_a_threshold_never_cuts_through_equal_values() -> None:
    map, mask = torch.tensor([[1.0, 1.0, 0.0, 0.0]]), torch.tensor([[True, False, False, False]])
    assert values("overlap", map, mask)[1] == pytest.approx(1 / 2)
