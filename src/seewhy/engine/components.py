"""The strongest pattern that the places of a layer have in common."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor


def first_component(features: Float[Tensor, "k *grid"]) -> Float[Tensor, " *grid"]:
    """Projection of (places x channels) on its first right singular vector, turned to agree with the places' mean.

    Through the smaller of its two Gram matrices.
    """
    rows = features.flatten(1).T.double()
    if len(rows) <= rows.shape[1]:
        values, vectors = torch.linalg.eigh(rows @ rows.T)
        component = vectors[:, -1] * values[-1].clamp(min=0).sqrt()
    else:
        component = rows @ torch.linalg.eigh(rows.T @ rows)[1][:, -1]
    agrees = torch.dot(component, rows.mean(dim=1)) >= 0
    turned: Tensor = component if agrees else -component
    return turned.float().reshape(features.shape[1:])
