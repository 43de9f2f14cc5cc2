"""Saving an explanation into a directory, all or nothing."""

from __future__ import annotations

import io
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from .. import __version__
from ..errors import StoreError
from .layout import ARRAYS, FILES, FRAMES, MANIFEST, OVERLAY, PHOTO, aside_of, digest, self_digest
from .manifest import OPTIONAL_OF_PARTS, SCHEMA, VERSION, plain, to_json
from .seen_frames import packed

if TYPE_CHECKING:
    from ..explanation import Explanation


def save(explanation: Explanation, directory: Path) -> Path:
    """Write the explanation beside the place where it shall be, then move it there in one step."""
    directory = directory.resolve()
    _refuse_foreign(directory)
    contents = _contents(explanation)
    try:
        directory.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix=f".{directory.name}.new-", dir=directory.parent))
    except OSError as error:
        raise _unwritable(directory, error) from error
    try:
        fresh.chmod(0o755)
        for name, content in contents.items():
            _write(fresh / name, content)
        _sync(fresh)
        _put_in_place(fresh, directory)
    except OSError as error:
        raise _unwritable(directory, error) from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return directory


def _contents(explanation: Explanation) -> dict[str, bytes]:
    files = {
        ARRAYS: _arrays(explanation),
        PHOTO: _png(Image.fromarray(explanation.picture.pixels)),
        OVERLAY: _png(explanation.overlay()),
    }
    footage, time = explanation.footage, explanation.geometry.time
    if footage is not None and time is not None:
        files[FRAMES] = packed(footage, time)
    manifest: dict[str, Any] = {
        "schema": {"name": SCHEMA, "version": VERSION},
        "seewhy": __version__,
        "files": {name: {"bytes": len(content), "sha256": digest(content)} for name, content in files.items()},
        "alt_text": explanation.alt_text(),
        "explanation": to_json(explanation),
    }
    manifest["sha256"] = self_digest(manifest)
    text = json.dumps(plain(manifest), indent=1, ensure_ascii=False, allow_nan=False)
    return {**files, MANIFEST: f"{text}\n".encode()}


def _arrays(explanation: Explanation) -> bytes:
    arrays = {name: getattr(explanation, name) for name in ("values", "stderr", "band")}
    if explanation.parts is not None:
        arrays |= {f"parts.{name}": getattr(explanation.parts, name) for name in ("values", *OPTIONAL_OF_PARTS)}
    if explanation.marked is not None:
        arrays["marked"] = explanation.marked.mask
    if explanation.footage is not None:
        arrays["footage.times"] = explanation.footage.times
    file = io.BytesIO()
    present = {name: array for name, array in arrays.items() if array is not None}
    np.savez_compressed(file, allow_pickle=False, **present)
    return file.getvalue()


def _png(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def _write(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync(directory: Path) -> None:
    if os.name == "nt":
        return  # Windows cannot flush a directory
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _put_in_place(fresh: Path, directory: Path) -> None:
    """Move the new directory to its place; one that is there before steps aside and comes back if that fails."""
    aside = aside_of(directory)
    if directory.exists():
        shutil.rmtree(aside, ignore_errors=True)
        directory.rename(aside)
    try:
        fresh.rename(directory)
    except OSError:
        if aside.exists():
            aside.rename(directory)
        raise
    _sync(directory.parent)
    shutil.rmtree(aside, ignore_errors=True)


def _refuse_foreign(directory: Path) -> None:
    if not directory.exists():
        return
    if not directory.is_dir():
        raise StoreError(f"{directory} is a file.", fix="give the name of a directory that may be written.")
    foreign = sorted(path.name for path in directory.iterdir() if path.name not in (MANIFEST, FRAMES, *FILES))
    ours = not any(directory.iterdir()) or _is_ours(directory / MANIFEST)
    if foreign or not ours:
        what = f"files that seewhy did not write ({', '.join(foreign[:3])})" if foreign else "no seewhy manifest"
        raise StoreError(f"{directory} is in use: it holds {what}.", fix="save into a new or empty directory.")


def _is_ours(manifest: Path) -> bool:
    try:
        return bool(json.loads(manifest.read_bytes())["schema"]["name"] == SCHEMA)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _unwritable(directory: Path, error: OSError) -> StoreError:
    problem = f"The explanation cannot be written to {directory}: {error.strerror or error}."
    return StoreError(problem, fix="choose a directory that you may write, on a disk with room.")
