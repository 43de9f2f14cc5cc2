"""Running only what a change can reach answers what running everything answers, and reaches no more."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torchvision import models

from seewhy.engine.masked import around
from seewhy.models.local import alone
from seewhy.models.patches import Patch, Patches
from seewhy.models.reach import reach
from seewhy.models.tape import Tape, Unwritable
from seewhy.testing.tiny_models import pictures

CNNS = [
    models.resnet18,
    models.vgg11,
    models.mobilenet_v2,
    models.densenet121,
    models.squeezenet1_0,
    models.efficientnet_b0,
    models.shufflenet_v2_x1_0,
    models.mnasnet0_5,
    models.convnext_tiny,
    models.regnet_y_400mf,
]


def changed(image, starts, size, seed=0):
    """Boxes of noise, and the image with each of them laid over it."""
    boxes = torch.rand(len(starts), image.shape[1], *size, generator=torch.Generator().manual_seed(seed))
    whole = image.repeat(len(starts), *[1] * (image.ndim - 1))
    for row, box, start in zip(whole, boxes, starts, strict=True):
        row[(slice(None), *(slice(int(a), int(a) + n) for a, n in zip(start, size, strict=True)))] = box
    return boxes, whole


def agrees(network, image, starts, size):
    network = network.eval()
    boxes, whole = changed(image, starts, size)
    with torch.no_grad():
        found = Patches(Tape.of(network, image, alone))(Patch(boxes, starts))
        expected = network(whole)
    torch.testing.assert_close(found, expected, rtol=1e-3, atol=2e-5 * float(expected.abs().max()))
    assert (expected - expected[0]).abs().max() > 1e-3 * expected.abs().max(), "the boxes change nothing"


CORNERS = torch.tensor([[0, 0], [5, 7], [47, 64], [80, 80], [0, 80]])


@pytest.mark.parametrize("build", CNNS, ids=lambda build: build.__name__)
def test_networks_of_every_kind_answer_alike(build):
    torch.manual_seed(0)
    network = build(num_classes=6)
    with torch.no_grad():
        for part in network.modules():  # so that batch norms keep signals at a size that can be seen
            if isinstance(part, nn.BatchNorm2d):
                part.momentum = 1.0
        network.train()(pictures(4, 3, 96, 96))
    agrees(network, pictures(1, 3, 96, 96), CORNERS, (16, 16))


@pytest.mark.parametrize("build", [models.video.r3d_18, models.video.r2plus1d_18, models.video.mc3_18])
@pytest.mark.parametrize(("starts", "size"), [
    ([[0, 0, 0], [1, 5, 9], [6, 40, 40]], (2, 8, 8)),  # tubes
    ([[0, 0, 0], [3, 0, 0], [7, 0, 0]], (1, 48, 48)),  # whole frames
])  # fmt: skip
def test_clips_answer_alike(build, starts, size):
    torch.manual_seed(0)
    agrees(build(num_classes=4), pictures(1, 3, 8, 48, 48), torch.tensor(starts), size)


def test_clips_whose_branches_are_joined_answer_alike():
    torch.manual_seed(0)
    block = models.video.s3d().features[5]  # an Inception block with poolings among its branches
    starts = torch.tensor([[0, 0, 0], [1, 4, 2], [4, 9, 9]])
    agrees(nn.Sequential(nn.Conv3d(3, 192, 1), block, nn.Flatten()), pictures(1, 3, 6, 12, 12), starts, (2, 3, 3))


@pytest.mark.parametrize("groups", [1, 4])
@pytest.mark.parametrize("stride", [1, (1, 2, 2), (2, 1, 3)])
@pytest.mark.parametrize("dilation", [1, (2, 1, 1)])
def test_convolutions_of_clips_reach_as_far_as_they_must(groups, stride, dilation):
    torch.manual_seed(0)
    depthwise = nn.Conv3d(4, 4, 3, stride=stride, padding=1, dilation=dilation, groups=groups)
    apart = nn.Sequential(nn.Conv3d(4, 6, (1, 3, 3), padding=(0, 1, 1)), nn.Conv3d(6, 4, (3, 1, 1), padding=(1, 0, 0)))
    pools = nn.MaxPool3d((1, 3, 3), (1, 2, 2), (0, 1, 1)), nn.AvgPool3d(2)
    network = nn.Sequential(nn.Conv3d(3, 4, 1), depthwise, nn.ReLU(), apart, *pools, nn.Flatten())
    starts = torch.tensor([[0, 0, 0], [2, 5, 7], [9, 20, 19]])
    agrees(network, pictures(1, 3, 12, 24, 24), starts, (3, 4, 5))


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("padding", [0, 1, 2])
@pytest.mark.parametrize("dilation", [1, 2])
def test_every_stride_padding_and_dilation_reaches_as_far_as_it_must(stride, padding, dilation):
    torch.manual_seed(0)
    convolve = nn.Conv2d(3, 4, 3, stride=stride, padding=padding, dilation=dilation)
    network = nn.Sequential(convolve, nn.MaxPool2d(3, 2, 1), nn.Conv2d(4, 2, 2), nn.AvgPool2d(2), nn.Flatten())
    starts = torch.tensor([[0, 0], [1, 2], [13, 20], [33, 31]])
    agrees(network, pictures(1, 3, 40, 40), starts, (5, 7))


def test_borders_and_sums_written_in_place_are_followed():
    class Bordered(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.second = nn.Conv2d(3, 4, 3, stride=2), nn.Conv2d(4, 4, 3, padding=1)

        def forward(self, images):
            kept = F.relu(self.first(F.pad(images, (0, 1, 2, 1))), inplace=True)
            out = self.second(kept)
            out += kept
            return torch.cat([out, kept], dim=1).mean(dim=(2, 3))

    torch.manual_seed(0)
    agrees(Bordered(), pictures(1, 3, 32, 32), torch.tensor([[0, 0], [9, 20], [26, 26]]), (6, 6))


def test_less_is_computed_than_for_whole_images():
    network = models.vgg11(num_classes=5).eval()
    tape = Tape.of(network, pictures(1, 3, 224, 224))

    def share(side):
        found = reach(tape, torch.tensor([[[96, 96], [96 + side, 96 + side]]]))
        return found.share(found.sides[0])

    assert share(16) < share(64) < share(128) <= 1
    assert share(32) < 0.3


def test_writing_into_a_part_of_a_tensor_is_refused():
    class Painter(nn.Module):
        def forward(self, images):
            copy = images.clone()
            copy[:, 0] = 0
            return copy.mean(dim=(2, 3))

    with pytest.raises(Unwritable):
        Tape.of(Painter(), pictures(1, 3, 8, 8))


def test_networks_that_take_their_batch_apart_are_refused():
    class OneByOne(nn.Module):
        def forward(self, images):
            return torch.stack([image.mean(dim=(1, 2)) for image in images.unbind(0)])

    image = pictures(1, 3, 16, 16)
    with pytest.raises(Unwritable):
        agrees(OneByOne(), image, torch.tensor([[0, 0], [4, 4]]), (4, 4))


def test_writing_through_a_view_into_what_is_kept_is_refused():
    class Sly(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.second = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 2, 3)

        def forward(self, images):
            kept = self.first(images)
            found = self.second(kept)
            kept.flatten(1).mul_(2)
            return found.mean(dim=(2, 3)) + kept.mean(dim=(2, 3))[:, :2]

    with pytest.raises(Unwritable):
        Tape.of(Sly(), pictures(1, 3, 8, 8), alone)


def test_only_maps_that_are_read_again_stay_in_memory():
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(inplace=True), nn.Conv2d(4, 2, 3)).eval()
    image = pictures(1, 3, 8, 8)
    tape = Tape.of(network, image, alone)
    assert sorted(tape.clean) == [0, 3, 4]  # the image, what the second convolution reads, and the answer
    torch.testing.assert_close(tape.clean[3], network[:3](image))


def test_boxes_hold_all_that_is_absent():
    absent = torch.zeros(3, 9, 11, dtype=torch.bool)
    absent[0, 2:4, 3:8] = absent[1, 8, 10] = True
    assert around(absent).tolist() == [[[2, 3], [4, 8]], [[8, 10], [9, 11]], [[0, 0], [1, 1]]]
