"""The picture of docs/guide/report-card.md: a report of drawn birds, looked at in a browser. Takes some minutes."""

from __future__ import annotations

import tempfile
from pathlib import Path

import seewhy
from browser import save, shot
from seewhy.testing.scenes import dataset, trained

PICTURE = Path(__file__).parents[1] / "docs" / "guide" / "images" / "report-card.png"
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
    with tempfile.TemporaryDirectory() as name:
        save(shot(report(Path(name)), SIZE), PICTURE)


if __name__ == "__main__":
    main()
