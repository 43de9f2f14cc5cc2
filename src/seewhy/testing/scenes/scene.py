"""A scene: the full description of one picture, which can be drawn, changed in one place, and drawn again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from ...domain.ranges import whole
from ...errors import BadOption
from .drawing import Paper, Pose, Stroke
from .subjects import BIRD, Kind, Look, concepts, one_of
from .surroundings import Background, Thing

Size = int | tuple[int, int]


@dataclass(frozen=True)
class Drawn:
    """A picture or clip (c, *space) and the share that each thing has in each pixel; the shares add up to one."""

    image: Float[Tensor, "c *space"]
    names: tuple[str, ...]
    shares: Float[Tensor, "things *space"]

    def mask(self, name: str) -> Bool[Tensor, " *space"]:
        """The pixels in which a thing can be seen at all, those at its soft edge included."""
        return self.shares[self._index(name)] > 0

    @property
    def labels(self) -> Int[Tensor, " *space"]:
        """For each pixel the thing that fills most of it, as an index into the names."""
        return self.shares.argmax(dim=0)

    @property
    def owners(self) -> tuple[str, ...]:
        """The names that occur in the labels, in their order: the parts of `regions=Given(drawn.labels)`."""
        return tuple(self.names[index] for index in self.labels.unique().tolist())

    def _index(self, name: str) -> int:
        one_of(name, self.names, "part or thing here named")
        return self.names.index(name)


IN_THE_MIDDLE, ON_MIST = Pose(size=0.7), Background()


@dataclass(frozen=True)
class Scene:
    """A subject with its parts, what lies about, and the background; `label` is the class that it was made for."""

    parts: tuple[tuple[str, Look], ...]  # those that are there
    pose: Pose = IN_THE_MIDDLE
    things: tuple[Thing, ...] = ()
    background: Background = ON_MIST
    label: int = 0
    kind: Kind = BIRD

    def __post_init__(self) -> None:
        for part, look in self.parts:
            self.kind.check(part, look)

    @property
    def names(self) -> tuple[str, ...]:
        """Everything that is there, the background first, then what lies about, then the parts of the subject."""
        drawn = dict(self.parts)
        parts = (part for part in self.kind.parts if part in drawn)
        return ("background", *(thing.name for thing in self.things), *parts)

    @property
    def concepts(self) -> tuple[bool, ...]:
        """For each concept of the kind whether it is true of this scene."""
        true = {concept for part, look in self.parts for concept in concepts(part, look)}
        return tuple(concept in true for concept in self.kind.concepts)

    # -- the same scene, changed in one place

    def without(self, name: str) -> Scene:
        """Without one part or thing; without its background it stands on plain mist."""
        one_of(name, self.names, "part or thing here named")
        background = ON_MIST if name == "background" else self.background
        parts, things = (tuple(p for p in self.parts if p[0] != name), tuple(t for t in self.things if t.name != name))
        return replace(self, parts=parts, things=things, background=background)

    def with_part(self, name: str, look: Look) -> Scene:
        """With a part in this look, whether it was there or not."""
        return replace(self, parts=(*(part for part in self.parts if part[0] != name), (name, look)))

    def with_thing(self, thing: Thing) -> Scene:
        """With something more, or in place of the thing of this name."""
        return replace(self, things=(*(other for other in self.things if other.name != thing.name), thing))

    def with_background(self, background: Background) -> Scene:
        """On another background."""
        return replace(self, background=background)

    def moved(self, across: float, down: float) -> Scene:
        """With the subject elsewhere, by shares of the shorter side."""
        return replace(self, pose=replace(self.pose, x=self.pose.x + across, y=self.pose.y + down))

    # -- pictures

    def render(self, size: Size = 64) -> Float[Tensor, "3 h w"]:
        """The picture in [0,1]."""
        paper = paper_of(size)
        strokes = [stroke for _, drawn in self._strokes() for stroke in drawn]
        return torch.from_numpy(paper.paint(self.background.picture(paper), strokes))

    def draw(self, size: Size = 64) -> Drawn:
        """The picture, and what each pixel shows."""
        paper, names = paper_of(size), self.names
        shares = np.zeros((len(names), paper.height, paper.width), np.float32)
        shares[0] = 1
        one = np.eye(len(names))
        strokes = [Stroke(s.form, tuple(one[names.index(name)])) for name, drawn in self._strokes() for s in drawn]
        return Drawn(self.render(size), names, torch.from_numpy(paper.paint(shares, strokes)))

    def clip(self, frames: int = 8, size: Size = 64, *, across: float = 0.2, down: float = 0.0) -> Drawn:
        """A clip (3, t, h, w) in which the subject moves by `across` and `down` while all else stands still."""
        whole("frames", frames)
        steps = np.linspace(-0.5, 0.5, frames)
        drawn = [self.moved(across * float(step), down * float(step)).draw(size) for step in steps]
        images, shares = (torch.stack(t, dim=1) for t in ([d.image for d in drawn], [d.shares for d in drawn]))
        return Drawn(images, self.names, shares)

    def _strokes(self) -> Sequence[tuple[str, list[Stroke]]]:
        """Names with what is painted for them, the farthest first."""
        looks = dict(self.parts)
        parts = [(part, self.kind.strokes(part, looks[part])) for part in self.kind.parts if part in looks]
        return [
            *((thing.name, thing.strokes()) for thing in self.things),
            *((part, [Stroke(form.placed(self.pose), ink) for form, ink in strokes]) for part, strokes in parts),
        ]


def paper_of(size: Size) -> Paper:
    height, width = (size, size) if isinstance(size, int) else size
    if min(height, width) < 8:
        raise BadOption(f"A scene of {height}x{width} pixels is too small to be drawn.", fix="use 8 or more per side.")
    return Paper(height, width)
