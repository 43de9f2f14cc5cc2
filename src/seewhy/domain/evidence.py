"""What a method found: raw numbers with their error bars, before anything is drawn."""

from __future__ import annotations

from dataclasses import dataclass, field

from jaxtyping import Float
from torch import Tensor

from .regions import Regions
from .shapes import Maps


@dataclass(frozen=True)
class PartScores:
    """One number per part of one image; positive speaks for the target."""

    regions: Regions
    values: Float[Tensor, " p"]
    stderr: Float[Tensor, " p"] | None = None
    band: Float[Tensor, " p"] | None = None  # half-width that covers all parts at once, 95 %
    pairs: Float[Tensor, "p p"] | None = None  # what two parts are worth together beyond each; its diagonal is empty
    pairs_band: Float[Tensor, "p p"] | None = None


@dataclass(frozen=True)
class LayerChoice:
    """The layer that was read, and why this one."""

    name: str
    why: str
    shape: tuple[int, ...] = ()  # k, *grid
    step: float = 0.0  # of a clip: how many of the model's frames one cell stands for
    reach: int = 0  # of a clip: about how many frames one cell was computed from; 0 where it was not measured


@dataclass(frozen=True)
class Sampling:
    """How the sampling of one image ended."""

    drawn: int  # independent units: pairs, fours, orders or masks
    unit: str
    stop: str  # converged, samples, budget, cancelled, exact
    halfwidth: float | None = None  # largest half-width of the simultaneous band, as a share of the map's range
    tolerance: float | None = None  # what was asked for
    anytime: bool = False  # whether the band holds at all looks, not at one look alone

    @property
    def samples(self) -> int:
        """The `samples` option that draws as many: a pair takes two, a four takes four."""
        return self.drawn * (2 if self.unit.startswith("pairs") else 4 if self.unit == "fours" else 1)

    @property
    def converged(self) -> bool:
        return self.stop in ("converged", "exact")


@dataclass(frozen=True)
class Evidence:
    """Maps of a batch in the method's native resolution, raw and signed."""

    values: Maps
    stderr: Maps | None = None
    band: Maps | None = None
    parts: tuple[PartScores, ...] | None = None  # one per image
    total: Float[Tensor, " b"] | None = None  # what the values sum to, as the method promises
    explained: Float[Tensor, " b"] | None = None  # what they should sum to: f(x) - f(baseline)
    empty: Float[Tensor, " b"] | None = None  # the score of the all-absent input
    zero: Float[Tensor, " b"] | None = None  # the value that speaks neither for nor against, where it is not 0
    sampling: tuple[Sampling, ...] | None = None
    layer: LayerChoice | None = None
    chosen: tuple[str, ...] = ()  # what the method chose by itself, one sentence per image
    notes: tuple[str, ...] = field(default=())  # what a reader must know, in plain sentences
    own_notes: tuple[tuple[str, ...], ...] | None = None  # the same of each image by itself

    def notes_of(self, image: int) -> tuple[str, ...]:
        """All notes for one image of the batch."""
        return self.notes if self.own_notes is None else (*self.notes, *self.own_notes[image])
