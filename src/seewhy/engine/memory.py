"""How much memory something takes on an accelerator: the peak of its tensors above those that were there before.

Of a processor nobody counts tensors, and the size of the process tells little: the C library keeps what was freed, so
that whoever comes later seems to take nothing (`benchmarks/memory.py` gives each case a process of its own).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch


@dataclass
class Peak:
    """Bytes; not a number where nobody counts."""

    bytes: float = math.nan


@contextmanager
def peak(device: torch.device) -> Iterator[Peak]:
    """The peak of what runs inside; torch's own statistic of the peak begins anew."""
    found = Peak()
    if device.type != "cuda":
        yield found
        return
    torch.cuda.reset_peak_memory_stats(device)
    before = torch.cuda.memory_allocated(device)
    try:
        yield found
    finally:
        found.bytes = torch.cuda.max_memory_allocated(device) - before
