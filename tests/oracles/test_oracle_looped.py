"""A network that looks at frames one after the other, in a Python loop, is explained as one that sees all at once."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import seewhy
from models.video_networks import FramesFirst, OneByOne
from seewhy.domain.capability import Capability
from seewhy.errors import UnknownLayer
from seewhy.models.adapt import adapt
from seewhy.registry import load_all
from seewhy.testing.tiny_models import pictures

CLIP = pictures(2, 3, 8, 16, 16)
READING = [name for name, entry in load_all().items() if Capability.LAYERS in entry.needs and 3 in entry.spaces]


def pair(head=lambda: nn.GRU(8, 8, batch_first=True)) -> tuple[nn.Module, nn.Module]:
    """The same weights, asked about all frames at once and one after the other."""
    torch.manual_seed(0)
    at_once = FramesFirst(head()).eval()
    one_by_one = OneByOne(head()).eval()
    one_by_one.load_state_dict(at_once.state_dict())
    return at_once, one_by_one


def maps(network, method: str, **options):
    wants = {"target": 1, "checks": "quick", "scale": "logit", "preprocess": seewhy.Preprocess.plain(), **options}
    return seewhy.explain(network, CLIP, method=method, **wants)


@pytest.mark.parametrize("method", [name for name in READING if "pooling" not in load_all()[name].needs.names()])
def test_every_method_that_reads_a_layer_gives_the_map_of_all_frames_at_once(method: str) -> None:
    expected, found = (maps(network, method) for network in pair())
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one.values, other.values, rtol=1e-4, atol=1e-6 * np.abs(other.values).max())
        if one.layer is not None:
            assert (one.layer.name, one.layer.step, one.layer.reach) == (other.layer.name, 1, 1)


def test_gradients_at_a_layer_in_a_loop_are_those_of_its_frames() -> None:
    """Of the mean over frames each gets an eighth of the slope at its own features, worked out by hand."""
    _, network = pair(nn.Identity)
    found = maps(network, "hires-cam", layer="look.3", sign="both")
    with torch.no_grad():
        features = network.look[:4](CLIP[0].transpose(0, 1))
    by_hand = torch.einsum("k,tkhw->thw", network.last.weight[1].detach(), features) / (8 * 4 * 4)
    np.testing.assert_allclose(found[0].values, by_hand.numpy(), rtol=1e-4, atol=1e-7)


def test_whether_only_the_mean_is_read_is_told_of_a_loop_too() -> None:
    for head, moments in ((nn.Identity, False), (lambda: nn.GRU(8, 8, batch_first=True), True)):
        for network in pair(head):
            model = adapt(network)
            model.meet(tuple(CLIP.shape[1:]))
            assert model.layout.reads_moments == moments
            assert (Capability.POOLING in model.capabilities) != moments


class Loop(nn.Module):
    """Frames in some order, the same activation once or twice for each."""

    def __init__(self, *, backwards: bool = False, twice: bool = False) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.backwards, self.twice = backwards, twice
        self.first, self.second, self.active = nn.Conv2d(3, 4, 3, 2), nn.Conv2d(4, 4, 3), nn.ReLU()
        self.last = nn.Linear(4, 3)

    def forward(self, clips: Tensor) -> Tensor:
        frames = clips.flip(1).unbind(1) if self.backwards else clips.unbind(1)
        return self.last(torch.stack([self.look(frame) for frame in frames]).mean(0))

    def look(self, frame: Tensor) -> Tensor:
        seen = self.second(self.active(self.first(frame)) if self.twice else self.first(frame))
        return self.active(seen).mean((2, 3))


@pytest.mark.parametrize(
    ("network", "words"),
    [
        (Loop(backwards=True), "runs 8 times in one pass, not frame by frame"),
        (Loop(twice=True), "runs 16 times in one pass"),
    ],
    ids=["backwards", "twice for each frame"],
)
def test_runs_that_are_not_one_for_each_frame_in_their_order_are_refused(network: nn.Module, words: str) -> None:
    model = adapt(network)
    model.meet(tuple(CLIP.shape[1:]))
    with pytest.raises(UnknownLayer, match=words):
        model.layout.find("active")


def test_a_layer_that_runs_twice_for_each_frame_gives_way_to_one_that_runs_once() -> None:
    assert maps(Loop(twice=True), "grad-cam")[0].layer.name == "second"
