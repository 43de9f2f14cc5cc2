"""Likeness to where people looked, against slow re-derivations of the benchmark's definitions."""

import numpy as np
import pytest
import torch
from trials import judge, trial

from seewhy.domain.score import Unjudged
from seewhy.errors import BadOption

GENERATOR = torch.Generator().manual_seed(0)
MAP = torch.randn(12, 12, generator=GENERATOR)
GAZE = torch.rand(12, 12, generator=GENERATOR)
POINTS = (torch.rand(12, 12, generator=GENERATOR) < 0.1).float()


def values(map, gaze, **options) -> dict[str, float]:
    return {name: score.value for name, score in judge("gaze", trial(map, gaze=gaze), **options).items()}


def slow_judd(map: np.ndarray, fixated: np.ndarray) -> float:
    """Each fixated value as a threshold; both rates counted anew."""
    hits, alarms = [0.0], [0.0]
    for threshold in sorted(map[fixated], reverse=True):
        above = map >= threshold
        hits.append((above & fixated).sum() / fixated.sum())
        alarms.append((above & ~fixated).sum() / (~fixated).sum())
    return float(np.trapezoid([*hits, 1.0], [*alarms, 1.0]))


def test_a_density_is_compared_as_the_benchmark_defines_it() -> None:
    found = values(MAP, GAZE, top=0.1)
    map, gaze = MAP.double().numpy(), GAZE.double().numpy()
    fixated = gaze >= np.sort(gaze.ravel())[-14]  # a tenth of 144
    p, q = ((part - part.min()) / (part - part.min()).sum() for part in (map, gaze))
    assert found["gaze correlation"] == pytest.approx(np.corrcoef(map.ravel(), gaze.ravel())[0, 1])
    assert found["gaze similarity"] == pytest.approx(np.minimum(p, q).sum())
    assert found["gaze at fixations"] == pytest.approx(((map - map.mean()) / map.std())[fixated].mean())
    assert found["gaze ROC"] == pytest.approx(slow_judd(map, fixated))


def test_points_are_read_as_points_and_no_density_is_made_up() -> None:
    found = judge("gaze", trial(MAP, gaze=POINTS))
    fixated = POINTS.bool().numpy()
    assert found["gaze ROC"].value == pytest.approx(slow_judd(MAP.double().numpy(), fixated))
    assert found["gaze at fixations"].value == pytest.approx(
        ((MAP - MAP.mean()) / MAP.std(correction=0))[POINTS.bool()].mean()
    )
    assert not found["gaze correlation"].known
    assert "points" in found["gaze similarity"].why


def test_where_people_looked_is_the_best_map_and_its_inverse_the_worst() -> None:
    best, worst = values(GAZE, GAZE), values(-GAZE, GAZE)
    assert best["gaze correlation"] == pytest.approx(1.0)
    assert best["gaze similarity"] == pytest.approx(1.0)
    assert best["gaze ROC"] == pytest.approx(1.0, abs=0.1)
    assert best["gaze ROC"] > 0.9
    assert worst["gaze correlation"] == pytest.approx(-1.0)
    assert worst["gaze at fixations"] == pytest.approx(-best["gaze at fixations"])
    assert worst["gaze ROC"] < 0.1


def test_equal_values_in_the_map_are_chance_and_not_a_find() -> None:
    flat, points = torch.zeros(12, 12), int(POINTS.sum())
    flat[0, 0] = 1e-3
    areas = np.array([judge("gaze", trial(flat, gaze=POINTS, seed=seed))["gaze ROC"].value for seed in range(100)])
    chance = 0.5 + 1 / (2 * points + 2)  # one half, and what joining n points by straight lines adds
    assert abs(areas.mean() - chance) < 4 * areas.std() / 10


def test_what_was_never_looked_at_is_no_fixation() -> None:
    sparse = torch.zeros(12, 12)
    sparse[3, 3], sparse[4, 4] = 1.0, 0.5
    found = values(MAP, sparse, top=0.5)
    standard = (MAP - MAP.mean()) / MAP.std(correction=0)
    assert found["gaze at fixations"] == pytest.approx(float((standard[3, 3] + standard[4, 4]) / 2), rel=1e-5)


@pytest.mark.parametrize(
    ("gaze", "why"),
    [
        (None, "no gaze map"),
        (torch.ones(12, 12), "the same everywhere"),
        (-GAZE, "negative"),
        (GAZE / 0, "infinite"),
    ],
)
def test_a_gaze_map_that_says_nothing_is_no_score(gaze: torch.Tensor | None, why: str) -> None:
    with pytest.raises(Unjudged, match=why):
        values(MAP, gaze)


@pytest.mark.parametrize("top", [0, 1, -0.1, float("nan")])
def test_a_share_of_nothing_or_everything_is_refused(top: float) -> None:
    with pytest.raises(BadOption):
        values(MAP, GAZE, top=top)
