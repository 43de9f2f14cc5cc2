"""Tokens in unusual places and orders: counted by what changes with the image, or refused by name."""

import pytest
import torch
from image_networks import FAMILIES, build
from torch import Tensor, nn

import seewhy
from seewhy.domain.capability import Capability
from seewhy.errors import BadOption, NoAttention, NoSuitableLayer
from seewhy.models.torch_module import TorchModel


class Tokens(nn.Module):
    """Transformer blocks over patches, with extra tokens before and after, in any order."""

    def __init__(
        self, *, before: int = 1, after: int = 0, columns: bool = False, aware: bool = False, mixes: bool = False,
        depth: int = 2,
    ) -> None:  # fmt: skip
        super().__init__()
        torch.manual_seed(0)
        self.columns, self.aware, self.mixes = columns, aware, mixes
        self.patch = nn.Conv2d(3, 16, 8, 8)
        self.before, self.after = nn.Parameter(torch.randn(before, 16)), nn.Parameter(torch.randn(after, 16))
        self.place = nn.Parameter(torch.randn(16, 16))
        self.blocks = nn.ModuleList(nn.TransformerEncoderLayer(16, 2, 32, batch_first=True) for _ in range(depth))
        self.head = nn.Linear(16, 3)

    def forward(self, images: Tensor) -> Tensor:
        maps = self.patch(images)
        patches = (maps.transpose(2, 3) if self.columns else maps).flatten(2).transpose(1, 2) + self.place
        sides = [side.expand(len(images), -1, -1) for side in (self.before, self.after)]
        tokens = torch.cat([sides[0], patches, sides[1]], 1)
        for block in self.blocks:
            tokens = block(tokens)
            tokens = tokens + tokens.mean(1, keepdim=True) if self.mixes else tokens
        context = patches.mean(1) if self.aware else 0
        return self.head(tokens[:, 0] + context)


def model_of(**options) -> TorchModel:
    model = TorchModel(Tokens(**options))
    model.meet((3, 32, 32))
    return model


@pytest.mark.parametrize(("before", "after"), [(1, 0), (1, 3), (5, 0)])
def test_extra_tokens_before_and_after_the_image_are_counted(before: int, after: int) -> None:
    model = model_of(before=before, after=after)
    tokens = model.layout.tokens
    assert tokens is not None
    assert (tokens.prefix, tokens.grid, tokens.count) == (before, (4, 4), 16 + before + after)
    assert tokens.readout[0] == 1
    rows = torch.arange(float(tokens.count))[None]
    torch.testing.assert_close(tokens.on_grid(rows)[0], torch.arange(before, before + 16.0).view(4, 4))
    assert Capability.TOKENS in model.capabilities


def test_tokens_that_run_down_the_columns_are_refused() -> None:
    reason = model_of(columns=True).missing[Capability.ATTENTION]
    assert "not in the order of the image" in reason


def test_patches_cannot_be_left_out_when_the_answer_has_another_way_around_the_tokens() -> None:
    assert "more than the sequence" in model_of(aware=True).missing[Capability.TOKENS]


def test_patches_cannot_be_left_out_when_blocks_mix_tokens_in_another_way_too() -> None:
    assert "not the same as not looking" in model_of(mixes=True).missing[Capability.TOKENS]


def test_the_patch_embedding_is_not_chosen_even_when_nothing_else_is_left() -> None:
    model = model_of(depth=1)
    with pytest.raises(NoSuitableLayer):
        model.layout.choose()
    assert model.layout.find("patch") == "patch"


def test_dropping_everything_leaves_only_the_extra_tokens() -> None:
    model = model_of()
    images = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    with model.borrowed(), torch.no_grad(), model.dropping(torch.zeros(1, 0, dtype=torch.long)):
        one, other = model(images)
    torch.testing.assert_close(one, other)


@pytest.mark.parametrize("keep", [torch.tensor([[16]]), torch.tensor([[-1]]), torch.tensor([1, 2])])
def test_patches_outside_the_grid_are_refused(keep: Tensor) -> None:
    with pytest.raises(BadOption, match="Patches to keep"), model_of().dropping(keep):
        pass


def test_rows_of_patches_must_match_the_images_and_no_hook_stays() -> None:
    model = model_of()
    with pytest.raises(BadOption, match="3 rows"), model.borrowed(), model.dropping(torch.zeros(3, 2).long()):
        model(torch.rand(2, 3, 32, 32))
    assert not any(part._forward_pre_hooks for part in model.module.modules())


class Inlined(nn.Module):
    """Blocks written into the forward pass: the skip connection runs beside the module that attends."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.patch, self.head = nn.Conv2d(3, 16, 8, 8), nn.Linear(16, 3)
        self.attentions = nn.ModuleList(nn.MultiheadAttention(16, 2, batch_first=True) for _ in range(2))

    def forward(self, images: Tensor) -> Tensor:
        tokens = self.patch(images).flatten(2).transpose(1, 2)
        for attention in self.attentions:
            tokens = tokens + attention(tokens, tokens, tokens)[0]
        return self.head(tokens.mean(1))


def test_a_block_ends_where_its_skip_connection_ends_or_is_not_named() -> None:
    assert model_of(depth=3).layout.tokens.after == ("blocks.0", "blocks.1", "blocks.2")
    model = TorchModel(Inlined())
    model.meet((3, 32, 32))
    assert model.layout.tokens.after == ()
    with pytest.raises(NoAttention, match="blocks"):
        seewhy.explain(Inlined(), torch.rand(3, 32, 32), method="legrad")


@pytest.mark.parametrize("family", [name for name, family in FAMILIES.items() if family.tokens is not None])
def test_every_family_shows_where_its_blocks_end(family: str) -> None:
    model = TorchModel(build(family))
    model.meet((3, FAMILIES[family].side, FAMILIES[family].side))
    tokens = model.layout.tokens
    assert len(set(tokens.after)) == tokens.blocks
