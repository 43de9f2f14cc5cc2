"""The capability card: which methods a model can have, and why the others are off."""

from __future__ import annotations

from ..domain.capability import Capability, Card
from ..errors import ModelError
from ..registry import Entry, load_all
from .model import Model


def card_of(model: Model) -> Card:
    """What the model offers, for a person to read before choosing a method."""
    methods = {name: _why_not(entry, model) for name, entry in load_all().items()}
    return Card(model.name, model.capabilities, dict(model.missing), _facts(model), methods)


def _why_not(entry: Entry, model: Model) -> str | None:
    lacking: dict[str, Capability] = {}  # a reason often stands for several capabilities
    for flag in Capability:
        if flag in entry.needs and flag not in model.capabilities:
            reason = model.missing.get(flag, "not offered")
            lacking[reason] = lacking.get(reason, Capability.NOTHING) | flag
    return "; ".join(f"needs {flags.words()}: {reason}" for reason, flags in lacking.items()) or None


def _facts(model: Model) -> dict[str, str]:
    facts = {
        "input": model.preprocess.describe() if model.preprocess else _unknown_input(model),
        "classes": f"{len(model.labels)} names" if model.labels else "without names",
        "runs on": f"{model.device}, {str(model.dtype).removeprefix('torch.')}",
    }
    order = getattr(model, "order", None)
    if order is not None and not order.plain:
        facts["clips"] = f"handed over as {order}"
    if model.limit:
        facts["batch"] = f"at most {model.limit}"
    if Capability.LAYERS in model.capabilities:
        facts["layer"] = _layer(model)
    return facts | ({"notes": " ".join(model.notes)} if model.notes else {})


def _unknown_input(model: Model) -> str:
    size = f" (it takes {'x'.join(map(str, model.size))} pixels)" if model.size else ""
    return f"not known{size}; photos need preprocess=..., tensors are taken as they are"


def _layer(model: Model) -> str:
    try:
        choice = model.layout.choose()
    except ModelError as error:
        return f"none: {error.problem}"
    return f"{choice.name}, {choice.why}"
