"""Draw the pictures of the documentation: one per method, and what `seewhy demo` really made. Takes minutes."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

import seewhy
from pictured import ATTENTION, CLIPS, OPTIONS, UNTRAINED
from seewhy.registry import facts

ROOT = Path(__file__).parent.parent
IMAGES, DEMO = ROOT / "docs" / "methods" / "images", ROOT / "docs" / "images"
LARGEST = 60_000  # bytes
SHOWN = ("cat.comparison", "cat.kernel-shap.contour", "coffee.grad-cam.regions")


def small(picture: Image.Image, file: Path, *, width: int) -> None:
    """Save as a JPEG that fits, with as little loss as possible."""
    file.parent.mkdir(parents=True, exist_ok=True)
    picture = picture.convert("RGB")
    if picture.width > width:
        picture = picture.resize((width, round(picture.height * width / picture.width)), Image.Resampling.LANCZOS)
    for quality in range(90, 20, -5):
        picture.save(file, quality=quality, optimize=True)
        if file.stat().st_size < LARGEST:
            return


def of_methods(names: list[str]) -> None:
    """One picture per method, of the bundled cat."""
    sys.path.insert(0, str(ROOT / "tests"))
    import torchvision_shim  # noqa: F401  timm imports torchvision

    photo = seewhy.photo("cat")
    for name in names:
        if name in CLIPS:
            of_clip(name)
            continue
        model = UNTRAINED if name in ATTENTION else "efficientnet-lite0"
        explanation = seewhy.explain(model, photo, method=name, checks="quick", **OPTIONS.get(name, {}))
        small(explanation.overlay(), IMAGES / f"{name}.jpg", width=560)
        print(f"{name}: {explanation.cost}, {explanation.seconds:.0f} s", flush=True)


def of_clip(name: str) -> None:
    """The filmstrip of a made clip."""
    from seewhy.testing.clips import dataset, trained

    clip = dataset("event", 3, seed=1, split="test").clips[1]
    options = OPTIONS.get(name, {})
    explanation = seewhy.explain(trained("cnn", "event").network, clip[None], method=name, checks="quick", **options)[0]
    small(explanation.filmstrip(), IMAGES / f"{name}.jpg", width=900)
    print(f"{name}: {explanation.cost}, {explanation.seconds:.0f} s", flush=True)


def of_demo() -> None:
    """Small copies of pictures that the demo wrote."""
    with tempfile.TemporaryDirectory() as folder:
        command = [Path(sys.executable).with_name("seewhy"), "demo", "--out", folder, "--quiet"]
        subprocess.run(command, check=True)
        for name in SHOWN:
            small(Image.open(Path(folder) / f"{name}.png"), DEMO / f"{name}.jpg", width=900)


if __name__ == "__main__":
    of_methods(sys.argv[1:] or list(facts()))
    of_demo()
