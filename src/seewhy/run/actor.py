"""Did it use the background? How much of a map in space and time lies on the actor, and how much around it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import BadMap, BadPixels
from ..explanation import Explanation
from ..render.number import number, percent
from .truth import on_clip


@dataclass(frozen=True, eq=False)
class ActorShare:
    """Shares of what speaks for the target (or of all importance), frame by frame and together."""

    actor: float  # share of the positive values on the actor
    area: float  # share of the clip that the model saw that is actor: what a map gets that knows nothing
    frames: NDArray[np.float64]  # (t,) share on the actor within each frame; NaN where nothing speaks, or no actor is
    areas: NDArray[np.float64]  # (t,) share of the frame that is actor

    @property
    def background(self) -> float:
        return 1 - self.actor

    @property
    def density(self) -> float:
        """How much stronger the map is on the actor than on average; 1 for a map that knows nothing."""
        return self.actor / self.area

    def summary(self) -> str:
        """The shares, always beside the area."""
        return (
            f"{percent(self.actor)} of what speaks for it lies on the actor, {percent(self.background)} on the"
            f" background; the actor is {percent(self.area)} of the clip (density {number(self.density)})."
        )

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "actor": self.actor, "background": self.background, "area": self.area, "density": self.density,
            "frames": [None if np.isnan(one) else float(one) for one in self.frames],
            "areas": [float(one) for one in self.areas],
        }  # fmt: skip

    def __str__(self) -> str:
        return self.summary()


def actor_share(explanation: Explanation, masks: Any) -> ActorShare:
    """The share of the map's positive values on the actor.

    `masks`: (t, H, W) on the frames of the original or those that the model saw, or a box (left, top, right, bottom)
    in its pixels per frame, None where there is none. The map is read above its zero, on the original pixels.
    """
    heat = explanation.heatmap()
    if heat.ndim != 3:
        raise BadMap("The explanation is of a photo.", fix="give one of a clip.")
    seen, actor = np.isfinite(heat), on_clip(masks, explanation.geometry)
    actor = actor & seen
    if not actor.any() or actor.sum() == seen.sum():
        raise BadPixels(
            f"The masks mark {'everything' if actor.any() else 'nothing'} that the model saw.", fix="mark the actor."
        )
    energy = np.where(seen, np.clip(heat.astype(np.float64) - explanation.zero, 0, None), 0)
    if not energy.any():
        raise BadMap("Nothing in the map speaks for the target.", fix="explain another class, or with another method.")
    held, all_of_it = (values.sum(axis=(1, 2)) for values in (energy * actor, energy))
    areas = actor.sum(axis=(1, 2)) / seen.sum(axis=(1, 2))
    known = (all_of_it > 0) & (areas > 0)
    frames = np.divide(held, all_of_it, out=np.full(len(held), np.nan), where=known)
    return ActorShare(float(held.sum() / all_of_it.sum()), float(actor.sum() / seen.sum()), frames, areas)
