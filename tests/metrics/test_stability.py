"""Stability: relative changes of the map under small noise, computed by hand."""

import itertools
import math

import pytest
import torch
from torch import nn
from trials import asked, judge, trial_of

from seewhy.domain.score import Unjudged
from seewhy.domain.target import Target
from seewhy.engine.neighbours import neighbours
from seewhy.testing.tiny_models import pictures, tiny_cnn

IMAGE = pictures(1, 3, 12, 12)[0] * 0.8 + 0.1


def itself(network, images, targets):
    """The map is the image."""
    return images.mean(dim=1)


class Edge(nn.Module):
    """Two classes that change places where the mean of the image crosses a level."""

    def __init__(self, level, classes=2):
        super().__init__()
        self.level, self.classes = nn.Parameter(torch.as_tensor(level)), classes

    def forward(self, images):
        over = images.flatten(1).mean(dim=1) - self.level
        return torch.stack([over, -over], dim=1) if self.classes == 2 else over[:, None]


def test_of_a_map_that_is_the_image_the_change_is_that_of_the_image():
    trial = trial_of(Edge(0.0), IMAGE, itself)
    found = judge("stability", trial, samples=5)
    for level in (2, 8):
        moves = []
        for image in neighbours(trial, 5, level / 255):
            change = [float(v) for v in (image.mean(0) - IMAGE.mean(0)).flatten()]
            moves.append(math.hypot(*change) / math.hypot(*[float(v) for v in IMAGE.mean(0).flatten()]))
        score, mean = found[f"sensitivity, {level}/255"], sum(moves) / 5
        assert score.value == pytest.approx(mean, rel=1e-5)
        spread = math.sqrt(sum((move - mean) ** 2 for move in moves) / 4)
        assert score.stderr == pytest.approx(spread / math.sqrt(5), rel=1e-3)
        assert found[f"flips, {level}/255"].value == 0


def test_noise_stays_within_its_radius_and_within_the_image():
    trial = trial_of(Edge(0.0), (IMAGE > 0.5).float(), itself)
    images = neighbours(trial, 8, 0.1)
    assert float((images - trial.image).abs().max()) <= 0.1 + 1e-6
    assert 0 <= float(images.min()) <= float(images.max()) <= 1
    assert torch.equal(images, neighbours(trial, 8, 0.1))


@pytest.mark.parametrize("classes", [1, 2])
def test_images_whose_prediction_flips_are_counted_and_left_out(classes):
    level = float(IMAGE.mean()) - 1e-5
    trial = trial_of(Edge(level, classes), IMAGE, itself)
    images = neighbours(trial, 16, 8 / 255)
    stay = [float(image.mean()) > level for image in images]
    found = judge("stability", trial)
    assert 0 < found["flips, 8/255"].value < 1
    assert found["flips, 8/255"].value == pytest.approx(1 - sum(stay) / 16)
    kept = [float((image.mean(0) - IMAGE.mean(0)).norm() / IMAGE.mean(0).norm()) for image in images[stay]]
    assert found["sensitivity, 8/255"].value == pytest.approx(sum(kept) / len(kept), rel=1e-5)


def test_a_model_of_values_has_no_prediction_to_flip():
    found = judge("stability", trial_of(Edge(0.0, 1), IMAGE, itself, target=Target(0, "value", "value", "values")))
    assert not found["flips, 2/255"].known
    assert found["sensitivity, 2/255"].value > 0


def test_a_map_that_ignores_the_image_never_moves():
    found = judge("stability", trial_of(tiny_cnn(), pictures(1, 3, 24, 24)[0], "random"))
    assert found["sensitivity, 8/255"].value == 0


@pytest.mark.parametrize(("values", "why"), [(0.0, "same everywhere"), (math.nan, "NaN")])
def test_constant_maps_and_maps_with_nan_are_not_judged(values, why):
    with pytest.raises(Unjudged, match=why):
        judge(
            "stability", trial_of(tiny_cnn(), IMAGE, lambda net, images, targets: torch.full_like(images[:, 0], values))
        )


def test_every_perturbation_costs_one_call_and_one_explanation():
    paid, declared = asked("stability", trial_of(Edge(0.0), IMAGE, itself), samples=6)
    assert paid == declared == (12, 12)


def test_the_maximum_and_the_steepest_change_are_those_of_the_images_drawn():
    trial = trial_of(Edge(0.0), IMAGE, itself)
    images, ones = neighbours(trial, 4, 0.02), IMAGE.mean(0)
    moves = [float((image.mean(0) - ones).norm()) for image in images]
    steps = [float((image - IMAGE).norm()) for image in images]
    largest = judge("max-sensitivity", trial, samples=4)["max-sensitivity"]
    assert largest.value == pytest.approx(max(moves) / float(ones.norm()), rel=1e-5)
    steepest = judge("local-lipschitz", trial, samples=4)["local Lipschitz"]
    assert steepest.value == pytest.approx(max(m / s for m, s in zip(moves, steps, strict=True)), rel=1e-5)


@pytest.mark.parametrize("name", ["max-sensitivity", "local-lipschitz"])
def test_the_extended_ones_cost_an_explanation_per_image(name):
    paid, declared = asked(name, trial_of(Edge(0.0), IMAGE, itself), samples=3)
    assert paid == declared == (0, 3)


def test_max_sensitivity_is_captums_on_the_same_images():
    from captum.attr import Saliency
    from captum.metrics import sensitivity_max

    module = tiny_cnn()
    for part in module.modules():
        if isinstance(part, nn.ReLU):
            part.inplace = False  # captum's own hooks do not survive it
    image = pictures(1, 3, 24, 24)[0] * 0.8 + 0.1
    saliency = Saliency(module)

    def explain(network, images, targets):
        return saliency.attribute(images.requires_grad_(), target=targets, abs=False).sum(dim=1)

    trial = trial_of(module, image, explain)
    images = itertools.cycle(neighbours(trial, 6, 0.02))  # one more is drawn to find out about sizes
    theirs = sensitivity_max(
        lambda batch: (explain(None, batch[0], 0),),
        image[None],
        perturb_func=lambda given: (torch.stack([next(images) for _ in range(len(given[0]))]),),
        n_perturb_samples=6,
        max_examples_per_batch=1,
    )
    ours = judge("max-sensitivity", trial, samples=6)["max-sensitivity"].value
    assert ours == pytest.approx(float(theirs), rel=1e-4)
