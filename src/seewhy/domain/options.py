"""Option values as text and as JSON: what the command line, manifests and forms exchange."""

from __future__ import annotations

import dataclasses
import types
import typing
from typing import Any, Literal

import numpy as np

from ..errors import BadOption, near
from .baseline import Baseline, Blur, Colour, Dropped, Inpaint, Mean, Nearest, Noise, Sample
from .clip_regions import Cuboids, Frames, Segments, Tubes
from .flow_fill import Flowing
from .linear import Linear
from .moving_regions import Moving, Supervoxels, Tracked
from .regions import Given, Grid, Patches, Pixels, Superpixels, Windows
from .shots import Shots
from .time_fills import Background, Frozen, Held, Interpolated, Smeared
from .tolerance import Anytime
from .whole_frames import Resampled, Shorter

SPECS: dict[str, type[Any]] = {
    "colour": Colour, "mean": Mean, "blur": Blur, "noise": Noise, "inpaint": Inpaint, "linear": Linear,
    "nearest": Nearest, "dropped": Dropped, "sample": Sample, "grid": Grid, "pixels": Pixels, "patches": Patches,
    "superpixels": Superpixels, "windows": Windows, "given": Given,
    "frozen": Frozen, "held": Held, "interpolated": Interpolated, "flowing": Flowing, "background": Background,
    "smeared": Smeared, "resampled": Resampled, "shorter": Shorter,
    "frames": Frames, "segments": Segments, "shots": Shots, "tubes": Tubes, "cuboids": Cuboids,
    "supervoxels": Supervoxels, "moving": Moving, "tracked": Tracked,
    "anytime": Anytime,
}  # fmt: skip
_NAMES = {spec: name for name, spec in SPECS.items()}
_COLOURS = ("black", "white", "grey")


def encode(value: Any) -> Any:
    """An option value as plain JSON data."""
    if type(value) in _NAMES:
        fields = {f.name: encode(getattr(value, f.name)) for f in dataclasses.fields(value)}
        return {"kind": _NAMES[type(value)], **fields}
    if isinstance(value, tuple):
        return [encode(item) for item in value]
    if hasattr(value, "__array__"):
        array = np.asarray(value)
        return {"kind": "array", "dtype": str(array.dtype), "shape": list(array.shape), "data": array.ravel().tolist()}
    return value


def decode(value: Any) -> Any:
    """The option value that `encode` wrote."""
    if isinstance(value, list):
        return tuple(decode(item) for item in value)
    if not isinstance(value, dict):
        return value
    if value.get("kind") == "array":
        return np.array(value["data"], dtype=value["dtype"]).reshape(value["shape"])
    fields = {name: decode(item) for name, item in value.items() if name != "kind"}
    return SPECS[value["kind"]](**fields)


def parse_spec(text: str) -> Any:
    """A baseline or regions from text: 'blur', 'blur:0.05', 'superpixels:80', 'windows:32,16', '#808080', 'grey'."""
    if text.startswith("#") or text in _COLOURS:
        return Colour(text)
    name, _, rest = text.partition(":")
    if name not in SPECS or name in ("sample", "given"):
        written = [n for n in SPECS if n not in ("colour", "sample", "given", "anytime")]
        raise BadOption(
            f"{text!r} is neither a baseline nor regions.{near(name, SPECS)}",
            fix=f"write black, grey, white, '#336699', or one of {', '.join(written)} with values after a colon.",
        )
    values = [_number(part) for part in rest.split(",")] if rest else []
    try:
        return SPECS[name](*values)
    except TypeError as error:
        names = ", ".join(f.name for f in dataclasses.fields(SPECS[name]))
        raise BadOption(f"{text!r} does not fit.", fix=f"{name} takes: {names or 'nothing'}.") from error


def coerce(name: str, value: Any, annotation: Any) -> Any:
    """A value as the option's type, text included; anything else is refused by name."""
    allowed = _members(annotation)
    if isinstance(value, str):
        value = _from_text(value, allowed)
    if isinstance(value, list) and tuple in allowed:
        value = tuple(value)
    if isinstance(value, dict) and value.get("kind") in SPECS:
        value = decode(value)
    if any(_is(value, kind) for kind in allowed):
        return float(value) if float in allowed and int not in allowed and isinstance(value, int) else value
    words = ", ".join(repr(k) if not isinstance(k, type) else k.__name__ for k in allowed)
    if Baseline in allowed:
        words = "a Baseline such as seewhy.Colour(0.5), or text such as 'mean', 'blur:0.05' or '#808080'"
    raise BadOption(f"{name}={value!r} is not possible.", fix=f"give one of: {words}.")


def _members(annotation: Any) -> tuple[Any, ...]:
    """The types and literal values that an annotation admits."""
    origin = typing.get_origin(annotation)
    if origin in (typing.Union, types.UnionType):
        return tuple(member for part in typing.get_args(annotation) for member in _members(part))
    if origin is Literal:
        return typing.get_args(annotation)
    if origin is tuple:
        return (tuple,)
    return (type(None) if annotation is None else annotation,)


def _is(value: Any, kind: Any) -> bool:
    if not isinstance(kind, type):
        return bool(value == kind)
    if kind in (int, float) and isinstance(value, bool):
        return False
    if kind is tuple:
        return isinstance(value, tuple) and all(_is(item, int) for item in value)
    return isinstance(value, kind) or (kind is float and isinstance(value, int))


def _from_text(text: str, allowed: tuple[Any, ...]) -> Any:
    if text in allowed or (
        str in allowed and not any(isinstance(k, type) and issubclass(k, Baseline) for k in allowed)
    ):
        return text
    if text.lower() in ("none", "") and type(None) in allowed:
        return None
    if float in allowed and text.partition(":")[0] not in SPECS:
        return _number(text)
    if any((isinstance(kind, type) and kind in _NAMES) or kind is Baseline for kind in allowed):
        return parse_spec(text)
    if tuple in allowed and "," in text:
        return tuple(map(_number, text.split(",")))
    return _number(text)


def _number(text: str) -> Any:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
