"""Who takes part where nobody was named: methods of several families that the model can have, one setting each."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

from torch import Tensor

from ..domain.regions import Grid
from ..errors import SeewhyError
from ..models.model import Model
from ..registry import Entry, find_method
from .auto import affordable_windows
from .explainers import Explainer, Ours, explainer_of

CANDIDATES = (
    "saliency", "smooth-grad", "integrated-gradients", "grad-cam", "layer-cam", "gradient-attention", "legrad",
    "occlusion", "rise", "kernel-shap",
)  # fmt: skip
LEAST = 32  # samples below which an error bar is hardly worth reading


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
        samples = entry.options["samples"].default
        while _calls(entry, {**options, "samples": samples}, model, image) > most and samples // 2 >= LEAST:
            samples //= 2
        options["samples"] = samples
    return options


def _calls(entry: Entry, options: Mapping[str, Any], model: Model, image: Tensor) -> int:
    one = explainer_of(entry.name, model, options=options)
    return one.cost(image, model).calls if isinstance(one, Ours) else 0
