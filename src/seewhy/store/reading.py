"""Reading a saved explanation, but only when schema and every digest are right."""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .. import __version__
from ..errors import DamagedExplanation, MissingInput
from .layout import ARRAYS, FILES, FRAMES, MANIFEST, PHOTO, aside_of, digest, self_digest
from .manifest import SCHEMA, VERSION, from_json
from .seen_frames import SeenFrames

if TYPE_CHECKING:
    from ..explanation import Explanation

# What numpy, Pillow and our own constructors raise for content that is not what the manifest promises.
MISFITS = (
    KeyError, TypeError, ValueError, AttributeError, EOFError, OSError,
    zipfile.BadZipFile, zlib.error, Image.DecompressionBombError,
)  # fmt: skip


def read(directory: Path, build: Callable[..., Explanation]) -> Explanation:
    """The explanation that `save` wrote there, after checking schema and digests; `build` gets its fields."""
    manifest = _manifest(directory)
    try:
        contents = {name: _verified(directory / name, manifest["files"][name]["sha256"]) for name in manifest["files"]}
        with np.load(io.BytesIO(contents[ARRAYS]), allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        data = manifest["explanation"]
        pixels = _pixels(contents[PHOTO], data["geometry"]["original"])
        return build(**from_json(data, arrays, pixels), footage=_footage(contents.get(FRAMES), data, arrays))
    except DamagedExplanation:
        raise
    except MISFITS as error:
        raise _damaged(directory, f"its files do not fit together ({type(error).__name__}: {error})") from error


def _pixels(photo: bytes, size: Sequence[int]) -> NDArray[np.uint8]:
    with Image.open(io.BytesIO(photo), formats=("PNG",)) as image:
        if [image.height, image.width] != list(size):  # before decoding: a small file can hold a huge picture
            raise ValueError(f"a photo of {image.height} x {image.width} pixels, not {size}")
        return np.array(image.convert("RGB"))


def _footage(archive: bytes | None, data: Any, arrays: Any) -> SeenFrames | None:
    if archive is None:
        return None
    size, time = tuple(data["geometry"]["original"]), data["geometry"]["time"]
    name, end = data["picture"]["name"], float(time["span"][1])
    stated = data["origin"]["image_digest"]
    return SeenFrames(archive, name, size, arrays["footage.times"], end, stated, time["unit"])


def _manifest(directory: Path) -> dict[str, Any]:
    try:
        manifest = json.loads((directory / MANIFEST).read_bytes())
        name, version = manifest["schema"]["name"], manifest["schema"]["version"]
    except FileNotFoundError as error:
        raise _missing(directory) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _damaged(directory, f"{MANIFEST} cannot be read ({type(error).__name__})") from error
    if name != SCHEMA or not isinstance(version, int):
        raise _damaged(directory, f"{MANIFEST} is of another kind: {name!r}, version {version!r}")
    if version > VERSION:
        problem = f"{directory} was written by a newer seewhy ({manifest.get('seewhy')}, schema {version})."
        raise DamagedExplanation(problem, fix=f"upgrade seewhy; this is {__version__}, which reads schema {VERSION}.")
    if manifest.get("sha256") != self_digest(manifest) or set(manifest.get("files", ())) - {FRAMES} != set(FILES):
        raise _damaged(directory, f"{MANIFEST} was altered")
    return dict(manifest)


def _verified(path: Path, expected: str) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise _damaged(path.parent, f"{path.name} is missing or cannot be read") from error
    if digest(content) != expected:
        raise _damaged(path.parent, f"{path.name} was altered or is not complete")
    return content


def _missing(directory: Path) -> DamagedExplanation | MissingInput:
    if directory.is_dir():
        return _damaged(directory, f"it holds no {MANIFEST}")
    aside = aside_of(directory.resolve())
    if aside.is_dir():
        problem = f"{directory} is not there: saving over it was interrupted."
        return DamagedExplanation(problem, fix=f"rename {aside} to {directory}: that is the explanation before.")
    return MissingInput(f"There is no saved explanation {directory}.", fix="check the path.")


def _damaged(directory: Path, why: str) -> DamagedExplanation:
    fix = "make the explanation again, or restore the directory from a copy."
    return DamagedExplanation(f"The explanation in {directory} is damaged: {why}.", fix=fix)
