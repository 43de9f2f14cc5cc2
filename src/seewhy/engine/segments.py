"""Segments of an image at several scales, and the order in which they explain most for their size."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from numpy.typing import NDArray
from torch import Tensor

from ..errors import MissingPackage

SCALES = (50, 100, 150, 250, 500, 1200)  # of Felzenszwalb & Huttenlocher, as published for 224 x 224 pixels
SIDE, SIGMA, LEAST, MARGIN, GAIN = (
    224,
    0.8,
    150,
    5,
    50,
)  # smoothing, smallest segment, dilation, smallest gain in pixels


def segments(image: Float[Tensor, "c h w"]) -> Bool[Tensor, "n h w"]:
    """Overlapping segments of every scale, each grown by a margin; sizes go with the size of the image."""
    try:
        from skimage.segmentation import felzenszwalb
    except ImportError as error:
        raise MissingPackage("Segments need scikit-image.", fix="pip install 'seewhy[regions]'") from error
    pixels, area = _spread(image), _area(image)
    side, found = area**0.5, []
    for scale in SCALES:
        labels = felzenszwalb(pixels, scale=scale * area, sigma=SIGMA * min(1.0, side), min_size=_at_least(LEAST, area))
        found.append(_grown(torch.from_numpy(np.asarray(labels, dtype=np.int64)), round(MARGIN * side)))
    return torch.cat(found)


def by_density(values: Float[Tensor, "h w"], masks: Bool[Tensor, "n h w"]) -> Int[Tensor, "h w"]:
    """Rank of each pixel: again and again the mask whose uncovered pixels have the highest mean value is added.

    Masks that would add next to nothing are left out; what no mask covers comes last.
    """
    least, flat, worth = _at_least(GAIN, _area(values)), masks.flatten(1), values.cpu().flatten().double()
    sizes, sums = flat.sum(dim=1), torch.stack([worth[mask].sum() for mask in flat])
    ranks = torch.full_like(worth, -1, dtype=torch.long)
    for rank in range(len(masks)):
        density = torch.where(sizes >= least, sums / sizes.clamp(min=1), -torch.inf)
        best = int(density.argmax())
        if density[best] == -torch.inf:
            break
        new = flat[best] & (ranks < 0)
        ranks[new] = rank
        sizes, sums = sizes - flat[:, new].sum(dim=1), sums - flat[:, new].double() @ worth[new]
    ranks[ranks < 0] = ranks.max() + 1
    return ranks.reshape(values.shape).to(values.device)


def _spread(image: Tensor) -> NDArray[np.float64]:
    """The image (h, w, c) with its values stretched to -1 .. 1."""
    pixels = np.moveaxis(image.detach().cpu().double().numpy(), 0, -1)
    low, span = pixels.min(), pixels.max() - pixels.min()
    stretched: NDArray[np.float64] = 2 * (pixels - low) / (span or 1.0) - 1
    return stretched


def _area(image: Tensor) -> float:
    """Pixels as a share of the published size."""
    return image.shape[-1] * image.shape[-2] / SIDE**2


def _at_least(pixels: int, area: float) -> int:
    return max(1, round(pixels * area))


def _grown(labels: Int[Tensor, "h w"], margin: int) -> Bool[Tensor, "n h w"]:
    """A mask per label, dilated by a disc."""
    height, width = labels.shape
    masks = torch.zeros(int(labels.max()) + 1, height, width, dtype=torch.bool)
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    for dy in range(-margin, margin + 1):
        for dx in range(-margin, margin + 1):
            if dy * dy + dx * dx <= margin * margin:
                inside = (y + dy >= 0) & (y + dy < height) & (x + dx >= 0) & (x + dx < width)
                there = labels[(y + dy).clamp(0, height - 1), (x + dx).clamp(0, width - 1)]
                masks[there[inside], y[inside], x[inside]] = True
    return masks
