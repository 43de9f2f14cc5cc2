"""Asking about one clip as edits show it; what looks the same is asked about once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from itertools import islice

import torch
from torch import Tensor

from ..domain.edits import Frames
from ..domain.shapes import Outputs, Scores, Variants
from .answers import Key
from .probe import Probe


def edited(probe: Probe, edits: Iterable[Frames]) -> Outputs:
    """All class outputs of each edit of the probe's one clip; edits are made a block at a time."""
    key: Key = (probe.digest(0), "edited", probe.precision)
    probe.answers.get(key, [_name(probe.images[0])], lambda _: probe.clean)  # known already, at no further call

    def answers(block: Variants) -> Outputs:
        return probe.answers.get(key, [_name(edit) for edit in block], lambda rows: probe.outputs(block[rows]))

    return torch.cat([answers(block) for block in _blocks(edits, probe.chunks.forward)])


def scored(probe: Probe, edits: Iterable[Frames]) -> Scores:
    """The target's score of each edit."""
    return score_of(probe, edited(probe, edits))


def score_of(probe: Probe, outputs: Outputs) -> Scores:
    """Outputs as scores, all of edits of the one clip."""
    return probe.score(outputs, torch.zeros(len(outputs), dtype=torch.long))


def _blocks(edits: Iterable[Frames], size: int) -> Iterator[Variants]:
    rest = iter(edits)
    while some := list(islice(rest, size)):
        yield torch.stack(some)


def _name(clip: Tensor) -> bytes:
    return hashlib.blake2b(clip.detach().cpu().contiguous().numpy().tobytes(), digest_size=20).digest()
