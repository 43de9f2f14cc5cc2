"""A trial: one map of one image before the judges, with the model and whoever made the map at hand."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from ..domain.baseline import Baseline
from ..domain.cost import Cost
from ..domain.evidence import Evidence
from ..domain.regions import Grid, RegionSpec
from ..domain.score import Unjudged
from ..domain.shapes import Images, Maps
from ..domain.target import OWN_SCALE, Scale, Target
from ..models.model import Model
from .chance import Chance
from .game import Game
from .probe import Probe


@runtime_checkable  # shapes are checked at run time in the tests
class Again(Protocol):
    """Whoever made the map, asked anew: maps at the pixels, (b, *space)."""

    def __call__(self, model: Model, images: Images, targets: Sequence[Target], *, seed: int) -> Maps: ...


@dataclass(frozen=True)
class Trial:
    """What a metric is given."""

    probe: Probe  # of the image alone
    map: Float[Tensor, "*space"]  # at the model's pixels; positive speaks for the target
    fill: Baseline  # a colour that says nothing: the mean of the data
    again: Again | None = None
    evidence: Evidence | None = None  # as the method gave it, where it is one of ours
    promises: frozenset[str] = frozenset()  # axioms that the method declares
    truth: Bool[Tensor, "*space"] | None = None  # where the reasons are, by a person or by construction
    gaze: Float[Tensor, "*space"] | None = None  # how long people looked where
    tuned: Probe | None = None  # of a copy that has learned to see images with holes
    cost: Cost = field(default_factory=Cost)  # of making the map
    seconds: float = 0.0
    memory: float = math.nan  # bytes that it took on an accelerator at most
    seed: int = 0

    @property
    def image(self) -> Float[Tensor, "c *space"]:
        return self.probe.images[0]

    @property
    def target(self) -> Target:
        return self.probe.targets[0]

    def on(self, scale: Scale) -> Trial:
        """The same on another scale of the score; answers are shared. Targets that are no class keep their own."""
        if self.target.index is None or self.target.kind in OWN_SCALE:
            return self
        return replace(self, probe=self.probe.against([replace(self.target, scale=scale)], self.probe.reading))

    def asked_of_the_copy(self) -> Trial:
        """The same before a copy of the model that knows images with holes."""
        if self.tuned is None:
            raise Unjudged("no copy was tuned on images with holes, which tune=True does")
        return replace(self, probe=self.tuned)

    @property
    def chance(self) -> Chance:
        """Random numbers from the trial's seed, the same each time, where the image lies."""
        return Chance(self.seed, self.map.device)

    def game(self, regions: RegionSpec, fill: Baseline | None = None) -> Game:
        """The image's game."""
        return Game.of(self.probe, 0, regions, fill or self.fill)

    def whole(self, fill: Baseline) -> Game:
        """The game of one part, for masks of any form."""
        return self.game(Grid(1), fill)

    @cached_property
    def ranks(self) -> Tensor:
        """The place of each pixel in the order of relevance, (*space): 0 is the most relevant."""
        return ranks_of(self.varied, self.seed)

    @cached_property
    def varied(self) -> Float[Tensor, "*space"]:
        """The map, if it tells places apart."""
        if not bool(torch.isfinite(self.map).all()):
            raise Unjudged("the map holds NaN or infinite values")
        if float(self.map.max()) == float(self.map.min()):
            raise Unjudged("the map is the same everywhere")
        return self.map

    @cached_property
    def clip(self) -> Float[Tensor, "c t h w"]:
        """The image, if it is a clip."""
        if self.image.ndim != 4:
            raise Unjudged("not a clip")
        return self.image

    @cached_property
    def in_time(self) -> Float[Tensor, " t"]:
        """The mean of each frame of the map, if that tells frames apart."""
        means = self.varied.reshape(*self.clip.shape[1:]).double().mean(dim=(1, 2))
        if float(means.max()) == float(means.min()):
            raise Unjudged("the map is as strong in every frame")
        return means

    @cached_property
    def in_space(self) -> Float[Tensor, "h w"]:
        """The mean of each place of the map through the time, if that tells places apart."""
        means = self.varied.reshape(*self.clip.shape[1:]).double().mean(dim=0)
        if float(means.max()) == float(means.min()):
            raise Unjudged("the map is as strong in every place")
        return means

    def maps(
        self, images: Images, *, model: Model | None = None, target: Target | None = None, seed: int | None = None
    ) -> Maps:
        """What whoever made the map says about images, or about another model or target, or with another seed."""
        again, seed = self.explained_again(), self.seed if seed is None else seed
        self.probe.control.check()
        found = again(model or self.probe.model, images, [target or self.target] * len(images), seed=seed)
        if not bool(torch.isfinite(found).all()):
            raise Unjudged("asked again, the explainer gave NaN or infinite values")
        return found.to(self.map.device)

    @cached_property
    def inside(self) -> Bool[Tensor, "*space"]:
        """Where the reasons are, if that is somewhere and not everywhere."""
        if self.truth is None:
            raise Unjudged("no mask of the reasons was given")
        if self.truth.shape != self.map.shape:
            raise Unjudged(f"the mask is {tuple(self.truth.shape)} and the map {tuple(self.map.shape)}")
        if not bool(self.truth.any()):
            raise Unjudged("the mask is empty")
        if bool(self.truth.all()):
            raise Unjudged("the mask covers everything")
        return self.truth.to(self.map.device)

    @cached_property
    def looked(self) -> Float[Tensor, "*space"]:
        """How long people looked where, if that tells places apart."""
        if self.gaze is None:
            raise Unjudged("no gaze map was given")
        if self.gaze.shape != self.map.shape:
            raise Unjudged(f"the gaze map is {tuple(self.gaze.shape)} and the map {tuple(self.map.shape)}")
        if not bool(torch.isfinite(self.gaze).all()) or float(self.gaze.min()) < 0:
            raise Unjudged("the gaze map holds NaN, infinite or negative values")
        if float(self.gaze.max()) == float(self.gaze.min()):
            raise Unjudged("the gaze map is the same everywhere")
        return self.gaze.to(self.map.device)

    def explained_again(self) -> Again:
        """Whoever made the map."""
        if self.again is None:
            raise Unjudged("the maps were given without whoever makes them")
        return self.again


def ranks_of(values: Tensor, seed: int) -> Tensor:
    """Places in descending order; equal values are ordered by seeded chance, not by where they lie.

    The opposite map has the opposite order, among equal values too: chance is turned around with the map.
    """
    generator = torch.Generator().manual_seed(seed)
    shuffled = torch.randperm(values.numel(), generator=generator).to(values.device)
    weights = torch.rand(values.numel(), generator=generator, dtype=torch.float64).to(values.device)
    lean = (weights - weights.mean()) @ values.flatten().double()
    shuffled = shuffled if lean > 0 else shuffled.flip(0)  # drawn apart from the weights: no place is preferred
    order = shuffled[values.flatten()[shuffled].argsort(descending=True, stable=True)]
    ranks = torch.empty_like(order)
    ranks[order] = torch.arange(len(order), device=order.device)
    return ranks.reshape(values.shape)
