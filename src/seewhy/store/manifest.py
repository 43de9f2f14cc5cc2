"""An explanation as plain JSON data and back: all but arrays and pixels; documented in docs/guide/json.md."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ..domain.check import Check
from ..domain.cost import Cost
from ..domain.evidence import LayerChoice, Sampling
from ..domain.geometry import Geometry
from ..domain.marked import Marked
from ..domain.picture import Picture
from ..domain.prediction import Prediction, Ranked

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..explanation import Explanation, Parts

SCHEMA, VERSION = "seewhy-explanation", 1
COUPLES = 5  # interactions that are told; all of them are in the arrays
OPTIONAL_OF_PARTS = ("stderr", "band", "labels", "pairs", "pairs_band")  # arrays that not every method brings


def to_json(explanation: Explanation) -> dict[str, Any]:
    """The object that `--json` prints and `manifest.json` holds; keys keep their order."""
    origin = dict(vars(explanation.origin))
    picture, parts, sampling, layer = explanation.picture, explanation.parts, explanation.sampling, explanation.layer
    marked = explanation.marked
    data = {
        "schema": {"name": SCHEMA, "version": VERSION},
        "method": origin.pop("method"),
        "options": origin.pop("options"),
        "target": vars(explanation.target),
        "marked": None if marked is None else {"kind": "box" if marked.mask is None else "mask", "box": marked.box},
        "prediction": explanation.prediction.to_json(),
        "summary": explanation.summary(),
        "map": {
            "signed": explanation.signed,
            "zero": explanation.zero,
            "class_blind": explanation.class_blind,
            **statistics(explanation.values),
        },
        "parts": None if parts is None else _parts(parts),
        "sampling": None if sampling is None else vars(sampling),
        "layer": None if layer is None else vars(layer),
        "checks": [check.to_json() for check in explanation.checks],
        "cost": vars(explanation.cost),
        "check_cost": vars(explanation.check_cost),
        "seconds": explanation.seconds,
        "picture": {
            "name": picture.name,
            "size": picture.size,
            "digest": picture.digest,
            "turned": picture.turned,
            "notes": picture.notes,
        },
        "geometry": explanation.geometry.to_json(),
        "origin": origin,
    }
    return {key: plain(value) for key, value in data.items()}


def from_json(data: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], pixels: NDArray[np.uint8]) -> dict[str, Any]:
    """The fields of the explanation; `target`, `origin` and `parts` as plain mappings."""
    sampling, layer, parts, picture = data["sampling"], data["layer"], data["parts"], data["picture"]
    return {
        "values": arrays["values"],
        "stderr": arrays.get("stderr"),
        "band": arrays.get("band"),
        "signed": data["map"]["signed"],
        "zero": float(data["map"]["zero"]),
        "class_blind": data["map"]["class_blind"],
        "marked": _marked(data.get("marked"), arrays),
        "prediction": _prediction(data["prediction"]),
        "target": _numbers(data["target"], "score"),
        "checks": tuple(Check(**_numbers(check, "value")) for check in data["checks"]),
        "origin": {"method": data["method"], "options": data["options"], **data["origin"]},
        "cost": Cost(**data["cost"]),
        "check_cost": Cost(**data["check_cost"]),
        "seconds": float(data["seconds"]),
        "geometry": Geometry.from_json(data["geometry"]),
        "picture": Picture(pixels, picture["name"], picture["turned"], tuple(picture["notes"])),
        "parts": None if parts is None else {"kind": parts["kind"], **_arrays_of_parts(arrays)},
        "layer": None if layer is None else LayerChoice(**{**layer, "shape": tuple(layer["shape"])}),
        "sampling": None if sampling is None else Sampling(**_numbers(sampling, "halfwidth", "tolerance")),
    }


def statistics(values: NDArray[np.floating]) -> dict[str, Any]:
    """The raw map in a few numbers."""
    known = values[np.isfinite(values)].astype(np.float64)
    low, high = (float(known.min()), float(known.max())) if known.size else (math.nan, math.nan)
    positive, negative = float(known[known > 0].sum()), float(known[known < 0].sum())
    return {"shape": values.shape, "min": low, "max": high, "positive_sum": positive, "negative_sum": negative}


def _parts(parts: Parts) -> dict[str, Any]:
    return {
        "kind": parts.kind,
        "count": len(parts.values),
        "couples": [vars(couple) for couple in parts.couples()[:COUPLES]],
    }


def plain(value: Any) -> Any:
    """Only dicts with text keys, lists, text, numbers, booleans and None; JSON has no NaN or infinity, so as text."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in (sorted(value, key=repr) if isinstance(value, (set, frozenset)) else value)]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    raise TypeError(f"{type(value).__name__} in an explanation is not JSON data: {value!r}")


def _prediction(data: Mapping[str, Any]) -> Prediction:
    top = tuple(Ranked(**_numbers(rank, "probability", "output")) for rank in data["top"])
    return Prediction(top, data["kind"], data["classes"], data.get("task", "classes"), data.get("unit", ""))


def _marked(data: Mapping[str, Any] | None, arrays: Mapping[str, NDArray[Any]]) -> Marked | None:
    if data is None:
        return None
    left, top, right, bottom = map(float, data["box"])
    return Marked((left, top, right, bottom), arrays["marked"] if data["kind"] == "mask" else None)


def _numbers(data: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """The mapping with these entries as floats again: 'nan' and 'inf' were written as text."""
    return {key: float(value) if key in names and value is not None else value for key, value in data.items()}


def _arrays_of_parts(arrays: Mapping[str, NDArray[Any]]) -> dict[str, Any]:
    optional = {name: arrays.get(f"parts.{name}") for name in OPTIONAL_OF_PARTS}
    return {"values": arrays["parts.values"], **optional}
