"""`method="auto"`: what the model can have, the options ask for and the budget pays, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from torch import Tensor

from ..domain.capability import Capability
from ..domain.regions import Grid, Windows
from ..errors import BudgetTooSmall, UnknownOption
from ..models.model import Model
from ..registry import Entry, find_method

QUICK = 2  # calls: one forward and one backward
SURE = 512  # calls from which sampled shares have error bars worth reading on some fifty regions
FINEST = (32, 16)  # window and stride of occlusion, in pixels of a model's input
INSIDE = Capability.GRADIENTS | Capability.LAYERS


@dataclass(frozen=True)
class Choice:
    """A method with the options that fit, and why it was chosen."""

    entry: Entry
    options: Mapping[str, Any]
    why: str


def choose(model: Model, options: Mapping[str, Any], budget: int | None, image: Tensor | None) -> Choice:
    """The first candidate, best first, that has all options asked for."""
    found = list(_candidates(model, budget, image, options))
    for choice in found:
        if set(options) <= set(choice.entry.options):
            return choice
    if not found:
        raise BudgetTooSmall(
            f"No method says anything about {model.name} within {budget} model calls.",
            fix=f"raise the budget to {_least(model, image)}, or name a method and coarser options yourself.",
        )
    raise UnknownOption(
        f"None of the methods that suit has all of these options: {', '.join(options)}.",
        fix=f"leave some out, or name the method; these suit: {', '.join(c.entry.name for c in found)}.",
    )


def _candidates(model: Model, budget: int | None, image: Tensor | None, options: Mapping[str, Any]) -> Iterator[Choice]:
    offers, allowed = model.capabilities, "no budget was given" if budget is None else f"{budget} calls were allowed"
    quick = list(_quick(model, allowed))
    if budget is None:
        yield from quick
    if budget is None or budget >= SURE:
        why = f"its shares are fair and carry error bars, and {allowed}"
        fits: dict[str, Any] = {} if budget is None or "samples" in options else {"samples": budget - 2 - budget % 2}
        if find_spec("skimage") is None and "regions" not in options:
            fits, why = {**fits, "regions": Grid()}, f"{why}; a grid, because superpixels need scikit-image"
        yield Choice(find_method("kernel-shap"), fits, f"kernel-shap was chosen: {why}.")
    windows = affordable_windows(budget, image, options)
    if windows is not None:
        finest = FINEST if image is None else _finest(tuple(image.shape[1:]))
        coarser = "" if windows == finest else f", with windows of {windows[0]} pixels, the finest that this pays"
        why = f"occlusion was chosen: it asks about the image itself, and {allowed}{coarser}."
        fits = {} if {"window", "stride"} & set(options) else dict(zip(("window", "stride"), windows, strict=True))
        yield Choice(find_method("occlusion"), fits, why)
    if budget is not None and budget >= QUICK:
        yield from quick
    if Capability.GRADIENTS in offers and (budget is None or budget >= 66):
        yield Choice(find_method("integrated-gradients"), {}, f"integrated-gradients was chosen: {allowed}.")


def _quick(model: Model, allowed: str) -> Iterator[Choice]:
    """Methods of one forward and one backward pass."""
    if Capability.GRADIENTS | Capability.ATTENTION | Capability.JOINT in model.capabilities:
        why = "the model attends over patches, and their attention was weighed by its effect on this class"
        yield Choice(find_method("gradient-attention"), {}, f"gradient-attention was chosen: {why}; {allowed}.")
    if INSIDE in model.capabilities:
        why = "one forward and one backward pass, read at the last map of the image"
        yield Choice(find_method("grad-cam"), {}, f"grad-cam was chosen: {why}; {allowed}.")
    if Capability.GRADIENTS in model.capabilities:
        why = "no layer or attention can be read, and one backward pass is cheap"
        yield Choice(find_method("input-x-gradient"), {}, f"input-x-gradient was chosen: {why}; {allowed}.")


def affordable_windows(budget: int | None, image: Tensor | None, options: Mapping[str, Any]) -> tuple[int, int] | None:
    """The finest windows that the budget pays; None where it pays for none that are smaller than the image."""
    if image is None:
        return FINEST
    space = tuple(image.shape[1:])
    window, stride = _finest(space)
    fills = getattr(options.get("baseline"), "fills", 1)
    while window < max(space):
        if budget is None or 1 + fills * (1 + Windows(window, stride).count(space)) <= budget:
            return window, stride
        window, stride = window + max(1, window // 4), max(1, window * 5 // 8)
    return None


def _finest(space: tuple[int, ...]) -> tuple[int, int]:
    """Window and stride that are fine for an input of this size: at most half of it."""
    window = max(1, min(FINEST[0], min(space) // 2))
    return window, max(1, window // 2)


def _least(model: Model, image: Tensor | None) -> int:
    """The smallest budget with which something can be said."""
    if Capability.GRADIENTS in model.capabilities:
        return QUICK
    calls = 3
    while affordable_windows(calls, image, {}) is None:
        calls += 1
    return calls
