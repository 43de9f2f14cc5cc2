"""What lies behind a layer, run by itself, answers what the whole network answers."""

import pytest
import torch
from torch import nn
from torchvision import models

import seewhy
from seewhy.domain.target import Target
from seewhy.engine.probe import Probe
from seewhy.testing.tiny_models import pictures, tiny_cnn, tiny_vit


class Reuses(nn.Module):
    """One in-place ReLU used three times, and a sum written into what came before."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.first, self.second = nn.Conv2d(3, 6, 3, padding=1), nn.Conv2d(6, 6, 3, padding=1)
        self.act, self.head = nn.ReLU(inplace=True), nn.Linear(6, 4)

    def forward(self, images):
        kept = self.act(self.first(images))
        out = self.act(self.second(kept))
        out += kept
        return self.head(self.act(out).mean(dim=(2, 3)))


def resnet():
    torch.manual_seed(0)
    return models.resnet18(num_classes=5)


NETWORKS = [(tiny_cnn, None), (tiny_vit, None), (Reuses, "second"), (resnet, "layer4"), (resnet, "layer3.1.conv1")]


def zeroed(network, layer, keep, axis, images):
    """The slow way: the whole network, the channels zeroed by a hook."""
    shape = [1, *[-1 if a == axis % 4 else 1 for a in range(1, 4)]]

    def hook(_module, _inputs, output):
        flat = shape if output.ndim == 4 else [1, 1, -1]
        return output * keep.to(output).reshape(flat)

    handle = network.get_submodule(layer).register_forward_hook(hook)
    with torch.no_grad():
        answer = network(images)
    handle.remove()
    return answer


@pytest.mark.parametrize(("build", "layer"), NETWORKS)
def test_zeroing_channels_behind_a_layer_answers_as_the_whole_network_does(build, layer):
    network = build().eval()
    model, image = seewhy.adapt(network, preprocess=seewhy.Preprocess.plain()), pictures(1, 3, 64, 64)
    if build in (tiny_cnn, tiny_vit):
        image = pictures(1, 3, 24, 24)
    with model.borrowed():
        probe = Probe(model, image, [Target(1, "class 1")])
        channels = probe.channels(0, layer)
        keep = torch.rand(7, channels.count, generator=torch.Generator().manual_seed(0)) < 0.5
        found = channels.outputs(keep)
    axis = model.layout.channel_axis(channels.layer)
    expected = torch.cat([zeroed(network, channels.layer, row, axis, image) for row in keep])
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)
    assert probe.control.spent.forward == 1
    assert probe.control.spent.tail >= 7 + 2
    assert not any("forward" in vars(part) for part in network.modules())


def test_what_lies_before_the_layer_is_not_run_again():
    network, runs = tiny_cnn().eval(), []
    first = next(part for part in network.modules() if isinstance(part, nn.Conv2d))
    model = seewhy.adapt(network, preprocess=seewhy.Preprocess.plain())
    with model.borrowed():
        channels = Probe(model, pictures(1, 3, 24, 24), [Target(1, "class 1")]).channels(0)
        assert channels.count > 1  # the image was run
        compute = type(first).forward
        first.forward = lambda images: runs.append(len(images)) or compute(first, images)
        channels.scores(torch.ones(4, channels.count, dtype=torch.bool))
    assert runs == []


def test_as_many_rows_go_together_as_the_values_of_the_layer_leave_room_for():
    network, rows = resnet().eval(), []
    network.fc.register_forward_hook(lambda _module, given, _answer: rows.append(len(given[0])))
    model = seewhy.adapt(network, preprocess=seewhy.Preprocess.plain())
    with model.borrowed():
        probe = Probe(model, pictures(1, 3, 128, 128), [Target(1, "class 1")])
        channels = probe.channels(0, "layer4")
        assert channels.count == 512
        rows.clear()
        channels.scores(~torch.eye(512, dtype=torch.bool))
    assert probe.chunks.forward < 128
    assert rows == [128] * 4
