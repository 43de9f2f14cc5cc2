"""What the files of a saved explanation are called, and their digests."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .manifest import plain

MANIFEST = "manifest.json"
ARRAYS, PHOTO, OVERLAY = FILES = ("arrays.npz", "photo.png", "overlay.png")
FRAMES = "frames.zip"  # of clips only


def digest(content: bytes) -> str:
    """SHA-256 of a file."""
    return hashlib.sha256(content).hexdigest()


def self_digest(manifest: Mapping[str, Any]) -> str:
    """SHA-256 of a manifest without this very entry; it finds damage, it is no signature."""
    body = {key: value for key, value in manifest.items() if key != "sha256"}
    return digest(json.dumps(plain(body), sort_keys=True, allow_nan=False).encode())


def aside_of(directory: Path) -> Path:
    """Where an explanation waits while a new one takes its place."""
    return directory.with_name(f".{directory.name}.old")
