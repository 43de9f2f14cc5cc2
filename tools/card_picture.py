"""The picture of docs/guide/report-card.md: a report of drawn birds, looked at in a browser. Takes some minutes."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

from PIL import Image

import seewhy
from seewhy.testing.scenes import dataset, trained

PICTURE = Path(__file__).parents[1] / "docs" / "guide" / "images" / "report-card.png"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
SIZE = (900, 1260)


def report(folder: Path) -> Path:
    """Three methods beside controls and a search, on 40 birds."""
    network = trained("cnn", rule="wings", size=32, epochs=3).network
    scenes = dataset(40, seed=7, rule="wings", split="test").scenes
    images = [scene.render(32) for scene in scenes]
    card = seewhy.report_card(
        network, images, ["grad-cam", "saliency", "integrated-gradients"], level="quick", bound=True,
        preprocess=seewhy.Preprocess.plain(),
    )  # fmt: skip
    return card.save(folder) / "report_card.html"


def main() -> None:
    browser = next(filter(None, map(shutil.which, BROWSERS)))
    with tempfile.TemporaryDirectory() as name:
        page, shot = report(Path(name)), Path(name) / "shot.png"
        window = f"--window-size={SIZE[0]},{SIZE[1]}"
        command = [
            browser,
            "--headless",
            "--no-sandbox",
            "--hide-scrollbars",
            window,
            f"--screenshot={shot}",
            str(page),
        ]
        subprocess.run(command, check=True, capture_output=True, timeout=120)
        Image.open(shot).convert("P", palette=Image.Palette.ADAPTIVE, colors=64).save(PICTURE, optimize=True)
    print(f"{PICTURE.name}: {PICTURE.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
