"""A page as a browser shows it, for the pictures of the documentation."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

from PIL import Image

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def shot(page: Path, size: tuple[int, int]) -> Image.Image:
    """The top of a page, so many pixels wide and high."""
    browser = next(filter(None, map(shutil.which, BROWSERS)))
    with tempfile.TemporaryDirectory() as folder:
        picture = Path(folder) / "shot.png"
        window = f"--window-size={size[0]},{size[1]}"
        options = ["--headless", "--no-sandbox", "--hide-scrollbars", window, f"--screenshot={picture}"]
        subprocess.run([browser, *options, str(page)], check=True, capture_output=True, timeout=120)
        with Image.open(picture) as found:
            return found.convert("RGB")


def save(picture: Image.Image, file: Path, *, colours: int = 64) -> None:
    """As a small PNG."""
    file.parent.mkdir(parents=True, exist_ok=True)
    picture.convert("P", palette=Image.Palette.ADAPTIVE, colors=colours).save(file, optimize=True)
    print(f"{file.name}: {file.stat().st_size:,} bytes")
