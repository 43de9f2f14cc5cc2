"""The completeness gap: 0 where values sum to what they promise, refused where nothing is promised."""

from dataclasses import replace

import pytest
import torch
from torch import nn
from trials import judge, trial_of

from seewhy.domain.score import Unjudged
from seewhy.testing.tiny_models import pictures, tiny_cnn

IMAGE = pictures(1, 3, 8, 8)[0]


class Linear(nn.Module):
    """A sum of pixels with fixed weights."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.linspace(-1, 2, 192).reshape(3, 8, 8))

    def forward(self, images):
        seen = (images * self.weight).flatten(1).sum(dim=1)
        return torch.stack([seen, 0 * seen], dim=1)


def test_the_exact_attribution_of_a_linear_network_has_no_gap():
    found = judge("completeness", trial_of(Linear(), IMAGE, "integrated-gradients"))
    assert found["completeness gap"].value == pytest.approx(0.0, abs=1e-5)


def test_the_gap_is_the_share_that_is_missing():
    trial = trial_of(Linear(), IMAGE, "integrated-gradients")
    scaled = replace(trial.evidence, total=trial.evidence.explained * torch.tensor([0.75]))
    found = judge("completeness", replace(trial, evidence=scaled))
    assert found["completeness gap"].value == pytest.approx(0.25, abs=1e-6)


@pytest.mark.parametrize("silent", ["saliency", "random"])
def test_methods_that_promise_no_sum_are_not_judged(silent):
    with pytest.raises(Unjudged, match="does not promise"):
        judge("completeness", trial_of(tiny_cnn(), pictures(1, 3, 24, 24)[0], silent))


def test_a_function_or_a_ready_map_promises_nothing():
    with pytest.raises(Unjudged, match="does not promise"):
        judge("completeness", trial_of(Linear(), IMAGE, IMAGE[0]))


def test_nothing_to_explain_is_no_perfect_score():
    trial = trial_of(Linear(), IMAGE, "integrated-gradients")
    nothing = replace(trial.evidence, explained=torch.zeros(1), total=torch.zeros(1))
    with pytest.raises(Unjudged, match="same as its baseline"):
        judge("completeness", replace(trial, evidence=nothing))
