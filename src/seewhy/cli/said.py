"""From what was typed to a model and a question that the library understands."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import BadOption

if TYPE_CHECKING:
    from ..inputs.preprocess import Preprocess
    from ..models.model import Model

PREPROCESS = "write size=224 mean=0.485,0.456,0.406 std=0.229,0.224,0.225 interpolation=bicubic, a JSON file, or none."


def model_of(
    name: str, *, labels: Path | None, preprocess: str | None, device: str | None, trust_pickle: bool
) -> Model:
    """The model of that name, with what the person says about it."""
    from ..models.adapt import adapt

    return adapt(
        name,
        labels=None if labels is None else labels_in(labels),
        preprocess=None if preprocess is None else preprocess_of(preprocess),
        device=device,
        trust_pickle=trust_pickle,
    )


def labels_in(path: Path) -> list[str]:
    """Class names from a file: one per line, a JSON list, or a JSON object by index."""
    text = _text(path, "class names")
    if not text.lstrip().startswith(("[", "{")):
        return [line.strip() for line in text.splitlines() if line.strip()]
    try:
        data = json.loads(text)
        rows = data if isinstance(data, list) else [data[str(index)] for index in range(len(data))]
    except (ValueError, KeyError) as error:
        raise BadOption(
            f"{str(path)!r} is neither a list of class names nor an object with the keys 0, 1, 2 …",
            fix="write one class name per line.",
        ) from error
    return [str(row) for row in rows]


def preprocess_of(text: str) -> Preprocess:
    """How photos become inputs, from words or from the JSON that an explanation carries."""
    from ..inputs.preprocess import Preprocess

    if text == "none":
        return Preprocess()
    if "=" not in text:
        try:
            return Preprocess.from_json(json.loads(_text(Path(text), "preprocessing")))
        except (ValueError, KeyError, TypeError) as error:
            raise BadOption(f"{text!r} does not describe a preprocessing.", fix=PREPROCESS) from error
    said = dict(part.split("=", 1) for part in text.split() if "=" in part)
    try:
        return Preprocess.of(**{name: _value(name, value) for name, value in said.items()})
    except (ValueError, TypeError) as error:
        if isinstance(error, BadOption):
            raise
        raise BadOption(f"{text!r} does not describe a preprocessing.", fix=PREPROCESS) from error


def target_of(target: str | None, against: str | None) -> Any:
    """Nothing, a class, one class rather than another, or what is asked of a model of another task."""
    from ..domain.target import Contrast

    task, found, rest = (target or "").partition(":")
    if found and task in SPECIAL:
        if against is not None:
            problem = f"--against {against!r} means nothing for --target {target!r}."
            raise BadOption(problem, fix="leave --against out.")
        return SPECIAL[task](rest)
    if against is None:
        return target
    if target is None:
        raise BadOption(f"--against {against!r} needs a class to compare.", fix="add --target CLASS.")
    return Contrast(target, against)


def _box(text: str) -> Any:
    from ..domain.target import Box

    corners, label = text.split(",")[:4], ",".join(text.split(",")[4:])
    try:
        left, top, right, bottom = map(float, corners)
    except ValueError as error:
        problem = f"box:{text} does not say left, top, right and bottom."
        raise BadOption(
            problem, fix="write box:10,20,110,220 or box:10,20,110,220,LABEL in pixels of the photo."
        ) from error
    return Box(left, top, right, bottom, label or None)


def _segment(text: str) -> Any:
    from ..domain.target import Segment

    return Segment(text or None)


def _similar(text: str) -> Any:
    from ..domain.target import Similar

    return Similar(text)


SPECIAL = {"box": _box, "segment": _segment, "similar": _similar}


def _value(name: str, text: str) -> Any:
    if name == "interpolation":
        return text
    if name in ("mean", "std"):
        return tuple(float(part) for part in text.split(","))
    if name == "crop_pct":
        return None if text == "none" else float(text)
    sides = tuple(int(part) for part in text.split(","))
    return sides[0] if len(sides) == 1 else sides


def _text(path: Path, what: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        problem = f"The {what} cannot be read from {str(path)!r}: {getattr(error, 'strerror', None) or 'no text'}."
        raise BadOption(problem, fix="give an existing text file.") from error
