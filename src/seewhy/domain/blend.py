"""An image seen through masks: what they keep, and what stands in for the rest."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from .shapes import Masks, Variants


def blended(image: Float[Tensor, "c *space"], masks: Masks, fill: Tensor, page: Tensor | None = None) -> Variants:
    """The image where masks keep it, the fill elsewhere; soft masks mix the two. Written into `page`, where given.

    Of 0 and 1 `lerp` makes exactly the one and the other, in a fifth of the time of `where` on a processor.
    """
    return torch.lerp(fill, image, masks[:, None].to(image.dtype), out=page)
