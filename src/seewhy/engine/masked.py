"""Asking about one image with places filled in: as whole images, or, where it pays, as boxes around what changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ..domain.blend import blended
from ..domain.cost import Cost
from ..domain.shapes import Masks, Outputs, Variants
from ..models.crops import cut, fitted
from ..models.incremental import Incremental
from ..models.reach import Group

if TYPE_CHECKING:
    from .probe import Probe

FEWEST = 8  # rows for which a clean pass of its own is worth the while
PAYS = 0.75  # share of a whole pass below which boxes are worth the while

Show = Callable[[Masks], Variants]  # the images that masks leave; whoever asks may write over them afterwards
Bounds = Int[Tensor, "n 2 axes"]  # the first place that each row changes along each axis, and the one behind its last


@dataclass
class Masked:
    """One image of a probe, seen through masks."""

    probe: Probe
    image: Float[Tensor, "c *space"]
    _found: Incremental | None = field(default=None, init=False)
    _small: int = field(default=0, init=False)  # rows so far that change a small place
    _looked: bool = field(default=False, init=False)
    _pages: Tensor | None = field(default=None, init=False)

    def over(self, fill: Float[Tensor, "c *space"]) -> Show:
        """Each mask keeps the image and shows the fill elsewhere."""
        return lambda masks: blended(self.image, masks, fill, self._page(len(masks)))

    def outputs(self, masks: Masks, show: Show) -> Outputs:
        """All class outputs of what masks that are at hand leave; hard ones change nothing but what they remove."""
        bounds = around(~masks) if masks.dtype == torch.bool else None
        return self.answers(len(masks), lambda rows: masks[rows], [show], bounds)

    def answers(
        self, count: int, masks: Callable[[Tensor], Masks], shows: Sequence[Show], bounds: Bounds | None
    ) -> Outputs:
        """All class outputs, each the mean over what `shows` make of the masks, which are made a block at a time.

        `bounds` say where rows differ from the image; None: anywhere.
        """
        rows, found = [], []
        for group, small in self._groups(count, bounds, len(shows)):
            ask = partial(self._boxed, bounds[group.rows], group.share) if small and bounds is not None else self._whole
            kept = masks(group.rows)
            total = sum(ask(kept, show) for show in shows)
            assert isinstance(total, Tensor)
            rows.append(group.rows)
            found.append(total / len(shows))
        return torch.cat(found)[torch.cat(rows).argsort().to(found[0].device)]

    # -- inside

    def _groups(self, count: int, bounds: Bounds | None, shows: int) -> Iterator[tuple[Group, bool]]:
        """Rows to be asked about together, and whether as boxes."""
        most, rows = self.probe.chunks.forward, torch.arange(count)
        small = torch.zeros(count, dtype=torch.bool) if bounds is None else self._little(bounds)
        ask = self._incremental(int(small.sum()) * shows)
        if ask is None or bounds is None or not bool(small.any()):
            yield from ((Group(some, 1.0), False) for some in rows.split(most))
            return
        whole = [rows[~small]]
        for group in ask.groups(bounds[small], most):
            found = rows[small][group.rows]
            if group.share > PAYS:
                whole.append(found)
            else:
                yield Group(found, group.share), True
        yield from ((Group(some, 1.0), False) for some in torch.cat(whole).split(most) if len(some))

    def _little(self, bounds: Bounds) -> Tensor:
        return (bounds[:, 1] - bounds[:, 0]).prod(dim=1) <= PAYS * self.image[0].numel()

    def _incremental(self, small: int) -> Incremental | None:
        """What answers boxes, once enough of them were asked about."""
        self._small += small if self.probe.often else 0
        if self._small >= FEWEST and not self._looked:
            self._found, self._looked = self.probe.asked.incremental(self.image[None]), True
        return self._found

    def _whole(self, masks: Masks, show: Show) -> Outputs:
        return self.probe.spending(show(masks))

    def _boxed(self, bounds: Bounds, share: float, masks: Masks, show: Show) -> Outputs:
        ask, (first, end) = self._found, bounds.unbind(1)
        assert ask is not None
        start, size = fitted(first, end, self.image.shape[1:])
        rows = torch.arange(len(masks)).split(self.probe.chunks.forward)
        boxes = torch.cat([cut(show(masks[some]), start[some], size) for some in rows])

        def call(rows: slice) -> Outputs:
            with torch.inference_mode(), self.probe.autocast():
                outputs = ask(boxes[rows], start[rows])
            self.probe.control.pay(Cost(forward=len(outputs)), "incremental")
            return outputs.float()

        self.probe.control.check()
        return torch.cat(list(self.probe.chunks.run(len(boxes), call, share=share)))

    def _page(self, rows: int) -> Tensor | None:
        """Memory for so many masked images, written again and again: fetching it anew costs more than blending."""
        most = self.probe.chunks.forward
        if rows > most:
            return None
        if self._pages is None or len(self._pages) < rows:
            self._pages = self.image.new_empty(most, *self.image.shape)
        return self._pages[:rows]


def around(absent: Masks) -> Bounds:
    """The first place along each axis of what is absent, and the one behind its last; one pixel where nothing is."""
    axes = range(1, absent.ndim)
    first, end = [], []
    for axis in axes:
        line = absent.any(dim=[other for other in axes if other != axis]) if absent.ndim > 2 else absent
        extent = line.shape[1]
        hit = line.any(dim=1)
        first.append(torch.where(hit, line.int().argmax(dim=1), 0))
        end.append(torch.where(hit, extent - line.flip(dims=[1]).int().argmax(dim=1), 1))
    return torch.stack([torch.stack(first, dim=1), torch.stack(end, dim=1)], dim=1).cpu()
