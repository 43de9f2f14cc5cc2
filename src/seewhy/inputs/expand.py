"""One thing or many: what a person gives becomes a list of single images or clips, none of them read yet."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from torch import Tensor

from ..domain.footage import Footage
from ..domain.picture import Picture
from ..errors import BadPixels, MissingInput, SeewhyError
from .clip import Clip, is_clip
from .preprocess import Preprocess
from .video_file import SUFFIXES as VIDEOS

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp", ".gif")


@dataclass(frozen=True, eq=False)
class Item:
    """One input with the name that a person knows it by."""

    thing: object
    name: str


def expand(inputs: object, preprocess: Preprocess | None = None) -> tuple[list[Item], bool]:
    """The single images among the inputs, and whether exactly one was given.

    Many are: a folder, a list or generator, and a batch (b, c, *space) or (b, h, w, 3); four axes are one clip where
    the model is known to want clips. A file that cannot be read fails later, alone.
    """
    if _is_folder(inputs):
        return _files(Path(str(inputs))), False
    if isinstance(inputs, Tensor | np.ndarray):
        clips = preprocess is not None and preprocess.pace is not None
        if inputs.ndim <= 3 + clips:
            return [_item(inputs, "clip" if inputs.ndim == 4 else "image")], True
        return [_item(row, f"image {i}") for i, row in enumerate(inputs)], False
    if isinstance(inputs, str | Path | Image.Image | Picture | Clip | Footage | Item) or not isinstance(
        inputs, Iterable
    ):
        return [_item(inputs, "image")], True
    if isinstance(inputs, dict | bytes):
        raise BadPixels(
            f"A {type(inputs).__name__} is neither an image nor a list of images.",
            fix="give a path, a PIL image, an array, a tensor, or a list of them.",
        )
    return list(_flat(inputs)), False


def in_shots(inputs: object, preprocess: Preprocess | None) -> list[Item]:
    """Each film as its shots; one that cannot be read stays whole, so that it fails later, alone."""
    found: list[Item] = []
    for item in expand(inputs)[0]:
        try:
            film = is_clip(item.thing, preprocess or Preprocess())
            found += expand(Clip(item.thing).shots())[0] if film else [item]
        except SeewhyError:
            found.append(item)
    return found


def _flat(inputs: Iterable[object]) -> Iterator[Item]:
    for i, thing in enumerate(inputs):
        if _is_folder(thing):
            yield from _files(Path(str(thing)))
        else:
            yield _item(thing, f"image {i}")


def _item(thing: object, otherwise: str) -> Item:
    if isinstance(thing, Item):
        return thing
    if isinstance(thing, str | Path):
        return Item(thing, str(thing).removeprefix("photo:") if _is_photo(thing) else Path(thing).name)
    return Item(thing, thing.name if isinstance(thing, Picture | Clip | Footage) else otherwise)


def _is_photo(thing: object) -> bool:
    return isinstance(thing, str) and thing.startswith("photo:")


def _is_folder(thing: object) -> bool:
    return isinstance(thing, str | Path) and os.path.isdir(thing)


def _files(folder: Path) -> list[Item]:
    """Image files, or where there are none videos, at any depth, sorted by name; what is hidden is skipped."""
    found = []
    for where, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        paths = (Path(where, name) for name in names if not name.startswith("."))
        found += [path for path in paths if path.suffix.lower() in (*SUFFIXES, *VIDEOS)]
    found = [path for path in found if path.suffix.lower() in SUFFIXES] or found
    if not found:
        raise MissingInput(
            f"The folder {str(folder)!r} holds no image.",
            fix=f"give a folder with files named *{', *'.join((*SUFFIXES, *VIDEOS))}.",
        )
    return [Item(path, path.relative_to(folder).as_posix()) for path in sorted(found)]
