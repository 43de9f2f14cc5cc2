"""A digest of a network's weights that changes with any of them, and is quick enough to take for every explanation."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

import numpy as np
import torch
from torch import Tensor, nn

from .lending import named_tensors

LONG = 1 << 18  # bytes; shorter tensors are laid end to end
WIDTH = 1 << 9  # words in a row of the table that is summed


def fingerprint(module: nn.Module) -> str:
    """SHA-256 over class, names, shapes and values of all parameters and buffers."""
    named = named_tensors(module)
    facts = [(name, tuple(tensor.shape), tensor.dtype) for name, tensor in named]
    digest = hashlib.sha256(f"{type(module).__module__}.{type(module).__qualname__}{facts}".encode())
    for run in _runs(tensor.detach() for _, tensor in named):
        for part in _reduced(run):
            digest.update(part.cpu().view(torch.uint8).numpy().data)
    return digest.hexdigest()


def _runs(tensors: Iterable[Tensor]) -> Iterator[Tensor]:
    """The bytes of all tensors: long ones where they lie, the others of a device as one copy."""
    short: dict[torch.device, list[Tensor]] = {}
    for tensor in tensors:
        stored = _bytes(tensor)
        if len(stored) < LONG:
            short.setdefault(tensor.device, []).append(stored)
        else:
            yield stored
    yield from map(torch.cat, short.values())


def _bytes(tensor: Tensor) -> Tensor:
    real = torch.view_as_real(tensor.resolve_conj()) if tensor.is_complex() else tensor
    return real.contiguous().reshape(-1).view(torch.uint8)


def _reduced(stored: Tensor) -> list[Tensor]:
    """Row and column sums of the bytes as a table of words: every value counts, and so does its place."""
    if stored.data_ptr() % 8:  # a part of a longer tensor can begin in the middle of a word
        stored = stored.clone()
    words = stored[: len(stored) // (8 * WIDTH) * (8 * WIDTH)].view(torch.int64)
    table = words.view(-1, WIDTH)  # sums wrap around: still a digest
    return [_column_sums(table), table.sum(1), stored[8 * len(words) :]]


def _column_sums(table: Tensor) -> Tensor:
    if table.device.type != "cpu":
        return table.sum(0)
    return torch.from_numpy(np.add.reduce(table.numpy(), axis=0))  # twice as fast
