"""A whole folder: one bad file does not stop the rest, and is reported by name."""

import sys
from pathlib import Path

from PIL import Image

import seewhy

out = Path(sys.argv[1] if len(sys.argv) > 1 else "out")
photos = out / "photos"
photos.mkdir(parents=True, exist_ok=True)

for name in ("cat", "coffee", "rocket"):
    Image.fromarray(seewhy.photo(name).pixels).save(photos / f"{name}.png")
(photos / "broken.png").write_bytes(b"this is no image")

found = seewhy.explain("efficientnet-lite0", photos, method="grad-cam")
for failure in found.failures:
    print(f"failed: {failure.name}: {failure.error.problem}")
for explanation in found:
    if explanation not in found.failures:
        top = explanation.prediction.top[0]
        print(f"{explanation.picture.name}: {top.label} ({top.probability:.0%})")
        explanation.overlay().save(out / explanation.picture.name)
print("model calls in all:", found.cost)
