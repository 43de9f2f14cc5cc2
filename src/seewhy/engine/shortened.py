"""Asking about one clip with frames left out: shorter clips, those of equal length together."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from ..domain.cost import Cost
from ..domain.shapes import Outputs
from ..errors import BadOption, ModelFailed
from ..models.framewise import Framewise, of_frames
from .probe import Probe


@dataclass
class Shortened:
    """One clip of a probe, and what is shown when no frame is left."""

    probe: Probe
    clip: Float[Tensor, "c t h w"]
    nothing: Float[Tensor, "1 c 1 h w"]

    def outputs(self, kept: Bool[Tensor, "n t"]) -> Outputs:
        """All class outputs of the clips that only have the kept frames."""
        lengths = kept.sum(dim=1)
        rows: list[tuple[Tensor, Outputs]] = []
        for length in lengths.unique().tolist():
            who = (lengths == length).nonzero()[:, 0]
            rows.append((who, self._of_length(kept[who].nonzero()[:, 1].reshape(len(who), int(length)))))
        order = torch.cat([block for block, _ in rows]).argsort()
        return torch.cat([outputs for _, outputs in rows])[order]

    def _of_length(self, keep: Tensor) -> Outputs:
        count, length = keep.shape
        try:
            if length == 0:
                return self.probe.outputs_of_clips(count, lambda rows: self.nothing.repeat(len(keep[rows]), 1, 1, 1, 1))
            if self._framewise is not None:
                return self.probe.outputs_of_frames(self._framewise, keep)
            return self.probe.outputs_of_clips(count, lambda rows: of_frames(self.clip, keep[rows]))
        except ModelFailed as error:
            raise BadOption(
                f"A clip of {max(1, length)} frames where {self.clip.shape[1]} were given is refused: {error.problem}",
                fix="use a baseline that keeps the length of the clip: resampled, frozen or interpolated.",
            ) from error

    @cached_property
    def _framewise(self) -> Framewise | None:
        """Where frames are looked at one by one, that is done once for all."""
        found = self.probe.model.framewise(self.clip[None])
        if found is not None:
            self.probe.control.pay(Cost(forward=1 + found.tried, tail=found.tried), "plain")
        return found
