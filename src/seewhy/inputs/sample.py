"""One input, as a person knows it and as a model sees it."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from ..domain.check import Check
from ..domain.footage import Footage
from ..domain.geometry import Geometry
from ..domain.picture import Picture


@dataclass(frozen=True, eq=False)
class Sample:
    """One input, ready to be asked about."""

    picture: Picture  # of a clip, the frame in the middle of those that the model sees
    pixels: Tensor  # (c, *space), in [0,1] unless the preprocessing takes any range
    geometry: Geometry
    footage: Footage | None = None  # of a clip
    doubts: tuple[Check, ...] = ()  # what was chosen on the way and may not be meant
