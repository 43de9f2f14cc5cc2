"""Infidelity, against hand-computable networks, a slow loop and the peer."""

import numpy as np
import pytest
import torch
from hand_made import random_case, two_classes
from trials import calls_of, judge, trial

from seewhy.domain.score import Unjudged
from seewhy.errors import BadOption

IMAGE, MAP, MODEL = random_case(24)
ONES = torch.ones(1, 24, 24)
WEIGHTS = torch.randn(1, 24, 24, generator=torch.Generator().manual_seed(1))


class Recorded:
    """A model that remembers what it was shown."""

    def __init__(self) -> None:
        self.seen: list[torch.Tensor] = []

    def __call__(self, images: torch.Tensor) -> torch.Tensor:
        self.seen.append(images.clone())
        return MODEL(images)


def asked(map=MAP, **options) -> tuple[dict[str, float], torch.Tensor]:
    """What is found, and the changed images that were shown."""
    model = Recorded()
    given = trial(map, model, IMAGE, seed=1)
    given.probe.clean  # noqa: B018
    del model.seen[:]
    found = judge("infidelity", given, **options)
    return {name: score.value for name, score in found.items()}, torch.cat(model.seen)


def changes(shown: torch.Tensor, perturbation: str) -> torch.Tensor:
    """I in the paper's terms, as what the map's values are summed with: (n, *space)."""
    return (shown != IMAGE).any(dim=1).float() if perturbation == "squares" else (IMAGE - shown)[:, 0]


@pytest.mark.parametrize("map", [WEIGHTS[0], 100 * WEIGHTS[0], -WEIGHTS[0]])
@pytest.mark.parametrize("perturbation", ["squares", "noise"])
def test_the_weights_of_a_linear_model_predict_everything_on_any_scale(map, perturbation) -> None:
    found = judge("infidelity", trial(map, two_classes(WEIGHTS), ONES), perturbation=perturbation, samples=64)
    assert found["infidelity, R2"].value == pytest.approx(1.0, abs=1e-5)
    assert found["infidelity"].value == pytest.approx(0.0, abs=1e-5)
    assert found["infidelity, scale"].value * float(map[0, 0]) == pytest.approx(float(WEIGHTS[0, 0, 0]), rel=1e-3)


@pytest.mark.parametrize("perturbation", ["squares", "noise"])
def test_it_is_the_published_formula_over_the_changes_that_were_made(perturbation: str) -> None:
    found, shown = asked(perturbation=perturbation, samples=50)
    assert len(shown) == 50
    sums = (changes(shown, perturbation) * MAP).flatten(1).sum(dim=1).double().numpy()
    losses = (MODEL(IMAGE[None])[:, 0] - MODEL(shown)[:, 0]).double().numpy()
    scale = (sums * losses).mean() / (sums**2).mean()
    error = ((scale * sums - losses) ** 2).mean()
    wanted = [1 - error / losses.var(), error, scale]
    np.testing.assert_allclose(list(found.values()), wanted, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("perturbation", ["squares", "noise"])
def test_it_agrees_with_the_peer_where_that_rescales(perturbation: str) -> None:
    from captum.metrics import infidelity

    found, shown = asked(perturbation=perturbation, samples=50)
    change = changes(shown, perturbation)[:, None].expand(-1, 3, -1, -1) / 3
    theirs = infidelity(
        lambda images: MODEL(images)[:, 0],
        lambda _: (change, shown),
        IMAGE[None],
        MAP.expand(1, 3, 24, 24),
        n_perturb_samples=50,
        normalize=True,
    )
    assert found["infidelity"] == pytest.approx(float(theirs), rel=1e-3)


def test_multiplying_the_map_changes_only_the_scale() -> None:
    one, hundred = asked(MAP, samples=64)[0], asked(100 * MAP, samples=64)[0]
    assert hundred["infidelity, R2"] == pytest.approx(one["infidelity, R2"], rel=1e-4, abs=1e-6)
    assert hundred["infidelity, scale"] == pytest.approx(one["infidelity, scale"] / 100, rel=1e-4)


def test_each_change_is_one_square_of_the_whole_image() -> None:
    _, shown = asked(samples=128)
    covered = (shown == 0).all(dim=1).flatten(1).sum(dim=1)  # the fill is black
    sides = covered.double().sqrt()
    assert bool((sides == sides.round()).all())
    assert {int(side) for side in sides.unique()} == set(range(1, 11))


def test_every_square_is_as_likely_as_any_other() -> None:
    """Of the squares in 2 x 2 pixels four have side 1 and one has side 2: the mean over these five, by hand."""
    weights = torch.tensor([[[1.0, 2.0], [4.0, 8.0]]])
    model = two_classes(weights**2)
    found = judge("infidelity", trial(weights[0], model, torch.ones(1, 2, 2)), samples=1000)
    sums, losses = np.array([1.0, 2, 4, 8, 15]), np.array([1.0, 4, 16, 64, 85])
    scale = (sums @ losses) / (sums @ sums)
    error = ((scale * sums - losses) ** 2).mean()
    assert abs(found["infidelity"].value - error) < 4 * found["infidelity"].stderr
    assert abs(found["infidelity, scale"].value - scale) < 4 * found["infidelity, scale"].stderr


def test_clips_lose_boxes_of_space_and_time() -> None:
    weights = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(2))
    found = judge("infidelity", trial(weights[0], two_classes(weights), torch.ones_like(weights)), samples=64)
    assert found["infidelity, R2"].value == pytest.approx(1.0, abs=1e-5)


def test_what_a_map_cannot_be_judged_by_is_no_score() -> None:
    with pytest.raises(Unjudged, match="cost the score the same"):
        judge("infidelity", trial(MAP, lambda images: torch.zeros(len(images), 2), IMAGE), samples=16)
    far = torch.zeros(24, 24)
    far[0, 0] = 1.0
    with pytest.raises(Unjudged, match="zero nearly wherever"):
        judge("infidelity", trial(far, MODEL, IMAGE, seed=1), samples=3)
    with pytest.raises(BadOption):
        judge("infidelity", trial(MAP, MODEL, IMAGE), samples=2)
    with pytest.raises(BadOption):
        judge("infidelity", trial(MAP, MODEL, IMAGE), perturbation="noise", noise=0.0)


def test_it_asks_no_more_than_it_declares() -> None:
    assert calls_of("infidelity", trial(MAP, MODEL, IMAGE), samples=40) == 40
    assert calls_of("infidelity", trial(MAP, MODEL, IMAGE), perturbation="noise", samples=40) == 40


def test_the_error_bar_is_the_spread_over_draws() -> None:
    found = [
        judge("infidelity", trial(MAP, MODEL, IMAGE, seed=seed), samples=64)["infidelity, R2"] for seed in range(60)
    ]
    values = np.array([score.value for score in found])
    told = np.sqrt(np.mean([score.stderr**2 for score in found]))
    assert 0.6 < told / values.std(ddof=1) < 1.6
