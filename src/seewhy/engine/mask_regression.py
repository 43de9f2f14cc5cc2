"""A linear model of the score under soft masks, and the map that RISE would have if the model were the network."""

from __future__ import annotations

from functools import cached_property, reduce

import torch
from torch import Tensor

from ..domain.shapes import Masks, Scores
from ..errors import BadOption
from ..stats.quantiles import t_quantile
from .estimate import Estimate, deviations, max_t
from .masks import SoftGrid
from .shrinkage import shrunken


class MaskRegression:
    """Least squares on antithetic pairs of masks, averaged to cells; of each mask only its cells are kept.

    What the cells explain of the score, the known covariance of masks with their cells turns into a map: the luck
    of the draw, how masks happened to go together, is left out.
    """

    def __init__(self, masks: SoftGrid, seed: int) -> None:
        if masks.keep != 0.5:
            raise BadOption(
                f"keep={masks.keep} has no opposite masks that are drawn alike.",
                fix="use keep=0.5, or estimator='covariance'.",
            )
        self.masks, self.seed = masks, seed
        self.rows: list[Tensor] = []
        self.gaps: list[Tensor] = []

    def add(self, masks: Masks, scores: Scores) -> None:
        """Enter pairs of masks with the scores they got."""
        cells = masks.cpu()
        for axis, (average, _) in enumerate(self.masks.alike):
            cells = torch.movedim(cells.movedim(axis + 1, -1) @ average.T, -1, axis + 1)
        self.rows.append(cells[::2].flatten(1).double() - 0.5)
        self.gaps.append((scores[::2].double() - scores[1::2].double()).cpu() / 2)

    def estimate(self) -> Estimate:
        """cov(score, mask) / variance of a coin, shrunken as far as leaving pairs out recommends."""
        gaps = torch.cat(self.gaps)
        rows = torch.linalg.solve_triangular(self._root, torch.cat(self.rows).T, upper=False).T  # uncorrelated
        weights = torch.full_like(gaps, 1 / len(gaps))
        fit = shrunken(rows, gaps, weights, torch.eye(rows.shape[1], dtype=rows.dtype), deviations)
        places = fit.influence @ self._paint[self._places].T  # what each pair contributes to the map there
        freedom = max(1, int(fit.freedom))
        factor = max(max_t(places, places.norm(dim=0), seed=self.seed, freedom=freedom), t_quantile(freedom))
        stderr = ((self._paint @ (fit.influence.T @ fit.influence)) * self._paint).sum(dim=1).clamp(min=0).sqrt()
        return Estimate((self._paint @ fit.values).float(), stderr.float(), (factor * stderr).float())

    @cached_property
    def _root(self) -> Tensor:
        """The Cholesky factor of the covariance of the cells."""
        between = reduce(torch.kron, [average @ pixels for average, pixels in self.masks.alike]).double() / 4
        root: Tensor = torch.linalg.cholesky((between + between.T) / 2)
        return root

    @cached_property
    def _places(self) -> Tensor:
        """Pixels half a cell apart, which stand for all of them in the band."""
        index = torch.arange(len(self._paint)).reshape(self.masks.space)
        for axis, (size, cells) in enumerate(zip(self.masks.space, self.masks.grid, strict=True)):
            steps = torch.linspace(0, size - 1, min(size, 2 * cells + 1)).round().long()
            index = index.index_select(axis, steps)
        return index.flatten()

    @cached_property
    def _paint(self) -> Tensor:
        """From uncorrelated features to the map's pixels."""
        pixels = reduce(torch.kron, [pixels for _, pixels in self.masks.alike]).double()
        painted: Tensor = torch.linalg.solve_triangular(self._root, pixels.T, upper=False).T
        return painted
