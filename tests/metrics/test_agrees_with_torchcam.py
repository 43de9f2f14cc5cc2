"""Average drop, increase, deletion and insertion are TorchCAM's on the same map and the same fill."""

from contextlib import nullcontext
from functools import partial

import pytest
import torch
from hand_made import BLACK
from trials import judge, trial

from seewhy.testing.tiny_models import pictures, tiny_cnn

peer_metrics = pytest.importorskip("torchcam.metrics")  # a development package
NETWORK = tiny_cnn().eval()
IMAGES = pictures(4, 3, 16, 16)
LIGHT = torch.rand(4, 16, 16, generator=torch.Generator().manual_seed(2))
LIGHT = (LIGHT - LIGHT.amin((1, 2), keepdim=True)) / (LIGHT.amax((1, 2), keepdim=True) - LIGHT.amin((1, 2), True))


class Given:
    """An extractor, as TorchCAM's metrics want one, that has its map already."""

    model = NETWORK

    def __init__(self, light: torch.Tensor) -> None:
        self.light = light

    def __call__(self, *_: object, **__: object) -> list[torch.Tensor]:
        return [self.light]

    def fuse_cams(self, maps: list[torch.Tensor]) -> torch.Tensor:
        return maps[0]

    def _hooks_off(self) -> nullcontext[None]:
        return nullcontext()


def theirs(kind: type, i: int, **options: int) -> dict[str, float]:
    metric = kind(Given(LIGHT[i : i + 1]), partial(torch.softmax, dim=-1), **options)
    metric.update(IMAGES[i : i + 1], class_idx=0)
    return metric.summary()


def ours(name: str, i: int, **options: object) -> dict[str, float]:
    with torch.no_grad():
        found = judge(name, trial(LIGHT[i], NETWORK, IMAGES[i], fill=BLACK), **options)
    return {line: score.value for line, score in found.items()}


@pytest.mark.parametrize("i", range(4))
def test_drop_and_increase_are_torchcam_s(i: int) -> None:
    peer, found = theirs(peer_metrics.ClassificationMetric, i), ours("average-drop", i, fill="black")
    assert found["average drop 100"] == pytest.approx(peer["avg_drop"], abs=1e-5)
    assert found["increase 100"] == peer["conf_increase"]


@pytest.mark.parametrize("i", range(4))
def test_both_curves_are_torchcam_s_where_insertion_has_the_fill_of_deletion(i: int) -> None:
    peer = theirs(peer_metrics.DeletionInsertionMetric, i, steps=8)
    found = ours("symmetric-gain", i, steps=8, fills=1)
    assert found["deletion"] == pytest.approx(peer["deletion_auc"], abs=1e-5)
    assert found["insertion"] == pytest.approx(peer["insertion_auc"], abs=1e-5)
    assert found["gain"] == pytest.approx(peer["insertion_auc"] - peer["deletion_auc"], abs=1e-5)
    assert ours("rise-deletion", i, steps=8)["RISE deletion"] == pytest.approx(peer["deletion_auc"], abs=1e-5)
