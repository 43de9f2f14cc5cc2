"""Edits that may flip a decision: all of a kind are tried, or a small set of parts is searched for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch
from jaxtyping import Bool
from torch import Tensor

from ..domain import edits
from ..domain.baseline import Baseline
from ..domain.prediction import winners
from ..domain.regions import grid_labels
from ..domain.shapes import Coalitions, Outputs, Scores
from ..engine.edited import edited
from ..engine.fewest import fewest
from .one_clip import OneClip

Box = tuple[float, float, float, float]  # top, left, bottom, right as shares of what the model sees


@dataclass(frozen=True)
class Change:
    """An edit that was tried, and what the model says then."""

    kind: str  # frozen, backwards, cut, blurred
    how: str  # in words; of a cut how it was filled
    share: float  # of the clip that was edited
    frames: tuple[int, ...]  # that were edited
    answer: str
    margin: float  # by how much the output of the clip's class is ahead of all others: below 0 where it is not
    edit: edits.Edit = field(repr=False)  # to show it again
    cells: tuple[Box, ...] = ()  # where, for a change of some places only

    @property
    def flips(self) -> bool:
        return self.margin < 0


class Search:
    """Edits of one clip against the model's decision about it."""

    def __init__(self, one: OneClip) -> None:
        self.one, self.clip, self.clean = one, one.frames, one.probe.clean
        self.decision = int(winners(self.clean, one.kind)[0])
        self.own = one.named(self.clean)[0]
        self.margin = float(self._margins(self.clean)[0])

    def frozen(self) -> Iterator[Change]:
        """From each frame on."""
        count = len(self.one.time)
        stops = [partial(edits.frozen, start=start) for start in range(count - 1)]
        edited(self.one.probe, (stop(self.clip) for stop in stops))  # all at once, and known from here on
        for start, stop in enumerate(stops):
            frames = tuple(range(start + 1, count))
            yield self._change("frozen", f"still from frame {start + 1} on", frames, stop, len(frames) / count)

    def backwards(self) -> Change:
        frames = tuple(range(len(self.one.time)))
        return self._change("backwards", "the last frame first", frames, edits.backwards, 1.0)

    def cuts(self, pieces: Sequence[slice]) -> Iterator[Change]:
        """The few segments to cut, for each way to fill them; the most that can be cut where none flips it."""
        count = len(self.one.time)

        def outputs(fill: Baseline, present: Coalitions) -> Outputs:
            return edited(self.one.probe, (edits.cut(self.clip, _frames(one, pieces, count), fill) for one in present))

        for how, fill in edits.CUTS.items():
            kept = _frames(~self._fewest(len(pieces), partial(outputs, fill), len(pieces) - 1), pieces, count)
            frames = tuple((~kept).nonzero()[:, 0].tolist())
            yield self._change("cut", how, frames, partial(edits.cut, kept=kept, fill=fill), len(frames) / count)

    def blurs(self, places: Tensor) -> Iterator[Change]:
        """The few places to blur all the time; all of them where none flips it."""

        def outputs(present: Coalitions) -> Outputs:
            veils = ((~one[:, None, None, None] & places).any(dim=0) for one in present.to(places.device))
            return edited(self.one.probe, (edits.blurred(self.clip, veil) for veil in veils))

        gone = self._fewest(len(places), outputs, len(places))
        veil, boxes = places[gone].any(dim=0), tuple(_box(one) for one in places[gone][:, 0])
        frames, share = tuple(range(len(self.one.time))), float(veil.float().mean())
        edit = partial(edits.blurred, where=veil)
        yield self._change("blurred", "these places, all the time", frames, edit, share, boxes)

    def actor(self, masks: Any) -> Iterator[Change]:
        """What was marked, blurred."""
        thing = self.one.thing(masks)
        if thing is not None:
            frames = tuple(thing.flatten(1).any(dim=1).nonzero()[:, 0].tolist())
            edit = partial(edits.blurred, where=thing)
            yield self._change("blurred", "the actor", frames, edit, float(thing.float().mean()))

    def places(self, cells: int) -> Tensor:
        """Tubes (p, t, h, w): cells of an even grid, through the whole time."""
        height, width = self.clip.shape[-2:]
        labels = grid_labels((height, width), (min(cells, height), min(cells, width))).to(self.clip.device)
        tubes = labels[None] == torch.arange(int(labels.max()) + 1, device=labels.device)[:, None, None]
        return tubes[:, None].expand(-1, self.clip.shape[1], -1, -1)

    # -- inside

    def _fewest(self, parts: int, outputs: Callable[[Coalitions], Outputs], most: int) -> Bool[Tensor, " p"]:
        """The parts to remove, or where that does not help the most that can be."""

        def margins(present: Tensor) -> Scores:
            return self._margins(outputs(present))

        found = fewest(parts, margins, most)
        if found is not None:
            return found
        order = margins(~torch.eye(parts, dtype=torch.bool)).argsort(stable=True).cpu()[:most]  # known: no new call
        return torch.zeros(parts, dtype=torch.bool).index_fill(0, order, True)

    def _margins(self, outputs: Outputs) -> Scores:
        """How far the class of the clip is ahead of all others."""
        if outputs.shape[1] == 1:
            middle = 0.0 if self.one.kind == "logits" else 0.5
            return (outputs[:, 0] - middle) * (1 if self.decision else -1)
        others = outputs.clone()
        others[:, self.decision] = -torch.inf
        return outputs[:, self.decision] - others.max(dim=1).values

    def _change(
        self, kind: str, how: str, frames: tuple[int, ...], edit: edits.Edit, share: float, cells: tuple[Box, ...] = ()
    ) -> Change:
        row = edited(self.one.probe, [edit(self.clip)])
        return Change(kind, how, share, frames, self.one.named(row)[0], float(self._margins(row)[0]), edit, cells)


def _frames(present: Tensor, pieces: Sequence[slice], count: int) -> Tensor:
    """Segments that are there as frames that are there."""
    kept = torch.ones(count, dtype=torch.bool)
    for piece, there in zip(pieces, present.tolist(), strict=True):
        kept[piece] = bool(there)
    return kept


def _box(where: Tensor) -> Box:
    """The corners of a cell as shares of the picture."""
    height, width = where.shape
    rows, columns = where.any(dim=1).nonzero()[:, 0], where.any(dim=0).nonzero()[:, 0]
    top, bottom = int(rows[0]) / height, (int(rows[-1]) + 1) / height
    return top, int(columns[0]) / width, bottom, (int(columns[-1]) + 1) / width
