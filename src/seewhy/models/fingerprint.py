"""A digest of a network's weights that changes with any of them, and is quick enough to take for every explanation."""

from __future__ import annotations

import hashlib

import numpy as np
import torch
from torch import Tensor, nn

WHOLE = 1 << 16  # elements; longer tensors are summed along both sides of a table first
WIDTH = 1 << 10
BITS = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}


def fingerprint(module: nn.Module) -> str:
    """SHA-256 over class, names, shapes and values of all parameters and buffers."""
    digest = hashlib.sha256(f"{type(module).__module__}.{type(module).__qualname__}".encode())
    for name, tensor in [*module.named_parameters(), *module.named_buffers()]:
        digest.update(f"{name}{tuple(tensor.shape)}{tensor.dtype}".encode())
        for part in _reduced(tensor.detach()):
            digest.update(part.cpu().contiguous().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def _reduced(tensor: Tensor) -> list[Tensor]:
    """Row and column sums of the bit patterns: every element counts, and so does its place."""
    if tensor.is_complex():
        tensor = torch.view_as_real(tensor)
    flat = tensor.contiguous().reshape(-1)
    bits = (flat.byte() if flat.dtype == torch.bool else flat).view(BITS[flat.element_size()])
    if bits.numel() <= WHOLE:
        return [bits]
    full = bits.numel() // WIDTH * WIDTH
    table = bits[:full].view(-1, WIDTH)
    wide = torch.int64 if bits.dtype == torch.int64 else torch.int32  # sums may wrap around: still a digest, and quick
    return [_column_sums(table, wide), table.sum(1, dtype=wide), bits[full:]]


def _column_sums(table: Tensor, wide: torch.dtype) -> Tensor:
    if table.device.type != "cpu":
        return table.sum(0, dtype=wide)
    return torch.from_numpy(np.add.reduce(table.numpy(), axis=0, dtype=str(wide)[len("torch.") :]))  # twice as fast
