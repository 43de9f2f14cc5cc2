"""What a map cost, and when nobody knows."""

import time

import pytest
import torch
from torch import nn
from trials import judge, trial_of

import seewhy
from seewhy.domain.cost import Cost
from seewhy.domain.score import Unjudged
from seewhy.engine.memory import peak
from seewhy.testing.tiny_models import pictures, tiny_cnn

IMAGE = pictures(1, 3, 24, 24)[0]


def test_calls_seconds_and_memory_are_those_of_the_trial():
    found = judge("cost", trial_of(tiny_cnn(), IMAGE, "saliency", cost=Cost(3, 2), seconds=0.5, memory=3 * 2**20))
    assert {name: score.value for name, score in found.items()} == {
        "model calls": 5,
        "forward passes": 3,
        "backward passes": 2,
        "seconds": 0.5,
        "memory": 3,
    }


def test_calls_that_nobody_counted_are_not_nought():
    found = judge("cost", trial_of(tiny_cnn(), IMAGE, lambda network, images, targets: images[:, 0], seconds=0.5))
    assert not found["model calls"].known
    assert found["seconds"].value == 0.5
    assert found["memory"].why == "memory is counted on accelerators only"


class Slow(nn.Module):
    """A network whose pass takes longer than all else."""

    def forward(self, images):
        time.sleep(0.2)
        return images.mean(dim=(2, 3))


def test_the_seconds_of_a_pass_that_methods_share_are_counted_for_each():
    found = seewhy.report_card(
        Slow(), IMAGE[None], ["saliency", "input-x-gradient"], metrics="cost", controls=False,
        preprocess=seewhy.Preprocess.plain(),
    )  # fmt: skip
    assert found.row("seconds").values.min() >= 0.2
    assert found.row("forward passes").values.tolist() == [[1], [1]]


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an accelerator")
def test_memory_is_that_of_the_tensors_on_the_accelerator():
    with peak(torch.device("cuda")) as most:
        some = torch.zeros(2**20, device="cuda")
        del some
    assert most.bytes == 4 * 2**20


def test_ready_made_maps_have_no_known_cost():
    with pytest.raises(Unjudged, match="ready-made"):
        judge("cost", trial_of(tiny_cnn(), IMAGE, IMAGE[0]))
