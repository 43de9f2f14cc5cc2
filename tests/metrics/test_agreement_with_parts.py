"""Patch effect and mu-fidelity: what maps say of parts against what the score loses without them, counted by hand."""

import itertools

import pytest
import torch
from hand_made import random_case, two_classes
from trials import calls_of, judge, trial

from seewhy.domain.score import Unjudged

EFFECTS = torch.tensor([[4.0, 3.0], [2.0, 1.0]])  # what the score loses without each quarter of a white image
WHITE = torch.ones(1, 4, 4)


def spread(quarters: torch.Tensor) -> torch.Tensor:
    """Quarters of a 4 x 4 image, their value shared out over four pixels."""
    return quarters.repeat_interleave(2, 0).repeat_interleave(2, 1) / 4


MODEL = two_classes(spread(EFFECTS)[None])


def found(name: str, quarters: torch.Tensor, **options: int) -> tuple[float, ...]:
    scores = judge(name, trial(spread(quarters), MODEL, WHITE), **{"cells": 2, **options})
    return tuple(score.value for score in scores.values())


def test_the_effects_themselves_agree_entirely_and_their_opposite_not_at_all() -> None:
    assert found("patch-effect", EFFECTS) == pytest.approx((1, 1))
    assert found("patch-effect", -EFFECTS) == pytest.approx((-1, -1))


def test_a_map_that_changes_two_places_round_loses_by_hand_what_it_should() -> None:
    # ranks: two neighbours change places, 1 - 6 * 2 / (4 * 15); values: 13 / sqrt(50 * 5)
    assert found("patch-effect", torch.tensor([[10.0, 3.0], [1.0, 2.0]])) == pytest.approx((0.8, 13 / 250**0.5))


def test_signs_count_so_that_evidence_against_a_class_is_no_evidence_for_it() -> None:
    against = torch.tensor([[4.0, -3.0], [2.0, 1.0]])
    assert found("patch-effect", against) == pytest.approx((0.4, (1.5 * 3 - 0.5 * 4 - 0.5 * 1) / (5 * 26) ** 0.5))


def test_a_point_agrees_as_far_as_the_others_are_alike() -> None:
    point = torch.tensor([[1.0, 0.0], [0.0, 0.0]])  # places 4, 2, 2, 2 against 4, 3, 2, 1
    assert found("patch-effect", point) == pytest.approx((3 / 15**0.5,) * 2)


@pytest.mark.parametrize("name", ["patch-effect", "mu-fidelity"])
def test_where_every_part_is_worth_the_same_to_the_model_or_to_the_map_nothing_correlates(name: str) -> None:
    with pytest.raises(Unjudged, match="the same everywhere"):
        found(name, torch.ones(2, 2))
    with pytest.raises(Unjudged, match="the same everywhere"):
        judge(name, trial(spread(EFFECTS), two_classes(torch.zeros(1, 4, 4)), WHITE), cells=2)


@pytest.mark.parametrize(("cells", "calls"), [(2, 4), (4, 16)])
def test_each_part_is_asked_about_once(cells: int, calls: int) -> None:
    assert calls_of("patch-effect", trial(spread(EFFECTS), MODEL, WHITE), cells=cells) == calls


def test_subsets_of_a_sum_are_predicted_by_its_terms_and_turned_round_by_their_opposite() -> None:
    assert found("mu-fidelity", EFFECTS, samples=16) == pytest.approx((1, 1))
    assert found("mu-fidelity", -EFFECTS, samples=16) == pytest.approx((-1, -1))


def test_mu_fidelity_is_the_correlation_over_the_images_that_were_asked() -> None:
    image, map, model = random_case()
    shown: list[torch.Tensor] = []

    def listening(images: torch.Tensor) -> torch.Tensor:
        shown.extend(images.clone())
        return model(images)

    given = trial(map, listening, image + 0.1)  # no pixel is black by itself
    given.probe.clean  # noqa: B018  (known before)
    shown.clear()
    scores = judge("mu-fidelity", given, cells=4, samples=20)
    absent = torch.stack([(one == 0).all(dim=0) for one in shown])
    assert len(shown) == 20
    assert (absent.flatten(1).double().mean(dim=1) == 0.5).all()  # halves, all of one size
    assert torch.equal(absent[0::2], ~absent[1::2])  # each with the other half
    sums = (absent * map).flatten(1).sum(dim=1)
    drops = model(given.image[None])[0, 0] - torch.stack([model(one[None])[0, 0] for one in shown])
    linear = torch.corrcoef(torch.stack([sums, drops]))[0, 1]
    ranks = torch.corrcoef(torch.stack([row.argsort().argsort().double() for row in (sums, drops)]))[0, 1]
    assert scores["mu-fidelity"].value == pytest.approx(float(linear), abs=1e-5)
    assert scores["mu-fidelity, ranks"].value == pytest.approx(float(ranks), abs=1e-5)
    assert scores["mu-fidelity"].stderr > 0


def test_over_all_orders_nothing_agrees() -> None:
    orders = [torch.tensor(order).float().reshape(2, 2) for order in itertools.permutations(range(4))]
    for name, options in (("patch-effect", {}), ("mu-fidelity", {"samples": 12})):
        values = torch.tensor([found(name, order, **options) for order in orders])
        assert values.mean(dim=0).tolist() == pytest.approx([0, 0], abs=1e-5)
        assert values.abs().max() > 0.9
