"""The result that a person holds: raw numbers, checks, and doors to pictures, words and files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .domain.check import Check
from .domain.cost import Cost
from .domain.evidence import LayerChoice, Sampling
from .domain.footage import Footage
from .domain.geometry import Geometry
from .domain.marked import Marked
from .domain.motion import MotionSplit, motion_split
from .domain.picture import Picture
from .domain.prediction import Prediction

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from PIL import Image

    from .domain.shot import Shot
    from .render.moment import Stretch
    from .render.ranking import By


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
    views: str = ""  # of a clip that was seen in several: clips x crops


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
    footage: Footage | None = None  # the original frames of a clip

    @property
    def times(self) -> NDArray[np.float64]:
        """When each frame of a clip that the model saw appears, in seconds; empty for a photo."""
        return np.array([] if self.geometry.time is None else self.geometry.time.begins)

    def heatmap(self, frame: int | None = None) -> NDArray[np.float32]:
        """The map on the original photo's pixels (h, w); NaN where the model did not look.

        Of a clip it is (t, h, w), on each frame that the model saw, or with `frame` on one of these.
        """
        return self.geometry.to_original(self.values, blocky=self.parts is not None, frame=frame)

    def effect(self, frame: int | None = None) -> NDArray[np.float32]:
        """The heatmap measured from the value that speaks neither for nor against; this is what is drawn."""
        return self.heatmap(frame) - np.float32(self.zero)

    def moments(self, by: By = "frames", *, count: int = 4) -> list[Stretch]:
        """When the evidence of a clip lies, most first: by frames, as fine as the map is, segments, or shots."""
        from .render.ranking import by_strength

        return by_strength(self, by, count)

    def motion(self, *, deviations: float = 1.0) -> MotionSplit:
        """A clip's map split into what changes quickly in time and what stays (selective relevance)."""
        return motion_split(np.nan_to_num(self.values - np.float32(self.zero)), deviations)

    def overlay(self, *, view: str = "heat", legend: bool = True, scale: float | None = None) -> Image.Image:
        """The original photo with the map on it: view is heat, contour, regions or map."""
        from .render.overlay import overlay

        return overlay(self, view=view, legend=legend, scale=scale)

    def film(
        self, *, view: str = "heat", scale: float | None = None, every: bool = False, longest: int | None = None
    ) -> Iterator[Shot]:
        """A clip's frames with the map on them, one by one, all on one scale; `every` adds those never seen."""
        from .render.film import film

        return film(self, view=view, scale=scale, every=every, longest=longest)

    def filmstrip(self, *, view: str = "heat", count: int = 6) -> Image.Image:
        """The strongest frame of each of `count` stretches of a clip, over the curve of its importance in time."""
        from .render.filmstrip import filmstrip

        return filmstrip(self, view=view, count=count)

    def save_film(self, path: str | Path, *, view: str = "heat", every: bool = False) -> Path:
        """The film as an MP4 or GIF file."""
        from .store.movie import write

        return write(self.film(view=view, every=every), Path(path))

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
