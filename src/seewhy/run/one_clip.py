"""One clip before one model, its question resolved: what every question about edited clips begins with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ..domain.cost import Cost
from ..domain.prediction import name_of, winners
from ..domain.shapes import Outputs
from ..domain.target import OWN_SCALE, Kind, Scale, Target
from ..domain.timeline import Timeline
from ..engine.control import Control
from ..engine.probe import Probe, read
from ..engine.records import Wants
from ..errors import BadOption, BadPixels
from ..inputs.expand import Item, expand
from ..inputs.read import Sample
from ..models.adapt import adapt
from ..models.model import Model
from .batch import Backend
from .questions import asks_alone
from .samples import sample_for
from .targets import resolve
from .truth import on_model


@dataclass(frozen=True, eq=False)
class OneClip:
    """A clip, a model and a target."""

    model: Model
    sample: Sample
    probe: Probe
    backend: Backend = "auto"

    @property
    def frames(self) -> Tensor:
        return self.probe.images[0]

    @property
    def target(self) -> Target:
        return self.probe.targets[0]

    @property
    def kind(self) -> Kind:
        return self.target.kind

    @property
    def time(self) -> Timeline:
        """Of the frames that the model sees."""
        time = self.sample.geometry.time
        assert time is not None
        return time

    @property
    def decides(self) -> bool:
        """Whether there is a decision that can flip."""
        return self.kind not in OWN_SCALE

    @property
    def chance(self) -> float | None:
        """The score of a guess, where it is known: of a class's probability."""
        target, classes = self.target, self.probe.clean.shape[1]
        if target.index is None or target.against is not None or target.scale != "probability":
            return None
        return 1 / max(2, classes)

    def named(self, outputs: Outputs) -> list[str]:
        """What the model calls each clip; nothing where it does not decide."""
        if not self.decides:
            return [""] * len(outputs)
        single = outputs.shape[1] == 1
        name = name_of(0, self.model.labels)
        found = winners(outputs, self.kind).tolist()
        return [(name if i else f"not {name}") if single else name_of(i, self.model.labels) for i in found]

    def thing(self, masks: Any) -> Tensor | None:
        """Where the thing in question is, (t, h, w) of the model's pixels; masks or boxes of the original do too."""
        where = on_model(masks, self.sample, mask=True)
        if where is not None and (not bool(where.any()) or bool(where.all())):
            amount = "everything" if bool(where.any()) else "nothing that the model sees"
            raise BadPixels(f"The masks mark {amount}.", fix="mark the thing, and leave out what is around it.")
        return None if where is None else where.to(self.frames.device)

    def expect(self, calls: int) -> None:
        """Announce the calls to come, for progress and for faster ways to ask."""
        self.probe.control.expected = self.probe.control.spent.calls + calls
        self.probe.expected = Cost(calls) if self.backend == "auto" else Cost()

    def same_size(self, other: Any) -> Tensor:
        """Another clip as this model sees it."""
        return sample_of(self.model, other).pixels.to(self.frames.device)


@contextmanager
def one_clip(
    model: Any,
    clip: Any,
    *,
    target: Any = None,
    scale: Scale | None = None,
    preprocess: Any = None,
    labels: Sequence[str] | None = None,
    device: str | torch.device | None = None,
    backend: Backend = "auto",
    control: Control,
) -> Iterator[OneClip]:
    """The clip before the model; nothing said means the class that it predicts, as a probability."""
    adapted = adapt(model, preprocess=preprocess, labels=labels, device=device)
    sample = sample_of(adapted, clip)
    if sample.pixels.ndim != 4 or sample.pixels.shape[1] < 2:
        shape = " x ".join(map(str, sample.pixels.shape))
        problem = f"{sample.picture.name!r} is {shape}: nothing moves in it, nor comes first."
        raise BadPixels(problem, fix="give a clip of two frames or more, (channels, frames, height, width).")
    adapted.meet(tuple(sample.pixels.shape))
    if asks_alone(adapted):
        problem = f"{adapted.name} answers {adapted.task}, and edits of a clip are asked about classes or values."
        raise BadOption(problem, fix="give a model of classes, or a function of the outputs.")
    probe = Probe(adapted, sample.pixels[None], [], control)

    def choose(outputs: Outputs, start: int) -> None:
        probe.targets = [resolve(target, outputs[:1], adapted.labels, scale, "probability", adapted.kind)]

    with adapted.borrowed():
        probe.reading, _ = read(probe, Wants(), choose)
        yield OneClip(adapted, sample, probe, backend)


def sample_of(model: Model, clip: Any) -> Sample:
    """One clip as the model sees it; an array is one clip, not a batch."""
    if hasattr(clip, "__array__") or isinstance(clip, Tensor):
        item = Item(clip, "clip")
    else:
        items, single = expand(clip)
        if not single:
            raise BadPixels(
                f"{len(items)} inputs were given.", fix="give one clip; frames go into seewhy.Clip(frames)."
            )
        item = items[0]
    return sample_for(model, item)
