"""Attention in shifted windows and between pooled grids, against matrices over all tokens written out by loops."""

from __future__ import annotations

import itertools
import math
from functools import cache

import numpy as np
import pytest
import torch
import torchvision.models as tv
import torchvision.models.video as tv_video
from torch import Tensor, nn
from torchvision.models.video.mvit import MSBlockConfig, MViT, _add_rel_pos

import seewhy
from seewhy.models.adapt import adapt
from seewhy.models.steps import Pooling
from seewhy.models.windows import windows_of
from seewhy.testing.tiny_models import pictures


def explained(network: nn.Module, clip: Tensor, method: str) -> Tensor:
    wants = {"target": 1, "checks": "quick", "scale": "logit", "preprocess": seewhy.Preprocess.plain()}
    return torch.from_numpy(seewhy.explain(network, clip, method=method, **wants)[0].values)


def cells(grid):
    return list(itertools.product(*map(range, grid)))


# -- windows: the whole attention from its definition


def whole_attention(attend: nn.Module, x: Tensor) -> tuple[Tensor, Tensor]:
    """Weights (heads, cells, cells) of Swin's attention over one grid x (*grid, c), cell by cell, and all values."""
    grid, full = np.array(x.shape[:-1]), np.array(attend.window_size)
    window = np.minimum(full, grid) if x.ndim == 4 else full  # the 3-D one has no window larger than the grid
    shift = np.where(window >= grid, 0, attend.shift_size)
    padded = -(-grid // window) * window
    rows = torch.zeros(*padded, x.shape[-1])
    rows[tuple(map(slice, grid))] = x
    rows = rows.reshape(-1, x.shape[-1])
    query, key, value = attend.qkv(rows).reshape(len(rows), 3, attend.num_heads, -1).permute(1, 2, 0, 3)
    scores = query @ key.mT * query.shape[-1] ** -0.5
    moved = (np.array(cells(padded)) - shift) % padded
    box, beyond_seam = moved // window, moved >= padded - shift
    places = np.ravel_multi_index((moved % window).T, window)  # read in the whole window's numbering, as there
    inner = np.stack(np.unravel_index(places, full), axis=1)
    steps = inner[:, None] - inner + full - 1
    scores += attend.relative_position_bias_table[np.ravel_multi_index(steps.T, 2 * full - 1).T].permute(2, 0, 1)
    together = (box[:, None] == box).all(-1) & (beyond_seam[:, None] == beyond_seam).all(-1)
    scores[:, ~torch.from_numpy(together)] = -torch.inf
    inside = [n for n, at in enumerate(cells(padded)) if (at < grid).all()]
    return scores.softmax(-1)[:, inside], value, torch.tensor(inside)


def merging(grid, spatial: int = 2) -> tuple[Tensor, tuple[int, ...]]:
    """The matrix (coarse, fine) of means over 2 x 2 neighbours, the rest of an odd row by itself."""
    coarse = (*grid[:-spatial], *(math.ceil(g / 2) for g in grid[-spatial:]))
    matrix = torch.zeros(math.prod(coarse), math.prod(grid))
    for n, at in enumerate(cells(grid)):
        to = (*at[:-spatial], *(a // 2 for a in at[-spatial:]))
        matrix[cells(coarse).index(to), n] = 1
    return matrix / matrix.sum(1, keepdim=True), coarse


SWINS = {
    "3-D": (lambda: tv_video.SwinTransformer3d([2, 4, 4], 8, [2, 2], [2, 2], [2, 2, 4]), (8, 16, 32)),
    "3-D, padded": (lambda: tv_video.SwinTransformer3d([2, 4, 4], 8, [2, 1], [2, 2], [3, 3, 3]), (8, 16, 28)),
    "2-D, padded": (lambda: tv.SwinTransformer([4, 4], 8, [2, 2], [2, 2], [3, 3]), (28, 44)),
}  # fmt: skip


@cache
def swin(name: str):
    """A network, a clip, and the heads' mean of every attention over all cells, with the mergings between them."""
    build, space = SWINS[name]
    torch.manual_seed(0)
    network = build().eval()
    with torch.no_grad():
        for key, weights in network.named_parameters():  # so that attention is anything but even
            weights *= 8 if "qkv" in key else 50 if "position" in key else 1
    clip, chain = pictures(1, 3, *space), []
    parts = [*([network.patch_embed] if len(space) == 3 else []), *network.features]
    with torch.no_grad():
        x = clip
        for part in parts:
            if not isinstance(part, nn.Sequential) or not hasattr(part[0], "attn"):
                if chain:
                    chain.append(merging(tuple(x.shape[1:-1]))[0])
                x = part(x)
                continue
            for block in part:
                weights, value, inside = whole_attention(block.attn, block.norm1(x)[0])
                moved = block.attn.proj((weights @ value).transpose(0, 1).flatten(1))
                torch.testing.assert_close(moved, block.attn(block.norm1(x))[0].flatten(0, -2), rtol=1e-3, atol=1e-4)
                mean = weights.mean(0)[:, inside]
                chain.append(mean / mean.sum(1, keepdim=True))
                x = block(x)
    return network, clip, chain


@pytest.mark.parametrize("name", SWINS)
def test_rollout_of_windows_is_the_product_of_whole_attentions_and_mergings(name: str) -> None:
    network, clip, chain = swin(name)
    rows = torch.full((1, chain[-1].shape[0]), 1 / chain[-1].shape[0])
    for matrix in reversed(chain):
        square = matrix.shape[0] == matrix.shape[1]
        rows = (rows @ matrix + rows) / 2 if square else rows @ matrix
    found = explained(network, clip, "attention-rollout")
    torch.testing.assert_close(found.flatten(), rows[0], rtol=1e-3, atol=1e-7)
    assert found.max() > 1.2 * found.min()


@pytest.mark.parametrize("name", SWINS)
def test_raw_attention_of_windows_is_what_the_cells_of_the_last_grid_look_at(name: str) -> None:
    network, clip, chain = swin(name)
    torch.testing.assert_close(
        explained(network, clip, "raw-attention").flatten(), chain[-1].mean(0), rtol=1e-3, atol=1e-7
    )


def test_gradient_attention_of_windows_gathers_what_each_place_of_a_window_gains() -> None:
    network, clip, _ = swin("3-D")
    model = adapt(network)
    model.meet(tuple(clip.shape[1:]))
    with model.borrowed(), model.watching(attention=True) as watch:
        slopes = torch.autograd.grad(model(clip)[0, 1], [call.weights for call in watch.attention])
    grid, window, rows = (4, 2, 4), (2, 2, 4), torch.full((1, 32), 1 / 32)
    for block in (3, 2, 1, 0):
        grid = (4, 4, 8) if block < 2 else grid
        shift = tuple((w // 2 if g > w else 0) * (block % 2) for w, g in zip(window, grid, strict=True))
        gains = (watch.attention[block].weights.detach() * slopes[block]).relu().mean(1)
        whole = torch.zeros(math.prod(grid), math.prod(grid))
        spots = {}
        for n, at in enumerate(cells(grid)):
            moved = [(a - s) % g for a, s, g in zip(at, shift, grid, strict=True)]
            box = [m // w for m, w in zip(moved, window, strict=True)]
            inner = [m % w for m, w in zip(moved, window, strict=True)]
            counts = [g // w for g, w in zip(grid, window, strict=True)]
            spots[n] = np.ravel_multi_index(box, counts), np.ravel_multi_index(inner, window)
        for i, j in itertools.product(spots, repeat=2):
            if spots[i][0] == spots[j][0]:
                whole[i, j] = gains[spots[i][0], spots[i][1], spots[j][1]]
        rows = rows + rows @ whole
        rows = rows @ merging((4, 4, 8))[0] if block == 2 else rows
    found = explained(network, clip, "gradient-attention")
    torch.testing.assert_close(found.flatten(), rows[0], rtol=1e-3, atol=1e-7)


# -- which window a place is in


@pytest.mark.parametrize(("grid", "windows", "tokens"), [((4, 6), 6, 4), ((2, 4, 4), 4, 8), ((3, 5), 4, 6)])
def test_a_cut_into_windows_is_told_by_which_places_change(grid, windows, tokens) -> None:
    cut = next(c for c in _cuts_of(grid, windows, tokens) if len(c) == windows)
    changed = torch.rand(math.prod(grid), generator=torch.Generator().manual_seed(1)) < 0.5
    seen = changed[cut.clamp(min=0)] & (cut >= 0)
    assert torch.equal(windows_of(grid, seen, changed), cut)
    seen[0, 0] = ~seen[0, 0]
    assert windows_of(grid, seen, changed) is None


def _cuts_of(grid, windows, tokens):
    from seewhy.models.windows import _cuts

    return reversed(list(_cuts(grid, windows, tokens)))  # the last one is shifted along all axes that can be


# -- pooled queries and keys


def pooled(grid, size, stride, padding, extra: int = 0) -> tuple[Tensor, tuple[int, ...]]:
    """The matrix (coarse, fine) of means under a kernel, extra tokens by themselves, in plain loops."""
    coarse = tuple((g + 2 * p - k) // s + 1 for g, k, s, p in zip(grid, size, stride, padding, strict=True))
    matrix = torch.zeros(math.prod(coarse), math.prod(grid))
    for (i, to), (j, of) in itertools.product(enumerate(cells(coarse)), enumerate(cells(grid))):
        under = (0 <= o - t * s + p < k for o, t, s, p, k in zip(of, to, stride, padding, size, strict=True))
        matrix[i, j] = float(all(under))
    matrix /= matrix.sum(1, keepdim=True)
    whole = torch.zeros(extra + len(matrix), extra + matrix.shape[1])
    whole[:extra, :extra], whole[extra:, extra:] = torch.eye(extra), matrix
    return whole, coarse


@pytest.mark.parametrize(
    ("grid", "size", "stride", "padding"),
    [((4, 7, 6), (3, 3, 3), (1, 2, 2), (1, 1, 1)), ((8, 9), (3, 3), (4, 4), (1, 1)), ((6, 6), (2, 3), (2, 2), (0, 0))],
)
def test_what_pooled_cells_hold_is_shared_out_under_their_kernels(grid, size, stride, padding) -> None:
    matrix, coarse = pooled(grid, size, stride, padding, extra=1)
    rows = torch.rand(2, 3, len(matrix), generator=torch.Generator().manual_seed(0))
    found = Pooling(grid, coarse, size, stride, padding, extra=1).handed_down(rows)
    torch.testing.assert_close(found, rows @ matrix)
    torch.testing.assert_close(found.sum(-1), rows.sum(-1))


@cache
def mvit(relative: bool):
    """A network of three blocks whose grids differ, a clip, and each attention as matrices over all tokens."""
    torch.manual_seed(0)
    first = MSBlockConfig(1, 8, 16, [3, 3, 3], [3, 3, 3], [1, 1, 1], [1, 4, 4])
    second = MSBlockConfig(2, 16, 16, [3, 3, 3], [3, 3, 3], [1, 2, 2], [1, 2, 2])
    third = MSBlockConfig(2, 16, 16, [3, 3, 3], [3, 3, 3], [1, 1, 1], [1, 1, 1])
    network = MViT((32, 32), 8, [first, second, third], relative, False, relative, relative, num_classes=3).eval()
    with torch.no_grad():
        for key, weights in network.named_parameters():
            weights *= 20 if "qkv" in key else 50 if "rel_pos" in key else 1
    clip, chain, grid = pictures(1, 3, 8, 32, 32), [], (4, 8, 8)
    with torch.no_grad():
        x = network.pos_encoding(network.conv_proj(clip).flatten(2).mT)
        for block in network.blocks:
            chain.append(_matrices(block, x, grid))
            x, grid = block(x, grid)
    return network, clip, chain


def _matrices(block: nn.Module, x: Tensor, grid) -> tuple[Tensor, Tensor]:
    """The heads' mean over the tokens before the block (to, from), and what goes past."""
    attend, given = block.attn, block.norm1(x)
    heads = (attend.num_heads, attend.head_dim)
    query, key, value = attend.qkv(given).reshape(1, -1, 3, *heads).transpose(1, 3).unbind(2)
    query, to = attend.pool_q(query, grid)
    (key, of), value = attend.pool_k(key, grid), attend.pool_v(value, grid)[0]
    scores = query @ key.mT * attend.scaler
    if attend.rel_pos_h is not None:
        scores = _add_rel_pos(scores, query, to, of, attend.rel_pos_h, attend.rel_pos_w, attend.rel_pos_t)
    weights = scores.softmax(-1)
    moved = weights @ value
    if attend.residual_pool:
        moved[:, :, 1:] += query[:, :, 1:]
    expected = attend(given, grid)[0]
    torch.testing.assert_close(attend.project(moved.transpose(1, 2).flatten(2)), expected, rtol=1e-3, atol=1e-4)
    keys, _ = pooled(grid, (3, 3, 3), tuple(attend.pool_v.pool.stride), (1, 1, 1), extra=1)
    skip = (1, 3, 3), (1, 2, 2), (0, 1, 1)  # one cell wider than its step, as pool_skip is
    past = torch.eye(x.shape[1]) if block.pool_skip is None else pooled(grid, *skip, extra=1)[0]
    return weights.mean(1)[0] @ keys, past


@pytest.mark.parametrize("relative", [True, False], ids=["version 2", "version 1"])
def test_rollout_of_pooled_attention_is_the_product_over_its_grids(relative: bool) -> None:
    network, clip, chain = mvit(relative)
    rows = torch.zeros(1, chain[-1][0].shape[0])
    rows[0, 0] = 1
    for weights, past in reversed(chain):
        rows = rows @ (weights + past) / 2
    found = explained(network, clip, "attention-rollout")
    assert found.shape == (4, 8, 8)
    torch.testing.assert_close(found.flatten(), rows[0, 1:], rtol=1e-3, atol=1e-7)


def test_raw_attention_of_pooled_keys_lies_on_the_grid_before_the_last_block() -> None:
    network, clip, chain = mvit(True)
    found = explained(network, clip, "raw-attention")
    assert found.shape == (4, 4, 4)
    torch.testing.assert_close(found.flatten(), chain[-1][0][0, 1:], rtol=1e-3, atol=1e-7)


def test_attention_flow_of_pooled_attention_is_bounded_by_what_the_class_token_takes_in() -> None:
    network, clip, chain = mvit(True)
    found, last = explained(network, clip, "attention-flow"), sum(chain[-1]) / 2
    assert found.shape == (4, 8, 8)
    assert float(found.min()) > 0
    assert float(found.max()) <= float(last[0].sum()) + 1e-5


@pytest.mark.parametrize("method", ["attention-rollout", "gradient-attention"])
def test_what_was_put_together_is_said(method: str) -> None:
    network, clip, _ = mvit(True)
    wants = {"target": 1, "checks": "quick", "preprocess": seewhy.Preprocess.plain()}
    (found,) = seewhy.explain(network, clip, method=method, **wants)
    told = [check.message for check in found.checks if check.name == "choice"]
    assert told == [
        "Attention between grids of different size was put together over the grid."
        " Where cells are merged or pooled on the way, each counts as the mean of what it covers."
    ]
