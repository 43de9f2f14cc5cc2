"""A budget in model calls, or in seconds: `500` or `"20s"`."""

from __future__ import annotations

import re
import time

import torch

from ..errors import BadOption
from ..inputs.read import Sample
from ..inputs.views import ONE, Views
from ..models.model import Model

Budget = int | str | None


def calls_of(budget: Budget, model: Model, sample: Sample | None, views: Views = ONE) -> tuple[int | None, str]:
    """The budget as model calls for each view, and how seconds were turned into calls."""
    calls, how = _in_all(budget, model, sample)
    return None if calls is None else max(1, calls // views.count), how


def _in_all(budget: Budget, model: Model, sample: Sample | None) -> tuple[int | None, str]:
    if isinstance(budget, str) and budget.strip().isdigit():
        budget = int(budget)
    if not isinstance(budget, str):
        if budget is not None and budget < 1:
            raise BadOption(f"budget={budget} pays for nothing.", fix="give a number of model calls, such as 500.")
        return budget, ""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*s\s*", budget)
    if match is None or not float(match[1]):
        raise BadOption(
            f"budget={budget!r} is no budget.", fix="give model calls, such as 500, or seconds, such as 20s."
        )
    if sample is None:
        raise BadOption("Seconds cannot be turned into calls without an input.", fix="give the budget in model calls.")
    each = price(model, sample)
    calls = max(1, int(float(match[1]) / each))
    return calls, f"{match[1]} s pay for {calls} model calls of {each * 1e3:.3g} ms, measured on the first input."


def price(model: Model, sample: Sample) -> float:
    """Seconds of one forward pass of one image: the better of two."""
    seconds = []
    with model.borrowed(), torch.inference_mode():
        for _ in range(2):
            started = time.perf_counter()
            model(sample.pixels[None].to(model.device)).sum().item()
            seconds.append(time.perf_counter() - started)
    return min(seconds)
