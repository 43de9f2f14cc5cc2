"""Why did the detector find this box? Any method explains how well it is found; d-rise was made for it."""

import sys
from pathlib import Path

import torch
from torch import Tensor, nn

import seewhy


class Blobs(nn.Module):
    """A small detector: one box around all that is red, as sure as its middle is red."""

    def forward(self, images: Tensor) -> list[dict[str, Tensor]]:
        return [self.one(image[0] - image[1:].mean(0)) for image in images]

    def one(self, red: Tensor) -> dict[str, Tensor]:
        rows, columns = (red > 0.4).nonzero(as_tuple=True)
        if not len(rows):
            return {"boxes": red.new_zeros(0, 4), "labels": rows, "scores": red.new_zeros(0)}
        box = torch.stack([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]).float()
        return {"boxes": box[None], "labels": torch.ones(1).long(), "scores": red[rows, columns].mean()[None]}


out = Path(sys.argv[1] if len(sys.argv) > 1 else "out")
out.mkdir(parents=True, exist_ok=True)

photo = torch.full((3, 64, 64), 0.2)
photo[0, 16:40, 24:52] = 0.9  # a red thing
detector = seewhy.adapt(
    Blobs(), task="detection", labels=["background", "red thing"], preprocess=seewhy.Preprocess.plain()
)

found = seewhy.explain(detector, photo, method="d-rise", cells=4, samples=1500, baseline="black")
print(found.summary())
found.overlay().save(out / "strongest.png")

asked = seewhy.Box(24, 16, 52, 30, label="red thing")  # would a flatter box be right?
upper = seewhy.explain(detector, photo, method="occlusion", window=16, stride=8, target=asked)
print(f"{upper.target.label}: {upper.target.scale} {upper.target.score:.2f}")
