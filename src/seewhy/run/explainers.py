"""Whoever makes maps, asked in one way: a method of ours, a function, or maps that are there already."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from ..domain.cost import Cost
from ..domain.evidence import Evidence
from ..domain.options import decode
from ..domain.shapes import Images, Maps
from ..domain.target import Target
from ..engine.control import Control
from ..engine.game import gather
from ..engine.maps import at_pixels
from ..engine.probe import Precision, Probe
from ..engine.records import Wants
from ..errors import BadMap, BadOption, SeewhyError, UnknownOption
from ..explanation import Explanation
from ..inputs.read import Sample
from ..models.model import Model
from ..models.torch_module import TorchModel
from ..registry import Entry
from .given_maps import maps_of
from .plan import Step, plan, wants_of
from .seeded import drawn_from
from .targets import rescaled

Function = Callable[[nn.Module, Tensor, list[int]], Any]
Role = Literal["method", "control", "bound"]  # control: knows nothing of the model; bound: knows what metrics reward


class Explainer(ABC):
    """Makes one map per image at the model's pixels; positive speaks for the target."""

    name: str
    promises: frozenset[str] = frozenset()  # axioms
    role: Role = "method"
    samples: bool = False

    @abstractmethod
    def evidence(self, probe: Probe, *, seed: int) -> Evidence:
        """What it finds for the images of a probe."""

    def wants(self, model: Model) -> Wants:
        """What it reads of the clean images, so that one pass serves several."""
        return Wants()

    def cost(self, image: Tensor, model: Model) -> Cost | None:
        """What one map costs at most, the prediction included; None where nobody knows."""
        return None

    def of_image(self, index: int, sample: Sample) -> Explainer:
        """The one for that image of a set, where maps were made beforehand."""
        return self

    def meant_for(self, images: int) -> None:  # noqa: B027  (who is asked anew answers for any number)
        """Refuse a number of images that it was not made for."""

    @property
    def again(self) -> Explainer | None:
        """Who can be asked about other images; None where there are only maps."""
        return self

    def __call__(
        self,
        model: Model,
        images: Images,
        targets: Sequence[Target],
        *,
        seed: int = 0,
        control: Control | None = None,
        precision: Precision = "float32",
    ) -> Maps:
        """Maps at the pixels (b, *space), from runs of its own."""
        probe = Probe(model, images, list(targets), control or Control(), precision)
        with model.borrowed():
            return at_pixels(self.evidence(probe, seed=seed), tuple(images.shape[2:]))


@dataclass(frozen=True)
class Ours(Explainer):
    """A registered method with its options."""

    name: str
    step: Step

    @property
    def entry(self) -> Entry:
        return self.step.entry

    @property
    def promises(self) -> frozenset[str]:  # type: ignore[override]
        return self.entry.axioms

    @property
    def role(self) -> Role:  # type: ignore[override]
        if self.entry.family != "control":
            return "method"
        return "control" if self.entry.class_blind else "bound"  # a search speaks for a class

    @property
    def samples(self) -> bool:  # type: ignore[override]
        return self.entry.samples

    def wants(self, model: Model) -> Wants:
        return wants_of(self.step, model)

    def cost(self, image: Tensor, model: Model) -> Cost:
        return self.step.cost(image, model)

    def evidence(self, probe: Probe, *, seed: int) -> Evidence:
        """Together where it only looks, otherwise image by image, as `explain` asks it."""
        options = {**self.step.options, **({"seed": seed} if "seed" in self.step.options else {})}
        targets = [rescaled(target, self.entry.scale) for target in probe.targets]
        own = probe if targets == probe.targets else probe.against(targets)
        if own is not probe:
            own.rivals, own.rival_reading = probe.rivals, probe.rival_reading
        together = self.entry.only_looks or len(targets) == 1
        alone = [own] if together else [own.only(i, target) for i, target in enumerate(targets)]
        for one in alone:
            one.expected = self.entry.passes(options)
        return gather([self.entry.function(one, **options) for one in alone])


@dataclass(frozen=True)
class Theirs(Explainer):
    """A function `f(network, images, targets) -> maps`; the network takes images in [0,1] and normalises by itself."""

    name: str
    function: Function
    promises: frozenset[str] = frozenset()
    role: Role = "method"
    samples: bool = False

    def evidence(self, probe: Probe, *, seed: int) -> Evidence:
        targets = [_index(target) for target in probe.targets]
        with drawn_from(seed), torch.enable_grad():
            found = self.function(network_of(probe.model), probe.images.clone(), targets)
        return Evidence(maps_of(found, probe.images, self.name).float())


@dataclass(frozen=True, eq=False)
class Ready(Explainer):
    """Maps that are there already, one per image; nobody can be asked again."""

    name: str
    maps: Any

    def meant_for(self, images: int) -> None:
        if np.shape(self.maps)[:1] != (images,):
            problem = f"{self.name} is of shape {tuple(np.shape(self.maps))}, for {images} images."
            raise BadMap(problem, fix="give one map per image, (images, height, width), in the order of the images.")

    def of_image(self, index: int, sample: Sample) -> Explainer:
        return Ready(self.name, self.maps[index : index + 1])

    @property
    def again(self) -> Explainer | None:
        return None

    def evidence(self, probe: Probe, *, seed: int) -> Evidence:
        return Evidence(maps_of(self.maps, probe.images, self.name).float())


@dataclass(frozen=True, eq=False)
class Recorded(Explainer):
    """Explanations made before, one per image; their method can be asked again."""

    name: str
    explanations: Sequence[Explanation]
    method: Ours

    promises = property(lambda self: self.method.promises)
    role = property(lambda self: self.method.role)
    samples = property(lambda self: self.method.samples)

    def of_image(self, index: int, sample: Sample) -> Explainer:
        digest = sample.picture.digest
        found = [one for one in self.explanations if one.picture.digest == digest]
        if not found:
            problem = f"None of the explanations by {self.name} is of {sample.picture.name}."
            raise BadMap(problem, fix="give the images that were explained.")
        return replace(self, explanations=found[:1])

    @property
    def again(self) -> Explainer | None:
        return self.method

    def evidence(self, probe: Probe, *, seed: int) -> Evidence:
        (one,) = self.explanations
        values = one.values
        if one.parts is not None and one.parts.labels is not None:
            values = np.append(one.parts.values, 0)[one.parts.labels].astype(np.float32)
        return Evidence(torch.from_numpy(values)[None].to(probe.images.device))


def explainers_of(
    methods: Any, model: Model, *, seed: int = 0, options: Mapping[str, Any] | None = None
) -> list[Explainer]:
    """Explainers from a name, a function, or a list or mapping of these; a mapping names them."""
    if isinstance(methods, str | Explainer | Explanation) or callable(methods) or hasattr(methods, "__array__"):
        methods = [methods]
    if isinstance(methods, list) and methods and all(isinstance(one, Explanation) for one in methods):
        methods = _by_method(methods)
    if isinstance(methods, Mapping):
        return [_named(name, what, model, seed, options) for name, what in methods.items()]
    ours = _ours([one for one in methods if isinstance(one, str)], model, seed, options or {})
    found = [ours[one] if isinstance(one, str) else explainer_of(one, model, seed=seed) for one in methods]
    names = [one.name for one in found]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        problem = f"Several methods are called {', '.join(map(repr, twice))}."
        raise BadOption(problem, fix="name them: {'one': method, 'other': (method, {option: value})}.")
    return found


def _ours(names: Sequence[str], model: Model, seed: int, options: Mapping[str, Any]) -> dict[str, Explainer]:
    """Methods by what they were called; each takes the options that it has."""
    if options and not names:
        raise UnknownOption(
            f"No method is there to take {', '.join(options)}.", fix="give functions their options yourself."
        )
    steps, _ = plan(names[0] if len(names) == 1 else names, options, model, seed=seed) if names else ([], True)
    return {name: Ours(step.entry.name, step) for name, step in zip(dict.fromkeys(names), steps, strict=True)}


def _by_method(found: Sequence[Explanation]) -> list[list[Explanation]]:
    """Explanations sorted by the method that made them."""
    names = list(dict.fromkeys(one.origin.method for one in found))
    return [[one for one in found if one.origin.method == name] for name in names]


def explainer_of(
    thing: Any, model: Model, *, seed: int = 0, options: Mapping[str, Any] | None = None, name: str | None = None
) -> Explainer:
    """An explainer from the name of a method, with options, or from a function."""
    if isinstance(thing, Explainer):
        return thing
    if hasattr(thing, "__array__"):
        return Ready(name or "maps", thing)
    if isinstance(thing, Explanation) or (isinstance(thing, list) and thing and isinstance(thing[0], Explanation)):
        return _recorded([thing] if isinstance(thing, Explanation) else thing, model, seed, name)
    if callable(thing):
        return Theirs(name or str(getattr(thing, "__name__", type(thing).__name__)), thing)
    (step,), _ = plan(thing, options or {}, model, seed=seed)
    return Ours(name or step.entry.name, step)


def _recorded(found: Sequence[Explanation], model: Model, seed: int, name: str | None) -> Recorded:
    origin = found[0].origin
    options = {key: decode(value) for key, value in origin.options.items()}
    (step,), _ = plan(origin.method, options, model, seed=seed)
    return Recorded(name or origin.method, found, Ours(origin.method, step))


def _named(name: str, what: Any, model: Model, seed: int, shared: Mapping[str, Any] | None) -> Explainer:
    """`name: function`, `name: options` of the method of that name, or `name: (method, options)`."""
    if isinstance(what, Mapping):
        return explainer_of(name, model, seed=seed, options={**(shared or {}), **what})
    if isinstance(what, tuple):
        return explainer_of(what[0], model, seed=seed, options=what[1], name=name)
    return explainer_of(what, model, seed=seed, name=name)


def network_of(model: Model) -> nn.Module:
    """A model as a module that takes images in [0,1]: the person's own where nothing lies between."""
    if isinstance(model, TorchModel) and model.plain:
        return model.module
    return _InImageSpace(model)


class _InImageSpace(nn.Module):
    """A model as a module; a network behind it is found by name as `network`."""

    def __init__(self, model: Model) -> None:
        super().__init__()
        self._model = (model,)
        if isinstance(model, TorchModel):
            self.network = model.module
        self.eval()

    def forward(self, images: Tensor) -> Tensor:
        return self._model[0](images)


def _index(target: Target) -> int:
    if target.index is None:
        problem = f"The target {target.label!r} is no class, and functions are handed class numbers."
        raise BadMap(problem, fix="ask about a class, or use a method of ours.")
    return target.index


def problem_of(error: Exception) -> str:
    """An error of an explainer in one line."""
    return error.problem if isinstance(error, SeewhyError) else f"{type(error).__name__}: {error}".split("\n")[0]
