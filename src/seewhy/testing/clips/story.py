"""A story: the full description of one clip, which can be played otherwise, given another cause, and drawn again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from ...domain.ranges import whole
from ...errors import BadOption
from ..scenes.colours import COLOURS
from ..scenes.drawing import Paper, Pixels
from ..scenes.scene import ON_MIST, Drawn, Size, paper_of
from ..scenes.subjects import one_of
from ..scenes.surroundings import Background
from .actors import Actor
from .stripes import Stripes

Backdrop = Background | Stripes
Form = Actor | Background | Stripes
GRAIN = 0.035  # half the range of the noise, which has a standard deviation of 0.02
DARKEST, RANGE = 0.05, 0.9  # of what is painted: noise never leaves [0,1], so that nothing is clipped


@dataclass(frozen=True)
class Cause:
    """What makes the class: the target, or the background, as it is for each class and as it is for none."""

    forms: tuple[Form, ...]
    neutral: Form

    def form(self, label: int | None) -> Form:
        """How it is in a clip of this class."""
        return self.neutral if label is None else self.forms[label]

    def tells(self, label: int | None, moment: int) -> bool:
        """Whether it shows in a frame of the story; a way and a background are there all the time."""
        form, neutral = self.form(label), self.neutral
        if isinstance(form, Actor) and isinstance(neutral, Actor):
            return form.places != neutral.places or form.figures[moment] != neutral.figures[moment]
        return form != neutral


@dataclass(frozen=True, eq=False)
class Truth:
    """Where and when the cause of the class is seen in a clip, and what else is where."""

    mask: Bool[Tensor, "t h w"]  # every pixel in which the cause can be seen, or is seen to be missing
    frames: Bool[Tensor, " t"]
    boxes: Int[Tensor, "t 4"]  # of the target: left, top, right and bottom, the last two just outside
    background: Bool[Tensor, "t h w"]  # pixels that show nothing else


@dataclass(frozen=True)
class Story:
    """Actors, of whom the last is the target, the background, what makes the class, and the frames that are shown."""

    actors: tuple[Actor, ...]
    background: Backdrop
    cause: Cause
    label: int | None  # None: the cause was taken away
    grain: int  # seed of the noise
    moments: tuple[int, ...]  # the frame of the story that each frame of the clip shows

    @property
    def target(self) -> Actor:
        return self.actors[-1]

    @property
    def names(self) -> tuple[str, ...]:
        return ("background", *(actor.name for actor in self.actors))

    # -- the same story with one thing changed

    def twin(self, label: int | None) -> Story:
        """All the same but for the cause, which is that of another class, or gone (None)."""
        if label is not None and not 0 <= label < len(self.cause.forms):
            raise BadOption(f"There is no class {label} here.", fix=f"give 0 to {len(self.cause.forms) - 1}, or None.")
        form = self.cause.form(label)
        if isinstance(form, Actor):
            return replace(self, label=label, actors=(*self.actors[:-1], form))
        return replace(self, label=label, background=form)

    def without(self, name: str) -> Story:
        """Without the distractor, or on plain mist; without its target nothing would be told."""
        one_of(name, [other for other in self.names if other != self.target.name], "thing that can be left out")
        actors = tuple(actor for actor in self.actors if actor.name != name)
        return replace(self, actors=actors, background=ON_MIST if name == "background" else self.background)

    # -- the same story, played otherwise

    def played(self, order: Sequence[int]) -> Story:
        """Only these frames of the clip, in this order."""
        return replace(self, moments=tuple(self.moments[i] for i in order))

    def reversed(self) -> Story:
        """Backwards."""
        return self.played(range(len(self.moments))[::-1])

    def frozen(self, frame: int | None = None) -> Story:
        """One frame all the time, by default the one in the middle."""
        count = len(self.moments)
        return self.played([count // 2 if frame is None else frame] * count)

    def slowed(self, times: int = 2) -> Story:
        """Every frame shown so many times."""
        whole("times", times)
        return self.played([i for i in range(len(self.moments)) for _ in range(times)])

    def repeated(self, times: int = 2) -> Story:
        """So many times from the beginning."""
        whole("times", times)
        return self.played([*range(len(self.moments))] * times)

    # -- pixels

    def render(self, size: Size = 32) -> Float[Tensor, "3 t h w"]:
        """The clip in [0,1]."""
        paper = paper_of(size)
        return self._shown(self._painted(paper, [actor.cover(paper) for actor in self.actors]))

    def draw(self, size: Size = 32) -> Drawn:
        """The clip, and what each pixel of it shows."""
        paper = paper_of(size)
        covers = [actor.cover(paper) for actor in self.actors]
        left, shares = np.ones_like(covers[0]), []
        for cover in reversed(covers):
            shares.append(left * cover)
            left = left * (1 - cover)
        return Drawn(
            self._shown(self._painted(paper, covers)), self.names, self._shown(np.stack([left, *shares[::-1]]))
        )

    def truth(self, size: Size = 32) -> Truth:
        """Where and when the cause is; a story without it, or of a class that is made by its absence, has none."""
        drawn, frames = self.draw(size), torch.tensor([self.cause.tells(self.label, moment) for moment in self.moments])
        seen = drawn.mask(self.target.name)
        return Truth(
            mask=self._where(drawn) & frames[:, None, None],
            frames=frames,
            boxes=torch.stack([_box(frame) for frame in seen]),
            background=drawn.shares[0] == 1,
        )

    # -- inside

    def _where(self, drawn: Drawn) -> Bool[Tensor, "t h w"]:
        """The pixels of what makes the class; of a look also where it lacks something, as a ring its hole."""
        if not isinstance(self.cause.neutral, Actor):
            return drawn.mask("background")
        seen, plain = drawn.mask(self.target.name), self.twin(None)
        if plain.target.places != self.target.places:
            return seen
        return seen | plain.draw(drawn.image.shape[2:]).mask(self.target.name)  # type: ignore[arg-type]

    def _painted(self, paper: Paper, covers: Sequence[Pixels]) -> Pixels:
        """All frames of the story (3, t, h, w), noise included, each actor over those before."""
        canvas = np.repeat(self.background.picture(paper)[:, None], len(covers[0]), axis=1)
        for actor, cover in zip(self.actors, covers, strict=True):
            canvas *= 1 - cover  # what is hidden must be gone exactly
            canvas += cover * np.array(COLOURS[actor.colour], np.float32)[:, None, None, None]
        noise = np.random.default_rng(self.grain).random(canvas.shape, np.float32)
        return DARKEST + RANGE * canvas + GRAIN * (2 * noise - 1)

    def _shown(self, frames: Pixels) -> Float[Tensor, "n t h w"]:
        return torch.from_numpy(frames[:, list(self.moments)])


def _box(seen: Bool[Tensor, "h w"]) -> Int[Tensor, " 4"]:
    rows, columns = (seen.any(dim=axis).nonzero()[:, 0] for axis in (1, 0))
    return torch.stack([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1])
