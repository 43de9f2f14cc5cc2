"""LeGrad, re-derived by nudging every attention weight of every block, and by pooling written out."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import torch
from known_networks import HandMadeAttention
from torch import Tensor

import seewhy
from seewhy.inputs.preprocess import Preprocess

TOKENS, WIDTH, HEADS = 5, 6, 2
IMAGE = torch.rand(1, 4, 4, generator=torch.Generator().manual_seed(1))


class Pooled(HandMadeAttention):
    """The same transformer, whose head reads the mean of the patches."""

    def forward(self, images: Tensor) -> Tensor:
        tokens = self.patches(images).flatten(2).transpose(1, 2)
        tokens = torch.cat([self.start.expand(len(images), -1, -1), tokens], dim=1)
        return self.blocks(tokens)[:, 1:].mean(dim=1) @ self.head.T


@cache
def network(kind: type[HandMadeAttention]) -> HandMadeAttention:
    generator = torch.Generator().manual_seed(9)
    blocks = [torch.softmax(torch.randn(HEADS, TOKENS, TOKENS, generator=generator), dim=-1) for _ in range(3)]
    values = [0.5 * torch.randn(HEADS, WIDTH, WIDTH, generator=generator) for _ in blocks]
    return kind(blocks, values, torch.randn(3, WIDTH, generator=generator))


def block_scores(net: HandMadeAttention, attention: list[np.ndarray], target: int) -> list[float]:
    """What the head says of the tokens after each block, in loops: of all their mean, or of the mean of the patches."""
    patches = net.patches(IMAGE[None]).detach().flatten(2).transpose(1, 2)[0].double().numpy()
    tokens, found = np.concatenate([net.start.detach().double().numpy()[0], patches]), []
    for block, matrices in zip(net.blocks, attention, strict=True):
        moved = [matrix @ tokens @ block.values[h].detach().double().numpy() for h, matrix in enumerate(matrices)]
        tokens = tokens + sum(moved)
        read = tokens[1:] if isinstance(net, Pooled) else tokens
        found.append(float(read.mean(axis=0) @ net.head.detach().double().numpy()[target]))
    return found


def by_nudging(net: HandMadeAttention, target: int, step: float = 1e-4) -> np.ndarray:
    """Mean over heads, queries and blocks of the positive slopes of each block's own score."""
    weights = [torch.softmax(b.query.detach() / TOKENS**0.5, dim=-1).double().numpy() for b in net.blocks]
    total = np.zeros(TOKENS)
    for b in range(len(weights)):
        for head, to, start in np.ndindex(*weights[b].shape):
            up, down = [w.copy() for w in weights], [w.copy() for w in weights]
            up[b][head, to, start] += step
            down[b][head, to, start] -= step
            slope = (block_scores(net, up, target)[b] - block_scores(net, down, target)[b]) / (2 * step)
            total[start] += max(slope, 0.0) / (len(weights) * HEADS * TOKENS)
    return total[1:]


@pytest.mark.parametrize("kind", [HandMadeAttention, Pooled], ids=["class token", "mean of patches"])
@pytest.mark.parametrize("target", [0, 2])
def test_legrad_is_re_derived_by_nudging_every_single_weight(kind: type[HandMadeAttention], target: int) -> None:
    found = seewhy.explain(network(kind), IMAGE, method="legrad", target=target, scale="logit").values
    np.testing.assert_allclose(found.ravel(), by_nudging(network(kind), target), rtol=1e-4, atol=1e-6)


def test_legrad_is_not_the_gradient_of_the_final_score() -> None:
    net = network(Pooled)
    with torch.enable_grad():
        weights = [torch.softmax(b.query.detach() / TOKENS**0.5, dim=-1).requires_grad_() for b in net.blocks]
        tokens = torch.cat([net.start[0], net.patches(IMAGE[None]).flatten(2)[0].T]).detach()
        for block, matrices in zip(net.blocks, weights, strict=True):
            tokens = tokens + torch.einsum("htf,fk,hkm->tm", matrices, tokens, block.values)
        slopes = torch.autograd.grad(tokens[1:].mean(0) @ net.head[0], weights)
    final = torch.stack([s.relu().mean(dim=(0, 1)) for s in slopes]).mean(0)[1:].numpy()
    found = seewhy.explain(net, IMAGE, method="legrad", target=0, scale="logit").values.ravel()
    assert np.abs(found - final).max() > 0.05 * np.abs(found).max()


def test_a_head_that_pools_by_attention_is_asked_about_its_own_attention() -> None:
    timm = pytest.importorskip("timm")
    torch.manual_seed(0)
    options = {"img_size": 32, "depth": 2, "embed_dim": 16, "num_heads": 2, "num_classes": 3, "global_pool": "map"}
    net = timm.create_model("vit_tiny_patch16_224", patch_size=8, class_token=False, **options).eval()
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.mul_(3)
    image = torch.rand(1, 3, 32, 32)
    states: list[Tensor] = []
    hooks = [block.register_forward_hook(lambda _m, _i, out: states.append(out.detach())) for block in net.blocks]
    with torch.no_grad():
        net(image)
    for hook in hooks:
        hook.remove()
    pool, total = net.attn_pool, torch.zeros(16)
    for state in states:
        rows = net.norm(state)
        query = pool.q_norm(pool.q(pool.latent).view(1, 1, 2, 8).transpose(1, 2))
        key, value = pool.kv(rows).view(1, 16, 2, 2, 8).permute(2, 0, 3, 1, 4)
        weights = (query @ pool.k_norm(key).mT * 8**-0.5).softmax(-1).detach().requires_grad_()
        answer = pool.proj((weights @ value).transpose(1, 2).reshape(1, 1, 16))
        answer = (answer + pool.mlp(pool.norm(answer)))[:, 0]
        score = net.head(net.fc_norm(answer))[0, 1]
        total += torch.autograd.grad(score, weights)[0].relu().mean(dim=(0, 1, 2)) / len(states)
    found = seewhy.explain(
        net, image[0], method="legrad", target=1, scale="logit", preprocess=Preprocess.plain()
    ).values
    np.testing.assert_allclose(found.ravel(), total.numpy(), rtol=1e-4, atol=1e-7)
