"""Class sensitivity: 0 for the same map, 2 for the opposite one."""

import pytest
import torch
from torch import nn
from trials import asked, judge, trial_of

from seewhy.domain.score import Unjudged
from seewhy.testing.tiny_models import pictures, tiny_cnn

IMAGE = pictures(1, 3, 24, 24)[0]


class Opposed(nn.Module):
    """Three classes: the first and the runner-up read the same pixels with opposite signs."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.arange(16.0).reshape(4, 4) / 16 - 0.4)

    def forward(self, images):
        seen = (images[:, 0] * self.weight).sum(dim=(1, 2))
        return torch.stack([seen, -seen, -3 * seen.abs() - 1], dim=1)


def test_two_classes_with_opposite_reasons_are_as_far_apart_as_can_be():
    image = torch.rand(3, 4, 4, generator=torch.Generator().manual_seed(0)) / 2 + 0.5
    found = judge("class-sensitivity", trial_of(Opposed(), image, _slopes))
    assert found["class sensitivity"].value == pytest.approx(2.0, abs=1e-12)


def _slopes(network, images, targets):
    images = images.requires_grad_()
    network(images)[torch.arange(len(images)), targets].sum().backward()
    return images.grad.sum(dim=1)


def test_maps_that_are_one_place_each_are_told_apart_by_what_chance_would_give():
    def one_hot(network, images, targets):
        maps = torch.zeros(len(images), 16)
        maps[torch.arange(len(images)), targets] = 1
        return maps.reshape(-1, 4, 4)

    image = torch.rand(3, 4, 4, generator=torch.Generator().manual_seed(0)) / 2 + 0.5
    found = judge("class-sensitivity", trial_of(Opposed(), image, one_hot))
    assert found["class sensitivity"].value == pytest.approx(1 + 1 / 15)  # two different one-hots: rho = -1 / (n - 1)


def test_a_saturated_map_and_its_inverse_are_as_far_apart_as_can_be():
    def halves(network, images, targets):
        return torch.stack([torch.arange(16.0).reshape(4, 4).ge(8).float().sub(target).abs() for target in targets])

    image = torch.rand(3, 4, 4, generator=torch.Generator().manual_seed(0)) / 2 + 0.5
    trial = trial_of(Opposed(), image, halves)
    assert judge("class-sensitivity", trial)["class sensitivity"].value == pytest.approx(2.0)


def test_nan_in_the_other_map_is_no_number():
    def broken(network, images, targets):
        return torch.full_like(images[:, 0], float("nan")) if targets[0] else images[:, 0]

    image = torch.rand(3, 4, 4, generator=torch.Generator().manual_seed(0))
    with pytest.raises(Unjudged, match="NaN"):
        judge("class-sensitivity", trial_of(Opposed(), image, broken))


@pytest.mark.parametrize("blind", ["edges", "random", "centre-prior"])
def test_what_does_not_ask_about_the_class_gets_exactly_nothing(blind):
    assert judge("class-sensitivity", trial_of(tiny_cnn(), IMAGE, blind))["class sensitivity"].value == pytest.approx(
        0.0, abs=1e-12
    )


def test_a_gradient_differs_between_classes():
    assert judge("class-sensitivity", trial_of(tiny_cnn(), IMAGE, "input-x-gradient"))["class sensitivity"].value > 0.1


def test_a_model_of_one_class_has_no_runner_up():
    with pytest.raises(Unjudged, match="no other class"):
        judge("class-sensitivity", trial_of(lambda images: images.mean(dim=(1, 2, 3))[:, None], IMAGE, "edges"))


def test_ready_made_maps_cannot_be_asked_about_another_class():
    with pytest.raises(Unjudged, match="without whoever makes them"):
        judge("class-sensitivity", trial_of(tiny_cnn(), IMAGE, IMAGE[0]))


def test_it_costs_one_explanation():
    paid, declared = asked("class-sensitivity", trial_of(tiny_cnn(), IMAGE, "input-x-gradient"))
    assert paid == declared == (0, 1)
