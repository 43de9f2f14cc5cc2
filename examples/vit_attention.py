"""Attention of a vision transformer that runs fused kernels, without a line of code about its layout."""

import torch
from torch import Tensor, nn

import seewhy


class Block(nn.Module):
    """Attention and an MLP, each added to what came in."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first, self.second = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.mlp = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))

    def forward(self, tokens: Tensor) -> Tensor:
        rows, count, width = tokens.shape
        heads = self.qkv(self.first(tokens)).reshape(rows, count, 3, 4, width // 4).permute(2, 0, 3, 1, 4)
        seen = nn.functional.scaled_dot_product_attention(*heads).transpose(1, 2).reshape(rows, count, width)
        tokens = tokens + self.out(seen)
        return tokens + self.mlp(self.second(tokens))


class TinyViT(nn.Module):
    """Patches of 8 pixels, a class token, two blocks."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, width, 8, stride=8)
        self.token, self.places = nn.Parameter(torch.zeros(1, 1, width)), nn.Parameter(torch.randn(1, 17, width) * 0.1)
        self.blocks, self.head = nn.Sequential(Block(width), Block(width)), nn.Linear(width, 2)

    def forward(self, images: Tensor) -> Tensor:
        tokens = self.patches(images).flatten(2).transpose(1, 2)
        tokens = torch.cat([self.token.expand(len(images), -1, -1), tokens], dim=1) + self.places
        return self.head(self.blocks(tokens)[:, 0])


torch.manual_seed(0)
network, image = TinyViT().eval(), torch.rand(3, 32, 32)  # not trained: the maps show the form, not a meaning
for explanation in seewhy.explain(network, image, method=["raw-attention", "attention-rollout", "gradient-attention"]):
    print(f"{explanation.origin.method}: {explanation.values.shape} patches, sum {explanation.values.sum():.2f}")
