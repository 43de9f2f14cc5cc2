"""The most that can flow through a graph in layers from its top to each node at the bottom."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from ..errors import MissingPackage

UNIT = 2**30  # capacities are whole parts of this: what leaves one node still fits into 32 bits


def maximum_flows(
    layers: Sequence[Float[Tensor, "_ _"]], share: Float[Tensor, " _"], nodes: Iterable[int]
) -> Iterator[float]:
    """For each bottom node the flow from a source that offers each top node its share; the first layer is lowest.

    Rounding the capacities costs at most half a unit for each edge of the narrowest cut.
    """
    try:
        from scipy.sparse import csr_array
        from scipy.sparse.csgraph import maximum_flow
    except ImportError as error:
        raise MissingPackage("Maximum flows need SciPy.", fix="pip install 'seewhy[regions]'") from error
    starts = [0, *accumulate([*(layer.shape[1] for layer in layers), len(share)])]  # of the nodes of each level
    levels = [*layers, share[None]]
    edges = [_edges(levels[i], starts[i + 1], starts[i]) for i in range(len(levels))]
    above, below, capacity = (np.concatenate(column) for column in zip(*edges, strict=True))
    source = starts[-1]
    graph = csr_array((capacity, (above, below)), shape=(source + 1, source + 1))
    for node in nodes:
        yield maximum_flow(graph, source, node).flow_value / UNIT


def _edges(layer: Tensor, above: int, below: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    capacity = torch.round(layer.detach().double().cpu() * UNIT).numpy().astype(np.int32)
    to, start = capacity.nonzero()
    return above + to, below + start, capacity[to, start]
