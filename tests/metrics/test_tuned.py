"""Metrics that ask a copy of the model: the numbers are those of the copy, and its labels are what can be lost."""

import math

import pytest
import torch
from hand_made import random_case
from trials import judge, probe_of, trial

from seewhy.domain.score import Unjudged

IMAGE, MAP, MODEL = random_case()
WHITE = torch.ones(1, 10, 10)
RANKED = torch.arange(100.0, 0, -1).reshape(10, 10)  # the first twenty pixels are marked where a fifth is


def never(images: torch.Tensor) -> torch.Tensor:
    raise AssertionError("the model itself was asked")


def needs(critical: torch.Tensor, images: torch.Tensor) -> torch.Tensor:
    """The first class as long as no critical pixel is black."""
    whole = (images[:, 0] * critical + ~critical).flatten(1).amin(dim=1)
    return torch.stack([whole, 0.5 + 0 * whole], dim=1)


def lost(critical: torch.Tensor, map: torch.Tensor = RANKED, **options: float) -> dict[str, float]:
    tuned = probe_of(lambda images: needs(critical, images), WHITE[None])
    scores = judge("f-fidelity", trial(map, never, WHITE, tuned=tuned), **options)
    assert scores["f-fidelity+"].stderr > 0
    return {name: score.value for name, score in scores.items()}


def test_the_tuned_gain_is_the_gain_of_the_copy() -> None:
    copy = random_case(seed=1)[2]
    own = judge("symmetric-gain", trial(MAP, copy, IMAGE), steps=6)
    tuned = judge("tuned-gain", trial(MAP, never, IMAGE, tuned=probe_of(copy, IMAGE[None])), steps=6)
    gains = [own[f"gain, {fill}"].value for fill in ("colour", "blur", "linear")]
    assert tuned["tuned gain"].value == min(gains)
    assert tuned["tuned gain, fills"].value == pytest.approx(max(gains) - min(gains))


def test_a_class_that_hangs_on_all_that_is_marked_is_lost_every_time_and_with_the_rest_never() -> None:
    assert lost(RANKED > 80, samples=20) == {"f-fidelity+": 1, "f-fidelity-": 0, "f-fidelity": 1}


def test_a_map_that_marks_what_does_not_count_loses_the_class_with_the_rest() -> None:
    # ten of the eighty others are removed: one time in 22 none of the twenty that count is among them
    found = lost(RANKED > 80, -RANKED, samples=200)
    assert found["f-fidelity+"] == 0
    assert found["f-fidelity-"] == pytest.approx(1 - math.comb(60, 10) / math.comb(80, 10), abs=0.06)
    assert found["f-fidelity"] == -found["f-fidelity-"]


@pytest.mark.parametrize(("keep", "share"), [(0.2, 10 / 20), (0.5, 10 / 50)])
def test_half_of_the_marked_pixels_are_removed_but_never_more_than_a_tenth_of_the_image(
    keep: float, share: float
) -> None:
    found = lost(RANKED == 100, keep=keep, samples=300)  # a single pixel decides
    assert found["f-fidelity+"] == pytest.approx(share, abs=0.09)  # three standard errors
    assert found["f-fidelity-"] == 0


def test_each_draw_is_one_call_of_the_copy_and_none_of_the_model() -> None:
    given = trial(MAP, never, IMAGE, tuned=probe_of(MODEL, IMAGE[None]))
    given.tuned.clean  # noqa: B018  (known before)
    before = given.tuned.control.spent
    judge("f-fidelity", given, samples=12)
    assert given.tuned.control.spent.minus(before).forward == 2 * 12


@pytest.mark.parametrize("name", ["tuned-gain", "f-fidelity"])
def test_without_a_copy_nothing_is_judged(name: str) -> None:
    with pytest.raises(Unjudged, match="no copy was tuned"):
        judge(name, trial(MAP, MODEL, IMAGE))
