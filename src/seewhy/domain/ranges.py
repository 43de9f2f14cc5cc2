"""What numbers may be: options out of range are refused by name."""

from __future__ import annotations

import math
import sys

from ..errors import BadOption

Sides = int | tuple[int, ...]  # one number for every axis, or one for each: of a clip time, height, width


def whole(name: str, value: object, *, least: int = 1, most: int = sys.maxsize) -> None:
    """Refuse anything but a whole number that is large enough, and no larger than there is."""
    counts = hasattr(value, "__index__") and not isinstance(value, bool)
    if not counts or not least <= int(value) <= most:  # type: ignore[call-overload]
        wanted = f"{least} or more" if most == sys.maxsize else f"from {least} to {most}"
        raise BadOption(f"{name}={value!r} is not possible.", fix=f"give a whole number, {wanted}.")


def along(name: str, value: Sides, space: tuple[int, ...]) -> tuple[int, ...]:
    """A number for each axis of a space; refuse too few, too many, and what is no whole number above 0."""
    numbers = value if isinstance(value, tuple) else (value,) * len(space)
    if len(numbers) != len(space):
        axes = ", ".join(("time", "height", "width")[-len(space) :])
        raise BadOption(f"{name}={value!r} does not fit {len(space)} axes.", fix=f"give one number, or {axes}.")
    for number in numbers:
        whole(name, number)
    return numbers


def positive(name: str, value: float, *, or_zero: bool = False) -> None:
    """Refuse negative numbers, NaN and infinity; and zero, unless it is allowed."""
    if not math.isfinite(value) or value < 0 or (value == 0 and not or_zero):
        wanted = "from 0 on" if or_zero else "above 0"
        raise BadOption(f"{name}={value!r} is not possible.", fix=f"give a number {wanted}.")


def share(name: str, value: float) -> None:
    """Refuse anything that is not a part of a whole: above 0 and below 1."""
    if not 0 < value < 1:
        raise BadOption(f"{name}={value!r} is no share.", fix="give a number above 0 and below 1.")
