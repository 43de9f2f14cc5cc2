"""The sizes and offsets of resizing, centre crop and padding, rounded as the model families round them."""

from __future__ import annotations

from typing import Literal, get_args

from PIL import Image, ImageOps

from ..domain.geometry import Geometry, Size

Resize = Literal["short", "cover", "exact", "letterbox", "none"]
Rounding = Literal["even", "down"]
Place = Literal["first", "centre", "last"]  # of a crop: top or left, middle, bottom or right
PLACES: tuple[Place, ...] = get_args(Place)


def resized_size(given: Size, resize: Resize, size: tuple[int, ...]) -> Size:
    """What an image of the given size becomes before crop and padding."""
    if resize == "none":
        return given
    if resize == "exact":
        return size[0], size[1]
    if resize == "short":
        # The shorter side exactly, the longer one rounded down, as torchvision does.
        short = min(given)
        height, width = (size[0] if side == short else int(size[0] * side / short) for side in given)
        return height, width
    ratios = given[0] / size[0], given[1] / size[1]
    ratio = min(ratios) if resize == "cover" else max(ratios)
    return max(round(given[0] / ratio), 1), max(round(given[1] / ratio), 1)


def centred(
    image: Image.Image,
    geometry: Geometry,
    target: Size,
    *,
    fill: int | tuple[int, ...],
    rounding: Rounding,
    place: Place = "centre",
) -> tuple[Image.Image, Geometry]:
    """The centre of an image in the target size, or one end of its longer side; a smaller image gets a border first."""
    missing = [max(wanted - side, 0) for wanted, side in zip(target, geometry.model, strict=True)]
    if any(missing):
        top, left = (side // 2 for side in missing)
        bottom, right = missing[0] - top, missing[1] - left
        image = ImageOps.expand(image, (left, top, right, bottom), fill)
        geometry = geometry.padded(top, left, bottom, right)
    halves = [(side - wanted) / 2 for wanted, side in zip(target, geometry.model, strict=True)]
    top, left = (round(half) if rounding == "even" else int(half) for half in halves)
    if place != "centre":
        spare = [side - wanted for wanted, side in zip(target, geometry.model, strict=True)]
        longer = int(spare[1] >= spare[0])
        top, left = (
            at if i != longer else 0 if place == "first" else s
            for i, (s, at) in enumerate(zip(spare, (top, left), strict=True))
        )
    geometry = geometry.cropped(top, left, *target, how=f"{place} crop")
    return image.crop((left, top, left + target[1], top + target[0])), geometry
