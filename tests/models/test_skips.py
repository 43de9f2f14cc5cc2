"""The sums that carry tokens past attention and neurons are seen in every family, the older operand as the tokens."""

from __future__ import annotations

import pytest
import torch
from image_networks import FAMILIES, build, pictures
from torch import Tensor, nn

import seewhy
from seewhy.errors import NoAttention
from seewhy.models.skips import Skips
from seewhy.models.torch_module import TorchModel
from seewhy.models.watch import watching

WITH_BLOCKS = [name for name, family in FAMILIES.items() if family.tokens is not None]


@pytest.mark.parametrize("family", WITH_BLOCKS)
def test_each_block_adds_twice_to_what_the_block_before_gave(family: str) -> None:
    model, images = TorchModel(build(family)), pictures(family)
    model.meet(tuple(images.shape[1:]))
    tokens = model.layout.tokens
    mode = Skips(tokens.count)
    with model.borrowed(), torch.no_grad(), watching(model.module, tokens.after) as watch, model.bending([mode]):
        model(images)
    found = [skip for skip in mode.found if skip.after <= tokens.blocks]
    assert [skip.after for skip in found] == [block + 1 for block in range(tokens.blocks) for _ in range(2)]
    for one, other in zip(found[::2], found[1::2], strict=True):
        torch.testing.assert_close(one.before + one.added, other.before)
    for name, last, following in zip(tokens.after, found[1::2], found[2::2], strict=False):
        torch.testing.assert_close(watch.layers[name], last.before + last.added)
        torch.testing.assert_close(watch.layers[name], following.before)


class Beside(nn.Module):
    """A class token whose blocks add attention and neurons in one sum, side by side."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.patches, self.start = nn.Conv2d(3, 8, 4, stride=4), nn.Parameter(torch.randn(1, 1, 8))
        self.attentions = nn.ModuleList(nn.MultiheadAttention(8, 2, batch_first=True) for _ in range(2))
        self.neurons, self.head = nn.ModuleList(nn.Linear(8, 8) for _ in range(2)), nn.Linear(8, 3)

    def forward(self, images: Tensor) -> Tensor:
        tokens = self.patches(images).flatten(2).mT
        tokens = torch.cat([self.start.expand(len(tokens), -1, -1), tokens], dim=1)
        for attend, neurons in zip(self.attentions, self.neurons, strict=True):
            tokens = torch.stack([tokens, attend(tokens, tokens, tokens)[0], neurons(tokens).relu()]).sum(dim=0)
        return self.head(tokens[:, 0])


def test_blocks_of_another_form_are_refused_with_what_was_seen() -> None:
    with pytest.raises(NoAttention, match="0 sums were seen"):
        seewhy.explain(Beside().eval(), torch.rand(3, 16, 16), method="token-tm")


def test_a_sum_that_is_written_into_the_tokens_still_tells_what_was_there() -> None:
    tokens, mode = torch.ones(1, 5, 2), Skips(5)
    with mode:
        weights = (tokens @ tokens.mT)[:, None].softmax(-1)
        made = weights[:, 0] @ tokens * 3
        tokens += made
    (found,) = mode.found
    assert (found.before == 1).all()
    assert (found.added == 3).all()
