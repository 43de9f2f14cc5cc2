"""The verb `overview`: where a model looks over a whole data set, class by class."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..domain.cost import Cost
from ..domain.ranges import whole
from ..engine.control import Control, Progress
from ..errors import BadOption, Cancelled, SeewhyWarning
from ..inputs.expand import expand
from ..models.adapt import adapt
from .explain import explain
from .prototypes import Prototype, prototypes
from .rows import TOGETHER
from .tally import ClassTally, Tally


@dataclass(frozen=True, eq=False)
class Example(Prototype):
    """A prototype with its typical photo."""

    name: str = ""
    thumb: bytes = field(default=b"", repr=False)  # JPEG of the photo with its map

    def picture(self) -> Image.Image:
        """The most typical photo with its map on it."""
        return Image.open(io.BytesIO(self.thumb)).convert("RGB")


@dataclass(frozen=True, eq=False)
class ClassView:
    """How the photos of one class are looked at."""

    index: int | None
    label: str
    count: int
    flat: int  # photos whose map is zero everywhere
    mean: NDArray[np.float64]  # mean absolute map
    prototypes: tuple[Example, ...]


@dataclass(frozen=True, eq=False)
class Overview:
    """A data set seen by one model through one method; maps are in the space that the model saw."""

    method: str
    model: str
    scale: str
    mean: NDArray[np.float64]  # mean absolute map over all photos
    classes: tuple[ClassView, ...]  # most photos first
    failures: tuple[tuple[str, str], ...]  # name of the photo, what happened
    checks: dict[str, dict[str, int]]  # check -> verdict -> number of photos
    cost: Cost
    photo: tuple[int, int] | None  # height and width of the photos, if all are alike and seen as a whole
    cancelled: bool = False

    @property
    def count(self) -> int:
        """Photos that were explained."""
        return sum(one.count for one in self.classes)

    def summary(self) -> str:
        """What is seen, in sentences, what is odd first."""
        from ..render.overview import summary

        return summary(self)

    def sheet(self) -> Image.Image:
        """Mean maps and prototypes, class by class."""
        from ..render.overview import sheet

        return sheet(self)

    def to_json(self) -> dict[str, Any]:
        """Plain data, maps as lists of rows; documented in docs/guide/overview.md."""
        from ..store.overview import to_json

        return to_json(self)

    def save(self, directory: str | Path) -> Path:
        """Write overview.json and overview.png into a directory."""
        from ..store.overview import save

        return save(self, Path(directory))


def overview(
    subject: Any,
    inputs: Any = None,
    *,
    method: str | Sequence[str] | None = None,
    clusters: int = 3,
    seed: int = 0,
    preprocess: Any = None,
    labels: Sequence[str] | None = None,
    device: Any = None,
    progress: Progress | None = None,
    control: Control | None = None,
    **options: Any,
) -> Overview:
    """The data set in one view: of explanations that are there, or of a model and a folder (with options of `explain`).

    Photos are explained a few at a time and forgotten; one that fails is reported and skipped. Each class is split into
    at most `clusters` prototypes.
    """
    whole("clusters", clusters)
    tally = Tally()
    if inputs is None:
        given = {"method": method, "preprocess": preprocess, "labels": labels, "device": device, **options}
        if unused := [name for name, value in given.items() if value is not None]:
            problem = f"{', '.join(unused)} cannot change explanations that are there already."
            raise BadOption(problem, fix="give a model and a folder, or explanations alone.")
        for found in _flat(subject):
            tally.add(found)
    else:
        model = adapt(subject, preprocess=preprocess, labels=labels, device=device)
        asked = {"method": _single(method), "seed": seed, **options}
        for found in _streamed(model, inputs, asked, control or Control(progress=progress), tally):
            tally.add(found)
    return _viewed(tally, clusters, seed)


def _streamed(model: Any, inputs: Any, asked: dict[str, Any], control: Control, tally: Tally) -> Iterator[Any]:
    """Explanations and failures of a few inputs at a time."""
    items, _ = expand(inputs)
    for start in range(0, len(items), TOGETHER):
        some = items[start : start + TOGETHER]
        here = Control(wish=control.wish, progress=_scaled(control, (len(items) - start) / len(some)))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SeewhyWarning)  # failures are in the result, one by one
            try:
                yield from explain(model, some, control=here, **asked)
            except Cancelled:
                if not tally.count:
                    raise
                tally.cancelled = True
        control.spent += here.spent
        if control.cancelled:
            tally.cancelled = start + len(some) < len(items) or tally.cancelled
            return


def _scaled(control: Control, share: float) -> Callable[[int, int], None]:
    """Progress of these inputs as progress of all that are left."""

    def tell(done: int, expected: int) -> None:
        if control.progress is not None:
            before = control.spent.calls
            control.progress(before + done, before + round(expected * share))

    return tell


def _flat(found: Any) -> Iterator[Any]:
    for one in found if hasattr(found, "__iter__") else [found]:
        if isinstance(one, list | tuple):
            yield from _flat(one)
        else:
            yield one


def _single(method: Any) -> str | None:
    names = list(method) if isinstance(method, list | tuple) else [method]
    if len(names) == 1 and (names[0] is None or isinstance(names[0], str)):
        return names[0]
    raise BadOption(f"method={method!r} is not one method.", fix="give one name; ask for another overview per method.")


def _viewed(tally: Tally, clusters: int, seed: int) -> Overview:
    if tally.first is None:
        what = f"All {len(tally.failures)} inputs failed; first: {tally.failures[0][1]}" if tally.failures else ""
        raise BadOption(what or "There is no explanation to look at.", fix="give at least one photo that can be read.")
    classes = sorted(tally.classes.values(), key=lambda one: -one.count)
    checks: dict[str, dict[str, int]] = {}
    for (name, verdict), count in tally.checks.most_common():
        checks.setdefault(name, {})[verdict] = count
    total = sum(one.total for one in classes)
    return Overview(
        tally.first.origin.method, tally.first.origin.model, tally.first.target.scale,
        np.asarray(total) / tally.count, tuple(_class(one, clusters, seed) for one in classes),
        tuple(tally.failures), checks, tally.cost, tally.photo, tally.cancelled,
    )  # fmt: skip


def _class(one: ClassTally, clusters: int, seed: int) -> ClassView:
    found = prototypes(np.array(one.maps), clusters, seed) if one.maps else ()
    examples = tuple(Example(**vars(p), name=one.names[p.example], thumb=one.thumbs[p.example]) for p in found)
    return ClassView(one.index, one.label, one.count, one.flat, one.total / one.count, examples)
