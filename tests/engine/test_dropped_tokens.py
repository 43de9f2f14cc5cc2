"""Leaving tokens out of a transformer: the same as forbidding all attention to look at them."""

import pytest
import torch
from torch.nn.functional import scaled_dot_product_attention

from seewhy.domain.baseline import Dropped
from seewhy.domain.regions import Given, Grid, Patches
from seewhy.domain.target import Target
from seewhy.engine.game import Game
from seewhy.engine.probe import Probe
from seewhy.errors import BadOption, MissingCapability
from seewhy.models.torch_module import TorchModel
from seewhy.testing.tiny_models import pictures, tiny_cnn, tiny_vit

SIDE = 16  # 4 x 4 patches of 4 pixels


def masked_answer(vit, image, present):
    """The tiny transformer written out, with minus infinity where patches are absent."""
    patches = vit.embed(image[None]).flatten(2).transpose(1, 2) * 4
    tokens = torch.cat([vit.token, patches], dim=1) + vit.places
    seen = torch.cat([torch.tensor([True]), present])
    bias = torch.zeros(len(seen)).masked_fill(~seen, -torch.inf)
    for block in vit.blocks:
        query, key, value = block.qkv(block.norm(tokens)).unflatten(2, (3, 2, -1)).permute(2, 0, 3, 1, 4)
        mixed = scaled_dot_product_attention(query * 2, key, value, attn_mask=bias.expand(len(seen), -1))
        tokens = tokens + block.out(mixed.transpose(1, 2).flatten(2)) * 2
        tokens = tokens + block.mlp(block.norm2(tokens))
    return vit.head(vit.norm(tokens)[:, 0])[0] * 4


@pytest.fixture
def vit():
    return tiny_vit((SIDE, SIDE))


def game_of(module, regions, image):
    return Game.of(Probe(TorchModel(module), image, [Target(1, "one")]), 0, regions, Dropped())


def coalitions(count, parts):
    rows = torch.rand(count, parts, generator=torch.Generator().manual_seed(0)) < 0.6
    rows[0], rows[1] = True, False
    return rows


def test_dropping_equals_attention_masked_with_minus_infinity(vit):
    image, rows = pictures(1, 3, SIDE, SIDE), coalitions(24, 16)
    with torch.no_grad():
        found = game_of(vit, Patches(), image).values(rows)
        expected = torch.stack([masked_answer(vit, image[0], row)[1] for row in rows])
    assert torch.allclose(found, expected, atol=1e-5)
    assert found.std() > 0.01


def test_rows_of_mixed_lengths_come_back_in_their_order(vit):
    image, rows = pictures(1, 3, SIDE, SIDE), coalitions(24, 16)
    together = game_of(vit, Patches(), image).values(rows)
    alone = torch.cat([game_of(vit, Patches(), image).values(row[None]) for row in rows])
    assert torch.allclose(together, alone, atol=1e-5)


def test_parts_of_several_patches_leave_all_of_them_out(vit):
    image = pictures(1, 3, SIDE, SIDE)
    found = game_of(vit, Grid(2), image).values(torch.tensor([[True, False, False, True]]))
    present = torch.tensor([[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 1], [0, 0, 1, 1]]).bool().flatten()
    with torch.no_grad():
        assert torch.allclose(found[0], masked_answer(vit, image[0], present)[1], atol=1e-5)


def test_parts_that_cut_patches_are_refused(vit):
    with pytest.raises(BadOption, match="cut through"):
        game_of(vit, Grid(3), pictures(1, 3, SIDE, SIDE)).without_each()


def test_parts_that_overlap_are_refused(vit):
    masks = torch.ones(2, SIDE, SIDE).bool()
    with pytest.raises(BadOption, match="do not overlap"):
        game_of(vit, Given(masks), pictures(1, 3, SIDE, SIDE)).without_each()


def test_networks_without_tokens_are_refused_by_name():
    with pytest.raises((BadOption, MissingCapability), match=r"vision transformer|leave tokens out"):
        game_of(tiny_cnn(), Grid(2), pictures(1, 3, SIDE, SIDE)).without_each()


def test_clips_can_lose_tubelets():
    clip, vit = pictures(1, 3, 8, 8, 8), tiny_vit((8, 8, 8))
    rows = coalitions(6, 8)
    with torch.no_grad():
        found = game_of(vit, Patches(), clip).values(rows)
        expected = torch.stack([masked_answer(vit, clip[0], row)[1] for row in rows])
    assert torch.allclose(found, expected, atol=1e-5)
