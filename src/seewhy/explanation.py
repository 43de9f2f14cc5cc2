"""The result that a person holds: raw numbers, checks, and doors to pictures, words and files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .domain.check import Check
from .domain.cost import Cost
from .domain.evidence import LayerChoice, Sampling
from .domain.geometry import Geometry
from .domain.marked import Marked
from .domain.picture import Picture
from .domain.prediction import Prediction

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from PIL import Image


@dataclass(frozen=True)
class Asked:
    """The question as it was resolved: class, scale, and the score it had on the whole image."""

    index: int | None
    label: str
    scale: str
    score: float
    against: int | None = None
    against_label: str | None = None


@dataclass(frozen=True, eq=False)
class Parts:
    """Numbers per part; labels (h, w) tells the part of each model pixel, None for parts that overlap."""

    values: NDArray[np.float32]
    stderr: NDArray[np.float32] | None
    band: NDArray[np.float32] | None
    labels: NDArray[np.int32] | None
    kind: str  # grid, superpixels, windows, patches, given
    pairs: NDArray[np.float32] | None = None  # (p, p) what two parts are worth together beyond each, diagonal 0
    pairs_band: NDArray[np.float32] | None = None

    def couples(self) -> list[Couple]:
        """The interactions of two parts, strongest first; empty when the method does not tell them."""
        if self.pairs is None:
            return []
        rows, columns = np.triu_indices(len(self.pairs), 1)
        bands = np.zeros_like(self.pairs) if self.pairs_band is None else self.pairs_band
        found = [
            Couple(int(i), int(j), float(self.pairs[i, j]), float(bands[i, j]))
            for i, j in zip(rows, columns, strict=True)
        ]
        return sorted(found, key=lambda couple: -abs(couple.value))


@dataclass(frozen=True)
class Couple:
    """Two parts, what they are worth together beyond each, and the half-width that covers all couples at once."""

    first: int
    second: int
    value: float
    band: float


@dataclass(frozen=True)
class Origin:
    """All that is needed to make the same explanation again."""

    method: str
    options: Mapping[str, Any]  # JSON-able
    seed: int
    model: str
    model_fingerprint: str
    image: str  # name
    image_digest: str
    versions: Mapping[str, str]
    device: str
    dtype: str
    precision: str
    preprocess: Mapping[str, Any]
    created: str = ""  # ISO time
    family: str = ""
    paper: str = ""
    ran: Mapping[str, int] = field(
        default_factory=dict
    )  # forward passes by what ran them: plain, prepared, incremental


@dataclass(frozen=True, eq=False)
class Explanation:
    """One input, one method, one target."""

    values: NDArray[np.float32]  # raw, signed, native resolution (*grid)
    signed: bool  # values below `zero` speak against
    prediction: Prediction
    target: Asked
    checks: tuple[Check, ...]
    origin: Origin
    cost: Cost
    geometry: Geometry
    picture: Picture
    stderr: NDArray[np.float32] | None = None
    band: NDArray[np.float32] | None = None
    parts: Parts | None = None
    layer: LayerChoice | None = None
    sampling: Sampling | None = None
    seconds: float = 0.0
    check_cost: Cost = field(default_factory=Cost)  # model calls spent on the checks
    class_blind: bool = False  # the same map for every class: it speaks neither for nor against one
    zero: float = 0.0  # the value that speaks neither for nor against
    marked: Marked | None = None  # where on the photo was asked, if not about the whole

    def heatmap(self) -> NDArray[np.float32]:
        """The map on the original photo's pixels (h, w); NaN where the model did not look."""
        return self.geometry.to_original(self.values, blocky=self.parts is not None)

    def effect(self) -> NDArray[np.float32]:
        """The heatmap measured from the value that speaks neither for nor against; this is what is drawn."""
        return self.heatmap() - np.float32(self.zero)

    def overlay(self, *, view: str = "heat", legend: bool = True, scale: float | None = None) -> Image.Image:
        """The original photo with the map on it: view is heat, contour, regions or map."""
        from .render.overlay import overlay

        return overlay(self, view=view, legend=legend, scale=scale)

    def plot(self, ax: Axes | None = None, *, view: str = "heat") -> Axes:
        """Draw into matplotlib axes."""
        from .render.plot import plot

        return plot(self, ax, view=view)

    def summary(self) -> str:
        """Sentences made from the numbers only."""
        from .render.text import summary

        return summary(self)

    def alt_text(self) -> str:
        """What the picture shows, for a person who does not see it."""
        from .render.text import alt_text

        return alt_text(self)

    def save(self, directory: str | Path) -> Path:
        """Write manifest, arrays and pictures into a new directory, all or nothing."""
        from .store.directory import save

        return save(self, Path(directory))

    @staticmethod
    def load(directory: str | Path) -> Explanation:
        """Read what `save` wrote, after checking every digest."""
        from .store.reading import read

        def build(*, target: Any, origin: Any, parts: Any, **fields: Any) -> Explanation:
            found = None if parts is None else Parts(**parts)
            return Explanation(target=Asked(**target), origin=Origin(**origin), parts=found, **fields)

        return read(Path(directory), build)

    def to_json(self) -> dict[str, Any]:
        """All but the arrays and pixels, as documented in docs/guide/json.md."""
        from .store.manifest import to_json

        return to_json(self)

    def _repr_html_(self) -> str:
        from .render.notebook import html

        return html(self)

    def __repr__(self) -> str:
        asked = self.target.label
        return f"<Explanation {self.origin.method} of {asked!r} in {self.picture.name!r}, {len(self.checks)} checks>"
