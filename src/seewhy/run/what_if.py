"""The verb `what_if`: would something else have changed the decision, and how little is enough?"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from ..domain import edits
from ..domain.cost import Cost
from ..domain.ranges import whole
from ..domain.timeline import Timeline
from ..engine.control import Control, Progress
from ..engine.fewest import fewest_calls
from ..errors import BadOption
from .batch import Backend
from .flipping import Change, Search
from .one_clip import one_clip


@dataclass(frozen=True, eq=False)
class WhatIf:
    """What was tried, and the smallest edit found that flips the decision."""

    name: str
    model: str
    answer: str  # what the model calls the clip
    margin: float
    tried: tuple[Change, ...]
    clip: Tensor = field(repr=False)  # (c, t, h, w) as the model sees it
    time: Timeline
    settings: Mapping[str, Any]
    cost: Cost
    expected: Cost  # at most
    seconds: float

    @property
    def smallest(self) -> Change | None:
        """The edit of the smallest share of the clip that flips the decision; None where none does."""
        return min((one for one in self.tried if one.flips), key=lambda one: one.share, default=None)

    def of(self, kind: str) -> list[Change]:
        """All edits of a kind."""
        return [one for one in self.tried if one.kind == kind]

    def summary(self) -> str:
        """What flips the decision and what does not, in sentences."""
        from ..render.what_if import sentences

        return "\n".join(sentences(self))

    def to_json(self) -> dict[str, Any]:
        """Plain data; documented in docs/guide/motion.md."""
        from ..store.what_if import to_json

        return to_json(self)

    def __str__(self) -> str:
        return self.summary()


def what_if(
    model: Any,
    clip: Any,
    *,
    masks: Any = None,
    segments: int = 8,
    cells: int = 4,
    preprocess: Any = None,
    labels: Sequence[str] | None = None,
    device: str | torch.device | None = None,
    backend: Backend = "auto",
    progress: Progress | None = None,
    control: Control | None = None,
) -> WhatIf:
    """Freeze the clip from each frame on, play it backwards, cut segments, blur places: what flips the decision?

    Of segments (filled in each way) and of places (`cells` a side, blurred all the time) a small set that flips it is
    searched for; `masks`, of an actor, or a box per frame, is blurred as a whole.
    """
    whole("cells", cells)
    reins, started = control or Control(progress=progress), time.perf_counter()
    before = reins.spent
    asked = {"preprocess": preprocess, "labels": labels, "device": device, "backend": backend}
    with one_clip(model, clip, control=reins, **asked) as one:
        if not one.decides or one.target.index is None:
            raise BadOption(f"{one.model.name} answers values: there is no decision to flip.", fix="ask a classifier.")
        search = Search(one)
        ways, count = len(edits.CUTS), len(one.time)
        pieces, places = edits.segments(count, segments), search.places(cells)
        most = count + ways * fewest_calls(segments) + fewest_calls(len(places)) + (masks is not None)
        one.expect(most)
        found = [
            *search.frozen(),
            search.backwards(),
            *search.cuts(pieces),
            *search.blurs(places),
            *search.actor(masks),
        ]
        return WhatIf(
            one.sample.picture.name, one.model.name, search.own, search.margin, tuple(found), one.frames, one.time,
            {"segments": segments, "cells": cells}, reins.since(before), Cost(most + 1), time.perf_counter() - started,
        )  # fmt: skip
