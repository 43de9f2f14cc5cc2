"""Answers already paid for, by image, parts, fill and coalition: shared by methods and metrics."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from ..domain.shapes import Coalitions, Outputs

Key = tuple[str, ...]  # image, parts, fill
_MOST_BYTES = 512 << 20


@dataclass
class Answers:
    """A memo of model outputs; results do not depend on what it holds."""

    rows: dict[Key, dict[bytes, Tensor]] = field(default_factory=dict)
    size: int = 0  # bytes held

    def get(self, key: Key, names: Sequence[bytes], ask: Callable[[list[int]], Outputs]) -> Outputs:
        """Outputs by name, asking only for the rows not seen before, and for twins once."""
        known = self.rows.setdefault(key, {})
        fresh: dict[bytes, int] = {}
        for i, name in enumerate(names):
            if name not in known:
                fresh.setdefault(name, i)
        asked: dict[bytes, Tensor] = {}
        if fresh:
            asked = dict(zip(fresh, ask(list(fresh.values())), strict=True))
            self._keep(known, asked)
        return torch.stack([asked[name] if name in asked else known[name] for name in names])

    def _keep(self, known: dict[bytes, Tensor], asked: dict[bytes, Tensor]) -> None:
        for name, row in asked.items():
            weight = row.numel() * row.element_size()
            if self.size + weight <= _MOST_BYTES:
                known[name] = row.clone()
                self.size += weight


def names_of(coalitions: Coalitions) -> list[bytes]:
    """Coalitions as bytes, one bit per part."""
    return [row.tobytes() for row in np.packbits(coalitions.cpu().numpy(), axis=1)]
