"""Images seen through masks: exactly the image or the fill, in memory that is used again and shared with nobody."""

import pytest
import torch
from torch import nn

from seewhy.domain.baseline import Colour
from seewhy.domain.regions import Windows
from seewhy.domain.target import Target
from seewhy.engine.game import Game
from seewhy.engine.masked import Masked, blended
from seewhy.engine.probe import Probe
from seewhy.models.adapt import adapt
from seewhy.testing.tiny_models import pictures

IMAGE, FILL = pictures(2, 3, 8, 8)
MASKS = torch.rand(20, 8, 8, generator=torch.Generator().manual_seed(0)) > 0.5


class Window(nn.Module):
    """Answers with a view of its own input, after writing into that where asked to."""

    def __init__(self, writes):
        super().__init__()
        self.scale, self.writes = nn.Parameter(torch.ones(())), writes

    def forward(self, images):
        return (images.mul_(2.0) if self.writes else images).flatten(1)[:, :5]


def test_hard_masks_show_the_image_or_the_fill_bit_by_bit():
    assert torch.equal(blended(IMAGE, MASKS, FILL), torch.where(MASKS[:, None], IMAGE, FILL))
    large, tiny = 1e30 * IMAGE, 1e-30 * FILL
    assert torch.equal(blended(large, MASKS, tiny), torch.where(MASKS[:, None], large, tiny))


@pytest.mark.parametrize("writes", [False, True])
def test_answers_do_not_change_when_the_memory_behind_them_is_used_again(writes):
    model = adapt(Window(writes))
    probe = Probe(model, IMAGE[None], [Target(0, "first")])
    masked, rows = Masked(probe, IMAGE), max(1, probe.chunks.forward // 2)
    with model.borrowed():
        first = masked.outputs(MASKS[:rows], FILL)
        kept = first.clone()
        masked.outputs(~MASKS[:rows], FILL)
        many = masked.outputs(MASKS.repeat(10, 1, 1), FILL)
    assert torch.equal(first, kept)
    expected = torch.where(MASKS[:, None], IMAGE, FILL).flatten(1)[:, :5] * (2 if writes else 1)
    assert torch.equal(many, expected.repeat(10, 1))
    assert torch.equal(probe.images[0], IMAGE)


def test_large_images_of_which_few_fit_into_a_call_are_asked_as_boxes_too(monkeypatch):
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(3, 4, 3, 2, 1), nn.ReLU(), nn.Conv2d(4, 5, 3, 2, 1), nn.AdaptiveAvgPool2d(1))
    network.append(nn.Flatten())
    model, (image,) = adapt(network), pictures(1, 3, 448, 448)
    found = {}
    for often in (True, False):
        monkeypatch.setattr(Probe, "often", often)
        probe = Probe(model, image[None], [Target(0, "first")])
        assert probe.chunks.forward < 8
        with model.borrowed():
            found[often] = Game.of(probe, 0, Windows(64, 64), Colour(0.0)).without_each()
        assert ("incremental" in probe.control.ran) is often
    torch.testing.assert_close(found[True], found[False])
