"""Why does the segmenter call these pixels so? The score is the mean of a class over a mask."""

import sys
from pathlib import Path

import torch
from torch import Tensor, nn

import seewhy


class Surroundings(nn.Module):
    """A small segmenter that calls blue pixels sky, or water where there is green below."""

    def __init__(self) -> None:
        super().__init__()
        self.context = nn.AvgPool2d(17, stride=1, padding=8)

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        blue, green = images[:, 2] - images[:, 0], self.context(images[:, 1:2])[:, 0]
        return {"out": torch.stack([0 * blue + 0.2, blue, blue + green - 0.3], dim=1)}


out = Path(sys.argv[1] if len(sys.argv) > 1 else "out")
out.mkdir(parents=True, exist_ok=True)

photo = torch.full((3, 64, 64), 0.2)
photo[2, :40] = 0.9  # blue above
photo[1, 40:] = 0.9  # green below
segmenter = seewhy.adapt(
    Surroundings(), task="segmentation", labels=["background", "sky", "water"], preprocess=seewhy.Preprocess.plain()
)

mask = torch.zeros(64, 64, dtype=torch.bool)
mask[32:40] = True  # the strip of blue just above the green
target = seewhy.Contrast("water", "sky")
for asked in (seewhy.Segment("water", mask=mask), target):
    found = seewhy.explain(segmenter, photo, method="occlusion", window=16, stride=8, target=asked)
    rather = f" rather than {found.target.against_label}" if found.target.against_label else ""
    print(f"{found.target.label}{rather}: {found.target.score:+.2f}")
print(found.summary())
found.overlay().save(out / "water_rather_than_sky.png")
