"""A data set on one sheet: for each class its mean map and its prototypes, with what is odd about them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from .colour import colourise, ramp, scale_of
from .legend import INK, PAPER, QUIET, Text, stack
from .lettering import drawable, font, line_height, wrap
from .number import number, percent
from .place import ninths

if TYPE_CHECKING:
    from ..domain.check import Check
    from ..run.overview import ClassView, Example, Overview

TILE, GAP = 224, 16
TITLE, HEAD, WORDS = 22, 16, 13  # sizes of letters
ROWS = 12  # classes on a sheet
ODD = (176, 58, 16)
Line = tuple[str, list[Image.Image]]  # heading and tiles
Worded = tuple[Image.Image, list[Text]]


def summary(overview: Overview) -> str:
    """Sentences made from the numbers only."""
    photos = _photos(overview.count)
    said = [f"{overview.method} over {photos} in {_count(len(overview.classes), 'class', 'classes')}."]
    for one in overview.classes:
        said += [f"“{one.label}”: {flag.message}" for flag in flags(one)]
    for one in overview.classes[:ROWS]:
        place = _strongest(one.mean)
        groups = _count(len(one.prototypes), "way of looking", "ways of looking")
        said.append(f"“{one.label}”: {_photos(one.count)}, {place}; {groups}.")
        if one.flat:
            said.append(f"“{one.label}”: {_photos(one.flat)} with a map that is zero everywhere.")
    for name, verdicts in overview.checks.items():
        if bad := verdicts.get("bad"):
            said.append(f"The check {name} failed for {_photos(bad)}.")
    if overview.failures:
        first, problem = overview.failures[0]
        said.append(f"{_photos(len(overview.failures))} could not be explained; first: {first}: {problem}")
    return "\n".join(
        [*said, *(["The run was cancelled: not all photos were looked at."] if overview.cancelled else [])]
    )


def flags(one: ClassView) -> list[Check]:
    """What is odd about the prototypes of a class."""
    return [flag for each in one.prototypes for flag in each.flags]


def sheet(overview: Overview) -> Image.Image:
    """One row per class: the mean map, then the prototypes, largest first; all mean maps share one scale."""
    shown = overview.classes[:ROWS]
    scale = scale_of(overview.mean, *(one.mean for one in shown))
    lines = [_line(one, scale, overview.photo) for one in shown]
    if len(overview.classes) > 1:
        everything = _mean_map(overview.mean, scale, overview.photo)
        lines.insert(0, (f"All {_photos(overview.count)}", _aligned([(everything, _mean_words(overview.mean))])))
    title = f"{overview.method} over {_photos(overview.count)}: {overview.model}"
    return _page(lines, title, _notes(overview, scale))


def _line(one: ClassView, scale: float, photo: tuple[int, int] | None) -> Line:
    mean = _mean_map(one.mean, scale, photo), _mean_words(one.mean)
    return f"“{one.label}”: {_photos(one.count)}", _aligned([mean, *(_prototype(each) for each in one.prototypes)])


def _mean_map(mean: NDArray[np.float64], scale: float, photo: tuple[int, int] | None) -> Image.Image:
    """In the proportions of the photos where they have the same, otherwise as the model saw them."""
    height, width = photo or mean.shape
    to = round(width * TILE / max(height, width)), round(height * TILE / max(height, width))
    smooth = Image.fromarray(mean.astype(np.float32)).resize(to, Image.Resampling.BICUBIC)
    return Image.fromarray(colourise(np.asarray(smooth), scale, False)[..., :3])


def _mean_words(mean: NDArray[np.float64]) -> list[Text]:
    return [Text("mean map", WORDS), Text(_strongest(mean), WORDS, QUIET)]


def _prototype(each: Example) -> Worded:
    head = f"{percent(each.share)} ({_photos(each.count)}), such as {each.name}"
    rows = [Text(head, WORDS), *(Text(f"! {flag.message}", WORDS, ODD) for flag in each.flags)]
    picture = each.picture()
    if each.flags:
        ImageDraw.Draw(picture).rectangle((0, 0, picture.width - 1, picture.height - 1), outline=ODD, width=4)
    return picture, rows


def _aligned(tiles: Sequence[Worded]) -> list[Image.Image]:
    """Pictures of one row on papers of one height, so that their words stand on one line."""
    height, found = max(picture.height for picture, _ in tiles), []
    for picture, rows in tiles:
        paper = Image.new("RGB", (TILE, height), PAPER)
        paper.paste(picture, ((TILE - picture.width) // 2, (height - picture.height) // 2))
        found.append(stack(paper, rows, narrowest=TILE, margin=0))
    return found


def _notes(overview: Overview, scale: float) -> list[str]:
    frame = "the photo" if overview.photo else "what the model saw, however each photo was cut and stretched for it"
    notes = [f"Mean maps: mean absolute value in each place of {frame}; bright is {number(scale)} and beyond."]
    notes.append(
        "Photos: the most typical one of each group, with its own map; groups are made of where maps are strong."
    )
    if not overview.photo:
        notes.append("Hatched parts of a photo were not seen by the model.")
    if (hidden := len(overview.classes) - ROWS) > 0:
        notes.append(f"{_count(hidden, 'more class', 'more classes')} with fewer photos: see the JSON.")
    if overview.failures:
        notes.append(f"{_photos(len(overview.failures))} could not be explained.")
    return notes


def _page(lines: Sequence[Line], title: str, notes: Sequence[str]) -> Image.Image:
    width = max(len(tiles) for _, tiles in lines) * (TILE + GAP) + GAP
    width = max(width, 2 * TILE + 3 * GAP)
    heights = [max(tile.height for tile in tiles) for _, tiles in lines]
    page = Image.new("RGB", (width, 400 + sum(h + line_height(HEAD) + 2 * GAP for h in heights)), PAPER)
    top = _written(page, title, TITLE, GAP)
    for (heading, tiles), height in zip(lines, heights, strict=True):
        ImageDraw.Draw(page).line([(GAP, top + GAP // 2), (width - GAP, top + GAP // 2)], fill=(214, 214, 218))
        top = _written(page, heading, HEAD, top + GAP) + 6
        for i, tile in enumerate(tiles):
            page.paste(tile, (GAP + i * (TILE + GAP), top))
        top += height + 4
    strip = Image.fromarray(ramp("sequential")[None]).resize((TILE, WORDS))
    page.paste(strip, (GAP, top + 4))
    top += WORDS + 10
    for note in notes:
        top = _written(page, note, WORDS, top, QUIET)
    return page.crop((0, 0, width, top + GAP))


def _written(page: Image.Image, words: str, size: int, top: int, colour: tuple[int, int, int] = INK) -> int:
    for row in wrap(drawable(words), size, page.width - 2 * GAP):
        ImageDraw.Draw(page).text((GAP, top), row, fill=colour, font=font(size))
        top += line_height(size)
    return top


def _strongest(mean: NDArray[np.float64]) -> str:
    places = ninths(mean.astype(np.float32), 1)
    if not places:
        return "nothing anywhere"
    return f"most in the {places[0].name} ({percent(places[0].share)})"


def _photos(count: int) -> str:
    return _count(count, "photo", "photos")


def _count(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"
