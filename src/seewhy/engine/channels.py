"""The game whose players are the channels of a layer: only what lies behind the layer is run again."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from ..domain.cost import Cost
from ..domain.shapes import Coalitions, Outputs, Scores
from .chunks import Chunks

if TYPE_CHECKING:
    from ..models.tail import Tail
    from .probe import Probe


class Channels:
    """One image and one layer: the score when only some channels of the layer keep what they hold."""

    def __init__(self, probe: Probe, layer: str, index: int) -> None:
        self.probe, self.layer, self.index = probe, layer, index

    @property
    def count(self) -> int:
        """How many channels the layer has."""
        return self._tail.raw.shape[self._axis]

    def scores(self, keep: Coalitions) -> Scores:
        """The target's score for each row of channels that keep their activation; the others are zero."""
        return self.probe.targets[self.index](self.outputs(keep))

    def outputs(self, keep: Coalitions) -> Outputs:
        """All class outputs for each row of channels kept."""
        self.probe.control.check()
        kept = keep.to(self._tail.raw.device)
        return torch.cat(list(self._chunks.run(len(kept), lambda rows: self._ask(kept[rows]))))

    @cached_property
    def _tail(self) -> Tail:
        tail = self.probe.model.tail(self.layer, self.probe.images[self.index : self.index + 1])
        self.probe.control.pay(Cost(forward=1, tail=tail.tried))
        return tail

    @cached_property
    def _chunks(self) -> Chunks:
        """As many rows as fit: what lies behind a layer needs room for the layer's values, not for the image's."""
        tail, model = self._tail, self.probe.model
        return Chunks(tail.raw.numel(), model.device, model.limit) if tail.partial else self.probe.chunks

    @cached_property
    def _axis(self) -> int:
        return self.probe.model.layout.channel_axis(self.layer)

    def _ask(self, keep: Tensor) -> Outputs:
        raw = self._tail.raw
        shape = [-1 if axis == self._axis % raw.ndim else 1 for axis in range(1, raw.ndim)]
        with torch.inference_mode(), self.probe.autocast():
            outputs = self._tail((raw * keep.to(raw.dtype).reshape(len(keep), 1, *shape)).flatten(0, 1))
        whole = not self._tail.partial
        self.probe.control.pay(Cost(forward=len(keep)) if whole else Cost(tail=len(keep)))
        return outputs.float()
