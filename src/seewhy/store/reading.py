"""Reading a saved explanation, but only when schema and every digest are right."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from .. import __version__
from ..errors import DamagedExplanation, MissingInput
from .layout import ARRAYS, FILES, MANIFEST, PHOTO, aside_of, digest, self_digest
from .manifest import SCHEMA, VERSION, from_json


def read(directory: Path) -> dict[str, Any]:
    """The fields of the explanation that `save` wrote there, after checking schema and digests."""
    manifest = _manifest(directory)
    contents = {name: _verified(directory / name, manifest["files"][name]["sha256"]) for name in FILES}
    try:
        with np.load(io.BytesIO(contents[ARRAYS]), allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        with Image.open(io.BytesIO(contents[PHOTO]), formats=("PNG",)) as photo:
            pixels = np.array(photo.convert("RGB"))
        return from_json(manifest["explanation"], arrays, pixels)
    except (KeyError, TypeError, ValueError, OSError, zipfile.BadZipFile, Image.DecompressionBombError) as error:
        raise _damaged(directory, f"its files do not fit together ({type(error).__name__}: {error})") from error


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
    if manifest.get("sha256") != self_digest(manifest) or set(manifest.get("files", ())) != set(FILES):
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
