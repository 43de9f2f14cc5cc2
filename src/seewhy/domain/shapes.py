"""Shape letters, fixed everywhere: b images, n variants, c channels, k features, p parts, *space, *grid."""

from __future__ import annotations

from jaxtyping import Bool, Float
from torch import Tensor

Images = Float[Tensor, "b c *space"]  # in image space: what a person sees, before normalisation
Variants = Float[Tensor, "n c *space"]
Outputs = Float[Tensor, "n classes"]
Scores = Float[Tensor, " n"]
Maps = Float[Tensor, "b *grid"]
Masks = Float[Tensor, "n *space"] | Bool[Tensor, "n *space"]  # 1 keeps, 0 removes
Coalitions = Bool[Tensor, "n p"]  # True: the part is present
