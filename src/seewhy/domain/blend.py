"""An image seen through masks: what they keep, and what stands in for the rest."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from .shapes import Masks, Variants


def blended(image: Float[Tensor, "c *space"], masks: Masks, fill: Tensor) -> Variants:
    """The image where masks keep it, the fill elsewhere; soft masks mix the two."""
    keep = masks[:, None]
    return (
        torch.where(keep, image, fill) if masks.dtype == torch.bool else torch.lerp(fill, image, keep.to(image.dtype))
    )
