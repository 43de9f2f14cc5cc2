"""Files that a command leaves behind, under names that no photo can escape from."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import StoreError

if TYPE_CHECKING:
    from PIL import Image

    from ..explanation import Explanation


def names(explanations: Sequence[Explanation]) -> list[str]:
    """A distinct file name for each: photo, then method."""
    taken: dict[str, str] = {}
    for explanation in explanations:
        stem = re.sub(r"[^\w.-]+", "-", explanation.picture.name).strip(".-")[:80] or "image"
        name, number = f"{stem}.{explanation.origin.method}", 2
        while name.casefold() in taken:
            name, number = f"{stem}-{number}.{explanation.origin.method}", number + 1
        taken[name.casefold()] = name  # two names that differ in case are one file on some disks
    return list(taken.values())


def picture(image: Image.Image, path: Path) -> Path:
    """Write a PNG."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        image.save(path, "PNG")
    except OSError as error:
        problem = f"The picture cannot be written to {path}: {error.strerror or error}."
        raise StoreError(problem, fix="choose a folder that you may write, on a disk with room.") from error
    return path
