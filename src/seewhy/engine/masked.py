"""Asking about one image with places filled in: as whole images, or, where it pays, as boxes around what changed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch
from jaxtyping import Float
from torch import Tensor

from ..domain.blend import blended
from ..domain.cost import Cost
from ..domain.shapes import Masks, Outputs
from ..models.crops import fitted, places
from ..models.incremental import Incremental

if TYPE_CHECKING:
    from .probe import Probe

FEWEST = 8  # rows for which a clean pass of its own is worth the while
BLOCK = 16  # hard masks made at a time: they are small, and a block of them can become boxes
PAYS = 0.75  # share of a whole pass below which boxes are worth the while


@dataclass
class Masked:
    """One image of a probe, seen through masks."""

    probe: Probe
    image: Float[Tensor, "c *space"]
    _found: Incremental | None = field(default=None, init=False)
    _looked: bool = field(default=False, init=False)
    _pages: Tensor | None = field(default=None, init=False)

    def outputs(self, masks: Masks, fill: Tensor) -> Outputs:
        """All class outputs where each mask keeps the image and shows the fill elsewhere."""
        boxes = self._boxes(masks, fill) if masks.dtype == torch.bool else None
        if boxes is None:
            blocks = torch.split(masks, self.probe.chunks.forward)
            shown = (blended(self.image, block, fill, self._page(len(block))) for block in blocks)
            return torch.cat([self.probe.spending(images) for images in shown])
        values, start, ask = boxes

        def call(rows: slice) -> Outputs:
            with torch.inference_mode(), self.probe.autocast():
                outputs = ask(values[rows], start[rows])
            self.probe.control.pay(Cost(forward=len(outputs)), "incremental")
            return outputs.float()

        self.probe.control.check()
        share = ask.work(tuple(values.shape[2:]))
        return torch.cat(list(self.probe.chunks.run(len(masks), call, share=share)))

    def _page(self, rows: int) -> Tensor:
        """Memory for so many masked images, written again and again: fetching it anew costs more than blending."""
        if self._pages is None or len(self._pages) < rows:
            self._pages = self.image.new_empty(self.probe.chunks.forward, *self.image.shape)
        return self._pages[:rows]

    def _boxes(self, masks: Masks, fill: Tensor) -> tuple[Tensor, Tensor, Incremental] | None:
        """What changes as boxes with their first places, where asking about these is cheaper."""
        if len(masks) < FEWEST or not self.probe.often:
            return None
        whole = self.image[0].numel()
        if int(masks[0].sum()) < (1 - PAYS) * whole:  # the rows of a question are alike: the first tells soon
            return None
        start, size = around(~masks)
        if torch.tensor(size).prod() > PAYS * whole:
            return None
        ask = self._incremental()
        if ask is None or ask.work(size) > PAYS:
            return None
        where = places(start, size)
        kept = masks[(torch.arange(len(masks)).reshape(-1, *[1] * len(size)), *where)][:, None]
        seen, filled = (pixels.movedim(0, -1)[where].movedim(-1, 1) for pixels in (self.image, fill))
        return torch.where(kept, seen, filled), start, ask

    def _incremental(self) -> Incremental | None:
        if not self._looked:
            self._found, self._looked = self.probe.asked.incremental(self.image[None]), True
        return self._found


def around(absent: Masks) -> tuple[Tensor, tuple[int, ...]]:
    """Boxes of one size around what is absent: their first places (n, axes), and the size."""
    axes = range(1, absent.ndim)
    first, end = [], []
    for axis in axes:
        line = absent.any(dim=[other for other in axes if other != axis]) if absent.ndim > 2 else absent
        extent = line.shape[1]
        hit = line.any(dim=1)
        first.append(torch.where(hit, line.int().argmax(dim=1), 0))
        end.append(torch.where(hit, extent - line.flip(dims=[1]).int().argmax(dim=1), 1))
    return fitted(torch.stack(first, dim=1).cpu(), torch.stack(end, dim=1).cpu(), tuple(absent.shape[1:]))
