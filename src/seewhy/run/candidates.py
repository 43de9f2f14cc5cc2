"""Who takes part where nobody was named: methods of several families that the model can have, one setting each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from torch import Tensor

from ..domain.regions import Grid
from ..errors import SeewhyError
from ..models.model import Model
from ..registry import Entry, find_method
from .auto import SURE, affordable_windows
from .explainers import Explainer, Ours, explainer_of, explainers_of
from .plan import AUTO

CANDIDATES = (
    "saliency", "smooth-grad", "integrated-gradients", "grad-cam", "layer-cam", "gradient-attention", "legrad",
    "occlusion", "rise", "kernel-shap",
)  # fmt: skip
LEAST = 32  # samples below which an error bar is hardly worth reading; of some fifty regions it takes SURE of them


@dataclass(frozen=True)
class Entrants:
    """Who takes part, which of them nobody named, and who was left out for which reason."""

    explainers: list[Explainer]
    chosen: frozenset[str]
    left_out: Mapping[str, str]


def entrants(methods: Any, model: Model, image: Tensor, most: int, seed: int) -> Entrants:
    """Those who were named; `auto`, or nothing, stands for the candidates."""
    named, wanted = _named(methods)
    asked = explainers_of(named, model, seed=seed) if named is not None else []
    found, left_out = candidates(model, image, most, seed) if wanted else ([], {})
    known = {one.name for one in asked}
    chosen = [one for one in found if one.name not in known]
    return Entrants([*asked, *chosen], frozenset(one.name for one in chosen), left_out)


def _named(methods: Any) -> tuple[Any, bool]:
    """What was named beside `auto`, and whether that was."""
    if methods is None or (isinstance(methods, str) and methods == AUTO):
        return None, True
    if isinstance(methods, Mapping):
        return {name: what for name, what in methods.items() if name != AUTO}, AUTO in methods
    if isinstance(methods, list | tuple):
        rest = [one for one in methods if not (isinstance(one, str) and one == AUTO)]
        return rest, len(rest) < len(methods)
    return methods, False


def candidates(model: Model, image: Tensor, most: int, seed: int) -> tuple[list[Explainer], dict[str, str]]:
    """Those whose map costs at most so many calls, and why the others are left out."""
    found: list[Explainer] = []
    left_out: dict[str, str] = {}
    for name in CANDIDATES:
        try:
            options = fitting(find_method(name), model, image, most)
            one = explainer_of(name, model, seed=seed, options=options)
        except SeewhyError as error:  # the model cannot have it
            left_out[name] = error.problem
            continue
        cost = one.cost(image, model)
        calls = 0 if cost is None else cost.calls
        if calls > most:
            left_out[name] = f"one map needs {calls} model calls, {most} are allowed."
        else:
            found.append(one)
    return found, left_out


def fitting(entry: Entry, model: Model, image: Tensor, most: int) -> dict[str, Any]:
    """The defaults, with fewer samples or coarser windows where they would cost more than allowed."""
    options: dict[str, Any] = {}
    if "stride" in entry.options:
        side = affordable_windows(most, image, {})
        options |= {} if side is None else dict(zip(("window", "stride"), side, strict=True))
    if "regions" in entry.options and find_spec("skimage") is None:
        options["regions"] = Grid()
    if "samples" in entry.options:
        samples, least = entry.options["samples"].default, SURE if "regions" in entry.options else LEAST
        while _calls(entry, {**options, "samples": samples}, model, image) > most and samples // 2 >= least:
            samples //= 2
        options["samples"] = samples
    return options


def _calls(entry: Entry, options: Mapping[str, Any], model: Model, image: Tensor) -> int:
    one = explainer_of(entry.name, model, options=options)
    return one.cost(image, model).calls if isinstance(one, Ours) else 0
