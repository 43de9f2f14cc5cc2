"""The game whose players are the channels of a layer: only what lies behind the layer is run again."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from ..domain.cost import Cost
from ..domain.shapes import Coalitions, Outputs, Scores

if TYPE_CHECKING:
    from ..models.tail import Tail
    from .probe import Probe


class Channels:
    """One image and one layer: the score when only some channels of the layer keep what they hold."""

    def __init__(self, probe: Probe, layer: str) -> None:
        assert len(probe.images) == 1, "a game is played with one image"
        self.probe, self.layer = probe, layer

    @property
    def count(self) -> int:
        """How many channels the layer has."""
        return self._tail.raw.shape[self._axis]

    def scores(self, keep: Coalitions) -> Scores:
        """The target's score for each row of channels that keep their activation; the others are zero."""
        return self.probe.targets[0](self.outputs(keep))

    def outputs(self, keep: Coalitions) -> Outputs:
        """All class outputs for each row of channels kept."""
        self.probe.control.check()
        kept = keep.to(self._tail.raw.device)
        return torch.cat(list(self.probe.chunks.run(len(kept), lambda rows: self._ask(kept[rows]))))

    @cached_property
    def _tail(self) -> Tail:
        self.probe.control.pay(Cost(forward=1))
        return self.probe.model.tail(self.layer, self.probe.images)

    @property
    def _axis(self) -> int:
        return self.probe.model.layout.channel_axis(self.layer)

    def _ask(self, keep: Tensor) -> Outputs:
        raw = self._tail.raw
        shape = [-1 if axis == self._axis % raw.ndim else 1 for axis in range(1, raw.ndim)]
        with torch.inference_mode(), self.probe.autocast():
            outputs = self._tail(raw * keep.to(raw.dtype).reshape(len(keep), *shape))
        whole = not self._tail.partial
        self.probe.control.pay(Cost(forward=len(keep)) if whole else Cost(tail=len(keep)))
        return outputs.float()
